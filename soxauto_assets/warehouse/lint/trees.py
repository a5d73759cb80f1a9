"""Rules that the syntax tree of a statement decides.

Here: one function a rule. Not here: words (``tokens.py``), what the report declares
(``shapes.py``), comments (``reasons.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from soxauto_assets.catalog.model import Text
from soxauto_assets.catalog.sources import TABLES
from soxauto_assets.warehouse.lint.subject import Issue, Subject, line_of_node

_TEXT_NODES = (
    exp.National,
    exp.Concat,
    exp.Upper,
    exp.Lower,
    exp.Trim,
    exp.Left,
    exp.Right,
    exp.Substring,
    exp.Replace,
)


def stars(subject: Subject) -> Iterator[Issue]:
    """``SELECT *`` and ``alias.*``: a column added at the source would change the report."""
    for star in subject.tree.find_all(exp.Star):
        if not isinstance(star.parent, exp.Count):
            yield Issue(line_of_node(star), "star", "SELECT *; name the columns.")


def three_part_names(subject: Subject) -> Iterator[Issue]:
    """Every source table is named with database and schema."""
    ctes = {cte.alias.lower() for cte in subject.tree.find_all(exp.CTE)}
    for table in subject.tree.find_all(exp.Table):
        full = table.catalog and table.db
        is_cte = not table.db and not table.catalog and table.name.lower() in ctes
        if not full and not is_cte and isinstance(table.this, exp.Identifier):
            yield Issue(
                line_of_node(table),
                "three-part-name",
                f"{table.name} is named without database and schema.",
            )


def derived_tables(subject: Subject) -> Iterator[Issue]:
    """WITH or ORDER BY inside a derived table or CTE: SQL Server refuses both (error 1033)."""
    for select in subject.tree.find_all(exp.Query):
        if not isinstance(select.parent, exp.Subquery | exp.CTE | exp.In | exp.Exists):
            continue
        if select.args.get("with_") is not None:
            yield Issue(line_of_node(select), "nested-with", "WITH inside a derived table or CTE.")
        if select.args.get("order") is not None and select.args.get("limit") is None:
            yield Issue(
                line_of_node(select.args["order"]),
                "nested-order",
                "ORDER BY inside a derived table or CTE.",
            )


def limits(subject: Subject) -> Iterator[Issue]:
    """TOP without ORDER BY takes any rows."""
    for limit in subject.tree.find_all(exp.Limit, exp.Fetch):
        if limit.parent is not None and limit.parent.args.get("order") is None:
            yield Issue(line_of_node(limit), "top", "TOP without ORDER BY takes any rows.")


def text_lists(subject: Subject) -> Iterator[Issue]:
    """STRING_AGG without WITHIN GROUP lists in any order."""
    for node in subject.tree.find_all(exp.GroupConcat):
        if node.find(exp.Order) is None:
            yield Issue(
                line_of_node(node),
                "text-list",
                "STRING_AGG without WITHIN GROUP (ORDER BY ...) lists in any order.",
            )


def plus_on_text(subject: Subject) -> Iterator[Issue]:
    """``+`` joins strings on SQL Server only, and makes null of a null; CONCAT does neither."""
    text_columns = _text_columns(subject)
    for node in subject.tree.find_all(exp.Add):
        for side in (node.this, node.expression):
            if _is_text(side.unnest(), text_columns):
                yield Issue(line_of_node(node), "plus-on-text", "+ on strings; use CONCAT.")
                break


def divisions(subject: Subject) -> Iterator[Issue]:
    """A division is whole, decimal or floating point by the types; here they are written down."""
    for node in subject.tree.find_all(exp.Div):
        sides = (node.this.unnest(), node.expression.unnest())
        outer = node.parent
        while isinstance(outer, exp.Paren):
            outer = outer.parent
        if not all(_is_decimal_cast(part) for part in (*sides, outer)):
            yield Issue(
                line_of_node(node),
                "division",
                "A division without types; write "
                "CAST(CAST(a AS DECIMAL(p, s)) / CAST(b AS DECIMAL(p, s)) AS DECIMAL(p, s)).",
            )


def untyped_nulls(subject: Subject) -> Iterator[Issue]:
    """``NULL AS x`` has another type on each engine."""
    for select in subject.tree.find_all(exp.Select):
        for projection in select.expressions:
            if isinstance(projection.unalias(), exp.Null):
                yield Issue(
                    line_of_node(projection),
                    "untyped-null",
                    "NULL without a type; write CAST(NULL AS NVARCHAR(10)).",
                )


def _is_decimal_cast(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Cast) and node.to.this is exp.DataType.Type.DECIMAL


def _is_text(node: exp.Expr, text_columns: frozenset[str]) -> bool:
    if isinstance(node, exp.Literal):
        return bool(node.is_string)
    if isinstance(node, exp.Cast):
        return node.to.this in exp.DataType.TEXT_TYPES
    if isinstance(node, exp.Column):
        return node.name.lower() in text_columns
    return isinstance(node, _TEXT_NODES)


def _text_columns(subject: Subject) -> frozenset[str]:
    """Names that are text in every declared table that the statement reads and that has them."""
    named = {
        f"{t.catalog}.{t.db}.{t.name}".lower() for t in subject.tree.find_all(exp.Table) if t.db
    }
    text: set[str] = set()
    other: set[str] = set()
    for table in TABLES:
        if table.full_name.lower() in named:
            for column in table.columns:
                (text if isinstance(column.type, Text) else other).add(column.name.lower())
    return frozenset(text - other)


RULES: tuple[Callable[[Subject], Iterator[Issue]], ...] = (
    stars,
    three_part_names,
    derived_tables,
    limits,
    text_lists,
    plus_on_text,
    divisions,
    untyped_nulls,
)
