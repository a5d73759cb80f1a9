"""A package as it was published, made once a module, and a copy of it for each test to change."""

from __future__ import annotations

from pathlib import Path

import pytest

from soxauto_assets_tests.support.packages import copied, published, sample
from soxauto_assets_tests.support.quick import papers_made_once, tmp_path

__all__ = ["folder", "intact", "papers_made_once", "tmp_path"]


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("intact")
    return published(sample(root), root / "store")


@pytest.fixture
def folder(intact: Path, tmp_path: Path) -> Path:
    return copied(intact, tmp_path)
