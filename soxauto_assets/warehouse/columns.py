"""Which source column a name in a statement stands for, through CTEs, unions and sub-queries.

Names are compared without case, as the source does. ``sqlglot.lineage`` answers part of this,
ten times slower, and neither for WHERE and JOIN nor for a table that does not exist.

Here: the walk over scopes. Not here: what is made of it (``contract.py``, ``lineage.py``, the
lint).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, find_all_in_scope, traverse_scope

from soxauto_assets.catalog.source_model import SourceTable
from soxauto_assets.catalog.sources import TABLES

_DECLARED = {table.full_name.lower(): table for table in TABLES}


@dataclass(frozen=True, order=True)
class SourceRef:
    """A column of a source table: ``database.schema.table`` and the column's declared name."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True)
class Unresolved:
    """A column name that stands for nothing; ``table`` is the source table it was looked for in."""

    node: exp.Column
    table: str | None


Source = exp.Table | Scope


class Resolver:
    """The columns of one statement, each traced to the source columns it stands for."""

    def __init__(self, tree: exp.Query) -> None:
        self._tree = tree
        self._scopes: list[Scope] = list(traverse_scope(tree))
        self._by_expression = {id(scope.expression): scope for scope in self._scopes}
        self._outputs: dict[tuple[int, str], frozenset[SourceRef]] = {}

    def tables(self) -> Iterator[exp.Table]:
        """Every mention of a source table; a table that is not declared is one too."""
        for scope in self._scopes:
            for _, source in scope.selected_sources.values():
                if isinstance(source, exp.Table):
                    yield source

    def output(self, name: str) -> frozenset[SourceRef]:
        """The source columns that an output column of the statement is computed from."""
        return self._output(self._by_expression[id(self._tree)], name.lower())

    def used(self) -> frozenset[SourceRef]:
        """Every source column that the statement names anywhere."""
        return frozenset(
            ref
            for scope in self._scopes
            for column in find_all_in_scope(scope.expression, exp.Column)
            for ref in self._direct(column, scope)
        )

    def filters(self) -> frozenset[SourceRef]:
        """The source columns that WHERE, HAVING and ON are computed from: they choose the rows."""
        return frozenset(
            ref
            for scope in self._scopes
            for part in self._filter_parts(scope.expression)
            for ref in self._of_expression(part, scope)
        )

    def unresolved(self) -> Iterator[Unresolved]:
        """The column names that stand for no declared column, CTE column or output name.

        A column of a table that is not declared counts as resolved: the table is the finding.
        """
        for scope in self._scopes:
            for column in find_all_in_scope(scope.expression, exp.Column):
                if isinstance(column.this, exp.Star) or _is_output_alias(column):
                    continue
                source = self._source(column, scope)
                if source is None:
                    yield Unresolved(column, None)
                elif isinstance(source, exp.Table):
                    declared = declared_table(source)
                    if declared is not None and _column_of(declared, column.name) is None:
                        yield Unresolved(column, declared.full_name)
                elif column.name.lower() not in _output_names(source):
                    yield Unresolved(column, None)

    def _output(self, scope: Scope, name: str) -> frozenset[SourceRef]:
        key = (id(scope), name)
        if key not in self._outputs:
            self._outputs[key] = frozenset(self._traced(scope, name))
        return self._outputs[key]

    def _traced(self, scope: Scope, name: str) -> Iterator[SourceRef]:
        names = _output_names(scope)
        if name not in names:
            return
        for branch in _branches(scope.expression):
            inner = self._by_expression.get(id(branch))
            if inner is not None and isinstance(branch, exp.Select):
                yield from self._of_expression(branch.expressions[names.index(name)], inner)

    def _of_expression(self, part: exp.Expr, scope: Scope) -> Iterator[SourceRef]:
        """What an expression of a scope is computed from, through the scopes it reads."""
        for column in find_all_in_scope(part, exp.Column):
            source = self._source(column, scope)
            if isinstance(source, Scope):
                yield from self._output(source, column.name.lower())
            else:
                yield from self._direct(column, scope)
        for query in find_all_in_scope(part, exp.Query):
            inner = self._by_expression.get(id(query.unnest()))
            if inner is not None and inner is not scope:
                yield from self._of_all_outputs(inner)

    def _of_all_outputs(self, scope: Scope) -> Iterator[SourceRef]:
        """What a sub-query inside an expression is computed from; its columns may have no name."""
        for branch in _branches(scope.expression):
            inner = self._by_expression.get(id(branch))
            if inner is not None and isinstance(branch, exp.Select):
                for projection in branch.expressions:
                    yield from self._of_expression(projection, inner)

    def _direct(self, column: exp.Column, scope: Scope) -> Iterator[SourceRef]:
        source = self._source(column, scope)
        if not isinstance(source, exp.Table):
            return
        declared = declared_table(source)
        if declared is None:
            yield SourceRef(full_name(source), column.name)
            return
        name = _column_of(declared, column.name)
        if name is not None:
            yield SourceRef(declared.full_name, name)

    def _source(self, column: exp.Column, scope: Scope | None) -> Source | None:
        """The table or inner scope a column belongs to, looked for outwards (correlation)."""
        while scope is not None:
            sources = {name.lower(): source for name, (_, source) in scope.selected_sources.items()}
            if column.table:
                if column.table.lower() in sources:
                    return sources[column.table.lower()]
            else:
                having = [s for s in sources.values() if _has(s, column.name)]
                unknown = [s for s in sources.values() if _is_unknown(s)]
                if having or unknown:
                    return (having or unknown)[0]
                if len(sources) == 1 and scope.parent is None:
                    return next(iter(sources.values()))
            scope = scope.parent
        return None

    def _filter_parts(self, query: exp.Expr) -> Iterator[exp.Expr]:
        if isinstance(query, exp.Select):
            for key in ("where", "having"):
                if query.args.get(key) is not None:
                    yield query.args[key]
            for join in query.args.get("joins") or ():
                if join.args.get("on") is not None:
                    yield join.args["on"]


