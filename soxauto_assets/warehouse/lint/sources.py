"""Rules that hold a statement against the declared source schema (the contract check).

``sqlglot.lineage`` does not see a missing table; here tables and columns are looked up one by
one. Not here: what the source really holds at run time (``warehouse/contract.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from soxauto_assets.warehouse.columns import Resolver, declared_table, full_name
from soxauto_assets.warehouse.lint.subject import Issue, Subject, line_of_node


def tables_are_declared(subject: Subject) -> Iterator[Issue]:
    """Every table that is read is declared in ``catalog/sources_*.py``."""
    for table in Resolver(subject.tree).tables():
        if table.db and declared_table(table) is None:
            yield Issue(
                line_of_node(table),
                "missing-table",
                f"{full_name(table)} is no declared source table.",
            )


def columns_are_declared(subject: Subject) -> Iterator[Issue]:
    """Every column name stands for a declared column or for one of a CTE."""
    for missing in Resolver(subject.tree).unresolved():
        column = missing.node
        if missing.table is not None:
            message = f"{missing.table} has no column {column.name}."
        elif column.table:
            message = f"{column.table} has no column {column.name}."
        else:
            message = f"No table that is read here has a column {column.name}."
        yield Issue(line_of_node(column), "missing-column", message)


def report_sources_are_the_tables_read(subject: Subject) -> Iterator[Issue]:
    """``REPORT.sources`` names exactly the tables that the query reads."""
    if subject.control is not None:
        return
    read = {full_name(table).lower() for table in Resolver(subject.tree).tables() if table.db}
    named = {source.lower() for source in subject.entry.report.sources}
    for table in sorted(read - named):
        yield Issue(1, "sources", f"report.py does not name {table}, which the query reads.")
    for table in sorted(named - read):
        yield Issue(1, "sources", f"report.py names {table}, which the query does not read.")


RULES: tuple[Callable[[Subject], Iterator[Issue]], ...] = (
    tables_are_declared,
    columns_are_declared,
    report_sources_are_the_tables_read,
)
