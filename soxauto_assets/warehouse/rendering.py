"""Rendering: the T-SQL of the catalogue as DuckDB SQL of the same meaning.

SQL Server never sees this: it gets the file's own text. The constructs whose meaning would
change are refused by the lint; what is mended here is what has one clear equivalent.

Here: the rewriting of a syntax tree. Not here: binding (``binding.py``), the rules for authors
(``lint.py``), the engine (``embedded.py``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from soxauto_assets.catalog.parameters import Scalar
from soxauto_assets.errors import PermanentError

_BINARY_COLLATION = re.compile(r"\w+_BIN2?", re.IGNORECASE)


class RenderingError(PermanentError):
    """A text is no single T-SQL statement that the embedded warehouse can be given."""


def render(name: str, text: str, parameters: Mapping[str, Scalar]) -> str:
    """The DuckDB text of ``text``, whose markers ``@name`` become ``CAST($name AS <its type>)``.

    ``name`` is the statement's name for errors. ``parameters`` are the scalars of
    ``binding.bind_named``; their types, not their values, are part of the text. Cached.

    Raises RenderingError where the text does not parse, holds several statements, or uses a
    construct that has no equivalent.
    """
    types = tuple(sorted((key, _type_of(value)) for key, value in parameters.items()))
    return _render(name, text, types)


def parse(name: str, text: str) -> exp.Query:
    """The syntax tree of one T-SQL SELECT, the caller's own; raises RenderingError for another."""
    try:
        found = _statements(text)
    except SqlglotError as error:
        raise RenderingError(
            f"{name} is no T-SQL that can be parsed: {_first_line(error)}.",
            remedy="Correct the SQL.",
        ) from error
    if len(found) != 1:
        raise RenderingError(
            f"{name} holds {len(found)} statements.", remedy="Write exactly one SELECT."
        )
    tree = found[0]
    if not isinstance(tree, exp.Query) or tree.find(exp.Into) is not None:
        raise RenderingError(f"{name} is no SELECT.", remedy="The source is only ever read.")
    return tree.copy()


@lru_cache(maxsize=512)
def _statements(text: str) -> tuple[exp.Expr, ...]:
    # A run parses each text for its types, its lineage and its rendering; copying costs less.
    return tuple(tree for tree in sqlglot.parse(text, read="tsql") if tree is not None)


@lru_cache(maxsize=512)
def _render(name: str, text: str, types: tuple[tuple[str, str], ...]) -> str:
    tree = parse(name, text)
    casts = dict(types)
    for node in list(tree.walk()):
        _mend(name, node, casts)
    try:
        return str(tree.sql(dialect="duckdb", pretty=True, unsupported_level=_RAISE))
    except SqlglotError as error:
        raise RenderingError(
            f"{name} cannot be rendered for the embedded warehouse: {_first_line(error)}.",
            remedy="Use a construct that both engines know; the lint lists those that differ.",
        ) from error


_RAISE = sqlglot.ErrorLevel.RAISE


def _mend(name: str, node: exp.Expr, casts: Mapping[str, str]) -> None:
    if isinstance(node, exp.Parameter):
        marker = node.name
        if marker not in casts:
            raise RenderingError(
                f"{name} names @{marker}, which is not bound.", remedy="Bind it first."
            )
        # The cast fixes the type, so that the plan never guesses it from a value.
        node.replace(exp.cast(exp.Parameter(this=exp.to_identifier(marker)), casts[marker]))
    elif isinstance(node, exp.DataType):
        _mend_type(node)
    elif isinstance(node, exp.Collate):
        _mend_collation(name, node)
    elif isinstance(node, exp.National):
        node.replace(exp.Literal.string(node.name))
    elif isinstance(node, exp.TryCast | exp.Convert):
        # sqlglot renders both as TRY_CAST: a bad value would become null instead of failing.
        raise RenderingError(
            f"{name} uses CONVERT or TRY_CAST.", remedy="Use CAST, which fails on a bad value."
        )
    elif isinstance(node, exp.Table) and node.args.get("hints"):
        raise RenderingError(f"{name} uses a table hint.", remedy="Remove it.")


def _mend_type(node: exp.DataType) -> None:
    if node.this in exp.DataType.TEXT_TYPES:
        # DuckDB has one text type; it refuses MAX and ignores a length. The declared schema,
        # not a CAST, is what bounds a text.
        node.set("this", exp.DataType.Type.TEXT)
        node.set("expressions", [])
    elif node.this in _STAMPS:
        node.set("this", exp.DataType.Type.TIMESTAMP)
        node.set("expressions", [])
    elif node.this in (exp.DataType.Type.BIT, exp.DataType.Type.BOOLEAN):
        # DuckDB's BIT is a bit string; flags are TINYINT in the embedded warehouse.
        node.set("this", exp.DataType.Type.TINYINT)


_STAMPS = frozenset(
    {
        exp.DataType.Type.DATETIME,
        exp.DataType.Type.DATETIME2,
        exp.DataType.Type.SMALLDATETIME,
        exp.DataType.Type.TIMESTAMP,
    }
)


def _mend_collation(name: str, node: exp.Collate) -> None:
    collation = node.expression.name
    if not _BINARY_COLLATION.fullmatch(collation):
        raise RenderingError(
            f"{name} names the collation {collation}.",
            remedy="Only a binary collation such as Latin1_General_BIN2 exists on both engines.",
        )
    node.set("expression", exp.to_identifier("binary", quoted=True))


def _type_of(value: Scalar) -> str:
    if isinstance(value, datetime):
        return "TIMESTAMP"
    if isinstance(value, date):
        return "DATE"
    if isinstance(value, int):
        return "BIGINT" if abs(value) >= 2**31 else "INT"
    return "TEXT"


def _first_line(error: SqlglotError) -> str:
    return str(error).splitlines()[0].rstrip(".")
