"""Reading a manifest: the in-toto Statement of ``docs/package-format.md``, versions 1 to 3.

Here: the strict reading, and the rules that a manifest must keep by itself: names, order, bounds
of the period, its own digest. Not here: whether the files are what it says (``files.py``).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from soxauto_assets.verify.envelope import key_id_of, strict_base64
from soxauto_assets.verify.strict_json import (
    UnreadableError,
    canonical,
    count,
    decimal_text,
    digest,
    items,
    members,
    one_of,
    optional_text,
    text,
    texts,
    utc_text,
)

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPES = (
    "urn:soxauto:evidence-package:1",
    "urn:soxauto:evidence-package:2",
    "urn:soxauto:evidence-package:3",
)
"""Every version of the format that was ever written, oldest first; signed from 2 on."""
MANIFEST = "manifest.json"
ASSERTIONS = ("self-asserted", "key-service")
RESERVED = ("manifest.dsse.json", "time.tsr", "log-proof.json", "seal.json")
"""Names beside the manifest that it cannot list: they are made from it."""
PASS, FAIL, INTERRUPTED = "PASS", "FAIL", "FAIL (interrupted)"
NOT_APPLICABLE = "NOT_APPLICABLE"
CONTENT_DIGEST_VERSION = 1
NOTES = ("left by the interrupted attempt", "left by an earlier try to write the package")

_PERIOD = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_ATTEMPT = re.compile(r"[0-9]{8}_[0-9]{6}Z-[0-9a-f]{8}")
_FOLDER = re.compile(r"(closing-[1-9][0-9]*/)?")


@dataclass(frozen=True)
class ListedFile:
    """A subject of the manifest; ``note`` is set where it was not written for this package."""

    name: str
    sha256: str
    size: int
    note: str | None


@dataclass(frozen=True)
class DataClaim:
    """What the manifest says of the extract; totals are exact decimals as text, by column."""

    file: str
    rows: int
    totals: dict[str, str]
    content_digest: str


@dataclass(frozen=True)
class StoredClaim:
    """An object of the attempt in the results store, as the manifest names it."""

    key: str
    sha256: str
    size: int


@dataclass(frozen=True)
class SignerClaim:
    """The key that the manifest says it is signed with; ``public_key`` in DER."""

    key_id: str
    public_key: bytes
    assertion: str
    holder: str


@dataclass(frozen=True)
class Manifest:
    """A manifest that was read strictly. ``period`` holds name, start, cutoff_date, next_start.

    ``version`` is that of the format. ``ended`` is a UTC stamp as text. ``signer`` is None in
    format 1, which was not signed; ``time_authority`` is None where no trusted time is claimed.
    """

    version: int
    files: tuple[ListedFile, ...]
    verdict: str
    cause: str | None
    report: dict[str, Any]
    period: dict[str, str]
    attempt: str
    ended: str
    folder: str
    data: DataClaim | None
    rows_reached: int | None
    checks: tuple[tuple[str, str], ...]
    stored: tuple[StoredClaim, ...]
    signer: SignerClaim | None
    time_authority: str | None

    def file(self, name: str) -> ListedFile | None:
        """The listed file ``name``, or None."""
        return next((file for file in self.files if file.name == name), None)


def read_manifest(value: Any) -> Manifest:
    """The manifest of a value read from canonical JSON.

    Raises UnreadableError naming the first field that is not as the format says.
    """
    kind, subject, predicate_type, predicate = members(
        value, "the manifest", "_type", "subject", "predicateType", "predicate"
    )
    one_of(kind, "_type", STATEMENT_TYPE)
    version = PREDICATE_TYPES.index(one_of(predicate_type, "predicateType", *PREDICATE_TYPES)) + 1
    signed = version > 1
    files = tuple(
        listed_file(item, f"subject[{i}]") for i, item in enumerate(items(subject, "subject"))
    )
    check_names([file.name for file in files])
    verdict, cause, report, period, attempt, folder, data, rows, checks, stored, own, *sealing = (
        members(
            predicate,
            "predicate",
            "verdict",
            "cause",
            "report",
            "period",
            "attempt",
            "folder",
            "data",
            "rows_reached",
            "checks",
            "stored",
            "self_digest",
            *(("signer", "time") if signed else ()),
        )
    )
    _check_self_digest(value, digest(own, "self_digest"))
    if not isinstance(folder, str) or not _FOLDER.fullmatch(folder):
        raise UnreadableError("folder", "empty or closing-<number>/", repr(folder))
    return Manifest(
        version=version,
        files=files,
        verdict=one_of(verdict, "verdict", PASS, FAIL, INTERRUPTED),
        cause=optional_text(cause, "cause"),
        report=_report(report),
        period=_period(period),
        attempt=_attempt(attempt),
        ended=attempt["ended"],
        folder=folder,
        data=None if data is None else _data(data),
        rows_reached=None if rows is None else count(rows, "rows_reached"),
        checks=tuple(
            _check(item, f"checks[{i}]") for i, item in enumerate(items(checks, "checks"))
        ),
        stored=tuple(
            _stored(item, f"stored[{i}]") for i, item in enumerate(items(stored, "stored"))
        ),
        signer=signer_claim(sealing[0]) if signed else None,
        time_authority=_time(sealing[1]) if signed else None,
    )


def is_safe_name(name: str) -> bool:
    """Whether a name stays below its folder on every system, whoever unpacks it."""
    parts = name.split("/")
    return (
        "\\" not in name
        and ":" not in name
        and name.isprintable()
        and all(part and not part.startswith(".") and part.strip() == part for part in parts)
    )


def check_names(names: list[str]) -> None:
    """Raise UnreadableError where a name is not safe, or they are not once each and in order."""
    for name in names:
        if not is_safe_name(name) or name in (MANIFEST, *RESERVED):
            raise UnreadableError("subject", "safe names below the package", repr(name))
    if names != sorted(set(names)):
        raise UnreadableError("subject", "each name once, in order", "another order, or one twice")
    if len({name.lower() for name in names}) != len(names):
        raise UnreadableError("subject", "names that differ on every system", "two alike but case")


def _check_self_digest(value: Any, claimed: str) -> None:
    blank = {**value, "predicate": {**value["predicate"], "self_digest": ""}}
    found = hashlib.sha256(canonical(blank)).hexdigest()
    if found != claimed:
        raise UnreadableError("the digest of the manifest itself", claimed, found)


def listed_file(value: Any, where: str) -> ListedFile:
    """A subject of a statement."""
    name, digests, annotations = members(value, where, "name", "digest", "annotations")
    (sha256,) = members(digests, f"{where}.digest", "sha256")
    with_note = isinstance(annotations, dict) and "note" in annotations
    size, *note = members(
        annotations, f"{where}.annotations", *(("size", "note") if with_note else ("size",))
    )
    return ListedFile(
        text(name, f"{where}.name"),
        digest(sha256, f"{where}.digest.sha256"),
        count(size, f"{where}.annotations.size"),
        one_of(note[0], f"{where}.annotations.note", *NOTES) if note else None,
    )


def _report(value: Any) -> dict[str, Any]:
    report, title, control, key, amounts, event = members(
        value, "report", "id", "title", "control", "primary_key", "amounts", "event_date"
    )
    return {
        "id": text(report, "report.id"),
        "title": optional_text(title, "report.title"),
        "control": optional_text(control, "report.control"),
        "primary_key": list(texts(key, "report.primary_key")),
        "amounts": list(texts(amounts, "report.amounts")),
        "event_date": optional_text(event, "report.event_date"),
    }


def _period(value: Any) -> dict[str, str]:
    """The period with the bounds that follow from its name (decision D1)."""
    name, *_ = members(value, "period", "name", "start", "cutoff_date", "next_start")
    match = _PERIOD.fullmatch(text(name, "period.name"))
    if match is None:
        raise UnreadableError("period.name", "a month as YYYY-MM", repr(name))
    year, month = int(match[1]), int(match[2])
    next_year, next_month = (year, month + 1) if month < 12 else (year + 1, 1)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = {2: 29 if leap else 28, 4: 30, 6: 30, 9: 30, 11: 30}.get(month, 31)
    bounds = {
        "name": name,
        "start": f"{name}-01T00:00:00.000000",
        "cutoff_date": f"{name}-{last}",
        "next_start": f"{next_year:04d}-{next_month:02d}-01T00:00:00.000000",
    }
    for part, expected in bounds.items():
        one_of(value[part], f"period.{part}", expected)
    return bounds


def _attempt(value: Any) -> str:
    identity, run, who, closed_by, started, ended, retries = members(
        value, "attempt", "id", "run", "who", "closed_by", "started", "ended", "retries"
    )
    if not _ATTEMPT.fullmatch(text(identity, "attempt.id")):
        raise UnreadableError("attempt.id", "<YYYYMMDD_HHMMSS>Z-<8 hex digits>", repr(identity))
    text(run, "attempt.run")
    text(who, "attempt.who")
    optional_text(closed_by, "attempt.closed_by")
    texts(retries, "attempt.retries")
    # Not compared with each other: an interrupted attempt is closed by another machine's clock.
    utc_text(started, "attempt.started")
    utc_text(ended, "attempt.ended")
    return str(identity)


def signer_claim(value: Any) -> SignerClaim:
    """The key that a statement names as its signer's."""
    assertion, holder, key_id, public_key = members(
        value, "signer", "assertion", "holder", "key_id", "public_key"
    )
    encoded = strict_base64(public_key, "signer.public_key")
    if digest(key_id, "signer.key_id") != key_id_of(encoded):
        raise UnreadableError("signer.key_id", f"that of its key, {key_id_of(encoded)}", key_id)
    return SignerClaim(
        key_id,
        encoded,
        one_of(assertion, "signer.assertion", *ASSERTIONS),
        text(holder, "signer.holder"),
    )


