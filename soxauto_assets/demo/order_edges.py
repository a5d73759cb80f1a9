"""Scripted order items of every month: what stands at a bound, is null, zero or negative.

Each script line is one item for every company of the roster; the first and the last moment that
SQL Server's DATETIME can hold in a month stand on both sides of every cut-off.

Here: the items and, in the opening month, those at the lower bounds of years ago. Not here:
vouchers (``voucher_edges.py``), other subjects (their own modules).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from soxauto_assets.demo.companies import ROSTER_INDEX, ROSTER_SIZE
from soxauto_assets.demo.drawing import DAY, HOUR, MISSING, numbered
from soxauto_assets.demo.items import (
    CANCELLED,
    CARD,
    CASH,
    CASH_LOWER_CASE,
    CLOSED,
    COUPON,
    DELIVERED,
    DELIVERED_CAPITAL,
    DIGITAL,
    DOOR,
    GIFT_CARD_LOWER_CASE,
    NO_PAYMENT,
    RETURNED,
    REUSABLE,
    SHIPPED,
    WALLET,
    Items,
    book_items,
    scalar_items,
    together,
    write_items,
)
from soxauto_assets.demo.ledger import Ledger, Postings
from soxauto_assets.demo.plan import Cohort
from soxauto_assets.demo.rows import Sink

Line = Mapping[str, int]

FIRST_EDGE = 90_000_000
"""The number of a month's first scripted item; drawn ones have the numbers below."""


