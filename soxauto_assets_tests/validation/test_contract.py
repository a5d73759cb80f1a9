"""The contract of declared columns, compared with a reading of the declarations in Python."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from soxauto_assets.catalog.model import (
    Boolean,
    CatalogEntry,
    Column,
    Date,
    Integer,
    Numeric,
    Report,
    Text,
    Timestamp,
)
from soxauto_assets.validation.contract import (
    Contract,
    ContractFindings,
    full_schema,
    gate_schema,
)
from soxauto_assets.validation.frames import polars_type
from soxauto_assets.validation.switches import ValidationSwitchedOffError, require_switched_on

COLUMNS = (
    Column("id_company", Text(5), "Company.", "none"),
    Column("entry_no", Integer(32), "Entry.", "none", minimum="1"),
    Column("month", Text(), "Month.", "none", nullable=True, pattern=r"[0-9]{4}-[0-9]{2}"),
    Column("kind", Text(), "Kind.", "none", nullable=True, allowed=("valid", "expired")),
    Column("level", Integer(16), "Level.", "none", nullable=True, allowed=("1", "2")),
    Column("amount", Numeric(38, 20), "Amount.", "none", nullable=True, minimum="0"),
    Column("customer", Text(3), "Customer.", "none", nullable=True, personal=True),
    Column("day", Date(), "Day.", "none", nullable=True),
    Column("stamp", Timestamp(), "Stamp.", "none", nullable=True),
    Column("flag", Boolean(), "Flag.", "none"),
)
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
        primary_key=("id_company", "entry_no"),
        amounts=("amount",),
        owner="team:test",
    ),
    COLUMNS,
    "SELECT 1",
    (),
)
GOOD = {
    "id_company": "EC_NG",
    "entry_no": 1,
    "month": "2024-09",
    "kind": "valid",
    "level": 1,
    "amount": Decimal("0.00000000000000000001"),
    "customer": "ééé",
    "day": date(2024, 9, 30),
    "stamp": datetime(2024, 9, 30, 23, 59, 59, 999000),
    "flag": False,
}
SWITCHES = {
    "PANDERA_VALIDATION_ENABLED": "True",
    "PANDERA_VALIDATION_DEPTH": "SCHEMA_AND_DATA",
}


def frame_of(*rows: dict[str, object]) -> pl.DataFrame:
    schema = {column.name: polars_type(column.type) for column in COLUMNS}
    return pl.DataFrame([GOOD | row for row in rows], schema=schema, orient="row")


def findings_of(*frames: pl.DataFrame) -> ContractFindings:
    contract = Contract(ENTRY)
    for frame in frames:
        contract.observe(frame)
    return contract.findings(SWITCHES)


def breaches(row: dict[str, object]) -> set[tuple[str, str]]:
    """What the declarations say of one row, read in plain Python."""
    found = set()
    for column in COLUMNS:
        value = row[column.name]
        if value is None:
            if not column.nullable:
                found.add((column.name, "not null"))
            continue
        longest = column.type.length if isinstance(column.type, Text) else None
        if longest is not None and len(str(value)) > longest:
            found.add((column.name, f"length <= {longest}"))
        if column.allowed and str(value) not in column.allowed:
            found.add((column.name, f"one of {', '.join(column.allowed)}"))
        if column.minimum is not None and Decimal(str(value)) < Decimal(column.minimum):
            found.add((column.name, f">= {column.minimum}"))
        if column.pattern is not None and not re.fullmatch(column.pattern, str(value)):
            found.add((column.name, f"matches {column.pattern}"))
    return found


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id_company": st.sampled_from(["EC_NG", "", "EC_NGX", "ééééé", None]),
            "entry_no": st.sampled_from([1, 2**31 - 1, 0, -1, None]),
            "month": st.sampled_from(["2024-09", "2024-9", "2024-09\n", "x2024-09", "", None]),
            "kind": st.sampled_from(["valid", "expired", "Valid", "valid ", "", None]),
            "level": st.sampled_from([1, 2, 3, None]),
            "amount": st.sampled_from(
                [Decimal(0), Decimal("-0.00000000000000000001"), Decimal("1e17"), None]
            ),
            "customer": st.sampled_from(["abc", "صند", "abcd", None]),
            "flag": st.sampled_from([True, False, None]),
        }
    ),
    min_size=1,
    max_size=6,
)


@given(ROWS)
def test_every_breach_is_counted_and_nothing_else(rows: list[dict[str, object]]) -> None:
    expected: dict[tuple[str, str], int] = {}
    for row in rows:
        for breach in breaches(GOOD | row):
            expected[breach] = expected.get(breach, 0) + 1

    found = findings_of(frame_of(*rows[:2]), frame_of(*rows[2:]))

    assert found.failing_values == expected
    assert found.failing_rows == sum(bool(breaches(GOOD | row)) for row in rows)


@given(ROWS)
def test_the_gate_passes_exactly_what_the_full_contract_passes(
    rows: list[dict[str, object]],
) -> None:
    passed = []
    for schema in (gate_schema(COLUMNS), full_schema(COLUMNS)):
        try:
            schema.validate(frame_of(*rows), lazy=True)
        except SchemaErrors:
            passed.append(False)
        else:
            passed.append(True)

    assert passed[0] == passed[1]


def test_a_failing_value_is_shown_with_its_key_and_personal_data_masked() -> None:
    found = findings_of(
        frame_of({}, {"entry_no": 7, "customer": "secret name"}), frame_of({"kind": "other"})
    )

    assert found == ContractFindings(
        2,
        {("customer", "length <= 3"): 1, ("kind", "one of valid, expired"): 1},
        (
            {
                "id_company": "EC_NG",
                "entry_no": "7",
                "column": "customer",
                "rule": "length <= 3",
                "value": "***",
            },
            {
                "id_company": "EC_NG",
                "entry_no": "1",
                "column": "kind",
                "rule": "one of valid, expired",
                "value": "other",
            },
        ),
        SWITCHES,
    )


def test_all_failures_are_counted_and_twenty_are_shown() -> None:
    rows = [{"flag": None, "entry_no": number} for number in range(1, 5001)]

    found = findings_of(frame_of(*rows), frame_of(*rows))

    assert (found.failing_rows, found.failing_values) == (10_000, {("flag", "not null"): 10_000})
    assert [case["entry_no"] for case in found.sample] == [str(n) for n in range(1, 21)]


@pytest.mark.parametrize(
    "frame",
    [
        frame_of({}).drop("flag"),
        frame_of({}).with_columns(extra=pl.lit(1)),
        frame_of({}).select(reversed([column.name for column in COLUMNS])),
        frame_of({}).with_columns(pl.col("entry_no").cast(pl.Int64)),
        frame_of({}).with_columns(pl.col("amount").cast(pl.Decimal(38, 2))),
    ],
    ids=["missing", "unexpected", "reordered", "another integer", "another scale"],
)
def test_columns_of_another_name_order_or_type_fail(frame: pl.DataFrame) -> None:
    assert findings_of(frame).failing_rows > 0


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PANDERA_VALIDATION_ENABLED", "False"),
        ("PANDERA_VALIDATION_ENABLED", "yes"),
        ("PANDERA_VALIDATION_ENABLED", ""),
        ("PANDERA_VALIDATION_DEPTH", "SCHEMA_ONLY"),
        ("PANDERA_VALIDATION_DEPTH", "DATA_ONLY"),
        ("PANDERA_VALIDATION_DEPTH", "everything"),
    ],
)
def test_a_contract_that_is_switched_off_is_refused(variable: str, value: str) -> None:
    with pytest.raises(ValidationSwitchedOffError, match=f"Unset {variable} and run again"):
        require_switched_on({variable: value})


def test_the_switches_as_they_stand_are_kept_for_the_evidence() -> None:
    assert require_switched_on({"PANDERA_VALIDATION_ENABLED": "1"}) == {
        "PANDERA_VALIDATION_ENABLED": "1",
        "PANDERA_VALIDATION_DEPTH": "SCHEMA_AND_DATA",
    }


def test_the_switches_are_read_when_asked_not_when_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PANDERA_VALIDATION_ENABLED", "False")

    with pytest.raises(ValidationSwitchedOffError):
        require_switched_on()
