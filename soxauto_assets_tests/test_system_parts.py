"""A test that needs a part of the system must not pass, nor vanish, where the part is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from soxauto_assets.settings import PROJECT_FOLDER
from soxauto_assets_tests.support import parts

MISSING = parts.Part(shows="pigs in flight", remedy="install wings", find=lambda: None)


@pytest.fixture
def wings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PARTS", {"wings": MISSING})
    monkeypatch.delenv(parts.VARIABLE, raising=False)


def test_a_missing_part_skips_with_what_is_not_shown_and_the_remedy(wings: None) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"pigs in flight .*install wings"):
        parts.need("wings")


def test_a_missing_part_fails_where_it_is_required(
    wings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(parts.VARIABLE, "wings")
    with pytest.raises(pytest.fail.Exception, match="names wings, but it is missing"):
        parts.need("wings")


def _pytest(environment: dict[str, str], path: Path) -> subprocess.CompletedProcess[str]:
    """The test of the browser, on a machine where nothing is installed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "-k", "evidence_of_a_month", "soxauto_assets_tests/ui/test_browser.py"],
        cwd=PROJECT_FOLDER,
        env=os.environ | {"PATH": str(path), parts.VARIABLE: ""} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_ends_with_what_was_not_shown(tmp_path: Path) -> None:
    ended = _pytest({}, tmp_path)
    *_, title, line, summary = ended.stdout.splitlines()
    assert "not shown on this machine" in title
    assert line == (
        "the Dagster UI in a real browser "
        "(no browser here: install Debian's package chromium): 1 test"
    )
    assert "1 skipped" in summary
    assert ended.returncode == 0


def test_a_run_that_requires_an_unknown_part_does_not_begin(tmp_path: Path) -> None:
    ended = _pytest({parts.VARIABLE: "browser brower"}, tmp_path)
    assert "SOXAUTO_REQUIRE names ['brower']; known parts: " in ended.stderr
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
