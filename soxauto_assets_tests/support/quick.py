"""Fixtures for folders of tests that make hundreds of packages: what costs much is done once.

Import them into a folder's ``conftest.py``. A module that is about one of them overrides it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soxauto_assets.evidence.canonical import canonical_json
from soxauto_assets.evidence.contents import PackageContents
from soxauto_assets.evidence.package import publish
from soxauto_assets.evidence.papers.making import papers
from soxauto_assets.evidence.timestamping import publish_and_stamp
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets_tests.support.folders import quick_folder

_MADE: dict[str, Any] = {}


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory: the stores sync each file, which a test need not wait for."""
    with quick_folder() as folder:
        yield folder


@pytest.fixture(autouse=True)
def papers_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workpaper and page of one package are made by the product once, however often it is
    published: they take three quarters of the time, and the same contents give the same bytes."""
    for function in (publish, publish_and_stamp):
        monkeypatch.setitem(function.__kwdefaults__, "papers", _papers)


def _papers(
    contents: PackageContents,
    address: AttemptAddress,
    files: Mapping[str, bytes],
    predicate: object,
    *,
    folder: str,
) -> Any:
    data = None if contents.data is None else contents.data.sha256
    told = (replace(contents, data=None), data, address, predicate, folder)
    digest = hashlib.sha256(repr(told).encode("utf-8", "surrogatepass"))
    digest.update(canonical_json({n: hashlib.sha256(f).hexdigest() for n, f in files.items()}))
    key = digest.hexdigest()
    if key not in _MADE:
        _MADE[key] = papers(contents, address, files, predicate, folder=folder)
    return _MADE[key]
