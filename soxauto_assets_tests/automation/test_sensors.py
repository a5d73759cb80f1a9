"""What the daemon does after a run and every minute, and what it makes of runs that died."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from soxauto_assets.assets.factory import SOURCE_POOL, STAGES, asset_key
from soxauto_assets.automation.alerting import deliver
from soxauto_assets.automation.dead_runs import PROCESS_TAG, end_dead_runs, process_tag
from soxauto_assets.automation.jobs import CLOSE_MONTH
from soxauto_assets.catalog.loader import CATALOG_FOLDER
from soxauto_assets.definitions import build
from soxauto_assets.evidence.lifecycle import AttemptVerdict, open_attempts
from soxauto_assets.evidence.outbox import Alert, unsent
from soxauto_assets_tests.assets.test_factory_events import Spoiler
from soxauto_assets_tests.support.command import Home

GOOD, BAD = "2024-09", "2024-05"
REPORTS = ("cr_05", "cr_05a")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue of two reports: the two of them are a whole month."""
    folder = tmp_path_factory.mktemp("catalog")
    for report in REPORTS:
        shutil.copytree(CATALOG_FOLDER / report, folder / report)
    return folder


@pytest.fixture
def home(new_folder: Callable[[], Path], demo_folder: Path) -> Home:
    return Home(new_folder() / "home", demo_folder)


