"""Rules that hold a statement against what its report declares.

Here: the final SELECT of a query and of each kind of control, the CASTs of amounts, parameters.
Not here: source tables and columns (``warehouse/contract.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sqlglot import exp

from soxauto_assets.catalog.model import ControlKind, Numeric, Parameter
from soxauto_assets.warehouse.binding import BindingError, markers
from soxauto_assets.warehouse.lint.subject import Issue, Subject, line_of_node

_LAST_CTE = "report"


def final_select(subject: Subject) -> Iterator[Issue]:
    """A query ends with SELECT <declared columns> FROM report ORDER BY <primary key> (D26)."""
    if subject.control is not None:
        return
    tree, entry = subject.tree, subject.entry
    declared = [column.name for column in entry.columns]
    if not isinstance(tree, exp.Select) or _last_cte(tree) is None or not _reads_report(tree):
        yield Issue(
            line_of_node(tree),
            "final-select",
            "The last CTE must be named report, and the final SELECT must read nothing else.",
        )
        return
    found = [column.alias_or_name for column in tree.expressions]
    if found != declared or not all(_is_plain(c) for c in tree.expressions):
        yield Issue(
            line_of_node(tree.expressions[0]) if tree.expressions else 1,
            "final-select",
            "The final SELECT must list the columns of schema.py, in their order, as they are"
            f"{_difference(found, declared)}.",
        )
    order = tree.args.get("order")
    ordered = [] if order is None else order.expressions
    keys = [o.this.name if _is_plain(o.this) and not o.args.get("desc") else "?" for o in ordered]
    if keys != list(entry.report.primary_key):
        yield Issue(
            line_of_node(order) if order is not None else len(subject.text.splitlines()),
            "final-order",
            f"The final ORDER BY must be the primary key: {', '.join(entry.report.primary_key)}.",
        )


def amounts_are_cast(subject: Subject) -> Iterator[Issue]:
    """Each Numeric output of a query is CAST to its declared DECIMAL, in ``report`` or before."""
    if subject.control is not None or not isinstance(subject.tree, exp.Select):
        return
    cte = _last_cte(subject.tree)
    if cte is None:
        return
    ctes = _ctes(subject.tree)
    declared = {c.name: c.type for c in subject.entry.columns if isinstance(c.type, Numeric)}
    names = [str(name) for name in cte.this.named_selects]
    for select in _branches(cte.this):
        for name, projection in zip(names, select.expressions, strict=False):
            wanted = declared.get(name)
            if wanted is not None and _casts(projection, select, ctes) != {wanted}:
                yield Issue(
                    line_of_node(projection),
                    "amount-cast",
                    f"{name} must be CAST to DECIMAL({wanted.precision}, {wanted.scale}).",
                )


def sums_are_cast(subject: Subject) -> Iterator[Issue]:
    """The sums of a totals control add what was CAST to a DECIMAL, never a bare source column."""
    if subject.control is None or subject.control.kind is not ControlKind.TOTALS:
        return
    ctes = _ctes(subject.tree)
    for select in _branches(subject.tree):
        for projection in select.expressions:
            if not projection.alias_or_name.startswith("sum_"):
                continue
            for total in projection.find_all(exp.Sum):
                if None in _casts(total.this, select, ctes):
                    yield Issue(
                        line_of_node(total),
                        "sum-cast",
                        f"{projection.alias_or_name} must be SUM(CAST(x AS DECIMAL(38, s))).",
                    )


def control_columns(subject: Subject) -> Iterator[Issue]:
    """What a control returns has the names that the checks read."""
    control, report = subject.control, subject.entry.report
    if control is None:
        return
    found = [str(name) for name in subject.tree.named_selects]
    line = line_of_node(subject.tree.selects[0]) if subject.tree.selects else 1
    if control.kind is ControlKind.TOTALS:
        allowed = {"row_count", "first_event", "last_event"}
        allowed |= {f"sum_{amount}" for amount in report.amounts}
        stray = [name for name in found if name not in allowed]
        if stray or "row_count" not in found:
            yield Issue(
                line,
                "control-columns",
                "A totals control returns row_count, sum_<amount> for declared amounts, "
                f"first_event, last_event; not {', '.join(stray) or 'a result without row_count'}.",
            )
        missing = [f"sum_{amount}" for amount in report.amounts if f"sum_{amount}" not in found]
        if control.name == "transfer" and missing:
            yield Issue(
                line, "control-columns", f"transfer must prove every amount: {', '.join(missing)}."
            )
    elif control.kind in (ControlKind.WITNESS_INSIDE, ControlKind.WITNESS_AFTER):
        if found != list(report.primary_key):
            yield Issue(
                line,
                "control-columns",
                f"A witness returns the primary key: {', '.join(report.primary_key)}.",
            )
    elif control.name == "roster" and found != ["company", "problem"]:
        yield Issue(line, "control-columns", "roster returns company, problem.")


def totals_are_one_row(subject: Subject) -> Iterator[Issue]:
    """A totals control with a final GROUP BY returns no row where there is nothing to count."""
    control = subject.control
    if control is None or control.kind is not ControlKind.TOTALS:
        return
    if subject.tree.args.get("group") is not None or not isinstance(subject.tree, exp.Select):
        yield Issue(
            1, "one-row", "A totals control returns exactly one row: no GROUP BY, no UNION."
        )


def parameters_are_declared(subject: Subject) -> Iterator[Issue]:
    """Every marker is a parameter of the catalogue that report.py declares."""
    known = {parameter.value for parameter in Parameter}
    declared = {parameter.value for parameter in subject.entry.report.parameters}
    try:
        named = markers(subject.text)
    except BindingError:
        return  # system-function says so
    for name in named:
        if name not in declared:
            what = "report.py does not declare it" if name in known else "no such parameter exists"
            line = subject.text[: subject.text.index(f"@{name}")].count("\n") + 1
            yield Issue(line, "parameter", f"@{name}: {what}.")


def _last_cte(tree: exp.Select) -> exp.CTE | None:
    ctes = tree.ctes
    return ctes[-1] if ctes and ctes[-1].alias.lower() == _LAST_CTE else None


def _reads_report(tree: exp.Select) -> bool:
    source = tree.args.get("from_")
    return (
        source is not None
        and isinstance(source.this, exp.Table)
        and source.this.name.lower() == _LAST_CTE
        and not any(tree.args.get(part) for part in ("joins", "where", "group", "having", "limit"))
    )


def _branches(query: exp.Expr) -> Iterator[exp.Select]:
    """The SELECTs that a query unites: itself, or both sides of each UNION."""
    if isinstance(query, exp.Subquery):
        yield from _branches(query.this)
    elif isinstance(query, exp.SetOperation):
        yield from _branches(query.this)
        yield from _branches(query.expression)
    elif isinstance(query, exp.Select):
        yield query


def _is_plain(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and not isinstance(node.this, exp.Star)


def _cast_of(node: exp.Expr) -> Numeric | None:
    """The DECIMAL that the outermost CAST of an expression names."""
    node = node.unnest()
    if not isinstance(node, exp.Cast) or node.to.this is not exp.DataType.Type.DECIMAL:
        return None
    sizes = [int(size.name) for size in node.to.expressions]
    return Numeric(*sizes) if len(sizes) == 2 else None


def _ctes(tree: exp.Query) -> dict[str, exp.Expr]:
    return {cte.alias.lower(): cte.this for cte in tree.ctes}


def _casts(node: exp.Expr, select: exp.Select, ctes: Mapping[str, exp.Expr]) -> set[Numeric | None]:
    """The DECIMALs that an expression is CAST to: its own, or those of the CTE column it names.

    A UNION may give several. None stands for "no CAST found". SUM, MIN, MAX and COALESCE of such
    a column keep its scale on both engines.
    """
    node = node.unalias().unnest()
    while isinstance(node, exp.Sum | exp.Min | exp.Max | exp.Coalesce | exp.Window):
        node = node.this.unnest()
    if not isinstance(node, exp.Column):
        return {_cast_of(node)}
    source = _source_of(node, select, ctes)
    if source is None or node.name not in source.named_selects:
        return {None}
    place = source.named_selects.index(node.name)
    return {
        cast
        for branch in _branches(source)
        for cast in _casts(branch.expressions[place], branch, ctes)
    }


def _source_of(
    column: exp.Column, select: exp.Select, ctes: Mapping[str, exp.Expr]
) -> exp.Query | None:
    """The CTE that a column of a SELECT comes from; None where it is no CTE."""
    origin = select.args.get("from_")
    tables = [origin.this] if origin is not None else []
    tables += [join.this for join in select.args.get("joins") or ()]
    for table in tables:
        if isinstance(table, exp.Table) and not table.db:
            name = table.alias_or_name
            if column.table.lower() == name.lower() or (not column.table and len(tables) == 1):
                found = ctes.get(table.name.lower())
                return found if isinstance(found, exp.Query) else None
    return None


def _difference(found: list[str], declared: list[str]) -> str:
    missing = [name for name in declared if name not in found]
    stray = [name for name in found if name not in declared]
    parts = [f"missing {', '.join(missing)}"] if missing else []
    parts += [f"not declared {', '.join(stray)}"] if stray else []
    return f" ({'; '.join(parts)})" if parts else ""


RULES: tuple[Callable[[Subject], Iterator[Issue]], ...] = (
    final_select,
    amounts_are_cast,
    sums_are_cast,
    control_columns,
    totals_are_one_row,
    parameters_are_declared,
)
