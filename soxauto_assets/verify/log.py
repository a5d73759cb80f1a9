"""Verifying a whole log: its files, its signature, what it extends, and what it says.

1. the checkpoint: its form, its signature, whose key that is;
2. the entries: their tree has the root that was signed, and every tile of hashes follows from it;
3. a checkpoint that was kept: the log of today begins with the very entries of that day;
4. what the entries say (``log_records.py``), and, where packages stand beside the log, that the
   envelopes are those that it names and that no package is there which it does not know.

Here: the order and the questions about files. Not here: arithmetic (``merkle.py``), forms
(``log_files.py``, ``checkpoint.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from soxauto_assets.verify.checkpoint import Checkpoint, check_note, origin_of, read_checkpoint
from soxauto_assets.verify.envelope import ENVELOPE, key_id_of
from soxauto_assets.verify.findings import Findings, VerificationReport
from soxauto_assets.verify.log_files import (
    CHECKPOINT,
    LARGEST_ENTRY,
    Read,
    expected_tiles,
    leaf_name,
    read_entries,
)
from soxauto_assets.verify.log_records import LogStory, tell
from soxauto_assets.verify.merkle import leaf_hash, root_of
from soxauto_assets.verify.strict_json import UnreadableError
from soxauto_assets.verify.trust import Trust

LOG_FOLDER = "log"
ROLE = "log"
LARGEST_FILE = 256 * (LARGEST_ENTRY + 2)
_READING = (UnreadableError, OSError, KeyError)


@dataclass(frozen=True)
class LogReport:
    """The verifier's answer about a log; ``story`` is None where its entries were not read."""

    report: VerificationReport
    checkpoint: Checkpoint | None
    story: LogStory | None


def folder_reader(folder: Path) -> Read:
    """Reads a log that lies in a folder; links are not followed out of their place."""

    def read(name: str) -> bytes:
        path = folder / name
        if path.is_symlink():
            raise FileNotFoundError(name)
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise OSError(f"{name} is larger than any file of a log")
        return content

    return read


def verify_log(
    read: Read,
    trust: Trust | None = None,
    *,
    keys: Sequence[bytes] = (),
    kept: Sequence[bytes] = (),
    packages: Path | None = None,
    first: str | None = None,
    last: str | None = None,
) -> LogReport:
    """Verify the log that ``read`` gives; needs no network and changes nothing.

    ``keys`` are the public keys (DER) that the log itself names; of them only those of the role
    ``log`` in ``trust`` count, where there is one. ``kept`` are the contents of checkpoints that
    were kept. ``packages`` is a folder with ``attempts/``, whose packages are compared.
    ``first`` and ``last`` bound the months that are expected. Never raises for what a log holds.
    """
    findings = Findings()
    checkpoint = _checkpoint(read, findings)
    if checkpoint is None:
        return LogReport(findings.report(None), None, None)
    entries = _entries(read, checkpoint, findings)
    if entries is None:
        check_log_key(checkpoint, trust, keys, None, findings)
        return LogReport(findings.report(None), checkpoint, None)
    hashes = [leaf_hash(entry) for entry in entries]
    for content in kept:
        check_kept(content, checkpoint, hashes, trust, keys, findings)
    story = tell(entries, findings, first=first, last=last)
    moment = max((record.at for record in story.records), default=None)
    check_log_key(checkpoint, trust, keys, moment, findings)
    _beyond(read, checkpoint.size, findings)
    if packages is not None:
        _packages(packages, story, findings)
    return LogReport(findings.report(None), checkpoint, story)


def keys_in(folder: Path) -> list[bytes]:
    """The public keys that a log in a folder names; nothing vouches for them."""
    return [path.read_bytes() for path in sorted((folder / "keys").glob("*.der"))]


def check_log_key(
    checkpoint: Checkpoint,
    trust: Trust | None,
    keys: Sequence[bytes],
    moment: datetime | None,
    findings: Findings,
) -> None:
    """Ask who signed the checkpoint: by the trust file, or by a key that the log itself names.

    ``moment`` is that of the last entry, by the product's clock: a checkpoint has none.
    """
    name = "signature of the checkpoint"
    if trust is None:
        candidates = [key for key in keys if key_id_of(key).startswith(checkpoint.key_hint)]
    else:
        trusted = [key for key in trust.keys if key.key_id.startswith(checkpoint.key_hint)]
        candidates = [key.public_key for key in trusted if ROLE in key.roles]
    for candidate in candidates:
        try:
            check_note(checkpoint, candidate)
        except UnreadableError as error:
            findings.judge(error.where, False, error.expected, error.found)
            return
        key_id = key_id_of(candidate)
        findings.judge(name, True, "one that holds", f"one by the key {key_id}")
        if trust is None:
            findings.note("key of the log", f"{key_id}, self-asserted: the key vouches for itself")
            return
        key = trust.key(key_id)
        assert key is not None  # it is one of them
        findings.judge(
            "key of the log",
            moment is None or key.valid_from <= moment < key.valid_to,
            f"one that {key.words} held from {key.valid_from:%Y-%m-%d} to {key.valid_to:%Y-%m-%d}",
            f"{key_id} of {key.words}, last record of {moment:%Y-%m-%d %H:%M:%S} UTC"
            if moment is not None
            else key_id,
        )
        return
    wanted = "a key of the log" if trust is None else f"a key of the trust file, role {ROLE}"
    findings.judge(name, False, f"one by {wanted}", f"one by {checkpoint.key_hint}…")


