"""The daemon starts the control of a month when every attempt at its reports has ended."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from soxauto_assets.assets.factory import STAGES, asset_key
from soxauto_assets.automation.after_reports import SENSOR
from soxauto_assets.automation.dead_runs import process_tag
from soxauto_assets.automation.jobs import CLOSE_MONTH, RECONCILE_MONTH
from soxauto_assets.catalog.loader import CATALOG_FOLDER
from soxauto_assets.definitions import build
from soxauto_assets.evidence.lifecycle import open_attempt
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress, new_attempt_id
from soxauto_assets_tests.support.command import Home

MONTH = "2024-09"
REPORTS = ("cr_05", "cr_05a")


@pytest.fixture
def home(new_folder: Callable[[], Path], demo_folder: Path) -> Home:
    return Home(new_folder() / "home", demo_folder)


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalogue of two reports: the two of them are a whole month."""
    for report in REPORTS:
        shutil.copytree(CATALOG_FOLDER / report, tmp_path / "catalog" / report)
    return tmp_path / "catalog"


@pytest.fixture
def instance(home: Home) -> Iterator[dg.DagsterInstance]:
    quiet = {"telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(home.folder), overrides=quiet) as made:
        yield made


class Watch:
    """The sensor minute by minute, and what runs between."""

    def __init__(self, home: Home, instance: dg.DagsterInstance, catalog: Path) -> None:
        self.instance = instance
        self.definitions = build(home.settings, catalog=catalog)
        self.sensor: Any = next(s for s in self.definitions.sensors or () if s.name == SENSOR)
        self.cursor: str | None = None

    def run(self, *reports: str, by_command: bool = False) -> None:
        self.definitions.resolve_job_def(CLOSE_MONTH).execute_in_process(
            instance=self.instance,
            partition_key=MONTH,
            raise_on_error=False,
            asset_selection=[asset_key(report, stage) for report in reports for stage in STAGES],
            tags=dict(process_tag()) if by_command else {},
        )

    def control(self) -> None:
        self.definitions.resolve_job_def(RECONCILE_MONTH).execute_in_process(
            instance=self.instance, partition_key=MONTH, raise_on_error=False
        )

    def asked(self) -> list[str | None]:
        """The months that the next tick asks for."""
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            repository_def=self.definitions.get_repository_def(),
            resources={"state": (self.definitions.resources or {})["state"]},
        ) as context:
            data = self.sensor.evaluate_tick(context)
        self.cursor = data.cursor
        return [request.partition_key for request in data.run_requests or ()]


@pytest.fixture
def watch(home: Home, instance: dg.DagsterInstance, catalog: Path) -> Watch:
    return Watch(home, instance, catalog)


def test_a_month_is_asked_for_once_when_its_last_report_has_ended(watch: Watch) -> None:
    assert watch.asked() == []
    watch.run("cr_05")
    assert watch.asked() == []
    watch.run("cr_05a")
    assert watch.asked() == [MONTH]
    assert watch.asked() == []
    watch.control()
    assert watch.asked() == []
    watch.run("cr_05")  # something is new since the control
    assert watch.asked() == [MONTH]


def test_an_open_attempt_is_waited_for(watch: Watch, home: Home) -> None:
    watch.run(*REPORTS)
    address = AttemptAddress("cr_05", Period.parse(MONTH), new_attempt_id(datetime.now(UTC)))
    lease = open_attempt(home.store("state"), address, "ada@host", "run")
    try:
        assert watch.asked() == []
    finally:
        lease.release()
    assert json.loads(watch.cursor or "")["waiting"] == {MONTH: False}


def test_a_command_makes_the_control_of_its_month_itself(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.run(*REPORTS, by_command=True)
    assert watch.asked() == []
    # Where it died before, the sensor steps in.
    monkeypatch.setattr("soxauto_assets.automation.after_reports.OWN_CONTROL", timedelta(0))
    assert watch.asked() == [MONTH]
