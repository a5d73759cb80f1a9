"""Current is the newest PASS attempt whose write won, and nothing older takes its place."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.current import CurrentMove, CurrentReport, current, move_current
from soxauto_assets.store.layout import VALIDATED, current_key
from soxauto_assets.store.protocol import ObjectDamagedError, ObjectMissingError, Receipt
from soxauto_assets_tests.evidence.world import PERIOD, REPORT, START, World, address
from soxauto_assets_tests.support.processes import WRITERS, at_once


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def validated(world: World, number: int, content: bytes | None = None) -> Receipt:
    return world.results.create(address(number).key(VALIDATED), content or b"data %d" % number)


def move(world: World, number: int, receipt: Receipt) -> CurrentMove:
    return move_current(
        world.state,
        world.results,
        address(number),
        receipt,
        content_digest=f"content {number}",
        manifest_sha256=f"manifest {number}",
        now=world.now,
    )


def test_without_a_pass_nothing_is_current(world: World) -> None:
    assert current(world.results, REPORT, PERIOD) is None


def test_the_current_object_is_the_data_and_says_whose_it_is(world: World) -> None:
    receipt = validated(world, 1)
    move_made = move(world, 1, receipt)
    info = world.results.info("current/ipe_07/month=2024-09/data.parquet")
    assert info is not None
    assert move_made == CurrentMove(
        CurrentReport(
            "current/ipe_07/month=2024-09/data.parquet",
            info.version,
            receipt.sha256,
            receipt.size,
            address(1).attempt,
            "content 1",
            "manifest 1",
            START,
        ),
        moved=True,
    )
    assert current(world.results, REPORT, PERIOD) == move_made.current
    assert world.results.read(info.key) == b"data 1"
    assert info.metadata["sha256"] == receipt.sha256


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_in_whatever_order_they_come_the_newest_attempt_stays(
    world: World, order: tuple[int, ...]
) -> None:
    moves = [move(world, number, validated(world, number)) for number in order]
    newest_so_far = list(itertools.accumulate(order, max))
    assert [made.moved for made in moves] == [
        number == newest for number, newest in zip(order, newest_so_far, strict=True)
    ]
    assert [made.current.attempt for made in moves] == [address(n).attempt for n in newest_so_far]
    assert world.results.read(current_key(REPORT, PERIOD)) == b"data 3"
    assert len(list(journal.read(world.state))) == len(set(newest_so_far))


def test_moving_again_changes_and_records_nothing(world: World) -> None:
    receipt = validated(world, 1)
    first = move(world, 1, receipt)
    world.pass_time(60)
    assert move(world, 1, receipt) == first
    assert len(list(journal.read(world.state))) == 1


def test_the_same_data_of_a_newer_attempt_still_becomes_current(world: World) -> None:
    move(world, 1, validated(world, 1, b"same"))
    assert move(world, 2, validated(world, 2, b"same")).current.attempt == address(2).attempt


def test_several_attempts_at_once_leave_the_newest_current(world: World) -> None:
    receipts = [validated(world, number) for number in range(WRITERS)]

    def move_mine(number: int) -> None:
        world.open_again()
        move(world, number, receipts[number])

    at_once(move_mine)
    pointer = current(world.results, REPORT, PERIOD)
    assert pointer is not None
    assert pointer.attempt == address(WRITERS - 1).attempt
    assert pointer.sha256 == receipts[-1].sha256
    recorded = [record.fields["attempt"] for record in journal.read(world.state)]
    assert pointer.attempt in recorded


def test_data_that_is_not_what_the_receipt_says_never_becomes_current(world: World) -> None:
    receipt = validated(world, 1)
    path = world.results.local_path(receipt.key)
    path.chmod(0o644)
    path.write_bytes(b"dAta 1")
    with pytest.raises(ObjectDamagedError):
        move(world, 1, receipt)
    with pytest.raises(ObjectMissingError):
        move(world, 2, Receipt(address(2).key(VALIDATED), "v", receipt.sha256, receipt.size))
    assert current(world.results, REPORT, PERIOD) is None
    assert list(journal.read(world.state)) == []


def test_a_current_object_that_was_written_over_by_hand_is_put_right_by_the_next_pass(
    world: World,
) -> None:
    move(world, 1, validated(world, 1))
    path = world.results.local_path(current_key(REPORT, PERIOD))
    path.chmod(0o644)
    path.write_bytes(b"by hand")
    by_hand = current(world.results, REPORT, PERIOD)
    assert by_hand is not None
    assert (by_hand.attempt, by_hand.moved_at) == (None, None)
    assert move(world, 2, validated(world, 2)).moved
    assert world.results.read(current_key(REPORT, PERIOD)) == b"data 2"
