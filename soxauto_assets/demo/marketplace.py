"""Marketplace: seller transactions, the statements they are put on, and what they book.

Here: drawn and scripted transactions and statements. Not here: vendors and the account
grouping (``dimensions.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from soxauto_assets.demo.companies import CODES, PRICES, ROSTER_INDEX, ROSTER_SIZE, shares
from soxauto_assets.demo.drawing import (
    DAY,
    MISSING,
    SECOND,
    Whole,
    amounts,
    chance,
    constant,
    flags,
    keep,
    moments_between,
    numbered,
    prices,
    stamps,
    texts,
    where,
)
from soxauto_assets.demo.ledger import ACCOUNT, Ledger, Postings
from soxauto_assets.demo.plan import SELLER_TRANSACTIONS, Cohort, chunks
from soxauto_assets.demo.rows import FINREC, RING, Sink

VENDORS = 40
"""Vendors of each company; their numbers do not depend on the month."""
VENDOR_NAMES = (
    "Boutique d'Aïcha, SARL",
    'Vendor "Best Price"',
    "متجر النور",
    "Kano Traders Ltd",
    "Sou's & Sons\nsecond line",
)
TYPES = ("Commission fee", "Shipping fee", "Item price", "Refund", "commission FEE", "Penalty ")
"""ASG names as transactions spell them; the grouping has one row for each, without case."""
GROUPED_TYPES = (
    ("Commission fee", "Revenues", "Commissions", "Marketplace", "MPL"),
    ("Shipping fee", "Revenues", "Shipping", "Marketplace", None),
    ("Item price", "Payables", "Vendors", None, None),
    ("Refund", "Payables", "Customers", None, None),
    ("Penalty", "revenues", "Penalties", "Marketplace", "MPL"),
)
_REVENUES = (0, 1, 4, 5)


@dataclass
class _Transactions:
    """Seller transactions, a column each; ``kind`` is a position in TYPES.

    ``statement`` is the number of the statement, null for none; ``ends`` is its end, null where
    it has none or no such statement exists.
    """

    company: Whole
    number: Whole
    created: Whole
    kind: Whole
    units: Whole
    statement: Whole
    ends: Whole


def write_marketplace(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Draw the month's seller transactions and statements, write and book them."""
    starts, ends = _write_statements(cohort, sink)
    for chunk, first, rows in chunks(cohort.count(SELLER_TRANSACTIONS)):
        random = cohort.random("marketplace", chunk)
        company = random.choice(len(CODES), rows, p=shares()).astype(np.int64)
        created = moments_between(random, rows, cohort.start, cohort.next_start)
        week = np.searchsorted(starts, created, side="right") - 1
        fate = random.random(rows)
        on_statement = fate > 0.12
        statement = _statement(cohort, company, week)
        statement = where(fate > 0.99, statement + 50_000, statement)  # its row is missing
        statement = where((fate > 0.98) & (fate <= 0.99), statement + 5, statement)  # no end
        kind = random.choice(len(TYPES), rows, p=(0.3, 0.15, 0.3, 0.1, 0.1, 0.05))
        units = prices(random, PRICES[company] // 8 + 1)
        _write_transactions(
            _Transactions(
                company=company,
                number=cohort.first_number + first + 1 + np.arange(rows, dtype=np.int64),
                created=created,
                kind=kind.astype(np.int64),
                units=where(chance(random, rows, 0.15), -units, units),
                statement=keep(statement, on_statement),
                ends=keep(ends[week], on_statement & (fate <= 0.98)),
            ),
            sink,
            ledger,
        )
    _write_edges(cohort, sink, ledger)


def _statement(cohort: Cohort, company: Whole, week: Whole) -> Whole:
    return cohort.number * 100_000 + company * 100 + week


def _write_statements(cohort: Cohort, sink: Sink) -> tuple[Whole, Whole]:
    """Five statements a company, one a week; the fifth ends in the next month.

    Positions 5 to 9 are those without an end; 10 and 11 end in the last moment of the month and
    in the first of the next one. Returns the starts and the ends of the five.
    """
    starts = cohort.start + 7 * DAY * np.arange(5, dtype=np.int64)
    ends = np.minimum(starts + 7 * DAY, cohort.next_start) - SECOND
    ends[4] = cohort.next_start + 4 * DAY - SECOND
    every_start = np.concatenate([starts, starts, constant(2, cohort.start)])
    every_end = np.concatenate(
        [ends, constant(5, MISSING), [cohort.last_moment, cohort.next_start]]
    )
    kinds = len(every_start)
    company = np.repeat(np.arange(len(CODES), dtype=np.int64), kinds)
    week = np.tile(np.arange(kinds, dtype=np.int64), len(CODES))
    number = _statement(cohort, company, week)
    paid = (week < 4) & (company % 2 == 0)
    sink.add(
        RING + "RPT_ACCOUNTSTATEMENTS",
        {
            "id_company": texts(CODES, company),
            "RING_ID_Transaction_Statement": numbered("", number),
            "RING_Transaction_Statement_No": numbered("ST-", number),
            "RING_Start_Date": stamps(every_start[week]),
            "RING_End_Date": stamps(every_end[week]),
            "RING_Paid": flags(where(paid, 1, where(week == 4, MISSING, 0))),
            "RING_Paid_Date": stamps(keep(every_end[week] + 3 * DAY, paid)),
        },
    )
    return starts, ends


def _write_transactions(rows: _Transactions, sink: Sink, ledger: Ledger) -> None:
    company, number = texts(CODES, rows.company), rows.number
    vendor = number % (VENDORS + 2)  # two of them are no vendor's
    item = keep(number * 3, number % 9 != 0)
    sink.add(
        FINREC + "RPT_TRANSACTIONS_SELLER",
        {
            "ID_Company": company,
            "Created_Date": stamps(rows.created),
            "ID_Transaction": numbered("", number),
            "Transaction_No": numbered("TR-", number),
            "Transaction_Type": texts(TYPES, rows.kind),
            "Nav_Type": texts(("Fee", "Commission", "Payable"), rows.kind % 3),
            "ERP_Name": texts(("Commission, net", "Frais d'envoi", None), number % 3),
            "Transaction_Amount": amounts(rows.units),
            "Created_Manually": flags(where(number % 60 == 0, 1, 0)),
            "Vendor_Short_Code": numbered("V", vendor),
            "BOB_ID_Vendor": numbered("", keep(vendor, number % 70 != 0)),
            "Vendor_Name": texts(VENDOR_NAMES, vendor % len(VENDOR_NAMES)),
            "SC_ID_Sales_Order_Item": numbered("", item),
            "OMS_ID_Sales_Order_Item": numbered("", item),
            "BOB_ID_Sales_Order_Item": numbered("", item),
            "Order_Number": numbered("3", item),
            "ID_Account_Statement": numbered("", rows.statement),
        },
    )
    named = np.flatnonzero(number % 12 != 0)
    sink.add(
        RING + "RPT_TRANSACTIONS",
        {
            "ID_Company": company.take(named),
            "ID_Transaction": numbered("", number[named]),
            "Transaction_Type_Name": texts(TYPES, rows.kind[named]),
        },
    )
    postings = Postings()
    revenue = np.isin(rows.kind, _REVENUES)
    postings.open_between(
        rows.company,
        ACCOUNT["18304"],
        keep(rows.created, revenue),
        where(rows.statement == MISSING, MISSING, rows.ends),
        rows.units,
    )
    ledger.write(postings.entries("Seller transactions of"))


def _write_edges(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """For each company of the roster: around the cut-off, on both sides of a statement's end."""
    soon = cohort.start + DAY
    # created, position of the statement (null: none), its end, units
    script = (
        (cohort.last_moment, MISSING, MISSING, 100_000),
        (cohort.next_start, MISSING, MISSING, 110_000),
        (soon, 10, cohort.last_moment, 120_000),
        (soon, 11, cohort.next_start, 130_000),
        (soon, 7, MISSING, 140_000),
        (soon, 4, cohort.next_start + 4 * DAY - SECOND, 0),
        (soon, MISSING, MISSING, -150_001),
    )

    def column(position: int) -> Whole:
        values = np.array([line[position] for line in script], dtype=np.int64)
        return np.repeat(values, ROSTER_SIZE)

    company = np.tile(ROSTER_INDEX, len(script))
    week = column(1)
    _write_transactions(
        _Transactions(
            company=company,
            number=cohort.first_number + 90_000_000 + np.arange(len(company), dtype=np.int64),
            created=column(0),
            kind=company % 2 * 4,
            units=column(3),
            statement=keep(_statement(cohort, company, week), week != MISSING),
            ends=column(2),
        ),
        sink,
        ledger,
    )
