"""A whole month of the default size in an emulated account, with what it costs.

Once by the function in AWS's own client, once by the one-shot task, each a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soxauto_assets.assets.control_assets import CONTROL
from soxauto_assets.assets.partitions import last_closed_period
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.demo.build import ensure_demo
from soxauto_assets.demo.plan import DemoPlan
from soxauto_assets.settings import Settings
from soxauto_assets.verify.findings import Verification
from soxauto_assets.verify.package import verify_package
from soxauto_assets_tests.support.cloud import Cloud, content
from soxauto_assets_tests.support.command import Home
from soxauto_assets_tests.support.lambda_runtime import lambda_function
from soxauto_assets_tests.support.s3_server import S3Server, s3_server

pytestmark = [pytest.mark.prove, pytest.mark.timeout(1500)]

MONTH, BAD = "2024-09", "2024-05"
MEMORY_MIB = 1024


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    began = time.monotonic()
    ensure_demo(folder, through=last_closed_period(Settings.load({})), plan=DemoPlan())
    print(f"\ndemonstration of the default size built in {time.monotonic() - began:.0f} s")
    return folder


@pytest.fixture(scope="module")
def home(new_folder: Callable[[], Path], demo: Path) -> Home:
    return Home(new_folder() / "home", demo)


def environment(cloud: Cloud, home: Home) -> dict[str, str]:
    """That of the deployment, with the demonstration of the default size."""
    size = {"SOXAUTO_DEMO_SIZE": str(DemoPlan().size), "SOXAUTO_DEMO_SEED": str(DemoPlan().seed)}
    return cloud.environment(home) | size


def test_function_and_task_close_the_same_month(
    server: S3Server, home: Home, tmp_path: Path
) -> None:
    of_function, of_task = Cloud(server), Cloud(server)
    with lambda_function(environment(of_function, home), tmp_path) as function:
        began = time.monotonic()
        answer = function.ask({"period": MONTH})
        seconds = time.monotonic() - began
        peak = function.peak_mib()
        again = function.ask({"source": "schedule", "time": "2024-10-01T08:00:00Z"})
        failed = function.ask({"period": BAD})
    assert (answer.failed, answer.document["status"]) == (False, "SUCCESS"), function.log()[-4000:]
    assert answer.document["control"]["status"] == "RECONCILED OR EXPLAINED"
    assert {one["status"] for one in again.document["reports"]} == {"CURRENT"}
    assert again.document["control"] is None
    assert failed.failed
    print(
        f"\nfunction: {MONTH} in {seconds:.0f} s, at most {peak:.0f} MiB at once "
        f"(limit {MEMORY_MIB})"
    )

    began = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).with_name("soxauto"), "run", "--period", MONTH],
        env=environment(of_task, home),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    print(f"task: {MONTH} in {time.monotonic() - began:.0f} s")
    assert done.returncode == 0, done.stdout + done.stderr

    for report in (*report_ids(), CONTROL):
        (made,) = of_function.packages(report, MONTH, tmp_path / "function")
        (same,) = of_task.packages(report, MONTH, tmp_path / "task")
        assert content(made) == content(same)
        for package in (made, same):
            assert verify_package(package).verdict is Verification.VERIFIED, package
    subjects = [[one.subject for one in cloud.messages()] for cloud in (of_function, of_task)]
    assert f"SOX PG-01: {MONTH} run ended, all reports passed" in subjects[0]
    assert f"SOX PG-01: {MONTH} run ended, all reports passed" in subjects[1]
    assert any(f"CR_05 {BAD}" in subject for subject in subjects[0])
    assert peak < MEMORY_MIB
