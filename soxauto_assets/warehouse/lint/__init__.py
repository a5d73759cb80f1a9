"""The SQL rules of the catalogue, over every query and control (design, section 3).

Two engines run one text; what means another thing on one of them, or hides a reason, is refused
before anything runs. ``python -m soxauto_assets.warehouse.lint`` prints the findings.

Here: what is linted, and where in its file a finding stands. Not here: the rules themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from soxauto_assets.catalog.loader import (
    CATALOG_FOLDER,
    BrokenReportError,
    load_entry,
    report_ids,
)
from soxauto_assets.catalog.model import CatalogEntry, Control
from soxauto_assets.errors import PermanentError
from soxauto_assets.warehouse.binding import markers
from soxauto_assets.warehouse.lint import reasons, shapes, sources, tokens, trees
from soxauto_assets.warehouse.lint.subject import Finding, Issue, Subject

__all__ = ["Finding", "Issue", "lint_catalog", "lint_entry", "lint_statement"]

RULES = (*tokens.RULES, *trees.RULES, *shapes.RULES, *sources.RULES, *reasons.RULES)


def lint_catalog(folder: Path | None = None) -> tuple[Finding, ...]:
    """The findings of all reports, by file and line; a folder that does not load is one too."""
    root = CATALOG_FOLDER if folder is None else folder
    findings: list[Finding] = []
    for report_id in report_ids(root):
        try:
            entry = load_entry(report_id, root)
        except BrokenReportError as error:
            findings.append(Finding(f"{report_id}/", 1, "broken", str(error)))
        else:
            findings += lint_entry(entry, root / report_id)
    return tuple(findings)


def lint_entry(entry: CatalogEntry, folder: Path) -> tuple[Finding, ...]:
    """The findings of one report; ``folder`` holds its files, whose lines are named."""
    findings = [
        Finding(str(folder / "query.sql"), issue.line, issue.rule, issue.message)
        for issue in lint_statement(entry, None)
    ]
    path = folder / "controls.sql"
    text = path.read_text(encoding="utf-8")
    for control in entry.controls:
        offset = _first_line(text, control) - 1
        findings += [
            Finding(str(path), offset + issue.line, issue.rule, f"{control.name}: {issue.message}")
            for issue in lint_statement(entry, control)
        ]
    findings += [
        Finding(str(folder / "report.py"), 1, "parameter", f"@{name} is declared, but never used.")
        for name in _unused_parameters(entry)
    ]
    return tuple(findings)


def lint_statement(entry: CatalogEntry, control: Control | None) -> tuple[Issue, ...]:
    """The issues of the entry's query (``control`` is None) or of one of its controls, by line."""
    if control is None:
        name, text = f"{entry.report.id}/query", entry.query
    else:
        name, text = f"{entry.report.id}/controls/{control.name}", control.sql
    try:
        subject = Subject.of(name, text, entry, control)
    except PermanentError as error:
        return (Issue(1, "one-select", error.problem),)
    return tuple(
        sorted(set(_issues(subject)), key=lambda issue: (issue.line, issue.rule, issue.message))
    )


def _issues(subject: Subject) -> Iterator[Issue]:
    for rule in RULES:
        yield from rule(subject)


def _unused_parameters(entry: CatalogEntry) -> list[str]:
    used: set[str] = set()
    for text in (entry.query, *(control.sql for control in entry.controls)):
        try:
            used.update(markers(text))
        except PermanentError:
            return []  # said already, of the statement
    return [p.value for p in entry.report.parameters if p.value not in used]


def _first_line(text: str, control: Control) -> int:
    header = re.search(rf"^-- name:[ \t]*{control.name}[ \t]*\r?$", text, re.MULTILINE)
    start = text.find(control.sql.split("\n", 1)[0].rstrip(), header.end() if header else 0)
    return text.count("\n", 0, max(start, 0)) + 1
