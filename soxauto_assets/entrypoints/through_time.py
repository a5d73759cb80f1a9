"""What a person sees of a control through time: movements, late postings, open items.

Here: the lines below the table of `soxauto pg01`. Not here: the figures (``reconciliation``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    import polars as pl

    from soxauto_assets.store.layout import AttemptAddress
    from soxauto_assets.store.protocol import ObjectStore

_MOST = 12
"""Movements shown one by one, the largest; all of them are in the package."""


def through_time(address: AttemptAddress, evidence: ObjectStore) -> Sequence[Text]:
    """The lines, from the tables in the control's package."""
    import polars as pl

    def table(name: str) -> pl.DataFrame:
        key = address.key(f"attachments/tables/{name}.parquet")
        return pl.read_parquet(evidence.local_path(key))

    return [
        Text("Through time", style="bold"),
        *_movements(table("movements")),
        *_late(table("late_posting_months")),
        *_items(table("open_items_summary")),
    ]


def _movements(rows: pl.DataFrame) -> Iterator[Text]:
    import polars as pl

    from soxauto_assets.reconciliation.movements import MovementVerdict

    counts = dict(rows["verdict"].value_counts().iter_rows())
    asking = counts.get(MovementVerdict.TO_EXPLAIN.value, 0)
    missing = counts.get(MovementVerdict.NOT_COMPARABLE.value, 0)
    yield Text(
        f"  movements: {asking} of {rows.height} to explain"
        + (f", {missing} not comparable" if missing else ""),
        style="yellow" if asking or missing else "",
    )
    for why, number in (
        rows.filter(pl.col("why").is_not_null())["why"].value_counts(sort=True).head(3).iter_rows()
    ):
        yield Text(f"    {number} not comparable: {why}")
    largest = rows.filter(pl.col("verdict") == MovementVerdict.TO_EXPLAIN.value).sort(
        pl.col("moved_usd").abs(), descending=True
    )
    for row in largest.head(_MOST).iter_rows(named=True):
        yield Text(
            f"    {row['company']} {row['family']} moved {row['moved_usd']:,.2f} USD "
            f"since {row['against_period']} (threshold {row['threshold_usd']:,.0f})"
        )
    if largest.height > _MOST:
        yield Text(f"    and {largest.height - _MOST} more: tables/movements.parquet")


def _late(months: pl.DataFrame) -> Iterator[Text]:
    import polars as pl

    from soxauto_assets.reconciliation.late_postings import COMPARED

    compared = months.filter(pl.col("verdict") == COMPARED)
    others = months.filter(pl.col("verdict") != COMPARED)
    found = int(compared["found"].sum() or 0)
    yield Text(
        f"  late postings: {found} in {compared['into_period'].n_unique()} closed months compared",
        style="yellow" if found else "",
    )
    for row in compared.filter(pl.col("found") > 0).iter_rows(named=True):
        usd = "no rate" if row["effect_usd"] is None else f"{row['effect_usd']:,.2f} USD"
        yield Text(
            f"    {row['company']} into {row['into_period']}: {row['found']} entries, "
            f"{row['effect']:,.2f} LCY ({usd})"
        )
    if others.height:
        names = ", ".join(sorted(set(others["into_period"])))
        yield Text(f"    not compared, for they have no current data: {names}")


def _items(rows: pl.DataFrame) -> Iterator[Text]:
    import polars as pl

    counts = dict(rows.group_by("state").agg(pl.col("items").sum()).sort("state").iter_rows())
    told = ", ".join(f"{number:,} {state}" for state, number in counts.items() if number)
    ages = [age for age in rows["oldest_days"] if age is not None]
    oldest = f"; the oldest is of {max(ages):,} days" if ages else ""
    yield Text(f"  open items: {told or 'none'}{oldest}")
