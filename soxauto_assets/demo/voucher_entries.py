"""What vouchers book to the voucher account: issuance, usage, expiry, cancellation, pay-out.

Each step is an entry of its own with the texts, users and document types by which such entries
are told apart (section 7.1 of the domain reference); the balance follows decision D6.

Here: the entries of account 18412. Not here: the vouchers (``vouchers.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from soxauto_assets.demo.companies import COMPANIES
from soxauto_assets.demo.drawing import (
    MISSING,
    Whole,
    choose,
    constant,
    days_of,
    joined,
    keep,
    missing,
    numbered,
    texts,
    where,
)
from soxauto_assets.demo.items import Items
from soxauto_assets.demo.ledger import (
    ACCOUNT,
    BALANCING_BANK,
    BALANCING_CUSTOMER,
    BALANCING_LEDGER,
    BATCH,
    BATCH_LOWER_CASE,
    CREDIT_MEMO,
    INVOICE,
    PERSON,
    PLAIN,
    Entries,
)

if TYPE_CHECKING:
    from soxauto_assets.demo.vouchers import Vouchers

_ACCOUNT = ACCOUNT["18412"]
_COUNTRIES = tuple(company.country for company in COMPANIES)
# By business use, in the order of vouchers.USES; the marketing uses book nothing.
_ISSUED = (
    "REFUND order ",
    "Store credit ",
    "COMMERCIAL GESTURE ",
    "PYT_PF_",
    "Jumia JP app_store credit ",
    "",
    "RF_",
    "jumia jp app_store credit ",
    "",
)
_EXPIRED = (
    "EXPR_RFN ",
    "EXPR_STR CRDT ",
    "EXPR_APLGY ",
    "EXPR_JFORCE ",
    "EXPR_STR CREDIT ",
    "",
    "expr_rfn ",
    "EXPR_STR_CRDT ",
    "",
)
_USED = ("ITEM PRICE CREDIT ", "ITEM SHIPPING FEE ", "Voucher Application To ")
_FIRST_VOUCHER = int(np.datetime64("2017-01-01", "ms").astype(np.int64))
"""The lower bound of decision D10; what is older is settled in the ledger too."""
_REFUNDS = (0, 6)
_MANUALLY_ISSUED = (1, 4, 7)
_APOLOGY = 2


def voucher_entries(vouchers: Vouchers, voucher: Whole, items: Items) -> Iterator[Entries]:
    """The entries of the vouchers' lives; ``voucher`` is each item's voucher row.

    Usage books on delivery, at most what the voucher still holds, and nothing after its end:
    what is left at the end is booked then.
    """
    liable = vouchers.is_liability & (vouchers.face > 0) & (vouchers.created >= _FIRST_VOUCHER)
    end = vouchers.end
    used_row, moment, units, shipping = _effective_uses(
        np.where(liable, vouchers.face, 0),
        end,
        voucher,
        items.package_delivered,
        items.from_voucher,
        where(items.shipping_voucher == MISSING, 0, 1),
    )
    rest = where(liable, vouchers.face, 0)
    np.subtract.at(rest, used_row, units)
    issued = np.flatnonzero(liable)
    ended = np.flatnonzero(liable & (end != MISSING) & (rest > 0))
    yield _issuance(vouchers.select(issued))
    yield _usage(vouchers.select(used_row), moment, units, shipping)
    yield from _endings(vouchers.select(ended), end[ended], rest[ended])


def _effective_uses(
    face: Whole, end: Whole, voucher: Whole, delivered: Whole, units: Whole, shipping: Whole
) -> tuple[Whole, Whole, Whole, Whole]:
    """Voucher row, moment and amount of each use that lowers the liability, by delivery."""
    counts = (delivered != MISSING) & ((end[voucher] == MISSING) | (delivered < end[voucher]))
    chosen = np.flatnonzero(counts)
    chosen = chosen[np.lexsort((delivered[chosen], voucher[chosen]))]
    row, moment, amount = voucher[chosen], delivered[chosen], units[chosen]
    running = np.cumsum(amount)
    first = np.concatenate([[True], row[1:] != row[:-1]]) if len(row) else np.array([], bool)
    before_voucher = np.maximum.accumulate(where(first, np.arange(len(row)), 0))
    used_before = running - amount - (running - amount)[before_voucher]
    effective = np.clip(face[row] - used_before, 0, amount)
    some = effective > 0
    return row[some], moment[some], effective[some], shipping[chosen][some]


def _issuance(vouchers: Vouchers) -> Entries:
    by_hand = np.isin(vouchers.use, _MANUALLY_ISSUED)
    country = texts(_COUNTRIES, vouchers.company)
    return Entries(
        company=vouchers.company,
        account=constant(len(vouchers.number), _ACCOUNT),
        day=days_of(vouchers.created),
        units=-vouchers.face,
        description=joined(texts(_ISSUED, vouchers.use), numbered("", vouchers.number)),
        document=choose(
            by_hand,
            joined(country, numbered("-SC-", vouchers.number)),
            numbered("VCH-", vouchers.number),
        ),
        voucher=_voucher_number(vouchers),
        document_type=where(by_hand, INVOICE, PLAIN),
        user=where(by_hand, PERSON, where(vouchers.number % 40 == 0, BATCH_LOWER_CASE, BATCH)),
        busline=vouchers.number % 4,
    )


def _usage(vouchers: Vouchers, moment: Whole, units: Whole, shipping: Whole) -> Entries:
    rows = len(vouchers.number)
    text = where(shipping == 1, 1, where(vouchers.number % 4 == 0, 2, 0))
    return Entries(
        company=vouchers.company,
        account=constant(rows, _ACCOUNT),
        day=days_of(moment),
        units=units,
        description=joined(texts(_USED, text), numbered("", vouchers.number)),
        document=numbered("USE-", vouchers.number),
        voucher=_voucher_number(vouchers),
        user=constant(rows, BATCH),
        balancing=constant(rows, BALANCING_CUSTOMER),
        busline=vouchers.number % 4,
    )


def _endings(vouchers: Vouchers, end: Whole, rest: Whole) -> Iterator[Entries]:
    """Expired, paid out (refund vouchers switched off), or cancelled, by what came first."""
    expired = end == vouchers.valid_to
    refund = np.isin(vouchers.use, _REFUNDS)
    for chosen, kind in (
        (expired, "expired"),
        (~expired & refund, "paid out"),
        (~expired & ~refund, "cancelled"),
    ):
        some = vouchers.select(chosen)
        yield _ending(some, days_of(end[chosen]), rest[chosen], kind)
        if kind == "expired":
            yield from _reversed_expiries(some, days_of(end[chosen]), rest[chosen])


def _ending(vouchers: Vouchers, day: Whole, rest: Whole, kind: str) -> Entries:
    rows = len(vouchers.number)
    number = numbered("", vouchers.number)
    apology = vouchers.use == _APOLOGY
    if kind == "expired":
        description, user = joined(texts(_EXPIRED, vouchers.use), number), constant(rows, PERSON)
    elif kind == "paid out":
        # Half of the pay-outs name the bank as balancing account, the others say it in the text.
        description = joined(texts(("MANUAL RND ", "PYT_GTB "), vouchers.number % 2), number)
        user = constant(rows, PERSON)
    else:
        description = joined(
            texts(("VOUCHER ACCRUAL ", "Cancellation "), where(apology, 0, 1)), number
        )
        user = where(apology, BATCH, PERSON)
    return Entries(
        company=vouchers.company,
        account=constant(rows, _ACCOUNT),
        day=day,
        units=rest,
        description=description,
        document=numbered("END-", vouchers.number),
        voucher=_voucher_number(vouchers),
        document_type=where((kind == "cancelled") & ~apology, CREDIT_MEMO, PLAIN),
        user=user,
        balancing=where(
            (kind == "paid out") & (vouchers.number % 3 == 0), BALANCING_BANK, BALANCING_LEDGER
        ),
        busline=vouchers.number % 4,
    )


def _reversed_expiries(vouchers: Vouchers, day: Whole, rest: Whole) -> Iterator[Entries]:
    """Some expiries were booked twice, and the second booking was reversed that day."""
    twice = np.flatnonzero(vouchers.number % 25 == 0)
    if len(twice) == 0:
        return
    wrong = _ending(vouchers.select(twice), day[twice], rest[twice], "expired")
    rows, position = len(twice), np.arange(len(twice), dtype=np.int64)
    linked = vouchers.number[twice] % 50 == 0  # the others can be found by amount alone
    yield Entries(
        company=np.tile(wrong.company, 2),
        account=np.tile(wrong.account, 2),
        day=np.tile(wrong.day, 2),
        units=np.concatenate([wrong.units, -wrong.units]),
        description=_doubled(wrong.description),
        document=_doubled(wrong.document),
        voucher=None if wrong.voucher is None else _doubled(wrong.voucher),
        user=constant(2 * rows, PERSON),
        reversed_by=np.concatenate([keep(position + rows, linked), missing(rows)]),
        reverses=np.concatenate([missing(rows), keep(position, linked)]),
    )


def _doubled(column: pa.Array) -> pa.Array:
    return pa.concat_arrays([column, column])


def _voucher_number(vouchers: Vouchers) -> pa.Array:
    """The voucher on the entry: mostly its id, sometimes its code."""
    return choose(vouchers.number % 10 == 0, vouchers.code, numbered("", vouchers.number))
