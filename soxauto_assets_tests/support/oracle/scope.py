"""Months, roster and accounts as the Decisions write them, copied by hand from the page.

Here: the oracle's own copy of D1, table 1.3 (D3) and D4. On purpose it does not import the
product's ``period``, ``catalog.scope`` or ``catalog.parameters``: an error there must show.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime

from soxauto_assets_tests.support.oracle.collation import fold


@dataclass(frozen=True)
class Month:
    """The month under control (D1)."""

    year: int
    number: int

    @property
    def n(self) -> datetime:
        """N, ``next_period_start``: first day of the next month 00:00, never inside (D1)."""
        if self.number == 12:
            return datetime(self.year + 1, 1, 1)
        return datetime(self.year, self.number + 1, 1)

    @property
    def cutoff_date(self) -> date:
        """The last day, a DATE (D1)."""
        return date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    @property
    def year_start(self) -> datetime:
        """1 January of the month's year, 00:00 (D1)."""
        return datetime(self.year, 1, 1)

    @property
    def opening_date(self) -> date:
        """The last day before ``year_start`` (D18)."""
        return date(self.year - 1, 12, 31)


@dataclass(frozen=True)
class RosterCompany:
    """A line of table 1.3."""

    code: str
    country: str
    currency: str


ROSTER = (
    RosterCompany("EC_NG", "NG", "NGN"),
    RosterCompany("JM_EG", "EG", "EGP"),
    RosterCompany("EC_KE", "KE", "KES"),
    RosterCompany("JD_GH", "GH", "GHS"),
    RosterCompany("EC_IC", "CI", "XOF"),
    RosterCompany("HF_SN", "SN", "XOF"),
    RosterCompany("JD_UG", "UG", "UGX"),
    RosterCompany("JD_DZ", "DZ", "DZD"),
    RosterCompany("EC_MA", "MA", "MAD"),
)

CURRENCIES = frozenset(fold(company.currency) for company in ROSTER) | {"usd"}
"""D29, CR_05a: the roster's currencies and USD."""

CUSTOMER_LEDGER_ACCOUNTS = frozenset({"13003", "13004", "13009"})
"""D9."""

ACCOUNTS_OF_D4 = frozenset(
    {"13003", "13004", "13009", "13005", "13024", "13001", "13002"}
    | {"18412", "18350", "18317", "18304"}
)
"""The union of the accounts of D4: the scope of CR_03 and CR_04."""

_CODES = frozenset(fold(company.code) for company in ROSTER)


def on_roster(company: str | None) -> bool:
    """D3: in scope = on the roster; compared without case and trailing blanks (D29)."""
    return fold(company) in _CODES


def before(stamp: datetime | None, n: datetime) -> bool:
    """D1: up to the cut-off = ``ts < N``; a null stamp is not."""
    return stamp is not None and stamp < n


def after(stamp: datetime | None, n: datetime) -> bool:
    """D1: after the cut-off = ``ts >= N OR ts IS NULL``."""
    return stamp is None or stamp >= n
