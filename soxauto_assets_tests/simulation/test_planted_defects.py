"""The simulation can fail: defects that were planted in the product are found, each by its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from soxauto_assets.assets.work import Work
from soxauto_assets.evidence import interrupted, lifecycle, log_keeping
from soxauto_assets.evidence.lease import Lease
from soxauto_assets.evidence.outbox import mark_sent, unsent
from soxauto_assets.store.protocol import Receipt
from soxauto_assets_tests.simulation import world
from soxauto_assets_tests.simulation.durable import MemoryStore
from soxauto_assets_tests.simulation.scenario import SHAPES, Beginnings, live
from soxauto_assets_tests.simulation.test_simulation import kinds_at
from soxauto_assets_tests.simulation.world import BAD, GOOD

Plant = Callable[[pytest.MonkeyPatch], None]


def no_alert_of_an_attempt(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(Work, "alert", lambda self, package: None)


def no_alert_by_the_recovery(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(interrupted, "_alert", lambda *given: None)


def current_before_the_package(plant: pytest.MonkeyPatch) -> None:
    pack = Work.pack

    def hasty(self: Work, lease: Lease):  # type: ignore[no-untyped-def]
        if self.validated is not None:
            from soxauto_assets.evidence.current import move_current

            move_current(
                self.around.state,
                self.around.results,
                self.address,
                self.validated,
                content_digest="",
                manifest_sha256="",
            )
        return pack(self, lease)

    plant.setattr(Work, "pack", hasty)


def a_store_that_overwrites(plant: pytest.MonkeyPatch) -> None:
    def create(
        self: MemoryStore,
        key: str,
        source: Path | bytes,
        *,
        metadata: Mapping[str, str] | None = None,
    ) -> Receipt:
        content = source if isinstance(source, bytes) else source.read_bytes()
        return self.disk.put(key, content, dict(metadata or {}), self._now())

    plant.setattr(MemoryStore, "create", create)


def sent_is_noted_before_it_is_sent(plant: pytest.MonkeyPatch) -> None:
    def deliver(state, sink, *, now):  # type: ignore[no-untyped-def]
        for alert in unsent(state):
            mark_sent(state, alert, sink=sink.name, at=now())
            sink.send(alert)

    plant.setattr(world, "deliver", deliver)


def a_record_is_marked_before_it_has_its_place(plant: pytest.MonkeyPatch) -> None:
    begun = log_keeping._begun

    def marked(state, item, size):  # type: ignore[no-untyped-def]
        state.create(item.mark, b"{}")
        return begun(state, item, size)

    plant.setattr(log_keeping, "_begun", marked)


def an_open_attempt_is_left_to_itself(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(lifecycle, "_may_be_taken", lambda *given: False)


DEFECTS: tuple[tuple[Plant, str, str, str], ...] = (
    (no_alert_of_an_attempt, BAD, "", "before anybody was told"),
    (no_alert_by_the_recovery, GOOD, "", "before anybody was told"),
    (current_before_the_package, GOOD, "", "became current before its package stood"),
    (a_store_that_overwrites, GOOD, "evidence.replace", "was overwritten"),
    (sent_is_noted_before_it_is_sent, BAD, "topic.send", "was not received"),
    (a_record_is_marked_before_it_has_its_place, GOOD, "evidence.create", "the log lacks"),
    (an_open_attempt_is_left_to_itself, GOOD, "evidence.create", "is not closed"),
)
"""What was planted, the rows of the run, the calls at which faults strike, and what is found."""


@pytest.mark.parametrize(
    ("defect", "source", "at", "found"), DEFECTS, ids=[defect[0].__name__ for defect in DEFECTS]
)
def test_a_planted_defect_is_found_by_single_faults(
    begun: Beginnings,
    monkeypatch: pytest.MonkeyPatch,
    defect: Plant,
    source: str,
    at: str,
    found: str,
) -> None:
    defect(monkeypatch)
    (points,) = live(0, begun.closed, SHAPES[0], [source], [{}]).points
    stories = (
        live(0, begun.closed, SHAPES[0], [source], [{point: kind}])
        for point, what in points
        if at in what
        for kind in reversed(kinds_at(what))
    )
    assert any(found in problem for ended in stories for problem in ended.problems)
