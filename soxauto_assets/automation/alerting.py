"""The one alert path: from the outbox to whoever must know.

Here: the sinks and the sending of what is unsent. Not here: what is said
(``evidence/alert_texts.py``) and the outbox itself (``evidence/outbox.py``).
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from soxauto_assets.evidence.outbox import Alert, mark_sent, unsent

if TYPE_CHECKING:
    from soxauto_assets.store.protocol import ObjectStore


class AlertSink(dg.ConfigurableResource[object], ABC):
    """Somebody who takes alerts, as a resource of sensors and of the command line."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What the record of the sending calls this sink."""

    @abstractmethod
    def send(self, alert: Alert) -> str | None:
        """Take the alert; its id at the receiver, if there is one. Raises where it cannot."""


class FolderSink(AlertSink):
    """The default sink: a line on standard error and a text file in ``folder`` for each alert."""

    folder: str

    @property
    def name(self) -> str:
        """``folder``."""
        return "folder"

    def send(self, alert: Alert) -> str:
        """Write the file, whole or not at all, then the line; the file's name is the id."""
        folder = Path(self.folder)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{alert.id}.txt"
        partial = file.with_suffix(".partial")
        attributes = [f"{name}: {value}" for name, value in alert.attributes.items()]
        lines = [alert.subject, "", *alert.body, "", *attributes, ""]
        partial.write_text("\n".join(lines), encoding="utf-8")
        partial.replace(file)
        print(f"ALERT {alert.subject} ({file})", file=sys.stderr, flush=True)
        return file.name


def deliver(state: ObjectStore, sink: AlertSink) -> tuple[Alert, ...]:
    """Send every unsent alert of the outbox, oldest first; those that were sent.

    At least once: an alert that was sent just before a crash goes out again under the same id.
    One that the sink refuses keeps no other back; it stays in the outbox for the next call, and
    the first error is raised when all have been tried.
    """
    sent, errors = [], []
    for alert in unsent(state):
        try:
            message_id = sink.send(alert)
            mark_sent(state, alert, sink=sink.name, message_id=message_id)
        except Exception as error:
            errors.append(error)
        else:
            sent.append(alert)
    if errors:
        raise errors[0]
    return tuple(sent)
