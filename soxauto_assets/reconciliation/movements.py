"""How far each family's balance moved, against the month before and the same month a year ago.

Every company and family has a row for both, with a verdict: the list of what wants an
explanation is complete by construction. A month that cannot be compared says so and is no zero.

Here: the comparison. Not here: the balances of this month (``control.py``) and what people
answer (the review).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

import polars as pl

from soxauto_assets.period import Period
from soxauto_assets.reconciliation.amounts import added, difference, in_usd, shown
from soxauto_assets.reconciliation.collation import AMOUNT
from soxauto_assets.reconciliation.mapping import FAMILIES, Pool
from soxauto_assets.reconciliation.month import Past
from soxauto_assets.reconciliation.positions import Sums, balances, movements
from soxauto_assets.reconciliation.rulebook import RuleBook
from soxauto_assets.reconciliation.thresholds import Level, threshold_for


class MovementVerdict(Enum):
    """What a movement asks of people."""

    WITHIN = "WITHIN THRESHOLD"
    TO_EXPLAIN = "TO EXPLAIN"
    NOT_COMPARABLE = "NOT COMPARABLE"


AGAINST = ("month before", "year before")
MOVEMENTS = pl.Schema(
    {
        "company": pl.String(),
        "family": pl.String(),
        "against": pl.String(),
        "against_period": pl.String(),
        "currency": pl.String(),
        "balance": AMOUNT,
        "balance_before": AMOUNT,
        "moved": AMOUNT,
        "moved_usd": pl.Decimal(38, 2),
        "threshold_usd": pl.Decimal(38, 2),
        "threshold_rule": pl.String(),
        "verdict": pl.String(),
        "why": pl.String(),
    }
)


@dataclass(frozen=True)
class Standing:
    """What this month knows of a company and pool; None: not known. ``rate`` is LCY per USD."""

    company: str
    currency: str
    pool: Pool
    balance: Decimal | None
    rate: Decimal | None


def compare(
    standings: Sequence[Standing], period: Period, past: Past, book: RuleBook
) -> pl.DataFrame:
    """One row for each company, family and AGAINST, in this order; columns are MOVEMENTS.

    ``balance``, ``balance_before`` and ``moved`` are LCY, debit positive; null where not known.
    ``moved_usd`` is at this month's closing rate, so that a new rate alone moves nothing.
    ``verdict``: TO EXPLAIN from the threshold on, WITHIN THRESHOLD, or NOT COMPARABLE with
    ``why``.
    """
    year_ago = Period(period.year - 1, period.month)
    months = dict(zip(AGAINST, (period.previous, year_ago), strict=True))
    earlier = {against: _Earlier.of(month, past) for against, month in months.items()}
    rows = []
    for company in book.roster:
        for family in FAMILIES:
            own = [
                one
                for one in standings
                if one.company == company.code and one.pool.family == family
            ]
            rows += [_row(own, family, against, earlier[against], book) for against in AGAINST]
    return pl.DataFrame(rows, schema=MOVEMENTS, orient="row")


@dataclass(frozen=True)
class _Earlier:
    """The ledger of an earlier month by its own reports."""

    period: Period
    closing: Sums | None
    opening: Sums
    movement: Sums | None
    absent: str | None

    @classmethod
    def of(cls, period: Period, past: Past) -> _Earlier:
        ledger, entries = past.report("cr_04", period), past.report("cr_03", period)
        return cls(
            period,
            None if ledger is None else balances(ledger, "closing"),
            {} if ledger is None else balances(ledger, "opening"),
            None if entries is None else movements(entries),
            past.why_absent("cr_04", period),
        )

    def balance(self, company: str, pool: Pool) -> tuple[Decimal | None, str | None]:
        """The balance of the pool, or why it is not known.

        An account that the balance view does not list had none only where the entries of that
        year are there and know nothing of it either.
        """
        if self.closing is None:
            return None, self.absent
        keys = [(company, account) for account in pool.accounts]
        unlisted = [key for key in keys if key not in self.closing]
        lacking = [
            account
            for company, account in unlisted
            if self.movement is None
            or (company, account) in self.opening
            or (company, account) in self.movement
        ]
        if lacking:
            return None, f"cr_04 {self.period} has no balance on {', '.join(lacking)}"
        return added(self.closing[key] for key in keys if key in self.closing), None


def _row(
    standings: Sequence[Standing], family: str, against: str, earlier: _Earlier, book: RuleBook
) -> Mapping[str, object]:
    one = standings[0]
    now, before, missing = [], [], []
    for standing in standings:
        balance, why = earlier.balance(standing.company, standing.pool)
        if standing.balance is None:
            missing.append(f"the balance of {standing.pool.id} is not known")
        else:
            now.append(standing.balance)
        if balance is None:
            missing.append(str(why))
        else:
            before.append(balance)
    balance_now = added(now) if len(now) == len(standings) else None
    balance_before = added(before) if len(before) == len(standings) else None
    moved = moved_usd = None
    if balance_now is not None and balance_before is not None:
        moved = difference(balance_now, balance_before)
        if one.rate is None:
            missing.append("no closing rate")
        else:
            moved_usd = in_usd(moved, one.rate)
    threshold = threshold_for(book.thresholds, Level.MOVEMENT, company=one.company)
    verdict = MovementVerdict.NOT_COMPARABLE
    if moved_usd is not None:
        over = abs(moved_usd) >= threshold.amount
        verdict = MovementVerdict.TO_EXPLAIN if over else MovementVerdict.WITHIN
    return {
        "company": one.company,
        "family": family,
        "against": against,
        "against_period": str(earlier.period),
        "currency": one.currency,
        "balance": balance_now,
        "balance_before": balance_before,
        "moved": moved,
        "moved_usd": None if moved_usd is None else shown(moved_usd),
        "threshold_usd": shown(threshold.amount),
        "threshold_rule": threshold.id,
        "verdict": verdict.value,
        "why": "; ".join(dict.fromkeys(missing)) or None,
    }
