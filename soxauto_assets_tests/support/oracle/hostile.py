"""Small source tables full of values that break reports, drawn from a seed.

Stamps on both sides of every bound, nulls wherever the source may hold one, codes in both
cases, amounts of zero and of twenty decimals, companies on and off the roster, partners with
several hubs. What the demonstration warehouse plants, this multiplies: with few different
values in every column, all combinations meet.

Here: drawing rows and writing them as DuckDB files. Not here: what a report makes of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
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
from soxauto_assets_tests.support.oracle.scope import ROSTER, Month

_ROWS = {
    "RPT_SOI": 700,
    "V_STORECREDITVOUCHER_CLOSING": 80,
    "Customer Ledger Entries": 250,
    "Detailed Customer Ledg_ Entry": 400,
    "Customer Posting Group": 150,
    "Dim_ChartOfAccounts": 200,
    "GDOC_DIM_ASG_V2": 120,
    "G_L Entries": 250,
    "Detailed G_L Entry": 400,
    "RPT_TRANSACTIONS_SELLER": 200,
    "RPT_ACCOUNTSTATEMENTS": 40,
    "RPT_CASHREC_TRANSACTION": 200,
    "RPT_PACKLIST_PAYMENTS": 150,
    "RPT_CASHDEPOSIT": 60,
    "PACKAGE_CASHREC": 60,
    "Bank Accounts": 150,
    "Bank Account Posting Group": 80,
    "V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT": 300,
    "RPT_FX_RATES": 60,
}
_OTHER_ROWS = 40
_MOMENT = timedelta(milliseconds=3)
"""What SQL Server's DATETIME can tell apart, roughly."""

_COMPANIES = ("EC_NG", "EC_NG", "ec_ng", "EC_IC", "EC_IC", "JM_EG", "AT_TN", "EC_NG_USD")
_ACCOUNTS = ("13003", "13004", "13009", "18412", "18350", "13006", "18397")
_TEXTS = (None, "a", "A", "Ünï", "عربي", 'comma, "quote"\nnew line', "O'Hara", "Submit", "bm")
_FEW_NULLS = 0.15

_Draw = Callable[[random.Random], Any]


def _any(*values: Any) -> _Draw:
    return lambda rng: rng.choice(values)


def _code(prefix: str, count: int) -> _Draw:
    """A code among few, in one of two cases, at times with a blank behind."""

    def draw(rng: random.Random) -> str:
        code = f"{prefix}{rng.randrange(count)}"
        return rng.choice((code, code, code.lower(), code + " "))

    return draw


