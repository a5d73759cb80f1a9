"""What passes and what fails, on every path."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.catalog.model import (
    CatalogEntry,
    CheckKind,
    Column,
    Control,
    ControlKind,
    Date,
    Integer,
    Numeric,
    Report,
    Text,
)
from soxauto_assets.period import Period
from soxauto_assets.validation.contract import ContractFindings
from soxauto_assets.validation.judge import Rows, judge, unreached
from soxauto_assets.validation.keys import KeyFindings
from soxauto_assets.validation.plan import check_names, planned_checks
from soxauto_assets.validation.results import BaselineFinding, CheckResult, Verdict
from soxauto_assets.validation.stream import CutOffFindings, Findings

PERIOD = Period(2024, 9)
CONTROLS = (
    Control("transfer", ControlKind.TOTALS, "Transfer", "SELECT 1"),
    Control("without_joins", ControlKind.TOTALS, "Without joins", "SELECT 1"),
    Control("witness_inside", ControlKind.WITNESS_INSIDE, "Inside", "SELECT 1"),
    Control("witness_after", ControlKind.WITNESS_AFTER, "After", "SELECT 1"),
    Control("roster", ControlKind.MUST_BE_EMPTY, "Roster", "SELECT 1"),
    Control("unmapped", ControlKind.MUST_BE_EMPTY, "Nothing is unmapped", "SELECT 1"),
    Control("left_out", ControlKind.NOTED, "Left out", "SELECT 1"),
)
ENTRY = CatalogEntry(
    Report(
        id="test",
        title="Test",
        control="C",
        purpose="Test.",
        family="test",
        group_accounts=(),
        sources=("a.b.c",),
        parameters=(),
        primary_key=("id_company", "entry_no"),
        amounts=("amount",),
        owner="team:test",
        event_date="posting_date",
        not_applicable={CheckKind.DRIVING_TABLE: "There is no other table."},
    ),
    (
        Column("id_company", Text(), "Company.", "none"),
        Column("entry_no", Integer(), "Entry.", "none"),
        Column("customer", Text(), "Customer.", "none", personal=True),
        Column("amount", Numeric(38, 20), "Amount.", "none"),
        Column("posting_date", Date(), "Posted.", "none"),
    ),
    "SELECT 1",
    CONTROLS,
)
AMOUNT = Decimal("12345678901234567.12345678901234567890")
FINDINGS = Findings(
    rows=2,
    sums={"amount": AMOUNT},
    cut_off=CutOffFindings(date(2024, 9, 1), date(2024, 9, 30), 0, 0, ()),
    keys=KeyFindings(0, 0, (), "neighbours, in key order"),
    companies={"EC_NG": 1, "ec_ke ": 1},
    witnesses={"witness_inside": (True,), "witness_after": (False,)},
    contract=ContractFindings(0, {}, (), {"PANDERA_VALIDATION_ENABLED": "True"}),
)
TOTALS = {
    "row_count": 2,
    "sum_amount": AMOUNT,
    "first_event": date(2024, 9, 1),
    "last_event": date(2024, 9, 30),
}
ROWS: Mapping[str, Rows] = {
    "transfer": [TOTALS],
    "without_joins": [{"row_count": 2}],
    "witness_inside": [{"id_company": "EC_NG", "entry_no": 1}],
    "witness_after": [{"id_company": "EC_NG", "entry_no": 9}],
    "roster": [],
    "unmapped": [],
    "left_out": [{"rows": 7}],
}
UNCHANGED = BaselineFinding("unchanged", "unchanged since 2024-02-29", None)
ALL = (*(kind.value for kind in CheckKind), "unmapped")


def judged(
    findings: Findings = FINDINGS, entry: CatalogEntry = ENTRY, **controls: Rows | None
) -> dict[str, CheckResult]:
    rows = {name: value for name, value in {**ROWS, **controls}.items() if value is not None}
    judged = judge(entry, PERIOD, findings, rows, UNCHANGED)
    return {result.name: result for result in judged}


def failed(results: Mapping[str, CheckResult]) -> set[str]:
    return {name for name, result in results.items() if result.verdict is Verdict.FAIL}


def test_a_report_that_is_in_order_passes_every_check_that_applies() -> None:
    results = judged()

    assert tuple(results) == ALL
    assert {name: result.verdict for name, result in results.items()} == {
        name: Verdict.NOT_APPLICABLE if name == "driving_table" else Verdict.PASS for name in ALL
    }
    assert results["transfer"] == CheckResult(
        "transfer",
        "Transfer",
        Verdict.PASS,
        "row_count = 2; sum_amount = 12345678901234567.12345678901234567890; "
        "first_event = 2024-09-01; last_event = 2024-09-30",
        "row_count = 2; sum_amount = 12345678901234567.12345678901234567890; "
        "first_event = 2024-09-01; last_event = 2024-09-30",
    )
    assert results["driving_table"].cause == "There is no other table."
    assert results["unmapped"].title == "Nothing is unmapped"


def test_a_total_that_differs_in_the_last_of_twenty_decimals_fails() -> None:
    other = Decimal("12345678901234567.12345678901234567891")

    results = judged(transfer=[TOTALS | {"sum_amount": other}])

    assert failed(results) == {"transfer"}
    assert results["transfer"].cause == (
        "Source and extract: sum_amount differs by 0.00000000000000000001 (source less extract)."
    )


@pytest.mark.parametrize(
    ("rows", "cause"),
    [
        ([], "The control returned no row."),
        ([TOTALS, TOTALS], "The control returned 2 rows, not one."),
        (
            [{name: value for name, value in TOTALS.items() if name != "sum_amount"}],
            "Source and extract: it returns no column sum_amount.",
        ),
        ([TOTALS | {"sum_other": 1}], "Source and extract: the extract has no figure sum_other."),
        (
            [TOTALS | {"row_count": 3}],
            "Source and extract: row_count differs by 1 (source less extract).",
        ),
        (
            [TOTALS | {"last_event": datetime(2024, 9, 30, 0, 0, 1)}],
            "Source and extract: last_event differs.",
        ),
        (
            [TOTALS | {"sum_amount": 2.0}],
            "Source and extract: sum_amount is a floating point number at the source, "
            "which is not exact.",
        ),
        (None, "The control transfer was not run."),
    ],
    ids=["no row", "two rows", "missing", "unknown", "count", "time of day", "float", "not run"],
)
def test_a_control_total_that_does_not_prove_the_transfer_fails(
    rows: Rows | None, cause: str
) -> None:
    results = judged(transfer=rows)

    assert (failed(results), results["transfer"].cause) == ({"transfer"}, cause)


def test_figures_may_come_in_another_type_that_says_the_same() -> None:
    totals = {
        "row_count": Decimal(2),
        "sum_amount": AMOUNT,
        "first_event": datetime(2024, 9, 1),
        "last_event": date(2024, 9, 30),
    }

    assert failed(judged(transfer=[totals])) == set()


def test_a_source_without_rows_fails_the_contract_clearly() -> None:
    empty = replace(
        FINDINGS,
        rows=0,
        sums={"amount": Decimal(0)},
        cut_off=CutOffFindings(None, None, 0, 0, ()),
        companies={},
        witnesses={"witness_inside": (), "witness_after": (False,)},
    )
    totals = {"row_count": 0, "sum_amount": None, "first_event": None, "last_event": None}
    nothing: dict[str, Rows] = {
        "transfer": [totals],
        "without_joins": [{"row_count": 0}],
        "witness_inside": [],
    }

    results = judged(empty, **nothing)

    assert failed(results) == {"contract", "witnesses"}
    assert results["contract"].cause == (
        "Not as declared: the source gave no rows for 2024-09, and this report is never empty."
    )
    may_be_empty = replace(ENTRY, report=replace(ENTRY.report, allow_empty=True))
    assert failed(judged(empty, may_be_empty, **nothing)) == set()


def test_what_is_wrong_with_the_rows_fails_its_own_check_only() -> None:
    sample = ({"id_company": "EC_NG", "entry_no": "1"},)
    wrong = replace(
        FINDINGS,
        keys=KeyFindings(2, 1, sample, "neighbours, in key order"),
        cut_off=CutOffFindings(date(2024, 9, 1), date(2024, 9, 30), 3, 1, sample),
        contract=ContractFindings(5, {("customer", "length <= 3"): 6}, sample, {}),
    )

    results = judged(wrong)

    assert failed(results) == {"primary_key", "cut_off", "contract"}
    assert {
        name: (results[name].cause, results[name].failing_rows, results[name].sample)
        for name in failed(results)
    } == {
        "primary_key": (
            "Of the key (id_company, entry_no): rows that repeat a key: 2; "
            "rows with a null in it: 1.",
            3,
            sample,
        ),
        "cut_off": (
            "Rows dated after the cut-off: 3; rows without posting_date: 1.",
            4,
            sample,
        ),
        "contract": ("Not as declared: customer length <= 3 (values that are not: 6).", 5, sample),
    }


@pytest.mark.parametrize(
    ("inside", "after", "cause"),
    [
        ((False,), (False,), "Witnesses: a row inside the period is not in the extract."),
        ((True,), (True,), "Witnesses: a row after the period is in the extract."),
        (
            ("its entry_no is null",),
            (False,),
            "Witnesses: a row inside the period cannot be looked for: its entry_no is null.",
        ),
    ],
)
def test_a_witness_that_is_missing_or_should_be_fails(
    inside: tuple[bool | str, ...], after: tuple[bool | str, ...], cause: str
) -> None:
    found = replace(FINDINGS, witnesses={"witness_inside": inside, "witness_after": after})

    results = judged(found)

    assert (failed(results), results["witnesses"].cause) == ({"witnesses"}, cause)
    assert len(results["witnesses"].sample) == 1


def test_no_row_after_the_period_is_said_and_passes_but_none_inside_fails() -> None:
    later = replace(FINDINGS, witnesses={"witness_inside": (True,), "witness_after": ()})
    results = judged(later, witness_after=[])
    assert (failed(results), results["witnesses"].found) == (
        set(),
        "1 of 1 rows inside the period, 0 of 0 after it (the source has no row after the period)",
    )

    none = replace(FINDINGS, witnesses={"witness_inside": (), "witness_after": (False,)})
    assert failed(judged(none, witness_inside=[])) == {"witnesses"}


def test_a_company_off_the_roster_fails_whoever_reports_it() -> None:
    found = replace(FINDINGS, companies={"EC_NG": 1, "EC_NG_USD": 4, None: 2})
    findings = [{"company": "JM_TN", "problem": "consolidated, and not on the roster"}]

    results = judged(found, roster=findings)

    assert failed(results) == {"roster"}
    assert results["roster"].cause == (
        "Of the companies, findings at the source: 1; companies of the extract that are not on "
        "the roster: 2 (EC_NG_USD, JM_TN, None)."
    )
    assert results["roster"].failing_rows == 3


def test_rows_of_a_control_that_must_be_empty_are_counted_sampled_and_masked() -> None:
    rows = [{"customer": f"name {n}", "entry_no": n, "amount": AMOUNT} for n in range(30)]

    results = judged(unmapped=rows)

    assert failed(results) == {"unmapped"}
    assert (results["unmapped"].failing_rows, len(results["unmapped"].sample)) == (30, 20)
    assert results["unmapped"].sample[1] == {
        "customer": "***",
        "entry_no": "1",
        "amount": "12345678901234567.12345678901234567890",
    }


def test_rows_that_name_a_company_make_the_cause_name_it() -> None:
    rows = [{"company": "JD_UG", "rates": 0}, {"company": "EC_NG", "rates": 2}]

    assert judged(unmapped=rows)["unmapped"].cause == (
        "Rows that may not be there: 2, of EC_NG, JD_UG."
    )


def test_noted_controls_are_judged_by_nobody() -> None:
    assert failed(judged(left_out=None)) == set()


def test_what_was_not_reached_fails_with_the_cause_and_nothing_else_changes() -> None:
    reached = judged()["primary_key"]

    results = {result.name: result for result in unreached(ENTRY, "The source broke.", [reached])}

    assert tuple(results) == ALL
    assert results["primary_key"] is reached
    assert results["driving_table"].verdict is Verdict.NOT_APPLICABLE
    assert failed(results) == set(ALL) - {"primary_key", "driving_table"}
    assert {results[name].cause for name in failed(results)} == {"The source broke."}


def test_every_finding_of_the_catalogue_decides_one_check() -> None:
    for report_id in report_ids():
        entry = load_entry(report_id)
        plan = planned_checks(entry)
        names = [check.name for check in plan]
        assert len(names) == len(set(names))
        assert {c.name for c in entry.controls if c.kind is ControlKind.MUST_BE_EMPTY} <= {*names}
        assert check_names(entry) == tuple((c.name, c.title) for c in plan if c.reason is None)


def test_the_plan_of_the_checks_loads_no_data_library() -> None:
    program = (
        "import sys; from soxauto_assets.catalog.loader import load_entry; "
        "from soxauto_assets.validation.plan import check_names; "
        "from soxauto_assets.validation.judge import unreached; "
        "entry = load_entry('ipe_07'); check_names(entry); unreached(entry, 'x'); "
        "print({'pyarrow', 'polars', 'pandera', 'pandas', 'duckdb', 'numpy'} & {*sys.modules})"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "set()"
