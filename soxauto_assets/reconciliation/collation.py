"""Texts as the sources compare them: without case and without trailing blanks (D29)."""

from __future__ import annotations

import polars as pl

AMOUNT = pl.Decimal(38, 20)
"""The type of every amount that the control adds up; a sum that does not fit is an error."""


def key(column: str) -> pl.Expr:
    """The column as texts that are equal exactly where the source's are; null stays null."""
    return pl.col(column).str.strip_chars_end(" ").str.to_uppercase()


def company() -> pl.Expr:
    """The column ``id_company`` as the roster writes it."""
    return key("id_company").alias("company")


def folded(texts: pl.Series) -> pl.Series:
    """What ``key`` makes of a column that has few different texts: each is looked at once."""
    few = texts.unique().drop_nulls()
    own = few.str.strip_chars_end(" ").str.to_uppercase()
    changed = few != own
    if not changed.any():
        return texts
    return texts.replace(few.filter(changed), own.filter(changed))


def amount(column: str) -> pl.Expr:
    """The column as an amount of the control, exactly."""
    return pl.col(column).cast(AMOUNT)


def collected(frame: pl.LazyFrame) -> pl.DataFrame:
    """The rows, made in pieces that fit into memory."""
    return frame.collect(engine="streaming")
