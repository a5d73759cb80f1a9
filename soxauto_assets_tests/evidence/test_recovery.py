"""Every opened attempt ends in exactly one package, whenever its process or its rescuer dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from soxauto_assets.evidence import journal, outbox
from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.journal import RecordKind
from soxauto_assets.evidence.lease import Lease, LeaseLostError
from soxauto_assets.evidence.lifecycle import (
    CLOSED,
    OPENED,
    AttemptVerdict,
    OpenAttempt,
    attempts,
    close_attempt,
    latest,
    open_attempts,
)
from soxauto_assets.evidence.recovery import StandingPackage
from soxauto_assets.store.layout import MANIFEST, VALIDATED
from soxauto_assets.store.protocol import StoreFullError
from soxauto_assets_tests.evidence.world import PERIOD, REPORT, World, address
from soxauto_assets_tests.support.folders import quick_folder
from soxauto_assets_tests.support.os_faults import killed_at
from soxauto_assets_tests.support.processes import at_once, in_child


@pytest.fixture
def quick_path() -> Iterator[Path]:
    with quick_folder() as folder:
        yield folder


PASS, FAIL, INTERRUPTED = AttemptVerdict.PASS, AttemptVerdict.FAIL, AttemptVerdict.INTERRUPTED

# Each moment is a world of its own: `make test` walks through every 29th, `make prove` through
# all of them.
at_moments = pytest.mark.parametrize("step", [29, pytest.param(1, marks=pytest.mark.prove)])


def assert_all_is_told(world: World) -> None:
    """What must hold after a recovery, whatever happened before."""
    assert open_attempts(world.state) == ()
    history = attempts(world.state, REPORT, PERIOD)
    opened = [info.key for info in world.state.list("attempts/") if info.key.endswith(OPENED)]
    assert [state.address.key(OPENED) for state in history] == opened
    packages = [info.key for info in world.evidence.list("") if info.key.endswith(MANIFEST)]
    assert packages == [state.address.key(MANIFEST) for state in history]
    expected: Counter[tuple[RecordKind, str]] = Counter()
    newest_pass = None
    alerts = []
    for state in history:
        package = world.find_package(state.address)
        assert package is not None
        assert state.closed is not None
        assert (state.closed.verdict, state.closed.manifest_sha256) == (
            package.verdict,
            package.manifest.sha256,
        )
        name = state.address.attempt
        expected[RecordKind.OPENED, name] = expected[RecordKind.CLOSED, name] = 1
        if package.verdict is PASS:
            newest_pass = name
            expected[RecordKind.CURRENT, name] = 1
        else:
            alerts.append(name)
    found = Counter(
        (record.kind, str(record.fields["attempt"]))
        for record in journal.read(world.state)
        if record.kind not in (RecordKind.TAKEN_OVER, RecordKind.ALERT)
    )
    assert found == expected
    assert [alert.attempt for alert in outbox.unsent(world.state)] == alerts
    told = [r.fields["alert"] for r in journal.read(world.state) if r.kind is RecordKind.ALERT]
    assert sorted(map(str, told)) == sorted(a.id for a in outbox.unsent(world.state))
    pointer = current(world.results, REPORT, PERIOD)
    assert (None if pointer is None else pointer.attempt) == newest_pass


@at_moments
@pytest.mark.parametrize("verdict", [PASS, FAIL])
def test_an_attempt_killed_at_any_call_is_closed_by_the_next_start(
    quick_path: Path, verdict: AttemptVerdict, step: int
) -> None:
    outcomes: Counter[AttemptVerdict | None] = Counter()
    for number in count(1, step):
        world = World(quick_path / f"killed at {number}")
        killed = killed_at(number, lambda world=world: world.live(1, verdict))  # type: ignore[misc]
        world.open_again()
        packaged = world.find_package(address())
        recovery = world.recover()
        assert recovery.failed == ()
        assert_all_is_told(world)
        newest = latest(world.state, REPORT, PERIOD)
        if newest is None:
            assert recovery.closed == ()  # it died before it was opened
            outcomes[None] += 1
        else:
            assert newest.closed is not None
            assert newest.closed.verdict is (packaged.verdict if packaged else INTERRUPTED)
            outcomes[newest.closed.verdict] += 1
        assert world.recover().closed == ()
        if not killed:
            break
    assert set(outcomes) == {None, INTERRUPTED, verdict}


def test_after_an_interrupted_attempt_the_next_one_passes_and_becomes_current(
    quick_path: Path,
) -> None:
    world = World(quick_path)
    assert in_child(lambda: world.open(1)) == 0
    world.recover()
    world.live(2, PASS)
    assert [
        state.closed and state.closed.verdict for state in attempts(world.state, REPORT, PERIOD)
    ] == [INTERRUPTED, PASS]
    assert_all_is_told(world)


@at_moments
@pytest.mark.parametrize("packaged", [None, PASS, FAIL])
def test_a_rescuer_killed_at_any_call_is_rescued_by_the_next(
    quick_path: Path, packaged: AttemptVerdict | None, step: int
) -> None:
    for number in count(1, step):
        world = World(quick_path / f"killed at {number}")

        def die_with_a_package(world: World = world) -> None:
            lease = world.open(1)
            if packaged is not None:
                validated = world.results.create(lease.address.key(VALIDATED), b"data")
                world.write_package(
                    lease.address, packaged, validated if packaged is PASS else None
                )

        assert in_child(die_with_a_package) == 0
        killed = killed_at(number, world.recover)
        world.open_again()
        assert world.recover().failed == ()
        assert_all_is_told(world)
        newest = latest(world.state, REPORT, PERIOD)
        assert newest is not None
        assert newest.closed is not None
        assert newest.closed.verdict is (packaged or INTERRUPTED)
        if not killed:
            break
    assert number > 20


def test_of_several_rescuers_each_attempt_gets_one(quick_path: Path) -> None:
    world = World(quick_path / "stores")
    for number in range(1, 6):
        assert in_child(lambda number=number: world.open(number)) == 0  # type: ignore[misc]

    def rescue(process: int) -> None:
        world.open_again()
        recovery = world.recover()
        assert recovery.failed == ()
        names = [closed.address.attempt for closed in recovery.closed]
        (quick_path / f"closed by {process}").write_text("\n".join(names))

    at_once(rescue)
    closed = [
        name for path in sorted(quick_path.glob("closed by *")) for name in path.read_text().split()
    ]
    assert sorted(closed) == [address(number).attempt for number in range(1, 6)]
    assert_all_is_told(world)


def test_a_running_attempt_is_left_alone_until_its_lease_runs_out(quick_path: Path) -> None:
    world = World(quick_path)
    lease = world.open()
    assert world.recover().closed == ()
    world.pass_time(299)
    lease.renew()
    world.pass_time(299)
    assert world.recover().closed == ()
    world.pass_time(1)
    assert [closed.verdict for closed in world.recover().closed] == [INTERRUPTED]


def test_a_pass_older_than_current_is_closed_and_leaves_current_alone(quick_path: Path) -> None:
    world = World(quick_path)

    def die_after_the_package() -> None:
        lease = world.open(1)
        validated = world.results.create(lease.address.key(VALIDATED), b"older data")
        world.write_package(lease.address, PASS, validated)

    assert in_child(die_after_the_package) == 0
    world.live(2, PASS)
    assert [closed.verdict for closed in world.recover().closed] == [PASS]
    pointer = current(world.results, REPORT, PERIOD)
    assert pointer is not None
    assert pointer.attempt == address(2).attempt


def test_an_attempt_that_cannot_be_closed_holds_up_no_other(quick_path: Path) -> None:
    world = World(quick_path)
    for number in (1, 2, 3):
        assert in_child(lambda number=number: world.open(number)) == 0  # type: ignore[misc]
    full = StoreFullError("The evidence store is full.", remedy="Free space.")
    write = world.write_interrupted

    def write_but_for_the_second(attempt: OpenAttempt, lease: Lease) -> StandingPackage:
        if attempt.address == address(2):
            raise full
        return write(attempt, lease)

    world.write_interrupted = write_but_for_the_second  # type: ignore[method-assign]
    recovery = world.recover()
    assert [closed.address for closed in recovery.closed] == [address(1), address(3)]
    assert [(attempt.address, error) for attempt, error in recovery.failed] == [(address(2), full)]
    world.write_interrupted = write  # type: ignore[method-assign]
    # Its lease was given up, so nobody has to wait.
    assert [closed.address for closed in world.recover().closed] == [address(2)]
    assert_all_is_told(world)


def test_a_sleeper_that_wakes_up_after_its_attempt_was_closed_stores_nothing_more(
    quick_path: Path,
) -> None:
    world = World(quick_path)
    lease = world.open()
    world.pass_time(301)
    world.recover()
    with pytest.raises(LeaseLostError, match=f"{address().attempt} at ipe_07 2024-09"):
        lease.assert_held()
    package = world.find_package(address())
    assert package is not None
    with pytest.raises(LeaseLostError):
        close_attempt(lease, PASS, package.manifest)
    assert_all_is_told(world)


def test_a_package_that_a_sleeper_wrote_first_is_the_one_that_counts(quick_path: Path) -> None:
    world = World(quick_path)
    world.open()
    world.pass_time(301)
    write = world.write_interrupted

    def write_too_late(attempt: OpenAttempt, lease: Lease) -> StandingPackage:
        world.write_package(attempt.address, FAIL, None)  # the sleeper wakes up here
        return write(attempt, lease)

    world.write_interrupted = write_too_late  # type: ignore[method-assign]
    assert [closed.verdict for closed in world.recover().closed] == [FAIL]
    assert_all_is_told(world)


def test_a_damaged_record_of_opening_does_not_keep_an_attempt_open(quick_path: Path) -> None:
    world = World(quick_path)
    assert in_child(lambda: world.open(1)) == 0
    path = world.state.local_path(address().key(OPENED))
    path.chmod(0o644)
    path.write_bytes(b"{}")
    (attempt,) = open_attempts(world.state)
    assert (attempt.who, attempt.run_id, attempt.holder) == ("unknown", "unknown", None)
    assert [closed.verdict for closed in world.recover().closed] == [INTERRUPTED]
    assert world.state.info(address().key(CLOSED)) is not None