_IN_PROGRESS = ("inProgress", "closed", "waitingConfirmation", "WAITINGCONFIRMATION", "cancelled")
_DRAWS: dict[str, _Draw] = {
    # Companies, countries, accounts
    "id_company": _any(*_COMPANIES),
    "company_code": _any(*_COMPANIES),
    "country": _any(*_COMPANIES),
    "company_country": _any("NG", "CI", "EG", "TN"),
    "country_code": _any("NG", "CI", "ng", "EG", "TN"),
    "flg_in_conso_scope": _any(1, 1, 0),
    "group_coa_account_no": _any(*_ACCOUNTS),
    "level_4_code": _any(*_ACCOUNTS),
    "g/l_account_no": _code("L", 8),
    "receivables account": _code("L", 10),
    "chart of accounts no_": _code("L", 10),
    "code": _code("G", 6),
    "customer posting group": _code("G", 7),
    "customer no_": _code("C", 5),
    "busline_code": _code("B", 4),
    "busline code": _code("B", 6),
    "cust_ ledger entry no_": lambda rng: rng.randrange(1, 120),
    "gen_ ledger entry no_": lambda rng: rng.randrange(1, 120),
    "currency code": _any("USD", "usd", "NGN", "XOF", "EUR", "EGP"),
    "currency": _any("USD", "NGN", "EUR"),
    "rate_type": _any("Closing", "closing", "Average"),
    "base_currency": _any("USD", "USD", "usd", "EUR"),
    "rate": _any(Decimal(0), Decimal("1600.12345678"), Decimal("600.5")),
    # Vouchers and items
    "voucher_code": _code("V", 50),
    "voucher_type": _any("reusablecredit", "ReusableCredit", "coupon", "COUPON"),
    "business_use": _any("jpay_store_credit", "JPAY_STORE_CREDIT", "refund", "marketing"),
    "cod_oms_sales_order_item": lambda rng: str(rng.randrange(1, 2000)),
    "package_number": _code("P", 60),
    "package_nr": _code("P", 60),
    "bob_customer_type": _code("T", 4),
    "payment_method": _any("COD", "NoPayment", "nopayment", "Card"),
    "delivery_type": _any("Digital Content", "gift card", "Shipment"),
    "current_status": _any("closed", "Closed", "delivered", "cancelled"),
    "oms_id_sales_order_item": lambda rng: str(rng.randrange(1, 2000)),
    "oms_type": _any("Payment", "Transfer", "transfer", "Lost", "damaged", "Damaged"),
    # Sellers
    "transaction_type": _any(
        *("Transfer to", "Third Party Collection", "payment - rev", "Payment", "Cash"),
        *("Collection Adjustment (over)", "Payment Charges Rev", "transfer from"),
    ),
    "sc_asg_name": _any("Commission", "Fee", "Payout", "Unused"),
    "asg_level_1": _any("Revenues", "revenues", "Other"),
    "bob_id_vendor": _code("N", 6),
    "id_account_statement": _code("S", 20),
    "ring_id_transaction_statement": _code("S", 15),
    # Collection
    "related_entity": _code("D", 25),
    "oms_payment_no": _code("D", 25),
    "oms_entity_no": _any(*(f"D{n}" for n in range(10)), *(f"K{n}" for n in range(10))),
    "oms_entity_type": _any("packlist", "Packlist", "payment"),
    "transaction_list_nr": _code("K", 20),
    "oms_packlist_no": _code("K", 20),
    "oms_packlist_status": _any(*_IN_PROGRESS, "waitingApproval", "waitingapproval"),
    "oms_payment_status": _any(*_IN_PROGRESS),
    "collection_partner": _code("H", 6),
    "collection_partner_from": _code("H", 6),
    "oms_collection_partner": _code("H", 6),
    "oms_collection_partner_name": _code("H", 6),
    "node": _code("H", 5),
    "service_provider": _any("Alpha", "alpha", "Beta", "zeta"),
    "erp_name": _code("E", 4),
    "service provider no_": _code("E", 4),
    "bank account posting group": _code("G", 7),
    "g_l bank account no_": _any("10010", "10020", "10058"),
    # Integration errors: few numbers, so that keys repeat
    **{
        name: _code("R", 3)
        for name in (
            *("lpmt_code", "number", "transaction_no", "ring_transaction_statement_no"),
            *("payout_number", "ring_transaction_number", "transaction_number"),
            *("oms pay. rec n°", "oms package n°", "oms_order_no", "oms_refund_no"),
            "statement_number",
        )
    },
}
_IN_TABLE: dict[tuple[str, str], _Draw] = {
    ("V_STORECREDITVOUCHER_CLOSING", "code"): _any(
        *(f"V{n}" for n in range(30)), *(f"v{n}" for n in range(30, 50))
    ),
    ("V_STORECREDITVOUCHER_CLOSING", "id"): lambda rng: str(rng.randrange(1, 500)),
    ("StoreCreditVoucher", "id"): lambda rng: str(rng.randrange(1, 500)),
    ("RPT_COLLECTIONPARTNERS", "name"): _code("H", 5),
    ("Customers", "no_"): _code("C", 4),
    ("Dim_Country", "country_code"): _any("NG", "CI", "EG"),
    ("RPT_FX_RATES", "country"): _any("Nigeria", "Egypt"),
    ("Customer Ledger Entries", "entry no_"): lambda rng: rng.randrange(1, 120),
    ("G_L Entries", "entry no_"): lambda rng: rng.randrange(1, 120),
    ("Detailed Customer Ledg_ Entry", "entry no_"): lambda rng: rng.randrange(1, 10_000),
    ("Detailed G_L Entry", "entry no_"): lambda rng: rng.randrange(1, 10_000),
    ("RPT_TRANSACTIONS_SELLER", "transaction_type"): _any(
        *("Commission", "commission", "Fee", "FEE", "Payout", "Unknown")
    ),
    ("RPT_CASHDEPOSIT", "oms_type"): _any("Payment", "Transfer"),
    ("RPT_SOI", "is_prepayment"): _any(0, 1, 1, None),
}
_UNIQUE_WHERE_GIVEN = {
    # Not a declared key: the code of a voucher is unique in its company (section 3.3).
    "V_STORECREDITVOUCHER_CLOSING": ("ID_COMPANY", "code"),
}


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
    code = _UNIQUE_WHERE_GIVEN.get(table.name)
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
    if table.name == "V_STORECREDITVOUCHER_CLOSING" and row["to_date"] and rng.random() < 0.5:
        row["to_date"] = max(row["to_date"], month.n)
    if table.name.startswith("V_BS_ANAPLAN"):
        day = rng.choice((month.cutoff_date, month.cutoff_date, month.opening_date))
        row["CLOSING_DATE"] = datetime(day.year, day.month, day.day)


def _stamps(month: Month) -> list[datetime]:
    """Both sides of every bound that a Decision names, and ordinary days around them."""
    bounds = [month.n, month.year_start, datetime(month.year, month.number, 1)]
    bounds += [datetime(year, 1, 1) for year in (2017, 2018, 2019, 2020)]
    edges = [stamp for bound in bounds for stamp in (bound - _MOMENT, bound)]
    inside = [month.n - timedelta(days=days) for days in (1, 2, 9, 20, 40, 70, 100, 200, 400)]
    later = [month.n + timedelta(days=days) for days in (1, 30)]
    return [*edges, *inside, *inside, *later, month.n - _MOMENT, month.n]


def _value(
    table: SourceTable, column: SourceColumn, rng: random.Random, stamps: Sequence[datetime]
) -> Any:
    name = column.name.lower()
    own = _IN_TABLE.get((table.name, name)) or _DRAWS.get(name)
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


def _by_type(
    declared: ColumnType, name: str, rng: random.Random, stamps: Sequence[datetime]
) -> Any:
    match declared:
        case Timestamp() | Date():
            stamp = rng.choice(stamps)
            # The ledger keeps days as DATETIME at midnight (its other stamps have a time).
            is_day = name in ("posting date", "due date", "document date", "starting date")
            return stamp.replace(hour=0, minute=0, second=0, microsecond=0) if is_day else stamp
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
            texts = [text for text in _TEXTS if text is not None]
            return (rng.choice(texts))[:length]
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
