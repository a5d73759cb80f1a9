"""An attempt whose secret cannot be had ends in a package and an alert; neither shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soxauto_assets.evidence.outbox import unsent
from soxauto_assets.warehouse.secrets import secret_reader
from soxauto_assets.warehouse.sqlserver import SqlServerWarehouse
from soxauto_assets_tests.support.aws_server import REGION, AwsServer, aws_server
from soxauto_assets_tests.support.faulty_http import FaultyProxy, faulty_proxy
from soxauto_assets_tests.support.workshop import Workshop

SECRET = "DB_CREDENTIALS_OF_NO_USE"
"""A name of its own: all emulators of a process know the same secrets."""
GARBAGE = "canary-4711: neither a connection string nor JSON"


@pytest.fixture(scope="module")
def server() -> Iterator[AwsServer]:
    with aws_server() as running:
        running.client("secretsmanager").create_secret(Name=SECRET, SecretString=GARBAGE)
        yield running


@pytest.fixture
def proxy(server: AwsServer) -> Iterator[FaultyProxy]:
    with faulty_proxy(server.port) as running:
        yield running


def denied(proxy: FaultyProxy) -> None:
    proxy.plan("answer", method="POST", status=400, code="AccessDeniedException", times=9)


def throttled(proxy: FaultyProxy) -> None:
    proxy.plan("answer", method="POST", status=400, code="ThrottlingException", times=99)


def garbage(proxy: FaultyProxy) -> None:
    """The secret is what it is."""


@pytest.mark.parametrize(
    ("fault", "cause", "readings"),
    [
        (denied, "SecretError: ", 1),
        (throttled, "SecretUnavailableError: ", 2),
        (garbage, "ConnectionStringError: ", 1),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_package_and_an_alert(
    new_folder: Callable[[], Path],
    proxy: FaultyProxy,
    fault: Callable[[FaultyProxy], None],
    cause: str,
    readings: int,
) -> None:
    fault(proxy)
    source = SqlServerWarehouse(secret_reader(SECRET, REGION, proxy.endpoint), name="NAV BI")
    workshop = Workshop(new_folder(), lambda: source, tries=2)
    outcome = workshop.attempt()
    assert (outcome.passed, outcome.cause and outcome.cause.startswith(cause)) == (False, True)
    (alert,) = unsent(workshop.state)
    assert (alert.report, alert.attempt) == ("cr_05", outcome.address.attempt)
    written = [file for file in workshop.folder.rglob("*") if file.is_file()]
    assert not any(b"canary-4711" in file.read_bytes() for file in written)
    # Throttling is worth another reading, which the package lists; the other two are not.
    assert len(workshop.told.outcomes) == 1
    assert sum("reading again" in stage for stage in workshop.told.stages) == readings - 1
