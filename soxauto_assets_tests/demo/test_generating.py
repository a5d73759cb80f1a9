"""Months that helping processes generate: the same rows, and a clear end where one dies."""

from __future__ import annotations

import sys
from decimal import Decimal

import pyarrow as pa
import pytest

from soxauto_assets.demo.generating import GenerationError, months_generated
from soxauto_assets.demo.plan import DemoPlan
from soxauto_assets.demo.rows import Gathering
from soxauto_assets.period import Period

TINY = DemoPlan(size=Decimal("0.005"), sizes={Period(2024, 1): 0.01})
THROUGH = Period(2024, 1)


def rows_of_each_month(helpers: int) -> dict[tuple[Period, str], pa.Table]:
    found: dict[tuple[Period, str], pa.Table] = {}
    with months_generated(TINY, THROUGH, helpers=helpers) as months:
        for period, write_to in months:
            parts: dict[str, list[pa.Table]] = {}
            gathering = Gathering(
                lambda name, rows, parts=parts: parts.setdefault(name, []).append(rows),  # type: ignore[misc]
                at_rows=1_000,
            )
            write_to(gathering)
            gathering.flush()
            found |= {(period, name): pa.concat_tables(each) for name, each in parts.items()}
    return found


def test_months_are_the_same_whoever_generates_them() -> None:
    alone, helped = rows_of_each_month(0), rows_of_each_month(2)
    assert {period for period, _ in alone} == {Period(2023, 12), Period(2024, 1)}
    assert helped.keys() == alone.keys()
    assert all(helped[key].equals(alone[key]) for key in alone)


def test_a_helper_that_dies_is_named_with_its_month_and_what_it_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(GenerationError) as raised:
        rows_of_each_month(2)
    assert "The process that generates 2023-12 has died (exit code 1)." in str(raised.value)


def test_a_build_that_stops_early_leaves_no_helper_behind() -> None:
    with months_generated(TINY, THROUGH, helpers=2) as months:
        next(months)
    # Leaving the block waits for the helpers' end; going on finds their pipes closed.
    with pytest.raises(ValueError, match="closed file"):
        next(months)[1](Gathering(lambda name, rows: None, at_rows=1))
