"""What is measured on a stream, compared with a naive reading of the same rows in Python."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, localcontext
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soxauto_assets.catalog.model import (
    CatalogEntry,
    Column,
    Control,
    ControlKind,
    Date,
    Integer,
    Numeric,
    Report,
    Text,
    Timestamp,
)
from soxauto_assets.period import Period
from soxauto_assets.store.spool import spool
from soxauto_assets.validation.keys import KeyFindings
from soxauto_assets.validation.stream import CutOffFindings, ExactSum, Findings, StreamChecks
from soxauto_assets.validation.switches import ValidationSwitchedOffError
from soxauto_assets.warehouse.arrow import arrow_schema

PERIOD = Period(2024, 9)
COLUMNS = (
    Column("id_company", Text(), "Company.", "none"),
    Column("code", Text(), "Code.", "none", personal=True),
    Column("number", Integer(64), "Number.", "none"),
    Column("amount", Numeric(38, 20), "Amount.", "none", nullable=True),
    Column("created_at", Timestamp(), "Created.", "none", nullable=True),
)
SCHEMA = arrow_schema(COLUMNS)
ENTRY = CatalogEntry(
    Report(
        id="test",
        title="Test",
        control="C",
        purpose="Test.",
        family="test",
        group_accounts=(),
        sources=("a.b.c",),
        parameters=(),
        primary_key=("id_company", "code", "number"),
        amounts=("amount",),
        owner="team:test",
        event_date="created_at",
    ),
    COLUMNS,
    "SELECT 1",
    (
        Control("witness_inside", ControlKind.WITNESS_INSIDE, "Inside", "SELECT 1"),
        Control("witness_after", ControlKind.WITNESS_AFTER, "After", "SELECT 1"),
    ),
)
INSIDE = datetime(2024, 9, 30, 23, 59, 59, 997000)
Row = tuple[str | None, str | None, int | None, Decimal | None, datetime | None]


def row(
    company: str | None = "EC_NG",
    code: str | None = "a",
    number: int | None = 1,
    amount: Decimal | None = Decimal(1),
    created_at: datetime | None = INSIDE,
) -> Row:
    return company, code, number, amount, created_at


def batches_of(rows: list[Row], batch_rows: int) -> list[pa.RecordBatch]:
    columns = [
        pa.array([values[index] for values in rows], field.type)
        for index, field in enumerate(SCHEMA)
    ]
    return pa.table(columns, schema=SCHEMA).to_batches(max_chunksize=batch_rows)


def findings_of(
    rows: list[Row],
    folder: Path,
    controls: dict[str, list[dict[str, object]]] | None = None,
    *,
    batch_rows: int = 2,
) -> Findings:
    """As in an attempt, but with small blocks, so that every seam between blocks is met."""
    path, batches = folder / "extract.parquet", batches_of(rows, batch_rows)
    spool(iter(batches), COLUMNS, path)
    checks = StreamChecks(ENTRY, PERIOD, controls or {})
    for batch in batches:
        checks.observe(batch)
    return checks.finish(path)


def normal(key: Row) -> tuple[object, ...]:
    return tuple(v.rstrip(" ").lower() if isinstance(v, str) else v for v in key[:3])


KEYS = st.lists(
    st.builds(
        row,
        st.sampled_from(["EC_NG", "ec_ng", "JM_EG ", None]),
        st.sampled_from(["a", "A ", "b", "é", "É", ""]),
        st.sampled_from([1, 2, 10]),
    ),
    max_size=9,
)


@given(KEYS, st.integers(1, 4), st.booleans())
def test_repeated_and_null_keys_are_counted_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], batch_rows: int, ordered: bool
) -> None:
    if ordered:
        rows.sort(key=lambda values: tuple(str(part) for part in normal(values)))
    whole = [normal(values) for values in rows if None not in values[:3]]
    folder = tmp_path_factory.getbasetemp()

    keys = findings_of(rows, folder, batch_rows=batch_rows).keys

    assert keys.repeated_rows == sum(count - 1 for count in Counter(whole).values())
    assert keys.null_rows == len(rows) - len(whole)


def test_in_key_order_neighbours_are_compared_across_blocks(tmp_path: Path) -> None:
    rows = [row(number=1), row(number=2), row(code="A ", number=2), row(number=3)]

    assert findings_of(rows, tmp_path).keys == KeyFindings(
        1,
        0,
        ({"id_company": "EC_NG", "code": "***", "number": "2", "problem": "repeats"},),
        "neighbours, in key order",
    )


def test_where_the_order_does_not_hold_the_stored_file_is_searched(tmp_path: Path) -> None:
    rows = [row(number=2), row(number=1), row(number=3), row(code="A", number=2)]

    assert findings_of(rows, tmp_path).keys == KeyFindings(
        1,
        0,
        ({"id_company": "ec_ng", "code": "***", "number": "2", "problem": "repeats"},),
        "the stored file, grouped",
    )


AMOUNTS = st.decimals(
    min_value=Decimal("-999999999999999999"), max_value=Decimal("999999999999999999"), places=20
)


@given(st.lists(st.lists(st.none() | AMOUNTS, max_size=6), max_size=3))
def test_sums_are_exact(batches: list[list[Decimal | None]]) -> None:
    total = ExactSum(Numeric(38, 20))
    for batch in batches:
        total.add(pa.array(batch, pa.decimal128(38, 20)))

    with localcontext(prec=100):
        expected = sum((v for batch in batches for v in batch if v is not None), Decimal(0))
    assert total.total == expected
    assert total.total.as_tuple().exponent == -20


def test_a_sum_may_be_larger_than_any_of_its_columns_values() -> None:
    largest = Decimal("999999999999999999.99999999999999999999")
    total = ExactSum(Numeric(38, 20))
    for _ in range(3):
        total.add(pa.array([largest] * 1000, pa.decimal128(38, 20)))

    assert f"{total.total:f}" == "2999999999999999999999.99999999999999997000"


def test_rows_after_the_cut_off_or_without_a_date_are_found(tmp_path: Path) -> None:
    rows = [
        row(number=1, created_at=datetime(2017, 1, 1)),
        row(number=2, created_at=datetime(2024, 10, 1)),
        row(number=3, created_at=None),
        row(number=4, created_at=INSIDE),
    ]

    assert findings_of(rows, tmp_path).cut_off == CutOffFindings(
        datetime(2017, 1, 1),
        datetime(2024, 10, 1),
        1,
        1,
        (
            {
                "id_company": "EC_NG",
                "code": "***",
                "number": "2",
                "created_at": "2024-10-01 00:00:00",
            },
            {"id_company": "EC_NG", "code": "***", "number": "3", "created_at": None},
        ),
    )


def test_a_witness_is_found_by_its_key_whatever_its_case_and_blanks(tmp_path: Path) -> None:
    rows = [row(number=number) for number in range(1, 6)]

    found = findings_of(
        rows,
        tmp_path,
        {
            "witness_inside": [
                {"id_company": "ec_ng", "code": "A  ", "number": Decimal(5), "more": "x"},
                {"id_company": "EC_NG", "code": "a", "number": 6},
                {"id_company": "EC_NG", "code": None, "number": 1},
                {"id_company": "EC_NG", "number": 1},
                {"id_company": "EC_NG", "code": "a", "number": "1"},
            ],
            "witness_after": [],
        },
    )

    assert found.witnesses == {
        "witness_inside": (
            True,
            False,
            "its code is null",
            "the control returns no column code",
            "its number is no integer",
        ),
        "witness_after": (),
    }


def test_companies_are_counted(tmp_path: Path) -> None:
    rows = [row(company=company) for company in ("EC_KE", "EC_KE", "EC_NG", None)]

    assert findings_of(rows, tmp_path).companies == {"EC_KE": 2, "EC_NG": 1, None: 1}


def test_an_extract_without_rows_has_findings_too(tmp_path: Path) -> None:
    found = findings_of([], tmp_path)

    assert (found.rows, found.sums, found.companies) == (0, {"amount": Decimal(0)}, {})
    assert found.cut_off == CutOffFindings(None, None, 0, 0, ())
    assert found.keys == KeyFindings(0, 0, (), "neighbours, in key order")


def test_no_stream_is_checked_with_pandera_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANDERA_VALIDATION_DEPTH", "SCHEMA_ONLY")

    with pytest.raises(ValidationSwitchedOffError):
        StreamChecks(ENTRY, PERIOD, {})


def test_a_date_is_compared_with_the_first_day_of_the_next_month(tmp_path: Path) -> None:
    columns = (COLUMNS[0], Column("day", Date(), "Day.", "none"))
    entry = CatalogEntry(
        replace(ENTRY.report, primary_key=("id_company",), amounts=(), event_date="day"),
        columns,
        "SELECT 1",
        (),
    )
    checks = StreamChecks(entry, PERIOD, {})
    days = [date(2024, 9, 30), date(2024, 10, 1)]
    checks.observe(
        pa.record_batch([pa.array(["A", "B"]), pa.array(days)], schema=arrow_schema(columns))
    )

    found = checks.finish(tmp_path / "not read").cut_off

    assert found is not None
    assert (found.first, found.last, found.late_rows) == (days[0], days[1], 1)