def check_kept(
    content: bytes,
    checkpoint: Checkpoint,
    hashes: Sequence[bytes],
    trust: Trust | None,
    keys: Sequence[bytes],
    findings: Findings,
) -> None:
    """Whether the log with these leaves extends the one that a kept checkpoint signed."""
    try:
        old = read_checkpoint(content)
    except UnreadableError as error:
        findings.judge(f"kept checkpoint, {error.where}", False, error.expected, error.found)
        return
    name = f"kept checkpoint of {old.size} entries"
    findings.compare(f"{name}, log", old.origin, checkpoint.origin)
    if old.size > len(hashes):
        findings.judge(name, False, f"a log of {old.size} entries at least", len(hashes))
        return
    findings.judge(
        name,
        root_of(hashes[: old.size]) == old.root,
        f"the same first {old.size} entries",
        f"those, and {len(hashes) - old.size} more"
        if root_of(hashes[: old.size]) == old.root
        else "others: the log was rewritten",
    )
    signers = [k.public_key for k in trust.keys if ROLE in k.roles] if trust else keys
    for key in signers:
        if key_id_of(key).startswith(old.key_hint):
            try:
                check_note(old, key)
            except UnreadableError as error:
                findings.judge(f"{name}, {error.where}", False, error.expected, error.found)
            else:
                findings.judge(f"{name}, signature", True, "one that holds", key_id_of(key))
            return
    findings.note(f"{name}, signature", f"by {old.key_hint}…, a key that is not known here")


def _checkpoint(read: Read, findings: Findings) -> Checkpoint | None:
    expected = "a checkpoint"
    with findings.guarded(CHECKPOINT, expected, OSError, KeyError):
        try:
            checkpoint = read_checkpoint(read(CHECKPOINT))
        except UnreadableError as error:
            findings.judge(error.where, False, error.expected, error.found)
            return None
        findings.judge(CHECKPOINT, True, expected, f"{checkpoint.size} entries")
        return checkpoint
    return None


def _entries(read: Read, checkpoint: Checkpoint, findings: Findings) -> list[bytes] | None:
    """The entries, once their tree is the one that was signed; else None."""
    try:
        entries = list(read_entries(read, checkpoint.size))
        hashes = [leaf_hash(entry) for entry in entries]
        root = root_of(hashes)
        if not findings.compare("root of the entries", checkpoint.root.hex(), root.hex()):
            return None
        findings.compare("name of the log", origin_of(hashes[0]), checkpoint.origin)
        wrong = [name for name, content in expected_tiles(hashes) if read(name) != content]
    except _READING as error:
        findings.judge("files of the log", False, "all of them", f"{error}")
        return None
    findings.judge("tiles", not wrong, "those of the entries", ", ".join(wrong) or "those")
    return entries


def _beyond(read: Read, size: int, findings: Findings) -> None:
    count = 0
    try:
        while read(leaf_name(size + count)):
            count += 1
    except _READING:
        if count:
            findings.note("entries that wait for the next checkpoint", count)


def _packages(root: Path, story: LogStory, findings: Findings) -> None:
    """The envelopes beside the log against those that it names."""
    named = {
        f"{a.report}/{a.period}/{a.attempt}": str(closed.fields["envelope_sha256"])
        for a in story.attempts
        for closed in a.closed[:1]
        if closed.fields.get("envelope_sha256") is not None
    }
    present = dict(_envelopes(root / "attempts"))
    lost = sorted(set(named) - set(present))
    findings.judge("packages that are gone", not lost, "none", ", ".join(lost) or "none")
    changed = sorted(n for n in set(named) & set(present) if named[n] != present[n])
    findings.judge(
        "packages whose envelope is another one", not changed, "none", ", ".join(changed) or "none"
    )
    open_yet = {f"{a.report}/{a.period}/{a.attempt}" for a in story.attempts if not a.closed}
    strange = sorted(set(present) - set(named) - open_yet)
    findings.judge(
        "packages that the log does not name", not strange, "none", ", ".join(strange) or "none"
    )


def _envelopes(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob(f"*/*/*/{ENVELOPE}")):
        name = path.parent.relative_to(folder).as_posix()
        yield name, hashlib.sha256(path.read_bytes()).hexdigest()
