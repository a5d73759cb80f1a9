"""Every planted difference is found by its bridge, to the cent, and nothing else is reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.demo.build import ensure_demo
from soxauto_assets.demo.differences import WITHOUT_JDASH, planted
from soxauto_assets.demo.jdash import jdash_files
from soxauto_assets.demo.warehouse import demo_warehouse
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.control import Control, Status, reconcile
from soxauto_assets.reconciliation.inputs import read_jdash
from soxauto_assets.reconciliation.month import Month
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


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Period], Control]:
    """The control of a month of the small embedded warehouse, made once."""
    shared = shared_folder(tmp_path_factory)
    warehouse = demo_warehouse(shared, through=THROUGH, plan=SMALL)
    databases = ensure_demo(shared, through=THROUGH, plan=SMALL)
    made: dict[Period, Control] = {}

    def of(period: Period) -> Control:
        if period not in made:
            files = jdash_files(databases, period)
            month = Month(
                period,
                {
                    report: extracted(report, period, tmp_path_factory.mktemp(report))
                    for report in report_ids()
                },
                {c: read_jdash(content, period, c).lazy() for c, content in files.items()},
                errors_state=period,
            )
            made[period] = reconcile(month, BOOK)
        return made[period]

    def extracted(report: str, period: Period, folder: Path) -> pl.LazyFrame:
        read_month(report, period, warehouse, folder)
        return pl.scan_parquet(folder / EXTRACT)

    return of


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
    assert families == {pool.family for pool in BOOK.mapping} - {"allowance"}
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
