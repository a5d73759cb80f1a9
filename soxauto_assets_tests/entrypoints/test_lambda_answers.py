"""No event leaves the handler without a clear answer: three hundred of them, malformed and valid.

All of the handler is real but the runs themselves: a month for each event would take hours. In
their place stand ``close_period``, ``reconcile`` and ``prepare``, which do what is drawn: pass
some reports, fail others, stop, or raise.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import soxauto_assets.definitions
from soxauto_assets.assets.outcome import Outcome
from soxauto_assets.assets.partitions import last_closed_period
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.entrypoints import lambda_handler
from soxauto_assets.entrypoints.console import ConsoleListener
from soxauto_assets.errors import PermanentError, SoxautoError
from soxauto_assets.evidence.package import PublishedPackage
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.protocol import Receipt
from soxauto_assets_tests.entrypoints.test_lambda_event import EVENTS

AT = datetime(2024, 10, 1, tzinfo=UTC)
VALID = st.fixed_dictionaries(
    {},
    optional={
        "period": st.sampled_from(["2024-01", "2024-09", "2025-12"]),
        "reports": st.lists(st.sampled_from(report_ids()), min_size=1, max_size=3),
        "force": st.booleans(),
    },
) | st.sampled_from(
    [
        None,
        {"cutoff_date": "2024-02-01"},
        {"source": "schedule"},
        {"source": "aws.events", "detail-type": "Scheduled Event", "time": "2024-10-01T08:00:00Z"},
    ]
)
DONE = ("all pass", "one fails", "all fail", "none is begun", "stopped", "waits", "no start")


class BrokenError(PermanentError):
    """What a run cannot begin without is not there."""


class Context:
    """What Lambda gives beside the event."""

    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def outcome(report: str, period: Period, *, passed: bool) -> Outcome:
    address = AttemptAddress(report, period, "20241001_080000Z-0123abcd")
    receipt = Receipt(f"{address.prefix}manifest.json", None, "ab" * 32, 2)
    return Outcome(
        address, None, passed, None if passed else "1 of the checks failed: transfer.", (), 3, {},
        None, (), None, None, PublishedPackage(receipt, receipt, (), "s3://evidence/p/"), passed,
        AT, AT,
    )  # fmt: skip


class Runs:
    """In place of the runs of Dagster: does what ``done`` says, and keeps what was asked."""

    def __init__(self, done: str) -> None:
        self.done = done
        self.asked: list[tuple[Period, tuple[str, ...]]] = []

    def prepare(self, *arguments: Any) -> None:
        if self.done == "no start":
            raise BrokenError("The source is not there.", remedy="Bring it.")

    def close_period(
        self, definitions: Any, instance: Any, period: Period, reports: Sequence[str],
        settings: Settings, listener: ConsoleListener, broken: list[str], catalog: None,
    ) -> bool:  # fmt: skip
        self.asked.append((period, tuple(reports)))
        if self.done != "none is begun":
            failing = {"all fail": len(reports), "one fails": 1, "stopped": 1}.get(self.done, 0)
            for number, report in enumerate(reports):
                listener.outcomes.append(outcome(report, period, passed=number >= failing))
        return self.done != "stopped"

    def must_wait(self, *arguments: Any) -> bool:
        return self.done == "waits"


@pytest.fixture(scope="module")
def home(new_folder: Callable[[], Path]) -> Path:
    return new_folder() / "home"


@pytest.fixture(scope="module", autouse=True)
def _definitions_built_once(home: Path) -> Iterator[None]:
    """They cost more than all else in the handler."""
    built = soxauto_assets.definitions.build(Settings.load({"SOXAUTO_HOME": str(home)}))
    with patch.object(soxauto_assets.definitions, "build", lambda *_: built):
        yield


@settings(max_examples=300)
@given(event=EVENTS | VALID, done=st.sampled_from(DONE))
def test_every_event_has_a_clear_answer(home: Path, event: Any, done: str) -> None:
    shutil.rmtree(home, ignore_errors=True)
    runs = Runs(done)
    answer: dict[str, Any] | None = None
    refused: SoxautoError | None = None
    out = io.StringIO()
    with (
        patch.dict(os.environ, {"SOXAUTO_HOME": str(home)}),
        patch.multiple(
            lambda_handler,
            prepare=runs.prepare,
            close_period=runs.close_period,
            must_wait=runs.must_wait,
            reconcile=lambda *_: True,
        ),
        redirect_stdout(out),
        redirect_stderr(io.StringIO()),
    ):
        try:
            answer = lambda_handler.handler(event, Context())
        except SoxautoError as error:
            refused = error

    if answer is not None:
        assert json.loads(json.dumps(answer)) == answer
        assert done in ("all pass", "waits")
        assert answer["status"] == {"all pass": "SUCCESS", "waits": "WAITING"}[done]
        assert set(answer["done"]) | set(answer["left"]) == {r["report"] for r in answer["reports"]}
    else:
        assert refused is not None
        assert refused.problem
        assert refused.remedy
    # What was not understood began nothing; what was begun is a closed month of known reports.
    for period, reports in runs.asked:
        assert Period(2024, 1) <= period <= last_closed_period(Settings.load({}))
        assert set(reports) <= set(report_ids())
    if isinstance(refused, lambda_handler.MonthFailedError):
        result = json.loads(refused.remedy.split("Result: ", 1)[1])
        assert result["status"] in ("FAILED", "PARTIAL_SUCCESS")
        assert result["left"]
        assert json.loads(out.getvalue().splitlines()[-1]) == {"result": result}
    elif refused is not None and not isinstance(refused, BrokenError):
        assert runs.asked == []
        assert list((home / "alerts").glob("*.txt")), "the refusal was alerted"
