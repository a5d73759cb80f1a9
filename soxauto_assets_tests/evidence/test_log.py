"""The evidence log loses no record and does not fork, whoever writes at once and whoever dies."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.canonical import parse_canonical
from soxauto_assets.evidence.journal import RecordKind
from soxauto_assets.evidence.log import EntryTooLargeError, EvidenceLog, LogDamagedError
from soxauto_assets.evidence.log_keeping import keep_log, record_catalogue, record_in_log
from soxauto_assets.store.local import LocalStore
from soxauto_assets.verify import Verification
from soxauto_assets.verify.log_files import expected_tiles, leaf_name
from soxauto_assets.verify.merkle import check_inclusion, leaf_hash, root_of
from soxauto_assets_tests.support.folders import quick_folder
from soxauto_assets_tests.support.keys import KeySigner
from soxauto_assets_tests.support.logs import SIGNER, verified
from soxauto_assets_tests.support.os_faults import fault_at
from soxauto_assets_tests.support.processes import in_child


@pytest.fixture
def root() -> Iterator[Path]:
    with quick_folder() as folder:
        yield folder


def stores(root: Path) -> tuple[LocalStore, LocalStore]:
    """State and evidence store, as a new process opens them."""
    return (
        LocalStore(root / "state", name="state", reserve_bytes=0),
        LocalStore(root / "evidence", name="evidence", reserve_bytes=0),
    )


def test_tiles_and_proofs_follow_from_the_entries_also_beyond_a_full_tile(root: Path) -> None:
    log = EvidenceLog(stores(root)[1], SIGNER)
    entries = [f"entry {number}".encode() for number in range(600)]
    places = []
    for begin, end in ((0, 1), (1, 255), (255, 256), (256, 513), (513, 600)):
        numbers, _ = log.append(entries[begin:end])
        places += numbers

    head, hashes = log.head(), [leaf_hash(entry) for entry in entries]
    assert head is not None
    assert (places, log.entries()) == (list(range(600)), entries)
    assert head.checkpoint.root == root_of(hashes)
    assert [name for name, content in expected_tiles(hashes) if log.read(name) != content] == []
    for number in (0, 1, 255, 256, 511, 512, 599):
        path = log.inclusion(number, head)
        check_inclusion(hashes[number], number, 600, path, head.checkpoint.root)


def test_an_entry_whose_writer_died_is_taken_in_by_the_next_one(root: Path) -> None:
    evidence = stores(root)[1]
    log = EvidenceLog(evidence, SIGNER)
    log.append([b"one"])
    evidence.create(f"log/{leaf_name(1)}", b"two")

    assert log.append([b"two"])[0] == [1]
    evidence.create(f"log/{leaf_name(2)}", b"three")
    assert log.append([b"four"])[0] == [3]
    assert log.entries() == [b"one", b"two", b"three", b"four"]


def test_nothing_is_signed_on_top_of_a_log_that_was_changed(root: Path) -> None:
    evidence = stores(root)[1]
    log = EvidenceLog(evidence, SIGNER)
    log.append([b"one", b"two"])
    other = EvidenceLog(stores(root / "other")[1], SIGNER)
    other.append([b"one", b"three"])

    def put(name: str, content: bytes) -> None:
        info = evidence.info(f"log/{name}")
        assert info is not None
        evidence.replace(f"log/{name}", content, expected_version=info.version)

    for name in ("checkpoint", "tile/0/000.p/2", "tile/entries/000.p/2"):
        before = log.read(name)
        put(name, other.read(name))
        with pytest.raises(LogDamagedError):
            log.append([b"more"])
        put(name, before)
    forger = EvidenceLog(stores(root / "forged")[1], KeySigner(99))
    forger.append([b"one", b"two"])
    put("checkpoint", forger.read("checkpoint"))
    with pytest.raises(LogDamagedError, match="unknown key"):
        log.append([b"more"])


def test_after_a_change_of_the_key_the_log_goes_on(root: Path) -> None:
    evidence = stores(root)[1]
    EvidenceLog(evidence, SIGNER).append([b"one"])
    log = EvidenceLog(evidence, KeySigner(8))

    assert log.append([b"two"])[0] == [1]
    assert len(log.names("keys/")) == 2


def test_an_entry_that_no_bundle_can_hold_is_refused(root: Path) -> None:
    log = EvidenceLog(stores(root)[1], SIGNER)
    with pytest.raises(EntryTooLargeError):
        log.append([b"small", bytes(2**16)])
    assert log.entries() == []


def test_what_a_crash_kept_out_of_the_log_is_completed_once(root: Path) -> None:
    """Before the place, before the mark: each leaves one entry in the end."""
    state, evidence = stores(root)
    long_ago = datetime.now(UTC) - timedelta(days=40)
    journal.record(state, RecordKind.HOLD, {"reason": "a"}, at=long_ago, once="a")
    journal.record(state, RecordKind.ALERT, {"reason": "not for the log"})
    record_in_log(state, evidence, SIGNER, RecordKind.HOLD, {"reason": "b"})
    log = EvidenceLog(evidence, SIGNER)
    assert [parse_canonical(e)["fields"]["reason"] for e in log.entries()] == ["b"]

    assert keep_log(state, evidence, SIGNER) == 1
    for mark in (root / "state" / "logged").iterdir():
        mark.unlink()
    assert keep_log(state, evidence, SIGNER) == 2
    assert keep_log(state, evidence, SIGNER) == 0
    assert [parse_canonical(e)["fields"]["reason"] for e in log.entries()] == ["b", "a"]


def test_every_kind_of_record_that_an_auditor_asks_for_gets_its_place_in_the_log(
    root: Path,
) -> None:
    state, evidence = stores(root)
    about = {"report": "ipe_07", "period": "2024-09", "attempt": "20241001_080000Z-00000001"}
    closing = {
        "closed_at": "2024-10-01T08:00:00.000000Z",
        "manifest": {"key": "k", "sha256": "ab" * 32},
        "verdict": "FAIL",
    }
    told = set(RecordKind) - {RecordKind.TAKEN_OVER, RecordKind.ALERT}
    for kind in RecordKind:
        fields = about | (closing if kind is RecordKind.CLOSED else {})
        if kind is RecordKind.CATALOGUE:
            fields = {"reports": []}
        journal.record(state, kind, fields)

    keep_log(state, evidence, SIGNER)

    entries = [parse_canonical(entry) for entry in EvidenceLog(evidence, SIGNER).entries()]
    assert Counter(entry["kind"] for entry in entries) == Counter(kind.value for kind in told)
    unknown = "kinds of records that this verifier does not know"
    assert unknown not in {f.name for f in verified(root / "evidence/log").report.checks}


def test_a_damaged_record_keeps_no_other_one_out(root: Path) -> None:
    state, evidence = stores(root)
    journal.record(state, RecordKind.HOLD, {"reason": "a"})
    state.create("journal/20240101_000000_000000Z-00-hold.json", b"nothing")
    with pytest.raises(Exception, match="journal/20240101"):
        keep_log(state, evidence, SIGNER)
    assert len(EvidenceLog(evidence, SIGNER).entries()) == 1


def test_the_catalogue_is_recorded_where_it_differs_from_the_last_one(root: Path) -> None:
    state, _ = stores(root)
    (root / "catalog" / "ipe_01").mkdir(parents=True)
    query = root / "catalog" / "ipe_01" / "query.sql"
    digests = []
    for text in ("SELECT 1", "SELECT 1", "SELECT 2", "SELECT 1"):
        query.write_text(text)
        digests.append(record_catalogue(state, root / "catalog").fields["sha256"])
    recorded = [record.fields["sha256"] for record in journal.read(state)]

    assert recorded == [digests[0], digests[2], digests[3]]
    assert digests[0] == digests[1] == digests[3] != digests[2]


# -- many writers, and kills


def _write(root: Path, writer: int, leaves: int, moment: datetime, die_at: int) -> None:
    """Record this writer's share by fives, and die at some call of the disk (0: live)."""
    state, evidence = stores(root)
    with fault_at(die_at, lambda _: os.kill(os.getpid(), signal.SIGKILL)):
        for number in range(0, leaves, 5):
            for one in range(number, min(number + 5, leaves)):
                fields = {"number": one, "writer": writer}
                at = moment + timedelta(microseconds=1000 * writer + one)
                journal.record(state, RecordKind.HOLD, fields, at=at, once=f"{writer} {one}")
            keep_log(state, evidence, SIGNER, since=moment)
            head = EvidenceLog(evidence, SIGNER).head()
            assert head is not None
            (root / f"kept {writer} {number}").write_bytes(head.note)