def full_name(table: exp.Table) -> str:
    """``database.schema.table`` of a mention, unquoted, as it is written."""
    return ".".join(part for part in (table.catalog, table.db, table.name) if part)


def declared_table(table: exp.Table) -> SourceTable | None:
    """The declared table that is mentioned; None where none is."""
    return _DECLARED.get(full_name(table).lower())


def _column_of(table: SourceTable, name: str) -> str | None:
    for column in table.columns:
        if column.name.lower() == name.lower():
            return column.name
    return None


def _is_unknown(source: Source) -> bool:
    return isinstance(source, exp.Table) and declared_table(source) is None


def _has(source: Source, name: str) -> bool:
    if isinstance(source, Scope):
        return name.lower() in _output_names(source)
    declared = declared_table(source)
    return declared is not None and _column_of(declared, name) is not None


def _output_names(scope: Scope) -> list[str]:
    """The names of a scope's columns, in order; a union has those of its first SELECT."""
    if scope.outer_columns:
        return [str(name).lower() for name in scope.outer_columns]
    first = next(_branches(scope.expression))
    projections = first.expressions if isinstance(first, exp.Select) else []
    return [str(projection.alias_or_name).lower() for projection in projections]


def _branches(query: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(query, exp.SetOperation):
        yield from _branches(query.this)
        yield from _branches(query.expression)
    elif isinstance(query, exp.Subquery):
        yield from _branches(query.this)
    else:
        yield query


def _is_output_alias(column: exp.Column) -> bool:
    """Whether a name in the statement's own ORDER BY stands for an output column."""
    order = column.find_ancestor(exp.Order)
    if column.table or order is None or not isinstance(order.parent, exp.Query):
        return False
    names = [str(name).lower() for name in order.parent.named_selects]
    return column.name.lower() in names