@pytest.fixture
def instance(home: Home) -> Iterator[dg.DagsterInstance]:
    quiet = {"telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(home.folder), overrides=quiet) as made:
        yield made


class Daemon:
    """A run of the month's job, and what the daemon does after it."""

    def __init__(self, home: Home, instance: dg.DagsterInstance, catalog: Path) -> None:
        self.home = home
        self.instance = instance
        self.catalog = catalog
        self.definitions = build(home.settings, catalog=catalog)

    def run(
        self, period: str, *reports: str, listener: Any = None
    ) -> tuple[dg.DagsterRun, list[Alert]]:
        """A run of these reports, or of the whole job, and its sensors; the alerts it led to."""
        definitions = build(self.home.settings, listener, self.catalog)
        keys = [asset_key(report, stage) for report in reports for stage in STAGES]
        result = definitions.resolve_job_def(CLOSE_MONTH).execute_in_process(
            instance=self.instance,
            partition_key=period,
            raise_on_error=False,
            asset_selection=keys or None,
        )
        return result.dagster_run, self.after(result)

    def after(self, result: dg.ExecuteInProcessResult) -> list[Alert]:
        run = result.dagster_run
        name = f"run_summary_{run.status.value.lower()}"
        sensor: Any = next(one for one in self.definitions.sensors or () if one.name == name)
        end = next(e for e in result.all_events if e.is_job_success or e.is_job_failure)
        context = dg.build_run_status_sensor_context(
            sensor_name=name,
            dagster_event=end,
            dagster_instance=self.instance,
            dagster_run=run,
            resources={
                key: (self.definitions.resources or {})[key]
                for key in sensor.required_resource_keys
            },
        )
        before = {alert.id for alert in unsent(self.home.store("state"))}
        for _ in range(2):  # told twice, it says it once
            sensor(context)
        return [a for a in unsent(self.home.store("state")) if a.id not in before]

    def tick(self) -> str:
        """The alert sensor's minute."""
        sensor: Any = next(
            one
            for one in self.definitions.sensors or ()
            if one.name == "alerts_and_interrupted_attempts"
        )
        given = self.definitions.resources or {}
        reason = sensor(
            dg.build_sensor_context(instance=self.instance),
            **{key: given[key] for key in sensor.required_resource_keys},
        )
        return str(reason.skip_message)


@pytest.fixture
def daemon(home: Home, instance: dg.DagsterInstance, catalog: Path) -> Daemon:
    return Daemon(home, instance, catalog)


def subjects(alerts: list[Alert]) -> list[str]:
    return [alert.subject.removeprefix("SOX PG-01: ") for alert in alerts]


def test_a_month_that_passed_is_one_summary(daemon: Daemon) -> None:
    run, alerts = daemon.run(GOOD)
    assert run.status is dg.DagsterRunStatus.SUCCESS
    (summary,) = alerts
    assert (summary.subject, summary.attempt, summary.period) == (
        f"SOX PG-01: {GOOD} run ended, all reports passed",
        run.run_id,
        GOOD,
    )
    assert "Passed: cr_05, cr_05a" in summary.body
    assert summary.run_url == f"http://127.0.0.1:3000/runs/{run.run_id}"


def test_a_part_of_a_month_is_no_month(daemon: Daemon) -> None:
    assert daemon.run(GOOD, "cr_05a")[1] == []


def test_all_reports_named_one_by_one_are_a_month(daemon: Daemon) -> None:
    assert subjects(daemon.run(GOOD, *REPORTS)[1]) == [f"{GOOD} run ended, all reports passed"]


def test_a_month_that_failed_is_a_summary_beside_the_alerts_of_its_reports(daemon: Daemon) -> None:
    run, alerts = daemon.run(BAD)
    assert run.status is dg.DagsterRunStatus.FAILURE
    (summary,) = alerts
    assert summary.subject == f"SOX PG-01: {BAD} run ended, 1 of 2 reports did not pass"
    assert summary.body[1:3] == ("Failed: cr_05", "Passed: cr_05a")
    assert subjects(list(unsent(daemon.home.store("state")))) == [
        f"CR_05 {BAD} failed",
        f"{BAD} run ended, 1 of 2 reports did not pass",
    ]


def test_a_step_that_fails_after_its_attempt_passed_is_told(daemon: Daemon) -> None:
    """Also beside a report that failed by itself: its alert does not speak of the other."""
    _, alerts = daemon.run(BAD, *REPORTS, listener=Spoiler())
    assert sorted(subjects(alerts)) == [
        f"{BAD} run ended, 1 of 2 reports did not pass",
        f"the run for {BAD} broke",
    ]


DIES = """
import sys
from soxauto_assets.evidence.holder import Holder
from soxauto_assets.evidence.lifecycle import open_attempt
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.local import LocalStore
import json, pathlib
address = AttemptAddress("cr_05a", Period(2024, 9), "20241001_080000Z-00000001")
open_attempt(LocalStore(pathlib.Path(sys.argv[1]), name="state"), address, "ada@host", sys.argv[2])
print(json.dumps(Holder.this_process().to_document()))
"""


def die_in_an_attempt(home: Home, run_id: str) -> str:
    """A process that opens an attempt and is gone; who it was, as the tag of a run says it."""
    command = [sys.executable, "-c", DIES, str(home.folder / "state"), run_id]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def started(instance: dg.DagsterInstance, process: str | None) -> dg.DagsterRun:
    tags = {} if process is None else {PROCESS_TAG: process}
    return create_run_for_test(instance, CLOSE_MONTH, tags=tags, status=dg.DagsterRunStatus.STARTED)


def status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def test_the_minute_closes_attempts_and_ends_runs_whose_process_died(daemon: Daemon) -> None:
    run = started(daemon.instance, None)
    die_in_an_attempt(daemon.home, run.run_id)
    assert daemon.tick() == (
        "1 interrupted attempts closed, 0 could not be; 1 dead runs ended; 1 alerts sent"
    )
    assert open_attempts(daemon.home.store("state")) == ()
    (one,) = daemon.home.history("cr_05a", GOOD)
    assert one.closed is not None
    assert one.closed.verdict is AttemptVerdict.INTERRUPTED
    assert status(daemon.instance, run) is dg.DagsterRunStatus.FAILURE
    assert daemon.home.alerts() == [f"SOX PG-01: CR_05A {GOOD} was interrupted"]
    assert daemon.tick() == (
        "0 interrupted attempts closed, 0 could not be; 0 dead runs ended; 0 alerts sent"
    )


def test_an_attempt_that_cannot_be_closed_keeps_no_alert_back(daemon: Daemon) -> None:
    die_in_an_attempt(daemon.home, "run")
    daemon.run(BAD, "cr_05")
    evidence = daemon.home.folder / "evidence"
    evidence.rename(evidence.with_name("away"))
    evidence.write_bytes(b"a file where the folder should be")
    assert daemon.tick().startswith("0 interrupted attempts closed, 1 could not be; ")
    assert f"SOX PG-01: CR_05 {BAD} failed" in daemon.home.alerts()


def test_only_runs_whose_process_is_proved_dead_are_ended(
    daemon: Daemon, instance: dg.DagsterInstance
) -> None:
    dead = started(instance, die_in_an_attempt(daemon.home, "run"))
    alive = started(instance, process_tag()[PROCESS_TAG])
    unknown = started(instance, None)
    elsewhere = json.loads(process_tag()[PROCESS_TAG]) | {"host": "another", "pid": 1}
    away = started(instance, json.dumps(elsewhere))
    damaged = started(instance, "{")
    assert end_dead_runs(instance, daemon.home.store("state")) == (dead.run_id,)
    assert status(instance, dead) is dg.DagsterRunStatus.FAILURE
    for run in (alive, unknown, away, damaged):
        assert status(instance, run) is dg.DagsterRunStatus.STARTED


def test_a_dead_run_gives_back_its_slots_and_a_living_one_keeps_them(
    daemon: Daemon, instance: dg.DagsterInstance
) -> None:
    dead = started(instance, die_in_an_attempt(daemon.home, "run"))
    alive = started(instance, process_tag()[PROCESS_TAG])
    storage = instance.event_log_storage
    storage.set_concurrency_slots(SOURCE_POOL, 2)
    for run in (dead, alive):
        assert storage.claim_concurrency_slot(SOURCE_POOL, run.run_id, "cr_05").is_claimed
    waiting = storage.claim_concurrency_slot(SOURCE_POOL, "next", "cr_05")
    assert not waiting.is_claimed
    end_dead_runs(instance, daemon.home.store("state"))
    held = {slot.run_id for slot in storage.get_concurrency_info(SOURCE_POOL).claimed_slots}
    assert held == {alive.run_id}


def test_what_the_sink_refuses_waits_and_goes_out_when_it_can(daemon: Daemon) -> None:
    daemon.run(BAD)
    state, sink = daemon.home.store("state"), (daemon.definitions.resources or {})["alerts"]
    alerts = daemon.home.folder / "alerts"
    alerts.write_bytes(b"a file where the folder should be")
    waiting = unsent(state)
    assert len(waiting) == 2
    with pytest.raises(OSError, match="alerts"):
        deliver(state, sink)
    assert unsent(state) == waiting
    alerts.unlink()
    assert deliver(state, sink) == waiting
    assert (unsent(state), deliver(state, sink)) == ((), ())
    # A text file each, whose first lines a person reads.
    texts = {path.stem: path.read_text("utf-8") for path in alerts.iterdir()}
    assert set(texts) == {alert.id for alert in waiting}
    for alert in waiting:
        assert texts[alert.id].startswith(f"{alert.subject}\n\n{alert.body[0]}\n")
        assert f"kind: {alert.kind.value}\n" in texts[alert.id]
