"""Where the generators put their rows: one Arrow table after the other, by source table.

Here: the sink's protocol, the alignment with the declared schema, the gathering of small tables
into larger ones. Not here: the database behind it (``load.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import pyarrow as pa

from soxauto_assets.catalog.model import Boolean, ColumnType, Integer, Numeric, Text
from soxauto_assets.catalog.source_model import SourceTable
from soxauto_assets.catalog.sources import table

NAV = "AIG_Nav_DW.dbo."
FINREC = "AIG_Nav_Jumia_Reconciliation.dbo."
FINREC_FDW = "AIG_Nav_Jumia_Reconciliation.fdw."
RING = "AIG_Nav_Jumia_Reconciliation.RING."
OMS = "STG_AIG_NAV_JUMIA_REC.OMS."


class Sink(Protocol):
    """Takes the rows of a source table."""

    def add(self, full_name: str, columns: Mapping[str, pa.Array]) -> None:
        """Add rows; columns that are not given are null. KeyError for an undeclared column."""


def arrow_type(column_type: ColumnType) -> pa.DataType:
    """The Arrow type in which a generator gives a column of the declared type."""
    match column_type:
        case Text():
            return pa.string()
        case Integer():
            return pa.int64()
        case Numeric(precision, scale):
            return pa.decimal128(precision, scale)
        case Boolean():
            return pa.int8()
        case _:
            return pa.timestamp("us")


def aligned(declared: SourceTable, columns: Mapping[str, pa.Array]) -> pa.Table:
    """All declared columns in the declared order, null where none was given."""
    unknown = set(columns) - {column.name for column in declared.columns}
    if unknown:
        raise KeyError(f"{declared.full_name} has no column {sorted(unknown)}")
    rows = max(len(values) for values in columns.values())
    arrays = [
        columns[column.name].cast(arrow_type(column.type))
        if column.name in columns
        else pa.nulls(rows, arrow_type(column.type))
        for column in declared.columns
    ]
    return pa.table(arrays, names=[column.name for column in declared.columns])


class Gathering:
    """A sink that gathers the rows of each table and hands them on ``at_rows`` or more at once."""

    def __init__(self, hand_on: Callable[[str, pa.Table], None], *, at_rows: int) -> None:
        self._hand_on = hand_on
        self._at_rows = at_rows
        self._waiting: dict[str, list[pa.Table]] = {}
        self._rows: dict[str, int] = {}

    def add(self, full_name: str, columns: Mapping[str, pa.Array]) -> None:
        """Add rows; columns that are not given are null. KeyError for an undeclared column."""
        self.take(full_name, aligned(table(full_name), columns))

    def take(self, full_name: str, rows: pa.Table) -> None:
        """Add rows that have all declared columns in their order, as ``aligned`` makes them."""
        self._waiting.setdefault(full_name, []).append(rows)
        self._rows[full_name] = self._rows.get(full_name, 0) + rows.num_rows
        if self._rows[full_name] >= self._at_rows:
            self._pass_on(full_name)

    def flush(self) -> None:
        """Hand on whatever waits."""
        for full_name in list(self._waiting):
            self._pass_on(full_name)

    def _pass_on(self, full_name: str) -> None:
        self._rows[full_name] = 0
        # In one piece: what is behind takes long over many small ones.
        self._hand_on(full_name, pa.concat_tables(self._waiting.pop(full_name)).combine_chunks())
