"""The content digest against its document: a naive reading of docs/content-digest.md in Python."""

from __future__ import annotations

import hashlib
import itertools
import json
import struct
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soxauto_assets.store.content_digest import (
    ContentDigest,
    ContentDigester,
    UndigestibleColumnError,
)

VECTORS = Path(__file__).parents[1] / "fixtures" / "content_digest"
SCHEMA = pa.schema(
    [
        ("key", pa.int64()),
        ("small", pa.int16()),
        ("text", pa.string()),
        ("amount", pa.decimal128(38, 20)),
        ("day", pa.date32()),
        ("stamp", pa.timestamp("us")),
        ("flag", pa.bool_()),
    ]
)
AMOUNTS = st.decimals(
    min_value=Decimal("-999999999999999999"),
    max_value=Decimal("999999999999999999"),
    places=20,
)
ROWS = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1),
        st.none() | st.integers(-(2**15), 2**15 - 1),
        st.none() | st.text(st.characters(codec="utf-8"), max_size=8),
        st.none() | AMOUNTS,
        st.none() | st.dates(),
        st.none() | st.datetimes(),
        st.none() | st.booleans(),
    ),
    max_size=20,
)
Row = tuple[object, ...]


def batch_of(rows: list[Row], schema: pa.Schema = SCHEMA) -> pa.RecordBatch:
    columns = [[row[index] for row in rows] for index in range(len(schema))]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)


def digest_of(batches: list[pa.RecordBatch], schema: pa.Schema = SCHEMA) -> ContentDigest:
    digester = ContentDigester(schema)
    for batch in batches:
        digester.update(batch)
    return digester.finish()


def value_bytes(kind: str, value: object) -> bytes:
    match kind:
        case "text":
            return b"" if value is None else str(value).encode()
        case "integer":
            return struct.pack("<q", value or 0)
        case "decimal(38,20)":
            with localcontext(prec=60):  # the default would round to 28 digits
                unscaled = 0 if value is None else int(Decimal(str(value)).scaleb(20))
            return unscaled.to_bytes(16, "little", signed=True)
        case "date":
            assert value is None or isinstance(value, date)
            return struct.pack("<i", 0 if value is None else (value - date(1970, 1, 1)).days)
        case "timestamp":
            assert value is None or isinstance(value, datetime)
            since = timedelta() if value is None else value - datetime(1970, 1, 1)
            return struct.pack("<q", since // timedelta(microseconds=1))
        case "boolean":
            return b"\1" if value else b"\0"
    raise AssertionError(kind)


def statement_by_the_document(rows: list[Row]) -> str:
    kinds = ["integer", "integer", "text", "decimal(38,20)", "date", "timestamp", "boolean"]
    lines = ["soxauto-content-digest 1", f"rows {len(rows)}"]
    for index, (kind, name) in enumerate(zip(kinds, SCHEMA.names, strict=True)):
        values = [row[index] for row in rows]
        streams = [
            b"".join(b"\0" if value is None else b"\1" for value in values),
            b"".join(struct.pack("<I", len(value_bytes(kind, value))) for value in values),
            b"".join(value_bytes(kind, value) for value in values),
        ]
        digests = [hashlib.sha256(stream).hexdigest() for stream in streams]
        if kind != "text":
            digests[1] = "-"
        lines.append(" ".join(["column", kind, *digests, name]))
    return "".join(line + "\n" for line in lines)


@given(ROWS)
def test_the_statement_is_the_one_that_the_document_describes(rows: list[Row]) -> None:
    statement = statement_by_the_document(rows)

    assert digest_of([batch_of(rows)]) == ContentDigest(
        hashlib.sha256(statement.encode()).hexdigest(), statement
    )


@given(ROWS, st.lists(st.integers(0, 20), max_size=4))
def test_where_batches_begin_and_end_makes_no_difference(rows: list[Row], cuts: list[int]) -> None:
    whole = batch_of(rows)
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    slices = [whole[begin:end] for begin, end in itertools.pairwise(bounds)]

    assert digest_of(slices) == digest_of([whole])


@given(ROWS)
def test_text_encodings_and_integer_widths_make_no_difference(rows: list[Row]) -> None:
    plain = batch_of(rows)
    for text_type in (pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())):
        encoded = (
            plain.column("text").dictionary_encode()
            if pa.types.is_dictionary(text_type)
            else plain.column("text").cast(text_type)
        )
        other = plain.set_column(2, "text", encoded)
        other = other.set_column(1, "small", plain.column("small").cast(pa.int32()))

        assert digest_of([other], other.schema) == digest_of([plain])


