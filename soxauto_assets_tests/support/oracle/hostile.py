"""Small source tables full of values that break reports, drawn from a seed.

Stamps on both sides of every bound, nulls wherever the source may hold one, codes in both
cases, amounts of zero and of twenty decimals, companies on and off the roster, partners with
several hubs. What the demonstration warehouse plants, this multiplies: with few different
values in every column, all combinations meet.

Here: drawing rows and writing them as DuckDB files. Not here: what a report makes of them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from soxauto_assets.catalog.model import (
    Boolean,
    ColumnType,
    Date,
    Integer,
    Numeric,
    Text,
    Timestamp,
)
from soxauto_assets.catalog.source_model import SourceColumn, SourceTable
from soxauto_assets.catalog.sources import TABLES
from soxauto_assets_tests.support.oracle.collation import fold
from soxauto_assets_tests.support.oracle.hostile_values import (
    DRAWS,
    EARLIER,
    IN_TABLE,
    LATER,
    NEARLY,
    TEXTS,
    UNIQUE_WHERE_GIVEN,
)
from soxauto_assets_tests.support.oracle.scope import ROSTER, Month

_ROWS = {
    "RPT_SOI": 700,
    "RPT_REFUND_NO_RETURN": 400,
    "V_STORECREDITVOUCHER_CLOSING": 80,
    "Customer Ledger Entries": 250,
    "Detailed Customer Ledg_ Entry": 400,
    "Customer Posting Group": 150,
    "Dim_ChartOfAccounts": 200,
    "GDOC_DIM_ASG_V2": 120,
    "G_L Entries": 250,
    "Detailed G_L Entry": 400,
    "RPT_TRANSACTIONS_SELLER": 200,
    "RPT_TRANSACTIONS": 200,
    "RPT_ACCOUNTSTATEMENTS": 40,
    "RPT_CASHREC_TRANSACTION": 300,
    "RPT_PACKLIST_PAYMENTS": 200,
    "RPT_PACKLIST_PACKAGES": 120,
    "RPT_CASHDEPOSIT": 150,
    "RPT_COLLECTIONADJ": 80,
    "PACKAGE_CASHREC": 100,
    "Bank Accounts": 150,
    "Bank Account Posting Group": 80,
    "V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT": 300,
    "RPT_FX_RATES": 60,
}
_OTHER_ROWS = 40
_MOMENT = timedelta(milliseconds=3)
"""What SQL Server's DATETIME can tell apart, roughly."""
_FIRST_YEARS = (2017, 2018, 2019, 2020)
"""The lower bounds of D10 to D17 are the first of January of these years."""
_FEW_NULLS = 0.15


def hostile_tables(seed: int, month: Month) -> dict[str, list[dict[str, Any]]]:
    """Rows of every declared table, by its three-part name; the same for the same seed."""
    rng = random.Random(f"{seed} {month}")
    stamps = _stamps(month)
    return {table.full_name: _rows(table, rng, month, stamps) for table in TABLES}


def write(tables: dict[str, list[dict[str, Any]]], folder: Path) -> dict[str, Path]:
    """The tables as one DuckDB file a database, blanks behind texts cut as at every load."""
    paths: dict[str, Path] = {}
    for database in sorted({table.database for table in TABLES}):
        paths[database] = folder / f"{database}.duckdb"
        with duckdb.connect(str(paths[database])) as connection:
            for table in TABLES:
                if table.database == database:
                    _write(connection, table, tables[table.full_name])
    return paths


def _rows(
    table: SourceTable, rng: random.Random, month: Month, stamps: Sequence[datetime]
) -> list[dict[str, Any]]:
    # Unique as the product relies on it. RPT_FX_RATES is not: CR_05 must survive that (D29).
    unique = () if table.name == "RPT_FX_RATES" else table.key
    code = UNIQUE_WHERE_GIVEN.get(table.name)
    taken: set[tuple[Any, ...]] = set()
    rows = []
    for _ in range(_ROWS.get(table.name, _OTHER_ROWS)):
        row = {column.name: _value(table, column, rng, stamps) for column in table.columns}
        _tie(table, row, rng, month)
        keys = {("key", *(_compared(row[name]) for name in unique))} if unique else set()
        if code is not None and row[code[-1]] is not None:
            keys.add(("code", *(_compared(row[name]) for name in code)))
        if not keys & taken:
            taken |= keys
            rows.append(row)
            if not table.key and rng.random() < 0.1:
                rows.append(dict(row))  # where nothing is unique, a row may stand there twice
    return rows


def _compared(value: Any) -> Any:
    return fold(value) if isinstance(value, str) else value


def _tie(table: SourceTable, row: dict[str, Any], rng: random.Random, month: Month) -> None:
    """What holds between columns of one row, or only for this month."""
    if table.name == "Dim_Company":
        known = {fold(company.code): company.country for company in ROSTER}
        row["Company_Country"] = known.get(fold(row["Company_Code"]), "TN")
    if table.name == "RPT_FX_RATES":
        row["year"], row["cod_month"] = rng.choice(
            ((month.year, month.number), (month.year, month.number), (month.year - 1, 1))
        )
    if table.name == "Customer Ledger Entries" and rng.random() < 0.8:
        overdue = rng.choice((0, 1, 30, 31, 60, 61, 90, 91, 180, 181, 365, 366))
        row["Due Date"] = month.n - timedelta(days=1 + overdue)
    if table.name.startswith("V_BS_ANAPLAN"):
        one = timedelta(days=1)
        closing, opening = month.n - one, month.year_start - one
        days = (closing, closing, closing - one, month.n, opening, opening - one, month.year_start)
        row["CLOSING_DATE"] = rng.choice(days)
    if table.name in NEARLY and rng.random() < 0.75:
        _make_nearly_good(table, row, rng, month)


