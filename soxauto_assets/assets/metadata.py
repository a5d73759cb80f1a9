"""What the Dagster UI shows of a report: at definition time, and of each attempt.

Here: catalogue and outcome turned into Dagster metadata; amounts as exact text. Not here: when
it is emitted (``factory.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import dagster as dg

from soxauto_assets.catalog.pages import CHECK_MEANING, type_text

if TYPE_CHECKING:
    from soxauto_assets.assets.outcome import Outcome
    from soxauto_assets.catalog.model import CatalogEntry
    from soxauto_assets.catalog.source_model import SourceTable
    from soxauto_assets.validation.results import CheckResult
    from soxauto_assets.warehouse.lineage import Lineage

_TABLE_KEY_CHARACTERS = str.maketrans({" ": "_", "/": "_", "$": "_", ".": "_", "[": "", "]": ""})


def source_key(full_name: str) -> dg.AssetKey:
    """The key of a warehouse table: database, schema, table, in the characters Dagster allows."""
    return dg.AssetKey([part.translate(_TABLE_KEY_CHARACTERS) for part in full_name.split(".", 2)])


def column_schema(entry: CatalogEntry) -> dg.TableSchema:
    """The declared columns as Dagster shows them."""
    columns = []
    for column in entry.columns:
        other = [f"state at {column.as_of.value}"]
        if column.personal:
            other.append("personal data: masked")
        if column.name in entry.report.primary_key:
            other.append("primary key")
        columns.append(
            dg.TableColumn(
                column.name,
                type=type_text(column.type),
                description=f"{column.description} (source: {column.source})",
                constraints=dg.TableColumnConstraints(nullable=column.nullable, other=other),
            )
        )
    return dg.TableSchema(columns=columns)


def source_schema(source: SourceTable) -> dg.TableSchema:
    """The declared columns of a source table as Dagster shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                type=type_text(column.type),
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable,
                    other=["key that the product relies on"] if column.name in source.key else [],
                ),
            )
            for column in source.columns
        ]
    )


def definition_metadata(entry: CatalogEntry, stage: str) -> dict[str, Any]:
    """Metadata of one of a report's assets before any attempt.

    A package is no table: ``evidence`` has no columns. Only ``validated`` is read under a name.
    """
    report = entry.report
    facts: dict[str, Any] = {}
    if stage != "evidence":
        facts["dagster/column_schema"] = column_schema(entry)
    if stage == "validated":
        facts["dagster/table_name"] = report.id
    return facts | {
        "control": report.control,
        "group accounts": ", ".join(report.group_accounts) or "none",
        "primary key": ", ".join(report.primary_key),
        "controlled amounts": ", ".join(report.amounts) or "none",
        "checks that do not apply": dg.MetadataValue.md(
            "\n".join(
                f"- **{kind.value}** ({CHECK_MEANING[kind]}): {reason}"
                for kind, reason in report.not_applicable.items()
            )
            or "all checks apply"
        ),
    }


def location(url: str) -> dg.UrlMetadataValue | dg.PathMetadataValue:
    """Where something is stored: a link, or a path to copy, since browsers open no file link."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return dg.MetadataValue.path(unquote(parts.path))
    return dg.MetadataValue.url(url)


def outcome_metadata(outcome: Outcome) -> dict[str, Any]:
    """What every asset, observation and failure of an attempt carries."""
    address = outcome.address
    facts: dict[str, Any] = {
        "verdict": "PASS" if outcome.passed else "FAIL",
        "period": str(address.period),
        "attempt": address.attempt,
        **({} if outcome.page_url is None else {"page": dg.MetadataValue.url(outcome.page_url)}),
        "package": location(outcome.package.url),
        "package manifest SHA-256": outcome.package.manifest.sha256,
        "checks passed": f"{outcome.passed_checks} of {len(outcome.applicable)}",
    }
    if outcome.cause is not None:
        facts["cause"] = outcome.cause
    if outcome.rows is not None:
        facts["dagster/partition_row_count"] = outcome.rows
    for name, total in outcome.totals.items():
        facts[f"total {name}"] = f"{total:f}"
    if outcome.spooled is not None:
        facts["content digest"] = outcome.spooled.content_digest
    # Last, for it is long and shown in full.
    facts["checks"] = checks_table(outcome.checks)
    return facts


def extract_metadata(outcome: Outcome, lineage: Lineage | None) -> dict[str, Any]:
    """What the extract carries besides: query hash, columns, their lineage, a preview."""
    facts = outcome_metadata(outcome)
    if outcome.entry is None:
        return facts
    facts["query SHA-256"] = hashlib.sha256(outcome.entry.query.encode()).hexdigest()
    facts["dagster/column_schema"] = column_schema(outcome.entry)
    if outcome.preview:
        facts["preview"] = dg.MetadataValue.md(preview_table(outcome))
    if lineage is not None:
        facts["dagster/column_lineage"] = dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(source_key(table), name) for table, name in sources]
                for column, sources in lineage.columns.items()
            }
        )
        facts["lineage"] = dg.MetadataValue.md(lineage_table(lineage))
    return facts


def lineage_table(lineage: Lineage) -> str:
    """Column lineage as a Markdown table: the open-source UI shows the other form nowhere."""
    lines = ["| column | source columns |", "|---|---|"]
    for column, sources in lineage.columns.items():
        names = ", ".join(f"`{table}.{name}`" for table, name in sources)
        lines.append(f"| `{column}` | {names or 'a constant or a parameter'} |")
    return "\n".join(lines)


def checks_table(checks: tuple[CheckResult, ...]) -> dg.TableMetadataValue:
    """All checks with expected, found and verdict, the not applicable ones with their reason.

    The cause stands behind what was found: one more column would not fit the page.
    """
    names = ("check", "verdict", "expected", "found, and the cause")
    rows = (
        (
            check.name,
            check.verdict.value,
            check.expected,
            check.found if check.cause is None else f"{check.found}. {check.cause}",
        )
        for check in checks
    )
    return dg.MetadataValue.table(
        [dg.TableRecord(dict(zip(names, row, strict=True))) for row in rows],
        # Named, for an attempt that did not reach its checks has none to tell the columns from.
        schema=dg.TableSchema(columns=[dg.TableColumn(name) for name in names]),
    )


def preview_table(outcome: Outcome) -> str:
    """The first rows of the extract as a Markdown table, without the personal columns."""
    if outcome.entry is None or not outcome.preview:
        return "no rows"
    table = _markdown(list(outcome.preview[0]), outcome.preview)
    hidden = sum(column.personal for column in outcome.entry.columns)
    return f"{table}\n\nColumns with personal data, not shown: {hidden}." if hidden else table


def check_metadata(check: CheckResult, outcome: Outcome) -> Mapping[str, Any]:
    """What a check result carries; the period and the run, since the UI shows no partition."""
    facts: dict[str, Any] = {
        "period": str(outcome.address.period),
        "attempt": outcome.address.attempt,
        "expected": check.expected,
        "found": check.found,
    }
    if check.cause is not None:
        facts["cause"] = check.cause
    if check.failing_rows is not None:
        facts["findings"] = check.failing_rows
    if check.sample:
        table = _markdown(list(check.sample[0]), check.sample)
        facts["sample, masked"] = dg.MetadataValue.md(table)
    return facts


def _markdown(names: Sequence[str], rows: Sequence[Mapping[str, str | None]]) -> str:
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    for row in rows:
        lines.append("| " + " | ".join(_cell(row.get(name) or "") for name in names) + " |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("\r", " ")
