"""What the state store says of an attempt from its opening to its closing."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.holder import Holder
from soxauto_assets.evidence.journal import RecordKind
from soxauto_assets.evidence.lease import LEASE, LeaseLostError
from soxauto_assets.evidence.lifecycle import (
    OPENED,
    AttemptClosedError,
    AttemptVerdict,
    attempts,
    close_attempt,
    latest,
    open_attempt,
    open_attempts,
    take_over,
)
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import (
    ObjectDamagedError,
    ObjectExistsError,
    Receipt,
    StoreUnavailableError,
)
from soxauto_assets_tests.evidence.world import PERIOD, REPORT, START, World, address, attempt_id
from soxauto_assets_tests.support.processes import in_child

MANIFEST = Receipt("attempts/x/manifest.json", "v1", "ab" * 32, 100)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_an_opened_attempt_says_who_runs_it_where_and_since_when(world: World) -> None:
    world.open(1, who="ada@laptop")
    (attempt,) = open_attempts(world.state)
    assert attempt.holder is not None
    assert attempt.holder == replace(Holder.this_process(), who="ada@laptop")
    assert attempt.holder.pid == os.getpid()
    assert (attempt.address, attempt.run_id, attempt.who, attempt.opened_at) == (
        address(1),
        "run 1",
        "ada@laptop",
        START,
    )
    assert attempt.lease_seconds == 300
    document = json.loads(world.state.read(address(1).key(OPENED)))
    assert (document["report"], document["period"], document["attempt"]) == (
        "ipe_07",
        "2024-09",
        attempt_id(1),
    )


def test_an_attempt_is_opened_once(world: World) -> None:
    world.open(1)
    with pytest.raises(ObjectExistsError):
        world.open(1)


def test_a_closed_attempt_names_its_verdict_and_package(world: World) -> None:
    lease = world.open(1, who="ada@laptop")
    world.pass_time(60)
    closed = close_attempt(lease, AttemptVerdict.FAIL, MANIFEST, content_digest="d1")
    assert open_attempts(world.state) == ()
    assert latest(world.state, REPORT, PERIOD) == attempts(world.state, REPORT, PERIOD)[0]
    assert attempts(world.state, REPORT, PERIOD)[0].closed == closed
    assert (closed.verdict, closed.manifest_key, closed.manifest_sha256) == (
        AttemptVerdict.FAIL,
        MANIFEST.key,
        MANIFEST.sha256,
    )
    assert (closed.content_digest, closed.closed_by) == ("d1", "ada@laptop")
    assert (closed.closed_at - START).total_seconds() == 60


def test_the_journal_tells_what_happened_in_order(world: World) -> None:
    lease = world.open(1, who="ada@laptop")
    world.pass_time(60)
    close_attempt(lease, AttemptVerdict.PASS, MANIFEST)
    opened, closed = journal.read(world.state)
    names = {"report": "ipe_07", "period": "2024-09", "attempt": attempt_id(1)}
    assert (opened.kind, opened.at) == (RecordKind.OPENED, START)
    assert opened.fields == {
        **names,
        "run_id": "run 1",
        "who": "ada@laptop",
        "product_version": opened.fields["product_version"],
    }
    assert closed.kind is RecordKind.CLOSED
    assert closed.fields == {
        **names,
        "closed_at": "2024-10-01T08:01:00.000000Z",
        "closed_by": "ada@laptop",
        "content_digest": None,
        "manifest": {"key": MANIFEST.key, "sha256": MANIFEST.sha256},
        "run_id": "run 1",
        "verdict": "PASS",
    }


def test_a_closed_attempt_cannot_be_taken_over(world: World) -> None:
    lease = world.open(1)
    (attempt,) = open_attempts(world.state)
    close_attempt(lease, AttemptVerdict.PASS, MANIFEST)
    world.pass_time(1000)
    assert take_over(world.state, attempt, now=world.now) is None


def test_a_closer_that_comes_second_learns_which_package_counts(world: World) -> None:
    lease = world.open(1)
    first = close_attempt(lease, AttemptVerdict.PASS, MANIFEST)
    assert close_attempt(lease, AttemptVerdict.PASS, MANIFEST) == first
    with pytest.raises(AttemptClosedError, match=f"was closed as PASS, with .* {'ab' * 32}"):
        close_attempt(lease, AttemptVerdict.FAIL, replace(MANIFEST, sha256="cd" * 32))
    assert len(list(journal.read(world.state))) == 2


def test_the_history_of_a_month_holds_its_attempts_only_the_oldest_first(world: World) -> None:
    for number, report, period in [
        (3, REPORT, PERIOD),
        (1, REPORT, PERIOD),
        (2, "ipe_08", PERIOD),
        (4, REPORT, Period(2024, 10)),
        (2, REPORT, PERIOD),
    ]:
        at = AttemptAddress(report, period, attempt_id(number))
        open_attempt(world.state, at, "ada@host", "run", now=world.now)
    history = attempts(world.state, REPORT, PERIOD)
    assert [state.address for state in history] == [address(1), address(2), address(3)]
    assert latest(world.state, REPORT, PERIOD) == history[-1]
    assert latest(world.state, "ipe_09", PERIOD) is None
    assert len(open_attempts(world.state)) == 5


def test_a_damaged_record_of_closing_is_told_and_not_guessed(world: World) -> None:
    close_attempt(world.open(1), AttemptVerdict.FAIL, MANIFEST)
    path = world.state.local_path(address(1).key("closed.json"))
    path.chmod(0o644)
    path.write_text(path.read_text().replace("FAIL", "PASS"))
    with pytest.raises(ObjectDamagedError, match=r"closed\.json"):
        attempts(world.state, REPORT, PERIOD)


# -- leases


def test_a_lease_that_ran_out_and_was_not_taken_is_held_again_when_asked(world: World) -> None:
    lease = world.open(1)
    world.pass_time(1000)  # the laptop slept
    lease.assert_held()
    assert take_over(world.state, open_attempts(world.state)[0], now=world.now) is None
    assert (lease.state.renewals, (lease.state.expires_at - world.now()).seconds) == (1, 300)


def test_a_lease_that_was_taken_is_lost_for_good(world: World) -> None:
    lease = world.open(1)
    (attempt,) = open_attempts(world.state)
    world.pass_time(300)
    taken = take_over(world.state, attempt, who="bob@other", run_id="run 2", now=world.now)
    assert taken is not None
    for use in (lease.renew, lease.assert_held):
        with pytest.raises(LeaseLostError, match="taken over by another process"):
            use()
    lease.release()
    taken.assert_held()
    assert (taken.state.holder.who, taken.state.run_id) == ("bob@other", "run 2")
    kinds = [(record.kind, record.fields.get("by")) for record in journal.read(world.state)]
    assert kinds == [(RecordKind.OPENED, None), (RecordKind.TAKEN_OVER, "bob@other")]


def test_an_attempt_that_died_before_it_had_a_lease_can_be_taken(world: World) -> None:
    world.open(1)
    (attempt,) = open_attempts(world.state)
    world.state.local_path(address(1).key(LEASE)).unlink()
    assert take_over(world.state, attempt, now=world.now) is None  # it may be about to take it
    world.pass_time(300)
    assert take_over(world.state, attempt, now=world.now) is not None


def test_a_damaged_lease_runs_out_as_a_lease_does(world: World) -> None:
    world.open(1)
    path = world.state.local_path(address(1).key(LEASE))
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    (attempt,) = open_attempts(world.state)
    assert take_over(world.state, attempt, now=world.now) is None
    info = world.state.info(address(1).key(LEASE))
    assert info is not None
    world.time = info.modified
    world.pass_time(300)
    assert take_over(world.state, attempt, now=world.now) is not None


def test_a_lease_whose_process_died_is_taken_without_waiting(world: World) -> None:
    assert in_child(lambda: world.open(1)) == 0
    (attempt,) = open_attempts(world.state)
    lease = take_over(world.state, attempt, now=world.now)
    assert lease is not None
    assert take_over(world.state, attempt, now=world.now) is None  # we live


def test_leaving_a_lease_without_closing_lets_the_next_one_in_at_once(world: World) -> None:
    with pytest.raises(ZeroDivisionError), world.open(1):
        1 / 0  # noqa: B018
    (attempt,) = open_attempts(world.state)
    assert take_over(world.state, attempt, now=world.now) is not None


class WatchedStore(LocalStore):
    """Tells when the third replacement is done."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, name="state")
        self.replaced = 0
        self.third = threading.Event()

    def replace(self, *args: object, **kwargs: object) -> Receipt:
        receipt = super().replace(*args, **kwargs)  # type: ignore[arg-type]
        self.replaced += 1
        if self.replaced == 3:
            self.third.set()
        return receipt


