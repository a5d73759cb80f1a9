"""What shows only when months are compared, and what is missing, with the truth about both.

A posting into a month that is closed already, an item that comes back after it was gone, and an
allowance booked twice, which has no operational target and shows as a movement (D4). None of them
is a difference between ledger and operations, and no report fails for them.

Here: what is planted, and what the control must say of it. Not here: differences
(``differences.py``) and faults of the reports (``faults.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from soxauto_assets.demo.companies import CODES, COMPANIES
from soxauto_assets.demo.differences import (
    NUMBER,
    UNEXPLAINED_MONTHS,
    WITHOUT_JDASH,
    is_planted,
    lcy,
    size_of,
)
from soxauto_assets.demo.drawing import DAY, constant, joined, numbered, texts
from soxauto_assets.demo.faults import COUNTRY_WITHOUT_RATE, PLANTED, PLANTED_PERIOD
from soxauto_assets.demo.ledger import ACCOUNT, PERSON, Entries, Ledger, Postings
from soxauto_assets.demo.plan import DEFAULT_PLAN, Cohort
from soxauto_assets.demo.receivables import (
    Application,
    CustomerEntries,
    business_line_of,
    posting_group_of,
    write_customer_entries,
)
from soxauto_assets.demo.rows import Sink
from soxauto_assets.period import Period

_LATE_COMPANY, _LATE_ACCOUNTS = "EC_MA", ("13001", "13002")
_LATE_DAY = 12
"""Of the next month: the day on which NAV made the late entries."""
_REOPENED_COMPANY, _REOPENED_CUSTOMER = "JM_EG", 3
_INVOICE, _PAYMENT = 50, 51
"""Places of the reopened entries among the month's numbers of differences."""
_ALLOWANCE_COMPANY, _ALLOWANCE = "HF_SN", "13009"
_TIMES = 5
"""An allowance is this many times a difference: movements have the greater threshold."""


@dataclass(frozen=True)
class LatePosting:
    """An entry that NAV made after its month was closed; ``amount`` is LCY."""

    into_period: Period
    company: str
    account: str
    amount: Decimal
    created: date


@dataclass(frozen=True)
class Reopened:
    """An item that was open two months ago, not last month, and is open again; LCY."""

    company: str
    report: str
    item: str
    amount: Decimal


@dataclass(frozen=True)
class Moved:
    """A part of a balance's movement against the month before that nothing justifies; LCY."""

    cause: str
    company: str
    pool: str
    amount: Decimal


@dataclass(frozen=True)
class Gap:
    """What the control has to do without: an input, of some companies, and why."""

    cause: str
    input: str
    companies: tuple[str, ...]


def late_posting_into(period: Period) -> tuple[LatePosting, ...]:
    """What was posted into the month after it was closed; both sides are of one pool."""
    if not is_planted(period):
        return ()
    amount = 2 * lcy(_LATE_COMPANY)
    following = period.next
    return tuple(
        LatePosting(
            period,
            _LATE_COMPANY,
            account,
            sign * amount,
            date(following.year, following.month, _LATE_DAY),
        )
        for account, sign in zip(_LATE_ACCOUNTS, (1, -1), strict=True)
    )


def reopened_in(period: Period) -> tuple[Reopened, ...]:
    """The items that come back in the month: paid last month, and the payment taken off again."""
    began = period.previous.previous
    if not is_planted(began):
        return ()
    number = Cohort(DEFAULT_PLAN, began).first_number + NUMBER + _INVOICE
    return (Reopened(_REOPENED_COMPANY, "ipe_07", str(number), lcy(_REOPENED_COMPANY)),)


def moved_in(period: Period) -> tuple[Moved, ...]:
    """The allowance that stands twice at the month's end."""
    if not is_planted(period) or period.month not in UNEXPLAINED_MONTHS:
        return ()
    amount = -_TIMES * lcy(_ALLOWANCE_COMPANY)
    return (Moved("allowance booked twice", _ALLOWANCE_COMPANY, _ALLOWANCE, amount),)


