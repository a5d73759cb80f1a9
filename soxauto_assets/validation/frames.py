"""Declared columns as polars frames, the form in which rows are checked.

Here: types, and keys as they are compared. Not here: any check.
"""

from __future__ import annotations

import polars as pl

from soxauto_assets.catalog.model import (
    Boolean,
    CatalogEntry,
    Column,
    ColumnType,
    Date,
    Integer,
    Numeric,
    Text,
    Timestamp,
)


def polars_type(declared: ColumnType) -> pl.DataType:
    """The polars type of a declared type."""
    match declared:
        case Text():
            return pl.String()
        case Integer(bits):
            return {16: pl.Int16(), 32: pl.Int32(), 64: pl.Int64()}[bits]
        case Numeric(precision, scale):
            return pl.Decimal(precision, scale)
        case Date():
            return pl.Date()
        case Timestamp():
            return pl.Datetime("us")
        case Boolean():
            return pl.Boolean()


def normal_keys(entry: CatalogEntry, frame: pl.DataFrame) -> pl.DataFrame:
    """The key columns, so that two keys are equal where the source holds them equal (D29).

    That is without case and without trailing blanks.
    """
    return frame.select(_normal(entry.column(name)) for name in entry.report.primary_key)


def _normal(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    if isinstance(column.type, Text):
        return value.str.strip_chars_end(" ").str.to_lowercase()
    return value
