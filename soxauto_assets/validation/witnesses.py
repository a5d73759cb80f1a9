"""Witnesses: rows known from the source by their key, looked for in the stream.

Here: finding them. Not here: what it means that one was found or not (``judge.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal

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
from soxauto_assets.validation.frames import normal_keys, polars_type

_ROW = "witness row"


class WitnessSearch:
    """Looks for the rows of one witness control, whose result ``rows`` is."""

    def __init__(self, entry: CatalogEntry, rows: Sequence[Mapping[str, object]]) -> None:
        self._names = list(entry.report.primary_key)
        columns = [entry.column(name) for name in self._names]
        keys = [_key(columns, row) for row in rows]
        self._problems = [key if isinstance(key, str) else None for key in keys]
        numbered = [(number, key) for number, key in enumerate(keys) if not isinstance(key, str)]
        frame = pl.DataFrame(
            [key for _, key in numbered],
            schema={column.name: polars_type(column.type) for column in columns},
            orient="row",
        )
        numbers = pl.Series(_ROW, [number for number, _ in numbered], pl.Int64())
        self._sought = normal_keys(entry, frame).with_columns(numbers)
        self._found: set[int] = set()

    def observe(self, keys: pl.DataFrame) -> None:
        """Look among the ``normal_keys`` of the next rows."""
        if not self._sought.is_empty():
            there = self._sought.join(keys, on=self._names, how="semi")
            self._found.update(there[_ROW].to_list())

    def findings(self) -> tuple[bool | str, ...]:
        """For each row of the control: whether it was found, or why it could not be sought."""
        return tuple(
            number in self._found if problem is None else problem
            for number, problem in enumerate(self._problems)
        )


def _key(columns: Sequence[Column], row: Mapping[str, object]) -> tuple[object, ...] | str:
    """The key that a control's row names, in the declared types; or what is wrong with it."""
    values: list[object] = []
    for column in columns:
        if column.name not in row:
            return f"the control returns no column {column.name}"
        value = row[column.name]
        if value is None:
            return f"its {column.name} is null"
        try:
            values.append(_as_declared(value, column.type))
        except (TypeError, ValueError):
            return f"its {column.name} is no {type(column.type).__name__.lower()}"
    return tuple(values)


def _as_declared(value: object, declared: ColumnType) -> object:
    """A value of a small result in the type of the column; raises where it would change."""
    match declared, value:
        case Text(), str():
            return value
        case Boolean(), bool() | 0 | 1:
            return bool(value)
        case Integer(), int():
            return int(value)
        case Integer(), Decimal() if value == int(value):
            return int(value)
        case Numeric(), int() | Decimal():
            return Decimal(value)
        case Timestamp(), datetime():
            return value
        case Date(), datetime() if value.time() == time():
            return value.date()
        case Date(), date() if not isinstance(value, datetime):
            return value
        case Timestamp(), date():
            return datetime.combine(value, time())
    raise TypeError(f"{type(value).__name__} as {declared!r}")
