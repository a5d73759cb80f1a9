"""Every report's extract is what the oracle computes from the same source, value by value.

The oracle knows the Decisions and plain Python, not the SQL. The source is the demonstration
warehouse (what `make run` closes), and small tables full of hostile values.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from soxauto_assets.demo.build import ensure_demo
from soxauto_assets.demo.plan import DemoPlan
from soxauto_assets.period import Period
from soxauto_assets.warehouse.embedded import EmbeddedWarehouse
from soxauto_assets_tests.support.oracle import REPORTS, EmbeddedSource, Month, expected_rows
from soxauto_assets_tests.support.oracle.comparison import (
    differences,
    entry_of,
    extract,
    report_differences,
)
from soxauto_assets_tests.support.oracle.hostile import hostile_tables, write

DEMO_PERIODS = (Period(2024, 1), Period(2024, 8), Period(2024, 12), Period(2025, 1))
"""The first partition, one in the middle, and both sides of a year's end."""
HOSTILE = tuple((seed, period) for seed in (1, 2) for period in (Period(2024, 12), Period(2025, 1)))


class Sources:
    """One set of DuckDB files, as the product reads it and as the oracle reads it."""

    def __init__(self, databases: dict[str, Path], spill_folder: Path) -> None:
        self.warehouse = EmbeddedWarehouse(databases, name="test", spill_folder=spill_folder)
        self.oracle = EmbeddedSource(databases)

    def compare(self, report_id: str, period: Period) -> tuple[int, list[str]]:
        """The number of rows that the report must hold, and what its extract has otherwise."""
        entry = entry_of(report_id)
        expected = expected_rows(report_id, self.oracle, Month(period.year, period.month))
        found = extract(entry, self.warehouse, period)
        return len(expected), differences(entry, expected, found)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    folder = tmp_path_factory.mktemp("oracle-demo")
    databases = ensure_demo(folder, through=max(DEMO_PERIODS).next, plan=DemoPlan(size=0.05))
    sources = Sources(dict(databases), folder)
    yield sources
    sources.oracle.close()


@pytest.fixture(scope="session")
def hostile(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[tuple[int, Period], Sources]]:
    made = {}
    for seed, period in HOSTILE:
        folder = tmp_path_factory.mktemp("oracle-hostile")
        tables = hostile_tables(seed, Month(period.year, period.month))
        made[seed, period] = Sources(write(tables, folder), folder)
    yield made
    for sources in made.values():
        sources.oracle.close()


@pytest.mark.parametrize("period", DEMO_PERIODS, ids=str)
@pytest.mark.parametrize("report_id", REPORTS)
def test_an_extract_of_the_demonstration_equals_the_oracle(
    demo: Sources, report_id: str, period: Period
) -> None:
    rows, lines = demo.compare(report_id, period)
    assert not lines, report_differences(report_id, period, lines)
    assert rows > 0, "a report without rows proves nothing"


@pytest.mark.parametrize(("seed", "period"), HOSTILE, ids=str)
@pytest.mark.parametrize("report_id", REPORTS)
def test_an_extract_of_hostile_rows_equals_the_oracle(
    hostile: dict[tuple[int, Period], Sources], report_id: str, seed: int, period: Period
) -> None:
    rows, lines = hostile[seed, period].compare(report_id, period)
    assert not lines, report_differences(report_id, period, lines)
    assert rows > 0, "a report without rows proves nothing"
