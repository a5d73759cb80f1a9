"""A report as it is declared, as plain values: what packages show and baselines record.

Not here: what is compared (``baseline.py``) and where it is written (``documents.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import CatalogEntry, Column, Timestamp
from soxauto_assets.evidence.values import type_text


def declaration(entry: CatalogEntry | None) -> dict[str, object]:
    """The report as declared; null where its folder is broken."""
    if entry is None:
        return {"report": None, "columns": []}
    report = entry.report
    return {
        "report": {
            "id": report.id,
            "title": report.title,
            "control": report.control,
            "purpose": report.purpose,
            "family": report.family,
            "group_accounts": list(report.group_accounts),
            "sources": list(report.sources),
            "parameters": [parameter.value for parameter in report.parameters],
            "primary_key": list(report.primary_key),
            "amounts": list(report.amounts),
            "owner": report.owner,
            "event_date": report.event_date,
            "balance": report.balance,
            "not_applicable": {kind.value: why for kind, why in report.not_applicable.items()},
            "allow_empty": report.allow_empty,
            "notes": list(report.notes),
        },
        "columns": [_column(column) for column in entry.columns],
    }


def _column(column: Column) -> dict[str, object]:
    return {
        "name": column.name,
        "type": type_text(column.type),
        "nullable": column.nullable,
        "description": column.description,
        "source": column.source,
        "as_of": column.as_of.value,
        "clock": column.type.clock if isinstance(column.type, Timestamp) else None,
        "personal": column.personal,
        "allowed": list(column.allowed),
        "minimum": column.minimum,
        "pattern": column.pattern,
        "empty_means": column.empty_means,
    }