def _make_nearly_good(
    table: SourceTable, row: dict[str, Any], rng: random.Random, month: Month
) -> None:
    """Let the row into a report but for one column, which stays as it was drawn."""
    wanted = rng.choice(NEARLY[table.name])
    left = rng.choice([*wanted, None])
    for name, value in wanted.items():
        if name != left:
            days = timedelta(days=rng.choice((2, 9, 20, 40, 100, 200)))
            if value is EARLIER:
                first = datetime(rng.choice(_FIRST_YEARS), 1, 1)
                value = rng.choice((first, month.n - _MOMENT, *[month.n - days] * 4))
            elif value is LATER:
                value = month.n + rng.choice((timedelta(0), days, days))
            row[name] = _midnight(value) if _is_day(name) else value


def _stamps(month: Month) -> list[datetime]:
    """Both sides of every bound that a Decision names, and ordinary days around them."""
    bounds = [month.n, month.year_start, datetime(month.year, month.number, 1)]
    bounds += [datetime(year, 1, 1) for year in _FIRST_YEARS]
    edges = [stamp for bound in bounds for stamp in (bound - _MOMENT, bound)]
    inside = [month.n - timedelta(days=days) for days in (1, 2, 9, 20, 40, 70, 100, 200, 400)]
    later = [month.n + timedelta(days=days) for days in (1, 30)]
    return [*edges, *inside, *inside, *later, month.n - _MOMENT, month.n]


def _value(
    table: SourceTable, column: SourceColumn, rng: random.Random, stamps: Sequence[datetime]
) -> Any:
    name = column.name.lower()
    own = IN_TABLE.get((table.name, name)) or DRAWS.get(name)
    if column.nullable and rng.random() < (0.4 if _is_end(name) else _FEW_NULLS):
        return None
    if own is not None:
        return own(rng)
    return _by_type(column.type, name, rng, stamps)


def _is_end(name: str) -> bool:
    """Ends of life are null more often than not, or hardly anything would be open."""
    return any(
        part in name
        for part in ("refund", "return", "deliver", "cancel", "inactive", "statement", "is_active")
    )


def _is_day(name: str) -> bool:
    """The ledger keeps days as DATETIME at midnight; its other stamps have a time."""
    return name.lower() in ("posting date", "due date", "document date", "starting date")


def _midnight(stamp: datetime) -> datetime:
    return stamp.replace(hour=0, minute=0, second=0, microsecond=0)


def _by_type(
    declared: ColumnType, name: str, rng: random.Random, stamps: Sequence[datetime]
) -> Any:
    match declared:
        case Timestamp() | Date():
            stamp = rng.choice(stamps)
            return _midnight(stamp) if _is_day(name) else stamp
        case Boolean():
            return rng.choice((0, 1))
        case Integer():
            return rng.randrange(0, 50)
        case Numeric(_, scale):
            least = Decimal(1).scaleb(-scale)
            small = (Decimal(0), Decimal(1), Decimal(-1), Decimal("10.5"), least, -least)
            large = (Decimal(50), Decimal(100), Decimal(-100), Decimal("123456789.0625"))
            return rng.choice(small + large)
        case Text(length):
            return rng.choice(TEXTS)[:length]
    raise AssertionError(declared)


def _write(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, rows: list[dict[str, Any]]
) -> None:
    target = f'"{table.schema}"."{table.name}"'
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{table.schema}"')
    columns = ", ".join(f'"{c.name}" {_duckdb_type(c.type)}' for c in table.columns)
    connection.execute(f"CREATE TABLE {target} ({columns})")
    if rows:
        columns_of_arrow = {
            column.name: pa.array([_loaded(row[column.name]) for row in rows], _arrow(column.type))
            for column in table.columns
        }
        connection.register("drawn", pa.table(columns_of_arrow))
        connection.execute(f"INSERT INTO {target} SELECT * FROM drawn")
        connection.unregister("drawn")


def _loaded(value: Any) -> Any:
    return value.rstrip(" ") if isinstance(value, str) else value


def _arrow(declared: ColumnType) -> pa.DataType:
    match declared:
        case Text():
            return pa.string()
        case Numeric(precision, scale):
            return pa.decimal128(precision, scale)
        case Timestamp() | Date():
            return pa.timestamp("us")
    return pa.int64()


def _duckdb_type(declared: ColumnType) -> str:
    match declared:
        case Text():
            return "VARCHAR"
        case Integer(bits):
            return {16: "SMALLINT", 32: "INTEGER", 64: "BIGINT"}[bits]
        case Numeric(precision, scale):
            return f"DECIMAL({precision}, {scale})"
        case Date():
            return "DATE"
        case Timestamp():
            return "TIMESTAMP"
        case Boolean():
            return "TINYINT"
    raise AssertionError(declared)
