"""Companies a few at a time, where a month has more rows than had better be held at once.

Nothing that the control joins goes from one company to another, so that companies may be worked
through in batches, and what was made of each put one behind the other in the order of company.

Here: which companies go together, and where what is made of them is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from soxauto_assets.reconciliation.collation import collected, key

MOST_ROWS = 600_000
Keep = Callable[[str, Iterable[pl.DataFrame]], pl.LazyFrame]
"""Takes a table's name and its pieces, of one schema and at least one, and gives the whole."""


def batches(reports: Sequence[pl.LazyFrame], most: int = MOST_ROWS) -> Iterator[pl.Expr]:
    """Filters on ``id_company``, in the order of company, that each take one batch of rows.

    Together they take every row of ``reports``, each once; about ``most`` rows a batch where
    companies are smaller. At least one batch, though it may take nothing.
    """
    counted = collected(
        pl.concat([rows.select("id_company") for rows in reports])
        .group_by("id_company")
        .len()
        .with_columns(company=key("id_company"))
        .sort("company")
    )
    spelled: list[str | None] = []
    rows = 0
    for _, own in counted.group_by("company", maintain_order=True):
        spelled += own["id_company"].to_list()
        rows += int(own["len"].sum())
        if rows >= most:
            yield _of(spelled)
            spelled, rows = [], 0
    if spelled or counted.is_empty():
        yield _of(spelled)


def _of(spelled: list[str | None]) -> pl.Expr:
    """Rows of the companies so spelled; the range lets a scan pass over what lies outside."""
    names = [name for name in spelled if name is not None]
    if len(names) < len(spelled) or not names:
        return pl.col("id_company").is_in(spelled or [""], nulls_equal=True)
    return pl.col("id_company").is_between(pl.lit(min(names)), pl.lit(max(names))) & pl.col(
        "id_company"
    ).is_in(names)


def in_memory(name: str, pieces: Iterable[pl.DataFrame]) -> pl.LazyFrame:
    """Keep a table where it is."""
    return pl.concat(pieces).lazy()


def in_files(folder: Path) -> Keep:
    """Keep tables as Parquet files in ``folder``, so that no more than a piece is in memory."""

    def keep(name: str, pieces: Iterable[pl.DataFrame]) -> pl.LazyFrame:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.parquet"
        writer: pq.ParquetWriter | None = None
        try:
            for piece in pieces:
                rows = piece.to_arrow()
                if writer is None:
                    writer = pq.ParquetWriter(path, rows.schema, compression="zstd")
                writer.write_table(rows)
        finally:
            if writer is not None:
                writer.close()
        return pl.scan_parquet(path)

    return keep
