"""The figures of an extract, recomputed from the stored file with DuckDB.

Here: one pass over the Parquet file for counts and totals, one for the key, small look-ups for
the witnesses. Amounts stay exact decimals. Not here: what the figures must be (``agreement.py``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from soxauto_assets.verify.content_digest import type_text

MEMORY_LIMIT = "256MiB"
"""Beyond it DuckDB works on disk, in a temporary folder."""


@dataclass(frozen=True)
class Figures:
    """What the extract itself says. Event dates are naive, None without one in any row.

    ``events_after`` counts rows whose event is not before the period's end, ``duplicate_keys``
    the keys that more than one row has, ``nulls`` the rows without a value, by column.
    """

    rows: int
    totals: Mapping[str, Decimal]
    first_event: datetime | None
    last_event: datetime | None
    events_after: int
    duplicate_keys: int
    nulls: Mapping[str, int]


def columns_of(path: Path) -> list[tuple[str, str]]:
    """Name and type of each column of a Parquet file; integers with their width.

    Raises NoContentDigestError for a type that no extract has.
    """
    columns = []
    for field in pq.read_schema(path):
        kind = type_text(field.name, field.type)
        columns.append(
            (field.name, f"integer({field.type.bit_width})" if kind == "integer" else kind)
        )
    return columns


class Extract:
    """A stored extract, opened for questions; use as ``with opened(path) as extract``."""

    def __init__(self, connection: Any, columns: Mapping[str, str]) -> None:
        self._connection = connection
        self._columns = columns

    def figures(
        self,
        *,
        key: Sequence[str],
        amounts: Sequence[str],
        event_date: str | None,
        next_start: datetime,
    ) -> Figures:
        """Recompute everything; raises duckdb.Error where a total has more digits than 38."""
        names = list(self._columns)
        event = "NULL::TIMESTAMP" if event_date is None else f"{_quoted(event_date)}::TIMESTAMP"
        wanted = [
            "count(*)",
            f"min({event})",
            f"max({event})",
            f"count(*) FILTER ({event} >= $next_start)",
            *(f"coalesce(sum({_quoted(amount)}), 0)" for amount in amounts),
            *(f"count(*) - count({_quoted(name)})" for name in names),
        ]
        found = self._one(f"SELECT {', '.join(wanted)} FROM extract", {"next_start": next_start})
        rows, first, last, after, *rest = found
        return Figures(
            rows=rows,
            totals=dict(zip(amounts, map(Decimal, rest[: len(amounts)]), strict=True)),
            first_event=first,
            last_event=last,
            events_after=after,
            duplicate_keys=self._duplicate_keys(key),
            nulls=dict(zip(names, rest[len(amounts) :], strict=True)),
        )

    def has_columns(self, names: Iterable[str]) -> bool:
        """Whether there is at least one name, and each is a column of the extract."""
        wanted = set(names)
        return bool(wanted) and wanted <= set(self._columns)

    def holds_key(self, row: Mapping[str, object]) -> bool:
        """Whether a row with these key values, as evidence writes them, is in the extract."""
        tests, values = [], {}
        for number, (name, value) in enumerate(row.items()):
            kind = _DUCKDB_TYPES.get(self._columns[name], "VARCHAR")
            parameter = f"CAST($value_{number} AS {kind})"
            tests.append(
                f"{self._comparable(name, _quoted(name))} "
                f"IS NOT DISTINCT FROM {self._comparable(name, parameter)}"
            )
            values[f"value_{number}"] = None if value is None else str(value)
        found = self._one(f"SELECT count(*) FROM extract WHERE {' AND '.join(tests)}", values)
        return bool(found[0])

    def _duplicate_keys(self, key: Sequence[str]) -> int:
        if not key:
            return 0
        parts = ", ".join(self._comparable(name, _quoted(name)) for name in key)
        grouped = f"SELECT 1 FROM extract GROUP BY {parts} HAVING count(*) > 1"
        return int(self._one(f"SELECT count(*) FROM ({grouped})", {})[0])

    def _comparable(self, name: str, expression: str) -> str:
        """Texts are compared without case and without trailing blanks (decision D29)."""
        if self._columns[name] == "text":
            return f"lower(rtrim({expression}))"
        return expression

    def _one(self, sql: str, values: Mapping[str, object]) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._connection.execute(sql, dict(values)).fetchone()
        return row


@contextmanager
def opened(path: Path, columns: Sequence[tuple[str, str]]) -> Iterator[Extract]:
    """The extract in the Parquet file ``path``, of the ``columns`` that ``columns_of`` gave."""
    with tempfile.TemporaryDirectory(prefix="soxauto-verify-") as scratch:
        # Under a name of our own: in the caller's, DuckDB would take * and [ as patterns and
        # month=2024-09 as a column.
        link = Path(scratch, "extract.parquet")
        link.symlink_to(path.resolve())
        connection = duckdb.connect(
            config={
                "memory_limit": MEMORY_LIMIT,
                "threads": 2,
                "temp_directory": str(Path(scratch, "spill")),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        try:
            connection.execute(
                f"CREATE VIEW extract AS SELECT * FROM read_parquet({_literal(str(link))})"
            )
            yield Extract(connection, dict(columns))
        finally:
            connection.close()


_DUCKDB_TYPES = {
    "integer(8)": "BIGINT",
    "integer(16)": "BIGINT",
    "integer(32)": "BIGINT",
    "integer(64)": "BIGINT",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
