"""A source of a few rows, written by a test, with all tables that are declared.

Here: putting rows in and asking a report's query and controls about them. Not here: the
demonstration warehouse and what the rows should come to.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.parameters import values_for
from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.catalog.sources import TABLES, table
from soxauto_assets.demo.load import create_tables, full_identifier, quoted
from soxauto_assets.period import Period
from soxauto_assets.warehouse.binding import markers
from soxauto_assets.warehouse.embedded import EmbeddedWarehouse
from soxauto_assets.warehouse.protocol import Purpose, Statement

Row = Mapping[str, object]

FINREC = "AIG_Nav_Jumia_Reconciliation"
COMPANIES = f"{FINREC}.fdw.Dim_Company"


class SmallWarehouse:
    """Empty tables, but for the roster's companies, which are consolidated as they should be."""

    def __init__(self, folder: Path, *, unflagged: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._files = {database: folder / f"{database}.duckdb" for database in _empty_databases()}
        for database, path in self._files.items():
            path.write_bytes(_empty_databases()[database])
        self.put(
            COMPANIES,
            *(
                {
                    "Company_Code": company.code,
                    "Company_Country": company.country,
                    "Flg_In_Conso_Scope": int(company.code not in unflagged),
                }
                for company in ROSTER
            ),
        )

    def put(self, full_name: str, *rows: Row) -> None:
        """Add rows; columns that are not given are null."""
        target = full_identifier(table(full_name))
        with _connect(self._files) as connection:
            for row in rows:
                names = ", ".join(quoted(name) for name in row)
                marks = ", ".join("?" for _ in row)
                connection.execute(
                    f"INSERT INTO {target} ({names}) VALUES ({marks})", list(row.values())
                )

    def change(self, full_name: str, alteration: str) -> None:
        """Alter the table: what stands after ``ALTER TABLE <name>``."""
        with _connect(self._files) as connection:
            connection.execute(f"ALTER TABLE {full_identifier(table(full_name))} {alteration}")

    def extract(self, report_id: str, period: Period) -> list[dict[str, object]]:
        """The rows of the report's query, typed as declared."""
        entry = load_entry(report_id)
        with self.warehouse().open(Purpose(report_id, str(period), "test")) as session:
            return [
                row
                for batch in session.stream(
                    _statement(report_id, entry.query, period), entry.columns, batch_rows=1_000
                )
                for row in batch.to_pylist()
            ]

    def control(self, report_id: str, name: str, period: Period) -> list[dict[str, object]]:
        """The rows of one control of the report."""
        (control,) = (c for c in load_entry(report_id).controls if c.name == name)
        with self.warehouse().open(Purpose(report_id, str(period), "test")) as session:
            return [dict(row) for row in session.fetch(_statement(report_id, control.sql, period))]

    def total(self, report_id: str, name: str, period: Period) -> dict[str, object]:
        """The one row of a totals control."""
        (row,) = self.control(report_id, name, period)
        return row

    def warehouse(self) -> EmbeddedWarehouse:
        """The source as an attempt opens it."""
        return EmbeddedWarehouse(self._files, name="small", spill_folder=self._folder)


@cache
def _empty_databases() -> Mapping[str, bytes]:
    """The files with all tables and no row; made once, for creating tables takes a second."""
    with TemporaryDirectory() as folder:
        files = {
            database: Path(folder) / f"{database}.duckdb"
            for database in sorted({declared.database for declared in TABLES})
        }
        with _connect(files) as connection:
            create_tables(connection)
        return {database: path.read_bytes() for database, path in files.items()}


def _connect(files: Mapping[str, Path]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for database, path in files.items():
        connection.execute(f"ATTACH '{path}' AS {quoted(database)}")
    return connection


def _statement(report_id: str, text: str, period: Period) -> Statement:
    values = values_for(load_entry(report_id).report, period)
    return Statement(report_id, text, {name: values[name] for name in markers(text)})
