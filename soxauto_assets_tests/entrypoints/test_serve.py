"""The long-lived set on a real PostgreSQL: the instance of the cloud, and its processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Event
from unittest.mock import patch

import dagster as dg
import pytest

from soxauto_assets.definitions import CLOSE_MONTH, build
from soxauto_assets.entrypoints.instance import InstanceError
from soxauto_assets.entrypoints.serve import NEEDED, PORT, cloud_home, serve
from soxauto_assets.settings import Settings
from soxauto_assets_tests.support.aws_server import CREDENTIALS, REGION
from soxauto_assets_tests.support.postgres import USER, PostgresServer, postgres_server

STOP_SECONDS = 60
"""The shortest stop time-out of the template's long-lived tasks."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    # Not pytest's folder, which PostgreSQL's own user may not enter.
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres_server(Path(folder)) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def environment(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """What the template gives a long-lived task, in a container of its own."""
    home = tmp_path_factory.mktemp("container")
    own = {str(field.alias) for field in Settings.model_fields.values()} | {"DAGSTER_HOME"}
    inherited = {name: value for name, value in os.environ.items() if name not in own}
    return inherited | CREDENTIALS | {
        "SOXAUTO_HOME": str(home),
        "SOXAUTO_TRIGGER": "daemon",
        "DAGSTER_HOME": str(home / "dagster"),
        "DAGSTER_PG_HOST": "127.0.0.1",
        "DAGSTER_PG_PORT": str(postgres.port),
        "DAGSTER_PG_DB": "postgres",
        "DAGSTER_PG_USERNAME": USER,
        "DAGSTER_PG_PASSWORD": "none is asked for",
        "S3_RESULTS_BUCKET": "jumia-sox-results",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip


def test_the_instance_of_the_cloud_lives_in_postgresql(
    environment: Mapping[str, str], postgres: PostgresServer
) -> None:
    with patch.dict(os.environ, environment, clear=True):
        settings = Settings.load()
        os.environ["DAGSTER_HOME"] = str(cloud_home(settings))
        job = build(settings).resolve_job_def(CLOSE_MONTH)
        with dg.DagsterInstance.get() as first:
            run = first.create_run_for_job(job, tags={"dagster/partition": "2024-09"})
            kinds = [
                type(part).__name__
                for part in (
                    first.run_storage, first.event_log_storage, first.schedule_storage,
                    first.compute_log_manager, first.run_launcher,
                )
            ]  # fmt: skip
            monitors = (first.run_monitoring_enabled, first.run_monitoring_max_resume_run_attempts)
        with dg.DagsterInstance.get() as second:
            second.upgrade()  # what a newer release does; here there is nothing to do
            assert [one.run_id for one in second.get_runs()] == [run.run_id]
            second.report_engine_event("hello", run)
            assert second.all_logs(run.run_id)[-1].dagster_event.message == "hello"
    assert kinds == [
        "PostgresRunStorage", "PostgresEventLogStorage", "PostgresScheduleStorage",
        "S3ComputeLogManager", "EcsRunLauncher",
    ]  # fmt: skip
    assert monitors == (True, 0)
    assert postgres.psql("SELECT count(*) FROM alembic_version;").strip() == "1"
    assert postgres.psql("SELECT run_id FROM runs;").strip() == run.run_id


def test_a_variable_of_the_database_that_is_missing_is_named(
    environment: Mapping[str, str],
) -> None:
    lacking = {name: value for name, value in environment.items() if name != NEEDED[-1]}
    with (
        patch.dict(os.environ, lacking, clear=True),
        pytest.raises(InstanceError, match=f"needs {NEEDED[-1]}"),
    ):
        serve("web", Settings.load())


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("arguments", [["web"], ["web", "--read-only"], ["daemon"]], ids=" ".join)
def test_a_served_process_gets_well_and_ends_in_time(
    environment: Mapping[str, str], arguments: list[str], tmp_path: Path
) -> None:
    container = {
        **environment, "SOXAUTO_HOME": str(tmp_path), "DAGSTER_HOME": str(tmp_path / "dagster"),
    }  # fmt: skip
    soxauto = Path(sys.executable).with_name("soxauto")
    log = tmp_path / "log"
    began = time.monotonic()
    with log.open("wb") as file:
        process = subprocess.Popen(
            [soxauto, "serve", *arguments], env=container, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    try:
        while True:
            asked = subprocess.run([soxauto, "serve", "health"], env=container, check=False)
            if (tmp_path / "dagster" / "role").exists() and asked.returncode == 0:
                break
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < began + 240, log.read_text()
            Event().wait(0.5)
        well = time.monotonic() - began
        if arguments[0] == "web":
            refused = _reload_is_refused()
            assert refused is ("--read-only" in arguments)
        stopping = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(STOP_SECONDS)
        stopped = time.monotonic() - stopping
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    print(
        f"\nserve {' '.join(arguments)}: well after {well:.0f} s, ended {stopped:.1f} s after "
        f"SIGTERM with {code} (time-out {STOP_SECONDS})"
    )
    assert code in (0, -signal.SIGTERM), log.read_text()


def _reload_is_refused() -> bool:
    """Whether the server refuses what changes something: here, to load its code again."""
    question = b'{"query": "mutation { reloadWorkspace { __typename } }"}'
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/graphql",
        data=question,
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return b"UnauthorizedError" in answer.read()
    except urllib.error.HTTPError as error:
        return error.code >= 400
