"""Voucher buckets: category x type, from the ledger and from operations, under the same labels.

The ledger's buckets and the opening balance add up to the account. Operations know a use by its
delivery and only of reusable credits with a code (D11), so that the two sides are shown side by
side and not judged.
"""

from __future__ import annotations

import polars as pl

from soxauto_assets.period import Period
from soxauto_assets.reconciliation.classes import BUCKET_TYPE, TYPE_OF_USE, Category, VoucherType
from soxauto_assets.reconciliation.collation import AMOUNT, amount, collected, company, key
from soxauto_assets.reconciliation.positions import has_liable_use
from soxauto_assets.reconciliation.rulebook import RuleBook

_BY = ["company", "category", "label"]


def ledger_buckets(classified: pl.DataFrame) -> pl.DataFrame:
    """``company``, ``category``, ``label``, ``ledger`` (LCY, debit positive), ``entries``."""
    labels = {kind.value: label for kind, label in BUCKET_TYPE.items()}
    return (
        classified.with_columns(
            pl.col("category").cast(pl.String),
            pl.col("type").cast(pl.String).replace_strict(labels).alias("label"),
        )
        .group_by(_BY)
        .agg(ledger=pl.col("amount").sum(), entries=pl.len())
        .sort(_BY)
    )


def operations_buckets(
    ipe_08: pl.LazyFrame, ipe_08_usage: pl.LazyFrame, period: Period, book: RuleBook
) -> pl.DataFrame:
    """``company``, ``category``, ``label``, ``operations``: the year up to the cut-off.

    In ledger orientation: what was issued is negative; what was used, expired, cancelled or paid
    out positive. Only uses that make a liability (D6).
    """
    after, start = pl.lit(period.next_start), pl.lit(period.year_start)
    vouchers = ipe_08.filter(has_liable_use(book)).with_columns(
        company(), _label(), end=pl.min_horizontal(*_ENDS), off=pl.min_horizontal(*_ENDS[1:])
    )
    issued = vouchers.filter(pl.col("created_at") >= start).select(
        "company",
        "label",
        category=pl.lit(Category.ISSUANCE.value),
        operations=-amount("discount_amount").fill_null(0),
    )
    expired = (pl.col("to_date") == pl.col("end")).fill_null(False)
    refund = pl.col("label") == BUCKET_TYPE[VoucherType.REFUND]
    ended = vouchers.filter(
        (pl.col("end") >= start) & (pl.col("end") < after) & (pl.col("totalremainingamount") > 0)
    ).select(
        "company",
        "label",
        category=pl.when(expired)
        .then(pl.lit(Category.EXPIRED.value))
        .when(refund)
        .then(pl.lit(Category.VTC.value))
        .otherwise(pl.lit(Category.CANCELLATION.value)),
        operations=amount("totalremainingamount"),
    )
    used = ipe_08_usage.filter(
        has_liable_use(book) & (pl.col("delivery_mth") >= period.year * 100 + 1)
    ).select(
        company(),
        _label(),
        category=pl.lit(Category.USAGE.value),
        operations=amount("totalamountused"),
    )
    rows = pl.concat([issued, ended, used], how="diagonal")
    return collected(
        rows.group_by(_BY).agg(pl.col("operations").cast(AMOUNT).sum()).sort(_BY)
    ).select(*_BY, "operations")


def side_by_side(ledger: pl.DataFrame, operations: pl.DataFrame | None) -> pl.DataFrame:
    """Both sides and ``difference`` = ledger less operations; null where operations are missing.

    A bucket that only one side has is zero on the other, for both are complete.
    """
    if operations is None:
        nothing = pl.lit(None, dtype=AMOUNT)
        return ledger.with_columns(operations=nothing, difference=nothing)
    zero = pl.lit(0).cast(AMOUNT)
    return (
        ledger.join(operations, on=_BY, how="full", coalesce=True)
        .with_columns(
            pl.col("ledger").fill_null(zero),
            pl.col("operations").fill_null(zero),
            pl.col("entries").fill_null(0),
        )
        .with_columns(difference=pl.col("ledger") - pl.col("operations"))
        .sort(_BY)
    )


_ENDS = ("to_date", "voucher_inactive_date", "template_inactive_date")


def _label() -> pl.Expr:
    labels = {use: BUCKET_TYPE[kind] for use, kind in TYPE_OF_USE.items()}
    return (
        key("business_use")
        .str.to_lowercase()
        .replace_strict(labels, default=BUCKET_TYPE[VoucherType.UNKNOWN])
        .alias("label")
    )
