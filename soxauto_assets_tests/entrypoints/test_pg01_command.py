"""The control by the command: what a person sees, its exit code, and the package it leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.period import Period
from soxauto_assets.verify.findings import Verification
from soxauto_assets.verify.package import verify_package
from soxauto_assets_tests.support.command import Home, failed_checks, predicate

GOOD, BAD = "2024-09", "2024-06"


@pytest.fixture(scope="module")
def home(new_folder: Callable[[], Path], demo_folder: Path) -> Home:
    """A home in which one month is extracted whole."""
    home = Home(new_folder() / "home", demo_folder)
    assert home.soxauto("run", "--period", GOOD).code == 0
    return home


def last_package(home: Home, period: str) -> Path:
    return home.packages("pg01", period)[-1]


def test_a_month_that_is_explained_passes_and_covers_its_reports_with_one_digest(
    home: Home,
) -> None:
    done = home.soxauto("pg01", "--period", GOOD)
    assert done.code == 0, done.out + done.err
    assert "EC_NG 18412 EXPLAINED: variance 3,875,000.17 NGN; timing 3,875,000.17" in done.out
    assert "2024-09 PG-01: PASS" in done.out
    package = last_package(home, GOOD)
    assert verify_package(package).verdict is Verification.VERIFIED
    (attempt,) = home.history("pg01", GOOD)
    assert attempt.closed is not None
    assert attempt.closed.verdict is AttemptVerdict.PASS
    for report in report_ids():
        standing = current(home.store("results"), report, Period.parse(GOOD))
        assert standing is not None
        held = (package / "attachments/reports" / report / "manifest.json").read_bytes()
        assert hashlib.sha256(held).hexdigest() == standing.manifest_sha256
    published = current(home.store("results"), "pg01", Period.parse(GOOD))
    assert published is not None
    assert published.attempt == attempt.address.attempt


def test_a_report_whose_current_data_was_changed_makes_its_families_incomplete(
    home: Home,
) -> None:
    path = home.store("results").local_path(f"current/ipe_10/month={GOOD}/data.parquet")
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(whole + b"x")
    try:
        done = home.soxauto("pg01", "--period", GOOD)
    finally:
        path.write_bytes(whole)
    assert done.code == 1
    assert "EC_NG 18350 INCOMPLETE: ipe_10: " in done.out
    assert failed_checks(last_package(home, GOOD)) == {"complete"}


def test_a_month_without_reports_is_incomplete_and_packed_all_the_same(home: Home) -> None:
    done = home.soxauto("pg01", "--period", BAD)
    assert done.code == 1
    assert "INCOMPLETE" in done.out
    assert "RECONCILED" not in done.out
    package = last_package(home, BAD)
    assert predicate(package)["verdict"] == "FAIL"
    assert verify_package(package).verdict is Verification.VERIFIED
    assert current(home.store("results"), "pg01", Period.parse(BAD)) is None
    assert any("PG01 2024-06" in alert for alert in home.alerts())