def write_order_edges(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Write the month's scripted items and book them."""
    script = [
        *_prepayments(cohort),
        *_packages(cohort),
        *_refunds(cohort),
        *_amounts(cohort),
    ]
    if cohort.period == cohort.plan.first:
        script += _lower_bounds()
    items = together(
        *(_for_the_roster(cohort, step, line) for step, line in enumerate(script)),
        _usage(cohort, len(script)),
    )
    write_items(items, sink)
    postings = Postings()
    book_items(items, postings)
    ledger.write(postings.entries("Operations of"))


def _for_the_roster(cohort: Cohort, step: int, line: Line) -> Items:
    number = cohort.first_number + FIRST_EDGE + step * ROSTER_SIZE + ROSTER_INDEX
    items = scalar_items(ROSTER_SIZE, **{**_usual(), **line})
    items.company, items.item, items.order = ROSTER_INDEX, number, number
    # The line gives the step of the package's first item, null for an item without package.
    has_package = items.package != MISSING
    items.package = np.where(
        has_package, number - (step - items.package) * ROSTER_SIZE, MISSING
    ).astype(np.int64)
    items.package_lead = np.where(has_package & (items.package == number), 1, 0).astype(np.int64)
    return items


def _usual() -> Line:
    """A sound item: what a script line does not say."""
    return {
        "customer": 77,
        "customer_type": 0,
        "status": DELIVERED,
        "prepayment": 0,
        "marketplace": 0,
        "is_global": 0,
        "payment": CASH,
        "delivery_type": DOOR,
        "unit_price": 1_999_900,
        "shipping": 150_000,
    }


def _prepayments(cohort: Cohort) -> Iterator[Line]:
    start, last, after = cohort.start, cohort.last_moment, cohort.next_start
    middle = start + 10 * DAY
    usual = {"prepayment": 1, "payment": WALLET, "created": middle, "status": SHIPPED}
    yield {**usual, "verified": last, "package_delivered": after + 5 * DAY}
    yield {**usual, "verified": after, "created": last, "package_delivered": after + 5 * DAY}
    seller = {**usual, "marketplace": 1, "verified": middle}
    yield {**seller, "delivered": last, "package_delivered": after, "status": DELIVERED_CAPITAL}
    yield {**seller, "delivered": after, "package_delivered": after, "status": DELIVERED}
    shop = {**usual, "verified": middle + HOUR}
    # A null type is a physical delivery: the package's date counts.
    yield {**shop, "delivery_type": MISSING, "delivered": middle, "package_delivered": after}
    yield {**shop, "delivery_type": DIGITAL, "delivered": after, "payment": CARD}
    yield {**shop, "delivery_type": GIFT_CARD_LOWER_CASE, "delivered": last}
    yield {**shop, "marketplace": MISSING, "package_delivered": after + 3 * DAY}
    # Cancelled or failed before the cut-off, the money given back only after it.
    yield {**shop, "cancelled": last, "refunded": after + 10 * DAY, "status": CANCELLED}
    yield {**shop, "failed": last - HOUR, "refunded": after + 20 * DAY, "status": CLOSED}
    yield {**shop, "cancelled": middle + DAY, "refunded": last, "status": CANCELLED}
    yield {**shop, "prepayment": MISSING, "package_delivered": after}


def _packages(cohort: Cohort) -> Iterator[Line]:
    """Script positions 12 and on: the second item of a package names the first one's step."""
    start, last, after = cohort.start, cohort.last_moment, cohort.next_start
    middle = start + 5 * DAY
    usual = {"created": start + DAY, "shipped": start + 2 * DAY, "expected": 4_300_000}
    yield {**usual, "package": 12, "delivered": last, "package_delivered": last, "resolved": after}
    yield {**usual, "package": 12, "delivered": last, "package_delivered": last, "resolved": after}
    yield {**usual, "package": 14, "delivered": after, "resolved": after + 9 * DAY}
    yield {**usual, "package": 15, "delivered": middle, "resolved": last}
    # Collected in full, and more than in full, and never marked as settled.
    yield {**usual, "package": 16, "delivered": middle, "received": 4_300_000}
    yield {**usual, "package": 17, "delivered": middle, "received": 4_300_001}
    yield {
        **usual,
        "package": 18,
        "delivered": middle,
        "received": 4_299_999,
        "resolved": after + DAY,
        "payment": CASH_LOWER_CASE,
    }
    yield {**usual, "package": MISSING, "delivered": last - 2 * DAY}
    yield {**usual, "package": 20, "delivered": middle, "payment": NO_PAYMENT}
    yield {**usual, "package": 21, "delivered": middle, "payment": MISSING}
    yield {
        **usual,
        "package": 22,
        "delivered": middle,
        "marketplace": MISSING,
        "expected": MISSING,
        "received": 100,
        "resolved": after + 2 * DAY,
    }


def _refunds(cohort: Cohort) -> Iterator[Line]:
    start, last, after = cohort.start, cohort.last_moment, cohort.next_start
    usual = {
        "created": start + DAY,
        "verified": start + DAY,
        "prepayment": 1,
        "payment": CARD,
        "delivered": start + 4 * DAY,
        "package_delivered": start + 4 * DAY,
        "marketplace": 1,
        "status": RETURNED,
        "is_global": 1,
        "customs": 210_000,
        "customs_cart_rule": 10_000,
        "freight": 30_000,
    }
    yield {**usual, "refunded": last, "returned": after + 4 * DAY}
    yield {**usual, "refunded": after, "returned": after + 9 * DAY}
    yield {**usual, "returned": last, "refunded": after}
    yield {**usual, "returned": after, "refunded": after + DAY}
    yield {**usual, "refunded": start + 9 * DAY, "returned": last}
    yield {**usual, "refunded": last - DAY, "returned": after + 8 * DAY, "listed": 2}
    yield {
        **usual,
        "refunded": last - DAY,
        "returned": after + 8 * DAY,
        "listed": 3,
        "voucher_type": COUPON,
        "shipping_voucher": 50_000,
    }
    yield {**usual, "marketplace": MISSING, "refunded": last - DAY, "returned": after + 2 * DAY}
    yield {**usual, "marketplace": 0, "refunded": last - DAY, "returned": after + 2 * DAY}


def _amounts(cohort: Cohort) -> Iterator[Line]:
    start, after = cohort.start, cohort.next_start
    delivered = {"created": start, "delivered": start + 8 * DAY, "resolved": after + DAY}
    nothing = {"unit_price": MISSING, "shipping": MISSING}
    yield {**delivered, **nothing}
    yield {**delivered, "unit_price": 0, "shipping": 0}
    paid = {
        "prepayment": 1,
        "payment": WALLET,
        "created": start,
        "verified": start + 8 * DAY,
        "package_delivered": after + DAY,
        "status": SHIPPED,
    }
    yield {**paid, **nothing}
    yield {**paid, "unit_price": 100_000, "coupon": 350_001, "shipping": 0}
    yield {**paid, "unit_price": 1, "cart_rule": 1, "shipping": MISSING}


def _lower_bounds() -> Iterator[Line]:
    """Items on both sides of the lower bounds of D13, D15 and D17; they stay open for ever."""
    for moment in (_moment("2017-12-31T23:59:59.997"), _moment("2018-01-01T00:00:00.000")):
        yield {
            "prepayment": 1,
            "payment": CARD,
            "created": moment,
            "verified": moment,
            "status": SHIPPED,
        }
    for moment in (_moment("2018-12-31T23:59:59.997"), _moment("2019-01-01T00:00:00.000")):
        created = moment - 9 * DAY
        yield {"created": created, "delivered": moment, "package_delivered": moment}
        yield {
            "created": created,
            "delivered": created,
            "payment": NO_PAYMENT,
            "marketplace": 1,
            "refunded": moment,
        }


def _moment(text: str) -> int:
    return int(np.datetime64(text, "ms").astype(np.int64))


def _usage(cohort: Cohort, step: int) -> Items:
    """Codes that no voucher has, used on both sides of the cut-off; store credit without code."""
    moments = (cohort.last_moment, cohort.next_start, cohort.last_moment)
    parts = []
    for offset, moment in enumerate(moments):
        part = _for_the_roster(
            cohort,
            step + offset,
            {
                "created": cohort.start,
                "delivered": cohort.start + 2 * DAY,
                "package_delivered": moment,
                "voucher_type": REUSABLE,
                "coupon": 40_000 + offset,
                "prepayment": 1,
                "payment": NO_PAYMENT,
                "marketplace": offset % 2,
            },
        )
        if offset < 2:
            part.voucher_code = numbered("STRAY-", part.item)
        parts.append(part)
    return together(*parts)
