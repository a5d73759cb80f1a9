"""Alerts through SNS, read back by a subscriber: nothing is lost, and what is double says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soxauto_assets.automation.alerting import UNREACHABLE, deliver, note_late_alerts
from soxauto_assets.automation.sns import (
    ATTRIBUTES,
    MESSAGE_BYTES,
    SnsSink,
    TopicError,
    TopicUnavailableError,
    message_attributes,
    message_text,
)
from soxauto_assets.evidence.canonical import parse_canonical
from soxauto_assets.evidence.outbox import Alert, AlertKind, enqueue, unsent
from soxauto_assets.store.local import LocalStore
from soxauto_assets_tests.support.aws_server import AwsServer, Received, Topic, aws_server
from soxauto_assets_tests.support.faulty_http import FaultyProxy, faulty_proxy

NOON = datetime(2024, 10, 1, 12, tzinfo=UTC)
FAILED = Alert(
    AlertKind.REPORT_FAILED,
    "SOX PG-01: IPE_07 2024-09 failed",
    ("IPE_07 for 2024-09 failed: its figures must not be used until a run passes.", "Cause: é"),
    NOON,
    report="ipe_07",
    period="2024-09",
    attempt="20241001_120000Z-00000001",
    check="transfer",
    expected="12",
    found="11",
    package="s3://jumia-sox-evidence/attempts/ipe_07",
    run_url="http://127.0.0.1:3000/runs/1",
)


def another(number: int) -> Alert:
    return replace(
        FAILED, attempt=f"20241001_12{number:02}00Z-0000000a", created_at=at_minute(number)
    )


def at_minute(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


@pytest.fixture(scope="module")
def server() -> Iterator[AwsServer]:
    with aws_server() as running:
        yield running


@pytest.fixture
def proxy(server: AwsServer) -> Iterator[FaultyProxy]:
    with faulty_proxy(server.port) as running:
        yield running


@pytest.fixture(scope="module")
def topic(server: AwsServer) -> Topic:
    return server.topic()


@pytest.fixture
def state(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "state", name="state")


def sink(topic: Topic, endpoint: str, tries: int = 1) -> SnsSink:
    return SnsSink(topic=topic.arn, endpoint=endpoint, tries=tries)


def sent_records(state: LocalStore) -> list[dict[str, object]]:
    return [parse_canonical(state.read(listed.key)) for listed in state.list("alerts/sent/")]


def ids(messages: list[Received]) -> list[str]:
    return [message.attributes["id"] for message in messages]


def test_a_subscriber_gets_a_line_for_a_manager_the_facts_and_attributes_to_filter_on(
    server: AwsServer, topic: Topic, state: LocalStore
) -> None:
    enqueue(state, FAILED)
    assert deliver(state, sink(topic, server.endpoint)) == (FAILED,)
    text = (
        "IPE_07 for 2024-09 failed: its figures must not be used until a run passes.\n"
        f"Cause: é\n\nAlert: {FAILED.id}\n"
    )
    assert topic.received() == [Received(FAILED.subject, text, FAILED.attributes)]
    assert len(FAILED.attributes) <= ATTRIBUTES
    (record,) = sent_records(state)
    assert (record["id"], record["sink"]) == (FAILED.id, "sns")
    assert len(str(record["message_id"])) == 36
    assert deliver(state, sink(topic, server.endpoint)) == ()
    assert topic.received() == []


TEXTS = st.text(st.characters(codec="utf-8"), max_size=2_000)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TEXTS, max_size=3), TEXTS, TEXTS, TEXTS)
def test_no_wording_makes_a_message_that_sns_refuses(
    body: list[str], report: str, expected: str, found: str
) -> None:
    alert = replace(FAILED, body=tuple(body), report=report, expected=expected, found=found)
    text, attributes = message_text(alert), message_attributes(alert)
    assert all(attributes.values())
    assert len(attributes) <= ATTRIBUTES
    parts = [text, *attributes.keys(), *attributes.values(), *("String" for _ in attributes)]
    assert sum(len(part.encode()) for part in parts) <= MESSAGE_BYTES
    assert not any(c < " " and c not in "\t\n\r" for part in parts for c in part)
    assert text.splitlines()[-1] == f"Alert: {alert.id}"


def test_a_message_too_long_is_cut_and_says_so(
    server: AwsServer, topic: Topic, state: LocalStore
) -> None:
    long = replace(FAILED, body=("First line.", "ü" * 300_000), found="ß" * 5_000)
    enqueue(state, long)
    deliver(state, sink(topic, server.endpoint))
    (message,) = topic.received()
    assert message.text.startswith("First line.\nüü")
    assert message.text.endswith(f"(cut; the package has all of it)\n\nAlert: {long.id}\n")
    assert len(message.attributes["found"]) == 1_000


def test_sns_is_down_for_an_hour_of_ticks_and_nothing_is_lost(
    server: AwsServer, topic: Topic, state: LocalStore, proxy: FaultyProxy
) -> None:
    faulty = sink(topic, proxy.endpoint)
    down = proxy.plan("answer", method="POST", status=503, code="ServiceUnavailable", times=10**6)
    told = []
    for minute in range(61):
        now = at_minute(minute)
        if minute % 10 == 5:
            told.append(another(minute))
            enqueue(state, told[-1])
        note_late_alerts(state, now)
        if told:
            before = down.hits
            with pytest.raises(TopicUnavailableError, match=r"503|ServiceUnavailable"):
                deliver(state, faulty)
            assert down.hits - before <= UNREACHABLE  # a tick stays far below its minute
    assert topic.received() == []
    assert unsent(state) == tuple(told)
    proxy.faults.clear()
    late = note_late_alerts(state, at_minute(75))
    assert late is not None
    assert (late.kind, late.subject) == (
        AlertKind.ALERTS_LATE,
        "SOX PG-01: alerts are late, since 2024-10-01 12:05 UTC",
    )
    assert note_late_alerts(state, at_minute(76)) is None
    assert deliver(state, faulty) == (*told, late)
    assert ids(topic.received()) == [alert.id for alert in (*told, late)]
    assert len(sent_records(state)) == len(told) + 1
    assert note_late_alerts(state, at_minute(200)) is None


@pytest.mark.parametrize("tries", [1, 2])
def test_a_lost_answer_makes_a_double_with_the_same_id(
    topic: Topic, state: LocalStore, proxy: FaultyProxy, tries: int
) -> None:
    enqueue(state, FAILED)
    proxy.plan("lose answer", method="POST")
    if tries == 1:
        with pytest.raises(TopicUnavailableError):
            deliver(state, sink(topic, proxy.endpoint))
    assert deliver(state, sink(topic, proxy.endpoint, tries)) == (FAILED,)
    assert ids(topic.received()) == [FAILED.id, FAILED.id]
    assert len(sent_records(state)) == 1


def test_an_alert_that_never_gets_an_answer_holds_no_other_back(
    topic: Topic, state: LocalStore, proxy: FaultyProxy
) -> None:
    for number in range(3):
        enqueue(state, another(number))
    proxy.plan("answer", method="POST", status=500)
    with pytest.raises(TopicUnavailableError):
        deliver(state, sink(topic, proxy.endpoint))
    assert unsent(state) == (another(0),)
    assert ids(topic.received()) == [another(1).id, another(2).id]


def test_two_who_deliver_at_once_send_each_alert_once(
    server: AwsServer, topic: Topic, state: LocalStore
) -> None:
    for number in range(8):
        enqueue(state, another(number))
    gate = threading.Barrier(2)
    sent: list[str] = []

    def tick() -> None:
        own = LocalStore(Path(state.url.removeprefix("file://")), name="state")
        gate.wait()
        sent.extend(alert.id for alert in deliver(own, sink(topic, server.endpoint)))

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everyone = sorted(another(number).id for number in range(8))
    assert sorted(sent) == everyone
    assert sorted(ids(topic.received())) == everyone


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (403, "AuthorizationError", TopicError, "sns:Publish"),
        (403, "InvalidClientTokenId", TopicError, "no valid AWS credentials"),
        (400, "Throttled", TopicUnavailableError, "overloaded"),
        (400, "InvalidParameter", TopicError, "refuses the request"),
        (400, "KMSAccessDenied", TopicError, "kms:GenerateDataKey"),
    ],
)
def test_an_error_of_sns_says_what_to_do(
    topic: Topic, proxy: FaultyProxy, status: int, code: str, kind: type[Exception], said: str
) -> None:
    proxy.plan("answer", method="POST", status=status, code=code)
    with pytest.raises(kind, match=code) as caught:
        sink(topic, proxy.endpoint).send(FAILED)
    assert said in str(caught.value)


def test_a_topic_that_is_not_there_is_named(server: AwsServer, topic: Topic) -> None:
    gone = SnsSink(topic=f"{topic.arn}-gone", endpoint=server.endpoint)
    with pytest.raises(TopicError, match=r"There is no topic arn:.*-gone.*SOXAUTO_ALERT_TOPIC"):
        gone.send(FAILED)


def test_an_examination_counts_who_listens_and_sends_nothing(
    server: AwsServer, topic: Topic
) -> None:
    said = sink(topic, server.endpoint).examine()
    assert said == f"confirmed subscriptions to {topic.arn}: 1"
    assert topic.received() == []
    deaf = server.client("sns").create_topic(Name="nobody-listens")["TopicArn"]
    with pytest.raises(TopicError, match=r"Nobody has subscribed to arn:.*:nobody-listens"):
        SnsSink(topic=deaf, endpoint=server.endpoint).examine()
    with pytest.raises(TopicError, match="There is no topic"):
        SnsSink(topic=f"{deaf}-gone", endpoint=server.endpoint).examine()
