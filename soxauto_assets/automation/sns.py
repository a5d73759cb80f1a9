"""SNS as the sink of alerts: one message an alert, with attributes that subscribers filter on.

At least once. A double has the same alert id, in the attribute ``id`` and in the last line, and
comes about only where SNS's own answer was lost: by the network, or with a process or a state
store that failed between SNS's answer and its record (``evidence/claims.py`` keeps two
processes from sending the same alert).

Here: the message and its limits. Not here: when it is sent (``alerting.py``).
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from soxauto_assets.assets.alerts import AlertSink
from soxauto_assets.aws import AwsAccess, AwsService, Refusal, Trouble
from soxauto_assets.errors import PermanentError, TransientError
from soxauto_assets.evidence.outbox import Alert, plain_subject

if TYPE_CHECKING:
    from collections.abc import Mapping

MESSAGE_BYTES = 256 * 1024
"""What SNS takes: text and attributes together, in UTF-8."""
_TEXT_BYTES = 200 * 1024
_ATTRIBUTE_CHARACTERS = 1_000
ATTRIBUTES = 10
"""With more of them SQS drops a message that is delivered raw."""
_NOT_ALLOWED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CUT = "… (cut; the package has all of it)"


class TopicError(PermanentError):
    """SNS refuses the alert: no such topic, no right, not a message it takes."""


class TopicUnavailableError(TransientError):
    """SNS did not answer, or asks to come back later; the alert waits in the outbox."""


class SnsSink(AlertSink):
    """Publishes each alert to ``topic`` (its ARN, which also names the region).

    ``endpoint`` is another address than AWS's own; ``tries`` bounds how often one publication is
    sent where trying again may help (what fails stays in the outbox anyway). The role of the
    process needs sns:Publish on the topic, and kms:GenerateDataKey and kms:Decrypt on its key,
    where it has one.
    """

    topic: str
    endpoint: str | None = None
    tries: int = 2

    @property
    def name(self) -> str:
        """``sns``."""
        return "sns"

    def send(self, alert: Alert) -> str:
        """Publish the alert; SNS's MessageId. Raises TopicError and TopicUnavailableError."""
        answer = self._service.request(
            "publish",
            TopicArn=self.topic,
            Subject=plain_subject(alert.subject or alert.id),
            Message=message_text(alert),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in message_attributes(alert).items()
            },
        )
        if isinstance(answer, Refusal):
            raise self._refused(answer, f"asked to publish the alert {alert.id}")
        return str(answer["MessageId"])

    def examine(self) -> str:
        """Who has subscribed; needs sns:ListSubscriptionsByTopic. Raises as ``send`` does.

        Whether the process may publish, only publishing shows.
        """
        answer = self._service.request("list_subscriptions_by_topic", TopicArn=self.topic)
        if isinstance(answer, Refusal):
            raise self._refused(answer, "asked for its subscriptions")
        confirmed = sum(
            subscription["SubscriptionArn"].startswith("arn:")
            for subscription in answer["Subscriptions"]
        )
        if confirmed == 0:
            raise TopicError(
                f"Nobody has subscribed to {self.topic}; alerts would reach no one.",
                remedy="Subscribe an address to the topic and confirm it.",
            )
        return f"confirmed subscriptions to {self.topic}: {confirmed}"

    @cached_property
    def _service(self) -> AwsService:
        access = AwsAccess(self.topic.split(":")[3], self.endpoint, tries=self.tries)
        return AwsService("sns", access)

    def _refused(self, refusal: Refusal, asked: str) -> TopicError | TopicUnavailableError:
        about = f"{asked} ({refusal.shown})"
        match refusal.trouble:
            case Trouble.UNAVAILABLE:
                return TopicUnavailableError(
                    f"SNS cannot be reached or is overloaded, {about}.",
                    remedy="The next run or the daemon sends it. If it lasts, look at the network "
                    "and the VPC endpoint of SNS.",
                )
            case Trouble.MISSING:
                return TopicError(
                    f"There is no topic {self.topic}, {about}.",
                    remedy="Create it as docs/deploy.md says, or mend SOXAUTO_ALERT_TOPIC.",
                )
            case Trouble.DENIED:
                return TopicError(
                    f"SNS denies access to {self.topic}, {about}.",
                    remedy="Give the role of this process sns:Publish and "
                    "sns:ListSubscriptionsByTopic on the topic, and kms:GenerateDataKey and "
                    "kms:Decrypt on its key.",
                )
            case Trouble.CREDENTIALS:
                return TopicError(
                    f"There are no valid AWS credentials for {self.topic}, {about}.",
                    remedy="Give the process a role, or set a profile or AWS_ACCESS_KEY_ID; check "
                    "that they have not expired and that the clock is right.",
                )
        return TopicError(
            f"SNS refuses the request for {self.topic}, {about}.",
            remedy="Look the code up in the SNS API reference; `soxauto doctor` tries the topic.",
        )


def message_text(alert: Alert) -> str:
    """The body of the alert, its first line for a manager, and the id by which doubles are known.

    Characters that SNS does not take become ``?``; a text too long is cut, not lost.
    """
    text = _NOT_ALLOWED.sub("?", "\n".join(alert.body)).encode()
    if len(text) > _TEXT_BYTES:
        text = text[:_TEXT_BYTES].decode(errors="ignore").encode() + _CUT.encode()
    return f"{text.decode()}\n\nAlert: {alert.id}\n".lstrip("\n")


def message_attributes(alert: Alert) -> Mapping[str, str]:
    """The attributes of the alert as SNS takes them: none empty, none long, at most ten."""
    values = {
        name: _NOT_ALLOWED.sub("?", value) for name, value in alert.attributes.items() if value
    }
    return {
        name: value
        if len(value) <= _ATTRIBUTE_CHARACTERS
        else value[: _ATTRIBUTE_CHARACTERS - len(_CUT)] + _CUT
        for name, value in list(values.items())[:ATTRIBUTES]
    }
