"""The control by the command: what a person sees, its exit code, and the package it leaves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.review.layout import HEADER_ROW, position
from soxauto_assets.reconciliation.review.page import PAGE
from soxauto_assets.reconciliation.sign_off_rules import blockers
from soxauto_assets.store.local import LocalStore
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
    _, attempt = home.history("pg01", GOOD)  # the first is of the month's run
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


def test_its_review_goes_out_as_a_workbook_and_comes_back_with_answers(
    home: Home, tmp_path: Path
) -> None:
    attempt = home.history("pg01", GOOD)[-1]
    file = tmp_path / "review.xlsx"
    exported = home.soxauto("review", "export", GOOD, "-o", str(file))
    assert (exported.code, attempt.address.attempt in exported.out) == (0, True), exported.err
    stored = home.store("results").read(attempt.address.key("review.xlsx"))
    assert file.read_bytes() == stored
    again = home.soxauto("review", "export", GOOD, "-o", str(file))
    assert (again.code, "is there already" in again.err) == (2, True)

    book = openpyxl.load_workbook(file)
    book["Review"].cell(HEADER_ROW + 2, position("owner") + 1).value = "A. Person"
    book["Review"].cell(HEADER_ROW + 2, position("explanation") + 1).value = "Late delivery"
    book.save(file)
    imported = home.soxauto("review", "import", str(file))
    assert (imported.code, "1 answers" in imported.out) == (0, True), imported.out + imported.err
    shown = home.soxauto("review", "show", GOOD)
    assert (shown.code, "A. Person" in shown.out, "Nothing is left" in shown.out) == (0, True, True)

    book["Review"].delete_rows(HEADER_ROW + 3)
    book.save(file)
    refused = home.soxauto("review", "import", str(file))
    assert refused.code == 2
    assert re.search(r"Review, row 7, column M \(Id\): the row of \w+ [0-9+]+ ", refused.err)
    assert "was deleted" in refused.err


def test_its_page_is_part_of_the_package(home: Home) -> None:
    attempt = home.history("pg01", GOOD)[-1]
    text = (last_package(home, GOOD) / "attachments" / PAGE).read_text("utf-8")
    assert attempt.address.attempt in text
    assert "EC_NG-18412" in text


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
    assert "2024-09 PG-01: FAIL, INCOMPLETE (" in done.out


def test_answers_to_the_control_before_are_offered_again_and_count_once_brought_back(
    home: Home, tmp_path: Path
) -> None:
    """The control was made again just before, with one family incomplete."""
    shown = home.soxauto("review", "show", GOOD)
    assert "Carried over: 1 answers given by " in shown.out
    assert "A. Person" not in shown.out
    file = tmp_path / "again.xlsx"
    exported = home.soxauto("review", "export", GOOD, "-o", str(file))
    assert "To be confirmed" in exported.out
    imported = home.soxauto("review", "import", str(file))
    assert "1 answers" in imported.out, imported.out + imported.err
    shown = home.soxauto("review", "show", GOOD)
    assert "A. Person" in shown.out
    assert "(1 carried over)" in shown.out
    assert "Carried over: " not in shown.out


def test_a_month_without_reports_is_incomplete_and_packed_all_the_same(home: Home) -> None:
    done = home.soxauto("pg01", "--period", BAD)
    assert done.code == 1
    assert "INCOMPLETE" in done.out
    assert "RECONCILED" not in done.out
    package = last_package(home, BAD)
    assert predicate(package)["verdict"] == "FAIL"
    found = blockers(
        home.history("pg01", BAD)[-1],
        evidence=home.store("evidence"),
        inputs=LocalStore(home.folder / "inputs", name="inputs"),
    )
    assert any(line.startswith("The check complete failed: ") for line in found)
    assert verify_package(package).verdict is Verification.VERIFIED
    assert current(home.store("results"), "pg01", Period.parse(BAD)) is None
    assert any("PG01 2024-06" in alert for alert in home.alerts())
