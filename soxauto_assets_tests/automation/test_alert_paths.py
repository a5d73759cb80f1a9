"""Every way of an alert to the topic: the daemon's sensors, the command, and past the outbox."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from soxauto_assets.automation.sns import TopicUnavailableError
from soxauto_assets.definitions import build
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.evidence.outbox import Alert, AlertKind, enqueue, unsent
from soxauto_assets.settings import Settings
from soxauto_assets_tests.support.aws_server import AwsServer, Topic, aws_server
from soxauto_assets_tests.support.command import Home
from soxauto_assets_tests.support.faulty_http import faulty_proxy

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[AwsServer]:
    with aws_server() as running:
        yield running


@pytest.fixture
def topic(server: AwsServer) -> Topic:
    return server.topic()


@pytest.fixture
def home(new_folder: Callable[[], Path], demo_folder: Path) -> Home:
    return Home(new_folder() / "home", demo_folder)


def tick(definitions: dg.Definitions, name: str, instance: dg.DagsterInstance) -> str:
    """One tick of a sensor of the definitions; what it says of itself."""
    sensor: Any = next(each for each in definitions.sensors or () if each.name == name)
    given = definitions.resources or {}
    wanted = {key: given[key] for key in sensor.required_resource_keys}
    reason = sensor(dg.build_sensor_context(instance=instance), **wanted)
    assert isinstance(reason, dg.SkipReason)
    return str(reason.skip_message)


def test_the_daemon_sends_what_waited_while_sns_was_down(
    server: AwsServer, topic: Topic, home: Home
) -> None:
    state = home.store("state")
    waiting = Alert(AlertKind.OPERATION, "one", ("One.",), NOW - timedelta(hours=3), attempt="1")
    enqueue(state, waiting)
    with faulty_proxy(server.port) as proxy, dg.DagsterInstance.ephemeral() as instance:
        definitions = build(
            Settings.load(
                home.environment
                | {"SOXAUTO_ALERT_TOPIC": topic.arn, "SOXAUTO_AWS_ENDPOINT": proxy.endpoint}
            )
        )
        proxy.plan("answer", method="POST", status=503, times=99)
        for _ in range(2):
            with pytest.raises(TopicUnavailableError):
                tick(definitions, "alerts_and_interrupted_attempts", instance)
        assert len(unsent(state)) == 2
        proxy.faults.clear()
        said = tick(definitions, "alerts_and_interrupted_attempts", instance)
        assert said.endswith("2 alerts sent")
        assert tick(definitions, "heartbeat", instance) == "0 months newly found missing"
    kinds = [message.attributes["kind"] for message in topic.received()]
    assert kinds == ["operation", "alerts-late"]


def test_a_failed_report_reaches_the_topic_from_the_command_alone(
    server: AwsServer, topic: Topic, home: Home
) -> None:
    done = home.soxauto(
        "run", "--period", "2024-05", "--report", "cr_05",
        SOXAUTO_ALERT_TOPIC=topic.arn, SOXAUTO_AWS_ENDPOINT=server.endpoint,
    )  # fmt: skip
    assert done.code == 1
    (message,) = topic.received()
    (attempt,) = home.history("cr_05", "2024-05")
    assert message.subject == "SOX PG-01: CR_05 2024-05 failed"
    assert message.attributes["attempt"] == attempt.address.attempt
    assert message.attributes["check"] == "exactly_one_rate"
    assert (
        "Check exactly_one_rate: expected 0 rows, found 1 rows. "
        "Rows that may not be there: 1, of JD_UG."
    ) in message.text.splitlines()
    assert unsent(home.store("state")) == ()


def test_an_outbox_that_cannot_be_written_is_passed_by_said_and_ends_in_no_zero(
    server: AwsServer, topic: Topic, home: Home
) -> None:
    outbox = home.folder / "state" / "alerts"
    outbox.parent.mkdir()
    outbox.write_text("a file where the outbox should be")
    done = home.soxauto(
        "run", "--period", "2024-05", "--report", "cr_05",
        SOXAUTO_ALERT_TOPIC=topic.arn, SOXAUTO_AWS_ENDPOINT=server.endpoint,
    )  # fmt: skip
    assert done.code == 1
    direct = topic.received()
    assert [message.subject for message in direct] == [
        "SOX PG-01: CR_05 2024-05 failed",
        "SOX PG-01: CR_05 2024-05 could not be finished",
        "SOX PG-01: the run for 2024-05 broke",
    ]
    assert done.err.count("the outbox cannot be written") == 3
    # Once it can be written, the next start closes the attempt; the alert has the same id again.
    outbox.unlink()
    again = home.soxauto(
        "run", "--period", "2024-03", "--report", "cr_05",
        SOXAUTO_ALERT_TOPIC=topic.arn, SOXAUTO_AWS_ENDPOINT=server.endpoint,
    )  # fmt: skip
    assert again.code == 0
    (closed,) = topic.received()
    assert closed.attributes["id"] == direct[0].attributes["id"]
    (attempt,) = home.history("cr_05", "2024-05")
    assert attempt.closed is not None
    assert attempt.closed.verdict is AttemptVerdict.FAIL


def test_a_month_that_cannot_begin_is_told(server: AwsServer, topic: Topic, home: Home) -> None:
    (home.folder / "demo").unlink()
    (home.folder / "demo").write_text("a file where the demonstration should be")
    done = home.soxauto(
        "run", "--period", "2024-03", "--report", "cr_05",
        SOXAUTO_ALERT_TOPIC=topic.arn, SOXAUTO_AWS_ENDPOINT=server.endpoint,
    )  # fmt: skip
    assert done.code != 0
    (message,) = topic.received()
    assert message.subject == "SOX PG-01: the run for 2024-03 could not begin"
    assert os.listdir(home.folder / "state" / "alerts" / "sent")


def test_status_shows_the_alerts_that_wait(home: Home) -> None:
    waiting = Alert(AlertKind.OPERATION, "one", ("One.",), datetime(2024, 10, 1, 8, tzinfo=UTC))
    enqueue(home.store("state"), waiting)
    done = home.soxauto("status", "--period", "2024-09")
    assert done.code == 1
    assert "wait to be sent: 1, the oldest of 2024-10-01 08:00 UTC" in " ".join(done.err.split())
