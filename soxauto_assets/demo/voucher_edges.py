"""Scripted vouchers of every month, with the items that use them.

Each script line is one voucher for every company of the roster, with any number of uses.

Here: vouchers at a bound, without an end, used in several spellings and under two types, used
up beyond their value. Not here: drawn vouchers (``vouchers.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from soxauto_assets.demo.companies import ROSTER_INDEX, ROSTER_SIZE
from soxauto_assets.demo.drawing import DAY, HOUR, MISSING, joined
from soxauto_assets.demo.items import (
    CANCELLED,
    CASH,
    COUPON,
    DELIVERED,
    DOOR,
    REUSABLE,
    REUSABLE_CAPITAL,
    Items,
    scalar_items,
    together,
)
from soxauto_assets.demo.ledger import Ledger
from soxauto_assets.demo.plan import Cohort
from soxauto_assets.demo.rows import Sink
from soxauto_assets.demo.vouchers import (
    APOLOGY,
    JFORCE,
    JPAY,
    MARKETING,
    REFUND,
    REFUND_CAPITAL,
    STORE_CREDIT,
    Vouchers,
    put_vouchers,
)

_FIRST_EDGE = 90_000_000
_FIRST_EDGE_ITEM = 95_000_000
AS_ISSUED, LOWER_CASE, PADDED = range(3)


@dataclass(frozen=True)
class Use:
    """One item that uses a voucher; moments in milliseconds, amounts in ten-thousandths."""

    ordered: int
    delivered: int
    units: int
    type: int = REUSABLE
    spelling: int = AS_ISSUED
    cancelled: int = MISSING
    by_shipping: bool = False
    marketplace: int = 1


@dataclass(frozen=True)
class Line:
    """One voucher for every company of the roster, with its uses."""

    fields: Mapping[str, int]
    uses: tuple[Use, ...] = ()


def write_voucher_edges(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Write the month's scripted vouchers with their uses and book them."""
    script = [*_validity(cohort), *_usage(cohort), *_timing(cohort)]
    if cohort.period == cohort.plan.first:
        script += _lower_bounds(cohort)
    vouchers = _all_vouchers(cohort, script)
    item = cohort.first_number + _FIRST_EDGE_ITEM
    items, users = [], []
    for step, line in enumerate(script):
        rows = step * ROSTER_SIZE + ROSTER_INDEX
        for use in line.uses:
            items.append(_use(vouchers.select(rows), use, item))
            users.append(rows)
            item += ROSTER_SIZE
    put_vouchers(vouchers, np.concatenate(users), together(*items), sink, ledger)


def _all_vouchers(cohort: Cohort, script: list[Line]) -> Vouchers:
    """One voucher a script line and company of the roster, in this order."""
    usual = {
        "use": REFUND,
        "face": 1_500_000,
        "active": 1,
        "valid_from": cohort.start,
        "valid_to": cohort.next_start + 200 * DAY,
        "created": cohort.start + DAY,
        "voucher_off": MISSING,
        "template_off": MISSING,
    }
    lines = [{**usual, "prefix": line.fields.get("use", REFUND), **line.fields} for line in script]
    return Vouchers(
        company=np.tile(ROSTER_INDEX, len(script)),
        number=cohort.first_number
        + _FIRST_EDGE
        + np.arange(len(script) * ROSTER_SIZE, dtype=np.int64),
        **{
            name: np.repeat(np.array([line[name] for line in lines], dtype=np.int64), ROSTER_SIZE)
            for name in (*usual, "prefix")
        },
    )


def _use(vouchers: Vouchers, use: Use, first_item: int) -> Items:
    number = first_item + ROSTER_INDEX
    items = scalar_items(
        ROSTER_SIZE,
        customer=78,
        customer_type=0,
        status=DELIVERED if use.cancelled == MISSING else CANCELLED,
        prepayment=1,
        marketplace=use.marketplace,
        payment=CASH,
        delivery_type=DOOR,
        voucher_type=use.type,
        created=use.ordered,
        delivered=use.delivered,
        package_delivered=use.delivered,
        cancelled=use.cancelled,
        unit_price=2_500_000,
        coupon=MISSING if use.by_shipping else use.units,
        shipping_voucher=use.units if use.by_shipping else MISSING,
    )
    items.company, items.item, items.order = ROSTER_INDEX, number, number
    items.voucher_code = _spelled(vouchers.code, use.spelling)
    return items


