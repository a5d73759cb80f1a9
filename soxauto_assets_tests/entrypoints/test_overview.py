"""What `soxauto status` makes of stores in which something was changed by hand."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from soxauto_assets.entrypoints.overview import status_table
from soxauto_assets.evidence.lifecycle import CLOSED, AttemptVerdict
from soxauto_assets.settings import Settings
from soxauto_assets.store.layout import current_key
from soxauto_assets_tests.evidence.world import PERIOD, REPORT, World, address, attempt_id


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.live(1, AttemptVerdict.FAIL)
    world.live(2, AttemptVerdict.PASS)
    return world


def _shown(world: World, *, width: int = 160) -> tuple[str, str]:
    """The row of the report of ``world`` in one line, and all that is shown."""
    table, all_green = status_table([PERIOD], Settings.load({"SOXAUTO_HOME": str(world.folder)}))
    assert not all_green  # thirteen reports were never run
    screen = Console(file=io.StringIO(), width=width)
    screen.print(table)
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    (row,) = (line for line in text.splitlines() if f" {REPORT} " in line)
    return " ".join(row.split()), text


def _change(file: Path) -> None:
    file.chmod(0o644)
    file.write_bytes(b"x" + file.read_bytes()[1:])


def test_a_passed_attempt_whose_data_is_current_is_shown_as_passed(world: World) -> None:
    assert _shown(world)[0] == f"{REPORT} {attempt_id(2)} {attempt_id(2)} PASS 2"


def test_a_month_without_the_data_that_passed_is_not_green(world: World) -> None:
    (world.folder / "results" / current_key(REPORT, PERIOD)).unlink()
    assert _shown(world)[0] == (
        f"{REPORT} - {attempt_id(2)} PASS, but its data is not what is current 2"
    )


def test_a_month_whose_data_was_changed_is_not_green(world: World) -> None:
    _change(world.folder / "results" / current_key(REPORT, PERIOD))
    assert _shown(world)[0] == (
        f"{REPORT} damaged {attempt_id(2)} PASS, but its data is not what is current 2"
    )


def test_a_damaged_record_of_one_report_hides_no_other(world: World) -> None:
    record = address(1).key(CLOSED)
    _change(world.folder / "state" / record)
    row, text = _shown(world)
    assert row == f"{REPORT} {attempt_id(2)} - record damaged ?"
    assert text.count("not run") == 14
    assert f"The bytes of {record} in the state store" in " ".join(text.split())


def test_a_terminal_of_80_columns_shows_every_verdict(world: World) -> None:
    row, text = _shown(world, width=80)
    assert row.endswith("PASS 2")
    assert text.count("not run") == 14
    assert max(map(len, text.splitlines())) <= 80
