"""Vouchers: issued, used by order items, expired, switched off; and what each step books.

A voucher's uses are drawn with it, and each use is an order item of the same cohort, so that
usage never depends on another month's rows.

Here: drawn vouchers, their tables and ledger entries. Not here: scripted vouchers
(``voucher_edges.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from soxauto_assets.demo.companies import CODES, PRICES, shares
from soxauto_assets.demo.drawing import (
    DAY,
    MISSING,
    SECOND,
    Mask,
    Whole,
    amounts,
    chance,
    choose,
    constant,
    earliest,
    flags,
    joined,
    keep,
    later,
    missing,
    moments_between,
    numbered,
    prices,
    share_of,
    stamps,
    texts,
    where,
    wholes,
)
from soxauto_assets.demo.items import (
    COUPON,
    REUSABLE,
    REUSABLE_CAPITAL,
    Items,
    book_items,
    write_items,
)
from soxauto_assets.demo.ledger import Ledger, Postings
from soxauto_assets.demo.orders import draw_items
from soxauto_assets.demo.plan import VOUCHERS, Cohort, chunks
from soxauto_assets.demo.rows import FINREC, Sink
from soxauto_assets.demo.voucher_entries import voucher_entries

USES = (
    "refund",
    "store_credit",
    "apology_v2",
    "jforce",
    "jpay_store_credit",
    "marketing",
    "Refund",
    "Jpay_Store_Credit",
    "newsletter",
)
REFUND, STORE_CREDIT, APOLOGY, JFORCE, JPAY, MARKETING, REFUND_CAPITAL, JPAY_CAPITAL, NEWSLETTER = (
    range(9)
)
USE_SHARES = (0.35, 0.15, 0.15, 0.1, 0.1, 0.1, 0.02, 0.02, 0.01)
CODE_PREFIXES = ("RF", "SC", "AP", "JF", "GC", "MK", "JP", "JX", "NL")
_DESCRIPTIONS = (
    "Refund of order",
    'Bon "geste commercial", fidélité',
    "قسيمة اعتذار",
    "Agent payout\nsecond line",
    "Store credit ",
    None,
)
_REASONS = ("used up", "switched off by agent, on request", "remboursé en espèces", None)
_TEMPLATE = ("Refund template", "Avoir client", "قالب", "Store credit, default")


@dataclass
class Vouchers:
    """Vouchers, a column each; ``number`` is the id, ``use`` a position in USES."""

    company: Whole
    number: Whole
    use: Whole
    prefix: Whole
    face: Whole
    active: Whole
    valid_from: Whole
    valid_to: Whole
    created: Whole
    voucher_off: Whole
    template_off: Whole

    @property
    def code(self) -> pa.Array:
        """The code as the view spells it."""
        return joined(texts(CODE_PREFIXES, self.prefix), numbered("-", self.number))

    @property
    def end(self) -> Whole:
        """The moment from which the voucher is no liability: expiry or a switch-off (D6)."""
        return earliest(self.valid_to, self.voucher_off, self.template_off)

    @property
    def is_liability(self) -> Mask:
        """Whether the use is a non-marketing one (D6)."""
        return ~np.isin(self.use, (MARKETING, NEWSLETTER))

    def select(self, rows: Whole | Mask) -> Vouchers:
        """The vouchers of some rows."""
        return Vouchers(
            **{column.name: getattr(self, column.name)[rows] for column in fields(Vouchers)}
        )


def write_vouchers(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Draw the month's vouchers with the items that use them, and write both."""
    for chunk, first, rows in chunks(cohort.count(VOUCHERS)):
        random = cohort.random("vouchers", chunk)
        number = cohort.first_number + first + np.arange(rows, dtype=np.int64)
        vouchers = _draw(random, cohort, number)
        uses = constant(rows, 0)
        fate = random.random(rows)
        uses[fate < 0.55], uses[fate < 0.15] = 1, 2
        voucher = np.repeat(np.arange(rows, dtype=np.int64), uses)
        second = np.concatenate([[False], voucher[1:] == voucher[:-1]])
        items = _draw_uses(random, cohort, vouchers.select(voucher), second, first)
        _switch_off(random, vouchers, voucher, items)
        put_vouchers(vouchers, voucher, items, sink, ledger)


def put_vouchers(
    vouchers: Vouchers, voucher: Whole, items: Items, sink: Sink, ledger: Ledger
) -> None:
    """Write vouchers and the items that use them; ``voucher`` is each item's voucher row."""
    write_view(vouchers, voucher, items, sink)
    write_items(items, sink)
    postings = Postings()
    book_items(items, postings)
    ledger.write(postings.entries("Voucher orders of"))
    for entries in voucher_entries(vouchers, voucher, items):
        ledger.write(entries)


