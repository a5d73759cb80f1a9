"""What the store said of a package, and legal holds, against an S3 emulator with Object Lock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.holds import NothingToHoldError, hold
from soxauto_assets.evidence.lifecycle import open_attempt
from soxauto_assets.evidence.package import publish
from soxauto_assets.evidence.seal import seal, standing
from soxauto_assets.period import Period
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.locks import NoLocksError
from soxauto_assets.store.s3 import S3Store
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets_tests.support.packages import (
    ADDRESS,
    SEALING,
    SIGNER,
    interrupted,
    published,
    sample,
)
from soxauto_assets_tests.support.s3_server import s3_server


@pytest.fixture(scope="module")
def in_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Store]:
    """An evidence store (locked for two days) with one package in it."""
    with s3_server() as server:
        store = server.evidence_store()
        contents = interrupted(sample(tmp_path_factory.mktemp("made")))  # the fewest objects
        publish(contents, ADDRESS, store, SEALING)
        yield store


def test_the_seal_holds_version_digest_and_lock_of_every_object(in_s3: S3Store) -> None:
    seal(ADDRESS, in_s3)

    sealed = json.loads(in_s3.read(ADDRESS.key("seal.json")))
    assert [entry["name"] for entry in sealed["objects"]] == [
        listed.key.removeprefix(ADDRESS.prefix)
        for listed in in_s3.list(ADDRESS.prefix)
        if not listed.key.endswith("/seal.json")
    ]
    manifest = in_s3.info(ADDRESS.key("manifest.json"))
    assert manifest is not None
    (entry,) = [entry for entry in sealed["objects"] if entry["name"] == "manifest.json"]
    until = datetime.fromisoformat(entry["lock"].pop("retain_until"))
    assert entry == {
        "name": "manifest.json",
        "version": manifest.version,
        "sha256": manifest.sha256,
        "size": manifest.size,
        "lock": {"mode": "COMPLIANCE", "legal_hold": False},
    }
    left = until - datetime.now(UTC)
    assert timedelta(days=1, hours=23) < left <= timedelta(days=2)


def test_a_seal_is_written_once(in_s3: S3Store) -> None:
    seal(ADDRESS, in_s3)
    before = in_s3.info(ADDRESS.key("seal.json"))
    seal(ADDRESS, in_s3)
    assert in_s3.info(ADDRESS.key("seal.json")) == before


def test_a_folder_locks_nothing_and_its_seal_says_so(tmp_path: Path) -> None:
    folder = published(sample(tmp_path), tmp_path / "store")
    seal(ADDRESS, LocalStore(tmp_path / "store", name="evidence"))

    sealed = json.loads((folder / "seal.json").read_bytes())
    assert {entry["name"]: entry["lock"] for entry in sealed["objects"]}["manifest.json"] is None
    assert verify_package(folder).verdict is Verification.VERIFIED


def test_a_hold_is_on_every_object_until_it_is_released_and_is_recorded(
    in_s3: S3Store, tmp_path: Path
) -> None:
    state = LocalStore(tmp_path / "state", name="state")
    open_attempt(state, ADDRESS, "amina@books", "run").release()
    objects = standing(ADDRESS, in_s3, without=())

    def holds() -> set[bool]:
        infos = [in_s3.info(found.key) for found in objects]
        return {
            info is not None and info.lock is not None and info.lock.legal_hold for info in infos
        }

    def put(*, on: bool) -> int:
        return hold(
            state,
            in_s3,
            ADDRESS.report,
            ADDRESS.period,
            on=on,
            who="amina@books",
            reason="case 17",
            log_signer=SIGNER,
        )

    assert holds() == {False}
    assert (put(on=True), holds()) == (len(objects), {True})
    assert (put(on=False), holds()) == (len(objects), {False})
    fields = [r.fields for r in journal.read(state) if r.kind is journal.RecordKind.HOLD]
    assert [(f["on"], f["reason"], f["who"], f["objects"], f["attempts"]) for f in fields] == [
        (on, "case 17", "amina@books", len(objects), [ADDRESS.attempt]) for on in (True, False)
    ]


def test_a_folder_has_no_legal_hold_and_a_month_without_attempt_nothing_to_hold(
    tmp_path: Path,
) -> None:
    published(sample(tmp_path), tmp_path / "evidence")
    evidence = LocalStore(tmp_path / "evidence", name="evidence")
    state = LocalStore(tmp_path / "state", name="state")
    open_attempt(state, ADDRESS, "amina@books", "run").release()

    with pytest.raises(NoLocksError, match="a folder, which has no legal hold"):
        hold(
            state,
            evidence,
            ADDRESS.report,
            ADDRESS.period,
            on=True,
            who="a",
            reason="r",
            log_signer=SIGNER,
        )
    with pytest.raises(NothingToHoldError, match="no attempt at ipe_99 2024-10"):
        hold(
            state,
            evidence,
            "ipe_99",
            Period(2024, 10),
            on=True,
            who="a",
            reason="r",
            log_signer=SIGNER,
        )
    assert [r for r in journal.read(state) if r.kind is journal.RecordKind.HOLD] == []
