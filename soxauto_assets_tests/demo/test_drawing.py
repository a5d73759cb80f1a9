"""Columns of the generator: exact amounts, and moments that SQL Server can hold."""

from __future__ import annotations

from datetime import datetime
from decimal import Context, Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soxauto_assets.demo.drawing import (
    MISSING,
    amounts,
    datetime_grid,
    earliest,
    nav_amounts,
    stamps,
)

UNITS = st.integers(-(10**17), 10**17)
TAILS = st.integers(-(10**17), 10**17)
EXACT = Context(prec=60)


@given(st.lists(st.tuples(UNITS | st.just(MISSING), TAILS), min_size=1))
def test_nav_amounts_are_exact_to_the_twentieth_decimal(rows: list[tuple[int, int]]) -> None:
    units, tails = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    expected = [
        None
        if unit == MISSING
        else EXACT.add(Decimal(unit).scaleb(-4, EXACT), Decimal(tail).scaleb(-20, EXACT))
        for unit, tail in rows
    ]
    assert nav_amounts(units, tails).to_pylist() == expected


@given(st.lists(UNITS | st.just(MISSING), min_size=1))
def test_operational_amounts_are_exact_to_the_fourth_decimal(units: list[int]) -> None:
    found = amounts(np.array(units, dtype=np.int64)).to_pylist()
    assert found == [None if unit == MISSING else Decimal(unit).scaleb(-4) for unit in units]


@given(st.lists(st.datetimes(datetime(2016, 1, 1), datetime(2030, 1, 1)), min_size=1))
def test_moments_are_those_that_datetime_can_hold_and_never_later(
    moments: list[datetime],
) -> None:
    wall = np.array(moments, dtype="datetime64[ms]").astype(np.int64)
    grid = datetime_grid(wall)
    assert set((grid % 10).tolist()) <= {0, 3, 7}
    assert ((wall - grid >= 0) & (wall - grid < 5)).all()
    assert [stamp.microsecond % 1_000 for stamp in stamps(grid).to_pylist()] == [0] * len(moments)


@given(st.lists(st.tuples(UNITS | st.just(MISSING), UNITS | st.just(MISSING)), min_size=1))
def test_the_earliest_of_several_columns_leaves_nulls_out(rows: list[tuple[int, int]]) -> None:
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    assert earliest(*columns).tolist() == [
        min((value for value in row if value != MISSING), default=MISSING) for row in rows
    ]
