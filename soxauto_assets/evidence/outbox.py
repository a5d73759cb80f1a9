"""The outbox: every alert is an object in the state store before anybody tries to send it.

``alerts/outbox/<key>.json`` says what is to be told, ``alerts/sent/<key>.json`` that it was
told. Both are create-only and nothing is deleted, so silence can be proved. Sending is at least
once: an alert that was sent just before a crash is sent again, with the same id.

Not here: sending, and who is told (``automation``).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.canonical import (
    NotCanonicalError,
    canonical_json,
    parse_canonical,
    parse_utc,
    utc_text,
)
from soxauto_assets.store.protocol import ObjectDamagedError, ObjectExistsError, ObjectStore

SUBJECT_CHARACTERS = 100
"""The longest subject that SNS takes; it must be printable ASCII too."""
_OUTBOX = "alerts/outbox/"
_SENT = "alerts/sent/"
_ATTRIBUTES = ("report", "period", "attempt", "check", "expected", "found", "package", "run_url")


class AlertKind(Enum):
    """What an alert is about."""

    REPORT_FAILED = "report-failed"
    INTERRUPTED = "interrupted"
    RUN_SUMMARY = "run-summary"
    PERIOD_MISSED = "period-missed"
    OPERATION = "operation"
    ALERTS_LATE = "alerts-late"
    TABLES = "tables"
    LOG_BEHIND = "log-behind"


@dataclass(frozen=True)
class Alert:
    """One thing to tell; ``created_at`` is aware UTC. Never rows of data, names or secrets.

    ``attempt`` is the attempt, or for a summary the run, that it is about: with kind, report and
    period it makes the ``id``, and the same id is told once. ``subject`` is cut and folded to
    100 printable ASCII characters, for an alert must not be lost to its wording. The first line
    of ``body`` is for a manager. ``expected`` and ``found`` are exact text.
    """

    kind: AlertKind
    subject: str
    body: tuple[str, ...]
    created_at: datetime
    report: str | None = None
    period: str | None = None
    attempt: str | None = None
    check: str | None = None
    expected: str | None = None
    found: str | None = None
    package: str | None = None
    run_url: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", plain_subject(self.subject))

    @property
    def id(self) -> str:
        """``<kind>.<report>.<period>.<attempt>``, ``-`` for what it has none of."""
        parts = (self.kind.value, self.report, self.period, self.attempt)
        return ".".join(re.sub(r"[^A-Za-z0-9_-]", "_", part or "-") for part in parts)

    @property
    def attributes(self) -> dict[str, str]:
        """What a subscriber may filter on: all that is known but subject, body and stamp."""
        values = {"id": self.id, "kind": self.kind.value}
        for name in _ATTRIBUTES:
            value = getattr(self, name)
            if value is not None:
                values[name] = value
        return values


def plain_subject(text: str) -> str:
    """``text`` as at most 100 printable ASCII characters; what has no such form becomes ``?``."""
    folded = "".join(
        character
        for character in unicodedata.normalize("NFKD", " ".join(text.split()))
        if not unicodedata.combining(character)
    )
    plain = re.sub(r"[^ -~]", "?", folded)
    if len(plain) <= SUBJECT_CHARACTERS:
        return plain
    return plain[: SUBJECT_CHARACTERS - 3] + "..."


def enqueue(state: ObjectStore, alert: Alert) -> bool:
    """Put an alert into the outbox; False where it is there already, sent or not."""
    try:
        state.create(f"{_OUTBOX}{alert.id}.json", canonical_json(_document(alert)))
    except ObjectExistsError:
        return False
    _journal(state, alert)
    return True


def mark_sent(
    state: ObjectStore,
    alert: Alert,
    *,
    sink: str,
    message_id: str | None = None,
    at: datetime | None = None,
) -> bool:
    """Record that ``sink`` took the alert; False where that was recorded before."""
    document = {
        "id": alert.id,
        "message_id": message_id,
        "sent_at": utc_text(at or datetime.now(UTC)),
        "sink": sink,
    }
    try:
        state.create(f"{_SENT}{alert.id}.json", canonical_json(document))
    except ObjectExistsError:
        return False
    return True


def was_sent(state: ObjectStore, alert: Alert) -> bool:
    """Whether a sink took the alert, and that was recorded."""
    return state.info(f"{_SENT}{alert.id}.json") is not None


def unsent(state: ObjectStore) -> tuple[Alert, ...]:
    """The alerts that nobody took yet, the oldest first.

    One whose object is damaged comes as an alert that says so: it must not be lost either.
    """
    sent = {listed.key.removeprefix(_SENT) for listed in state.list(_SENT)}
    waiting = (
        _read(state, listed.key, listed.modified)
        for listed in state.list(_OUTBOX)
        if _is_alert(listed.key) and listed.key.removeprefix(_OUTBOX) not in sent
    )
    return tuple(sorted(waiting, key=lambda alert: (alert.created_at, alert.id)))


def complete_journal(state: ObjectStore) -> int:
    """Write the records of alerts that a crash came before; returns how many were missing."""
    recorded = journal.recorded_ids(state)
    missing = 0
    for listed in state.list(_OUTBOX):
        alert_id = listed.key.removeprefix(_OUTBOX).removesuffix(".json")
        known = journal.record_id(journal.RecordKind.ALERT, alert_id) in recorded
        if _is_alert(listed.key) and not known:
            _journal(state, _read(state, listed.key, listed.modified))
            missing += 1
    return missing


def _journal(state: ObjectStore, alert: Alert) -> None:
    fields = {"alert": alert.id, "subject": alert.subject}
    journal.record(state, journal.RecordKind.ALERT, fields, at=alert.created_at, once=alert.id)


def _document(alert: Alert) -> dict[str, object]:
    return {
        **{name: getattr(alert, name) for name in _ATTRIBUTES},
        "body": alert.body,
        "created_at": utc_text(alert.created_at),
        "id": alert.id,
        "kind": alert.kind.value,
        "subject": alert.subject,
    }


def _is_alert(key: str) -> bool:
    """Whether the key names an alert; a stranger's file must not stop the others."""
    return key.removeprefix(_OUTBOX).split(".")[0] in {kind.value for kind in AlertKind}


def _read(state: ObjectStore, key: str, modified: datetime) -> Alert:
    try:
        document = parse_canonical(state.read(key))
        return Alert(
            AlertKind(document["kind"]),
            str(document["subject"]),
            tuple(document["body"]),
            parse_utc(document["created_at"]),
            **{name: document[name] for name in _ATTRIBUTES},
        )
    except (NotCanonicalError, ObjectDamagedError, KeyError, TypeError, ValueError):
        alert_id = key.removeprefix(_OUTBOX).removesuffix(".json")
        kind, report, period, attempt = (alert_id.split(".") + ["-"] * 4)[:4]
        return Alert(
            AlertKind(kind),
            f"An alert is damaged: {alert_id}",
            (f"The alert {key} was damaged in the state store before it was sent.",),
            modified,
            None if report == "-" else report,
            None if period == "-" else period,
            None if attempt == "-" else attempt,
        )
