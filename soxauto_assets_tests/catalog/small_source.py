"""A source of a few rows, in which a test plants one fault and asks which control sees it.

Here: the tables around the rows that a test names, and running one statement of a report. Not
here: rows in number (``support.oracle.hostile``) and what a report must hold (the oracle).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.model import Boolean, Date, Integer, Numeric, Text, Timestamp
from soxauto_assets.catalog.parameters import values_for
from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.catalog.source_model import SourceColumn
from soxauto_assets.catalog.sources import TABLES
from soxauto_assets.period import Period
from soxauto_assets.warehouse.binding import markers
from soxauto_assets.warehouse.embedded import EmbeddedWarehouse
from soxauto_assets.warehouse.protocol import Purpose, Session, Statement
from soxauto_assets_tests.support.oracle.hostile import write

Row = Mapping[str, Any]
FINREC = "AIG_Nav_Jumia_Reconciliation.dbo."
FDW = "AIG_Nav_Jumia_Reconciliation.fdw."
NAV = "AIG_Nav_DW.dbo."
COMPANIES: tuple[Row, ...] = tuple(
    {"Company_Code": c.code, "Company_Country": c.country, "Flg_In_Conso_Scope": 1} for c in ROSTER
)
"""The company table as it should be: the roster, all of it consolidated."""
STRANGER: Row = {"Company_Code": "EC_TZ", "Company_Country": "TZ", "Flg_In_Conso_Scope": 1}
"""A consolidated company that nobody put on the roster."""
ROSTER_FINDING = {
    "company": "EC_TZ",
    "problem": "consolidated, has rows for this report, and is not on the roster",
}


class SmallSource:
    """The declared tables with the rows given; what a row leaves out is null, blank or zero.

    The company table holds COMPANIES unless other rows are given for it.
    """

    def __init__(self, folder: Path, rows: Mapping[str, Sequence[Row]]) -> None:
        given = {FDW + "Dim_Company": COMPANIES, **rows}
        unknown = given.keys() - {table.full_name for table in TABLES}
        assert not unknown, unknown
        folder.mkdir(parents=True, exist_ok=True)
        tables = {
            table.full_name: [_whole(table.columns, row) for row in given.get(table.full_name, ())]
            for table in TABLES
        }
        self._warehouse = EmbeddedWarehouse(
            write(tables, folder), name="a few rows", spill_folder=folder
        )

    def extract(self, report: str, period: Period) -> list[dict[str, Any]]:
        """The rows that the report's query gives."""
        entry = load_entry(report)
        with self._warehouse.open(Purpose(report, str(period), "test")) as session:
            statement = _statement(report, entry.query, period)
            batches = session.stream(statement, entry.columns, batch_rows=1_000)
            return [row for batch in batches for row in batch.to_pylist()]

    def control(self, report: str, name: str, period: Period) -> list[dict[str, Any]]:
        """The rows that one control of the report gives."""
        with self._warehouse.open(Purpose(report, str(period), "test")) as session:
            return _run(session, report, name, period)

    def findings(self, report: str, period: Period) -> dict[str, list[dict[str, Any]]]:
        """The controls that must be empty and are not, with what they found."""
        names = [c.name for c in load_entry(report).controls if c.kind.value == "must_be_empty"]
        with self._warehouse.open(Purpose(report, str(period), "test")) as session:
            found = {name: _run(session, report, name, period) for name in names}
        return {name: rows for name, rows in found.items() if rows}

    def counts(self, report: str, period: Period) -> dict[str, int]:
        """The row count of each control that gives totals."""
        names = [c.name for c in load_entry(report).controls if c.kind.value == "totals"]
        with self._warehouse.open(Purpose(report, str(period), "test")) as session:
            return {n: _run(session, report, n, period)[0]["row_count"] for n in names}


def _run(session: Session, report: str, name: str, period: Period) -> list[dict[str, Any]]:
    control = next(c for c in load_entry(report).controls if c.name == name)
    return [dict(row) for row in session.fetch(_statement(report, control.sql, period))]


def _statement(report: str, text: str, period: Period) -> Statement:
    values = values_for(load_entry(report).report, period)
    return Statement(report, text, {name: values[name] for name in markers(text)})


def _whole(columns: Sequence[SourceColumn], row: Row) -> dict[str, Any]:
    unknown = row.keys() - {column.name for column in columns}
    assert not unknown, unknown
    return {column.name: row.get(column.name, _absent(column)) for column in columns}


def _absent(column: SourceColumn) -> Any:
    if column.nullable:
        return None
    match column.type:
        case Text():
            return ""
        case Integer() | Boolean():
            return 0
        case Numeric():
            return Decimal(0)
        case Date() | Timestamp():
            return datetime(2024, 1, 1)
