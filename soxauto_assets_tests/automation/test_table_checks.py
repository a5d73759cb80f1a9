"""What is published is compared with its tables: once where it agrees, again where it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from soxauto_assets.assets.outcome import Outcome
from soxauto_assets.automation.alerting import FolderSink
from soxauto_assets.automation.table_checks import TableCheck, check_tables
from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.outbox import unsent
from soxauto_assets.tables.places import TablePlace
from soxauto_assets.tables.published import Published
from soxauto_assets_tests.support.workshop import MAY, REPORT, Workshop, small_source

ROWS = 9
WELL = (TableCheck("somewhere", MAY, (REPORT,), None),)


class Place:
    """Tables that count what a test says; ``meanwhile`` happens while they are counted."""

    name = "somewhere"

    def __init__(self, count: int, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.rows = count
        self.meanwhile = meanwhile
        self.asked: list[Published] = []

    def count(
        self, months: Sequence[Published], entries: Mapping[str, CatalogEntry]
    ) -> Mapping[str, int]:
        self.asked += months
        self.meanwhile()
        return {one.address.report: self.rows for one in months}

    def within(self, seconds: float) -> TablePlace:
        return self


@pytest.fixture
def workshop(new_folder: Callable[[], Path]) -> Workshop:
    source = small_source(new_folder())
    made = Workshop(new_folder(), source.warehouse)
    assert made.attempt().became_current
    return made


def supersede(workshop: Workshop) -> Outcome:
    """An attempt that becomes current: of two in one second, chance says which is the later."""
    while not (outcome := workshop.attempt()).became_current:
        pass
    return outcome


def check(workshop: Workshop, place: Place) -> tuple[TableCheck, ...]:
    sink = FolderSink(folder=str(workshop.folder / "alerts"))
    return check_tables(place, workshop.results, workshop.evidence, workshop.state, sink, [REPORT])


def test_what_agrees_is_asked_once_an_attempt(workshop: Workshop) -> None:
    place = Place(ROWS)
    assert (check(workshop, place), check(workshop, place)) == (WELL, ())
    assert [one.rows for one in place.asked] == [ROWS]
    second = supersede(workshop)
    assert check(workshop, place) == WELL
    assert place.asked[-1] == Published(second.address, ROWS)
    assert unsent(workshop.state) == ()


def test_what_differs_is_told_once_and_asked_again(workshop: Workshop) -> None:
    for _ in range(2):
        (found,) = check(workshop, Place(2 * ROWS))
        assert found.problem == f"somewhere counts {REPORT}: 18 rows, its manifest 9"
    (alert,) = unsent(workshop.state)
    assert (alert.check, alert.expected, alert.found) == ("table_rows", "9", "18")
    assert check(workshop, Place(ROWS)) == WELL


def test_an_attempt_that_became_current_meanwhile_is_no_difference(workshop: Workshop) -> None:
    place = Place(0, meanwhile=lambda: supersede(workshop))
    assert check(workshop, place) == WELL
    assert unsent(workshop.state) == ()
    # The one that is current now has not been counted yet.
    (found,) = check(workshop, Place(0))
    assert found.problem is not None


def test_an_attempt_that_becomes_current_before_the_record_is_asked_too(workshop: Workshop) -> None:
    assert check(workshop, Place(ROWS, meanwhile=lambda: supersede(workshop))) == WELL
    place = Place(ROWS)
    assert check(workshop, place) == WELL
    assert [one.address.attempt for one in place.asked] == [
        workshop.told.outcomes[-1].address.attempt
    ]
    assert check(workshop, place) == ()


def test_a_current_object_of_another_manifest_is_told(workshop: Workshop) -> None:
    found = current(workshop.results, REPORT, MAY)
    assert found is not None
    info = workshop.results.info(found.key)
    assert info is not None
    workshop.results.replace(
        found.key,
        b"rows of somebody else",
        expected_version=found.version,
        metadata={**info.metadata, "manifest-sha256": "0" * 64},
    )
    (done,) = check(workshop, Place(ROWS))
    assert done.problem is not None
    assert "is of another manifest than attempts/cr_05/2024-05/" in done.problem
    (alert,) = unsent(workshop.state)
    assert alert.subject == "SOX PG-01: the tables of 2024-05 in somewhere could not be checked"
