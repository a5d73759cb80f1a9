"""The worlds that the stories begin with, made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from soxauto_assets_tests.simulation.scenario import Beginnings, beginnings
from soxauto_assets_tests.support.folders import quick_folder


@pytest.fixture(scope="package")
def begun() -> Iterator[Beginnings]:
    with quick_folder() as folder:
        yield beginnings(folder)
