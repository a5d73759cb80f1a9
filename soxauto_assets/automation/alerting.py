"""The one alert path: from the outbox to whoever must know.

Here: the sinks and the sending of what is unsent. Not here: what is said
(``evidence/alert_texts.py``) and the outbox itself (``evidence/outbox.py``).
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.assets.alerts import AlertSink
from soxauto_assets.errors import TransientError
from soxauto_assets.evidence.alert_texts import alerts_late
from soxauto_assets.evidence.claims import claim
from soxauto_assets.evidence.lease import Clock, utc_now
from soxauto_assets.evidence.outbox import Alert, AlertKind, enqueue, mark_sent, unsent

if TYPE_CHECKING:
    from soxauto_assets.store.protocol import ObjectStore


LATE = timedelta(hours=1)
"""How long an alert may wait in the outbox before it counts as late."""
UNREACHABLE = 2
"""One alert that always ends in a time-out must not hold back the others; two are the sink."""


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

    def examine(self) -> str:
        """Nothing can be missing: the folder is made with the first alert."""
        return f"alerts become files in {self.folder}"


def deliver(state: ObjectStore, sink: AlertSink, *, now: Clock = utc_now) -> tuple[Alert, ...]:
    """Send every unsent alert of the outbox, oldest first; those that were sent.

    At least once: an alert that was sent just before a crash goes out again under the same id.
    Those that another process is sending are left to it. One that the sink refuses keeps no
    other back; it stays in the outbox for the next call, and the first error is raised at the
    end. A sink that cannot be reached for two alerts in a row is not asked for the others.
    """
    sent, errors, unreachable = [], [], 0
    for alert in unsent(state):
        if unreachable == UNREACHABLE:
            break
        held = claim(state, alert, now=now)
        if held is None:
            continue
        try:
            message_id = sink.send(alert)
        except Exception as error:
            errors.append(error)
            held.give_up()
            unreachable = unreachable + 1 if isinstance(error, TransientError) else 0
            continue
        unreachable = 0
        mark_sent(state, alert, sink=sink.name, message_id=message_id, at=now())
        sent.append(alert)
    if errors:
        raise errors[0]
    return tuple(sent)


def note_late_alerts(state: ObjectStore, now: datetime) -> Alert | None:
    """Where alerts have waited for more than an hour, put one that says so into the outbox.

    It goes out with them, once for each oldest alert that waits: whoever reads them must know
    that they are late. Returns it where it is new.
    """
    late = [
        alert
        for alert in unsent(state)
        if now - alert.created_at > LATE and alert.kind is not AlertKind.ALERTS_LATE
    ]
    if not late:
        return None
    notice = alerts_late(len(late), late[0].created_at, at=now)
    return notice if enqueue(state, notice) else None
