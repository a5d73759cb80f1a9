"""The control of a month: variance, bridges, what is left, and the status of each line.

A line is a company and a pool of accounts. Variance = NAV - sign x measure (D5); bridges are
parts of it (D27); what no bridge explains is unexplained. Nothing that is missing counts as
zero: its line is INCOMPLETE (D8).

Here: putting the figures together and judging them. Not here: adding up (``positions.py``), the
bridges, the proof that nothing was lost (``conservation.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

import polars as pl

from soxauto_assets.reconciliation import conservation
from soxauto_assets.reconciliation.amounts import added, difference, in_usd, signed
from soxauto_assets.reconciliation.batches import Keep, in_memory
from soxauto_assets.reconciliation.bridges import Bridge, run_bridges
from soxauto_assets.reconciliation.buckets import (
    ledger_buckets,
    operations_buckets,
    side_by_side,
)
from soxauto_assets.reconciliation.classification import classify
from soxauto_assets.reconciliation.late_postings import LatePostings, late_postings
from soxauto_assets.reconciliation.mapping import Pool
from soxauto_assets.reconciliation.month import Month
from soxauto_assets.reconciliation.movements import Standing, compare
from soxauto_assets.reconciliation.open_items import open_items, open_items_summary
from soxauto_assets.reconciliation.positions import (
    Rates,
    Sums,
    balances,
    measures,
    movements,
    rates,
)
from soxauto_assets.reconciliation.rulebook import RuleBook
from soxauto_assets.reconciliation.thresholds import Level, Threshold, threshold_for


class Status(Enum):
    """The status of a line, a family or the control; the later one is the worse (D8, D22)."""

    RECONCILED = "RECONCILED"
    EXPLAINED = "EXPLAINED"
    TO_INVESTIGATE = "TO INVESTIGATE"
    INCOMPLETE = "INCOMPLETE"


_WORSE = list(Status)


def worst(statuses: Sequence[Status]) -> Status:
    """The worst of the statuses; RECONCILED where there is none."""
    return max(statuses, key=_WORSE.index, default=Status.RECONCILED)


@dataclass(frozen=True)
class Line:
    """A company and a pool. LCY, debit positive; a figure that cannot be known is None.

    ``bridges`` are the amounts by bridge id, those of zero too. ``missing`` says what a figure
    lacks; a line with anything missing is INCOMPLETE, whatever its figures.
    """

    company: str
    currency: str
    pool: Pool
    balance: Decimal | None
    expected: Decimal | None
    variance: Decimal | None
    bridges: Mapping[str, Decimal]
    unexplained: Decimal | None
    rate: Decimal | None
    threshold: Threshold
    missing: tuple[str, ...]
    status: Status

    @property
    def explained(self) -> Decimal:
        """The sum of the bridges."""
        return added(self.bridges.values())

    def usd(self, amount: Decimal | None) -> Decimal | None:
        """An amount of the line in USD, not rounded; None where it or the rate is missing."""
        return None if amount is None or self.rate is None else in_usd(amount, self.rate)


@dataclass(frozen=True)
class Control:
    """The control of a month with everything that it found.

    ``variance_usd`` and ``unexplained_usd`` (the sum of absolute amounts) are over the lines
    whose figures are known. ``classified`` and ``buckets`` are None where CR_03 is absent.
    ``open_items``, ``movements`` and ``late`` are what is followed through time; open items may
    lie in a file (``reconcile``). Their columns stand with ``open_items.open_items``,
    ``movements.compare`` and ``late_postings.LatePostings``.
    ``positions`` are the sums that the lines are made of.
    """

    month: Month
    book: RuleBook
    lines: tuple[Line, ...]
    bridges: tuple[Bridge, ...]
    classified: pl.DataFrame | None
    buckets: pl.DataFrame | None
    open_items: pl.LazyFrame
    open_items_summary: pl.DataFrame
    movements: pl.DataFrame
    late: LatePostings
    positions: Positions
    checks: tuple[conservation.Check, ...]
    variance_usd: Decimal
    unexplained_usd: Decimal
    group_threshold: Threshold
    status: Status
    rate_problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def passes(self) -> bool:
        """Whether everything is reconciled or explained, and nothing was lost on the way."""
        sound = all(check.passed for check in self.checks)
        return sound and self.status in (Status.RECONCILED, Status.EXPLAINED)

    def line(self, company: str, pool: str) -> Line:
        """The line of a company and pool; KeyError where there is none."""
        for line in self.lines:
            if (line.company, line.pool.id) == (company, pool):
                return line
        raise KeyError((company, pool))


def reconcile(month: Month, book: RuleBook, keep: Keep = in_memory) -> Control:
    """The control of the month under these rules; the same input always gives the same control.

    ``keep`` takes the open items, of which a month may have millions; what it gives must last as
    long as the control.
    """
    classified = buckets = None
    if "cr_03" in month.reports:
        classified = classify(month.reports["cr_03"], month.reports.get("ipe_08"), book)
        buckets = side_by_side(ledger_buckets(classified), _operations(month, book))
    bridges = run_bridges(month, classified, book)
    positions = Positions.of(month, book)
    known_rates = {} if positions.rates is None else positions.rates.by_company
    items = open_items(month, book, keep)
    items_summary = open_items_summary(items)
    late = late_postings(month, known_rates, book)
    amounts = [(bridge, bridge.amounts()) for bridge in bridges]
    lines = tuple(
        _line(company.code, company.currency, pool, positions, amounts, book)
        for company in book.roster
        for pool in book.mapping
    )
    moved = compare(
        [
            Standing(line.company, line.currency, line.pool, line.balance, line.rate)
            for line in lines
        ],
        month.period,
        month.past,
        book,
    )
    unexplained = added(abs(u) for line in lines if (u := line.usd(line.unexplained)) is not None)
    group = threshold_for(book.thresholds, Level.GROUP)
    status = worst([line.status for line in lines])
    if unexplained >= group.amount:
        status = worst([status, Status.TO_INVESTIGATE])
    return Control(
        month,
        book,
        lines,
        bridges,
        classified,
        buckets,
        items,
        items_summary,
        moved,
        late,
        positions,
        conservation.prove(
            classified=classified,
            opening=positions.opening,
            movement=positions.movement,
            closing=positions.closing,
            entries=month.reports.get("cr_03"),
            lines=[(line.company, line.pool, line.variance, line.unexplained) for line in lines],
            bridges=bridges,
            book=book,
        )
        + conservation.prove_through_time(month, items, moved, late, book),
        added(v for line in lines if (v := line.usd(line.variance)) is not None),
        unexplained,
        group,
        status,
        {} if positions.rates is None else positions.rates.problems,
    )


def _operations(month: Month, book: RuleBook) -> pl.DataFrame | None:
    if not {"ipe_08", "ipe_08_usage"} <= set(month.reports):
        return None
    return operations_buckets(
        month.reports["ipe_08"], month.reports["ipe_08_usage"], month.period, book
    )


@dataclass(frozen=True)
class Positions:
    """The sums of the month; None where the report is absent."""

    month: Month
    opening: Sums | None
    closing: Sums | None
    movement: Sums | None
    measures: Mapping[str, Sums]
    rates: Rates | None

    @classmethod
    def of(cls, month: Month, book: RuleBook) -> Positions:
        """The sums of the month under the mapping."""
        reports = month.reports
        ledger, entries = reports.get("cr_04"), reports.get("cr_03")
        return cls(
            month,
            None if ledger is None else balances(ledger, "opening"),
            None if ledger is None else balances(ledger, "closing"),
            None if entries is None else movements(entries),
            {
                pool.id: measures(pool, reports[pool.report], month.period, book)
                for pool in book.mapping
                if pool.report is not None and pool.report in reports
            },
            rates(reports["cr_05"], book) if "cr_05" in reports else None,
        )

    def balance(self, company: str, pool: Pool, missing: list[str]) -> Decimal | None:
        """The closing balance of the pool.

        An account that the balance view does not list is missing where the ledger knows it (by
        an opening balance or an entry). A pool that it lists nothing of is missing too, but where
        complete entries and a complete report say that there never was anything.
        """
        why = self.month.why_absent("cr_04")
        if why is not None or self.closing is None:
            missing.append(why or "cr_04 has no current data")
            return None
        keys = [(company, account) for account in pool.accounts]
        known = {*(self.opening or {}), *(self.movement or {})}
        unlisted = [
            a for a, key in zip(pool.accounts, keys, strict=True) if key not in self.closing
        ]
        lacking = [account for account in unlisted if (company, account) in known]
        none_listed = len(unlisted) == len(keys)
        if none_listed and not lacking and self._nothing_there(company, pool):
            return Decimal(0)
        if lacking or none_listed:
            missing.append(f"cr_04 has no balance on {', '.join(lacking or unlisted)}")
            return None
        return added(self.closing[key] for key in keys if key in self.closing)

    def _nothing_there(self, company: str, pool: Pool) -> bool:
        """Whether the reports are there to say so, and no side knows anything of the pool."""
        if self.movement is None:
            return False
        measured = self.measures.get(pool.id)
        if pool.report is None:
            return True
        return measured is not None and (company, pool.id) not in measured

    def expected(self, company: str, pool: Pool, missing: list[str]) -> Decimal | None:
        """What the ledger should show: sign x measure, or the roll-forward without a measure."""
        if pool.report is None:
            return self._rolled_forward(company, pool, missing)
        why = self.month.why_absent(pool.report)
        if why is not None:
            missing.append(why)
            return None
        # A complete report without a row of the company says that nothing is open there.
        measure = self.measures[pool.id].get((company, pool.id), Decimal(0))
        return signed(pool.sign, measure)

    def _rolled_forward(self, company: str, pool: Pool, missing: list[str]) -> Decimal | None:
        why = self.month.why_absent("cr_03")
        if why is not None or self.opening is None or self.movement is None:
            missing.append(why or "cr_04 has no current data")
            return None
        keys = [(company, account) for account in pool.accounts]
        # An account that began in the year has no opening balance, and one at rest no entry.
        return added(
            sums[key] for key in keys for sums in (self.opening, self.movement) if key in sums
        )

    def rate(self, company: str, missing: list[str]) -> Decimal | None:
        """The closing rate of the company; never a default (D7)."""
        why = self.month.why_absent("cr_05")
        if why is not None or self.rates is None:
            missing.append(why or "cr_05 has no current data")
            return None
        if company in self.rates.problems:
            missing.append(self.rates.problems[company])
            return None
        return self.rates.by_company[company]


def _line(
    company: str,
    currency: str,
    pool: Pool,
    positions: Positions,
    bridges: Sequence[tuple[Bridge, Sums]],
    book: RuleBook,
) -> Line:
    missing: list[str] = []
    balance = positions.balance(company, pool, missing)
    expected = positions.expected(company, pool, missing)
    rate = positions.rate(company, missing)
    amounts: dict[str, Decimal] = {}
    for bridge, explained in bridges:
        if pool.id in bridge.rule.pools:
            if company in bridge.absent:
                missing.append(bridge.absent[company])
            else:
                amounts[bridge.rule.id] = explained.get((company, pool.id), Decimal(0))
    variance = unexplained = None
    if balance is not None and expected is not None:
        variance = difference(balance, expected)
        unexplained = difference(variance, added(amounts.values()))
    account = pool.accounts[0] if len(pool.accounts) == 1 else None
    threshold = threshold_for(book.thresholds, Level.ACCOUNT, company=company, account=account)
    status = Status.INCOMPLETE
    if not missing and variance is not None and unexplained is not None and rate is not None:
        status = _judged(in_usd(variance, rate), in_usd(unexplained, rate), threshold)
    return Line(
        company,
        currency,
        pool,
        balance,
        expected,
        variance,
        amounts,
        unexplained,
        rate,
        threshold,
        tuple(dict.fromkeys(missing)),
        status,
    )


def _judged(variance: Decimal, unexplained: Decimal, threshold: Threshold) -> Status:
    """The status of known figures in USD; equal to the threshold is over it (D22)."""
    if abs(unexplained) >= threshold.amount:
        return Status.TO_INVESTIGATE
    return Status.RECONCILED if abs(variance) < threshold.amount else Status.EXPLAINED
