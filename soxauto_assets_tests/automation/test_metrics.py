"""Figures reach CloudWatch in both ways, and none of them can fail an attempt."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from soxauto_assets.automation.metrics import (
    FAILURE,
    NAMESPACE,
    ROWS,
    SECONDS,
    SUCCESS,
    CloudWatchMetrics,
    EmbeddedMetrics,
    Measurement,
    record_interrupted,
)
from soxauto_assets.aws import AwsAccess
from soxauto_assets.evidence.lifecycle import AttemptVerdict, ClosedAttempt
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets_tests.support.aws_server import REGION, AwsServer, aws_server
from soxauto_assets_tests.support.faulty_http import faulty_proxy

NOW = datetime.now(UTC).replace(microsecond=0)
PASSED = Measurement(
    "ipe_07",
    NOW,
    {SUCCESS: 1.0, FAILURE: 0.0, ROWS: 1234.0, SECONDS: 2.5},
    {"Attempt": "20241001_120000Z-00000001", "Period": "2024-09", "Run": "run-1"},
)


@pytest.fixture(scope="module")
def server() -> Iterator[AwsServer]:
    with aws_server() as running:
        yield running


def test_a_line_of_the_log_is_a_metric_of_all_reports_and_one_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    EmbeddedMetrics().record(PASSED)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "_aws": {
            "Timestamp": int(NOW.timestamp()) * 1000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "SOXAuto/PG01",
                    "Dimensions": [[], ["Report"]],
                    "Metrics": [
                        {"Name": "IPEExecutionFailure", "Unit": "Count"},
                        {"Name": "IPEExecutionRows", "Unit": "Count"},
                        {"Name": "IPEExecutionSeconds", "Unit": "Seconds"},
                        {"Name": "IPEExecutionSuccess", "Unit": "Count"},
                    ],
                }
            ],
        },
        "Report": "ipe_07",
        "Attempt": "20241001_120000Z-00000001",
        "Period": "2024-09",
        "Run": "run-1",
        "IPEExecutionSuccess": 1,
        "IPEExecutionFailure": 0,
        "IPEExecutionRows": 1234,
        "IPEExecutionSeconds": 2.5,
    }


def test_cloudwatch_has_every_figure_in_total_and_by_report(server: AwsServer) -> None:
    metrics = CloudWatchMetrics(AwsAccess(REGION, server.endpoint))
    metrics.record(PASSED)
    address = AttemptAddress("cr_05", Period(2024, 9), "20241001_120000Z-00000002")
    died = ClosedAttempt(
        address, AttemptVerdict.INTERRUPTED, "manifest.json", "0" * 64, None, NOW, "ada@host", ""
    )
    record_interrupted(metrics, [died])

    def total(name: str, report: str | None = None) -> float:
        answer = server.client("cloudwatch").get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=name,
            Dimensions=[] if report is None else [{"Name": "Report", "Value": report}],
            StartTime=NOW - timedelta(minutes=5),
            EndTime=NOW + timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum"],
        )
        return sum(point["Sum"] for point in answer["Datapoints"])

    listed = server.client("cloudwatch").list_metrics(Namespace=NAMESPACE)["Metrics"]
    assert {
        (metric["MetricName"], *(d["Value"] for d in metric["Dimensions"])) for metric in listed
    } == {
        *((name,) for name in (SUCCESS, FAILURE, ROWS, SECONDS)),
        *((name, "ipe_07") for name in (SUCCESS, FAILURE, ROWS, SECONDS)),
        *((name, "cr_05") for name in (SUCCESS, FAILURE)),
    }
    assert (total(SUCCESS, "ipe_07"), total(FAILURE, "ipe_07")) == (1, 0)
    assert (total(SUCCESS, "cr_05"), total(FAILURE, "cr_05")) == (0, 1)
    assert (total(ROWS, "ipe_07"), total(SECONDS, "ipe_07")) == (1234, 2.5)


def test_metrics_that_are_refused_are_a_warning_and_no_error(
    server: AwsServer, caplog: pytest.LogCaptureFixture
) -> None:
    with faulty_proxy(server.port) as proxy, caplog.at_level(logging.WARNING):
        proxy.plan("answer", method="POST", status=503, code="ServiceUnavailable", times=9)
        CloudWatchMetrics(AwsAccess(REGION, proxy.endpoint)).record(PASSED)
        CloudWatchMetrics(AwsAccess(REGION, "http://127.0.0.1:9", tries=1)).record(PASSED)
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == [
        "CloudWatch did not take the metrics of ipe_07: cannot be reached or is overloaded"
    ] * 2
