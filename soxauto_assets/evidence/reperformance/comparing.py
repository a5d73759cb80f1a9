"""What differs between the rows of a package and the same query's rows of today, row by row.

Every row is in one of four classes: *unchanged*, *changed*, *added* (it has come since: a late
posting), *removed* (it is gone). Rows belong together by the primary key, compared as the source
does (decision D29); a key that several rows have is numbered. The amounts of the three classes that
differ add up exactly to the change of each total.

Here: DuckDB over two Parquet files, in parts by the hash of the key, so that memory stays flat.
Not here: what is written of it (``documents.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soxauto_assets.catalog.model import Column, Text
from soxauto_assets.errors import PermanentError

if TYPE_CHECKING:
    import duckdb

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
CLASSES = (ADDED, REMOVED, CHANGED)
PART_ROWS = 500_000
"""Rows of one part of the comparison, about; see the module."""
MEMORY_LIMIT = "256MiB"
"""Beyond it DuckDB works on disk, in the scratch folder."""
_BATCH_ROWS = 32_768
_DIGITS = 80


class ClassesDoNotAddUpError(PermanentError):
    """The classes do not explain the change of a total; a fault of the product."""


@dataclass(frozen=True)
class Side:
    """The rows of one side; totals are exact, ``duplicate_keys`` counts keys of several rows."""

    rows: int
    totals: Mapping[str, Decimal]
    duplicate_keys: int


@dataclass(frozen=True)
class ClassFigures:
    """One class: its rows, what it adds to each total, and its first and last event, if any.

    Of a removed row the amount counts negative; of a changed one its change.
    """

    rows: int
    amounts: Mapping[str, Decimal]
    first_event: date | datetime | None
    last_event: date | datetime | None


@dataclass(frozen=True)
class Comparison:
    """All that differs. ``changed_columns`` counts the changed rows by column."""

    before: Side
    after: Side
    classes: Mapping[str, ClassFigures]
    unchanged: int
    changed_columns: Mapping[str, int]

    @property
    def differs(self) -> bool:
        """Whether any row differs."""
        return any(figures.rows for figures in self.classes.values())

    def change(self, amount: str) -> Decimal:
        """The change of a total, exact."""
        with localcontext(prec=_DIGITS):
            return self.after.totals[amount] - self.before.totals[amount]


def compare(
    before: Path,
    after: Path,
    columns: Sequence[Column],
    *,
    key: Sequence[str],
    amounts: Sequence[str],
    event_date: str | None,
    differences: Path,
    scratch: Path,
) -> Comparison:
    """Compare the two extracts; every row that differs goes into the new file ``differences``.

    Both files have ``columns``. Raises ClassesDoNotAddUpError, and duckdb.Error where a total has
    more digits than 38.
    """
    with _opened(before, after, scratch) as connection:
        comparing = _Comparing(connection, columns, tuple(key), tuple(amounts), event_date)
        sides = comparing.side("before"), comparing.side("after")
        comparing.write(differences, numbered=any(side.duplicate_keys for side in sides))
        found = comparing.judged(differences, *sides)
    _require_sums(found, amounts)
    return found


class _Comparing:
    """One comparison under way, as questions to DuckDB."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        columns: Sequence[Column],
        key: tuple[str, ...],
        amounts: tuple[str, ...],
        event_date: str | None,
    ) -> None:
        self._connection = connection
        self._columns = {column.name: column for column in columns}
        self._key = key
        self._amounts = amounts
        self._event = event_date
        self._rows = 0

    def side(self, name: str) -> Side:
        """Rows, totals and keys of one side."""
        sums = "".join(f", coalesce(sum({_quoted(a)}), 0)" for a in self._amounts)
        rows, *totals = self._one(f"SELECT count(*){sums} FROM {name}")
        self._rows = max(self._rows, rows)
        parts, keys = self._parts(), self._comparable()
        duplicates = sum(
            self._one(
                f"SELECT count(*) FROM (SELECT 1 FROM {name} WHERE {self._in_part(part, parts)} "
                f"GROUP BY {keys} HAVING count(*) > 1)"
            )[0]
            for part in range(parts)
        )
        return Side(rows, dict(zip(self._amounts, map(Decimal, totals), strict=True)), duplicates)

    def write(self, path: Path, *, numbered: bool) -> None:
        """The rows that differ, part by part, in the order of class and key within each."""
        import pyarrow.parquet as pq

        writer = None
        parts = self._parts()
        try:
            for part in range(parts):
                reader = self._connection.sql(
                    self._differences(self._in_part(part, parts), numbered)
                ).to_arrow_reader(_BATCH_ROWS)
                if writer is None:
                    writer = pq.ParquetWriter(path, reader.schema, compression="zstd")
                for batch in reader:
                    writer.write_batch(batch)
        finally:
            if writer is not None:
                writer.close()

    def judged(self, differences: Path, before: Side, after: Side) -> Comparison:
        """The figures of each class, from the rows that were written."""
        self._connection.execute(
            f"CREATE VIEW differences AS SELECT * FROM read_parquet({_literal(str(differences))})"
        )
        classes = {kind: self._class(kind) for kind in CLASSES}
        return Comparison(
            before,
            after,
            classes,
            before.rows - classes[REMOVED].rows - classes[CHANGED].rows,
            dict(
                self._connection.execute(
                    "SELECT name, count(*) FROM (SELECT unnest(string_split(changed_columns, ', '))"
                    f" AS name FROM differences WHERE class = '{CHANGED}') GROUP BY name"
                    " ORDER BY name"
                ).fetchall()
            ),
        )

    def _class(self, kind: str) -> ClassFigures:
        sums = "".join(
            f", coalesce(sum({_quoted(f'{side}_{amount}')}), 0)"
            for amount in self._amounts
            for side in ("before", "after")
        )
        rows, first, last, *found = self._one(
            f"SELECT count(*), min(event), max(event){sums} FROM differences WHERE class = '{kind}'"
        )
        with localcontext(prec=_DIGITS):
            amounts = {
                amount: Decimal(found[2 * i + 1]) - Decimal(found[2 * i])
                for i, amount in enumerate(self._amounts)
            }
        return ClassFigures(rows, amounts, first, last)

    def _differences(self, part: str, numbered: bool) -> str:
        """The SELECT of one part: a full outer join on the key, and only what differs."""
        names = [_quoted(name) for name in self._columns]
        number = (
            f"row_number() OVER (PARTITION BY {self._comparable()} ORDER BY {', '.join(names)})"
            if numbered
            else "1::BIGINT"
        )
        sides = [
            f"{side} AS (SELECT *, {number} AS _number FROM {source} WHERE {part})"
            for side, source in (("b", "before"), ("a", "after"))
        ]
        same_key = " AND ".join(
            f"{self._one_comparable(name, 'b.')} IS NOT DISTINCT FROM "
            f"{self._one_comparable(name, 'a.')}"
            for name in self._key
        )
        other = " OR ".join(f"b.{name} IS DISTINCT FROM a.{name}" for name in names)
        changed = ", ".join(
            f"CASE WHEN b.{_quoted(name)} IS DISTINCT FROM a.{_quoted(name)} "
            f"THEN {_literal(name)} END"
            for name in self._columns
        )
        kind = (
            f"CASE WHEN b._number IS NULL THEN '{ADDED}' "
            f"WHEN a._number IS NULL THEN '{REMOVED}' ELSE '{CHANGED}' END"
        )
        event = "NULL::DATE"
        if self._event is not None:
            event = f"coalesce(a.{_quoted(self._event)}, b.{_quoted(self._event)})"
        shown = [f"{kind} AS class"]
        shown += [
            f"coalesce(a.{_quoted(name)}, b.{_quoted(name)}) AS {_quoted(f'key_{name}')}"
            for name in self._key
        ]
        shown += [
            "coalesce(a._number, b._number) AS number",
            f"CASE WHEN b._number IS NULL OR a._number IS NULL THEN '' "
            f"ELSE concat_ws(', ', {changed}) END AS changed_columns",
            f"{event} AS event",
        ]
        for amount in self._amounts:
            shown += [
                f"b.{_quoted(amount)} AS {_quoted(f'before_{amount}')}",
                f"a.{_quoted(amount)} AS {_quoted(f'after_{amount}')}",
            ]
        order = ", ".join(["class", *(_quoted(f"key_{name}") for name in self._key), "number"])
        return (
            f"WITH {', '.join(sides)} SELECT {', '.join(shown)} FROM b FULL OUTER JOIN a "
            f"ON {same_key} AND b._number = a._number "
            f"WHERE b._number IS NULL OR a._number IS NULL OR {other} ORDER BY {order}"
        )

    def _parts(self) -> int:
        return 1 + self._rows // PART_ROWS

    def _in_part(self, part: int, parts: int) -> str:
        return "true" if parts == 1 else f"hash({self._comparable()}) % {parts} = {part}"

    def _comparable(self) -> str:
        return ", ".join(self._one_comparable(name, "") for name in self._key)

    def _one_comparable(self, name: str, table: str) -> str:
        """Texts are compared without case and without trailing blanks (decision D29)."""
        column = f"{table}{_quoted(name)}"
        is_text = isinstance(self._columns[name].type, Text)
        return f"lower(rtrim({column}, ' '))" if is_text else column

    def _one(self, sql: str) -> tuple[Any, ...]:
        (row,) = self._connection.execute(sql).fetchall()  # to the end, or it stays in use
        found: tuple[Any, ...] = row
        return found


