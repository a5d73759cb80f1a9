"""Binding: the values of ``@name`` markers, put where they belong in the catalogue's own text.

Here: which markers a text names, what each becomes (``?`` for SQL Server, expanded ``@name``
markers for the renderer), the order of the values, and the refusal of everything doubtful.
Not here: the rendering for DuckDB (``rendering.py``) and where values come from
(``catalog.parameters``).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from soxauto_assets.catalog.parameters import Scalar, Value
from soxauto_assets.errors import PermanentError
from soxauto_assets.warehouse.protocol import Statement
from soxauto_assets.warehouse.scanner import Kind, scan


class BindingError(PermanentError):
    """The values of a statement do not fit the markers of its text."""


class EmptyListError(BindingError):
    """A list or table of values is empty: ``IN ()`` would be an error, or silently no row."""


class MissingValueError(BindingError):
    """The text names a parameter that has no value."""


class UnusedValueError(BindingError):
    """A value is given that the text does not name."""


class UnsuitableValueError(BindingError):
    """A value that no marker can take: null, a float, a truth value, a ragged table."""


@dataclass(frozen=True)
class PositionalSql:
    """The original text with each marker replaced by ``?`` marks; the values in their order."""

    text: str
    parameters: tuple[Scalar, ...]


@dataclass(frozen=True)
class NamedSql:
    """The original text with lists and tables expanded to ``@name__1`` markers, and the values.

    A scalar keeps its name. Element i of a list is ``name__i``, cell (i, j) of a table
    ``name__i_j``; both count from 1.
    """

    text: str
    parameters: Mapping[str, Scalar]


@functools.lru_cache(maxsize=512)  # more than the texts of the catalogue
def markers(text: str) -> tuple[str, ...]:
    """The names of the ``@name`` markers of ``text``, without ``@``, each once, in order.

    Markers are found outside strings, comments and quoted names only. Raises BindingError for a
    system function such as ``@@ROWCOUNT``, which no catalogue text may use.
    """
    names: dict[str, None] = {}
    for stretch in scan(text):
        if stretch.kind is Kind.PARAMETER:
            names[stretch.text[1:]] = None
        elif stretch.kind is Kind.SYSTEM:
            raise BindingError(
                f"{stretch.text} is a system function and cannot be bound.",
                remedy="Use a parameter of the catalogue instead.",
            )
    return tuple(names)


def bind_positional(
    statement: Statement, *, mark_for: Callable[[Scalar], str] = lambda value: "?"
) -> PositionalSql:
    """The statement for SQL Server: its own text with ``?`` marks in place of the markers.

    A scalar becomes ``?``, a list ``?, ?``, a table ``(?, ?), (?, ?)``. ``mark_for`` gives another
    mark for a value, for a driver that sends all values as text: ``CAST(? AS DATE)``. Raises
    EmptyListError, MissingValueError, UnusedValueError or UnsuitableValueError.
    """
    order: list[Scalar] = []

    def mark(name: str, value: Scalar) -> str:
        order.append(value)
        return mark_for(value)

    text = _replace(statement, mark)
    return PositionalSql(text, tuple(order))


def bind_named(statement: Statement) -> NamedSql:
    """The statement with every value under a name of its own; errors as ``bind_positional``."""
    values: dict[str, Scalar] = {}

    def mark(name: str, value: Scalar) -> str:
        values[name] = value
        return f"@{name}"

    text = _replace(statement, mark)
    return NamedSql(text, values)


def tsql_type(value: Scalar) -> str:
    """The T-SQL type that holds the value exactly."""
    if isinstance(value, datetime):
        return "DATETIME2(7)"
    if isinstance(value, date):
        return "DATE"
    if isinstance(value, int):
        return "BIGINT" if abs(value) >= 2**31 else "INT"
    return f"NVARCHAR({max(len(value), 1)})"


def _replace(statement: Statement, mark: Callable[[str, Scalar], str]) -> str:
    _check_names(statement)
    pieces = []
    for stretch in scan(statement.text):
        if stretch.kind is Kind.PARAMETER:
            name = stretch.text[1:]
            pieces.append(_expand(statement.name, name, statement.values[name], mark))
        else:
            pieces.append(stretch.text)
    return "".join(pieces)


def _check_names(statement: Statement) -> None:
    named = markers(statement.text)
    for name in named:
        if name not in statement.values:
            raise MissingValueError(
                f"{statement.name} names @{name}, which has no value.",
                remedy="Declare the parameter in report.py, or correct its name in the SQL.",
            )
    for name in statement.values:
        if name not in named:
            raise UnusedValueError(
                f"{statement.name} is given a value for @{name}, which it does not name.",
                remedy="Use the parameter in the SQL, or do not pass it.",
            )


def _expand(statement: str, name: str, value: Value, mark: Callable[[str, Scalar], str]) -> str:
    if not isinstance(value, tuple):
        return mark(name, _checked(statement, name, value))
    if not value:
        raise EmptyListError(
            f"{statement} is given an empty list for @{name}.",
            remedy="Give at least one value; for no restriction, leave the filter out of the SQL.",
        )
    rows = [row for row in value if isinstance(row, tuple)]
    if not rows:
        return ", ".join(
            mark(f"{name}__{i}", _checked(statement, name, item))
            for i, item in enumerate(value, start=1)
        )
    if len(rows) != len(value) or len({len(row) for row in rows}) != 1 or not rows[0]:
        raise UnsuitableValueError(
            f"{statement} is given rows of different lengths for @{name}.",
            remedy="Give every row of a bound table the same number of values.",
        )
    return ", ".join(
        "("
        + ", ".join(
            mark(f"{name}__{i}_{j}", _checked(statement, name, cell))
            for j, cell in enumerate(row, start=1)
        )
        + ")"
        for i, row in enumerate(rows, start=1)
    )


def _checked(statement: str, name: str, value: object) -> Scalar:
    # bool is an int and datetime a date for Python; a driver would send what was not meant.
    if isinstance(value, bool) or not isinstance(value, str | int | date):
        raise UnsuitableValueError(
            f"{statement} is given a {type(value).__name__} for @{name}.",
            remedy="Give text, a whole number, a date or a naive time stamp.",
        )
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise UnsuitableValueError(
            f"{statement} is given a time stamp with a zone for @{name}.",
            remedy="Give the bounds of a Period; source stamps carry no zone (decision D1).",
        )
    return value
