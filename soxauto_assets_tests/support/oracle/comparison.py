"""An extract against the oracle: same keys, same whole rows, whatever the order.

Here: running the catalogue's query and telling differences so that a person can read them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.catalog.parameters import values_for
from soxauto_assets.period import Period
from soxauto_assets.warehouse.binding import markers
from soxauto_assets.warehouse.protocol import Purpose, Statement, Warehouse

Row = dict[str, Any]
_SHOWN = 12


def extract(entry: CatalogEntry, warehouse: Warehouse, period: Period) -> list[Row]:
    """The rows of the report's own query, as the product streams them."""
    report = entry.report
    values = values_for(report, period)
    named = {name: values[name] for name in markers(entry.query)}
    statement = Statement(f"{report.id}/query", entry.query, named)
    purpose = Purpose(report.id, str(period), "comparison with the oracle")
    with warehouse.open(purpose) as session:
        return [
            row
            for batch in session.stream(statement, entry.columns, batch_rows=10_000)
            for row in batch.to_pylist()
        ]


def differences(entry: CatalogEntry, expected: Sequence[Row], found: Sequence[Row]) -> list[str]:
    """One line a difference, naming key and column; empty where the extract is right."""
    declared = [column.name for column in entry.columns]
    unknown = [name for name in declared if expected and name not in expected[0]]
    if unknown:
        return [f"the oracle does not compute {', '.join(unknown)}"]
    key_columns = entry.report.primary_key
    wanted, got = _by_key(expected, key_columns), _by_key(found, key_columns)
    lines = []
    for key in sorted(wanted.keys() | got.keys(), key=repr):
        ours, theirs = wanted.get(key, []), got.get(key, [])
        if len(ours) != len(theirs):
            lines.append(f"{key}: expected {len(ours)} rows, found {len(theirs)}")
        elif len(ours) == 1:
            lines.extend(
                f"{key} {name}: expected {ours[0][name]!r}, found {theirs[0][name]!r}"
                for name in declared
                if ours[0][name] != theirs[0][name]
            )
        elif _bag(ours, declared) != _bag(theirs, declared):
            lines.append(f"{key}: the {len(ours)} rows of this key differ")
    return lines


def report_differences(report_id: str, period: Period, lines: Sequence[str]) -> str:
    """What a failing test prints: the first differences, and how many there are."""
    shown = [f"{report_id} {period}: {len(lines)} differences", *lines[:_SHOWN]]
    return "\n  ".join([*shown, "..."] if len(lines) > _SHOWN else shown)


def entry_of(report_id: str) -> CatalogEntry:
    """The report as the catalogue declares it."""
    return load_entry(report_id)


def _by_key(rows: Sequence[Row], columns: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    grouped: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        grouped[tuple(row[column] for column in columns)].append(row)
    return grouped


def _bag(rows: Sequence[Row], columns: Sequence[str]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row[column] for column in columns) for row in rows)