def _time(value: Any) -> str | None:
    """The authority whose time stamp is claimed, or None where the manifest claims none."""
    authority, claim = members(value, "time", "authority", "claim")
    if one_of(claim, "time.claim", "none", "rfc3161") == "none":
        if authority is not None:
            raise UnreadableError("time.authority", "null, for no time is claimed", repr(authority))
        return None
    return text(authority, "time.authority")


def _data(value: Any) -> DataClaim:
    file, rows, totals, content_digest, version = members(
        value, "data", "file", "rows", "totals", "content_digest", "content_digest_version"
    )
    if version != CONTENT_DIGEST_VERSION:
        raise UnreadableError("data.content_digest_version", "1", repr(version))
    if not isinstance(totals, dict):
        raise UnreadableError("data.totals", "an object", repr(totals))
    return DataClaim(
        text(file, "data.file"),
        count(rows, "data.rows"),
        {name: decimal_text(total, f"data.totals.{name}") for name, total in totals.items()},
        digest(content_digest, "data.content_digest"),
    )


def _check(value: Any, where: str) -> tuple[str, str]:
    name, verdict = members(value, where, "name", "verdict")
    return (
        text(name, f"{where}.name"),
        one_of(verdict, f"{where}.verdict", PASS, FAIL, NOT_APPLICABLE),
    )


def _stored(value: Any, where: str) -> StoredClaim:
    key, version, sha256, size = members(value, where, "key", "version", "sha256", "size")
    text(version, f"{where}.version")
    return StoredClaim(
        text(key, f"{where}.key"), digest(sha256, f"{where}.sha256"), count(size, f"{where}.size")
    )
