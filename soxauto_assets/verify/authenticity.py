"""Who vouches for a package and when: its envelope, the key that signed it, its time stamp.

Three questions. Did the key that the manifest names sign these very bytes? Whose key is it, by
the auditor's trust file? Since when does the envelope exist, by a time stamp authority? Without a
trust file the second has no answer but the package's own, and the report says so.

Not here: forms and arithmetic (``envelope.py``, ``timestamp.py``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from soxauto_assets.verify.envelope import ENVELOPE, check_signature, read_envelope
from soxauto_assets.verify.findings import Findings
from soxauto_assets.verify.manifest import SignerClaim
from soxauto_assets.verify.strict_json import UnreadableError
from soxauto_assets.verify.timestamp import TIME, TimeStamp, check_time_stamp
from soxauto_assets.verify.trust import Trust

SELF_ASSERTED = "self-asserted: the key vouches for itself"
ROLE = "package"
_LARGEST_TOKEN = 2**20


class Signed(Protocol):
    """A statement that names its signer, and says when it ended by its own clock."""

    @property
    def signer(self) -> SignerClaim | None:
        """Who signed it."""

    @property
    def time_authority(self) -> str | None:
        """The authority whose time stamp it claims, None where it claims none."""

    @property
    def ended(self) -> str:
        """When what it tells of had ended: aware UTC, as text."""


def check_authenticity(
    folder: Path, content: bytes, manifest: Signed, trust: Trust | None, findings: Findings
) -> None:
    """Ask of the manifest ``content`` who signed it and when; every answer is a finding."""
    if manifest.signer is None:
        _check_unsigned(trust, findings)
        return
    with findings.guarded("signature", "one that can be verified", OSError, ImportError):
        envelope = _check_envelope(folder, content, manifest, findings)
        stamp = None
        if envelope is not None:
            stamp = _check_time(folder, envelope, manifest, trust, findings)
        _check_key(manifest, trust, stamp, findings)


def _check_unsigned(trust: Trust | None, findings: Findings) -> None:
    """Packages of format 1 have no signature; that is enough only where none is asked for."""
    found = "none: packages of format 1 were not signed, so anybody could have made this one"
    if trust is None:
        findings.note("signature", found)
    else:
        findings.judge("signature", False, "one by a key of the trust file", found)


def _check_envelope(
    folder: Path, content: bytes, manifest: Signed, findings: Findings
) -> bytes | None:
    """The bytes of the envelope, or None where it is not this manifest's or does not hold."""
    assert manifest.signer is not None
    with (folder / ENVELOPE).open("rb") as file:
        found = file.read(2 * len(content) + 4096)
    try:
        envelope = read_envelope(found)
        if envelope.payload != content:
            raise UnreadableError("payload", "the bytes of manifest.json", "others")
        check_signature(envelope, manifest.signer.public_key)
    except UnreadableError as error:
        findings.judge(f"{ENVELOPE}, {error.where}", False, error.expected, error.found)
        return None
    findings.judge("signature", True, "one over the manifest", f"one by the key {envelope.key_id}")
    return found


def _check_key(
    manifest: Signed, trust: Trust | None, stamp: TimeStamp | None, findings: Findings
) -> None:
    signer = manifest.signer
    assert signer is not None
    if trust is None:
        findings.note("signing key", f"{signer.key_id}, {SELF_ASSERTED}")
        return
    key = trust.key(signer.key_id)
    if key is None or key.public_key != signer.public_key:
        findings.judge("signing key", False, "a key of the trust file", signer.key_id)
        return
    findings.judge(
        "role of the signing key",
        ROLE in key.roles,
        ROLE,
        ", ".join(sorted(key.roles)) or "none",
    )
    # Without a trusted time there is only the package's own clock to go by.
    at = _claimed(manifest) if stamp is None else stamp.time
    clock = "by its own clock" if stamp is None else "by its time stamp"
    findings.judge(
        "signing key",
        key.valid_from <= at < key.valid_to,
        f"one that {key.words} held from {key.valid_from:%Y-%m-%d %H:%M:%S} to "
        f"{key.valid_to:%Y-%m-%d %H:%M:%S} UTC",
        f"{signer.key_id} of {key.words}, signed by {at:%Y-%m-%d %H:%M:%S} UTC {clock}",
    )


def _check_time(
    folder: Path, envelope: bytes, manifest: Signed, trust: Trust | None, findings: Findings
) -> TimeStamp | None:
    """The time stamp, or None where there is none that holds."""
    authority = manifest.time_authority
    if authority is None:  # a time.tsr that is there all the same is a file too many
        findings.note("time stamp", "none: not claimed, and the signed manifest says so")
        return None
    path = folder / TIME
    if not path.exists() and not path.is_symlink():
        findings.pending("time stamp", f"one of {authority}", "none yet; it is to be completed")
        return None
    with path.open("rb") as file:
        content = file.read(_LARGEST_TOKEN + 1)
    anchors = None if trust is None else [a.certificate for a in trust.time_authorities]
    try:
        if path.is_symlink() or not path.is_file() or len(content) > _LARGEST_TOKEN:
            raise UnreadableError("the file", "a plain file of its size", "something else")
        stamp = check_time_stamp(content, envelope, anchors)
    except UnreadableError as error:
        findings.judge(f"{TIME}, {error.where}", False, error.expected, error.found)
        return None
    findings.judge(
        "time stamp",
        True,
        "one over the envelope",
        f"{stamp.time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC by {stamp.authority}; the attempt "
        f"ended at {_claimed(manifest):%Y-%m-%d %H:%M:%S} UTC by its own clock",
    )
    if trust is None:
        findings.note(
            "time stamp authority", f"{stamp.authority}, self-asserted: no trust file was given"
        )
    for what in stamp.unsigned:
        findings.note(f"{TIME}, {what}", "some, which nobody signed and nothing rests on")
    return stamp


def _claimed(manifest: Signed) -> datetime:
    return datetime.fromisoformat(manifest.ended)