def _written_at_once(root: Path, writers: int, leaves: int, kills: int, seed: int) -> int:
    """All writers at once, each killed that many times and started again; how many died."""
    chance, moment, died = random.Random(seed), datetime.now(UTC), 0
    lives = {
        writer: [*(chance.randrange(1, 700) for _ in range(kills)), 0] for writer in range(writers)
    }
    running: dict[int, int] = {}

    def start(writer: int) -> None:
        die_at = lives[writer].pop(0)
        child = os.fork()
        if child == 0:
            code = 70
            try:
                _write(root, writer, leaves, moment, die_at)
                code = 0
            finally:
                os._exit(code)
        running[child] = writer

    for writer in range(writers):
        start(writer)
    while running:
        child, status = os.wait()
        writer = running.pop(child)
        if os.WIFSIGNALED(status):
            died += 1
            start(writer)
        else:
            assert status == 0
    return died


def _nothing_is_lost(root: Path, writers: int, leaves: int) -> None:
    state, evidence = stores(root)
    keep_log(state, evidence, SIGNER)
    log = EvidenceLog(evidence, SIGNER)
    found = Counter(
        (fields["writer"], fields["number"])
        for fields in (parse_canonical(entry)["fields"] for entry in log.entries())
    )
    assert found == Counter((w, n) for w in range(writers) for n in range(leaves))
    kept = [path.read_bytes() for path in root.glob("kept *")]
    report = verified(root / "evidence" / "log", kept=kept).report
    assert (report.first_difference, report.verdict) == (None, Verification.VERIFIED)


def test_four_writers_that_are_killed_lose_none_of_200_leaves_and_do_not_fork(
    root: Path,
) -> None:
    assert in_child(lambda: _written_at_once(root, 4, 50, kills=2, seed=1)) == 0
    _nothing_is_lost(root, 4, 50)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_sixteen_writers_that_are_killed_lose_none_of_2000_leaves_and_do_not_fork(
    root: Path,
) -> None:
    died = _written_at_once(root, 16, 125, kills=6, seed=2)
    _nothing_is_lost(root, 16, 125)
    print(f"log: 16 writers, 2000 leaves, {died} kills, none lost, no fork")
    assert died >= 40
