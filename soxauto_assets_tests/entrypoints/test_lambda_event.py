"""What an event of Lambda asks for: every shape of it, and what is refused."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soxauto_assets.assets.partitions import last_closed_period
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.entrypoints import lambda_handler
from soxauto_assets.entrypoints.lambda_event import Asked, MalformedEventError, asked_for
from soxauto_assets.errors import SoxautoError
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings

SETTINGS = Settings.load({"CUTOFF_DATE": "2023-01-31", "SOXAUTO_TIME_ZONE": "Africa/Lagos"})
SEPTEMBER = Period(2024, 9)


def test_every_shape_of_an_event_names_its_month() -> None:
    every, last = report_ids(), last_closed_period(SETTINGS)
    eventbridge = {
        "version": "0",
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "time": "2024-09-30T23:30:00Z",  # October in Lagos
        "detail": {},
    }

    assert [asked_for(event, SETTINGS) for event in (
        None, {}, {"period": "2024-09"}, {"cutoff_date": "2024-02-01"},
        {"cutoff_date": "2024-09-30"}, eventbridge, {"source": "schedule"},
        {"period": "2024-09", "reports": ["cr_05", "cr_05"], "force": True},
    )] == [
        Asked(last, every, False, False),
        Asked(last, every, False, False),
        Asked(SEPTEMBER, every, False, False),
        Asked(Period(2024, 1), every, False, False),
        Asked(SEPTEMBER, every, False, False),
        Asked(SEPTEMBER, every, False, True),
        Asked(last, every, False, True),
        Asked(SEPTEMBER, ("cr_05",), True, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ([], "is [], and not a JSON object"),
        ({"perod": "2024-09"}, "Did you mean 'period'?"),
        ({"period": 202409}, "is 202409, and not a text"),
        ({"period": "2024-09", "cutoff_date": "2024-09-30"}, "names the month twice"),
        ({"reports": "cr_05"}, "not a list of at least one"),
        ({"reports": []}, "not a list of at least one"),
        ({"reports": ["cr_99"]}, "There is no report 'cr_99'"),
        ({"force": "yes"}, "neither true nor false"),
        ({"source": "aws.s3"}, "source of the event is 'aws.s3'"),
        ({"source": "aws.events", "detail-type": "Batch"}, "no 'Scheduled Event'"),
        ({"source": "schedule", "time": "yesterday"}, "not one like 2024-10-01T08:00:00Z"),
        ({"time": "2024-10-01T08:00:00Z"}, "is of no schedule"),
    ],
)
def test_an_event_that_is_not_understood_is_refused_with_what_to_send(
    event: object, told: str
) -> None:
    with pytest.raises(MalformedEventError) as refused:
        asked_for(event, SETTINGS)

    assert told in refused.value.problem
    assert "Nothing was begun." in refused.value.problem
    assert '{"period": "2024-09"}' in refused.value.remedy


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "period": st.dates().map(lambda day: f"{day:%Y-%m}") | ANYTHING,
    "cutoff_date": st.dates().map(str) | st.sampled_from(["2024-09-30", "2024-10-01"]) | ANYTHING,
    "reports": st.lists(st.sampled_from(report_ids()), max_size=3) | ANYTHING,
    "force": st.booleans() | ANYTHING,
    "source": st.sampled_from(["schedule", "aws.events", "aws.s3"]) | ANYTHING,
    "time": st.datetimes().map(lambda at: f"{at.isoformat()}Z") | ANYTHING,
    "detail-type": st.sampled_from(["Scheduled Event", "other"]),
    "other": ANYTHING,
}
EVENTS = ANYTHING | st.fixed_dictionaries({}, optional=VALUES)


@settings(max_examples=300)
@given(event=EVENTS)
def test_no_event_leaves_without_a_month_or_a_reason(event: object) -> None:
    refused: SoxautoError | None = None
    asked: Asked | None = None
    try:
        asked = asked_for(event, SETTINGS)
    except SoxautoError as error:
        refused = error

    if asked is None:
        assert refused is not None
        assert refused.problem
        assert refused.remedy
    else:
        assert Period(2024, 1) <= asked.period <= last_closed_period(SETTINGS)
        assert set(asked.reports) <= set(report_ids())


def test_the_handler_alerts_of_a_refused_event_raises_and_warns_of_a_fixed_cutoff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SOXAUTO_HOME", str(tmp_path))
    monkeypatch.setenv("CUTOFF_DATE", "2024-09-30")
    out, err = io.StringIO(), io.StringIO()

    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SoxautoError) as refused:
        lambda_handler.handler({"period": "2024-9"}, None)
    monkeypatch.setenv("SOXAUTO_TRIGGER", "daemon")
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(lambda_handler.TriggerOffError):
        lambda_handler.handler({"source": "schedule"}, None)

    assert refused.value.problem == "'2024-9' is not a period."
    (alert, *_) = sorted((tmp_path / "alerts").glob("*.txt"))
    assert "SOX PG-01: an event was refused" in alert.read_text("utf-8")
    assert "CUTOFF_DATE=2024-09-30 is ignored here" in caplog.text
