"""Metrics for CloudWatch: how many attempts passed and failed, of how many rows, in what time.

Each has two series: one of all reports (no dimension), on which an alarm stands, and one by
``Report``. Success and failure are both told of every attempt, as 1 and 0, so that an alarm on
failures has data also while all is well. No metric may fail an attempt: what cannot be told is
logged and forgotten, for the evidence is elsewhere.

Here: the figures and their two ways out. Not here: alarms (the deployment's template).
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from soxauto_assets.aws import AwsAccess, AwsService, Refusal

if TYPE_CHECKING:
    from soxauto_assets.assets.outcome import Outcome
    from soxauto_assets.evidence.lifecycle import ClosedAttempt
    from soxauto_assets.store.layout import AttemptAddress

NAMESPACE = "SOXAuto/PG01"
SUCCESS, FAILURE = "IPEExecutionSuccess", "IPEExecutionFailure"
ROWS, SECONDS = "IPEExecutionRows", "IPEExecutionSeconds"
_UNITS = {SUCCESS: "Count", FAILURE: "Count", ROWS: "Count", SECONDS: "Seconds"}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measurement:
    """Figures of one attempt, by metric. ``at`` is aware UTC.

    ``about`` (attempt, run, period) stands beside the figures where they are lines of a log;
    each as a dimension would be a series of its own, and be billed so.
    """

    report: str
    at: datetime
    values: Mapping[str, float]
    about: Mapping[str, str] = field(default_factory=dict)


class Metrics(Protocol):
    """A way for figures to leave; ``record`` never raises."""

    def record(self, measurement: Measurement) -> None:
        """Tell the figures."""


class NoMetrics:
    """Tells nobody."""

    def record(self, measurement: Measurement) -> None:
        """Nothing."""


class EmbeddedMetrics:
    """Lines of standard output in CloudWatch's embedded metric format.

    Where standard output goes to CloudWatch Logs (Lambda, ECS) it makes metrics of them; no
    right and no request is needed.
    """

    def record(self, measurement: Measurement) -> None:
        """Write the line."""
        try:
            sys.stdout.write(json.dumps(embedded(measurement)) + "\n")
            sys.stdout.flush()
        except OSError as error:
            _LOG.warning("the metrics of %s were not written: %s", measurement.report, error)


class CloudWatchMetrics:
    """One request ``PutMetricData`` for each measurement; needs cloudwatch:PutMetricData."""

    def __init__(self, access: AwsAccess) -> None:
        self._service = AwsService("cloudwatch", access)

    def record(self, measurement: Measurement) -> None:
        """Send the figures; where CloudWatch refuses them, a warning is logged."""
        answer = self._service.request(
            "put_metric_data", Namespace=NAMESPACE, MetricData=metric_data(measurement)
        )
        if isinstance(answer, Refusal):
            _LOG.warning(
                "CloudWatch did not take the metrics of %s: %s (%s)",
                measurement.report,
                answer.trouble.value,
                answer.shown,
            )


class MetricsListener:
    """Records each attempt that ends in this process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._runs: dict[str, str] = {}

    def opened(self, address: AttemptAddress, run_id: str) -> None:
        """Remember the run."""
        self._runs[address.attempt] = run_id

    def stage(self, address: AttemptAddress, stage: str, level: str = "INFO") -> None:
        """Nothing to count."""

    def rows(self, address: AttemptAddress, rows: int) -> None:
        """Nothing to count yet."""

    def closed(self, outcome: Outcome) -> None:
        """Record verdict, rows and seconds."""
        values = {
            SUCCESS: float(outcome.passed),
            FAILURE: float(not outcome.passed),
            SECONDS: (outcome.ended - outcome.started).total_seconds(),
        }
        if outcome.rows is not None:
            values[ROWS] = float(outcome.rows)
        address = outcome.address
        about = {
            "Attempt": address.attempt,
            "Period": str(address.period),
            "Run": self._runs.pop(address.attempt, ""),
        }
        self._metrics.record(Measurement(address.report, outcome.ended, values, about))


def record_interrupted(metrics: Metrics, closed: Iterable[ClosedAttempt]) -> None:
    """Record the attempts that were closed for processes that died: the failed ones."""
    from soxauto_assets.evidence.lifecycle import AttemptVerdict

    for one in closed:
        passed = one.verdict is AttemptVerdict.PASS
        values = {SUCCESS: float(passed), FAILURE: float(not passed)}
        about = {"Attempt": one.address.attempt, "Period": str(one.address.period)}
        metrics.record(Measurement(one.address.report, one.closed_at, values, about))


def embedded(measurement: Measurement) -> dict[str, Any]:
    """The measurement in the embedded metric format (CloudWatch Logs user guide, version 0)."""
    return {
        "_aws": {
            "Timestamp": int(measurement.at.timestamp() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [[], ["Report"]],
                    "Metrics": [
                        {"Name": name, "Unit": _UNITS[name]} for name in sorted(measurement.values)
                    ],
                }
            ],
        },
        "Report": measurement.report,
        **measurement.about,
        **measurement.values,
    }


def metric_data(measurement: Measurement) -> list[dict[str, Any]]:
    """The measurement as ``PutMetricData`` takes it: both series of every metric."""
    return [
        {
            "MetricName": name,
            "Dimensions": dimensions,
            "Timestamp": measurement.at,
            "Value": value,
            "Unit": _UNITS[name],
        }
        for name, value in sorted(measurement.values.items())
        for dimensions in ([], [{"Name": "Report", "Value": measurement.report}])
    ]
