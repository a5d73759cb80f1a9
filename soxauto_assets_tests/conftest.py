"""Settings of the whole suite: what every test module would otherwise repeat."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

from soxauto_assets_tests.support import parts

# Two shared cores: how long an example takes says nothing of the code. CI tries the same examples
# each time, so that what fails there is the change's own; every other run looks for new ones.
settings.register_profile("soxauto", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("soxauto")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots",
        action="store_true",
        help="let the browser test write what it sees to docs/images",
    )
    parser.addoption(
        "--simulation-seed",
        type=int,
        help="the story of the fault simulation that test_one_seed tells",
    )


def pytest_configure() -> None:
    try:
        parts.required()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
) -> Generator[None, object, object]:
    """End with what was not shown: a skipped test must not look like a passed one."""
    result = yield
    if lines := parts.not_shown(terminalreporter.stats.get("skipped", [])):
        terminalreporter.section("not shown on this machine")
        for line in lines:
            terminalreporter.line(line)
    return result
