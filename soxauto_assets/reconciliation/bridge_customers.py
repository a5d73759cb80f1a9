"""The bridges of the customer ledger: findings that explain nothing in amount (D27, 8.3, 8.4)."""

from __future__ import annotations

import polars as pl

from soxauto_assets.reconciliation.bridge_model import UNDECIDED, Found, Working
from soxauto_assets.reconciliation.collation import AMOUNT, amount, collected, company, key

_CUSTOMER = ["company", "customer"]


def posting_group(working: Working) -> Found:
    """Customers whose open entries are under more than one posting group; amount 0 (8.3).

    One row a customer and group, with the open balance under it.
    """
    entries = _entries(working).with_columns(group=key("customer_posting_group"))
    rows = collected(
        entries.filter(pl.col("group").is_not_null())
        .group_by(*_CUSTOMER, "group")
        .agg(
            pl.col("balance").sum(),
            customer_posting_group=pl.col("customer_posting_group").min(),
            pool=pl.col("account").min(),
        )
    )
    several = rows.filter(pl.col("group").n_unique().over(_CUSTOMER) > 1).sort(*_CUSTOMER, "group")
    proof = several.select(
        "company",
        "pool",
        item=pl.concat_str("customer", pl.lit(" under "), "group"),
        amount=pl.lit(0).cast(AMOUNT),
        customer_posting_group="customer_posting_group",
        balance="balance",
    )
    return Found(proof, _without(entries, "group", "the entry has no posting group"))


def business_line(working: Working) -> Found:
    """Customers with balances on more than one business line (8.4); nets to zero for each.

    ``reclass`` moves the balance of every other line to the primary one: the largest in
    absolute terms, of equal ones the first by name. It touches no balance by account.
    """
    entries = _entries(working).with_columns(line=key("busline_code"))
    rows = collected(
        entries.filter(pl.col("line").is_not_null() & pl.col("customer").is_not_null())
        .group_by(*_CUSTOMER, "line")
        .agg(pl.col("balance").sum(), pool=pl.col("account").min())
    ).filter(pl.col("balance").abs() >= working.book.business_line_least)
    several = (
        rows.filter(pl.len().over(_CUSTOMER) > 1)
        .with_columns(size=pl.col("balance").abs())
        .sort(*_CUSTOMER, "size", "line", descending=[False, False, True, False])
        .with_columns(primary=pl.int_range(pl.len()).over(_CUSTOMER) == 0)
    )
    others = pl.when(~pl.col("primary")).then("balance").otherwise(pl.lit(0).cast(AMOUNT))
    proof = several.select(
        "company",
        "pool",
        item=pl.concat_str("customer", pl.lit(" on "), "line"),
        amount=pl.lit(0).cast(AMOUNT),
        balance="balance",
        primary="primary",
        reclass=pl.when("primary").then(others.sum().over(_CUSTOMER)).otherwise(-pl.col("balance")),
    )
    return Found(proof, _without(entries, "line", "the entry has no business line"))


def _entries(working: Working) -> pl.LazyFrame:
    """The open entries on the accounts of the bridge's pools."""
    return (
        working.report("ipe_07")
        .select(
            company(),
            key("group_account").alias("account"),
            key("customer_no").alias("customer"),
            "customer_posting_group",
            "busline_code",
            "entry_no",
            balance=amount("rem_amt_lcy"),
        )
        .filter(
            pl.col("account").is_in(list(working.rule.pools))
            & pl.col("company").is_in(list(working.companies))
        )
    )


def _without(entries: pl.LazyFrame, column: str, why: str) -> pl.DataFrame:
    """The entries that lack what the bridge groups by: it cannot say anything of them."""
    return collected(
        entries.filter(pl.col(column).is_null() | pl.col("customer").is_null())
        .select(
            "company",
            item=pl.concat_str(pl.lit("entry "), "entry_no"),
            amount="balance",
            why=pl.lit(why),
        )
        .sort("company", "item")
    ).cast(UNDECIDED)
