"""Orders: drawn life cycles of order items, from creation to delivery, refund and return.

Here: how items are drawn. Not here: what is written and booked for an item (``items.py``).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from soxauto_assets.demo.companies import CODES, PRICES, shares
from soxauto_assets.demo.drawing import (
    MISSING,
    Mask,
    Whole,
    chance,
    choose,
    constant,
    keep,
    later,
    missing,
    moments_between,
    numbered,
    prices,
    share_of,
    where,
)
from soxauto_assets.demo.items import (
    CANCELLED,
    CASH,
    CLOSED,
    CUSTOMER_TYPES,
    DELIVERED,
    DIGITAL,
    GIFT_CARD,
    NO_PAYMENT,
    RETURNED,
    REUSABLE,
    SHIPPED,
    Items,
    blank_items,
    book_items,
    write_items,
)
from soxauto_assets.demo.ledger import Ledger, Postings
from soxauto_assets.demo.plan import ITEMS, Cohort, chunks
from soxauto_assets.demo.rows import Sink


def write_orders(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Draw the month's orders and write them with all that follows from them."""
    for chunk, first, rows in chunks(cohort.count(ITEMS)):
        random = cohort.random("orders", chunk)
        created = moments_between(random, rows, cohort.start, cohort.next_start)
        company = random.choice(len(CODES), rows, p=shares()).astype(np.int64)
        # An order has one company and one moment: its items take those of its first one.
        head = np.maximum.accumulate(
            where(chance(random, rows, 0.6), np.arange(rows, dtype=np.int64), 0)
        )
        items = draw_items(
            random,
            item=cohort.first_number + first + np.arange(rows, dtype=np.int64),
            head=head,
            company=company[head],
            created=created[head],
        )
        _draw_stray_codes(random, items)
        write_items(items, sink)
        postings = Postings()
        book_items(items, postings)
        ledger.write(postings.entries("Operations of"))


def draw_items(
    random: np.random.Generator, *, item: Whole, head: Whole, company: Whole, created: Whole
) -> Items:
    """Items with a drawn life cycle; ``head`` is the position of each order's first item."""
    rows = len(item)
    items = blank_items(rows)
    items.company, items.created, items.item, items.order = company, created, item, item[head]
    items.customer = random.integers(1, 4_000, rows)[head]
    items.customer_type = keep(
        random.integers(0, len(CUSTOMER_TYPES), rows), chance(random, rows, 0.97)
    )[head]
    items.is_global = keep(where(chance(random, rows, 0.1), 1, 0), chance(random, rows, 0.98))
    items.marketplace = keep(where(chance(random, rows, 0.6), 1, 0), chance(random, rows, 0.99))
    prepaid = chance(random, rows, 0.35)[head]
    items.prepayment = where(prepaid, 1, 0)
    items.payment = where(prepaid, 1 + 2 * random.integers(0, 2, rows), CASH)[head]
    odd = random.random(rows)[head]
    items.payment = where(odd < 0.005, NO_PAYMENT, keep(items.payment, odd > 0.01))
    items.delivery_type = keep(random.integers(0, 2, rows), chance(random, rows, 0.95))
    digital = prepaid & chance(random, rows, 0.04)
    items.delivery_type = where(
        digital, where(chance(random, rows, 0.5), DIGITAL, GIFT_CARD), items.delivery_type
    )
    _draw_life(random, items, head, prepaid, digital)
    _draw_amounts(random, items)
    _draw_collection(random, items, head)
    return items


def _draw_life(
    random: np.random.Generator, items: Items, head: Whole, prepaid: Mask, digital: Mask
) -> None:
    rows = len(head)
    items.verified = keep(
        later(random, items.created, 0.0, 2.0)[head], prepaid & chance(random, rows, 0.97)[head]
    )
    fate = random.random(rows)
    cancelled, failed = fate < 0.05, (fate >= 0.05) & (fate < 0.07)
    arrives = fate >= 0.075  # the few in between stay on their way for ever
    paid_first = where(items.verified == MISSING, items.created, items.verified)
    shipped = later(random, paid_first, 0.2, 4.0)[head]
    arrival = later(random, shipped, 0.3, 18.0)[head]
    instant = later(random, items.created, 0.0, 0.1)
    items.shipped = keep(shipped, ~cancelled & ~digital)
    items.delivered = keep(where(digital, instant, arrival), arrives)
    items.package_delivered = keep(later(random, arrival, 0.0, 1.0)[head], arrives & ~digital)
    items.cancelled = keep(later(random, items.created, 0.0, 6.0), cancelled)
    items.failed = keep(later(random, shipped, 2.0, 12.0), failed)
    money_back = later(random, where(cancelled, items.cancelled, items.failed), 0.5, 20.0)
    items.refunded = keep(money_back, prepaid & chance(random, rows, 0.98))
    comes_back = arrives & ~digital & chance(random, rows, 0.06)
    kind = random.random(rows)
    returned = later(random, items.delivered, 1.0, 25.0)
    refund_first, return_first = kind < 0.35, kind >= 0.35
    refund_of_return = where(
        refund_first,
        later(random, items.delivered, 0.5, 20.0),
        later(random, returned, 0.0, 15.0),
    )
    items.returned = keep(returned, comes_back & (kind > 0.03))
    items.refunded = where(
        comes_back,
        keep(refund_of_return, refund_first | (return_first & (kind < 0.99))),
        items.refunded,
    )
    items.listed = where(comes_back & (kind <= 0.2), 1 + where(kind < 0.08, 1, 0), 0)
    items.status = where(
        cancelled,
        CANCELLED,
        where(arrives, where(comes_back, RETURNED, where(kind < 0.5, DELIVERED, CLOSED)), SHIPPED),
    )
    package = items.item[head] + where(chance(random, rows, 0.1), 1, 0) * (items.item > items.order)
    items.package = keep(package, ~digital & ~cancelled)


