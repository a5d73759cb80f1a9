"""An emulator of Secrets Manager, SNS, SQS and CloudWatch on loopback.

moto answers over real HTTP, so that botocore's own connections and retries are at work. What it
cannot show: rights, throttling, filter policies of a delivery that fails, the limits of sizes.
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

REGION = "eu-west-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Received:
    """A message as a subscriber got it: subject, text, and the attributes by name."""

    subject: str
    text: str
    attributes: Mapping[str, str]


class Topic:
    """A topic with one queue that takes everything."""

    def __init__(self, server: AwsServer) -> None:
        name = f"sox-alerts-{next(_NUMBERS)}"
        sns, self._sqs = server.client("sns"), server.client("sqs")
        self.arn: str = sns.create_topic(Name=name)["TopicArn"]
        self._queue: str = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        queue_arn = self._sqs.get_queue_attributes(
            QueueUrl=self._queue, AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=queue_arn)

    def received(self) -> list[Received]:
        """The messages that came since the last call, in order."""
        messages = []
        while batch := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in batch:
                body = json.loads(message["Body"])
                attributes = {n: a["Value"] for n, a in body["MessageAttributes"].items()}
                messages.append(Received(body["Subject"], body["Message"], attributes))
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return messages


class AwsServer:
    """A running emulator."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"

    def client(self, service: str) -> Any:
        """boto3's own client, for what a test does behind our back."""
        return boto3.session.Session().client(
            service, region_name=REGION, endpoint_url=self.endpoint
        )

    def topic(self) -> Topic:
        """A new topic with a queue behind it."""
        return Topic(self)


@contextmanager
def aws_server() -> Iterator[AwsServer]:
    """An emulator on a free port of loopback, and credentials for it in the environment."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        server.start()
        try:
            yield AwsServer(server.get_host_and_port()[1])
        finally:
            server.stop()
