"""The life of an attempt in the state store: opened, held, closed.

Below ``attempts/<report>/<period>/<attempt>/`` stand ``opened.json`` and ``closed.json``, both
create-only, and ``lease.json``. An attempt with ``opened.json`` and without ``closed.json`` is
open: it runs, or it died and waits for somebody to finish it (``recovery.py``).

Whoever makes an attempt keeps this order, so that each crash leaves something to finish and
nothing to guess:

1. ``open_attempt``: ``opened.json``, its journal record, the lease;
2. extract and validated into the results store;
3. the package into the evidence store, its manifest last: from here on the verdict stands;
4. PASS: ``current.move_current``, with its journal record. FAIL: the alert into the outbox;
5. ``close_attempt``: ``closed.json``, its journal record. Then the lease is given up.

Not here: the lease itself (``lease.py``), the current object (``current.py``), packages
(``package.py``).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from importlib import metadata

from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence import journal
from soxauto_assets.evidence.canonical import (
    NotCanonicalError,
    canonical_json,
    parse_canonical,
    parse_utc,
    utc_text,
)
from soxauto_assets.evidence.holder import Holder
from soxauto_assets.evidence.lease import LEASE, LEASE_SECONDS, Clock, Lease, LeaseState, utc_now
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress, attempts_prefix
from soxauto_assets.store.protocol import (
    ObjectDamagedError,
    ObjectExistsError,
    ObjectInfo,
    ObjectStore,
    PreconditionFailedError,
    Receipt,
)

OPENED = "opened.json"
CLOSED = "closed.json"
_UNKNOWN = "unknown"


class AttemptClosedError(PermanentError):
    """The attempt was closed before, with another package."""


class AttemptVerdict(Enum):
    """How an attempt ended; INTERRUPTED is a FAIL whose process did not live to say so."""

    PASS = "PASS"
    FAIL = "FAIL"
    INTERRUPTED = "FAIL (interrupted)"


@dataclass(frozen=True)
class OpenAttempt:
    """What ``opened.json`` says. ``opened_at`` is aware UTC; ``holder`` None: it is unreadable."""

    address: AttemptAddress
    run_id: str
    holder: Holder | None
    product_version: str
    opened_at: datetime
    lease_seconds: int

    @property
    def who(self) -> str:
        """``user@host`` that opened it."""
        return _UNKNOWN if self.holder is None else self.holder.who


@dataclass(frozen=True)
class ClosedAttempt:
    """What ``closed.json`` says. ``closed_by`` and ``run_id`` are of the process that closed.

    ``seal_sha256`` is that of ``seal.json``; None where the attempt was closed before it was named.
    """

    address: AttemptAddress
    verdict: AttemptVerdict
    manifest_key: str
    manifest_sha256: str
    content_digest: str | None
    closed_at: datetime
    closed_by: str
    run_id: str
    seal_sha256: str | None = None


@dataclass(frozen=True)
class AttemptState:
    """One attempt of the history; ``closed`` is None while it is open."""

    opened: OpenAttempt
    closed: ClosedAttempt | None

    @property
    def address(self) -> AttemptAddress:
        """Which attempt this is."""
        return self.opened.address


def open_attempt(
    state: ObjectStore,
    address: AttemptAddress,
    who: str,
    run_id: str,
    lease_seconds: int = LEASE_SECONDS,
    *,
    now: Clock = utc_now,
) -> Lease:
    """Record that an attempt begins and take its lease.

    ``who`` is ``user@host``. From here on the attempt must end in exactly one package, whatever
    happens to this process. Raises ObjectExistsError where the attempt was opened before.
    """
    holder = Holder.this_process(who)
    opened = OpenAttempt(address, run_id, holder, _product_version(), now(), lease_seconds)
    document = {
        "attempt": address.attempt,
        "holder": holder.to_document(),
        "lease_seconds": lease_seconds,
        "opened_at": utc_text(opened.opened_at),
        "period": str(address.period),
        "product_version": opened.product_version,
        "report": address.report,
        "run_id": run_id,
    }
    state.create(address.key(OPENED), canonical_json(document))
    _journal_opened(state, opened)
    return Lease.take(
        state, address, holder, run_id, over_version=None, seconds=lease_seconds, now=now
    )


def close_attempt(
    lease: Lease,
    verdict: AttemptVerdict,
    manifest: Receipt,
    *,
    content_digest: str | None = None,
    seal_sha256: str | None = None,
) -> ClosedAttempt:
    """Record how the attempt of the lease ended, and with which package.

    ``manifest`` is the receipt of the package's manifest in the evidence store,
    ``content_digest`` that of the extract where it was complete, ``seal_sha256`` that of the
    package's ``seal.json``. Closing again with the same package changes nothing. Raises
    LeaseLostError, and AttemptClosedError where the attempt was closed with another package.
    """
    lease.assert_held()
    address, state = lease.address, lease.store
    closed = ClosedAttempt(
        address,
        verdict,
        manifest.key,
        manifest.sha256,
        content_digest,
        lease.now(),
        lease.state.holder.who,
        lease.state.run_id,
        seal_sha256,
    )
    try:
        state.create(address.key(CLOSED), canonical_json(_closed_document(closed)))
    except ObjectExistsError:
        before = _read_closed(state, address)
        if (before.verdict, before.manifest_sha256) != (verdict, manifest.sha256):
            raise AttemptClosedError(
                f"Attempt {address.attempt} at {address.report} {address.period} was closed as "
                f"{before.verdict.value}, with the package {before.manifest_sha256}.",
                remedy="Trust that package; start the report again for a new attempt.",
            ) from None
        closed = before
    _journal_closed(state, closed)
    return closed


def open_attempts(state: ObjectStore) -> tuple[OpenAttempt, ...]:
    """All attempts that were opened and not closed, running ones among them."""
    return tuple(
        _read_opened(state, address)
        for address, names in _attempt_names(state, "attempts/")
        if OPENED in names and CLOSED not in names
    )


def take_over(
    state: ObjectStore,
    attempt: OpenAttempt,
    *,
    who: str | None = None,
    run_id: str = "",
    lease_seconds: int = LEASE_SECONDS,
    now: Clock = utc_now,
) -> Lease | None:
    """The lease of an open attempt whose holder died, or None: it lives, or is closed.

    Dead is who let the lease run out, gave it up, or is proved dead on this host. Of several
    takers exactly one gets the lease; should that one die, its lease can be taken over in turn.
    """
    address = attempt.address
    info = state.info(address.key(LEASE))
    if not _may_be_taken(state, attempt, info, now()):
        return None
    holder = Holder.this_process(who)
    try:
        lease = Lease.take(
            state,
            address,
            holder,
            run_id,
            over_version=None if info is None else info.version,
            seconds=lease_seconds,
            now=now,
        )
    except PreconditionFailedError:
        return None
    if state.info(address.key(CLOSED)) is not None:
        lease.release()
        return None
    journal.record(
        state,
        journal.RecordKind.TAKEN_OVER,
        {**_names(address), "from": attempt.who, "by": holder.who, "run_id": run_id},
        at=now(),
    )
    return lease


def attempts(state: ObjectStore, report: str, period: Period) -> tuple[AttemptState, ...]:
    """All attempts at a report and period, the oldest first."""
    return tuple(
        AttemptState(
            _read_opened(state, address),
            _read_closed(state, address) if CLOSED in names else None,
        )
        for address, names in _attempt_names(state, attempts_prefix(report, period))
        if OPENED in names
    )


def latest(state: ObjectStore, report: str, period: Period) -> AttemptState | None:
    """The newest attempt of any verdict, or none, also while it is open."""
    history = attempts(state, report, period)
    return history[-1] if history else None


def complete_journal(state: ObjectStore) -> int:
    """Write the records that a crash came before; returns how many were missing.

    The record of an opening or closing follows its object, so the objects tell what is missing.
    """
    recorded = journal.recorded_ids(state)
    missing = 0
    for address, names in _attempt_names(state, "attempts/"):
        once = address.prefix
        if OPENED in names and journal.record_id(journal.RecordKind.OPENED, once) not in recorded:
            _journal_opened(state, _read_opened(state, address))
            missing += 1
        if CLOSED in names and journal.record_id(journal.RecordKind.CLOSED, once) not in recorded:
            _journal_closed(state, _read_closed(state, address))
            missing += 1
    return missing


def _attempt_names(
    state: ObjectStore, prefix: str
) -> Iterator[tuple[AttemptAddress, frozenset[str]]]:
    """Each attempt below ``prefix`` with the names of its objects."""
    keys = ((AttemptAddress.parse(listed.key), listed.key) for listed in state.list(prefix))
    for address, group in itertools.groupby(keys, key=lambda pair: pair[0]):
        if address is not None:
            yield address, frozenset(key.removeprefix(address.prefix) for _, key in group)


def _may_be_taken(
    state: ObjectStore, attempt: OpenAttempt, info: ObjectInfo | None, now: datetime
) -> bool:
    if info is None:  # died between opened.json and its lease
        holder, since = attempt.holder, attempt.opened_at
        expires_at = since + timedelta(seconds=attempt.lease_seconds)
    else:
        try:
            lease = LeaseState.from_json(state.read(info.key))
            holder, expires_at = lease.holder, lease.expires_at
        except (NotCanonicalError, ObjectDamagedError):
            holder = None
            expires_at = info.modified + timedelta(seconds=attempt.lease_seconds)
    return expires_at <= now or (holder is not None and holder.is_provably_dead())


def _read_opened(state: ObjectStore, address: AttemptAddress) -> OpenAttempt:
    """What opened.json says; where it is damaged, what the address alone says.

    An attempt whose record was damaged must be closed like any other.
    """
    try:
        document = parse_canonical(state.read(address.key(OPENED)))
        return OpenAttempt(
            address,
            str(document["run_id"]),
            Holder.from_document(document["holder"]),
            str(document["product_version"]),
            parse_utc(document["opened_at"]),
            int(document["lease_seconds"]),
        )
    except (NotCanonicalError, ObjectDamagedError, KeyError, TypeError, ValueError):
        began = datetime.strptime(address.attempt[:16], "%Y%m%d_%H%M%SZ").replace(tzinfo=UTC)
        return OpenAttempt(address, _UNKNOWN, None, _UNKNOWN, began, LEASE_SECONDS)


def _read_closed(state: ObjectStore, address: AttemptAddress) -> ClosedAttempt:
    key = address.key(CLOSED)
    try:
        document = parse_canonical(state.read(key))
        digest, sealed = document["content_digest"], document.get("seal_sha256")
        return ClosedAttempt(
            address,
            AttemptVerdict(document["verdict"]),
            str(document["manifest"]["key"]),
            str(document["manifest"]["sha256"]),
            None if digest is None else str(digest),
            parse_utc(document["closed_at"]),
            str(document["closed_by"]),
            str(document["run_id"]),
            None if sealed is None else str(sealed),
        )
    except (NotCanonicalError, KeyError, TypeError, ValueError) as error:
        raise ObjectDamagedError(
            f"The record {key} cannot be read.",
            remedy="Restore it from a backup and find out who or what changed it.",
        ) from error


def _closed_document(closed: ClosedAttempt) -> dict[str, object]:
    sealed = {} if closed.seal_sha256 is None else {"seal_sha256": closed.seal_sha256}
    return {
        **_names(closed.address),
        **sealed,
        "closed_at": utc_text(closed.closed_at),
        "closed_by": closed.closed_by,
        "content_digest": closed.content_digest,
        "manifest": {"key": closed.manifest_key, "sha256": closed.manifest_sha256},
        "run_id": closed.run_id,
        "verdict": closed.verdict.value,
    }


def _journal_opened(state: ObjectStore, opened: OpenAttempt) -> None:
    fields = {
        **_names(opened.address),
        "product_version": opened.product_version,
        "run_id": opened.run_id,
        "who": opened.who,
    }
    _journal_once(state, journal.RecordKind.OPENED, opened.address, fields, opened.opened_at)


def _journal_closed(state: ObjectStore, closed: ClosedAttempt) -> None:
    fields = _closed_document(closed)
    _journal_once(state, journal.RecordKind.CLOSED, closed.address, fields, closed.closed_at)


def _journal_once(
    state: ObjectStore,
    kind: journal.RecordKind,
    address: AttemptAddress,
    fields: Mapping[str, object],
    at: datetime,
) -> None:
    journal.record(state, kind, fields, at=at, once=address.prefix)


def _names(address: AttemptAddress) -> dict[str, object]:
    return {
        "attempt": address.attempt,
        "period": str(address.period),
        "report": address.report,
    }


@functools.cache
def _product_version() -> str:
    try:
        return metadata.version("soxauto-pg01")
    except metadata.PackageNotFoundError:
        return _UNKNOWN
