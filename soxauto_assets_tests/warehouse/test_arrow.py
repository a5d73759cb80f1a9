"""Batches take the declared schema exactly, or are refused without showing a value."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soxauto_assets.catalog.model import Boolean, Column, Date, Integer, Numeric, Text, Timestamp
from soxauto_assets.warehouse.arrow import arrow_schema, conform
from soxauto_assets.warehouse.protocol import SourceError, SourceTypeError

D = Decimal


def column(declared, name="x"):
    return Column(name, declared, "d", "s")


def cast(array, declared):
    batch = pa.RecordBatch.from_arrays([array], names=["x"])
    return conform(batch, (column(declared),), "ipe_99/query").column(0)


def test_the_schema_is_made_of_the_declared_columns():
    columns = (
        column(Text(5), "a"),
        column(Integer(16), "b"),
        column(Integer(), "c"),
        column(Numeric(38, 20), "d"),
        column(Date(), "e"),
        column(Timestamp(), "f"),
        column(Boolean(), "g"),
    )
    assert arrow_schema(columns) == pa.schema(
        {
            "a": pa.string(),
            "b": pa.int16(),
            "c": pa.int64(),
            "d": pa.decimal128(38, 20),
            "e": pa.date32(),
            "f": pa.timestamp("us"),
            "g": pa.bool_(),
        }
    )


EXACT = [
    (pa.array([0, 1, None], pa.int8()), Boolean(), pa.array([False, True, None])),
    (pa.array([None, None], pa.int16()), Boolean(), pa.array([None, None], pa.bool_())),
    (pa.array([True]), Boolean(), pa.array([True])),
    (pa.array([1, None], pa.uint8()), Integer(16), pa.array([1, None], pa.int16())),
    (pa.array([7], pa.int64()), Integer(32), pa.array([7], pa.int32())),
    (pa.array([D(7)], pa.decimal128(38, 0)), Integer(64), pa.array([7])),
    (pa.array([D("1.50")]), Numeric(38, 20), pa.array([D("1.5")], pa.decimal128(38, 20))),
    (
        pa.array([D("1.2300")], pa.decimal128(18, 4)),
        Numeric(18, 2),
        pa.array([D("1.23")], pa.decimal128(18, 2)),
    ),
    (
        pa.array([2**63 - 1, -5], pa.int64()),
        Numeric(38, 4),
        pa.array([D(2**63 - 1), D(-5)], pa.decimal128(38, 4)),
    ),
    (
        pa.array([datetime(2024, 9, 30, 23, 59, 59, 997000)], pa.timestamp("ms")),
        Timestamp(),
        pa.array([datetime(2024, 9, 30, 23, 59, 59, 997000)], pa.timestamp("us")),
    ),
    (pa.array(["é", None], pa.large_string()), Text(), pa.array(["é", None])),
    (pa.array(["é", None], pa.string_view()), Text(), pa.array(["é", None])),
    (pa.array(["a", "a"]).dictionary_encode(), Text(), pa.array(["a", "a"])),
]


@pytest.mark.parametrize(("array", "declared", "expected"), EXACT)
def test_a_cast_that_loses_nothing_is_made(array, declared, expected):
    assert cast(array, declared).equals(expected)


LOSSY = [
    (pa.array([0, 2], pa.int8()), Boolean()),
    (pa.array([-1], pa.int8()), Boolean()),
    (pa.array([40_000], pa.int32()), Integer(16)),
    (pa.array([D(2**64)], pa.decimal128(38, 0)), Integer(64)),
    (pa.array([D("1.23456")], pa.decimal128(18, 5)), Numeric(18, 4)),
    (pa.array([D("12345.00")], pa.decimal128(18, 2)), Numeric(6, 2)),
    (pa.array([100_000], pa.int64()), Numeric(6, 2)),
    (pa.array([1_001], pa.timestamp("ns")), Timestamp()),
]


@pytest.mark.parametrize(("array", "declared"), LOSSY)
def test_a_value_that_would_change_fails_and_is_not_shown(array, declared):
    with pytest.raises(SourceTypeError) as caught:
        cast(array, declared)
    assert caught.value.problem == (
        f"ipe_99/query: column x holds a value that does not fit: declared {declared!r}, "
        f"the source sends {array.type}."
    )
    assert caught.value.__suppress_context__  # Arrow's own error shows the value


OTHER_TYPES = [
    (pa.array(["1"]), Integer()),
    (pa.array(["1.5"]), Numeric(18, 4)),
    (pa.array([1.5]), Numeric(18, 4)),
    (pa.array([1.0]), Integer()),
    (pa.array([1]), Text()),
    (pa.array(["2024-09-30"]), Date()),
    (pa.array([datetime(2024, 9, 30)]), Date()),
    (pa.array([date(2024, 9, 30)]), Timestamp()),
    (pa.array([datetime(2024, 9, 30, tzinfo=UTC)]), Timestamp()),
    (pa.array(["true"]), Boolean()),
    (pa.nulls(2), Text()),
    (pa.array([D("1.5")]), Integer()),
    (pa.array([True]), Integer()),
]


@pytest.mark.parametrize(("array", "declared"), OTHER_TYPES)
def test_another_type_is_refused_with_both_types_named(array, declared):
    with pytest.raises(SourceTypeError) as caught:
        cast(array, declared)
    assert caught.value.problem == (
        f"ipe_99/query: column x is of another type: declared {declared!r}, "
        f"the source sends {array.type}."
    )


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a"], "missing b"),
        (["a", "b", "c"], "unexpected c"),
        (["a", "c"], "missing b; unexpected c"),
        (["b", "a"], "the order is b, a"),
        (["A", "b"], "missing a; unexpected A"),
    ],
)
def test_wrong_columns_are_refused_by_name(names, message):
    batch = pa.RecordBatch.from_arrays([pa.array(["x"]) for _ in names], names=names)
    declared = (column(Text(), "a"), column(Text(), "b"))
    with pytest.raises(SourceError, match=f"returns other columns than declared: {message}"):
        conform(batch, declared, "ipe_99/query")


@given(
    st.lists(st.none() | st.integers(-(10**20) + 1, 10**20 - 1)),
    st.integers(0, 10),
    st.integers(0, 10),
)
def test_a_decimal_is_rescaled_exactly_or_refused(units, found, declared):
    values = [None if unit is None else D(unit).scaleb(-found) for unit in units]
    lost = 10 ** max(found - declared, 0)
    exact = all(unit is None or unit % lost == 0 for unit in units)
    array = pa.array(values, pa.decimal128(28, found))
    if exact:
        assert cast(array, Numeric(38, declared)).to_pylist() == values
    else:
        with pytest.raises(SourceTypeError):
            cast(array, Numeric(38, declared))
