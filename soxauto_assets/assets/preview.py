"""The first rows of an extract, for a person who looks at the asset; never personal data."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soxauto_assets.catalog.model import CatalogEntry
    from soxauto_assets.store.spool import Spooled

PREVIEW_ROWS = 5


def first_rows(entry: CatalogEntry | None, spooled: Spooled | None) -> tuple[dict[str, str], ...]:
    """The first rows of the spooled extract as text, without the personal columns."""
    import pyarrow.parquet as pq

    if entry is None or spooled is None:
        return ()
    names = [column.name for column in entry.columns if not column.personal]
    with pq.ParquetFile(spooled.path) as file:
        batch = next(file.iter_batches(batch_size=PREVIEW_ROWS, columns=names), None)
    rows = [] if batch is None else batch.to_pylist()
    return tuple({name: _text(row[name]) for name in names} for row in rows)


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"  # never with an exponent
    return "" if value is None else str(value)
