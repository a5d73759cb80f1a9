"""The small embedded warehouse, as files and as an open connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pytest

from soxauto_assets_tests.support.demo import attached, small_demo


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return small_demo(tmp_path_factory)


@pytest.fixture(scope="session")
def source(databases: Mapping[str, Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    with attached(databases) as connection:
        yield connection
