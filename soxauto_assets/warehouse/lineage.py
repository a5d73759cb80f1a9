"""Column lineage: from each output column to the source columns, and the columns that filter.

Derived from the SQL alone, on first use, and kept. Not here: how it is shown (``assets``) and
stored (``evidence``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.warehouse.columns import Resolver, SourceRef, full_name
from soxauto_assets.warehouse.rendering import parse

Refs = tuple[tuple[str, str], ...]
"""Source columns as (``database.schema.table``, column), sorted."""


@dataclass(frozen=True)
class Lineage:
    """The lineage of a report's query.

    ``columns`` maps each output column, in order, to the source columns its value is computed
    from (none: a constant or a parameter). ``filters`` are the source columns that WHERE, HAVING
    and the ON of joins are computed from. ``tables`` are the source tables read.
    """

    columns: Mapping[str, Refs]
    filters: Refs
    tables: tuple[str, ...]

    def to_document(self) -> dict[str, object]:
        """The lineage as JSON values; a source column is ``database.schema.table.column``."""
        return {
            "columns": {name: _joined(refs) for name, refs in self.columns.items()},
            "filters": _joined(self.filters),
            "tables": list(self.tables),
        }


def lineage_of(entry: CatalogEntry) -> Lineage:
    """The lineage of the entry's query; kept for each text.

    Raises RenderingError where the query does not parse.
    """
    return _lineage(entry.report.id, entry.query)


@lru_cache(maxsize=64)
def _lineage(report_id: str, query: str) -> Lineage:
    tree = parse(f"{report_id}/query", query)
    resolver = Resolver(tree)
    return Lineage(
        columns={str(name): _sorted(resolver.output(str(name))) for name in tree.named_selects},
        filters=_sorted(resolver.filters()),
        tables=tuple(sorted({full_name(table) for table in resolver.tables()})),
    )


def _sorted(refs: frozenset[SourceRef]) -> Refs:
    return tuple((ref.table, ref.column) for ref in sorted(refs))


def _joined(refs: Refs) -> list[str]:
    return [f"{table}.{column}" for table, column in refs]