def missing_in(period: Period) -> tuple[Gap, ...]:
    """What is not there for the control of the month.

    A rate in one month, whose report fails for it, with the month's other reports that fail; the
    file of a company in another.
    """
    gaps = [Gap("missing file", "jdash", (company,)) for company in WITHOUT_JDASH.get(period, ())]
    if period == PLANTED_PERIOD:
        without = tuple(c.code for c in COMPANIES if c.country == COUNTRY_WITHOUT_RATE)
        gaps.append(Gap("missing rate", "cr_05", without))
        gaps += [Gap("missing report", report, ()) for report in PLANTED if report != "cr_05"]
    return tuple(gaps)


def plant_through_time(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Write what begins in the month, and what puts it right later."""
    if not is_planted(cohort.period):
        return
    _late_posting(cohort, ledger)
    _reopened_item(cohort, sink, ledger)
    if cohort.period.month in UNEXPLAINED_MONTHS:
        _allowance_twice(cohort, ledger)


def _late_posting(cohort: Cohort, ledger: Ledger) -> None:
    """From one account of a pool to the other, posted on the last day, made twelve days later."""
    rows = len(_LATE_ACCOUNTS)
    amount = 2 * size_of(_LATE_COMPANY)
    number = constant(rows, cohort.first_number + NUMBER)
    ledger.write(
        Entries(
            company=constant(rows, CODES.index(_LATE_COMPANY)),
            account=np.array([ACCOUNT[account] for account in _LATE_ACCOUNTS], dtype=np.int64),
            day=constant(rows, cohort.next_start // DAY - 1),
            units=np.array([amount, -amount], dtype=np.int64),
            description=joined(texts(("Booked late ",), constant(rows, 0)), numbered("", number)),
            document=numbered("LATE-", number),
            user=constant(rows, PERSON),
            created=constant(rows, cohort.next_start // DAY + _LATE_DAY - 1),
        )
    )


def _reopened_item(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Invoiced on the eighth, paid a month later, unapplied in the month after, then applied."""
    rows = 2
    company = constant(rows, CODES.index(_REOPENED_COMPANY))
    customer = constant(rows, _REOPENED_CUSTOMER)
    amount = size_of(_REOPENED_COMPANY)
    month = cohort.period
    days = []
    for _ in range(4):
        days.append(Cohort(cohort.plan, month).start // DAY + 7)
        month = month.next
    invoiced, paid, unapplied, applied = days
    first = cohort.first_number + NUMBER
    entries = CustomerEntries(
        number=np.array([first + _INVOICE, first + _PAYMENT], dtype=np.int64),
        company=company,
        customer=customer,
        group=posting_group_of(company, customer),
        day=np.array([invoiced, paid], dtype=np.int64),
        due=constant(rows, invoiced + 30),
        units=np.array([amount, -amount], dtype=np.int64),
        tail=constant(rows, 0),
        kind=np.array([1, 3], dtype=np.int64),
        line=business_line_of(customer),
    )
    times = 3
    settles = np.repeat(np.array([-1, 1, -1], dtype=np.int64), rows)
    applications = Application(
        number=np.tile(entries.number, times),
        company=np.tile(company, times),
        customer=np.tile(customer, times),
        day=np.repeat(np.array([paid, unapplied, applied], dtype=np.int64), rows),
        units=settles * np.tile(entries.units, times),
        tail=constant(rows * times, 0),
    )
    write_customer_entries(sink, ledger, (entries,), applications, detailed=first + 100)


def _allowance_twice(cohort: Cohort, ledger: Ledger) -> None:
    """Booked again on the eleventh, and taken back next month."""
    postings = Postings()
    postings.open_between(
        np.array([CODES.index(_ALLOWANCE_COMPANY)], dtype=np.int64),
        ACCOUNT[_ALLOWANCE],
        constant(1, cohort.start + 10 * DAY),
        constant(1, cohort.next_start + 3 * DAY),
        constant(1, -_TIMES * size_of(_ALLOWANCE_COMPANY)),
    )
    ledger.write(postings.entries("Allowance again on"))
