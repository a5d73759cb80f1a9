"""Which checks a report answers for, by name and title, known before any row is read.

Here: names, titles and reasons; no data library is imported, for Dagster's definitions are made
from this. Not here: how a check is judged (``judge.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

from soxauto_assets.catalog.model import CatalogEntry, CheckKind, ControlKind

COMPANY_COLUMNS = ("id_company", "company_code")
"""The names under which a report gives the company of a row, the first one present wins."""

TITLES: dict[CheckKind, str] = {
    CheckKind.TRANSFER: "Every selected row arrived: count and totals at the source and here",
    CheckKind.WITHOUT_JOINS: "No join multiplies or loses rows: totals with the joins taken away",
    CheckKind.DRIVING_TABLE: "The main table, by its own predicates, gives the same totals",
    CheckKind.PRIMARY_KEY: "No two rows have the same primary key, and no part of it is null",
    CheckKind.CONTRACT: "There are rows, and all are as declared: types, nulls, lengths, values",
    CheckKind.CUT_OFF: "No row is dated after the cut-off, or not at all",
    CheckKind.WITNESSES: "A known row inside the period is there, a known row after it is not",
    CheckKind.ROSTER: "The companies are those of the roster, and all of them consolidated",
    CheckKind.BASELINE: "Query, controls, schema and sources are what was tested and approved",
}
CONTROL_NAMES: dict[CheckKind, str] = {
    CheckKind.TRANSFER: "transfer",
    CheckKind.WITHOUT_JOINS: "without_joins",
    CheckKind.DRIVING_TABLE: "driving_table",
    CheckKind.ROSTER: "roster",
}
"""The control of ``controls.sql`` that a check is judged by, where it is just one."""


@dataclass(frozen=True)
class PlannedCheck:
    """A check of a report. ``reason`` is set where it is declared not applicable.

    ``kind`` is None for the check that a control of kind MUST_BE_EMPTY is of its own.
    """

    name: str
    title: str
    kind: CheckKind | None
    reason: str | None = None


def planned_checks(entry: CatalogEntry) -> tuple[PlannedCheck, ...]:
    """Every check that the report answers for: all kinds, then its own controls, in order.

    The title of a check that one control decides is that control's title.
    """
    titles = {control.name: control.title for control in entry.controls}
    kinds = [
        PlannedCheck(
            kind.value,
            titles.get(CONTROL_NAMES.get(kind, ""), TITLES[kind]),
            kind,
            entry.report.not_applicable.get(kind),
        )
        for kind in CheckKind
    ]
    own = [
        PlannedCheck(control.name, control.title, None)
        for control in entry.controls
        if control.kind is ControlKind.MUST_BE_EMPTY and control.name not in CONTROL_NAMES.values()
    ]
    return (*kinds, *own)


def check_names(entry: CatalogEntry) -> tuple[tuple[str, str], ...]:
    """Name and title of each check that applies to the report; the others have a reason."""
    return tuple((check.name, check.title) for check in planned_checks(entry) if not check.reason)


def company_column(entry: CatalogEntry) -> str | None:
    """The column that holds the company of a row, None where rows have none (decision D3)."""
    names = {column.name for column in entry.columns}
    return next((name for name in COMPANY_COLUMNS if name in names), None)
