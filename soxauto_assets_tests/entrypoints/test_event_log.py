"""The embedded default's event log: what it keeps, any other reader of its files finds."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from soxauto_assets.entrypoints.event_log import EventLog
from soxauto_assets.settings import PROJECT_FOLDER

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dg.asset(check_specs=[dg.AssetCheckSpec("counted", asset="figures")])
def figures() -> dg.MaterializeResult:  # type: ignore[type-arg]
    return dg.MaterializeResult(
        metadata={"rows": 3},
        check_results=[dg.AssetCheckResult(check_name="counted", passed=True)],
    )


@pytest.fixture
def home(new_folder: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = new_folder() / "dagster"
    folder.mkdir(parents=True)
    shutil.copy(PROJECT_FOLDER / "dagster.yaml", folder)
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    return folder


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.get() as instance:
        yield instance


def materialize(instance: dg.DagsterInstance) -> str:
    return dg.materialize([figures], instance=instance, run_config=QUIET).run_id


def kinds(storage: SqliteEventLogStorage, run_id: str) -> list[str]:
    logged = (event.dagster_event for event in storage.get_logs_for_run(run_id))
    return [event.event_type_value for event in logged if event is not None]


def checks(storage: SqliteEventLogStorage) -> list[str]:
    key = dg.AssetCheckKey(dg.AssetKey("figures"), "counted")
    return [record.run_id for record in storage.get_asset_check_execution_history(key, limit=99)]


def test_what_is_written_is_there_for_dagsters_own_class_while_both_are_open(
    home: Path, instance: dg.DagsterInstance
) -> None:
    kept = instance.event_log_storage
    assert isinstance(kept, EventLog)
    own = SqliteEventLogStorage(str(home / "history" / "runs"))
    own.register_instance(instance)
    first, second = materialize(instance), materialize(instance)
    for run_id in (first, second):
        assert kinds(own, run_id) == kinds(kept, run_id)
        assert "ASSET_CHECK_EVALUATION" in kinds(own, run_id)
    assert checks(own) == checks(kept) == [second, first]


def test_more_runs_than_are_kept_open_can_be_written_and_read(instance: dg.DagsterInstance) -> None:
    runs = [materialize(instance) for _ in range(10)]
    assert [kinds(instance.event_log_storage, run_id)[-1] for run_id in runs] == [  # type: ignore[arg-type]
        "PIPELINE_SUCCESS"
    ] * 10


def test_after_all_was_removed_new_runs_are_written_to_new_files(
    instance: dg.DagsterInstance,
) -> None:
    removed = materialize(instance)
    instance.event_log_storage.wipe()
    run_id = materialize(instance)
    storage = instance.event_log_storage
    assert kinds(storage, removed) == []  # type: ignore[arg-type]
    assert kinds(storage, run_id)[-1] == "PIPELINE_SUCCESS"  # type: ignore[arg-type]
    assert checks(storage) == [run_id]  # type: ignore[arg-type]
