"""Locks of stored objects: until when a version may not be removed, and legal holds.

A store that can lock has the two methods of ``Locking``; a local folder has none, and nothing
here pretends otherwise. Not here: which evidence is locked for how long (``settings.py``), and
what a package tells of it (``evidence/seal.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from soxauto_assets.errors import PermanentError
from soxauto_assets.store.protocol import ObjectStore, Receipt


class NoLocksError(PermanentError):
    """The store cannot lock what it keeps."""


@dataclass(frozen=True)
class ObjectLock:
    """How a stored version is locked. ``retain_until`` is aware UTC.

    ``mode`` is COMPLIANCE (nobody can lift it) or GOVERNANCE; both None: no retention.
    """

    mode: str | None
    retain_until: datetime | None
    legal_hold: bool


@runtime_checkable
class Locking(Protocol):
    """What a store that can lock offers beside the protocol of every store."""

    def lock_of(self, receipt: Receipt) -> ObjectLock:
        """The lock of the receipt's version as it is now; raises ObjectMissingError."""

    def set_legal_hold(self, receipt: Receipt, on: bool) -> None:
        """Put the receipt's version under a legal hold, or release it."""


def lock_of(store: ObjectStore, receipt: Receipt) -> ObjectLock | None:
    """The lock of a stored version; None where the store cannot lock."""
    return store.lock_of(receipt) if isinstance(store, Locking) else None


def set_legal_hold(store: ObjectStore, receipt: Receipt, on: bool) -> None:
    """Put a stored version under a legal hold, or release it; raises NoLocksError."""
    if not isinstance(store, Locking):
        raise NoLocksError(
            f"The evidence store {store.url} is a folder, which has no legal hold.",
            remedy="Copy the packages to where nobody can change them, or keep evidence in S3 "
            "with Object Lock (SOXAUTO_STORE=s3).",
        )
    store.set_legal_hold(receipt, on)
