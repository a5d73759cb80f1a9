"""Credentials and rows are planted, and whatever a run tells of itself is searched for them."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import dagster as dg
import pyarrow as pa
import pytest

from soxauto_assets.assets.factory import STAGES, asset_key
from soxauto_assets.assets.resources import WarehouseResource
from soxauto_assets.automation.alerting import deliver
from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.model import Column, ControlKind
from soxauto_assets.definitions import CLOSE_MONTH, build
from soxauto_assets.evidence.lifecycle import attempts
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings
from soxauto_assets.store.opening import open_store
from soxauto_assets.warehouse.embedded import EmbeddedWarehouse
from soxauto_assets.warehouse.protocol import Purpose, Session, SourceFacts, Statement, Warehouse
from soxauto_assets.warehouse.secrets import read_secret
from soxauto_assets_tests.support.aws_server import REGION, Received, aws_server
from soxauto_assets_tests.support.demo import small_demo

PASSWORD, PERSON, VALUE = "canary-password", "canary-person", "canary-value"
SECRET = f"SERVER=nav;DATABASE=AIG_Nav_DW;UID=reader;PWD={{{PASSWORD};}}"
PERIOD = Period(2024, 3)
PASSING, WITH_BAD_ROWS, BROKEN = "cr_05", ("ipe_07", "ipe_10"), "ipe_34"
REPORTS = (PASSING, *WITH_BAD_ROWS, BROKEN)
VALUE_COLUMNS = {"document_no", "order_nr"}


class CanaryWarehouse(WarehouseResource):
    """The small demonstration behind a login whose password is a canary."""

    databases: dict[str, str]
    endpoint: str
    secret: str

    def warehouse(self) -> Warehouse:
        files = {name: Path(path) for name, path in self.databases.items()}
        spill = next(iter(files.values())).parent
        sound = EmbeddedWarehouse(files, name="canaries", spill_folder=spill)
        return _Planting(sound, read_secret(self.secret, REGION, self.endpoint))


@dataclass(frozen=True)
class _Planting:
    sound: Warehouse
    login: str

    @property
    def name(self) -> str:
        return self.sound.name

    @property
    def is_demonstration(self) -> bool:
        return self.sound.is_demonstration

    @contextmanager
    def open(self, purpose: Purpose) -> Iterator[Session]:
        if purpose.report == BROKEN:
            # What a driver may say of itself; the product's own code wraps it in nothing.
            raise RuntimeError(f"login failed for {self.login} at row ('{PERSON}', '{VALUE}')")
        with self.sound.open(purpose) as session:
            bad = purpose.report in WITH_BAD_ROWS
            yield _PlantingSession(session, purpose.report) if bad else session


class _PlantingSession:
    """A session whose first row comes twice, with canaries in it, and whose findings hold some."""

    def __init__(self, sound: Session, report: str) -> None:
        self._sound = sound
        self._entry = load_entry(report)

    def __getattr__(self, name: str) -> object:
        return getattr(self._sound, name)

    def facts(self) -> SourceFacts:
        return self._sound.facts()

    def fetch(self, statement: Statement) -> tuple[Mapping[str, object], ...]:
        rows = self._sound.fetch(statement)
        control = statement.name.rpartition("/")[2]
        if control in {c.name for c in self._entry.controls if c.kind is ControlKind.MUST_BE_EMPTY}:
            personal = {c.name: PERSON for c in self._entry.columns if c.personal}
            return (*rows, {"company": "EC_KE", "problem": VALUE, **personal})
        return rows

    def stream(
        self, statement: Statement, columns: tuple[Column, ...], *, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        for position, batch in enumerate(
            self._sound.stream(statement, columns, batch_rows=batch_rows)
        ):
            planted = pa.RecordBatch.from_arrays(
                [self._column(column, batch[column.name]) for column in columns],
                schema=batch.schema,
            )
            if position == 0:
                yield planted.slice(0, 1)
            yield planted

    @staticmethod
    def _column(column: Column, values: pa.Array) -> pa.Array:
        canary = PERSON if column.personal else VALUE if column.name in VALUE_COLUMNS else None
        if canary is None or not pa.types.is_string(values.type):
            return values
        return pa.array([canary] * len(values), values.type)


@dataclass(frozen=True)
class Traces:
    """Everything that the run left, by where it was found."""

    home: Path
    lines: list[str]
    records: list[str]
    events: list[str]
    messages: list[Received]

    def files(self, store: str) -> Mapping[str, bytes]:
        """The objects of a store but the data itself."""
        return {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in (self.home / store).rglob("*")
            if path.is_file() and path.suffix != ".parquet"
        }


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traces]:
    home = tmp_path_factory.mktemp("canaries")
    with aws_server() as server:
        topic = server.topic()
        server.client("secretsmanager").create_secret(
            Name="DB_CREDENTIALS_NAV_BI", SecretString=SECRET
        )
        variables = {
            "SOXAUTO_HOME": str(home),
            "SOXAUTO_ALERT_TOPIC": topic.arn,
            "SOXAUTO_AWS_ENDPOINT": server.endpoint,
            "SOXAUTO_METRICS": "emf",
            "SOXAUTO_LOG_FORMAT": "json",
            "LOG_LEVEL": "DEBUG",
            "AWS_SECRET_ACCESS_KEY": PASSWORD,
        }
        out, err, heard = io.StringIO(), io.StringIO(), _Ears()
        loggers = [logging.getLogger(name) for name in (None, "soxauto_assets", "dagster")]
        with (
            patch.dict(os.environ, variables),
            redirect_stdout(out),
            redirect_stderr(err),
            dg.instance_for_test() as instance,
        ):
            definitions = build(Settings.load(variables))
            for logger in loggers:
                logger.addHandler(heard)
            try:
                events = _run(definitions, instance, tmp_path_factory, server.endpoint)
                deliver(definitions.resources["state"].store, definitions.resources["alerts"])
            finally:
                for logger in loggers:
                    logger.removeHandler(heard)
                logging.getLogger("soxauto_assets").handlers = []
        lines = (out.getvalue() + err.getvalue()).splitlines()
        yield Traces(home, lines, heard.records, events, topic.received())


def _run(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    factory: pytest.TempPathFactory,
    endpoint: str,
) -> list[str]:
    databases = {name: str(path) for name, path in small_demo(factory).items()}
    warehouse = CanaryWarehouse(
        databases=databases, endpoint=endpoint, secret="DB_CREDENTIALS_NAV_BI"
    )
    planted = dg.Definitions(
        assets=definitions.assets,
        jobs=definitions.jobs,
        resources={**(definitions.resources or {}), "warehouse": warehouse},
        executor=dg.in_process_executor,
    )
    result = planted.resolve_job_def(CLOSE_MONTH).execute_in_process(
        instance=instance,
        partition_key=str(PERIOD),
        raise_on_error=False,
        asset_selection=[asset_key(report, stage) for report in REPORTS for stage in STAGES],
    )
    return [dg.serialize_value(entry) for entry in instance.all_logs(result.run_id)]


class _Ears(logging.Handler):
    """Hears every record as a careless handler would print it, with the exception and all."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(self.format(record) + repr(record.args))