def _draw(random: np.random.Generator, cohort: Cohort, number: Whole) -> Vouchers:
    rows = len(number)
    company = random.choice(len(CODES), rows, p=shares()).astype(np.int64)
    use = random.choice(len(USES), rows, p=USE_SHARES).astype(np.int64)
    created = moments_between(random, rows, cohort.start, cohort.next_start)
    prefix = where(
        (use == JPAY) | (use == JPAY_CAPITAL),
        np.array([4, 6, 7], dtype=np.int64)[random.integers(0, 3, rows)],
        use,
    )
    forever = chance(random, rows, 0.04)
    life = later(random, created, 20.0, 400.0)
    # Most vouchers end at 23:59:59 of a day, some in the middle of one.
    valid_to = where(chance(random, rows, 0.7), life - life % DAY + DAY - SECOND, life)
    off = later(random, created, 5.0, 150.0)
    refund = np.isin(use, (REFUND, REFUND_CAPITAL))
    return Vouchers(
        company=company,
        number=number,
        use=use,
        prefix=prefix,
        face=prices(random, PRICES[company] // 2, spread=0.5),
        active=constant(rows, 1),
        valid_from=created,
        valid_to=keep(valid_to, ~forever),
        created=created,
        voucher_off=keep(off, chance(random, rows, 0.08) | (refund & chance(random, rows, 0.1))),
        template_off=keep(later(random, created, 60.0, 300.0), chance(random, rows, 0.03)),
    )


def _draw_uses(
    random: np.random.Generator, cohort: Cohort, used: Vouchers, second: Mask, first: int
) -> Items:
    """One item a use, ordered within 45 days; the second use comes later than the first."""
    rows = len(used.number)
    position = np.arange(rows, dtype=np.int64)
    # Numbers from 50 million on are those of voucher items: orders have the ones below.
    item = cohort.first_number + 50_000_000 + 2 * first + position
    ordered = later(random, where(second, used.created + 20 * DAY, used.created), 0.1, 20.0)
    items = draw_items(random, item=item, head=position, company=used.company, created=ordered)
    part = where(
        second, share_of(random, used.face, 0.1, 0.4), share_of(random, used.face, 0.3, 0.6)
    )
    alone = ~second & np.concatenate([~second[1:], [True]])
    part = where(alone & chance(random, rows, 0.7), used.face, part)
    by_shipping = chance(random, rows, 0.1)
    items.coupon = keep(part, ~by_shipping)
    items.shipping_voucher = keep(part, by_shipping)
    items.unit_price = np.maximum(items.unit_price, part)
    items.shipping = where(by_shipping, np.maximum(items.shipping, part), items.shipping)
    kinds = np.array([REUSABLE, COUPON, REUSABLE_CAPITAL, MISSING], dtype=np.int64)
    items.voucher_type = kinds[random.choice(4, rows, p=(0.85, 0.08, 0.04, 0.03))]
    items.voucher_code = spelled(used.code, random.integers(0, 20, rows))
    return items


def spelled(code: pa.Array, variant: Whole) -> pa.Array:
    """The code as order items spell it: mostly as issued, some in lower case or with blanks."""
    lower = pc.utf8_lower(code)
    padded = joined(code, "  ")
    return choose(variant == 0, lower, choose(variant == 1, padded, code))


def _switch_off(
    random: np.random.Generator, vouchers: Vouchers, voucher: Whole, items: Items
) -> None:
    """The state of today: used up, or switched off; unknown for a few."""
    rows = len(vouchers.number)
    ordered = constant(rows, 0)
    np.add.at(ordered, voucher, items.from_voucher)
    off = (vouchers.voucher_off != MISSING) | (vouchers.template_off != MISSING)
    inactive = off | (ordered >= vouchers.face)
    vouchers.active = keep(where(inactive, 0, 1), chance(random, rows, 0.99))


def write_view(vouchers: Vouchers, voucher: Whole, items: Items, sink: Sink) -> None:
    """Write the vouchers with what their items used; ``voucher`` is each item's voucher row."""
    rows = len(vouchers.number)
    used, times, last = constant(rows, 0), constant(rows, 0), missing(rows)
    np.add.at(used, voucher, items.from_voucher)
    np.add.at(times, voucher, 1)
    np.maximum.at(last, voucher, items.created)
    face = where(vouchers.face == MISSING, 0, vouchers.face)
    updated = np.maximum.reduce([vouchers.created, vouchers.voucher_off, last])
    company, identifier = texts(CODES, vouchers.company), numbered("", vouchers.number)
    template = vouchers.number % len(_TEMPLATE)
    sink.add(
        FINREC + "V_STORECREDITVOUCHER_CLOSING",
        {
            "ID_COMPANY": company,
            "id": identifier,
            "code": vouchers.code,
            "business_use": texts(USES, vouchers.use),
            "description": texts(_DESCRIPTIONS, vouchers.number % len(_DESCRIPTIONS)),
            "is_active": flags(vouchers.active),
            "type": texts(("manual", "automatic"), vouchers.number % 2),
            "Template_status": texts(
                ("active", "inactive"), where(vouchers.template_off == MISSING, 0, 1)
            ),
            "discount_amount": amounts(vouchers.face),
            "from_date": stamps(vouchers.valid_from),
            "to_date": stamps(vouchers.valid_to),
            "created_at": stamps(vouchers.created),
            "updated_at": stamps(keep(updated, vouchers.number % 50 != 0)),
            "last_time_used": stamps(last),
            "snapshot_date": stamps(vouchers.created - vouchers.created % DAY + DAY),
            "voucher_inactive_date": stamps(vouchers.voucher_off),
            "template_inactive_date": stamps(vouchers.template_off),
            "reason": texts(_REASONS, keep(vouchers.number % len(_REASONS), vouchers.active == 0)),
            "fk_customer": numbered("", vouchers.number % 3_999 + 1),
            "used_discount_amount": amounts(used),
            "times_used": wholes(times),
            "remaining_amount": amounts(np.maximum(face - used, 0)),
        },
    )
    known = np.flatnonzero(vouchers.number % 5 != 0)
    sink.add(
        FINREC + "StoreCreditVoucher",
        {
            "ID_COMPANY": company.take(known),
            "id": identifier.take(known),
            "template_id": wholes(template[known] + 100).cast(pa.string()),
            "template_name": texts(_TEMPLATE, template[known]),
        },
    )
