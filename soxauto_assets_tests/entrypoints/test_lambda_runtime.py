"""The function in AWS's own client, as a process, against a Runtime API on loopback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from soxauto_assets.verify.findings import Verification
from soxauto_assets.verify.package import verify_package
from soxauto_assets_tests.support.command import Home, predicate
from soxauto_assets_tests.support.lambda_runtime import lambda_function


def test_a_report_is_closed_once_and_what_does_not_fit_into_the_time_is_told(
    new_folder: Callable[[], Path], demo_folder: Path, tmp_path: Path
) -> None:
    home = Home(new_folder() / "home", demo_folder)
    event = {"period": "2024-09", "reports": ["cr_05"]}
    with lambda_function(home.environment, tmp_path) as function:
        first = function.ask(event)
        again = function.ask({"cutoff_date": "2024-09-30", "reports": ["cr_05"]})
        short = function.ask({"period": "2024-08", "reports": ["cr_05"]}, seconds=0.01)
        failed = function.ask({"period": "2024-05", "reports": ["cr_05"]})

    assert (first.failed, first.document["status"]) == (False, "SUCCESS"), function.log()
    (report,) = first.document["reports"]
    (package,) = home.packages("cr_05", "2024-09")
    assert (report["status"], report["package"]) == ("PASS", f"{package.as_uri()}/")
    assert report["objects"][-1].endswith("current/cr_05/month=2024-09/data.parquet")
    assert verify_package(package).verdict is Verification.VERIFIED
    assert not again.failed
    assert [one["status"] for one in again.document["reports"]] == ["CURRENT"]
    assert again.document["reports"][0]["package"] == report["package"]
    assert short.failed
    assert "the time was up" in short.document["errorMessage"]
    assert "out_of_time" in short.document["errorMessage"]
    assert all(
        predicate(one)["verdict"] == "FAIL (interrupted)"
        for one in home.packages("cr_05", "2024-08")
    )
    assert any("the time for 2024-08 was up" in line for line in home.alerts())
    assert failed.failed
    assert failed.document["errorType"] == "MonthFailedError"
    assert '"status":"FAILED"' in failed.document["errorMessage"]
    assert not (home.folder / "dagster").exists(), "the instance is in memory"
    assert function.spent is not None
    assert function.spent.peak_mib < 1024
