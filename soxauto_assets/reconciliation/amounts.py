"""Exact amounts: adding without rounding, USD by division, rounding only for output (D7).

Here: the arithmetic on single Decimals. Not here: sums over rows, which the engine makes in
DECIMAL(38, 20) and refuses where one would not fit.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, Overflow

_EXACT = Context(prec=120, traps=[Inexact, Overflow])
_QUOTIENT = Context(prec=60)
CENT = Decimal("0.01")


def added(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum; an Inexact error where 120 digits would not hold it."""
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total


def difference(amount: Decimal, less: Decimal) -> Decimal:
    """``amount`` less ``less``, exactly."""
    return _EXACT.subtract(amount, less)


def signed(sign: int, amount: Decimal) -> Decimal:
    """``sign`` times the amount, exactly."""
    return _EXACT.multiply(Decimal(sign), amount)


def in_usd(amount: Decimal, rate: Decimal) -> Decimal:
    """LCY / closing rate to 60 digits, so that rounding is left to the output (D7)."""
    return _QUOTIENT.divide(amount, rate)


def shown(amount: Decimal) -> Decimal:
    """The amount as it is shown: rounded half up to 2 places (D7)."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP, context=Context(prec=120))
