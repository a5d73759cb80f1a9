"""Bringing records into the evidence log: what happened, in the order that counts.

A record is first written to the journal in the state store (``journal.py``). Then
``logging/<record>`` says there how long the log was, the record gets its place in the log,
``log-proof.json`` is laid beside the package it closes, and ``logged/<record>`` marks it as done.
A crash between any two leaves something that the next start finds and finishes; nothing stands
twice.

The entry of a closed attempt also names the SHA-256 of its very envelope, so that its package
cannot be exchanged for another one, signed or not.

To record something new from another room::

    record_in_log(state, evidence, signer, RecordKind.SIGN_OFF, {"report": ..., ...}, once=...)

Here: which records go into the log, and when. Not here: the tree (``log.py``).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.catalog.loader import CATALOG_FOLDER, report_ids
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence import journal
from soxauto_assets.evidence.canonical import (
    canonical_json,
    parse_canonical,
    parse_utc,
    utc_text,
)
from soxauto_assets.evidence.journal import Record, RecordKind
from soxauto_assets.evidence.lease import Clock, utc_now
from soxauto_assets.evidence.log import EvidenceLog, Head
from soxauto_assets.period import Period
from soxauto_assets.store.layout import ENVELOPE, LOG_PROOF, AttemptAddress
from soxauto_assets.store.protocol import (
    ObjectExistsError,
    ObjectMissingError,
    ObjectStore,
    PreconditionFailedError,
)
from soxauto_assets.verify.envelope import read_envelope
from soxauto_assets.verify.manifest import PREDICATE_TYPES
from soxauto_assets.verify.strict_json import UnreadableError, read_canonical

if TYPE_CHECKING:
    from soxauto_assets.evidence.signing import Signer

LOGGED = frozenset(
    {
        RecordKind.CATALOGUE,
        RecordKind.OPENED,
        RecordKind.CURRENT,
        RecordKind.CLOSED,
        RecordKind.SIGN_OFF,
        RecordKind.HOLD,
        RecordKind.REPERFORMANCE,
        RecordKind.REVIEW,
        RecordKind.NOT_READY,
    }
)
"""The kinds of records that the log has; what the operation needs beside (alerts, take-overs)
stays in the journal."""
PROOF_VERSION = 1
_MARKS = "logged/"
_BEGUN = "logging/"
_CATALOGUE = "catalogue.json"
_WITHOUT_PROOF = PREDICATE_TYPES[:2]
"""Formats whose packages take no file ``log-proof.json``."""


@dataclass(frozen=True)
class _Waiting:
    """A record on its way into the log, and the attempt whose package it closes."""

    key: str
    record: Record
    closes: AttemptAddress | None

    @property
    def mark(self) -> str:
        return self.key.replace("journal/", _MARKS, 1)


def record_in_log(
    state: ObjectStore,
    evidence: ObjectStore,
    signer: Signer,
    kind: RecordKind,
    fields: Mapping[str, object],
    *,
    at: datetime | None = None,
    once: str | None = None,
) -> Record:
    """Record that something happened and give it its place in the log; returns the record.

    ``fields`` are canonical JSON values (amounts as Decimal or text, no float); what concerns a
    report names ``report`` and ``period``, an attempt also ``attempt``, a package the digest of
    its envelope as ``envelope_sha256``, a decision its ``reason``. ``at`` and ``once`` as for
    ``journal.record``: with both given, calling again changes nothing. Where the log cannot be
    written now, the record is kept, the error goes on, and the next start completes the log.
    Raises NotCanonicalError, StoreError, SigningKeyError, SigningUnavailableError and
    LogDamagedError.
    """
    entry = journal.record(state, kind, fields, at=at, once=once)
    keep_log(state, evidence, signer, since=entry.at)
    return entry


def keep_log(
    state: ObjectStore,
    evidence: ObjectStore,
    signer: Signer,
    *,
    since: datetime | None = None,
    now: Clock = utc_now,
) -> int:
    """Bring the records that wait into the log; how many got their place, or their proof.

    With ``since`` (aware) only records of that day and later are looked for, which is what an
    attempt does: few requests, whatever the log's length. Without it everything that a crash may
    have left is looked for. Raises as ``record_in_log``; a record that is damaged keeps no other
    one out.
    """
    log = EvidenceLog(evidence, signer)
    waiting, problem = _waiting(state, evidence, _days(since, now))
    if waiting:
        before = log.head()
        size = 0 if before is None else before.checkpoint.size
        known_from = min(_begun(state, item, size) for item in waiting)
        places, head = log.append(
            [item.record.as_json() for item in waiting], known_from=known_from
        )
        assert head is not None  # something was placed
        for item, number in zip(waiting, places, strict=True):
            if item.closes is not None:
                _prove(evidence, log, item.closes, item.record, number, head)
            with suppress(ObjectExistsError):
                state.create(item.mark, canonical_json({"number": number}))
    elif since is None:
        log.cover()  # an entry whose writer died before the checkpoint
    if problem is not None:
        raise problem
    return len(waiting)


def record_catalogue(
    state: ObjectStore, folder: Path | None = None, *, at: datetime | None = None
) -> Record:
    """Record which reports there are, with the digest of each one's files, where it is news.

    The state store's ``catalogue.json`` says which catalogue was recorded last. ``folder``
    replaces the product's own (for tests).
    """
    root = CATALOG_FOLDER if folder is None else folder
    reports = [{"id": name, "sha256": _folder_digest(root / name)} for name in report_ids(root)]
    digest = hashlib.sha256(canonical_json(reports)).hexdigest()
    while True:
        info = state.info(_CATALOGUE)
        last = None if info is None else parse_canonical(state.read(_CATALOGUE))
        if last is None or last["sha256"] != digest:
            last = {"at": utc_text(at or datetime.now(UTC)), "sha256": digest}
            try:
                state.replace(
                    _CATALOGUE,
                    canonical_json(last),
                    expected_version=None if info is None else info.version,
                )
            except PreconditionFailedError:
                continue
        moment = parse_utc(last["at"])
        return journal.record(
            state,
            RecordKind.CATALOGUE,
            {"reports": reports, "sha256": digest},
            at=moment,
            once=f"{digest} {last['at']}",
        )


def _waiting(
    state: ObjectStore, evidence: ObjectStore, days: Iterator[str]
) -> tuple[list[_Waiting], SoxautoError | None]:
    """The records without a mark, the oldest first, and the error of one that is damaged."""
    found: list[_Waiting] = []
    problem: SoxautoError | None = None
    logged = {kind.value for kind in LOGGED}
    for day in days:
        marks = {listed.key for listed in state.list(_MARKS + day)}
        for key in journal.keys(state, day):
            if journal.kind_of(key) in logged and key.replace("journal/", _MARKS, 1) not in marks:
                try:
                    found.append(_entry(state, evidence, key))
                except SoxautoError as error:
                    problem = error
    return found, problem


def _days(since: datetime | None, now: Clock) -> Iterator[str]:
    if since is None:
        yield ""
        return
    day, last = since.astimezone(UTC).date(), now().date()
    while day <= last:
        yield f"{day:%Y%m%d}"
        day += timedelta(days=1)


def _entry(state: ObjectStore, evidence: ObjectStore, key: str) -> _Waiting:
    record = journal.read_one(state, key)
    if record.kind is not RecordKind.CLOSED:
        return _Waiting(key, record, None)
    fields = record.fields
    address = AttemptAddress(
        str(fields["report"]), Period.parse(str(fields["period"])), str(fields["attempt"])
    )
    digest: str | None = None
    with suppress(ObjectMissingError):  # of format 1, or it was taken away: the entry says so
        digest = hashlib.sha256(evidence.read(address.key(ENVELOPE))).hexdigest()
    return _Waiting(key, replace(record, fields={**fields, "envelope_sha256": digest}), address)


def _begun(state: ObjectStore, item: _Waiting, size: int) -> int:
    """From which number on the log may hold the record; said before it is first given a place.

    So nobody must read the log further back than that to know whether it is there.
    """
    key = item.key.replace("journal/", _BEGUN, 1)
    try:
        state.create(key, canonical_json({"from": size}))
    except ObjectExistsError:
        return int(parse_canonical(state.read(key))["from"])
    return size


def _prove(
    evidence: ObjectStore,
    log: EvidenceLog,
    address: AttemptAddress,
    record: Record,
    number: int,
    head: Head,
) -> None:
    """Lay the proof beside the package, where its format has one."""
    key = address.key(LOG_PROOF)
    try:
        payload = read_canonical(read_envelope(evidence.read(address.key(ENVELOPE))).payload)
        if payload["predicateType"] in _WITHOUT_PROOF:
            return
    except (ObjectMissingError, UnreadableError, KeyError, TypeError):
        return  # format 1, or damaged: the verifier says so
    document = {
        "checkpoint": head.note.decode(),
        "leaf": parse_canonical(record.as_json()),
        "number": number,
        "path": [hashed.hex() for hashed in log.inclusion(number, head)],
        "public_key": base64.b64encode(log.public_key(head)).decode(),
        "version": PROOF_VERSION,
    }
    with suppress(ObjectExistsError):  # laid by whoever was faster; both hold
        evidence.create(key, canonical_json(document))


def _folder_digest(folder: Path) -> str:
    """One SHA-256 (hex) over the files of a report's folder: lines as ``sha256sum`` prints them."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    return hashlib.sha256("".join(sorted(lines, key=lambda s: s[66:])).encode()).hexdigest()
