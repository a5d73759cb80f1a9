"""Customer receivables: ledger entries, their detailed entries, and what they book.

Invoices are paid in full, in part, or not at all; an application is a detailed entry on both
sides, so that the open amounts of a paid invoice and its payment are zero.

Here: drawn and scripted customer ledger entries. Not here: customers and posting groups
(``dimensions.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from soxauto_assets.demo.companies import (
    CODES,
    COMPANIES,
    PRICES,
    ROSTER_INDEX,
    ROSTER_SIZE,
    shares,
)
from soxauto_assets.demo.drawing import (
    DAY,
    MISSING,
    Whole,
    chance,
    constant,
    dates,
    days_of,
    flags,
    keep,
    nav_amounts,
    numbered,
    prices,
    share_of,
    texts,
    where,
    wholes,
)
from soxauto_assets.demo.ledger import ACCOUNT, BUSLINES, DOCUMENT_TYPES, USERS, Ledger, Postings
from soxauto_assets.demo.plan import CUSTOMER_ENTRIES, Cohort, chunks
from soxauto_assets.demo.rows import NAV, Sink

CUSTOMERS = 300
"""Customers of each company; their numbers do not depend on the month."""
RESERVED = 2
"""The last customers of each company have entries by script alone (``differences.py``)."""
POSTING_GROUPS: tuple[tuple[str, str, int], ...] = (
    ("B2C-NAT", "13003", 0),
    ("B2B-NAT", "13003", 0),
    ("EXPORT", "13003", 1),
    ("LOAN-REC-NAT", "13004", 0),
    ("EMP-NAT", "13004", 1),
    ("ALLOW-DBT", "13009", 0),
    ("OTHER-REC", "13006", 0),
    ("WRITE-OFF", "13010", 0),
)
"""Posting group, group account, and variant of the local account it books to."""
_ALLOWANCE = 5
_SPELLINGS = tuple(code for code, _, _ in POSTING_GROUPS) + tuple(
    f"{code.lower()} " for code, _, _ in POSTING_GROUPS
)
_DESCRIPTIONS = (
    "Invoice, order",
    'Avoir "qualité"',
    "فاتورة رقم",
    "Payment\nsecond line",
    "Employee loan ",
    "Rebate; see mail",
)
_CURRENCIES = tuple(company.currency for company in COMPANIES)
_INVOICE, _CREDIT_MEMO, _PAYMENT, _REFUND = 1, 2, 3, 4
# Of a hundred customers, how many are under each posting group.
_GROUP_OF_HUNDRED = np.repeat(
    np.arange(len(POSTING_GROUPS), dtype=np.int64), (40, 25, 8, 10, 7, 4, 3, 3)
)
_SCRIPTED = (7, 8, 9)
"""Customers of the scripted entries: under a group of the control in every company."""
_ACCOUNTS = np.array([ACCOUNT[account] for _, account, _ in POSTING_GROUPS])


@dataclass
class CustomerEntries:
    """Customer ledger entries, a column each; ``number`` is the entry number."""

    number: Whole
    company: Whole
    customer: Whole
    group: Whole
    day: Whole
    due: Whole
    units: Whole
    tail: Whole
    kind: Whole
    line: Whole


@dataclass
class Application:
    """Detailed entries that settle entries, or take that back, a column each."""

    number: Whole
    company: Whole
    customer: Whole
    day: Whole
    units: Whole
    tail: Whole


def write_receivables(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Draw the month's customer entries, write them and book them."""
    for chunk, first, pairs in chunks(cohort.count(CUSTOMER_ENTRIES // 2)):
        random = cohort.random("receivables", chunk)
        claim = _draw_claims(random, cohort, first, pairs)
        settlement, paid = _draw_settlements(random, claim)
        chosen = np.flatnonzero(paid != MISSING)
        settlement = _selected(settlement, chosen)
        # A pair has at most four detailed entries.
        write_customer_entries(
            sink,
            ledger,
            (claim, settlement),
            _applied(claim, settlement, paid, chosen),
            detailed=cohort.first_number + 4 * first,
        )
    _write_edges(cohort, sink, ledger)


def posting_group_of(company: Whole, customer: Whole) -> Whole:
    """The one posting group of a customer, as a position in POSTING_GROUPS.

    A customer under several groups is a finding of the control (section 8.3).
    """
    drawn = _GROUP_OF_HUNDRED[(customer * 37 + company * 11) % 100]
    return where(np.isin(customer, _SCRIPTED), company % 5, drawn)


def business_line_of(customer: Whole) -> Whole:
    """The one business line of a customer, as a position in BUSLINES (section 8.4)."""
    return np.array([0, 1, 3, 4], dtype=np.int64)[customer % 4]


def _draw_claims(
    random: np.random.Generator, cohort: Cohort, first: int, pairs: int
) -> CustomerEntries:
    company = random.choice(len(CODES), pairs, p=shares()).astype(np.int64)
    customer = random.integers(1, CUSTOMERS - RESERVED + 1, pairs)
    group = posting_group_of(company, customer)
    day = days_of(random.integers(cohort.start, cohort.next_start, pairs))
    units = prices(random, PRICES[company] * 4)
    foreign = chance(random, pairs, 0.3)
    allowance = group == _ALLOWANCE
    return CustomerEntries(
        number=cohort.first_number + 2 * (first + np.arange(pairs, dtype=np.int64)) + 1,
        company=company,
        customer=customer,
        group=group,
        day=day,
        due=keep(day + random.integers(-5, 120, pairs), chance(random, pairs, 0.96)),
        units=where(allowance, -units, units),
        # Converted amounts have decimals as far as NAV keeps them.
        tail=where(foreign, random.integers(1, 10**12, pairs), 0),
        kind=where(allowance, _CREDIT_MEMO, _INVOICE),
        line=business_line_of(customer),
    )


def _draw_settlements(
    random: np.random.Generator, claim: CustomerEntries
) -> tuple[CustomerEntries, Whole]:
    """The other side of each claim, and how much of it is applied (null: there is none)."""
    pairs = len(claim.number)
    fate = random.random(pairs)
    full, partial, unapplied = fate < 0.72, fate < 0.85, fate < 0.93
    part = where(full | (fate > 0.9), claim.units, share_of(random, claim.units, 0.1, 0.9))
    settlement = CustomerEntries(
        number=claim.number + 1,
        company=claim.company,
        customer=claim.customer,
        group=claim.group,
        day=claim.day + random.integers(0, 75, pairs),
        due=constant(pairs, MISSING),
        units=-part,
        tail=where(part == claim.units, -claim.tail, 0),
        kind=where(claim.units < 0, _REFUND, where(chance(random, pairs, 0.2), 2, _PAYMENT)),
        line=claim.line,
    )
    return settlement, where(partial, part, where(unapplied, 0, MISSING))


def _selected(entries: CustomerEntries, rows: Whole) -> CustomerEntries:
    return CustomerEntries(**{name: column[rows] for name, column in vars(entries).items()})


def _applied(
    claim: CustomerEntries, settlement: CustomerEntries, paid: Whole, chosen: Whole
) -> Application:
    """Both detailed entries of each application, on the day of the settlement."""
    applies = paid[chosen] != 0
    one, other = _selected(claim, chosen[applies]), _selected(settlement, np.flatnonzero(applies))
    return Application(
        number=np.concatenate([one.number, other.number]),
        company=np.concatenate([one.company, other.company]),
        customer=np.concatenate([one.customer, other.customer]),
        day=np.tile(other.day, 2),
        units=np.concatenate([other.units, -other.units]),
        tail=np.concatenate([other.tail, -other.tail]),
    )


def write_settled(
    entries: CustomerEntries, paid_on: Whole, sink: Sink, ledger: Ledger, *, detailed: int
) -> None:
    """Write entries by script, each paid in full on a day (null: never), and book them.

    The payment of an entry has its number plus the count of entries; ``detailed`` is the number
    before the first detailed entry.
    """
    paid = np.flatnonzero(paid_on != MISSING)
    payments = _selected(entries, paid)
    payments.number = payments.number + len(entries.number)
    payments.day, payments.kind = paid_on[paid], constant(len(paid), _PAYMENT)
    payments.units, payments.tail = -payments.units, -payments.tail
    applied = where(paid_on == MISSING, MISSING, entries.units)
    write_customer_entries(
        sink,
        ledger,
        (entries, payments),
        _applied(entries, payments, applied, paid),
        detailed=detailed,
    )


def write_customer_entries(
    sink: Sink,
    ledger: Ledger,
    parts: tuple[CustomerEntries, ...],
    applied: Application,
    *,
    detailed: int,
) -> None:
    """Write entries, what settles them, and what both book; ``detailed`` as above."""
    postings = Postings()
    number = detailed
    for entries in parts:
        _write_entries(sink, entries)
        initial = Application(
            entries.number,
            entries.company,
            entries.customer,
            entries.day,
            entries.units,
            entries.tail,
        )
        number = _write_detailed(sink, initial, "Initial Entry", number)
        accounts = _ACCOUNTS[entries.group].astype(np.int64)
        postings.book(entries.company, accounts, entries.day * DAY, entries.units, entries.tail)
    _write_detailed(sink, applied, "Application", number)
    ledger.write(postings.entries("Customer ledger of"))


def _write_entries(sink: Sink, entries: CustomerEntries) -> None:
    number, kind = entries.number, entries.kind
    amount = nav_amounts(entries.units, entries.tail)
    blank = texts(("", None), number % 2)
    # Local currency is blank, null, or written out.
    currency = where(entries.tail != 0, 0, 1 + number % 3)
    pool = ("USD", "", None, *_CURRENCIES)
    sink.add(
        NAV + "Customer Ledger Entries",
        {
            "id_company": texts(CODES, entries.company),
            "Entry No_": wholes(number),
            "GL Entry No_": wholes(keep(number + 7, number % 10 != 0)),
            "Document No_": numbered("SI-", number),
            "Document Type": texts(DOCUMENT_TYPES, kind),
            "External Document No_": numbered("PO, ", keep(number, number % 4 == 0)),
            "Posting Date": dates(entries.day),
            "Customer No_": customer_numbers(entries.customer, number % 30),
            "Customer Posting Group": texts(
                _SPELLINGS, entries.group + where(number % 23 == 0, len(POSTING_GROUPS), 0)
            ),
            "Description": texts(_DESCRIPTIONS, number // 2 % len(_DESCRIPTIONS)),
            "Source Code": texts(("SALES", "CASHRECJNL"), where(kind == _PAYMENT, 1, 0)),
            "Reason Code": blank,
            # One line in two spellings: RTL stands at two places of the pool.
            "Busline Code": texts(
                BUSLINES, where(entries.line == 0, number // 2 % 2 * 2, entries.line)
            ),
            "Department Code": blank,
            "Original Amount": nav_amounts(
                where(entries.tail != 0, entries.units // 640, entries.units)
            ),
            "Currency": texts(pool, where(currency < 3, currency, entries.company + 3)),
            "Original Amount (LCY)": amount,
            "Open": flags(where(number % 3 == 0, 1, 0)),
            "Due Date": dates(entries.due),
            "Posted by": texts(USERS, number % len(USERS)),
            "Destination Code": blank,
            "Partner Code": texts(("", "P-DHL", None), number % 3),
            "IC Partner Code": texts(("", None), number // 2 % 2),
        },
    )


def customer_numbers(customer: Whole, variant: Whole) -> pa.Array:
    """Customer numbers; some in lower case, some with trailing blanks."""
    plain = numbered("C", 100_000 + customer)
    lower = numbered("c", 100_000 + customer)
    padded = pc.binary_join_element_wise(plain, " ", "")
    spelled = pc.if_else(pa.array(variant == 7), lower, plain)
    return pc.if_else(pa.array(variant == 11), padded, spelled)


def _write_detailed(sink: Sink, rows: Application, kind: str, after: int) -> int:
    count = len(rows.number)
    if count == 0:
        return after
    amount = nav_amounts(rows.units, rows.tail)
    sink.add(
        NAV + "Detailed Customer Ledg_ Entry",
        {
            "id_company": texts(CODES, rows.company),
            "Entry No_": wholes(after + 1 + np.arange(count, dtype=np.int64)),
            "Cust_ Ledger Entry No_": wholes(rows.number),
            "Customer No_": customer_numbers(rows.customer, constant(count, 0)),
            "Posting Date": dates(rows.day),
            "Entry Type": texts((kind,), constant(count, 0)),
            "Amount": amount,
            "Amount (LCY)": amount,
        },
    )
    return after + count


def _write_edges(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """For each company of the roster, around the cut-off, with scripted amounts.

    An invoice of the month's last day; one of the next day; one paid on the next day, so open
    at the cut-off; one paid on the last day, so not; a pair of one customer that is open and
    nets to zero; the smallest amount that NAV can hold; an entry of zero.
    """
    first_day, last_day = cohort.start // DAY, cohort.next_start // DAY - 1
    # day, due (days after), units, tail, paid on (null: never), kind, customer
    script = (
        (last_day, 0, 1_250_000, 0, MISSING, _INVOICE, 7),
        (last_day + 1, 30, 1_350_000, 0, MISSING, _INVOICE, 7),
        (first_day, 10, 770_000, 123_456_789_012, last_day + 1, _INVOICE, 7),
        (first_day, 10, 880_000, 0, last_day, _INVOICE, 7),
        (first_day + 2, -100, 4_000_000, 0, MISSING, _INVOICE, 9),
        (first_day + 3, -100, -4_000_000, 0, MISSING, _PAYMENT, 9),
        (last_day, 0, 0, 1, MISSING, _INVOICE, 8),
        (last_day, 0, 0, 0, MISSING, _INVOICE, 8),
    )

    def column(position: int) -> Whole:
        values = np.array([line[position] for line in script], dtype=np.int64)
        return np.repeat(values, ROSTER_SIZE)

    company = np.tile(ROSTER_INDEX, len(script))
    number = cohort.first_number + 90_000_001 + np.arange(len(company), dtype=np.int64)
    entries = CustomerEntries(
        number=number,
        company=company,
        customer=column(6),
        group=posting_group_of(company, column(6)),
        day=column(0),
        due=column(0) + column(1),
        units=column(2),
        tail=column(3),
        kind=column(5),
        line=business_line_of(column(6)),
    )
    write_settled(entries, column(4), sink, ledger, detailed=cohort.first_number + 90_000_000)
