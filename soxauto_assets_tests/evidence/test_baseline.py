"""A report and its baseline: what passes, what fails, and in which words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from soxauto_assets.catalog.loader import CATALOG_FOLDER, load_entry, report_ids
from soxauto_assets.catalog.model import CatalogEntry, Text
from soxauto_assets.evidence import described as descriptions
from soxauto_assets.evidence.approval import NotApprovableError, approve, years_later
from soxauto_assets.evidence.baseline import Judgement, compare, judge_baseline
from soxauto_assets.evidence.demonstration_key import DEMONSTRATION_KEY_ID, DemonstrationSigner
from soxauto_assets.verify import baseline as verifier
from soxauto_assets_tests.support.baselines import APPROVAL, TODAY, approve_folder, approved_catalog
from soxauto_assets_tests.support.packages import APPROVER

REPORT = "cr_05"
ENTRY = load_entry(REPORT)
BASELINE = approve(ENTRY, APPROVAL, APPROVER)


def judged(entry: CatalogEntry, *, today: date = TODAY, demonstration: bool = False) -> Judgement:
    return compare(entry, BASELINE, today=today, demonstration=demonstration)


@pytest.mark.parametrize("report", report_ids())
def test_every_shipped_report_is_what_the_demonstration_approved(report: str) -> None:
    """Where this fails: see `soxauto baseline diff`; for the demonstration, `make baselines`."""
    found = judge_baseline(
        load_entry(report), CATALOG_FOLDER / report, today=TODAY, demonstration=True
    )
    assert (found.problems, found.differences) == ((), ())
    assert found.baseline is not None
    assert found.baseline.by_demonstration
    assert found.words.startswith(f"unchanged since the baseline of {found.baseline.approved_on}")
    assert "the public key that approves for nobody" in found.words


def test_an_unchanged_report_passes_without_a_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    def unasked(*_: object) -> str:
        raise AssertionError("the SQL was parsed")

    monkeypatch.setattr("soxauto_assets.warehouse.clauses.meaning", unasked)
    monkeypatch.setattr("soxauto_assets.warehouse.contract.columns_read", unasked)
    assert judged(ENTRY).problems == ()


def test_a_reworded_report_passes_and_says_so() -> None:
    column = replace(ENTRY.columns[0], description="Said otherwise.")
    found = judged(
        replace(ENTRY, query=f"-- more\n{ENTRY.query}", columns=(column, *ENTRY.columns[1:]))
    )
    assert found.problems == ()
    assert found.words == (
        "reworded only since the baseline of 2024-02-29 (approved by Zola Mbeki "
        "<zola@example.com>; expires on 2099-02-28): query: comments, layout or case changed, and "
        "no meaning; column company_code, description: reworded"
    )
    assert found.finding.cause is None


def _control(entry: CatalogEntry) -> CatalogEntry:
    return replace(entry, controls=entry.controls[:-1])


def _type(entry: CatalogEntry) -> CatalogEntry:
    return replace(entry, columns=(replace(entry.columns[0], type=Text(3)), *entry.columns[1:]))


CHANGES: dict[str, tuple[Callable[[CatalogEntry], CatalogEntry], str]] = {
    "a predicate": (
        lambda e: replace(e, query=e.query.replace("rate.rate_type =", "rate.rate_type <>")),
        "query, CTE ",
    ),
    "a control that is gone": (_control, f"control {ENTRY.controls[-1].name}: removed"),
    "the type of a column": (_type, "column company_code, type: changed from text to text(3)"),
    "a column that is gone": (
        lambda e: replace(e, columns=e.columns[:-1]),
        f"column {ENTRY.columns[-1].name}: removed",
    ),
    "the key": (
        lambda e: replace(e, report=replace(e.report, primary_key=("company_name",))),
        "report primary_key: removed company_code",
    ),
    "no SQL": (lambda e: replace(e, query="SELEC 1"), "query: it is no SQL"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_meaning_fails_in_words_until_it_is_approved(change: str) -> None:
    apply, says = CHANGES[change]
    found = judged(apply(ENTRY))
    (problem,) = found.problems
    assert problem.startswith(
        f"Changed since the baseline of 2024-02-29 without approval: {says}"
    ), problem
    assert "soxauto baseline approve" in problem
    assert found.finding.cause == problem
    if change == "no SQL":
        with pytest.raises(NotApprovableError, match="query cannot be parsed"):
            approve(apply(ENTRY), APPROVAL, APPROVER)
        return
    again = approve(apply(ENTRY), APPROVAL, APPROVER)
    assert compare(apply(ENTRY), again, today=TODAY, demonstration=False).problems == ()


def test_a_roster_and_a_source_that_changed_change_every_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = descriptions.values_for

    def fewer(report: Any, period: Any) -> Any:
        values = dict(before(report, period))
        return values | {"roster": values["roster"][:-1]} if "roster" in values else values

    monkeypatch.setattr(descriptions, "values_for", fewer)
    assert any("parameter roster: removed (EC_MA" in one.words for one in judged(ENTRY).differences)


def test_an_expired_baseline_fails_from_the_next_day_on() -> None:
    last = date(2099, 2, 28)
    assert judged(ENTRY, today=last).problems == ()
    (problem,) = judged(ENTRY, today=last + timedelta(days=1)).problems
    assert problem.startswith("The baseline of 2024-02-29 expired on 2099-02-28.")


def test_the_public_key_counts_for_the_demonstration_alone() -> None:
    by_nobody = approve(ENTRY, APPROVAL, DemonstrationSigner())
    assert by_nobody.approval["key_id"] == DEMONSTRATION_KEY_ID == verifier.DEMONSTRATION_KEY_ID
    assert compare(ENTRY, by_nobody, today=TODAY, demonstration=True).problems == ()
    (problem,) = compare(ENTRY, by_nobody, today=TODAY, demonstration=False).problems
    assert problem.startswith("The baseline is approved by the key `demonstration`")


def test_three_years_after_a_leap_day_is_a_day() -> None:
    assert years_later(date(2024, 2, 29), 3) == date(2027, 2, 28)
    assert years_later(date(2026, 11, 28), 3) == date(2029, 11, 28)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return approved_catalog(tmp_path, REPORT) / REPORT


def judged_in(folder: Path) -> Judgement:
    return judge_baseline(
        load_entry(REPORT, folder.parent), folder, today=TODAY, demonstration=False
    )


def test_what_was_written_is_read_back(folder: Path) -> None:
    assert judged_in(folder).problems == ()


def test_a_report_without_baseline_fails(folder: Path) -> None:
    (folder / "baseline.json").unlink()
    assert judged_in(folder).problems == (
        "cr_05 has no baseline.json. Have it tested and approved: soxauto baseline approve --help.",
    )


def _set(*path: str, to: object) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for step in path[:-1]:
            value = value[step]
        value[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("approval", "expires_on", to="2199-01-01"),
        _set("approval", "approver", to="Somebody Else <else@example.com>"),
        _set("described", "query", "sha256", to="0" * 64),
        _set("report", to="ipe_07"),
        _set("approval", to={}),
        _set("approval", "expires_on", to="never"),
    ],
)
def test_a_baseline_that_was_changed_by_hand_does_not_hold(
    folder: Path, change: Callable[[Any], None]
) -> None:
    value = json.loads((folder / "baseline.json").read_bytes())
    change(value)
    (folder / "baseline.json").write_text(json.dumps(value))
    (problem,) = judged_in(folder).problems
    assert problem.startswith("The baseline of cr_05 does not hold: ")


def test_the_statement_of_another_baseline_does_not_hold(folder: Path, tmp_path: Path) -> None:
    other = approved_catalog(tmp_path / "other", "cr_05a") / "cr_05a"
    shutil.copy(other / "baseline.dsse.json", folder / "baseline.dsse.json")
    (problem,) = judged_in(folder).problems
    assert "what baseline.dsse.json signs" in problem
    approve_folder(folder)
    assert judged_in(folder).problems == ()
