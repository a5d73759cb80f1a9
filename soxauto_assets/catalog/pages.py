"""The page of a report for people, written from its declaration alone.

``soxauto docs`` writes one Markdown file a report; CI compares them with the catalogue, so a
page cannot say something else than the code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from soxauto_assets.catalog.model import (
    Boolean,
    CatalogEntry,
    CheckKind,
    Column,
    ColumnType,
    Control,
    Date,
    Integer,
    Numeric,
    Parameter,
    Text,
)

_PARAMETER_MEANING = {
    Parameter.PERIOD_START: "first day of the month, 00:00",
    Parameter.CUTOFF_DATE: "last day of the month, a date",
    Parameter.NEXT_PERIOD_START: "first day of the next month, 00:00: the exclusive bound N",
    Parameter.YEAR_START: "1 January of the month's year, 00:00",
    Parameter.OPENING_DATE: "31 December of the year before",
    Parameter.YEAR: "the month's year",
    Parameter.MONTH: "the month's number, 1 to 12",
    Parameter.COMPANIES: "the codes of the roster (decision D3)",
    Parameter.COUNTRIES: "the countries of the roster (decision D3)",
    Parameter.CURRENCIES: "the currencies of the roster, and USD",
    Parameter.ROSTER: "the roster as a table: company, country, currency (decision D3)",
    Parameter.ACCOUNTS: "the group accounts of the report (decision D4)",
}

CHECK_MEANING = {
    CheckKind.TRANSFER: "count and totals of the very rows selected, against the extract",
    CheckKind.WITHOUT_JOINS: "count and totals without the joins that must not multiply rows",
    CheckKind.DRIVING_TABLE: "count and totals of the driving table by predicates of its own",
    CheckKind.PRIMARY_KEY: "no two rows of the extract share a key",
    CheckKind.CONTRACT: "every value fits the declared columns",
    CheckKind.CUT_OFF: "no row lies at or after the end of the month",
    CheckKind.WITNESSES: "the last row inside the month is in the extract, the first after is not",
    CheckKind.BASELINE: "query, controls, schema, sources and parameters are as approved",
    CheckKind.ROSTER: "consolidated companies and roster agree (decision D3)",
}


def type_text(column_type: ColumnType) -> str:
    """A column type in the words of the pages and packages, for example ``DECIMAL(38, 20)``."""
    match column_type:
        case Text(None):
            return "text"
        case Text(length):
            return f"text({length})"
        case Integer(bits):
            return f"int{bits}"
        case Numeric(precision, scale):
            return f"DECIMAL({precision}, {scale})"
        case Date():
            return "date"
        case Boolean():
            return "boolean"
    return "timestamp"


def page(entry: CatalogEntry) -> str:
    """The whole page of a report as Markdown."""
    report = entry.report
    lines = [
        "<!-- Written by `soxauto docs` from the catalogue; change the catalogue, not this. -->",
        f"# {report.id.upper()}: {report.title}",
        "",
        report.purpose,
        "",
        f"- **Control**: {report.control}",
        f"- **Group accounts**: {', '.join(report.group_accounts) or 'none'}",
        f"- **Owner**: {report.owner}",
        f"- **Primary key**: {_codes(report.primary_key)}",
        f"- **Controlled amounts**: {_codes(report.amounts) or 'none'}",
        f"- **Event date**: {_codes((report.event_date,) if report.event_date else ()) or 'none'}",
        "",
        *(f"> {note}\n" for note in report.notes),
        "## Sources",
        "",
        *(f"- `{source}`" for source in report.sources),
        "",
        "## Parameters",
        "",
        *(f"- `@{p.value}`: {_PARAMETER_MEANING[p]}" for p in report.parameters),
        "",
        "## Filters and rules, as the query states them",
        "",
        "| why | SQL |",
        "|---|---|",
        *(f"| {_cell(why)} | `{_cell(sql)}` |" for why, sql in commented_sql(entry.query)),
        "",
        "## Columns",
        "",
        "| column | type | empty allowed | source | shows | meaning |",
        "|---|---|---|---|---|---|",
        *(_column_row(column) for column in entry.columns),
        "",
        "## Checks",
        "",
        "| check | what it proves |",
        "|---|---|",
        *(_check_row(kind, report.not_applicable.get(kind)) for kind in CheckKind),
        "",
        "## Controls at the source",
        "",
        "| control | kind | what it asks |",
        "|---|---|---|",
        *(_control_row(control) for control in entry.controls),
        "",
        "## Query",
        "",
        "```sql",
        entry.query.rstrip(),
        "```",
        "",
    ]
    return "\n".join(lines)


def commented_sql(sql: str) -> Iterator[tuple[str, str]]:
    """Pairs of a comment block and the line of SQL that it stands above."""
    comment: list[str] = []
    for line in sql.splitlines():
        text = line.strip()
        if text.startswith("--"):
            comment.append(text.lstrip("-").strip())
        elif text and comment:
            yield " ".join(comment), text
            comment = []


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("`", "'")


def _column_row(column: Column) -> str:
    meaning = column.description
    if column.allowed:
        meaning += f" One of: {', '.join(column.allowed)}."
    if column.empty_means is not None:
        meaning += f" Empty text means: {column.empty_means}."
    if column.personal:
        meaning += " Personal data: masked in samples, previews and logs."
    return (
        f"| `{column.name}` | {type_text(column.type)} | {'yes' if column.nullable else 'no'} "
        f"| {_cell(column.source)} | state at {column.as_of.value} | {_cell(meaning)} |"
    )


def _check_row(kind: CheckKind, reason: str | None) -> str:
    meaning = CHECK_MEANING[kind] if reason is None else f"not applicable: {reason}"
    return f"| `{kind.value}` | {_cell(meaning)} |"


def _control_row(control: Control) -> str:
    return f"| `{control.name}` | {control.kind.value} | {_cell(control.title)} |"
