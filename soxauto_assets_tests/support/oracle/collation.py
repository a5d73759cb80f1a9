"""How texts are compared (D29): without case, without trailing blanks; ordered in binary.

Here: comparison, joins by compared text, and the spelling that a group puts out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

Row = Mapping[str, Any]


@lru_cache(maxsize=1 << 17)
def fold(text: str | None) -> str | None:
    """What ``text`` is compared as (D29); null stays null."""
    return None if text is None else text.rstrip(" ").lower()


def same(one: str | None, other: str | None) -> bool:
    """Equal under the source's collation (D29); null equals nothing."""
    return one is not None and other is not None and fold(one) == fold(other)


def blank(text: str | None) -> bool:
    """Null, or nothing but blanks."""
    return text is None or not text.strip(" ")


def binary(text: str) -> bytes:
    """The order of texts (D29: binary)."""
    return text.encode("utf-8")


def smallest(texts: Iterable[str | None]) -> str | None:
    """The smallest spelling in binary order (D29); null only where there is nothing else."""
    return min((text for text in texts if text is not None), key=binary, default=None)


def spellings(texts: Iterable[str | None]) -> list[str]:
    """The different texts, in their smallest spelling, sorted in binary order (D29)."""
    groups: dict[str | None, list[str]] = defaultdict(list)
    for text in texts:
        if text is not None:
            groups[fold(text)].append(text)
    return sorted((min(group, key=binary) for group in groups.values()), key=binary)


def sorted_list(texts: Iterable[str | None]) -> str | None:
    """Different texts as one text with a comma between (D10, D17); null where there is none."""
    return ",".join(spellings(texts)) or None


class DuplicateDimensionError(AssertionError):
    """A dimension has two rows for one key, which fails the report (D29)."""


class Index:
    """Rows by the compared values of some columns; a null never joins."""

    def __init__(
        self,
        rows: Iterable[Row],
        *columns: str,
        where: Callable[[Row], bool] = lambda _: True,
    ) -> None:
        self._name = ", ".join(columns)
        self._rows: dict[tuple[object, ...], list[Row]] = defaultdict(list)
        for row in rows:
            key = _key(row[column] for column in columns)
            if None not in key and where(row):
                self._rows[key].append(row)

    def all(self, *values: object) -> Sequence[Row]:
        """Every row whose columns equal ``values``."""
        return self._rows.get(_key(values), ())

    def one(self, *values: object) -> Row:
        """The row whose columns equal ``values``; an empty mapping of nulls where none."""
        rows = self.all(*values)
        if len(rows) > 1:
            raise DuplicateDimensionError(f"{len(rows)} rows for {values!r} by {self._name}")
        return rows[0] if rows else NO_ROW

    def groups(self) -> Iterable[Sequence[Row]]:
        """The rows, those with equal columns together."""
        return self._rows.values()


class _NoRow(dict[str, Any]):
    def __missing__(self, key: str) -> None:
        return None


NO_ROW: Row = _NoRow()
"""What a LEFT JOIN gives where nothing matches: null in every column."""


def _key(values: Iterable[object]) -> tuple[object, ...]:
    return tuple(fold(value) if isinstance(value, str) else value for value in values)
