"""The journal: what happened, one create-only record each, behind one function.

``record`` is the only way in. Nothing is ever replaced or removed. What an auditor asks for goes
from here into the evidence log (``log_keeping.py``), whose order counts: the journal is where a
record waits until it has its place there, so that a crash loses none.

Not here: what the records mean (``lifecycle.py``, ``current.py``, ``outbox.py``).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from soxauto_assets.evidence.canonical import (
    NotCanonicalError,
    canonical_json,
    parse_canonical,
    parse_utc,
    utc_text,
)
from soxauto_assets.store.protocol import ObjectDamagedError, ObjectExistsError, ObjectStore

_PREFIX = "journal/"


class RecordKind(Enum):
    """What a record tells."""

    OPENED = "opened"
    TAKEN_OVER = "taken-over"
    CURRENT = "current"
    CLOSED = "closed"
    ALERT = "alert"
    SIGN_OFF = "sign-off"
    HOLD = "hold"
    NOT_READY = "not-ready"
    REVIEW = "review"
    CATALOGUE = "catalogue"
    REPERFORMANCE = "re-performance"


@dataclass(frozen=True)
class Record:
    """One thing that happened. ``at`` is aware UTC; ``fields`` hold canonical JSON values."""

    id: str
    kind: RecordKind
    at: datetime
    fields: Mapping[str, object]

    @property
    def key(self) -> str:
        """``journal/<stamp>-<id>-<kind>.json``: sorts by time."""
        stamp = f"{self.at.astimezone(UTC):%Y%m%d_%H%M%S_%fZ}"
        return f"{_PREFIX}{stamp}-{self.id}-{self.kind.value}.json"

    def as_json(self) -> bytes:
        """The record as it is written, canonical; raises NotCanonicalError."""
        return canonical_json(
            {
                "at": utc_text(self.at),
                "fields": self.fields,
                "id": self.id,
                "kind": self.kind.value,
            }
        )


def record(
    state: ObjectStore,
    kind: RecordKind,
    fields: Mapping[str, object],
    *,
    at: datetime | None = None,
    once: str | None = None,
) -> Record:
    """Append a record to the journal in the state store and return it.

    ``at`` is when it happened (aware; now by default). With ``once``, the name of what happened,
    the same kind, name and ``at`` are recorded one time only: whoever finishes what a dead
    process began may call again. Raises StoreError and NotCanonicalError.
    """
    number = secrets.token_hex(8) if once is None else record_id(kind, once)
    entry = Record(number, kind, at or datetime.now(UTC), dict(fields))
    try:
        state.create(entry.key, entry.as_json())
    except ObjectExistsError:
        if once is None:
            raise
    return entry


def record_id(kind: RecordKind, once: str) -> str:
    """The id of the record of ``kind`` about what is named ``once``; 16 hex digits."""
    return hashlib.sha256(f"{kind.value}\n{once}".encode()).hexdigest()[:16]


def read(state: ObjectStore) -> Iterator[Record]:
    """All records, the oldest first; raises ObjectDamagedError where one cannot be read."""
    for listed in state.list(_PREFIX):
        yield read_one(state, listed.key)


def read_one(state: ObjectStore, key: str) -> Record:
    """The record under a key; raises ObjectDamagedError where it cannot be read."""
    try:
        document = parse_canonical(state.read(key))
        return Record(
            document["id"],
            RecordKind(document["kind"]),
            parse_utc(document["at"]),
            document["fields"],
        )
    except (NotCanonicalError, KeyError, TypeError, ValueError) as error:
        raise ObjectDamagedError(
            f"The journal record {key} cannot be read.",
            remedy="Restore it from a backup and find out who or what changed it.",
        ) from error


def keys(state: ObjectStore, day: str = "") -> Iterator[str]:
    """The keys of all records, or of those of one day (``20241001``, UTC), the oldest first."""
    return (listed.key for listed in state.list(_PREFIX + day))


def kind_of(key: str) -> str:
    """The kind of the record under a key, as text; empty where it is the key of none."""
    parts = key.removesuffix(".json").split("-", 2)
    return parts[2] if len(parts) == 3 else ""


def recorded_ids(state: ObjectStore) -> frozenset[str]:
    """The ids of all records, from their keys alone: whether something was recorded."""
    return frozenset(
        listed.key.removeprefix(_PREFIX).split("-")[1] for listed in state.list(_PREFIX)
    )