def _spelled(code: pa.Array, spelling: int) -> pa.Array:
    if spelling == LOWER_CASE:
        return pc.utf8_lower(code)
    return joined(code, "   ") if spelling == PADDED else code


def _validity(cohort: Cohort) -> Iterator[Line]:
    start, last, after = cohort.start, cohort.last_moment, cohort.next_start
    yield Line({"created": last})
    yield Line({"created": after})
    yield Line({"valid_to": last})
    yield Line({"valid_to": after, "use": STORE_CREDIT})
    yield Line({"valid_to": MISSING, "valid_from": MISSING})
    yield Line({"voucher_off": last, "active": 0})
    yield Line({"voucher_off": after, "active": 0, "use": APOLOGY})
    # Only the template is switched off: the voucher's own date is null.
    yield Line({"template_off": start + 9 * DAY, "active": 0, "use": JFORCE})
    yield Line({"face": 0})
    yield Line({"face": MISSING, "use": JPAY})
    yield Line({"active": MISSING, "use": JPAY, "prefix": 6})
    yield Line({"use": MARKETING})
    yield Line({"use": REFUND_CAPITAL})


def _usage(cohort: Cohort) -> Iterator[Line]:
    ordered, last, after = cohort.start + 3 * DAY, cohort.last_moment, cohort.next_start
    # One code under two types and without one, in three spellings.
    yield Line(
        {},
        (
            Use(ordered, last, 100_000),
            Use(ordered, ordered + DAY, 200_000, COUPON, LOWER_CASE),
            Use(ordered, ordered + DAY, 50_001, REUSABLE_CAPITAL, PADDED),
            Use(ordered, ordered + DAY, 25_000, MISSING, marketplace=MISSING),
            Use(ordered, after, 300_000, by_shipping=True),
        ),
    )
    # Used beyond its value.
    yield Line({"active": 0}, (Use(ordered, ordered + DAY, 1_600_000, marketplace=0),))
    # Delivered after its end: nothing is left to use, and the ledger knows it.
    yield Line({"valid_to": last, "use": STORE_CREDIT}, (Use(ordered, after + DAY, 400_000),))


def _timing(cohort: Cohort) -> Iterator[Line]:
    """Inactive vouchers, valid beyond the cut-off, with orders that are open or not."""
    start, last, after = cohort.start, cohort.last_moment, cohort.next_start
    off = {"active": 0, "voucher_off": after + 2 * DAY}
    yield Line(off, (Use(last, after, 150_000), Use(last, after + DAY, 50_000)))
    yield Line(off, (Use(after, after + 2 * DAY - HOUR, 150_000),))
    yield Line(off, (Use(start + 2 * DAY, last, 150_000),))
    yield Line(off, (Use(start + 2 * DAY, MISSING, 150_000, cancelled=last),))
    yield Line(off, (Use(start + 2 * DAY, MISSING, 150_000, cancelled=after),))
    yield Line(off, (Use(MISSING, MISSING, 150_000),))
    yield Line({**off, "created": after}, (Use(after + HOUR, after + 9 * DAY, 150_000),))
    yield Line({**off, "active": MISSING})
    yield Line({**off, "valid_to": MISSING})
    yield Line({**off, "valid_to": after + DAY}, (Use(last - HOUR, MISSING, 70_000),))


def _lower_bounds(cohort: Cohort) -> Iterator[Line]:
    """Vouchers on both sides of the lower bound of D10; the older one is settled in the ledger."""
    for text in ("2016-12-31T23:59:59.997", "2017-01-01T00:00:00.000"):
        moment = int(np.datetime64(text, "ms").astype(np.int64))
        yield Line({"created": moment, "valid_from": moment, "use": STORE_CREDIT})
