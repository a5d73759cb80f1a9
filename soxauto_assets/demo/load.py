"""Loading generated rows into DuckDB as SQL Server would hold and compare them.

SQL Server compares texts without case and without trailing blanks (decision D29). So every text
column of the embedded warehouse has the collation NOCASE, and texts that are compared (codes,
numbers, statuses, names that are joined on) lose their trailing blanks on the way in; free texts
keep theirs. Flags are TINYINT, for DuckDB's BIT is a bit string.

Here: tables and inserts. Not here: the rows, and the folder that a build becomes (``build.py``).
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from soxauto_assets.catalog.model import Boolean, Date, Integer, Numeric, Text
from soxauto_assets.catalog.source_model import SourceColumn, SourceTable
from soxauto_assets.catalog.sources import TABLES, table
from soxauto_assets.demo.rows import Gathering

FREE_TEXTS = frozenset(
    {
        "Account Name",
        "Bal_ Account Name",
        "Company_Name",
        "Description",
        "Document Description",
        "ERP_Name",
        "ERROR MESSAGE",
        "Name",
        "Nav Error Message",
        "Nav_Error_Message",
        "Vendor_Name",
        "description",
        "last_mile",
        "nav_error_message",
        "reason",
        "template_name",
    }
)
"""Text columns that are shown and never compared, so that their trailing blanks stay."""
_JOINED_ON_NAMES = "AIG_Nav_Jumia_Reconciliation.dbo.RPT_COLLECTIONPARTNERS"
_FLUSH_ROWS = 150_000


def type_name(column: SourceColumn) -> str:
    """The DuckDB type of a declared source column."""
    match column.type:
        case Text():
            return "VARCHAR COLLATE NOCASE"
        case Integer(bits):
            return {16: "SMALLINT", 32: "INTEGER"}.get(bits, "BIGINT")
        case Numeric(precision, scale):
            return f"DECIMAL({precision}, {scale})"
        case Boolean():
            return "TINYINT"
        case Date():
            return "DATE"
        case _:
            return "TIMESTAMP"


def quoted(name: str) -> str:
    """The name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def full_identifier(declared: SourceTable) -> str:
    """The three-part name as a DuckDB identifier."""
    return ".".join(quoted(part) for part in (declared.database, declared.schema, declared.name))


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every declared table in the attached databases; views become tables."""
    for database, schema in {(declared.database, declared.schema) for declared in TABLES}:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(database)}.{quoted(schema)}")
    for declared in TABLES:
        columns = ", ".join(
            f"{quoted(column.name)} {type_name(column)}{'' if column.nullable else ' NOT NULL'}"
            for column in declared.columns
        )
        connection.execute(f"CREATE TABLE {full_identifier(declared)} ({columns})")


class Loader(Gathering):
    """Takes rows as the source would hold them and inserts them a hundred thousand at a time."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(self._insert, at_rows=_FLUSH_ROWS)
        self._connection = connection

    def _insert(self, full_name: str, rows: pa.Table) -> None:
        declared = table(full_name)
        self._connection.register("generated", rows)
        values = ", ".join(_value(declared, column) for column in declared.columns)
        self._connection.execute(
            f"INSERT INTO {full_identifier(declared)} SELECT {values} FROM generated"
        )
        self._connection.unregister("generated")


def _value(declared: SourceTable, column: SourceColumn) -> str:
    name = quoted(column.name)
    free = column.name in FREE_TEXTS and declared.full_name != _JOINED_ON_NAMES
    return f"rtrim({name}, ' ')" if isinstance(column.type, Text) and not free else name