def test_a_lease_in_use_renews_itself_while_the_work_goes_on(tmp_path: Path) -> None:
    store = WatchedStore(tmp_path)
    lease = open_attempt(store, address(1), "ada@host", "run", lease_seconds=1)
    lease._seconds = 0.1  # a fifth of it between renewals
    with lease:
        assert store.third.wait(20)
        lease.assert_held()
    assert lease.state.renewals >= 2


class ForgetfulStore(LocalStore):
    """Does what it is asked and loses the answer, once."""

    answers_lost = 0

    def replace(self, *args: object, **kwargs: object) -> Receipt:
        receipt = super().replace(*args, **kwargs)  # type: ignore[arg-type]
        if self.answers_lost:
            self.answers_lost -= 1
            return super().replace(*args, **kwargs)  # type: ignore[arg-type]  # tried again
        return receipt


def test_a_renewal_whose_answer_was_lost_is_recognised_as_our_own(tmp_path: Path) -> None:
    store = ForgetfulStore(tmp_path, name="state")
    lease = open_attempt(store, address(1), "ada@host", "run")
    store.answers_lost = 1
    lease.renew()
    lease.renew()
    lease.assert_held()
    assert lease.state.renewals == 2


class UnansweringStore(LocalStore):
    """Does what it is asked and then cannot be reached, as often as it is told."""

    unanswered = 0

    def replace(self, *args: object, **kwargs: object) -> Receipt:
        receipt = super().replace(*args, **kwargs)  # type: ignore[arg-type]
        if self.unanswered:
            self.unanswered -= 1
            raise StoreUnavailableError("The state store is away.", remedy="Wait.")
        return receipt


def test_a_lease_is_kept_though_its_store_was_away_after_a_renewal(tmp_path: Path) -> None:
    store = UnansweringStore(tmp_path, name="state")
    with open_attempt(store, address(1), "ada@host", "run") as lease:
        store.unanswered = 2
        for _ in range(2):
            with pytest.raises(StoreUnavailableError):
                lease.renew()
            lease.assert_held()
        lease.renew()
        lease.assert_held()
        store.unanswered = 1  # at the end: the lease runs out by itself, and the work is done
