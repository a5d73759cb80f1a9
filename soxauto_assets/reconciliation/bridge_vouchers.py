"""The bridges of the voucher account: timing (D23) and voucher to cash (D24).

Variance = NAV + target there, so what NAV has taken off and the target still holds is positive,
and what the target has taken off and NAV still holds is negative (D27).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from soxauto_assets.reconciliation.bridge_model import UNDECIDED, Found, Working
from soxauto_assets.reconciliation.classes import Category
from soxauto_assets.reconciliation.collation import AMOUNT, amount, collected, company, key
from soxauto_assets.reconciliation.positions import has_liable_use, liable

_POOL = "18412"
_REFUND = "refund"
_VOUCHER = ["company", "voucher"]


def timing(working: Working) -> Found:
    """Use that operations show and delivery does not yet (D23, 8.1).

    Inactive vouchers of D6's uses created within the year before ``next_period_start``: use by
    Jdash in that window less ``totalamountused``. Only a voucher that the target counts explains
    a part of the variance; the difference of any other voucher, one of IPE_08 without Jdash's
    knowledge of its state, and one that only Jdash knows are undecided.
    """
    period = working.month.period
    until = period.next_start
    since = until.replace(year=until.year - 1)
    vouchers = (
        working.report("ipe_08")
        .filter(
            has_liable_use(working.book) & pl.col("created_at").is_between(since, until, "left")
        )
        .select(
            company(),
            key("id").str.strip_chars_start(" ").alias("voucher"),
            "business_use",
            "is_active",
            used=amount("totalamountused"),
            in_target=liable(period, working.book),
            known=pl.lit(True),
        )
        .filter(pl.col("company").is_in(list(working.companies)))
    )
    everything = (
        working.report("ipe_08")
        .select(company(), voucher=key("id").str.strip_chars_start(" "))
        .join(vouchers.select(_VOUCHER), on=_VOUCHER, how="anti")
        .with_columns(elsewhere=pl.lit(True))
    )
    zero = pl.lit(0).cast(AMOUNT)
    rows = collected(
        vouchers.join(_jdash(working, since, until), on=_VOUCHER, how="full", coalesce=True)
        .join(everything, on=_VOUCHER, how="left")
        # A use of a voucher that is older, active or for marketing is not asked for.
        .filter(pl.col("elsewhere").is_null() & ~pl.col("is_active").fill_null(False))
        .with_columns(
            pl.col("used").fill_null(zero),
            # No row of Jdash for a voucher of a company whose file is there: not used.
            pl.col("jdash").fill_null(zero),
        )
        .with_columns(amount=pl.col("jdash") - pl.col("used"))
        .filter(pl.col("amount") != 0)
        .with_columns(item=pl.concat_str(pl.lit("voucher "), "voucher"), pool=pl.lit(_POOL))
        .sort(_VOUCHER)
    )
    explains = (
        pl.col("known").fill_null(False)
        & pl.col("is_active").is_not_null()
        & pl.col("in_target").fill_null(False)
    )
    why = (
        pl.when(pl.col("known").is_null())
        .then(pl.lit("Jdash shows a use of a voucher that IPE_08 does not have"))
        .when(pl.col("is_active").is_null())
        .then(pl.lit("IPE_08 does not say whether the voucher is active"))
        .otherwise(pl.lit("the target does not count the voucher, so it is no part of a variance"))
    )
    proof = working.not_taken(rows.filter(explains)).select(
        "company", "pool", "item", "amount", "business_use", "jdash", "used"
    )
    return Found(proof, rows.filter(~explains).select(*_first(UNDECIDED), why.alias("why")))


def _jdash(working: Working, since: datetime, until: datetime) -> pl.LazyFrame:
    """Use by voucher in the window, of the companies whose file is there."""
    files = [
        rows.select(
            company=pl.lit(code),
            voucher=key("voucher_id").str.strip_chars_start(" "),
            jdash=amount("amount_used"),
            at="usage_date",
        )
        for code, rows in working.month.jdash.items()
        if code in working.companies
    ]
    return (
        pl.concat(files)
        .filter(pl.col("at").is_between(since, until, "left"))
        .group_by(_VOUCHER)
        .agg(pl.col("jdash").sum())
    )


def voucher_to_cash(working: Working) -> Found:
    """Refund vouchers switched off in the month whose pay-out is not booked (D24, 8.2).

    Not expired at the cut-off; amount = what was left of it less what VTC entries of the same
    company and voucher (by id or code) have booked. The target has dropped the voucher and NAV
    still holds it, so the amount is negative.
    """
    assert working.classified is not None  # CR_03 is among what the bridge needs
    period = working.month.period
    off = pl.min_horizontal("voucher_inactive_date", "template_inactive_date")
    vouchers = collected(
        working.report("ipe_08")
        .with_columns(switched_off=off)
        .filter(
            pl.col("switched_off").is_between(period.start, period.next_start, "left")
            & (pl.col("to_date").is_null() | (pl.col("to_date") >= period.next_start))
            & (pl.col("totalremainingamount") > 0)
            & (key("business_use").str.to_lowercase() == _REFUND)
        )
        .select(
            company(),
            "switched_off",
            voucher=key("id").str.strip_chars_start(" "),
            code=key("code"),
            left=amount("totalremainingamount"),
        )
    ).filter(pl.col("company").is_in(list(working.companies)))
    booked = (
        working.classified.filter(pl.col("category") == Category.VTC.value)
        .group_by(_VOUCHER)
        .agg(booked=pl.col("amount").sum())
    )
    zero = pl.lit(0).cast(AMOUNT)
    rows = (
        vouchers.join(booked, on=_VOUCHER, how="left")
        .join(
            booked.rename({"voucher": "code", "booked": "by_code"}),
            on=["company", "code"],
            how="left",
        )
        .with_columns(
            booked=pl.col("booked").fill_null(zero)
            + pl.when(pl.col("code") != pl.col("voucher")).then(pl.col("by_code")).fill_null(zero)
        )
        .with_columns(
            amount=pl.col("booked") - pl.col("left"),
            item=pl.concat_str(pl.lit("voucher "), "voucher"),
            pool=pl.lit(_POOL),
        )
        .filter(pl.col("amount") < 0)
        .sort(_VOUCHER)
    )
    proof = working.not_taken(rows).select(
        "company", "pool", "item", "amount", "switched_off", "left", "booked"
    )
    return Found(proof, pl.DataFrame(schema=UNDECIDED))


def _first(schema: pl.Schema) -> list[str]:
    return [name for name in schema if name != "why"]
