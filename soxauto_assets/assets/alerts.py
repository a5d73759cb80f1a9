"""How whoever works tells of a failure: into the outbox, or, where that fails, straight away.

Here: the sink as a resource, and the one decision between the two ways. Not here: what is said
(``evidence/alert_texts.py``), and the sinks and the sending of the outbox (``automation``).
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from soxauto_assets.evidence.outbox import Alert
    from soxauto_assets.store.protocol import ObjectStore


class AlertSink(dg.ConfigurableResource[object], ABC):
    """Somebody who takes alerts, as a resource of steps, sensors and of the command line."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What the record of the sending calls this sink."""

    @abstractmethod
    def send(self, alert: Alert) -> str | None:
        """Take the alert; its id at the receiver, if there is one. Raises where it cannot."""

    @abstractmethod
    def examine(self) -> str:
        """Whether the receiver is there, in words; sends nothing. Raises a SoxautoError."""


def tell(state: ObjectStore, sink: AlertSink | None, alert: Alert) -> bool:
    """Put the alert into the outbox; False where it was there before.

    Where the outbox cannot be written the alert is sent directly (if there is a ``sink``),
    standard error says so, and the outbox's error goes on its way: whoever called has failed,
    and must end so.
    """
    from soxauto_assets.evidence.outbox import enqueue

    try:
        return enqueue(state, alert)
    except Exception as error:
        if sink is not None:
            send_directly(sink, alert, error)
        raise


def send_directly(sink: AlertSink, alert: Alert, cause: Exception) -> None:
    """Send an alert past the outbox, which failed with ``cause``; never raises.

    Nothing records it: should the outbox hold it after all, it goes out again with the same id.
    """
    from soxauto_assets.assets.causes import describe

    try:
        message_id = sink.send(alert)
        done = f"it was sent directly by {sink.name} ({message_id})"
    except Exception as error:
        done = f"and it COULD NOT BE SENT: {describe(error)}"
    print(
        f"ALERT {alert.subject} [{alert.id}]: the outbox cannot be written "
        f"({describe(cause)}); {done}",
        file=sys.stderr,
        flush=True,
    )
