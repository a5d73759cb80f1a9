"""What the control of a month works with: current reports, input files, and what is missing.

Here: the value handed over. Not here: reading it from stores (``assets``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from soxauto_assets.period import Period

LOOKBACK = 12
"""Months before this one whose open items are known, so that what comes back is told as such."""
_ITEM_REPORTS = ("ipe_07", "ipe_10", "ipe_12", "ipe_31", "ipe_34")


def earlier_reports(period: Period) -> Iterator[tuple[str, Period]]:
    """What the control of ``period`` compares with: reports and months, the newest month first.

    Open items of LOOKBACK months; the ledger's entries of the year's earlier months; balances of
    the month before, of the same month a year ago, and of the December before.
    """
    year_ago = Period(period.year - 1, period.month)
    balances = {period.previous, year_ago, Period(period.year - 1, 12)}
    month = period
    for _ in range(LOOKBACK):
        month = month.previous
        for report in _ITEM_REPORTS:
            yield report, month
        if month.year == period.year or month in balances:
            yield "cr_03", month
        if month in balances:
            yield "cr_04", month


@dataclass(frozen=True)
class Past:
    """Current data of earlier months, by report and month; what is not there is never zero.

    ``absent`` says why one is not there, where more is known than that.
    """

    reports: Mapping[tuple[str, Period], pl.LazyFrame] = field(default_factory=dict)
    absent: Mapping[tuple[str, Period], str] = field(default_factory=dict)

    def report(self, name: str, period: Period) -> pl.LazyFrame | None:
        """The rows of the report in that month; None where it has no current data."""
        return self.reports.get((name, period))

    def why_absent(self, name: str, period: Period) -> str | None:
        """Why the report of that month is absent; None where it is there."""
        if (name, period) in self.reports:
            return None
        return self.absent.get((name, period), f"{name} {period} has no current data")


@dataclass(frozen=True)
class Month:
    """The inputs of one month.

    ``reports`` are the current data by report id, whole or absent. ``jdash`` are the rows of
    use by company: ``voucher_id``, ``amount_used``, ``usage_date``. ``absent`` says why a report
    or file is absent, for those where more is known than that it is. ``errors_state`` is the
    month that was the last closed one when IPE_REC_ERRORS was extracted (D19). ``past`` are
    earlier months, see ``earlier_reports``.
    """

    period: Period
    reports: Mapping[str, pl.LazyFrame]
    jdash: Mapping[str, pl.LazyFrame] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    errors_state: Period | None = None
    past: Past = field(default_factory=Past)

    def why_absent(self, name: str) -> str | None:
        """Why the report ``name`` is absent; None where it is there."""
        if name in self.reports:
            return None
        return self.absent.get(name, f"{name} has no current data")

    def why_no_jdash(self, company: str) -> str | None:
        """Why the Jdash file of the company is absent; None where it is there."""
        if company in self.jdash:
            return None
        return self.absent.get(f"jdash/{company}", f"no Jdash file of {company}")
