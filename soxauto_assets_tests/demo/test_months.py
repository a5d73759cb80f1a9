"""Months of the embedded warehouse: each passes every check, and May 2024 fails as planted.

The reports are read and judged as an attempt does it, against the small embedded warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from soxauto_assets.assets.reading import Reading, read
from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.demo.differences import planted
from soxauto_assets.demo.faults import PLANTED, PLANTED_PERIOD
from soxauto_assets.demo.plan import DemoPlan
from soxauto_assets.demo.through_time import moved_in
from soxauto_assets.demo.warehouse import demo_warehouse
from soxauto_assets.period import Period
from soxauto_assets.store.layout import EXTRACT
from soxauto_assets.validation.judge import judge
from soxauto_assets.validation.results import Verdict
from soxauto_assets.warehouse.protocol import Purpose, Warehouse
from soxauto_assets_tests.support.baselines import shipped
from soxauto_assets_tests.support.demo import SMALL, THROUGH, shared_folder

FIRST_PARTITION = Period(2024, 1)
MONTHS = (FIRST_PARTITION, PLANTED_PERIOD, THROUGH)
"""The first month, the failing one, and the one after it, which is the last one built."""
YEARS = tuple(FIRST_PARTITION.through(Period(2026, 3)))
LIVE_USES = {"apology_v2", "jforce", "refund", "store_credit", "jpay_store_credit"}


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return demo_warehouse(shared_folder(tmp_path_factory), through=THROUGH, plan=SMALL)


def read_month(report_id: str, period: Period, warehouse: Warehouse, folder: Path) -> Reading:
    reading = Reading()
    read(
        reading,
        load_entry(report_id),
        period,
        warehouse,
        purpose=Purpose(report_id, str(period), "20240101_000000Z-00000000"),
        spool_path=folder / EXTRACT,
        tries=1,
        stage=lambda *_: None,
        rows=lambda _: None,
    )
    return reading


def rows_of(
    report_id: str, period: Period, warehouse: Warehouse, folder: Path
) -> list[dict[str, object]]:
    read_month(report_id, period, warehouse, folder)
    rows: list[dict[str, object]] = pq.read_table(folder / EXTRACT).to_pylist()
    return rows


def failed_checks(
    report_id: str, period: Period, warehouse: Warehouse, folder: Path
) -> dict[str, str]:
    """The causes of the failed checks by their names."""
    reading = read_month(report_id, period, warehouse, folder)
    assert reading.findings is not None
    entry = load_entry(report_id)
    return {
        result.name: result.cause or result.found
        for result in judge(entry, period, reading.findings, reading.controls, shipped(entry))
        if result.verdict is Verdict.FAIL
    }


def planted_checks(report_id: str, period: Period) -> frozenset[str]:
    """The checks that must fail, and no other."""
    if period != PLANTED_PERIOD or report_id not in PLANTED:
        return frozenset()
    return PLANTED[report_id].checks


@pytest.mark.parametrize("period", MONTHS, ids=str)
@pytest.mark.parametrize("report_id", report_ids())
def test_every_check_passes_but_those_of_the_planted_faults(
    report_id: str, period: Period, warehouse: Warehouse, tmp_path: Path
) -> None:
    failed = failed_checks(report_id, period, warehouse, tmp_path)
    assert frozenset(failed) == planted_checks(report_id, period), failed


@pytest.mark.prove
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("report_id", report_ids())
def test_every_month_of_three_years_passes_but_the_failing_one(
    report_id: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    folder = shared_folder(tmp_path_factory)
    warehouse = demo_warehouse(folder, through=max(YEARS), plan=DemoPlan(size=0.1))
    found = {
        period: frozenset(failed_checks(report_id, period, warehouse, tmp_path)) for period in YEARS
    }
    assert found == {period: planted_checks(report_id, period) for period in YEARS}


def test_the_planted_faults_are_of_five_kinds_in_five_reports() -> None:
    assert set(PLANTED) <= set(report_ids())
    kinds = [fault.checks for fault in PLANTED.values()]
    assert len(PLANTED) == 5
    assert len(set(kinds)) == 5


@pytest.mark.parametrize("period", [FIRST_PARTITION, THROUGH], ids=str)
def test_the_ledger_is_what_operations_make_it(
    period: Period, warehouse: Warehouse, tmp_path: Path
) -> None:
    """Balance = sign x measure, by company and pool, but for what is planted (D4, D5)."""
    balances: dict[tuple[object, object], Decimal] = {}
    for row in rows_of("cr_04", period, warehouse, tmp_path):
        if row["balance_role"] == "closing":
            _add(balances, row["id_company"], row["group_coa_account_no"], row["balance_at_date"])
    expected: dict[tuple[object, object], Decimal] = {}
    for report_id, account, amount, sign in (
        ("ipe_07", "group_account", "rem_amt_lcy", 1),
        ("ipe_10", "18350", "balance_lcy", -1),
        ("ipe_11", "18304", "sc_transaction_amount", 1),
        ("ipe_12", "13005", "balance_lcy", 1),
        ("ipe_31", "13001", "amount", 1),
    ):
        for row in rows_of(report_id, period, warehouse, tmp_path):
            _add(expected, row["id_company"], row.get(account, account), row[amount], sign)
    for row in rows_of("ipe_34", period, warehouse, tmp_path):
        if row["is_marketplace"]:
            _add(expected, row["id_company"], "18317", row["amounttorefund"])
    for row in rows_of("ipe_08", period, warehouse, tmp_path):
        if _is_liability(row, period):
            _add(expected, row["id_company"], "18412", row["totalremainingamount"], -1)
    for difference in planted(period):
        _add(expected, difference.company, difference.pool.split("+")[0], difference.amount)
    for moved in moved_in(period):
        _add(expected, moved.company, moved.pool, moved.amount)
    assert len(expected) > 50
    assert _without_zeros(balances) == _without_zeros(expected)


_POOLS = {"13002": "13001", "13024": "13005"}


def _add(
    totals: dict[tuple[object, object], Decimal],
    company: object,
    account: object,
    amount: object,
    sign: int = 1,
) -> None:
    assert isinstance(amount, Decimal)
    key = (company, _POOLS.get(str(account), account))
    totals[key] = totals.get(key, Decimal(0)) + sign * amount


def _without_zeros(totals: Mapping[tuple[object, object], Decimal]) -> dict[object, Decimal]:
    return {key: total for key, total in totals.items() if total != 0}


def _is_liability(row: Mapping[str, object], period: Period) -> bool:
    """Decision D6."""
    ends = (row["to_date"], row["voucher_inactive_date"], row["template_inactive_date"])
    ended = any(end is not None and end < period.next_start for end in ends)  # type: ignore[operator]
    live = str(row["business_use"]).lower() in LIVE_USES
    return live and not ended and row["totalremainingamount"] > 0  # type: ignore[operator]


@pytest.fixture(scope="session")
def shorter(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The same plan, built through the first partition only."""
    folder = tmp_path_factory.mktemp("shorter")
    return demo_warehouse(folder, through=FIRST_PARTITION, plan=SMALL)


@pytest.mark.parametrize("report_id", report_ids())
def test_an_older_month_reads_the_same_after_later_months_are_added(
    report_id: str, shorter: Warehouse, warehouse: Warehouse, tmp_path: Path
) -> None:
    before = rows_of(report_id, FIRST_PARTITION, shorter, tmp_path)
    assert before == rows_of(report_id, FIRST_PARTITION, warehouse, tmp_path)
