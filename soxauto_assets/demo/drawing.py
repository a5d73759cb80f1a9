"""Drawing random columns, and turning numpy columns into Arrow columns.

A moment is a number of milliseconds since 1970 in the source's wall clock, an amount a number
of ten-thousandths; both are int64, and MISSING is null. Everything works on whole columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MISSING = np.iinfo(np.int64).min
SECOND = 1_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
_LAST_DIGIT: Whole = np.array([0, 0, 0, 3, 3, 3, 3, 7, 7, 7], dtype=np.int64)
_DECIMAL_SHIFT = 10**16
"""From ten-thousandths to the twenty decimals of a NAV amount."""


def constant(rows: int, value: int) -> Whole:
    """``value`` in every row."""
    return np.full(rows, value, dtype=np.int64)


def missing(rows: int) -> Whole:
    """Null in every row."""
    return constant(rows, MISSING)


def where(condition: Mask, chosen: Whole | int, otherwise: Whole | int) -> Whole:
    """``chosen`` where the condition holds, else ``otherwise``."""
    return np.where(condition, chosen, otherwise).astype(np.int64)


def keep(column: Whole, condition: Mask) -> Whole:
    """The column where the condition holds, null elsewhere."""
    return where(condition, column, MISSING)


def earliest(*columns: Whole) -> Whole:
    """The least of the values that are not null, row by row; null where all are."""
    late = np.iinfo(np.int64).max
    least = np.minimum.reduce([where(column == MISSING, late, column) for column in columns])
    return where(least == late, MISSING, least)


def chance(random: np.random.Generator, rows: int, probability: float) -> Mask:
    """True with the probability, row by row."""
    return random.random(rows) < probability


def datetime_grid(moments: Whole) -> Whole:
    """The last moments, up to these, that DATETIME can hold: thousandths end in 0, 3 or 7."""
    return where(moments == MISSING, MISSING, moments - moments % 10 + _LAST_DIGIT[moments % 10])


def moments_between(random: np.random.Generator, rows: int, first: int, end: int) -> Whole:
    """Moments evenly over ``[first, end)``."""
    return datetime_grid(random.integers(first, end - 10, rows))


def later(random: np.random.Generator, moments: Whole, at_least: float, at_most: float) -> Whole:
    """Each moment plus some days between the two, denser near the first; null stays null."""
    days = at_least + (at_most - at_least) * random.random(len(moments)) ** 2
    return keep(datetime_grid(moments + (days * DAY).astype(np.int64)), moments != MISSING)


def prices(random: np.random.Generator, usual: Whole, *, spread: float = 0.8) -> Whole:
    """Amounts of two decimals around ``usual`` (whole currency units)."""
    cents = usual * 100 * random.lognormal(0.0, spread, len(usual))
    return np.maximum(cents.astype(np.int64), 1) * 100


def share_of(random: np.random.Generator, amounts: Whole, least: float, most: float) -> Whole:
    """A part of each amount, between the two shares, with two decimals; null stays null."""
    part = (amounts // 100 * (least + (most - least) * random.random(len(amounts)))).astype(
        np.int64
    ) * 100
    return keep(part, amounts != MISSING)


def days_of(moments: Whole) -> Whole:
    """The day of each moment, since 1970; null stays null."""
    return where(moments == MISSING, MISSING, moments // DAY)


def stamps(moments: Whole) -> pa.Array:
    """A timestamp column."""
    return pa.array(moments * 1_000, mask=moments == MISSING).cast(pa.timestamp("us"))


def dates(days: Whole) -> pa.Array:
    """A timestamp column at midnight, of days since 1970: NAV's dates."""
    return stamps(where(days == MISSING, MISSING, days * DAY))


def amounts(units: Whole) -> pa.Array:
    """A DECIMAL(18, 4) column of ten-thousandths."""
    return _decimals(units, units >> 63, units == MISSING, pa.decimal128(18, 4))


def nav_amounts(units: Whole, tail: Whole | None = None) -> pa.Array:
    """A DECIMAL(38, 20) column: ten-thousandths, plus ``tail`` in units of the 20th decimal."""
    low, high = _times_shift(units)
    if tail is not None:
        total = low + tail.view(np.uint64)
        carry = (total < low).astype(np.int64)
        low, high = total, high + (tail >> 63) + carry
    return _decimals(low.view(np.int64), high, units == MISSING, pa.decimal128(38, 20))


def _times_shift(units: Whole) -> tuple[npt.NDArray[np.uint64], Whole]:
    """``units`` times 10**16 as 128 bits in two's complement, by 32-bit limbs."""
    magnitude = np.abs(where(units == MISSING, 0, units)).view(np.uint64)
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    shift_low, shift_high = np.uint64(_DECIMAL_SHIFT & 0xFFFFFFFF), np.uint64(_DECIMAL_SHIFT >> 32)
    low, high = magnitude & mask, magnitude >> half
    first = low * shift_low
    middle = high * shift_low + (first >> half)
    other = low * shift_high + (middle & mask)
    result_low = (first & mask) | (other << half)
    result_high = high * shift_high + (middle >> half) + (other >> half)
    negative = units < 0
    borrowed = np.where(result_low == 0, ~result_high + np.uint64(1), ~result_high)
    result_high = np.where(negative, borrowed, result_high)
    result_low = np.where(negative, ~result_low + np.uint64(1), result_low)
    return result_low, result_high.view(np.int64)


def _decimals(low: Whole, high: Whole, null: Mask, kind: pa.DataType) -> pa.Array:
    limbs = np.empty((len(low), 2), dtype=np.int64)
    limbs[:, 0], limbs[:, 1] = low, high
    validity = pa.array(~null).buffers()[1] if null.any() else None
    return pa.Array.from_buffers(kind, len(low), [validity, pa.py_buffer(limbs)])


def flags(column: Whole) -> pa.Array:
    """A flag column of 0, 1 and null."""
    return pa.array(where(column == MISSING, 0, column).astype(np.int8), mask=column == MISSING)


def wholes(column: Whole) -> pa.Array:
    """A whole-number column."""
    return pa.array(column, mask=column == MISSING)


def texts(pool: Sequence[str | None], choice: Whole) -> pa.Array:
    """The text of the pool that each row chose; null where it chose none."""
    indices = pa.array(where(choice == MISSING, 0, choice).astype(np.int32), mask=choice == MISSING)
    return _pool(tuple(pool)).take(indices)


@lru_cache(maxsize=256)
def _pool(texts: tuple[str | None, ...]) -> pa.Array:
    """The pool as a column; the same few pools are drawn from in every month."""
    return pa.array(texts, pa.string())


def numbered(prefix: str, numbers: Whole) -> pa.Array:
    """``prefix`` and the number; null where the number is."""
    digits = pc.cast(wholes(numbers), pa.string())
    return pc.binary_join_element_wise(prefix, digits, "") if prefix else digits


def joined(*parts: pa.Array | str) -> pa.Array:
    """The parts one after the other; null where one of them is."""
    return pc.binary_join_element_wise(*parts, "")


def choose(condition: Mask, chosen: pa.Array, otherwise: pa.Array) -> pa.Array:
    """Row by row: ``chosen`` where the condition holds, else ``otherwise``."""
    return pc.if_else(pa.array(condition), chosen, otherwise)
