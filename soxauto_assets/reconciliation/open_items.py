"""Open items: under the label rules (8.6), and followed from month to month with their age.

An item is what a report lists as open at the cut-off, known by its key in every month. Since
both months' reports are complete, an item that one of them lacks was not open then; where a
month has no current data, nothing is said of it.

Here: labelling and following, over whole columns. Not here: the label rules (``labels.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

import polars as pl

from soxauto_assets.period import Period
from soxauto_assets.reconciliation.batches import Keep, batches, in_memory
from soxauto_assets.reconciliation.collation import AMOUNT, amount, collected, company, key
from soxauto_assets.reconciliation.labels import LabelRule
from soxauto_assets.reconciliation.mapping import Pool, RowFilter
from soxauto_assets.reconciliation.month import LOOKBACK, Month
from soxauto_assets.reconciliation.rulebook import RuleBook

OPEN_ITEMS_TABLE = "open_items"
UNLABELLED = "LB-NONE"


class ItemState(Enum):
    """What became of an item since the month before."""

    NEW = "new"
    CARRIED = "carried"
    REOPENED = "reopened"
    CLEARED = "cleared"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True)
class _Source:
    """A report of open items: the columns that name one, its amount, and since when it is open."""

    report: str
    item: tuple[str, ...]
    measure: str
    since: str


_SOURCES = (
    _Source("ipe_07", ("entry_no",), "rem_amt_lcy", "posting_date"),
    _Source("ipe_10", ("cod_oms_sales_order_item",), "balance_lcy", "finance_verified_date"),
    _Source("ipe_12", ("cod_oms_sales_order_item",), "balance_lcy", "delivered_date"),
    _Source("ipe_31", ("line_id",), "amount", "event_date"),
    _Source("ipe_34", ("cod_oms_sales_order_item", "case_type"), "amounttorefund", "event_date"),
)
OPEN_ITEMS = pl.Schema(
    {
        # Texts of which there are few are categories: a month may have millions of items.
        "report": pl.Categorical(),
        "company": pl.Categorical(),
        "item": pl.String(),
        "kind": pl.Categorical(),
        "amount": AMOUNT,
        "rule": pl.Categorical(),
        "debit": pl.Categorical(),
        "credit": pl.Categorical(),
        "since": pl.Date(),
        "age_days": pl.Int32(),
        "state": pl.Enum([state.value for state in ItemState]),
        "amount_before": AMOUNT,
        "why": pl.Categorical(),
    }
)
_KEY = ["company", "item"]


def open_items(month: Month, book: RuleBook, keep: Keep = in_memory) -> pl.LazyFrame:
    """Every open item of the reports that are there, and every one cleared since the last month.

    Columns (OPEN_ITEMS): ``report``, ``company``, ``item`` (its key in the report), ``kind`` (the
    text that decided its label), ``amount`` (LCY, as the report has it; 0 for a cleared item),
    ``rule``, ``debit``, ``credit`` (what no rule takes has the rule LB-NONE), ``since`` and
    ``age_days`` (to the cut-off), ``state`` (new, carried, reopened, cleared; ``not comparable``
    where the month before has no current data, with ``why``), ``amount_before`` (LCY, null where
    it was not open). Reopened: open in one of the LOOKBACK months before, and not in the last.

    There may be more of them than had better be held at once: ``keep`` takes them by and by.
    """
    return keep(OPEN_ITEMS_TABLE, _pieces(month, book))


def _pieces(month: Month, book: RuleBook) -> Iterator[pl.DataFrame]:
    """The items by report and company, one piece at least."""
    yield pl.DataFrame(schema=OPEN_ITEMS)
    for source in _SOURCES:
        if source.report in month.reports:
            now = month.reports[source.report]
            before = month.past.report(source.report, month.period.previous)
            for own in batches([now] if before is None else [now, before]):
                yield _followed(source, month, own, book)


def open_items_summary(items: pl.LazyFrame) -> pl.DataFrame:
    """By report, company, rule and state: ``items`` and their ``amount``, and so on.

    ``amount`` and ``amount_before`` are LCY; ``oldest_days`` is the age of the oldest.
    """
    by = ["report", "company", "rule", "state"]
    return collected(
        items.group_by(by).agg(
            items=pl.len(),
            amount=pl.col("amount").sum(),
            amount_before=pl.col("amount_before").sum(),
            oldest_days=pl.col("age_days").max(),
        )
    ).sort(pl.col(by).cast(pl.String))


def item_rows(report: str, rows: pl.LazyFrame, book: RuleBook) -> pl.LazyFrame:
    """The rows of a report that are open items: those that its pools count."""
    pools = [pool for pool in book.mapping if pool.report == report]
    if not pools:
        return rows
    return rows.filter(pl.any_horizontal(_counted(pool) for pool in pools))


def item_reports() -> tuple[str, ...]:
    """The reports that list open items."""
    return tuple(source.report for source in _SOURCES)


def _counted(pool: Pool) -> pl.Expr:
    match pool.rows:
        case RowFilter.OF_THE_ACCOUNT:
            return key("group_account").is_in(list(pool.accounts))
        case RowFilter.MARKETPLACE:
            return pl.col("is_marketplace").fill_null(False)
        case _:
            return pl.lit(True)


def _followed(source: _Source, month: Month, own: pl.Expr, book: RuleBook) -> pl.DataFrame:
    """The items of the companies that ``own`` takes, in the order of company and item."""
    now = _labelled(source, month.reports[source.report].filter(own), book)
    last = month.period.previous
    rows_before = month.past.report(source.report, last)
    if rows_before is None:
        standing = now.with_columns(
            state=_state(ItemState.NOT_COMPARABLE),
            amount_before=pl.lit(None, dtype=AMOUNT),
            why=pl.lit(month.past.why_absent(source.report, last), dtype=pl.Categorical),
        )
        return _finished(standing, month.period)
    before = _labelled(source, rows_before.filter(own), book)
    standing = now.join(
        before.select(*_KEY, amount_before="amount"), on=_KEY, how="left"
    ).with_columns(
        state=pl.when(pl.col("amount_before").is_not_null())
        .then(_state(ItemState.CARRIED))
        .otherwise(_state(ItemState.NEW)),
        why=pl.lit(None, dtype=pl.Categorical),
    )
    seen = _seen_earlier(source, month, own, book)
    if seen is not None:
        standing = standing.join(seen, on=_KEY, how="left").with_columns(
            state=pl.when(pl.col("seen") & (pl.col("state") == ItemState.NEW.value))
            .then(_state(ItemState.REOPENED))
            .otherwise("state")
        )
    cleared = before.join(now.select(_KEY), on=_KEY, how="anti").with_columns(
        amount_before="amount",
        amount=pl.lit(0).cast(AMOUNT),  # known to be nothing: the report is complete
        state=_state(ItemState.CLEARED),
        why=pl.lit(None, dtype=pl.Categorical),
    )
    return _finished(pl.concat([standing.drop("seen", strict=False), cleared]), month.period)


def _seen_earlier(
    source: _Source, month: Month, own: pl.Expr, book: RuleBook
) -> pl.LazyFrame | None:
    """Company and item of what was open in a month before the last, with ``seen`` true."""
    period, frames = month.period.previous, []
    for _ in range(LOOKBACK - 1):
        period = period.previous
        rows = month.past.report(source.report, period)
        if rows is not None:
            frames.append(
                item_rows(source.report, rows.filter(own), book).select(
                    company().cast(pl.Categorical), item=_item(source)
                )
            )
    if not frames:
        return None
    return pl.concat(frames).unique().with_columns(seen=pl.lit(True))


def _finished(rows: pl.LazyFrame, period: Period) -> pl.DataFrame:
    aged = rows.with_columns(
        age_days=(pl.lit(period.cutoff_date) - pl.col("since")).dt.total_days()
    )
    return collected(
        aged.select(pl.col(name).cast(kind) for name, kind in OPEN_ITEMS.items()).sort(
            pl.col("company").cast(pl.String), "item"
        )
    )


def _state(state: ItemState) -> pl.Expr:
    return pl.lit(state.value, dtype=OPEN_ITEMS["state"])


def _item(source: _Source) -> pl.Expr:
    return pl.concat_str([pl.col(name).cast(pl.String) for name in source.item], separator=" ")


def _labelled(source: _Source, rows: pl.LazyFrame, book: RuleBook) -> pl.LazyFrame:
    rules = [rule for rule in book.labels if rule.report == source.report]
    plain = item_rows(source.report, rows, book).select(
        company().cast(pl.Categorical),
        report=pl.lit(source.report, dtype=pl.Categorical),
        item=_item(source),
        kind=_kind(rules),
        amount=amount(source.measure),
        since=pl.col(source.since).cast(pl.Date),
    )
    of_value = {value: rule for rule in rules for value in rule.values}

    def text(of: Callable[[LabelRule], str], default: str | None) -> pl.Expr:
        known = {value: of(rule) for value, rule in of_value.items()}
        if not known:
            return pl.lit(default, dtype=pl.Categorical)
        return pl.col("kind").replace_strict(known, default=default).cast(pl.Categorical)

    return plain.with_columns(
        rule=text(lambda rule: rule.id, UNLABELLED),
        debit=text(lambda rule: rule.debit, None),
        credit=text(lambda rule: rule.credit, None),
        kind=pl.col("kind").cast(pl.Categorical),
    )


def _kind(rules: list[LabelRule]) -> pl.Expr:
    """The text that the report's rules look at; null where it has none."""
    if not rules:
        return pl.lit(None, dtype=pl.String)
    columns = {rule.column for rule in rules}
    assert len(columns) == 1, "the label rules of a report look at one column"
    (column,) = columns
    if column.startswith("is_"):
        return pl.col(column).cast(pl.String).str.to_uppercase()
    return key(column)
