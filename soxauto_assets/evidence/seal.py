"""``seal.json``: what the evidence store said of a package's objects once they stood.

Version, SHA-256 and lock of each, read back after the writing: Object Lock protects versions, so
only who knows the version can tell an original from what was put over it. It is no part of what
the package's key signs, for it cannot be known before; the record that closes the attempt names
its SHA-256, and so does the evidence log. Not here: legal holds (``holds.py``), what the verifier
asks of it (``verify/seal.py``).
"""

from __future__ import annotations

import hashlib

from soxauto_assets.evidence.canonical import canonical_json, utc_text
from soxauto_assets.evidence.lease import Clock, utc_now
from soxauto_assets.store.layout import LOG_PROOF, SEAL, TIME, AttemptAddress
from soxauto_assets.store.protocol import (
    ObjectExistsError,
    ObjectInfo,
    ObjectLock,
    ObjectStore,
)

VERSION = 1
_LATER = (SEAL, TIME, LOG_PROOF)
"""What comes beside a package when it can, before this file or after it."""


def seal(address: AttemptAddress, evidence: ObjectStore, *, now: Clock = utc_now) -> str:
    """Write the attempt's ``seal.json``, unless it stands; its SHA-256, as hexadecimal digits.

    To be called once the package stands. A repeated call changes nothing. Raises what the store
    raises.
    """
    standing_seal = evidence.info(address.key(SEAL))
    if standing_seal is not None:
        return standing_seal.sha256
    document = {
        "version": VERSION,
        "read_back_at": utc_text(now()),
        "store": evidence.url,
        "objects": [
            {
                "name": info.key.removeprefix(address.prefix),
                "version": info.version,
                "sha256": info.sha256,
                "size": info.size,
                "lock": _lock(info.lock),
            }
            for info in standing(address, evidence)
        ],
    }
    try:
        return evidence.create(address.key(SEAL), canonical_json(document)).sha256
    except ObjectExistsError:  # another process was faster
        return hashlib.sha256(evidence.read(address.key(SEAL))).hexdigest()


def standing(
    address: AttemptAddress, evidence: ObjectStore, *, without: tuple[str, ...] = _LATER
) -> tuple[ObjectInfo, ...]:
    """The objects below the attempt's prefix as they stand now, in the order of their keys."""
    infos = (
        evidence.info(listed.key)
        for listed in evidence.list(address.prefix)
        if listed.key.removeprefix(address.prefix) not in without
    )
    return tuple(info for info in infos if info is not None)


def _lock(lock: ObjectLock | None) -> dict[str, object] | None:
    if lock is None:
        return None
    until = lock.retain_until
    return {
        "mode": lock.mode,
        "retain_until": None if until is None else utc_text(until),
        "legal_hold": lock.legal_hold,
    }
