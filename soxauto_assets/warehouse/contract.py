"""Whether what queries and controls name exists: as declared, and at the source of a run.

Here: the static comparison with ``catalog/sources``, and the comparison of declared types with
those of the source at hand. Not here: values that do not fit (``arrow.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from soxauto_assets.catalog.model import (
    Boolean,
    CatalogEntry,
    ColumnType,
    Date,
    Integer,
    Numeric,
    Text,
    Timestamp,
)
from soxauto_assets.catalog.source_model import SourceTable
from soxauto_assets.catalog.sources import table
from soxauto_assets.warehouse.columns import Resolver, SourceRef
from soxauto_assets.warehouse.lint import lint_statement
from soxauto_assets.warehouse.protocol import Session, SourceError, SourceTypeError
from soxauto_assets.warehouse.rendering import parse

_RULES = frozenset({"missing-table", "missing-column", "sources"})

_TYPE = re.compile(r"(?P<name>[a-z_0-9]+(?: with(?:out)? time zone)?)(?:\((?P<sizes>[^)]*)\))?")
_TEXTS = frozenset({"varchar", "nvarchar", "char", "nchar", "text", "ntext"})
_WHOLE_BITS = {
    "tinyint": 8,
    "utinyint": 8,
    "smallint": 16,
    "int": 32,
    "integer": 32,
    "bigint": 64,
}
_STAMPS = frozenset({"datetime", "datetime2", "smalldatetime", "timestamp"})


def check_contract(entry: CatalogEntry) -> tuple[str, ...]:
    """What query and controls name and the source schema does not declare, a sentence each."""
    return tuple(
        f"{name}, line {issue.line}: {issue.message}"
        for name, control in (
            ("query", None),
            *((f"control {control.name}", control) for control in entry.controls),
        )
        for issue in lint_statement(entry, control)
        if issue.rule in _RULES
    )


def columns_read(entry: CatalogEntry) -> tuple[SourceRef, ...]:
    """Every declared source column that the query or a control names, sorted."""
    return _columns_read(
        entry.report.id, (entry.query, *(control.sql for control in entry.controls))
    )


@lru_cache(maxsize=64)
def _columns_read(report_id: str, texts: tuple[str, ...]) -> tuple[SourceRef, ...]:
    refs: set[SourceRef] = set()
    for text in texts:
        refs |= Resolver(parse(report_id, text)).used()
    return tuple(sorted(refs))


def check_source_types(session: Session, entry: CatalogEntry) -> None:
    """Compare the type of every source column that the report reads with the declared one.

    A column of another type that still casts (text that holds digits) would go unnoticed in the
    stream, and compare otherwise in the filters. Asks the source's own catalogue, one question a
    table, so it costs milliseconds.

    Raises SourceError for a missing table or column, SourceTypeError for a type that is not the
    declared one; the text names all of them.
    """
    missing: list[str] = []
    different: list[str] = []
    for full_name, columns in _by_table(columns_read(entry)):
        lacking, otherwise = compare_table(session, table(full_name), columns)
        missing += lacking
        different += otherwise
    if missing:
        raise SourceError(
            f"{entry.report.id}: the source lacks {', '.join(missing)}.",
            remedy="Create it or grant access to it, or correct the query and the declared "
            "source schema in soxauto_assets/catalog/sources_*.py.",
        )
    if different:
        raise SourceTypeError(
            f"{entry.report.id}: source columns are of another type: {'; '.join(different)}.",
            remedy="Find out why the source changed; then correct the source, or the declared "
            "source schema in soxauto_assets/catalog/sources_*.py and the queries that read it.",
        )


def compare_table(
    session: Session, declared: SourceTable, columns: Sequence[str]
) -> tuple[list[str], list[str]]:
    """What the source lacks of ``columns`` of a declared table, and what has another type there.

    Each entry names the column with the table, or the table where that is missing.
    """
    full_name = declared.full_name
    found = {name.lower(): kind for name, kind in session.describe(full_name)}
    if not found:
        return [f"table {full_name}"], []
    types = {column.name: column.type for column in declared.columns}
    missing, different = [], []
    for column in columns:
        actual = found.get(column.lower())
        if actual is None:
            missing.append(f"column {full_name}.{column}")
        elif not _fits(actual, types[column]):
            different.append(f"{full_name}.{column} is {actual}, declared {types[column]!r}")
    return missing, different


def _by_table(refs: tuple[SourceRef, ...]) -> Iterator[tuple[str, list[str]]]:
    tables: dict[str, list[str]] = {}
    for ref in refs:
        tables.setdefault(ref.table, []).append(ref.column)
    yield from tables.items()


def _fits(actual: str, declared: ColumnType) -> bool:
    """Whether a source's type can be read as the declared one, every value of it."""
    match = _TYPE.fullmatch(actual.strip().lower())
    if match is None:
        return False
    name, sizes = match["name"], match["sizes"]
    match declared:
        case Text():
            return name in _TEXTS
        case Integer(bits):
            return _WHOLE_BITS.get(name, 99) <= bits
        case Numeric(precision, scale):
            if name not in ("decimal", "numeric") or sizes is None:
                return False
            digits, places = (int(size) for size in sizes.split(","))
            return places <= scale and digits - places <= precision - scale
        case Date():
            return name == "date"
        case Timestamp():
            return name in _STAMPS
        case Boolean():
            return name in ("bit", "boolean", "tinyint")
