"""Who sends an alert just now, so that a sensor and a run do not both send it.

``alerts/sending/<id>.json`` names the process and until when. It is replaced by a conditional
write, so that of several senders one wins. A sender that died leaves a claim that runs out; the
alert is then sent again, for nobody knows whether it went out.

Not here: the alerts (``outbox.py``) and the sending (``automation``).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.canonical import (
    NotCanonicalError,
    canonical_json,
    parse_canonical,
    parse_utc,
    utc_text,
)
from soxauto_assets.evidence.holder import Holder
from soxauto_assets.evidence.lease import Clock, utc_now
from soxauto_assets.evidence.outbox import Alert, was_sent
from soxauto_assets.store.protocol import (
    ObjectDamagedError,
    ObjectMissingError,
    ObjectStore,
    PreconditionFailedError,
)

CLAIM_SECONDS = 180
"""Longer than any sink takes for one alert; a sender that died holds an alert back so long."""


@dataclass(frozen=True)
class Claim:
    """The right to send one alert now. Given up where the sink refused it."""

    state: ObjectStore
    key: str
    version: str
    now: Clock

    def give_up(self) -> None:
        """Let the next sender try at once; where the store fails the claim runs out by itself."""
        with suppress(SoxautoError):
            self.state.replace(self.key, _document(self.now()), expected_version=self.version)


def claim(state: ObjectStore, alert: Alert, *, now: Clock = utc_now) -> Claim | None:
    """The right to send the alert, or None: another process sends it, or has sent it."""
    key = f"alerts/sending/{alert.id}.json"
    info = state.info(key)
    if info is not None and not _has_ended(state, key, now()):
        return None
    try:
        receipt = state.replace(
            key,
            _document(now() + timedelta(seconds=CLAIM_SECONDS)),
            expected_version=None if info is None else info.version,
        )
    except PreconditionFailedError:
        return None
    # Whoever held the claim before may have sent the alert after it was listed as unsent.
    return None if was_sent(state, alert) else Claim(state, key, receipt.version, now)


def _has_ended(state: ObjectStore, key: str, now: datetime) -> bool:
    try:
        document = parse_canonical(state.read(key))
        holder = Holder.from_document(document["holder"])
        return parse_utc(document["until"]) <= now or holder.is_provably_dead()
    except ObjectMissingError:
        return False
    except (NotCanonicalError, ObjectDamagedError, KeyError, TypeError, ValueError):
        return True  # rather twice than never


def _document(until: datetime) -> bytes:
    holder = Holder.this_process().to_document()
    return canonical_json({"holder": holder, "until": utc_text(until)})
