"""The proof beside a package: that the evidence log names this very envelope."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.journal import RecordKind
from soxauto_assets.evidence.log_keeping import keep_log, record_in_log
from soxauto_assets.store.layout import MANIFEST
from soxauto_assets.store.local import LocalStore
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets.verify.kept import KeptCheckpoints
from soxauto_assets.verify.log import folder_reader
from soxauto_assets.verify.trust import Trust
from soxauto_assets_tests.support.keys import trusted_key
from soxauto_assets_tests.support.packages import (
    ADDRESS,
    SIGNER,
    copied,
    edit,
    published,
    sample,
)
from soxauto_assets_tests.verify.test_authenticity import trust as trust_with_approver


def closed(folder: Path, root: Path) -> Path:
    """The package's attempt, closed in the journal and in the log; the folder of the log."""
    state = LocalStore(root / "state", name="state", reserve_bytes=0)
    evidence = LocalStore(root / "store", name="evidence", reserve_bytes=0)
    info = evidence.info(ADDRESS.key(MANIFEST))
    assert info is not None
    about = {"report": ADDRESS.report, "period": str(ADDRESS.period), "attempt": ADDRESS.attempt}
    journal.record(state, RecordKind.OPENED, about, at=datetime(2024, 10, 1, 8, tzinfo=UTC))
    manifest = {"key": info.key, "sha256": info.sha256}
    fields = {**about, "manifest": manifest, "verdict": "PASS"}
    journal.record(state, RecordKind.CLOSED, fields, at=datetime(2024, 10, 1, 9, tzinfo=UTC))
    assert keep_log(state, evidence, SIGNER) == 2
    assert (folder / "log-proof.json").is_file()
    return root / "store" / "log"


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    folder = published(sample(tmp_path), tmp_path / "store")
    closed(folder, tmp_path)
    return folder


@pytest.fixture
def folder(stored: Path, tmp_path: Path) -> Path:
    return copied(stored, tmp_path / "copy")


def trust(tmp_path: Path, roles: str = '["package", "log"]') -> Trust:
    return trust_with_approver(tmp_path, trusted_key(SIGNER, roles=roles))


def test_a_package_is_proved_to_be_in_the_log(folder: Path, tmp_path: Path) -> None:
    for trusted in (None, trust(tmp_path)):
        report = verify_package(folder, trusted)

        assert (report.first_difference, report.verdict) == (None, Verification.VERIFIED)
        assert [f.found.split(",")[0] for f in report.checks if f.name == "log"] == ["entry 1 of 2"]


def _leaf(name: str, value: object) -> Callable[[Any], None]:
    return lambda proof: proof["leaf"]["fields"].update({name: value})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_leaf("reason", "another"), "log-proof.json: expected a path to the root"),
        (_leaf("envelope_sha256", "ab" * 32), "log-proof.json, leaf.envelope_sha256: "),
        (_leaf("period", "2024-08"), "log-proof.json, leaf.period: "),
        (_leaf("verdict", "FAIL"), "log-proof.json, leaf.verdict: "),
        (lambda p: p["leaf"].update(kind="opened"), "log-proof.json, leaf.kind: "),
        (lambda p: p.update(path=[]), "log-proof.json: expected a path to the root"),
        (lambda p: p.update(path=["ab"]), "log-proof.json, path[0]: "),
        (lambda p: p.update(number=0), "log-proof.json: expected a path to the root"),
        (lambda p: p.update(version=2), "log-proof.json, version: "),
        (lambda p: p.update(checkpoint=p["checkpoint"].replace("\n2", "\n3")), "log-proof.json"),
        (lambda p: p.update(checkpoint=p["checkpoint"][:-3] + "A\n"), "log-proof.json, the check"),
        (lambda p: p.update(public_key="AAAA"), "log-proof.json, the checkpoint's key: "),
    ],
)  # fmt: skip
def test_a_proof_that_was_changed_is_told(
    folder: Path, change: Callable[[Any], None], told: str
) -> None:
    edit(folder, "log-proof.json", change)

    assert (verify_package(folder).first_difference or "").startswith(told)


def test_a_proof_that_was_taken_away_is_asked_for_where_the_log_is_trusted(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "log-proof.json").unlink()

    assert verify_package(folder, trust(tmp_path, '["package"]')).verdict is Verification.VERIFIED
    assert (verify_package(folder, trust(tmp_path)).first_difference or "").startswith(
        "log-proof.json: expected a proof"
    )


def test_todays_log_must_extend_the_checkpoint_that_was_kept(
    stored: Path, folder: Path, tmp_path: Path
) -> None:
    log = tmp_path / "store" / "log"
    kept = (log / "checkpoint").read_bytes()
    state, evidence = (
        LocalStore(tmp_path / name, name=name, reserve_bytes=0) for name in ("state", "store")
    )
    record_in_log(state, evidence, SIGNER, RecordKind.HOLD, {"reason": "litigation"})
    trusted = trust(tmp_path)
    today = KeptCheckpoints([kept], folder_reader(log))

    assert verify_package(folder, trusted, kept=today).verdict is Verification.VERIFIED
    other = tmp_path / "other"
    record_in_log(
        LocalStore(other / "state", name="state", reserve_bytes=0),
        LocalStore(other / "store", name="evidence", reserve_bytes=0),
        SIGNER,
        RecordKind.HOLD,
        {"reason": "another log"},
    )
    forked = KeptCheckpoints([kept], folder_reader(other / "store" / "log"))
    assert verify_package(folder, trusted, kept=forked).verdict is Verification.DIFFERS
