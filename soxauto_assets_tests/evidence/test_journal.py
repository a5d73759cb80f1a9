"""The journal keeps what happened, in order, and lets nothing be said twice or changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.canonical import NotCanonicalError
from soxauto_assets.evidence.journal import RecordKind
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import ObjectDamagedError

NOON = datetime(2024, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "state", name="state")


def test_records_are_read_in_the_order_of_time(state: LocalStore) -> None:
    records = [
        journal.record(state, RecordKind.OPENED, {"number": n}, at=NOON + timedelta(seconds=s))
        for n, s in enumerate([5, 0, 1.5, 1])
    ]
    assert list(journal.read(state)) == [records[1], records[3], records[2], records[0]]
    assert next(info.key for info in state.list("journal/")) == (
        f"journal/20241001_120000_000000Z-{records[1].id}-opened.json"
    )
    assert state.read(records[1].key) == (
        b'{"at":"2024-10-01T12:00:00.000000Z","fields":{"number":1},'
        b'"id":"%s","kind":"opened"}' % records[1].id.encode()
    )


def test_what_happens_without_a_stamp_happens_now(state: LocalStore) -> None:
    before = datetime.now(UTC)
    record = journal.record(state, RecordKind.ALERT, {})
    assert before <= record.at <= datetime.now(UTC)
    assert list(journal.read(state)) == [record]


def test_the_same_happening_is_recorded_once(state: LocalStore) -> None:
    first = journal.record(state, RecordKind.CLOSED, {"a": 1}, at=NOON, once="attempt 1")
    assert journal.record(state, RecordKind.CLOSED, {"a": 1}, at=NOON, once="attempt 1") == first
    others = [
        journal.record(state, RecordKind.CLOSED, {"a": 1}, at=NOON, once="attempt 2"),
        journal.record(state, RecordKind.CURRENT, {"a": 1}, at=NOON, once="attempt 1"),
        journal.record(state, RecordKind.CLOSED, {"a": 1}, at=NOON),
        journal.record(state, RecordKind.CLOSED, {"a": 1}, at=NOON),
    ]
    assert len(list(journal.read(state))) == 5
    assert journal.recorded_ids(state) == {first.id, *(record.id for record in others)}


def test_amounts_are_text_and_floats_are_refused(state: LocalStore) -> None:
    journal.record(state, RecordKind.CLOSED, {"amount": Decimal("0.10")}, at=NOON)
    assert next(journal.read(state)).fields == {"amount": "0.10"}
    with pytest.raises(NotCanonicalError, match=r"fields\.amount is a float"):
        journal.record(state, RecordKind.CLOSED, {"amount": 0.1}, at=NOON)
    assert len(list(journal.read(state))) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"at":"2024-10-01","fields":{},"id":"1","kind":"opened"}',
        b'{"at":"2024-10-01T12:00:00.000000Z","fields":{},"id":"1","kind":"erased"}',
    ],
)
def test_a_record_that_is_none_is_told_by_its_key(state: LocalStore, content: bytes) -> None:
    state.create("journal/20241001_120000_000000Z-1-opened.json", content)
    with pytest.raises(ObjectDamagedError, match="20241001_120000_000000Z-1-opened"):
        list(journal.read(state))