@contextmanager
def _opened(before: Path, after: Path, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    connection = duckdb.connect(
        config={
            "memory_limit": MEMORY_LIMIT,
            "threads": 2,
            "temp_directory": str(scratch / "comparing"),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    try:
        for name, path in (("before", before), ("after", after)):
            # Under a name of our own: in a path DuckDB would take * and [ as patterns and
            # month=2024-09 as a column.
            link = scratch / f"{name}.link.parquet"
            link.unlink(missing_ok=True)
            link.symlink_to(path.resolve())
            connection.execute(
                f"CREATE VIEW {name} AS SELECT * FROM read_parquet({_literal(str(link))}, "
                "hive_partitioning = false)"
            )
        yield connection
    finally:
        connection.close()


def _require_sums(found: Comparison, amounts: Sequence[str]) -> None:
    """What a reader relies on is asked of every comparison, not only of the tests."""
    added, removed = found.classes[ADDED].rows, found.classes[REMOVED].rows
    wrong = [] if found.before.rows + added - removed == found.after.rows else ["rows"]
    with localcontext(prec=_DIGITS):
        wrong += [
            amount
            for amount in amounts
            if sum((found.classes[kind].amounts[amount] for kind in CLASSES), Decimal(0))
            != found.change(amount)
        ]
    if wrong:
        raise ClassesDoNotAddUpError(
            f"The classes do not add up to the change of {', '.join(wrong)}.",
            remedy="This is a fault of the product; report it with this message.",
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