def _draw_amounts(random: np.random.Generator, items: Items) -> None:
    rows = len(items.item)
    usual = PRICES[items.company]
    items.unit_price = prices(random, usual)
    items.unit_price = where(chance(random, rows, 0.004), 0, items.unit_price)
    # A few prices have four decimals: converted from another currency.
    items.unit_price = items.unit_price + where(
        chance(random, rows, 0.03), random.integers(1, 99, rows), 0
    )
    items.cart_rule = keep(share_of(random, items.unit_price, 0.0, 0.2), chance(random, rows, 0.15))
    items.shipping = keep(share_of(random, usual * 10_000, 0.02, 0.15), chance(random, rows, 0.85))
    has_shipping = items.shipping != MISSING
    items.shipping_cart_rule = keep(
        share_of(random, items.shipping, 0.1, 0.9), has_shipping & chance(random, rows, 0.1)
    )
    items.shipping_discount = keep(
        share_of(random, items.shipping, 0.0, 0.5), has_shipping & chance(random, rows, 0.05)
    )
    items.shipping_change = keep(
        share_of(random, items.shipping, -0.5, 0.5), has_shipping & chance(random, rows, 0.03)
    )
    foreign = items.is_global == 1
    items.customs = keep(share_of(random, items.unit_price, 0.05, 0.2), foreign)
    items.customs_cart_rule = keep(
        share_of(random, items.customs, 0.0, 0.5), foreign & chance(random, rows, 0.2)
    )
    items.freight = keep(share_of(random, items.unit_price, 0.01, 0.1), foreign)
    items.delivery_fee_cart_rule = keep(
        share_of(random, items.unit_price, 0.0, 0.05), foreign & chance(random, rows, 0.2)
    )


def _draw_collection(random: np.random.Generator, items: Items, head: Whole) -> None:
    """The cash of delivered packages: collected, settled later, or still missing.

    Collection belongs to the package, so its figures are drawn by the order's first item.
    """
    rows = len(head)
    cash = (items.prepayment == 0) & (items.package != MISSING)
    fate = random.random(rows)[head]
    known = cash & (fate > 0.01)
    package_price = items.unit_price[head] + 500_000
    items.expected = keep(package_price, known & (fate > 0.02))
    received = where(fate < 0.10, package_price, share_of(random, package_price, 0.0, 0.9)[head])
    items.received = keep(received, known & (fate < 0.7))
    quick = later(random, items.delivered[head], 1.0, 30.0)[head]
    slow = later(random, items.delivered[head], 40.0, 200.0)[head]
    items.resolved = keep(where(fate > 0.97, slow, quick), known & (fate >= 0.10) & (fate < 0.995))
    order = np.lexsort((np.arange(rows), items.package))
    package = items.package[order]
    leads = np.concatenate([[True], package[1:] != package[:-1]])
    items.package_lead = constant(rows, 0)
    items.package_lead[order] = leads.astype(np.int64)
    items.package_lead = where(known, items.package_lead, 0)


def _draw_stray_codes(random: np.random.Generator, items: Items) -> None:
    """A few items name a code that no voucher has, or store credit without any code."""
    rows = len(items.item)
    stray = chance(random, rows, 0.01)
    with_code = stray & chance(random, rows, 0.7)
    items.voucher_type = keep(constant(rows, REUSABLE), stray)
    items.voucher_code = choose(
        with_code, numbered("OLD-", items.item // 3), pa.nulls(rows, pa.string())
    )
    items.coupon = keep(share_of(random, items.unit_price, 0.0, 0.5), stray)
    items.shipping_voucher = missing(rows)
