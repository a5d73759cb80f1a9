"""One small embedded warehouse for all tests of a run, whatever process they run in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from soxauto_assets.demo.build import ensure_demo
from soxauto_assets.demo.plan import DemoPlan
from soxauto_assets.period import Period

SMALL = DemoPlan(size=0.02)
"""About two hundred items a month, and every scripted row."""
THROUGH = Period(2024, 6)


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder that the parallel processes of one test run share."""
    base = factory.getbasetemp()
    return (base.parent if base.name.startswith("popen-") else base) / "shared-demo"


def small_demo(factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The files of the small embedded warehouse, built by the first process that asks."""
    return ensure_demo(shared_folder(factory), through=THROUGH, plan=SMALL)


@contextmanager
def attached(databases: Mapping[str, Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with all databases attached read-only under their names."""
    with duckdb.connect() as connection:
        for name, path in databases.items():
            connection.execute(f"ATTACH '{path}' AS \"{name}\" (READ_ONLY)")
        yield connection
