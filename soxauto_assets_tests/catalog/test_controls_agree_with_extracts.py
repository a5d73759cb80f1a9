"""The controls of every report and its extract agree wherever the source is sound.

A control total that fails on sound data would teach people to ignore it. Each total is written
apart from its query; over rows full of hostile values both must come to the same figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context
from pathlib import Path
from typing import Any

import pytest

from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.catalog.model import CatalogEntry, ControlKind
from soxauto_assets.catalog.parameters import values_for
from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.period import Period
from soxauto_assets.warehouse.binding import markers
from soxauto_assets.warehouse.embedded import EmbeddedWarehouse
from soxauto_assets.warehouse.protocol import Purpose, Statement
from soxauto_assets_tests.support.oracle import Month
from soxauto_assets_tests.support.oracle.comparison import extract
from soxauto_assets_tests.support.oracle.hostile import hostile_tables, write

PERIODS = (Period(2024, 12), Period(2025, 1))
_EXACT = Context(prec=80)
Answers = dict[str, tuple[Mapping[str, object], ...]]


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> dict[Period, EmbeddedWarehouse]:
    made = {}
    for period in PERIODS:
        folder: Path = tmp_path_factory.mktemp("hostile")
        tables = hostile_tables(7, Month(period.year, period.month))
        _complete_company_table(tables["AIG_Nav_Jumia_Reconciliation.fdw.Dim_Company"])
        made[period] = EmbeddedWarehouse(write(tables, folder), name="hostile", spill_folder=folder)
    return made


@pytest.mark.parametrize("period", PERIODS, ids=str)
@pytest.mark.parametrize("report_id", report_ids())
def test_every_total_equals_that_of_the_extract(
    warehouses: dict[Period, EmbeddedWarehouse], report_id: str, period: Period
) -> None:
    entry, warehouse = load_entry(report_id), warehouses[period]
    rows = extract(entry, warehouse, period)
    expected = _totals(entry, rows)
    for name, (found,) in _answers(warehouse, entry, period, ControlKind.TOTALS).items():
        assert found == {key: expected[key] for key in found}, name
    assert rows, "a report without rows proves nothing"


@pytest.mark.parametrize("period", PERIODS, ids=str)
@pytest.mark.parametrize("report_id", report_ids())
def test_the_witness_inside_is_in_the_extract_and_the_one_after_is_not(
    warehouses: dict[Period, EmbeddedWarehouse], report_id: str, period: Period
) -> None:
    entry, warehouse = load_entry(report_id), warehouses[period]
    key = entry.report.primary_key
    keys = {tuple(row[name] for name in key) for row in extract(entry, warehouse, period)}
    for found in _answers(warehouse, entry, period, ControlKind.WITNESS_INSIDE).values():
        assert [tuple(row[name] for name in key) in keys for row in found] == [True]
    for found in _answers(warehouse, entry, period, ControlKind.WITNESS_AFTER).values():
        # A few drawn rows may hold none; the small sources of each report's own tests do.
        assert not any(tuple(row[name] for name in key) in keys for row in found)


def _complete_company_table(rows: list[dict[str, Any]]) -> None:
    """Drawn rows know three companies of the roster; a sound table knows all."""
    known = {str(row["Company_Code"]).rstrip().lower() for row in rows}
    for company in ROSTER:
        if company.code.lower() not in known:
            rows.append(
                dict.fromkeys(rows[0], None)
                | {"Company_Code": company.code, "Company_Country": company.country}
            )


def _totals(entry: CatalogEntry, rows: list[dict[str, Any]]) -> dict[str, object]:
    totals: dict[str, object] = {"row_count": len(rows)}
    for amount in entry.report.amounts:
        # Sums of twenty decimals have more digits than Python's usual context keeps.
        total = _EXACT.create_decimal(0)
        for row in rows:
            if row[amount] is not None:
                total = _EXACT.add(total, row[amount])
        totals[f"sum_{amount}"] = total
    if entry.report.event_date is not None:
        events = [row[entry.report.event_date] for row in rows]
        known = [event for event in events if event is not None]
        totals["first_event"], totals["last_event"] = min(known), max(known)
    return totals


def _answers(
    warehouse: EmbeddedWarehouse, entry: CatalogEntry, period: Period, kind: ControlKind
) -> Answers:
    values = values_for(entry.report, period)
    with warehouse.open(Purpose(entry.report.id, str(period), "test")) as session:
        return {
            control.name: session.fetch(
                Statement(
                    control.name,
                    control.sql,
                    {name: values[name] for name in markers(control.sql)},
                )
            )
            for control in entry.controls
            if control.kind is kind
        }
