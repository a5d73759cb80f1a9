"""Sign-offs beside a package: who says that it was prepared, who that it was reviewed.

A sign-off is an in-toto Statement (predicate ``urn:soxauto:sign-off:1``) in a DSSE envelope of
the same canonical form as a manifest's. Its one subject is the package's ``manifest.dsse.json``
by SHA-256, so it is over every byte of the package. It is made after the package, and so stands
beside it. The two persons must be two, by key and by name.

Here: the form, the signature, whose key it is, and whether it is about this package. Not here:
whether a newer attempt suspends it; that is a question to the log, not to a package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from soxauto_assets.verify.envelope import (
    ENVELOPE,
    check_signature,
    read_envelope,
    strict_base64,
)
from soxauto_assets.verify.findings import Findings
from soxauto_assets.verify.manifest import Manifest
from soxauto_assets.verify.strict_json import (
    UnreadableError,
    digest,
    items,
    members,
    one_of,
    optional_text,
    read_canonical,
    text,
    utc_text,
)
from soxauto_assets.verify.trust import Trust

PREDICATE_TYPE = "urn:soxauto:sign-off:1"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
ROLES = ("preparer", "reviewer")
_LARGEST = 2**20


@dataclass(frozen=True)
class SignOff:
    """A sign-off whose signature holds by the key in it. ``at`` is aware, by the signer's clock.

    ``person`` is the name that it gives; whose key it is, the trust file says.
    """

    role: str
    person: str
    at: datetime
    note: str | None
    report: str
    period: str
    attempt: str
    verdict: str
    package_sha256: str
    key_id: str
    public_key: bytes


def read_sign_off(content: bytes) -> SignOff:
    """The sign-off of these bytes; raises UnreadableError for any other text or signature."""
    envelope = read_envelope(content)
    kind, subjects, predicate_type, predicate = members(
        read_canonical(envelope.payload),
        "the statement",
        "_type",
        "subject",
        "predicateType",
        "predicate",
    )
    one_of(kind, "_type", STATEMENT_TYPE)
    one_of(predicate_type, "predicateType", PREDICATE_TYPE)
    role, person, at, note, report, period, attempt, verdict, signer = members(
        predicate,
        "predicate",
        "role",
        "person",
        "at",
        "note",
        "report",
        "period",
        "attempt",
        "verdict",
        "signer",
    )
    key_id, public_key = members(signer, "signer", "key_id", "public_key")
    found = SignOff(
        one_of(role, "role", *ROLES),
        text(person, "person"),
        datetime.fromisoformat(utc_text(at, "at")),
        optional_text(note, "note"),
        text(report, "report"),
        text(period, "period"),
        text(attempt, "attempt"),
        text(verdict, "verdict"),
        _subject(subjects, report, period, attempt),
        digest(key_id, "signer.key_id"),
        strict_base64(public_key, "signer.public_key"),
    )
    if envelope.key_id != found.key_id:
        raise UnreadableError("signer.key_id", envelope.key_id, found.key_id)
    check_signature(envelope, found.public_key)
    return found


def why_not_trusted(sign_off: SignOff, trust: Trust) -> str | None:
    """Why the key does not count for this sign-off by the trust file; None where it does."""
    key = trust.key(sign_off.key_id)
    if key is None or key.public_key != sign_off.public_key:
        return f"the key {sign_off.key_id} is not in the trust file"
    if not key.is_person:
        return f"the key {sign_off.key_id} is of {key.words}, and a service signs nothing off"
    if sign_off.role not in key.roles:
        return f"{key.holder} is not a {sign_off.role} by the trust file"
    if not key.valid_from <= sign_off.at < key.valid_to:
        return f"the key of {key.holder} was not valid at {sign_off.at:%Y-%m-%d %H:%M:%S} UTC"
    if key.holder != sign_off.person:
        return f"it names {sign_off.person}, but the key is of {key.holder}"
    return None


def why_not_two_persons(sign_offs: Sequence[SignOff]) -> str | None:
    """Why these sign-offs of one package are not by two persons; None where nothing is wrong."""
    preparers = [s for s in sign_offs if s.role == "preparer"]
    reviewers = [s for s in sign_offs if s.role == "reviewer"]
    for one in preparers:
        for other in reviewers:
            if one.key_id == other.key_id:
                return f"preparer and reviewer have one key, {one.key_id}"
            if one.person == other.person:
                return f"preparer and reviewer are one person, {one.person}"
    return None


def check_sign_offs(
    paths: Sequence[Path],
    folder: Path,
    manifest: Manifest,
    trust: Trust | None,
    findings: Findings,
) -> None:
    """Ask of each sign-off whether it is about this very package, and whose it is."""
    sign_offs = []
    for path in paths:
        name = f"sign-off {path.name}"
        with findings.guarded(name, "a sign-off that can be read", OSError, ImportError):
            try:
                sign_off = read_sign_off(_read(path))
            except UnreadableError as error:
                findings.judge(f"{name}, {error.where}", False, error.expected, error.found)
                continue
            _check_one(name, sign_off, folder, manifest, trust, findings)
            sign_offs.append(sign_off)
    if sign_offs:
        problem = why_not_two_persons(sign_offs)
        findings.judge(
            "persons of the sign-offs", problem is None, "two", problem or "no one twice"
        )


def _check_one(
    name: str,
    sign_off: SignOff,
    folder: Path,
    manifest: Manifest,
    trust: Trust | None,
    findings: Findings,
) -> None:
    envelope = _read(folder / ENVELOPE) if manifest.signer is not None else b""
    findings.compare(
        f"{name}, what it signs",
        f"{manifest.report['id']} {manifest.period['name']} {manifest.attempt}, "
        f"{manifest.verdict}, {hashlib.sha256(envelope).hexdigest()}",
        f"{sign_off.report} {sign_off.period} {sign_off.attempt}, {sign_off.verdict}, "
        f"{sign_off.package_sha256}",
    )
    words = f"{sign_off.role} {sign_off.person} at {sign_off.at:%Y-%m-%d %H:%M:%S} UTC"
    if trust is None:
        findings.note(name, f"{words}, self-asserted: no trust file was given")
        return
    problem = why_not_trusted(sign_off, trust)
    findings.judge(name, problem is None, "by a person of the trust file", problem or words)


def _subject(subjects: Any, report: str, period: str, attempt: str) -> str:
    """The SHA-256 of the envelope that is signed off; its name says whose it is."""
    listed = items(subjects, "subject")
    if len(listed) != 1:
        raise UnreadableError("subject", "one package", str(len(listed)))
    name, digests = members(listed[0], "subject[0]", "name", "digest")
    one_of(name, "subject[0].name", f"attempts/{report}/{period}/{attempt}/{ENVELOPE}")
    return digest(members(digests, "subject[0].digest", "sha256")[0], "subject[0].digest.sha256")


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise OSError(f"{path.name} is larger than any sign-off")
    return content
