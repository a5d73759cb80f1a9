"""No alert is lost, told under two names, or taken back."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.outbox import (
    Alert,
    AlertKind,
    complete_journal,
    enqueue,
    mark_sent,
    plain_subject,
    unsent,
)
from soxauto_assets.store.local import LocalStore
from soxauto_assets_tests.support.os_faults import killed_at

NOON = datetime(2024, 10, 1, 12, tzinfo=UTC)
FAILED = Alert(
    AlertKind.REPORT_FAILED,
    "ipe_07 2024-09 FAIL: transfer",
    ("IPE_07 of September 2024 failed.", "Expected 12 rows, found 11."),
    NOON,
    report="ipe_07",
    period="2024-09",
    attempt="20241001_120000Z-00000001",
    check="transfer",
    expected="12",
    found="11",
    package="file:///evidence/attempts/ipe_07",
    run_url="http://127.0.0.1:3000/runs/1",
)


@pytest.fixture
def state(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "state", name="state")


def another(number: int) -> Alert:
    return Alert(
        AlertKind.RUN_SUMMARY, "closed", (), NOON + timedelta(seconds=number), attempt=f"{number}"
    )


def test_an_alert_waits_as_it_was_until_it_is_sent(state: LocalStore) -> None:
    assert unsent(state) == ()
    assert enqueue(state, FAILED)
    assert unsent(state) == (FAILED,)
    assert FAILED.id == "report-failed.ipe_07.2024-09.20241001_120000Z-00000001"
    assert FAILED.attributes == {
        "id": FAILED.id,
        "kind": "report-failed",
        "report": "ipe_07",
        "period": "2024-09",
        "attempt": "20241001_120000Z-00000001",
        "check": "transfer",
        "expected": "12",
        "found": "11",
        "package": "file:///evidence/attempts/ipe_07",
        "run_url": "http://127.0.0.1:3000/runs/1",
    }


def test_an_alert_is_told_once_and_never_removed(state: LocalStore) -> None:
    assert enqueue(state, FAILED)
    assert not enqueue(state, FAILED)
    assert mark_sent(state, FAILED, sink="sns", message_id="m-1", at=NOON)
    assert not mark_sent(state, FAILED, sink="sns", message_id="m-2")
    assert not enqueue(state, FAILED)
    assert unsent(state) == ()
    assert [info.key for info in state.list("alerts/")] == [
        f"alerts/outbox/{FAILED.id}.json",
        f"alerts/sent/{FAILED.id}.json",
    ]
    assert (
        state.read(f"alerts/sent/{FAILED.id}.json")
        == (
            f'{{"id":"{FAILED.id}","message_id":"m-1",'
            '"sent_at":"2024-10-01T12:00:00.000000Z","sink":"sns"}'
        ).encode()
    )
    assert [record.fields for record in journal.read(state)] == [
        {"alert": FAILED.id, "subject": FAILED.subject}
    ]


def test_alerts_go_out_in_the_order_in_which_they_came(state: LocalStore) -> None:
    for number in (11, 2, 1):
        enqueue(state, another(number))
    mark_sent(state, another(2), sink="console")
    assert unsent(state) == (another(1), another(11))


def test_a_damaged_alert_is_told_as_damaged_and_stops_no_other(state: LocalStore) -> None:
    enqueue(state, FAILED)
    enqueue(state, another(1))
    path = state.local_path(f"alerts/outbox/{FAILED.id}.json")
    path.chmod(0o644)
    path.write_bytes(b"{")
    state.create("alerts/outbox/notes.txt", b"a stranger's")
    damaged = next(alert for alert in unsent(state) if alert.report)
    assert (damaged.id, damaged.subject) == (FAILED.id, f"An alert is damaged: {FAILED.id}")
    assert another(1) in unsent(state)
    for alert in unsent(state):
        mark_sent(state, alert, sink="console")
    assert unsent(state) == ()


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.prove)])
def test_an_alert_killed_at_any_call_is_there_with_its_record_or_can_be_put_in(
    tmp_path: Path, step: int
) -> None:
    for number in count(1, step):
        root = tmp_path / f"{number}"

        def put_in(root: Path = root) -> None:
            enqueue(LocalStore(root, name="state"), FAILED)

        killed = killed_at(number, put_in)
        state = LocalStore(root, name="state")
        there = unsent(state)
        assert there in ((), (FAILED,))
        assert enqueue(state, FAILED) == (there == ())
        complete_journal(state)
        assert [r.fields["alert"] for r in journal.read(state)] == [FAILED.id]
        assert complete_journal(state) == 0
        if not killed:
            break


@settings(max_examples=50)
@given(st.text())
def test_every_subject_can_be_sent(text: str) -> None:
    subject = plain_subject(text)
    assert len(subject) <= 100
    assert set(subject) <= set(string.ascii_letters + string.digits + string.punctuation + " ")
    assert plain_subject(subject) == " ".join(subject.split())


def test_a_subject_keeps_what_a_person_reads() -> None:
    assert plain_subject("Échec  d'août\n\t2024: ½ شركة") == "Echec d'aout 2024: 1?2 ????"
    assert plain_subject("x" * 101) == "x" * 97 + "..."
    assert plain_subject("x" * 100) == "x" * 100


def test_what_has_odd_characters_still_has_an_id(state: LocalStore) -> None:
    odd = Alert(AlertKind.OPERATION, "s", (), NOON, report="../a.b/c", attempt="é")
    assert odd.id == "operation.___a_b_c.-._"
    assert enqueue(state, odd)
    assert unsent(state) == (odd,)
