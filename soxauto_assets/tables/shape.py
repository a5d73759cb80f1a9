"""What a report looks like as a table: its columns in the types and words of each engine.

Here: names, types and comments, made from the declared schema. Not here: the engines themselves
(``glue.py``, ``redshift.py``, ``local.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import (
    AsOf,
    Boolean,
    CatalogEntry,
    Column,
    ColumnType,
    Date,
    Integer,
    Numeric,
    Text,
)

COMMENT_CHARACTERS = 255
"""The longest comment of a column that Glue takes."""


def partition_column(entry: CatalogEntry) -> str:
    """The column that says the month: ``month`` as in the object's key.

    Where a report has a column of that name (CR_05A: the month in which a rate began), it is
    ``period``.
    """
    return "period" if any(column.name == "month" for column in entry.columns) else "month"


def glue_type(declared: ColumnType) -> str:
    """The Hive type that Athena reads the stored Parquet column by."""
    match declared:
        case Text():
            return "string"
        case Integer(bits):
            return {16: "smallint", 32: "int", 64: "bigint"}[bits]
        case Numeric(precision, scale):
            return f"decimal({precision},{scale})"
        case Date():
            return "date"
        case Boolean():
            return "boolean"
    return "timestamp"


def redshift_type(declared: ColumnType) -> str:
    """The Redshift type into which COPY puts the stored Parquet column.

    Text has Redshift's greatest length: its lengths are bytes, and a cut text would be no copy.
    """
    match declared:
        case Text():
            return "VARCHAR(65535)"
        case Integer(bits):
            return {16: "SMALLINT", 32: "INTEGER", 64: "BIGINT"}[bits]
        case Numeric(precision, scale):
            return f"DECIMAL({precision},{scale})"
        case Date():
            return "DATE"
        case Boolean():
            return "BOOLEAN"
    return "TIMESTAMP"


def duckdb_type(declared: ColumnType) -> str:
    """The DuckDB type of a column, for a table of which no month is stored yet."""
    return "VARCHAR" if isinstance(declared, Text) else redshift_type(declared)


def comment(column: Column) -> str:
    """What a column says of itself in a table, cut to what Glue takes."""
    notes = []
    if column.as_of is AsOf.EXTRACTION:
        notes.append("State at extraction.")
    if column.personal:
        notes.append("Personal data.")
    text = " ".join([*notes, " ".join(column.description.split())])
    return text if len(text) <= COMMENT_CHARACTERS else text[: COMMENT_CHARACTERS - 1] + "…"
