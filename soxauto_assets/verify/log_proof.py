"""Whether the log holds the closing of a package's attempt: ``log-proof.json`` beside it.

The proof is canonical JSON: ``checkpoint`` (the note), ``leaf`` (the log's entry, whose canonical
text is what was hashed), ``number``, ``path`` (hashes from the leaf to the root), ``public_key``
(of the checkpoint, SubjectPublicKeyInfo in DER, base64) and ``version``.

Here: the proof of one package. Not here: the whole log (``log.py``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from soxauto_assets.verify.checkpoint import Checkpoint, check_note, read_checkpoint
from soxauto_assets.verify.envelope import ENVELOPE, strict_base64
from soxauto_assets.verify.findings import Findings
from soxauto_assets.verify.kept import KeptCheckpoints
from soxauto_assets.verify.log import ROLE, check_kept, check_log_key
from soxauto_assets.verify.log_files import read_entries
from soxauto_assets.verify.log_records import CLOSED, LogRecord, read_record
from soxauto_assets.verify.manifest import Manifest
from soxauto_assets.verify.merkle import ProofError, check_inclusion, leaf_hash, root_of
from soxauto_assets.verify.strict_json import (
    UnreadableError,
    canonical,
    count,
    items,
    members,
    one_of,
    read_canonical,
    text,
)
from soxauto_assets.verify.trust import Trust

LOG_PROOF = "log-proof.json"
VERSION = 1
_LARGEST = 2**20


@dataclass(frozen=True)
class _Proof:
    checkpoint: Checkpoint
    record: LogRecord
    entry: bytes
    path: tuple[bytes, ...]
    public_key: bytes


def check_log_proof(
    folder: Path,
    manifest: Manifest,
    trust: Trust | None,
    kept: KeptCheckpoints | None,
    findings: Findings,
) -> LogRecord | None:
    """Ask whether the log names this very envelope; the entry that does, or None.

    Every answer is a finding. A package without a proof is told of; where the trust file has a key
    of the log, or a checkpoint was kept, it must have one.
    """
    if manifest.version < 3:
        return None
    path = folder / LOG_PROOF
    if not path.exists() and not path.is_symlink():
        asked = kept is not None or (trust is not None and any(ROLE in k.roles for k in trust.keys))
        found = "none: nothing here shows that the log names this package"
        if asked:
            findings.judge(LOG_PROOF, False, "a proof; the next start writes it", found)
        else:
            findings.note(LOG_PROOF, found)
        return None
    with findings.guarded(LOG_PROOF, "a proof that can be read", OSError, ImportError):
        try:
            proof = _read(path)
            envelope = hashlib.sha256((folder / ENVELOPE).read_bytes()).hexdigest()
            _check_record(proof.record, envelope, manifest)
            # A trust file may name another key of the same beginning; the proof's own must hold.
            check_note(proof.checkpoint, proof.public_key)
            check_inclusion(
                leaf_hash(proof.entry),
                proof.record.number,
                proof.checkpoint.size,
                proof.path,
                proof.checkpoint.root,
            )
        except UnreadableError as error:
            findings.judge(f"{LOG_PROOF}, {error.where}", False, error.expected, error.found)
            return None
        except ProofError as error:
            findings.judge(LOG_PROOF, False, "a path to the root of the checkpoint", error)
            return None
        findings.judge(
            "log",
            True,
            "an entry of this envelope",
            f"entry {proof.record.number} of {proof.checkpoint.size}, {proof.checkpoint.origin}",
        )
        check_log_key(proof.checkpoint, trust, [proof.public_key], proof.record.at, findings)
        if kept is not None:
            _check_kept(proof, kept, trust, findings)
        return proof.record
    return None


def _read(path: Path) -> _Proof:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
        raise UnreadableError("the file", "a plain file of its size", "something else")
    note, leaf, number, hashes, public_key, version = members(
        read_canonical(path.read_bytes()),
        "the proof",
        "checkpoint",
        "leaf",
        "number",
        "path",
        "public_key",
        "version",
    )
    if count(version, "version") != VERSION:
        raise UnreadableError("version", f"{VERSION}", repr(version))
    entry = canonical(leaf)
    return _Proof(
        read_checkpoint(text(note, "checkpoint").encode()),
        read_record(entry, count(number, "number")),
        entry,
        tuple(_hash(item, f"path[{i}]") for i, item in enumerate(items(hashes, "path"))),
        strict_base64(public_key, "public_key"),
    )


def _hash(value: object, where: str) -> bytes:
    found = text(value, where)
    try:
        hashed = bytes.fromhex(found)
    except ValueError as error:
        raise UnreadableError(where, "64 hexadecimal digits", repr(value)) from error
    if hashed.hex() != found or len(hashed) != 32:
        raise UnreadableError(where, "64 hexadecimal digits", repr(value))
    return hashed


def _check_record(record: LogRecord, envelope: str, manifest: Manifest) -> None:
    one_of(record.kind, "leaf.kind", CLOSED)
    fields = record.fields
    for name, expected in (
        ("report", manifest.report["id"]),
        ("period", manifest.period["name"]),
        ("attempt", manifest.attempt),
        ("verdict", manifest.verdict),
        ("envelope_sha256", envelope),
    ):
        one_of(fields.get(name), f"leaf.{name}", expected)


def _check_kept(
    proof: _Proof, kept: KeptCheckpoints, trust: Trust | None, findings: Findings
) -> None:
    """Today's log extends both the kept checkpoints and the one of the proof."""
    try:
        today = read_checkpoint(kept.log("checkpoint"))
        hashes = [leaf_hash(entry) for entry in read_entries(kept.log, today.size)]
    except (UnreadableError, OSError) as error:
        findings.judge("log of today", False, "a log that can be read", error)
        return
    keys = [proof.public_key]
    findings.compare("log of today, root", today.root.hex(), root_of(hashes).hex())
    findings.judge(
        "log of today, the proof's checkpoint",
        proof.checkpoint.size <= today.size
        and root_of(hashes[: proof.checkpoint.size]) == proof.checkpoint.root,
        "the same first entries",
        f"{today.size} entries",
    )
    check_log_key(today, trust, keys, proof.record.at, findings)
    for note in kept.notes:
        check_kept(note, today, hashes, trust, keys, findings)
