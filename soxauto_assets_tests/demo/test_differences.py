"""Every planted difference is found by its bridge, to the cent, and nothing else is reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.demo.build import ensure_demo
from soxauto_assets.demo.differences import WITHOUT_JDASH, planted
from soxauto_assets.demo.faults import PLANTED
from soxauto_assets.demo.jdash import jdash_files
from soxauto_assets.demo.through_time import (
    late_posting_into,
    missing_in,
    moved_in,
    reopened_in,
)
from soxauto_assets.demo.warehouse import demo_warehouse
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.amounts import in_usd, shown
from soxauto_assets.reconciliation.control import Control, Status, reconcile
from soxauto_assets.reconciliation.inputs import read_jdash
from soxauto_assets.reconciliation.late_postings import COMPARED as COMPARED_MONTH
from soxauto_assets.reconciliation.late_postings import LATE
from soxauto_assets.reconciliation.month import Month, Past
from soxauto_assets.reconciliation.review.page import page
from soxauto_assets.reconciliation.rulebook import load_rules
from soxauto_assets.reconciliation.summary import summary
from soxauto_assets.settings import PROJECT_FOLDER
from soxauto_assets.store.layout import EXTRACT, AttemptAddress
from soxauto_assets_tests.demo.test_months import read_month
from soxauto_assets_tests.support.demo import SMALL, THROUGH, shared_folder
from soxauto_assets_tests.support.ui import opened_browser

BOOK = load_rules()
EXPLAINED, UNEXPLAINED, WITHOUT_FILE = Period(2024, 4), Period(2024, 6), Period(2024, 3)
FAILING = Period(2024, 5)
COMPARED: dict[Period, tuple[tuple[str, Period], ...]] = {
    EXPLAINED: (
        ("ipe_07", WITHOUT_FILE.previous),
        ("ipe_07", WITHOUT_FILE),
        ("cr_03", WITHOUT_FILE),
    ),
    UNEXPLAINED: (("cr_03", FAILING), ("cr_04", FAILING)),
}
"""Earlier data that a month is compared with here: what its planted cases need."""
Extracted = Callable[[str, Period], pl.LazyFrame]


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Extracted:
    """The rows of a report of the small embedded warehouse, read once."""
    warehouse = demo_warehouse(shared_folder(tmp_path_factory), through=THROUGH, plan=SMALL)

    @cache
    def of(report: str, period: Period) -> pl.LazyFrame:
        folder = tmp_path_factory.mktemp(report)
        read_month(report, period, warehouse, folder)
        return pl.scan_parquet(folder / EXTRACT)

    return of


@pytest.fixture(scope="module")
def month(
    extracted: Extracted, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Period], Month]:
    """Everything that the control of a month reads; earlier months as they stood when closed."""
    folder = shared_folder(tmp_path_factory)
    databases = ensure_demo(folder, through=THROUGH, plan=SMALL)

    def as_closed(report: str, period: Period) -> pl.LazyFrame:
        rows = extracted(report, period)
        if report != "cr_03":
            return rows
        closed_on = period.next_start + timedelta(days=5)
        return rows.filter(pl.col("g_l_creation_date") < closed_on)

    def of(period: Period) -> Month:
        files = jdash_files(databases, period)
        return Month(
            period,
            {report: extracted(report, period) for report in report_ids()},
            {c: read_jdash(content, period, c).lazy() for c, content in files.items()},
            errors_state=period,
            past=Past({(r, p): as_closed(r, p) for r, p in COMPARED.get(period, ())}),
        )

    return of


@pytest.fixture(scope="module")
def control(month: Callable[[Period], Month]) -> Callable[[Period], Control]:
    """The control of a month of the small embedded warehouse, made once."""
    return cache(lambda period: reconcile(month(period), BOOK))


@pytest.mark.parametrize("period", [EXPLAINED, UNEXPLAINED, WITHOUT_FILE], ids=str)
def test_every_difference_is_found_by_its_bridge_and_nothing_else_is_reported(
    period: Period, control: Callable[[Period], Control]
) -> None:
    found = control(period)
    truth = planted(period)
    assert [check for check in found.checks if not check.passed] == []
    proofs = {
        (bridge.rule.id, company, pool, item, amount)
        for bridge in found.bridges
        for company, pool, item, amount in bridge.proof.select(
            "company", "pool", "item", "amount"
        ).iter_rows()
    }
    assert proofs == {
        (d.bridge, d.company, d.pool, item, d.amount) for d in truth for item in d.items
    }
    for bridge in found.bridges:
        if bridge.rule.id != "integration_errors":  # most of its systems book elsewhere
            assert bridge.undecided.rows() == []
    unexplained = {
        (line.company, line.pool.id): line.unexplained for line in found.lines if line.unexplained
    }
    assert unexplained == {(d.company, d.pool): d.amount for d in truth if d.bridge is None}
    variance = {
        (line.company, line.pool.id): line.variance for line in found.lines if line.variance
    }
    expected: dict[tuple[str, str], Decimal] = {}
    for d in truth:
        expected[d.company, d.pool] = expected.get((d.company, d.pool), Decimal(0)) + d.amount
    assert variance == {place: amount for place, amount in expected.items() if amount}


def test_what_bridges_explain_is_explained_and_the_control_passes(
    control: Callable[[Period], Control],
) -> None:
    found = control(EXPLAINED)
    explained = {line.company for line in found.lines if line.status is Status.EXPLAINED}
    assert explained == {"EC_NG", "JM_EG", "EC_KE", "JD_GH"}
    assert (found.status, found.passes) == (Status.EXPLAINED, True)


def test_what_nothing_explains_is_to_be_investigated_in_every_family(
    control: Callable[[Period], Control],
) -> None:
    found = control(UNEXPLAINED)
    lines = {
        (line.company, line.pool.id) for line in found.lines if line.status is Status.TO_INVESTIGATE
    }
    truth = {(d.company, d.pool) for d in planted(UNEXPLAINED) if d.bridge is None}
    assert lines == truth
    assert len({company for company, _ in truth}) >= 5
    families = {BOOK.pool(pool).family for _, pool in truth}
    # An allowance has no operational target (D4): it shows as a movement, below.
    families |= {BOOK.pool(moved.pool).family for moved in moved_in(UNEXPLAINED)}
    assert families == {pool.family for pool in BOOK.mapping}
    assert found.unexplained_usd >= found.group_threshold.amount
    assert not found.passes


def test_a_missing_jdash_file_is_incomplete_and_not_a_difference(
    control: Callable[[Period], Control],
) -> None:
    found = control(WITHOUT_FILE)
    (company,) = WITHOUT_JDASH[WITHOUT_FILE]
    assert [
        (line.company, line.pool.id) for line in found.lines if line.status is Status.INCOMPLETE
    ] == [(company, "18412")]
    assert (found.status, found.passes) == (Status.INCOMPLETE, False)


def test_an_allowance_booked_twice_wants_an_explanation_as_a_movement(
    control: Callable[[Period], Control], extracted: Extracted
) -> None:
    (planted_move,) = moved_in(UNEXPLAINED)
    found = control(UNEXPLAINED)
    (row,) = found.movements.filter(
        company=planted_move.company, family="allowance", against="month before"
    ).to_dicts()
    assert row["verdict"] == "TO EXPLAIN"
    assert abs(row["moved_usd"]) >= row["threshold_usd"]
    # What the customers' own entries moved is all the rest.
    of_customers = [
        extracted("ipe_07", period)
        .filter(pl.col("id_company") == planted_move.company, pl.col("group_account") == "13009")
        .select(pl.col("rem_amt_lcy").sum())
        .collect()
        .item()
        for period in (UNEXPLAINED, FAILING)
    ]
    assert row["moved"] - planted_move.amount == of_customers[0] - of_customers[1]
    line = found.line(planted_move.company, planted_move.pool)
    assert (line.variance, line.status) == (0, Status.RECONCILED)


def test_what_was_posted_into_a_closed_month_is_found_and_valued_and_nothing_else(
    control: Callable[[Period], Control],
) -> None:
    found = control(EXPLAINED).late
    truth = late_posting_into(WITHOUT_FILE)
    assert {
        (into, company, account, what, effect, created.date())
        for into, company, account, what, effect, created in found.entries.select(
            "into_period", "company", "account", "what", "effect", "created"
        ).iter_rows()
    } == {
        (str(late.into_period), late.company, late.account, LATE, late.amount, late.created)
        for late in truth
    }
    rate = control(EXPLAINED).line(truth[0].company, "13001+13002").rate
    assert rate is not None
    assert set(found.entries["effect_usd"]) == {shown(in_usd(late.amount, rate)) for late in truth}
    compared = found.months.filter(into_period=str(WITHOUT_FILE), verdict=COMPARED_MONTH)
    assert {
        (company, count) for company, count in compared.select("company", "found").iter_rows()
    } == {(code, 2 * (code == truth[0].company)) for code in BOOK.companies}


def test_an_item_that_comes_back_is_reopened_and_no_other_is(
    control: Callable[[Period], Control],
) -> None:
    (truth,) = reopened_in(EXPLAINED)
    rows = control(EXPLAINED).open_items.filter(pl.col("state") == "reopened").collect()
    assert [
        (company, report, item, amount)
        for company, report, item, amount in rows.select(
            pl.col("company", "report").cast(pl.String), "item", "amount"
        ).iter_rows()
    ] == [(truth.company, truth.report, truth.item, truth.amount)]


def test_a_missing_rate_leaves_its_company_without_usd_and_touches_no_other(
    month: Callable[[Period], Month],
) -> None:
    """The rows of the failing month, with the rates as they are there: Uganda has none."""
    (gap,) = (gap for gap in missing_in(FAILING) if gap.cause == "missing rate")
    found = reconcile(month(FAILING), BOOK)
    without = {line.company for line in found.lines if "no closing rate" in line.missing}
    assert without == set(gap.companies) == {"JD_UG"}
    for line in found.lines:
        assert (line.usd(Decimal(1)) is None) == (line.company in without)
        if line.company in without:
            assert line.status is Status.INCOMPLETE


def test_reports_that_fail_leave_their_families_incomplete_and_never_zero(
    month: Callable[[Period], Month],
) -> None:
    absent = {gap.input for gap in missing_in(FAILING)}
    assert absent == set(PLANTED)
    whole = month(FAILING)
    found = reconcile(
        replace(whole, reports={r: rows for r, rows in whole.reports.items() if r not in absent}),
        BOOK,
    )
    assert {line.status for line in found.lines} == {Status.INCOMPLETE}
    assert {line.unexplained for line in found.lines} == {None}
    named = {
        report
        for line in found.lines
        for report in absent
        if any(why.startswith(f"{report} ") for why in line.missing)
    }
    assert named == absent


def test_one_missing_report_of_another_month_leaves_its_own_family_incomplete(
    month: Callable[[Period], Month],
) -> None:
    whole = month(EXPLAINED)
    found = reconcile(
        replace(whole, reports={r: rows for r, rows in whole.reports.items() if r != "ipe_34"}),
        BOOK,
    )
    incomplete = {line.pool.id for line in found.lines if line.status is Status.INCOMPLETE}
    assert incomplete == {"18317"}


def test_a_reversed_expiry_is_classified_as_expired_and_not_as_issuance(
    control: Callable[[Period], Control],
) -> None:
    classified = control(UNEXPLAINED).classified
    assert classified is not None
    back = classified.filter(
        (pl.col("company") == "JD_UG")
        & (pl.col("rule") == "CL-REV-LINK")
        & (pl.col("document").str.starts_with("DIF-"))
    )
    assert back.select(pl.col("category", "type").cast(pl.String)).rows() == [("Expired", "Refund")]


def test_the_page_of_a_month_draws_every_planted_difference(
    control: Callable[[Period], Control], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    found = control(UNEXPLAINED)
    address = AttemptAddress("pg01", UNEXPLAINED, "20240701_080000Z-0f3a91c2")
    content = page(found, summary(found).to_pylist(), address, [])
    drawn = set(re.findall(r'<article class="line [\w-]+" id="([^"]+)"', content.decode()))
    assert drawn == {f"{d.company}-{d.pool}" for d in planted(UNEXPLAINED) if d.amount}
    if request.config.getoption("--screenshots"):
        file = tmp_path / "pg01.html"
        file.write_bytes(content)
        with opened_browser(tmp_path / "profile") as browser:
            browser.goto(file.as_uri())
            browser.screenshot(path=PROJECT_FOLDER / "docs" / "images" / "control-page.png")