def holding(canary: str, texts: Mapping[str, bytes] | list[str]) -> list[str]:
    """Names of the files, or the texts, that hold the canary."""
    if isinstance(texts, list):
        return [text for text in texts if canary in text]
    return [name for name, content in texts.items() if canary.encode() in content]


def test_the_run_was_one_in_which_canaries_could_show(traces: Traces) -> None:
    state = open_store((traces.home / "state").as_uri(), name="state")
    verdicts = {
        report: one.closed.verdict.value if one.closed else None
        for report in REPORTS
        for one in attempts(state, report, PERIOD)
    }
    assert verdicts == {"cr_05": "PASS", "ipe_07": "FAIL", "ipe_10": "FAIL", "ipe_34": "FAIL"}
    assert len(traces.messages) == 3
    shown = [c for name, c in traces.files("evidence").items() if "failing_rows" in name]
    assert any(VALUE.encode() in content for content in shown)  # columns that are not personal
    assert any(b"***" in content for content in shown)  # and personal ones, masked
    assert any(line.startswith('{"_aws"') for line in traces.lines)
    assert traces.events
    assert traces.records


def test_no_credential_is_anywhere(traces: Traces) -> None:
    for told in (
        traces.lines,
        traces.records,
        traces.events,
        [str(message) for message in traces.messages],
        *(traces.files(store) for store in ("results", "evidence", "state")),
    ):
        assert holding(PASSWORD, told) == []


def test_no_person_of_the_data_is_anywhere_but_in_the_data(traces: Traces) -> None:
    for told in (
        traces.lines,
        traces.records,
        traces.events,
        [str(message) for message in traces.messages],
        *(traces.files(store) for store in ("results", "evidence", "state")),
    ):
        assert holding(PERSON, told) == []


def test_no_row_is_in_a_log_an_alert_or_a_metric(traces: Traces) -> None:
    for told in (
        traces.lines,
        [str(message) for message in traces.messages],
        traces.files("state"),
    ):
        assert holding(VALUE, told) == []


def test_every_line_of_the_log_says_which_attempt_run_report_and_period(traces: Traces) -> None:
    lines = [json.loads(line) for line in traces.lines if line.startswith('{"at"')]
    told = [line for line in lines if line["logger"] == "soxauto_assets.attempt"]
    assert {line["report"] for line in told} == set(REPORTS)
    assert all(line["attempt"] and line["run"] and line["period"] == "2024-03" for line in told)
    ends = {line["report"]: (line["level"], line["verdict"]) for line in told if "verdict" in line}
    assert ends == {
        "cr_05": ("INFO", "PASS"),
        "ipe_07": ("ERROR", "FAIL"),
        "ipe_10": ("ERROR", "FAIL"),
        "ipe_34": ("ERROR", "FAIL"),
    }
    assert any(line["level"] == "DEBUG" and line["rows"] for line in told if "rows" in line)


def test_every_attempt_is_a_line_of_metrics(traces: Traces) -> None:
    lines = [json.loads(line) for line in traces.lines if line.startswith('{"_aws"')]
    told = {
        line["Report"]: (line["IPEExecutionSuccess"], line["IPEExecutionFailure"]) for line in lines
    }
    assert told == {"cr_05": (1, 0), "ipe_07": (0, 1), "ipe_10": (0, 1), "ipe_34": (0, 1)}
    passed = next(line for line in lines if line["Report"] == "cr_05")
    assert passed["IPEExecutionRows"] > 0
    assert passed["IPEExecutionSeconds"] > 0
