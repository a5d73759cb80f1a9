"""Primary keys in a stream: unique, never null (decisions D26 and D29).

Keys are compared as the source compares them: without case and without trailing blanks. A stream
in key order has its duplicates side by side, so neighbours are compared and nothing is kept. That
the stream *is* in key order is verified on the way; a server of another collation may order
otherwise, and then the stored file is read once more.

Here: keys. Not here: which rows of the source have to be there (``witnesses.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from soxauto_assets.catalog.model import CatalogEntry, Text
from soxauto_assets.validation.samples import SAMPLE_ROWS, shown

_MEMORY = "200MiB"


@dataclass(frozen=True)
class KeyFindings:
    """What is wrong with the keys.

    ``repeated_rows`` counts the rows whose key a row before has, ``null_rows`` those with a null
    in the key. ``method`` says how duplicates were looked for.
    """

    repeated_rows: int
    null_rows: int
    sample: tuple[Mapping[str, str | None], ...]
    method: str


class KeyCheck:
    """Takes note of the keys of a stream, block by block, in order."""

    def __init__(self, entry: CatalogEntry) -> None:
        self._names = entry.report.primary_key
        self._columns = [entry.column(name) for name in self._names]
        self._last: pl.DataFrame | None = None
        self._in_order = True
        self._repeated_rows = 0
        self._null_rows = 0
        self._sample: list[Mapping[str, str | None]] = []

    def observe(self, frame: pl.DataFrame, keys: pl.DataFrame) -> None:
        """Take note of the next rows; ``keys`` are their ``frames.normal_keys``."""
        if keys.is_empty():
            return
        nulls = keys.select(pl.any_horizontal(pl.all().is_null())).to_series()
        if nulls.any():
            # A null has no place in an order.
            self._in_order = False
            self._null_rows += int(nulls.sum())
            self._show(frame.filter(nulls), "is null in part")
        if not self._in_order:
            return
        if self._last is not None:
            self._compare(
                pl.concat([self._last, keys.head(1)]), pl.concat([frame.head(1), frame.head(1)])
            )
        self._compare(keys, frame)
        self._last = keys.tail(1)

    def finish(self, spooled: Path) -> KeyFindings:
        """What was found; reads the keys of the stored file where the order did not hold."""
        if self._in_order:
            return KeyFindings(
                self._repeated_rows,
                self._null_rows,
                tuple(self._sample),
                "neighbours, in key order",
            )
        repeated, sample = self._look_in(spooled)
        nulls = tuple(case for case in self._sample if case["problem"] == "is null in part")
        return KeyFindings(
            repeated, self._null_rows, (*nulls, *sample)[:SAMPLE_ROWS], "the stored file, grouped"
        )

    def _compare(self, keys: pl.DataFrame, frame: pl.DataFrame) -> None:
        """Compare each row with the one above it."""
        after, same = pl.lit(False), pl.lit(True)
        for name in keys.columns:
            above = pl.col(name).shift(1)
            after, same = after | (same & (pl.col(name) > above)), same & (pl.col(name) == above)
        found = keys.select(same=same.fill_null(False), in_order=(after | same).fill_null(True))
        self._in_order = self._in_order and bool(found["in_order"].all())
        repeated = int(found["same"].sum())
        if repeated:
            self._repeated_rows += repeated
            self._show(frame.filter(found["same"]), "repeats")

    def _show(self, rows: pl.DataFrame, problem: str) -> None:
        for row in rows.head(SAMPLE_ROWS - len(self._sample)).iter_rows(named=True):
            self._sample.append(self._case(row, problem))

    def _case(self, row: Mapping[str, object], problem: str) -> Mapping[str, str | None]:
        key = {column.name: shown(column, row[column.name]) for column in self._columns}
        return key | {"problem": problem}

    def _look_in(self, spooled: Path) -> tuple[int, list[Mapping[str, str | None]]]:
        names = [_quoted(column.name) for column in self._columns]
        normal = ", ".join(
            f"lower(rtrim({name}, ' ')) AS {name}" if isinstance(column.type, Text) else name
            for name, column in zip(names, self._columns, strict=True)
        )
        repeats = (
            f"SELECT {', '.join(names)}, count(*) - 1 AS more FROM (SELECT {normal}"
            f" FROM read_parquet($path)) WHERE {' AND '.join(f'{n} IS NOT NULL' for n in names)}"
            f" GROUP BY {', '.join(names)} HAVING count(*) > 1"
        )
        with duckdb.connect(":memory:", config=_settings(spooled)) as connection:
            connection.execute(f"CREATE TEMP TABLE repeats AS {repeats}", {"path": str(spooled)})
            count = connection.sql("SELECT coalesce(sum(more), 0) FROM repeats").fetchall()[0][0]
            rows = connection.sql(
                f"SELECT {', '.join(names)} FROM repeats ORDER BY ALL LIMIT {SAMPLE_ROWS}"
            ).fetchall()
        found = [dict(zip(self._names, row, strict=True)) for row in rows]
        return int(count), [self._case(row, "repeats") for row in found]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _settings(spooled: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "memory_limit": _MEMORY,
        "temp_directory": str(spooled.parent / "keys.spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
