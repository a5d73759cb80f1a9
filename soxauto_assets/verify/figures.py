"""The figures of an extract, recomputed from the stored file with DuckDB.

Here: one pass over the Parquet file for counts and totals, one for the key, small look-ups for
the witnesses. Amounts stay exact decimals. Not here: what the figures must be (``agreement.py``).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from soxauto_assets.verify.content_digest import type_text
from soxauto_assets.verify.documents import DeclaredColumn

_KEYS_IN_MEMORY = 1_000_000
_TEXT_LENGTH = re.compile(r"text\(([0-9]+)\)")
MEMORY_LIMIT = "192MiB"
"""Beyond it DuckDB works on disk, in a temporary folder."""


@dataclass(frozen=True)
class Figures:
    """What the extract itself says. Event dates are naive, None without one in any row.

    ``events_after`` counts rows whose event is not before the period's end or is missing,
    ``duplicate_keys`` the keys that more than one row has, ``null_keys`` the rows with a null in
    the key, ``broken`` the values that break a declared rule, by column and rule.
    """

    rows: int
    totals: Mapping[str, Decimal]
    first_event: datetime | None
    last_event: datetime | None
    events_after: int
    duplicate_keys: int
    null_keys: int
    broken: Mapping[str, int]


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
        declared: Sequence[DeclaredColumn],
    ) -> Figures:
        """Recompute everything; raises duckdb.Error where a total has more digits than 38."""
        broken = dict(_rules(declared))
        event = "NULL::TIMESTAMP" if event_date is None else f"{quoted(event_date)}::TIMESTAMP"
        late = "false" if event_date is None else f"{event} IS NULL OR {event} >= $next_start"
        null_key = " OR ".join(f"{quoted(name)} IS NULL" for name in key) or "false"
        wanted = [
            "count(*)",
            f"min({event})",
            f"max({event})",
            f"count(*) FILTER ({late})",
            f"count(*) FILTER ({null_key})",
            *(f"coalesce(sum({quoted(amount)}), 0)" for amount in amounts),
            *(f"count(*) FILTER ({test})" for test in broken.values()),
        ]
        values = {} if event_date is None else {"next_start": next_start}
        found = self._one(f"SELECT {', '.join(wanted)} FROM extract", values)
        rows, first, last, after, null_keys, *rest = found
        return Figures(
            rows=rows,
            totals=dict(zip(amounts, map(Decimal, rest[: len(amounts)]), strict=True)),
            first_event=first,
            last_event=last,
            events_after=after,
            duplicate_keys=self._duplicate_keys(key, rows),
            null_keys=null_keys,
            broken=dict(zip(broken, rest[len(amounts) :], strict=True)),
        )

    def holds_key(self, key: Mapping[str, object]) -> bool:
        """Whether a row with these key values, as evidence writes them, is in the extract."""
        tests, values = [], {}
        for number, (name, value) in enumerate(key.items()):
            parameter = _cast(f"$value_{number}", self._columns[name])
            tests.append(
                f"{self._comparable(name, quoted(name))} = {self._comparable(name, parameter)}"
            )
            values[f"value_{number}"] = str(value)
        found = self._one(f"SELECT count(*) FROM extract WHERE {' AND '.join(tests)}", values)
        return bool(found[0])

    def _duplicate_keys(self, key: Sequence[str], rows: int) -> int:
        """Keys that more than one row has; counted in parts, so that memory stays flat."""
        if not key:
            return 0
        keys = ", ".join(self._comparable(name, quoted(name)) for name in key)
        parts = 1 + rows // _KEYS_IN_MEMORY
        duplicates = (
            f"SELECT count(*) FROM (SELECT 1 FROM extract WHERE hash({keys}) % {parts} = $part"
            f" GROUP BY {keys} HAVING count(*) > 1)"
        )
        return sum(int(self._one(duplicates, {"part": part})[0]) for part in range(parts))

    def _comparable(self, name: str, expression: str) -> str:
        """Texts are compared without case and without trailing blanks (decision D29)."""
        if self._columns[name] == "text":
            return f"lower(rtrim({expression}, ' '))"
        return expression

    def _one(self, sql: str, values: Mapping[str, object]) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._connection.execute(sql, dict(values)).fetchone()
        return row


@contextmanager
def opened(path: Path, columns: Sequence[tuple[str, str]]) -> Iterator[Extract]:
    """The extract in the Parquet file ``path``, of the ``columns`` that ``columns_of`` gave."""
    with connected({"extract": path}) as connection:
        yield Extract(connection, dict(columns))


@contextmanager
def connected(files: Mapping[str, Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine with a view of each Parquet file, by name, within MEMORY_LIMIT."""
    with tempfile.TemporaryDirectory(prefix="soxauto-verify-") as scratch:
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
            for name, path in files.items():
                # Under a name of our own: in the caller's, DuckDB would take * and [ as patterns
                # and month=2024-09 as a column.
                link = Path(scratch, f"{name}.parquet")
                link.symlink_to(path.resolve())
                source = _literal(str(link))
                connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({source})")
            yield connection
        finally:
            connection.close()


def _rules(declared: Sequence[DeclaredColumn]) -> Iterator[tuple[str, str]]:
    """Each declared rule in words, and the test that finds a value which breaks it."""
    for column in declared:
        name = quoted(column.name)
        bound = _TEXT_LENGTH.fullmatch(column.type)
        if not column.nullable:
            yield f"{column.name} not null", f"{name} IS NULL"
        if bound is not None:
            yield f"{column.name} length <= {bound[1]}", f"length({name}) > {bound[1]}"
        if column.allowed:
            values = ", ".join(_cast(_literal(value), column.type) for value in column.allowed)
            yield f"{column.name} one of the values allowed", f"{name} NOT IN ({values})"
        if column.minimum is not None:
            least = _cast(_literal(column.minimum), column.type)
            yield f"{column.name} >= {column.minimum}", f"{name} < {least}"
        if column.pattern is not None:
            pattern = _literal(column.pattern)
            yield f"{column.name} matches its pattern", f"NOT regexp_full_match({name}, {pattern})"


def _cast(expression: str, kind: str) -> str:
    """A value that is written as text, in the type of a column."""
    if kind.startswith("text"):
        return f"CAST({expression} AS VARCHAR)"
    if kind == "date":  # a source may give midnight for a day
        return f"CAST(CAST({expression} AS TIMESTAMP) AS DATE)"
    if kind.startswith("integer"):
        return f"CAST({expression} AS BIGINT)"
    return f"CAST({expression} AS {kind})"


def quoted(name: str) -> str:
    """The name as an identifier of DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
