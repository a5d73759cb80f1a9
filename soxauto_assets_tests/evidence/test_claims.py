"""Of several who would send an alert one does, and none who died keeps it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from soxauto_assets.evidence.canonical import canonical_json, parse_canonical
from soxauto_assets.evidence.claims import CLAIM_SECONDS, claim
from soxauto_assets.evidence.outbox import Alert, AlertKind, enqueue, mark_sent
from soxauto_assets.store.local import LocalStore

NOON = datetime(2024, 10, 1, 12, tzinfo=UTC)
ALERT = Alert(AlertKind.OPERATION, "s", (), NOON, attempt="1")
KEY = f"alerts/sending/{ALERT.id}.json"


@pytest.fixture
def state(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path / "state", name="state")
    enqueue(store, ALERT)
    return store


def at(seconds: float = 0) -> dict[str, object]:
    return {"now": lambda: NOON + timedelta(seconds=seconds)}


def change_holder(state: LocalStore, **changes: object) -> None:
    document = parse_canonical(state.read(KEY))
    holder = {**document["holder"], **changes}
    info = state.info(KEY)
    assert info is not None
    content = canonical_json({**document, "holder": holder})
    state.replace(KEY, content, expected_version=info.version)


def test_a_claim_holds_others_back_until_it_runs_out(state: LocalStore) -> None:
    assert claim(state, ALERT, **at()) is not None
    assert claim(state, ALERT, **at(CLAIM_SECONDS - 1)) is None
    assert claim(state, ALERT, **at(CLAIM_SECONDS)) is not None


def test_a_claim_given_up_is_free_at_once(state: LocalStore) -> None:
    held = claim(state, ALERT, **at())
    assert held is not None
    held.give_up()
    assert claim(state, ALERT, **at()) is not None


def test_the_claim_of_a_process_that_died_here_is_free_at_once(state: LocalStore) -> None:
    claim(state, ALERT, **at())
    change_holder(state, process_start="0")
    assert claim(state, ALERT, **at(1)) is not None


def test_the_claim_of_another_host_is_left_alone(state: LocalStore) -> None:
    claim(state, ALERT, **at())
    change_holder(state, host="elsewhere", process_start="0")
    assert claim(state, ALERT, **at(1)) is None


def test_what_was_sent_meanwhile_is_not_sent_again(state: LocalStore) -> None:
    claim(state, ALERT, **at())
    mark_sent(state, ALERT, sink="sns")
    assert claim(state, ALERT, **at(CLAIM_SECONDS)) is None


def test_who_gives_up_a_claim_that_another_took_over_changes_nothing(state: LocalStore) -> None:
    slow = claim(state, ALERT, **at())
    assert slow is not None
    assert claim(state, ALERT, **at(CLAIM_SECONDS)) is not None
    slow.give_up()
    assert claim(state, ALERT, **at(CLAIM_SECONDS + 1)) is None


def test_a_damaged_claim_does_not_silence_the_alert(state: LocalStore) -> None:
    claim(state, ALERT, **at())
    info = state.info(KEY)
    assert info is not None
    state.replace(KEY, b"{", expected_version=info.version)
    assert claim(state, ALERT, **at(1)) is not None
