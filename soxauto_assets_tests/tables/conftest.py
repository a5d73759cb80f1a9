"""What the tests of this room share: an emulator of Glue, Athena and S3, and a scripted service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from soxauto_assets_tests.support.ministack import CREDENTIALS, MiniStack, ministack
from soxauto_assets_tests.support.scripted_aws import ScriptedAws, scripted_aws


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    with ministack(tmp_path_factory.mktemp("ministack")) as server:
        yield server


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedAws]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with scripted_aws() as service:
        yield service
