"""The bridge of integration errors: what NAV refused, as it stood at the extraction (D19, 8.5)."""

from __future__ import annotations

import polars as pl

from soxauto_assets.reconciliation.bridge_model import Found, Working
from soxauto_assets.reconciliation.collation import AMOUNT, amount, collected, company, key


def integration_errors(working: Working) -> Found:
    """Records that NAV refused, where the ledger would have booked them on a pool of the control.

    An error list has no dates: it shows the state at its extraction, so it explains only the
    month that was the last closed one then (D19). All else is undecided, with its amount.
    """
    book, month = working.book, working.month
    pools = {account: pool.id for pool in book.mapping for account in pool.accounts}
    accounts = pl.LazyFrame(
        {
            "system": [error.source_system.upper() for error in book.error_accounts],
            "account": [error.account for error in book.error_accounts],
            "pool": [pools.get(error.account) for error in book.error_accounts],
            "effect": [error.effect for error in book.error_accounts],
        },
        schema={
            "system": pl.String,
            "account": pl.String,
            "pool": pl.String,
            "effect": pl.Int64,
        },
    )
    rows = collected(
        working.report("ipe_rec_errors")
        .select(
            company(),
            key("source_system").alias("system"),
            "integration_status",
            item=pl.concat_str(
                "source_system",
                pl.lit(" "),
                key("transaction_id"),
                pl.lit(" #"),
                pl.col("occurrence").cast(pl.String),
            ),
            refused=amount("amount").fill_null(0),
            stated=pl.col("amount").is_not_null(),
        )
        .filter(pl.col("company").is_in(list(working.companies)))
        .join(accounts, on="system", how="left")
        .sort("company", "item")
    )
    of_the_month = month.errors_state == month.period
    explains = pl.lit(of_the_month) & pl.col("pool").is_not_null() & pl.col("stated")
    state = "an unknown month" if month.errors_state is None else str(month.errors_state)
    why = (
        pl.when(pl.lit(not of_the_month))
        .then(pl.lit(f"the list shows the state after {state}, not after {month.period}"))
        .when(~pl.col("stated"))
        .then(pl.lit("the record has no amount"))
        .when(pl.col("account").is_null())
        .then(pl.lit("no rule says where NAV books this source system"))
        .otherwise(
            pl.concat_str(pl.lit("booked outside the accounts of the control, on "), "account")
        )
    )
    effect = pl.when(pl.col("effect") < 0).then(-pl.col("refused")).otherwise("refused")
    proof = working.not_taken(rows.filter(explains & (pl.col("refused") != 0))).select(
        "company",
        "pool",
        "item",
        effect.cast(AMOUNT).alias("amount"),
        "refused",
        "integration_status",
    )
    undecided = rows.filter(~explains).select(
        "company", "item", pl.col("refused").alias("amount"), why.alias("why")
    )
    return Found(proof, undecided)
