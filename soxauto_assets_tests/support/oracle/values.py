"""The values that several reports put out in the same way: amounts, flags, days, months."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

ZERO = Decimal(0)


def amount(value: Decimal | None) -> Decimal:
    """A term of a formula whose nulls count as 0 (section 2)."""
    return ZERO if value is None else value


def flag(value: int | bool | None) -> bool | None:
    """A BIT of the source; null stays null."""
    return None if value is None else bool(value)


def is_set(value: int | bool | None) -> bool:
    """A BIT that is 1; null is not."""
    return value is not None and int(value) == 1


def day(stamp: datetime | None) -> date | None:
    """The calendar day of a stamp; NAV keeps dates as DATETIME."""
    return None if stamp is None else stamp.date()


def month_text(stamp: datetime | None) -> str | None:
    """``YYYY-MM``; null stays null (D10)."""
    return None if stamp is None else f"{stamp.year:04d}-{stamp.month:02d}"
