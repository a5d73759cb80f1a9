"""Differences between ledger and operations, planted every month, and the truth about them.

Each stands at its month's end and is put right in the next month, so that a month shows its own
and no other's. Most are explained by a bridge; in June and December some are not, and are to be
investigated. No report fails for any of them: reports are right, the balances disagree.

Here: what is planted and what the control must find. Not here: faults of the reports themselves
(``faults.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from soxauto_assets.demo.companies import CODES, COMPANIES
from soxauto_assets.demo.drawing import (
    DAY,
    MISSING,
    Whole,
    constant,
    days_of,
    joined,
    numbered,
    texts,
)
from soxauto_assets.demo.faults import PLANTED_PERIOD
from soxauto_assets.demo.items import (
    DELIVERED,
    DOOR,
    NO_PAYMENT,
    REUSABLE,
    Items,
    scalar_items,
    write_items,
)
from soxauto_assets.demo.ledger import (
    ACCOUNT,
    BALANCING_BANK,
    BATCH,
    PERSON,
    PLAIN,
    Entries,
    Ledger,
    Postings,
)
from soxauto_assets.demo.plan import DEFAULT_PLAN, FIRST_MONTH, Cohort
from soxauto_assets.demo.receivables import (
    CUSTOMERS,
    CustomerEntries,
    business_line_of,
    posting_group_of,
    write_settled,
)
from soxauto_assets.demo.rows import Sink
from soxauto_assets.demo.vouchers import REFUND, Vouchers, write_view
from soxauto_assets.period import Period

NUMBER = 97_000_000
"""Of a month's hundred million numbers, those from here on are of differences."""
WITHOUT_JDASH: dict[Period, tuple[str, ...]] = {Period(2024, 3): ("JD_DZ",)}
"""Months and companies whose Jdash file nobody has brought."""
UNEXPLAINED_MONTHS = (6, 12)
"""Months of a year in which no bridge explains some of the differences."""
_LATE = ("EC_NG", "JM_EG")
_UNPAID = ("EC_KE", "JD_GH")
_REVERSED = "JD_UG"
_GROUPS, _LINES = "EC_IC", "EC_MA"
_GROUPS_CUSTOMER, _LINES_CUSTOMER = CUSTOMERS - 1, CUSTOMERS
_USD = 2_500
"""What a difference comes to, about, in USD: over the threshold of an account."""
# Pool, account, company, and the sign of what the ledger has too much of.
_DOUBLE = (
    ("13001+13002", "13001", "EC_NG", 1),
    ("13005+13024", "13005", "JM_EG", 1),
    ("18350", "18350", "JD_GH", -1),
    ("18317", "18317", "EC_IC", -1),
    ("18304", "18304", "HF_SN", 1),
    ("13003", "13003", "JD_DZ", 1),
    ("13004", "13004", "EC_MA", 1),
)


@dataclass(frozen=True)
class PlantedDifference:
    """What was planted, and what the control must say of it.

    ``bridge`` is None where no bridge explains it. ``amount`` is the part of the variance, in
    LCY; ``items`` are the rows that must prove it (none where nothing does).
    """

    cause: str
    company: str
    pool: str
    bridge: str | None
    amount: Decimal
    items: tuple[str, ...] = ()


def planted(period: Period) -> tuple[PlantedDifference, ...]:
    """Every difference that stands at the end of ``period``."""
    if not is_planted(period):
        return ()
    number = Cohort(DEFAULT_PLAN, period).first_number + NUMBER
    found = [
        PlantedDifference(
            "late delivery", code, "18412", "timing", lcy(code), (f"voucher {number + place}",)
        )
        for place, code in enumerate(_LATE)
    ]
    found += [
        PlantedDifference(
            "cash refund not booked",
            code,
            "18412",
            "vtc",
            -lcy(code),
            (f"voucher {number + len(_LATE) + place}",),
        )
        for place, code in enumerate(_UNPAID)
    ]
    customers = {
        _GROUPS: _customer_number(_GROUPS_CUSTOMER),
        _LINES: _customer_number(_LINES_CUSTOMER),
    }
    found += [
        PlantedDifference(
            "wrong posting group",
            _GROUPS,
            pool,
            "posting_group",
            Decimal(0),
            (f"{customers[_GROUPS]} under {group}",),
        )
        for pool, group in (("13003", "B2C-NAT"), ("13004", "LOAN-REC-NAT"))
    ]
    found += [
        PlantedDifference(
            "two business lines",
            _LINES,
            "13003",
            "business_line",
            Decimal(0),
            tuple(f"{customers[_LINES]} on {line}" for line in ("MPL", "RTL")),
        )
    ]
    if period.month in UNEXPLAINED_MONTHS:
        found.append(
            PlantedDifference("reversed expiry", _REVERSED, "18412", None, -lcy(_REVERSED))
        )
        found += [
            PlantedDifference("double booking", code, pool, None, sign * lcy(code))
            for pool, _, code, sign in _DOUBLE
        ]
    return tuple(found)