@given(ROWS.filter(bool), st.data())
def test_any_other_value_gives_another_digest(rows: list[Row], data: st.DataObject) -> None:
    others = data.draw(ROWS.filter(bool))
    row = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, len(SCHEMA) - 1))
    changed = [list(values) for values in rows]
    changed[row][column] = others[0][column]
    same = batch_of([tuple(values) for values in changed]) == batch_of(rows)

    assert (
        digest_of([batch_of([tuple(values) for values in changed])]) == digest_of([batch_of(rows)])
    ) is same


def test_null_is_not_the_empty_text_and_a_cut_between_texts_counts() -> None:
    schema = pa.schema([("text", pa.string())])
    rows: list[list[Row]] = [
        [("",), ("ab",)],
        [(None,), ("ab",)],
        [("a",), ("b",)],
        [("ab",), ("",)],
        [("ab",)],
        [("b",), ("a",)],
    ]

    assert len({digest_of([batch_of(case, schema)], schema).hexdigest for case in rows}) == 6


def test_bytes_under_a_null_do_not_count() -> None:
    numbers = pa.Array.from_buffers(
        pa.int64(), 2, [pa.py_buffer(b"\x01"), pa.py_buffer(struct.pack("<qq", 7, 99))]
    )
    texts = pa.Array.from_buffers(
        pa.string(),
        2,
        [pa.py_buffer(b"\x01"), pa.py_buffer(struct.pack("<iii", 0, 1, 4)), pa.py_buffer(b"axyz")],
    )
    dirty = pa.record_batch([numbers, texts], names=["number", "text"])
    clean = pa.record_batch([pa.array([7, None]), pa.array(["a", None])], names=["number", "text"])

    assert digest_of([dirty], dirty.schema) == digest_of([clean], clean.schema)


@pytest.mark.parametrize("name", ["worked-example", "every-type", "no-rows"])
def test_the_test_vectors_hold(name: str) -> None:
    table = pq.read_table(VECTORS / f"{name}.parquet")
    digests = json.loads((VECTORS / "digests.json").read_text())

    assert digest_of(table.to_batches(), table.schema) == ContentDigest(
        digests[name], (VECTORS / f"{name}.statement.txt").read_text(encoding="utf-8")
    )


@pytest.mark.parametrize(
    ("name", "arrow_type"),
    [
        ("value", pa.float64()),
        ("value", pa.uint32()),
        ("value", pa.timestamp("us", tz="UTC")),
        ("value", pa.timestamp("ns")),
        ("value", pa.decimal256(40, 2)),
        ("val\nue", pa.int64()),
    ],
)
def test_a_column_without_a_defined_layout_is_refused(name: str, arrow_type: pa.DataType) -> None:
    with pytest.raises(UndigestibleColumnError):
        ContentDigester(pa.schema([(name, arrow_type)]))


def test_milliseconds_and_microseconds_of_one_moment_are_the_same() -> None:
    moment = [datetime(2024, 9, 30, 23, 59, 59, 997000, tzinfo=UTC).replace(tzinfo=None)]
    coarse = pa.record_batch([pa.array(moment, pa.timestamp("ms"))], names=["stamp"])
    fine = pa.record_batch([pa.array(moment, pa.timestamp("us"))], names=["stamp"])

    assert digest_of([coarse], coarse.schema) == digest_of([fine], fine.schema)
