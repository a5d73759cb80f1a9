"""The current data of a report and period: the one object that moves.

Current is the PASS attempt whose write won (design, rule 2). It is one object, data and pointer
at once: which attempt it is stands in its metadata and arrives with its bytes.

Not here: what makes an attempt PASS, and its history (``lifecycle.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.canonical import parse_utc, utc_text
from soxauto_assets.evidence.lease import Clock, utc_now
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress, current_key
from soxauto_assets.store.protocol import (
    ObjectInfo,
    ObjectStore,
    PreconditionFailedError,
    Receipt,
)


@dataclass(frozen=True)
class CurrentReport:
    """The current object. What its metadata does not tell (it was tampered with) is None."""

    key: str
    version: str
    sha256: str
    size: int
    attempt: str | None
    content_digest: str | None
    manifest_sha256: str | None
    moved_at: datetime | None


@dataclass(frozen=True)
class CurrentMove:
    """Who is current after a move; ``moved`` says whether it is the attempt that asked."""

    current: CurrentReport
    moved: bool


def current(results: ObjectStore, report: str, period: Period) -> CurrentReport | None:
    """The current data of a report and period, or None where no attempt has passed."""
    info = results.info(current_key(report, period))
    return None if info is None else _of_info(info)


def move_current(
    state: ObjectStore,
    results: ObjectStore,
    address: AttemptAddress,
    validated: Receipt,
    *,
    content_digest: str,
    manifest_sha256: str,
    now: Clock = utc_now,
) -> CurrentMove:
    """Make a PASS attempt current, unless a newer one is.

    ``validated`` is the receipt of the attempt's validated data in the results store; the object
    is read back before it is trusted. The package must stand already. Calling again changes
    nothing. Raises ObjectMissingError, ObjectDamagedError and other StoreErrors.
    """
    results.verify(validated)
    key = current_key(address.report, address.period)
    while True:
        info = results.info(key)
        present = None if info is None else _of_info(info)
        if present is not None and present.attempt is not None:
            if present.attempt > address.attempt:
                return CurrentMove(present, moved=False)
            if (present.attempt, present.sha256) == (address.attempt, validated.sha256):
                _record(state, address, present)
                return CurrentMove(present, moved=True)
        metadata = {
            "attempt": address.attempt,
            "content-digest": content_digest,
            "manifest-sha256": manifest_sha256,
            "moved-at": utc_text(now()),
            "period": str(address.period),
            "report": address.report,
            "sha256": validated.sha256,
        }
        try:
            receipt = results.replace(
                key,
                results.local_path(validated.key),
                expected_version=None if info is None else info.version,
                metadata=metadata,
            )
        except PreconditionFailedError:
            continue
        moved = _described(receipt.key, receipt.version, receipt.sha256, receipt.size, metadata)
        _record(state, address, moved)
        return CurrentMove(moved, moved=True)


def _record(state: ObjectStore, address: AttemptAddress, moved: CurrentReport) -> None:
    fields = {
        "attempt": address.attempt,
        "content_digest": moved.content_digest,
        "manifest_sha256": moved.manifest_sha256,
        "period": str(address.period),
        "report": address.report,
        "sha256": moved.sha256,
    }
    journal.record(
        state, journal.RecordKind.CURRENT, fields, at=moved.moved_at, once=address.prefix
    )


def _of_info(info: ObjectInfo) -> CurrentReport:
    return _described(info.key, info.version, info.sha256, info.size, info.metadata)


def _described(
    key: str, version: str, sha256: str, size: int, metadata: Mapping[str, str]
) -> CurrentReport:
    moved_at = metadata.get("moved-at")
    return CurrentReport(
        key,
        version,
        sha256,
        size,
        metadata.get("attempt"),
        metadata.get("content-digest"),
        metadata.get("manifest-sha256"),
        None if moved_at is None else parse_utc(moved_at),
    )
