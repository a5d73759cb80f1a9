"""What a SQL text means, apart from how it is written, and what changed between two texts.

A text's *meaning* is the SHA-256 of its syntax tree without comments, white space and case of
names. Where two texts differ in it, the difference is told clause by clause, as a person would.

Here: the normal tree, its digest, its clauses, their difference. Not here: what a difference
leads to (``evidence/baseline.py``).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from soxauto_assets.warehouse.rendering import parse

PARSER = f"sqlglot {importlib.metadata.version('sqlglot')}"


@dataclass(frozen=True)
class Clause:
    """One clause of a statement: where it stands, and its text in a normal form.

    ``place`` names it within the statement (``CTE report, SELECT amount``). A predicate has no
    name of its own, so its text is part of its place: it is added or removed, never changed.
    """

    place: str
    text: str


@dataclass(frozen=True)
class Change:
    """One difference; ``before`` None: added, ``after`` None: removed."""

    place: str
    before: str | None
    after: str | None

    @property
    def words(self) -> str:
        """The change as a phrase: ``CTE report, WHERE: added `x > 1```."""
        if self.before is None:
            return f"{self.place}: added `{self.after}`"
        if self.after is None:
            return f"{self.place}: removed `{self.before}`"
        return f"{self.place}: changed from `{self.before}` to `{self.after}`"


def meaning(name: str, text: str) -> str:
    """The digest (hex) of the text's meaning; raises RenderingError where it does not parse."""
    return _read(name, text)[0]


def changes(name: str, before: str, after: str) -> tuple[Change, ...]:
    """What differs in meaning between two texts, clause by clause, in the order of the clauses.

    Empty where only the writing differs. Raises RenderingError where one does not parse.
    """
    (old_digest, old), (new_digest, new) = _read(name, before), _read(name, after)
    if old_digest == new_digest:
        return ()
    gone = {clause.place: clause.text for clause in old}
    come = {clause.place: clause.text for clause in new}
    found = [
        Change(_shown(place), gone.get(place), come.get(place))
        for place in dict.fromkeys((*gone, *come))
        if gone.get(place) != come.get(place)
    ]
    # A tree may differ where no clause does; what is not understood is never called cosmetic.
    return tuple(found) or (Change("the statement", old_digest, new_digest),)


@lru_cache(maxsize=512)
def _read(name: str, text: str) -> tuple[str, tuple[Clause, ...]]:
    tree = parse(name, text)
    for node in tree.walk():
        node.comments = None
        if isinstance(node, exp.Identifier):
            node.set("this", str(node.this).lower())
            node.set("quoted", True)
        elif isinstance(node, exp.Parameter):
            node.set("this", exp.Var(this=node.name.lower()))
    shape = json.dumps(_shape(tree), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(shape.encode()).hexdigest(), tuple(_numbered(_clauses(tree, "")))


def _shape(value: object) -> object:
    """A tree as plain values; what is absent, empty or false in it says nothing."""
    if isinstance(value, exp.Expr):
        args = {key: _shape(item) for key, item in sorted(value.args.items())}
        said = {key: item for key, item in args.items() if item not in (None, [], False)}
        return [type(value).__name__, said]
    if isinstance(value, list):
        return [_shape(item) for item in value]
    return value if isinstance(value, str | int | bool | None) else str(value)


_SEPARATOR = "\x1f"
"""Ends the part of a place that is shown; what follows tells apart what has no name."""


def _shown(place: str) -> str:
    return place.partition(_SEPARATOR)[0]


def _numbered(clauses: Iterator[Clause]) -> Iterator[Clause]:
    """The clauses with a count where one place comes twice, so that none hides another."""
    seen: dict[str, int] = {}
    for clause in clauses:
        seen[clause.place] = seen.get(clause.place, 0) + 1
        count = seen[clause.place]
        yield clause if count == 1 else Clause(f"{clause.place}{_SEPARATOR}{count}", clause.text)


def _clauses(query: exp.Expr, scope: str) -> Iterator[Clause]:
    """The clauses of a query and of all CTEs and set operations in it."""
    for cte in query.args["with_"].expressions if query.args.get("with_") else ():
        yield from _clauses(cte.this, f"CTE {cte.alias}, ")
    if isinstance(query, exp.SetOperation):
        kind = type(query).__name__.upper() + ("" if query.args.get("distinct") else " ALL")
        yield Clause(f"{scope}{kind}", kind)
        for number, branch in enumerate(_branches(query), start=1):
            yield from _clauses(branch, f"{scope}part {number}, ")
        yield from _rest(query, scope, {"this", "expression", "with_", "distinct"})
    elif isinstance(query, exp.Select):
        yield from _select(query, scope)
    else:
        yield Clause(f"{scope}query", _text(query))


def _branches(query: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(query, exp.SetOperation):
        yield from _branches(query.this)
        yield from _branches(query.expression)
    else:
        yield query


def _select(query: exp.Select, scope: str) -> Iterator[Clause]:
    for column in query.expressions:
        inner = column.this if isinstance(column, exp.Alias) else column
        yield Clause(f"{scope}SELECT {column.alias_or_name}", _text(inner))
    order = ", ".join(column.alias_or_name for column in query.expressions)
    yield Clause(f"{scope}order of the SELECT list", order)
    if query.args.get("from_") is not None:
        yield Clause(f"{scope}FROM", _text(query.args["from_"].this))
    for join in query.args.get("joins") or ():
        name = f"{scope}JOIN {join.alias_or_name}"
        bare = join.copy()
        bare.set("on", None)
        yield Clause(name, _text(bare))
        for predicate in _conjuncts(join.args.get("on")):
            yield Clause(f"{name} ON{_SEPARATOR}{predicate}", predicate)
    for key in ("where", "having"):
        part = query.args.get(key)
        for predicate in _conjuncts(None if part is None else part.this):
            yield Clause(f"{scope}{key.upper()}{_SEPARATOR}{predicate}", predicate)
    yield from _rest(query, scope, {"expressions", "from_", "joins", "where", "having", "with_"})


def _rest(query: exp.Expr, scope: str, known: set[str]) -> Iterator[Clause]:
    """Every further clause as a whole: GROUP BY, ORDER BY, DISTINCT, TOP and what may come."""
    for key, value in query.args.items():
        if key in known or value in (None, [], False):
            continue
        parts = value if isinstance(value, list) else [value]
        text = ", ".join(_text(p) if isinstance(p, exp.Expr) else str(p) for p in parts)
        yield Clause(f"{scope}{_NAMES.get(key, key.upper())}", text)


_NAMES = {"group": "GROUP BY", "order": "ORDER BY", "limit": "TOP"}


def _conjuncts(predicate: exp.Expr | None) -> Iterator[str]:
    if isinstance(predicate, exp.And):
        yield from _conjuncts(predicate.left)
        yield from _conjuncts(predicate.right)
    elif predicate is not None:
        yield _text(predicate)


def _text(node: exp.Expr) -> str:
    text = node.sql(dialect="tsql", comments=False)
    return " ".join(text.split())
