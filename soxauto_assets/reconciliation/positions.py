"""Ledger balances, target values and rates, by company (D4 to D7, D18).

Here: adding up reports. Not here: comparing the sums (``control.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from soxauto_assets.period import Period
from soxauto_assets.reconciliation.collation import amount, collected, company, key
from soxauto_assets.reconciliation.mapping import Pool, RowFilter
from soxauto_assets.reconciliation.rulebook import RuleBook

Sums = Mapping[tuple[str, str], Decimal]
"""Amounts in LCY by company and account."""


@dataclass(frozen=True)
class Rates:
    """Closing rates, LCY per USD, by company; ``problems`` says why a company has none (D7)."""

    by_company: Mapping[str, Decimal]
    problems: Mapping[str, str]


def balances(cr_04: pl.LazyFrame, role: str) -> Sums:
    """The balances of one role (``opening`` or ``closing``) by company and group account.

    What the ledger does not list is not in the result: it is missing, and not zero.
    """
    rows = cr_04.filter(pl.col("balance_role") == role)
    return _sums(rows, key("group_coa_account_no"), "balance_at_date")


def movements(cr_03: pl.LazyFrame) -> Sums:
    """The year's movement up to the cut-off by company and group account."""
    return _sums(cr_03, key("group_coa_account_no"), "amount")


def measures(pool: Pool, report: pl.LazyFrame, period: Period, book: RuleBook) -> Sums:
    """The measure of the pool by company, under the pool's id, over the rows that count.

    A company without such rows is not in the result; where the report is current, nothing is
    open there.
    """
    assert pool.measure is not None
    rows = report.filter(_counts(pool, period, book))
    return _sums(rows, pl.lit(pool.id), pool.measure)


def liable(period: Period, book: RuleBook) -> pl.Expr:
    """Whether a voucher of IPE_08 is a liability at the cut-off (D6)."""
    after = pl.lit(period.next_start)
    lives = [
        pl.col(end).is_null() | (pl.col(end) >= after)
        for end in ("to_date", "voucher_inactive_date", "template_inactive_date")
    ]
    return pl.all_horizontal(
        pl.col("created_at") < after,
        pl.col("totalremainingamount") > 0,
        has_liable_use(book),
        *lives,
    )


def has_liable_use(book: RuleBook) -> pl.Expr:
    """Whether a voucher's use is one that makes a liability (D6)."""
    return key("business_use").str.to_lowercase().is_in(list(book.liable_uses)).fill_null(False)


def rates(cr_05: pl.LazyFrame, book: RuleBook) -> Rates:
    """The closing rate of each company of the roster; never a default (D7).

    A company without a rate, with more than one, or with one that is not over zero is a problem.
    """
    rows = collected(
        cr_05.select(key("company_code").alias("company"), pl.col("fx_rate").alias("rate"))
    )
    found: dict[str, list[Decimal | None]] = {}
    for code, rate in rows.iter_rows():  # a row a company
        found.setdefault(code, []).append(rate)
    good: dict[str, Decimal] = {}
    problems: dict[str, str] = {}
    for code in book.companies:
        given = found.get(code, [])
        if len(given) > 1:
            problems[code] = f"{len(given)} closing rates"
        elif not given or given[0] is None:
            problems[code] = "no closing rate"
        elif given[0] <= 0:
            problems[code] = f"a closing rate of {given[0]:f}"
        else:
            good[code] = given[0]
    return Rates(good, problems)


def _counts(pool: Pool, period: Period, book: RuleBook) -> pl.Expr:
    match pool.rows:
        case RowFilter.ALL:
            return pl.lit(True)
        case RowFilter.OF_THE_ACCOUNT:
            return key("group_account").is_in(list(pool.accounts))
        case RowFilter.MARKETPLACE:
            return pl.col("is_marketplace").fill_null(False)
        case RowFilter.LIABLE_VOUCHERS:
            return liable(period, book)


def _sums(rows: pl.LazyFrame, account: pl.Expr, measure: str) -> Sums:
    sums = collected(
        rows.select(company(), account.alias("account"), amount(measure).alias("amount"))
        .group_by("company", "account")
        .agg(pl.col("amount").sum())
    )
    return {(code, number): total for code, number, total in sums.iter_rows()}
