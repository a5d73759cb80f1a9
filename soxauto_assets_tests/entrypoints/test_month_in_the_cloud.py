"""Months closed in an emulated account: by the function in AWS's own client, and by the task.

Both are processes of their own; buckets, topic and secret are reached over HTTP.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from soxauto_assets.evidence.lifecycle import open_attempts
from soxauto_assets.verify.findings import Verification
from soxauto_assets.verify.package import verify_package
from soxauto_assets_tests.support.cloud import Cloud, content
from soxauto_assets_tests.support.command import Home, predicate
from soxauto_assets_tests.support.confined import confined, unshare
from soxauto_assets_tests.support.lambda_runtime import Function, lambda_function
from soxauto_assets_tests.support.parts import need
from soxauto_assets_tests.support.s3_server import S3Server, s3_server
from soxauto_assets_tests.support.starter import Starter

MONTH, BAD = "2024-09", "2024-05"
REPORT, FAILS = "cr_05a", "cr_05"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, demo_folder: Path) -> Home:
    # Below /tmp, the one place where the function can write.
    return Home(tmp_path_factory.mktemp("home"), demo_folder)


@pytest.fixture(scope="module")
def of_function(server: S3Server) -> Cloud:
    return Cloud(server)


@pytest.fixture(scope="module")
def of_task(server: S3Server) -> Cloud:
    return Cloud(server)


@pytest.fixture(scope="module")
def function(
    of_function: Cloud, home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Function]:
    """Where the machine allows it, with nothing that can be written but /tmp, and no /dev/shm."""
    folder = tmp_path_factory.mktemp("function")
    environment = of_function.environment(home) | {"HOME": "/tmp"}
    started = list if unshare() is None else confined
    with lambda_function(environment, folder, started=started) as running:
        yield running


@pytest.fixture(scope="module")
def starter() -> Iterator[Starter]:
    with Starter() as process:
        yield process


def test_the_function_and_the_task_close_the_same_month_into_verified_packages(
    function: Function, starter: Starter, of_function: Cloud, of_task: Cloud, home: Home,
    tmp_path: Path,
) -> None:  # fmt: skip
    task = starter.start(
        ["run", "--period", MONTH, "--report", REPORT],
        of_task.environment(home),
        tmp_path / "task.txt",
    )
    answer = function.ask({"period": MONTH, "reports": [REPORT]})
    assert task.wait() == 0, task.output

    assert (answer.failed, answer.document["status"]) == (False, "SUCCESS"), function.log()
    (told,) = answer.document["reports"]
    (made,) = of_function.packages(REPORT, MONTH, tmp_path / "function")
    (same,) = of_task.packages(REPORT, MONTH, tmp_path / "task")
    assert content(made) == content(same)
    assert content(made).verdict == told["status"] == "PASS"
    for package in (made, same):
        assert verify_package(package).verdict is Verification.VERIFIED
    address = f"attempts/{REPORT}/{MONTH}/{made.name}/"
    assert told["package"] == f"s3://{of_function.evidence}/{address}"
    assert told["rows"] == content(made).rows
    assert told["objects"][-1] == (
        f"s3://{of_function.results}/current/{REPORT}/month={MONTH}/data.parquet"
    )
    assert of_function.lock(f"{address}manifest.json") == "COMPLIANCE"
    assert not {"results", "evidence", "state", "alerts"} & {
        one.name for one in home.folder.iterdir()
    }, "nothing of it stands in a local store"


def test_a_finished_month_is_not_run_again_unless_the_event_says_force(
    function: Function, of_function: Cloud
) -> None:
    function.ask({"period": MONTH, "reports": [REPORT]})
    (first,) = of_function.history(REPORT, MONTH)
    again = function.ask({"cutoff_date": "2024-10-01", "reports": [REPORT]})
    assert not again.failed
    (told,) = again.document["reports"]
    assert (told["status"], told["package"].rstrip("/").rsplit("/", 1)[1]) == (
        "CURRENT",
        first.address.attempt,
    )
    assert of_function.history(REPORT, MONTH) == (first,)
    forced = function.ask({"period": MONTH, "reports": [REPORT], "force": True})
    assert forced.document["reports"][0]["status"] == "PASS"
    assert len(of_function.history(REPORT, MONTH)) == 2


def test_a_month_that_failed_raises_and_its_alert_reaches_the_subscriber(
    function: Function, of_function: Cloud, tmp_path: Path
) -> None:
    of_function.messages()
    failed = function.ask({"period": BAD, "reports": [FAILS, REPORT]})
    assert failed.failed
    assert failed.document["errorType"] == "MonthFailedError"
    result = json.loads(failed.document["errorMessage"].split("Result: ", 1)[1])
    assert (result["status"], result["done"], result["left"]) == (
        "PARTIAL_SUCCESS",
        [REPORT],
        [FAILS],
    )
    (package,) = of_function.packages(FAILS, BAD, tmp_path)
    assert (content(package).verdict, verify_package(package).verdict) == (
        "FAIL",
        Verification.VERIFIED,
    )
    (message,) = (one for one in of_function.messages() if "CR_05 2024-05" in one.subject)
    assert "FAILED" in message.subject.upper()
    assert package.name in message.text


def test_what_does_not_fit_into_the_functions_time_is_stopped_told(
    function: Function, of_function: Cloud, tmp_path: Path
) -> None:
    of_function.messages()
    short = function.ask({"period": "2024-08", "reports": [REPORT]}, seconds=0.01)
    assert short.failed
    assert "the time was up" in short.document["errorMessage"]
    assert '"out_of_time":true' in short.document["errorMessage"]
    assert all(
        predicate(one)["verdict"] == "FAIL (interrupted)"
        for one in of_function.packages(REPORT, "2024-08", tmp_path)
    )
    assert any("time for 2024-08 was up" in one.subject for one in of_function.messages())


def test_sigterm_in_the_middle_of_a_task_packs_what_was_begun_and_the_next_task_succeeds(
    starter: Starter, of_task: Cloud, home: Home, tmp_path: Path
) -> None:
    arguments = ["run", "--period", "2024-07", "--report", REPORT]
    of_task.messages()
    task = starter.start(arguments, of_task.environment(home), tmp_path / "first.txt")
    waited = time.monotonic()
    while "opening the source" not in task.output:
        assert time.monotonic() < waited + 120, task.output
        Event().wait(0.01)
    task.send(signal.SIGTERM)
    assert task.wait() == 1, task.output
    assert "Interrupted: what comes after was not begun." in task.output
    (package,) = of_task.packages(REPORT, "2024-07", tmp_path / "evidence")
    assert content(package).verdict == "FAIL (interrupted)"
    assert verify_package(package).first_difference is None
    assert "SOX PG-01: CR_05A 2024-07 was interrupted" in [
        one.subject for one in of_task.messages()
    ]
    after = starter.start(arguments, of_task.environment(home), tmp_path / "second.txt")
    assert after.wait() == 0, after.output
    assert open_attempts(of_task.store("state")) == ()
    verdicts = [
        one.closed and one.closed.verdict.value for one in of_task.history(REPORT, "2024-07")
    ]
    assert verdicts == ["FAIL (interrupted)", "PASS"]


def test_the_function_needs_nothing_that_can_be_written_but_tmp(function: Function) -> None:
    need("namespaces")
    mounted = Path(f"/proc/{function.pid}/mounts")
    writable = {
        place
        for _, place, kind, options, *_ in map(str.split, mounted.read_text().splitlines())
        if "rw" in options.split(",") and not place.startswith(("/proc", "/sys", "/dev"))
    }
    assert writable == {"/tmp"}
    assert not Path(f"/proc/{function.pid}/root/dev/shm").exists()
    answer = function.ask({"period": MONTH, "reports": [REPORT]})
    assert (answer.failed, answer.document["status"]) == (False, "SUCCESS"), function.log()


def test_the_function_needs_less_memory_than_it_is_given(function: Function) -> None:
    assert function.peak_mib() < 1024
