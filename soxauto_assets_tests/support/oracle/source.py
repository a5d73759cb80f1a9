"""Source tables as plain Python rows: read from the embedded warehouse, or written by hand.

Here: reading, nothing else. Not here: any selection, so that no rule of a report can hide in
SQL; the reader sends ``SELECT *`` only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb

from soxauto_assets.catalog.source_model import SourceTable
from soxauto_assets.catalog.sources import table

Row = Mapping[str, Any]


class Source(Protocol):
    """Tables by their unquoted three-part name; columns under their declared names."""

    def rows(self, full_name: str) -> Sequence[Row]:
        """Every row of a table, in no order."""


class EmbeddedSource:
    """The tables of the embedded warehouse, each read once.

    ``databases`` gives the DuckDB file of each source database, as ``ensure_demo`` returns it.
    """

    def __init__(self, databases: Mapping[str, Path]) -> None:
        self._connection = duckdb.connect(config={"memory_limit": "500MB"})
        self._tables: dict[str, Sequence[Row]] = {}
        for name, path in databases.items():
            self._connection.execute(f"ATTACH '{path}' AS {_quote(name)} (READ_ONLY)")

    def rows(self, full_name: str) -> Sequence[Row]:
        if full_name not in self._tables:
            self._tables[full_name] = self._read(table(full_name))
        return self._tables[full_name]

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()
        self._tables.clear()

    def _read(self, declared: SourceTable) -> Sequence[Row]:
        parts = (declared.database, declared.schema, declared.name)
        result = self._connection.execute(f"SELECT * FROM {'.'.join(map(_quote, parts))}")
        declared_names = {column.name.lower(): column.name for column in declared.columns}
        names = [declared_names.get(d[0].lower(), d[0]) for d in result.description]
        return [dict(zip(names, values, strict=True)) for values in result.fetchall()]


class LiteralSource:
    """Tables written by hand; columns that are left out are null, unknown ones are refused."""

    def __init__(self, tables: Mapping[str, Sequence[Row]]) -> None:
        self._tables: dict[str, Sequence[Row]] = {}
        for full_name, rows in tables.items():
            declared = {column.name: None for column in table(full_name).columns}
            for row in rows:
                unknown = row.keys() - declared.keys()
                if unknown:
                    raise KeyError(f"{full_name} has no column {sorted(unknown)}")
            self._tables[full_name] = [{**declared, **row} for row in rows]

    def rows(self, full_name: str) -> Sequence[Row]:
        table(full_name)  # a name that nobody declared is an error, an empty table is not
        return self._tables.get(full_name, ())


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