def uses_before_delivery(period: Period) -> tuple[tuple[str, str, Decimal, str], ...]:
    """Company, voucher, amount and moment of the uses that Jdash shows and no delivery yet."""
    number = Cohort(DEFAULT_PLAN, period).first_number + NUMBER
    if not is_planted(period):
        return ()
    return tuple(
        (code, str(number + place), lcy(code), f"{period}-10 00:00:00")
        for place, code in enumerate(_LATE)
    )


def plant_differences(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Write the month's differences, and what puts them right in the next month."""
    if not is_planted(cohort.period):
        return
    _late_deliveries(cohort, sink, ledger)
    _unpaid_refunds(cohort, sink, ledger)
    _customers(cohort, sink, ledger)
    if cohort.period.month in UNEXPLAINED_MONTHS:
        _reversed_expiry(cohort, sink, ledger)
        _double_bookings(cohort, ledger)


def is_planted(period: Period) -> bool:
    """Whether the month has differences: all but that of opening balances and the failing one."""
    return period not in (FIRST_MONTH, PLANTED_PERIOD)


def size_of(code: str) -> int:
    """About _USD in the company's currency, in ten-thousandths, to the cent and not round."""
    return int(COMPANIES[CODES.index(code)].usd_rate * _USD) * 10_000 + 1_700


def lcy(code: str) -> Decimal:
    """The size of a difference of the company, in LCY."""
    return Decimal(size_of(code)).scaleb(-4)


def _codes(*codes: str) -> Whole:
    return np.array([CODES.index(code) for code in codes], dtype=np.int64)


def _sizes(*codes: str) -> Whole:
    return np.array([size_of(code) for code in codes], dtype=np.int64)


def _refunds(cohort: Cohort, first: int, *codes: str, **columns: int) -> Vouchers:
    """One refund voucher for each company, created on the second day, live for long."""
    rows = len(codes)
    usual = {
        "use": REFUND,
        "prefix": REFUND,
        "active": 0,
        "valid_from": cohort.start + DAY,
        "valid_to": cohort.next_start + 200 * DAY,
        "created": cohort.start + DAY,
        "voucher_off": MISSING,
        "template_off": MISSING,
    } | columns
    return Vouchers(
        company=_codes(*codes),
        number=cohort.first_number + NUMBER + first + np.arange(rows, dtype=np.int64),
        face=_sizes(*codes),
        **{name: constant(rows, value) for name, value in usual.items()},
    )


def _write_vouchers(vouchers: Vouchers, sink: Sink, items: Items | None = None) -> None:
    rows = np.arange(len(vouchers.number), dtype=np.int64)
    if items is None:
        items, rows = scalar_items(0), rows[:0]
    write_view(vouchers, rows, items, sink)


def _book(
    ledger: Ledger,
    vouchers: Vouchers,
    moment: int,
    units: Whole,
    text: str,
    *,
    user: int = PERSON,
    balancing: int | None = None,
    reversing: bool = False,
) -> None:
    """One entry a voucher on 18412; ``reversing`` books it and takes it back, linked."""
    rows = len(vouchers.number)
    times = 2 if reversing else 1
    position = np.arange(rows, dtype=np.int64)
    number = np.tile(vouchers.number, times)
    ledger.write(
        Entries(
            company=np.tile(vouchers.company, times),
            account=constant(rows * times, ACCOUNT["18412"]),
            day=days_of(constant(rows * times, moment)),
            units=np.concatenate([units, -units]) if reversing else units,
            description=joined(texts((text,), constant(rows * times, 0)), numbered("", number)),
            document=numbered("DIF-", number),
            voucher=numbered("", number),
            document_type=constant(rows * times, PLAIN),
            user=constant(rows * times, user),
            balancing=None if balancing is None else constant(rows * times, balancing),
            reversed_by=np.concatenate([position + rows, constant(rows, MISSING)])
            if reversing
            else None,
            reverses=np.concatenate([constant(rows, MISSING), position]) if reversing else None,
        )
    )


def _late_deliveries(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Used up by an order of the tenth, booked then, and delivered in the next month."""
    vouchers = _refunds(cohort, 0, *_LATE)
    rows, ordered = len(_LATE), cohort.start + 9 * DAY
    delivered = cohort.next_start + 4 * DAY
    items = scalar_items(
        rows,
        company=vouchers.company,
        item=vouchers.number,
        order=vouchers.number,
        customer=80,
        customer_type=0,
        status=DELIVERED,
        prepayment=0,
        marketplace=0,
        payment=NO_PAYMENT,
        delivery_type=DOOR,
        voucher_type=REUSABLE,
        voucher_code=vouchers.code,
        created=ordered,
        delivered=delivered,
        package_delivered=delivered,
        unit_price=vouchers.face,
        coupon=vouchers.face,
    )
    write_items(items, sink)
    _write_vouchers(vouchers, sink, items)
    _book(ledger, vouchers, cohort.start + DAY, -vouchers.face, "REFUND order ", user=BATCH)
    _book(ledger, vouchers, ordered, vouchers.face, "ITEM PRICE CREDIT ", user=BATCH)


def _unpaid_refunds(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Switched off on the sixteenth and paid out in cash, which the bank books next month."""
    off = cohort.start + 15 * DAY
    vouchers = _refunds(cohort, len(_LATE), *_UNPAID, voucher_off=off)
    _write_vouchers(vouchers, sink)
    _book(ledger, vouchers, cohort.start + DAY, -vouchers.face, "REFUND order ", user=BATCH)
    paid = cohort.next_start + 5 * DAY
    _book(ledger, vouchers, paid, vouchers.face, "MANUAL RND ", balancing=BALANCING_BANK)


def _reversed_expiry(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Expired on the twentieth; the booking was reversed by mistake, and booked next month."""
    ends = cohort.start + 19 * DAY
    vouchers = _refunds(cohort, len(_LATE + _UNPAID), _REVERSED, valid_to=ends, active=1)
    _write_vouchers(vouchers, sink)
    _book(ledger, vouchers, cohort.start + DAY, -vouchers.face, "REFUND order ", user=BATCH)
    _book(ledger, vouchers, ends, vouchers.face, "EXPR_RFN ", reversing=True)
    _book(ledger, vouchers, cohort.next_start + 2 * DAY, vouchers.face, "EXPR_RFN ")


def _double_bookings(cohort: Cohort, ledger: Ledger) -> None:
    """Booked twice on the eleventh; the second booking is taken back next month."""
    postings = Postings()
    codes = [code for _, _, code, _ in _DOUBLE]
    signs = np.array([sign for *_, sign in _DOUBLE], dtype=np.int64)
    postings.open_between(
        _codes(*codes),
        np.array([ACCOUNT[account] for _, account, _, _ in _DOUBLE], dtype=np.int64),
        constant(len(codes), cohort.start + 10 * DAY),
        constant(len(codes), cohort.next_start + 3 * DAY),
        signs * _sizes(*codes),
    )
    ledger.write(postings.entries("Booked again on"))


def _customer_number(customer: int) -> str:
    return f"C{100_000 + customer}"


def _customers(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """A customer under two posting groups, and one with balances on two business lines.

    All four invoices are paid in the next month.
    """
    company = _codes(_GROUPS, _GROUPS, _LINES, _LINES)
    customer = np.array(
        [_GROUPS_CUSTOMER, _GROUPS_CUSTOMER, _LINES_CUSTOMER, _LINES_CUSTOMER], dtype=np.int64
    )
    group = posting_group_of(company, customer)
    group[:2], group[2:] = (0, 3), 0
    line = business_line_of(customer)
    line[2:] = (0, 1)  # RTL and MPL
    rows, day = len(company), constant(len(company), cohort.start // DAY + 6)
    entries = CustomerEntries(
        number=cohort.first_number + NUMBER + 1 + np.arange(rows, dtype=np.int64),
        company=company,
        customer=customer,
        group=group,
        day=day,
        due=day + 30,
        units=np.array([4_000_100, 1_000_200, 3_000_300, 2_000_400], dtype=np.int64),
        tail=constant(rows, 0),
        kind=constant(rows, 1),
        line=line,
    )
    paid_on = constant(rows, cohort.next_start // DAY + 6)
    write_settled(entries, paid_on, sink, ledger, detailed=cohort.first_number + NUMBER)
