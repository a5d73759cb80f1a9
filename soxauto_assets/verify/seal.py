"""What the evidence store said of a package's objects: ``seal.json``, compared with the files.

Versions, digests and locks, as the store gave them back once the package stood. The file is not
in the signed list, for it cannot be known before; the log's entry of the attempt names its
SHA-256. Where no entry does, its word is the store's alone, and the report says so.

Here: whether it agrees with the files, and what it says. Not here: asking the store again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soxauto_assets.verify.envelope import ENVELOPE
from soxauto_assets.verify.findings import Findings
from soxauto_assets.verify.log_records import LogRecord
from soxauto_assets.verify.manifest import MANIFEST, Manifest
from soxauto_assets.verify.strict_json import (
    UnreadableError,
    count,
    digest,
    flag,
    items,
    members,
    one_of,
    read_canonical,
    text,
    utc_text,
)

SEAL = "seal.json"
VERSION = 1
_LARGEST = 2**24
_MODES = ("COMPLIANCE", "GOVERNANCE")


@dataclass(frozen=True)
class _Sealed:
    """An object as the seal names it; ``mode`` None: not locked."""

    name: str
    sha256: str
    size: int
    mode: str | None
    retain_until: str | None
    legal_hold: bool


@dataclass(frozen=True)
class _Seal:
    read_back_at: str
    store: str
    objects: tuple[_Sealed, ...]


def check_seal(
    folder: Path, manifest: Manifest, logged: LogRecord | None, findings: Findings
) -> None:
    """Ask whether the seal is the one that was logged and names these very files.

    ``logged`` is the log's entry of the attempt, where a proof of it holds.
    """
    if manifest.version < 3 or manifest.signer is None:
        return
    path = folder / SEAL
    named = None if logged is None else logged.fields.get("seal_sha256")
    if not path.exists() and not path.is_symlink():
        found = "none: nothing here tells versions and locks of the stored objects"
        if named is None:
            findings.note(SEAL, found)
        else:
            findings.judge(SEAL, False, f"one with the SHA-256 {named}, as logged", found)
        return
    with findings.guarded(SEAL, "a seal that can be read", OSError):
        try:
            content = _read(path)
            seal = _parsed(read_canonical(content))
        except UnreadableError as error:
            findings.judge(f"{SEAL}, {error.where}", False, error.expected, error.found)
            return
        if named is not None:
            found = hashlib.sha256(content).hexdigest()
            findings.compare(f"{SEAL}, its digest in the log", named, found)
        _compare(folder, manifest, seal, findings)
        whose = "" if named is not None else "; nobody signed it, and no entry of the log names it"
        findings.note(SEAL, f"{_words(seal)}{whose}")


def _read(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
        raise UnreadableError("the file", "a plain file of its size", "something else")
    return path.read_bytes()


def _parsed(value: Any) -> _Seal:
    version, read_back_at, store, objects = members(
        value, "the seal", "version", "read_back_at", "store", "objects"
    )
    if count(version, "version") != VERSION:
        raise UnreadableError("version", f"{VERSION}", repr(version))
    return _Seal(
        utc_text(read_back_at, "read_back_at"),
        text(store, "store"),
        tuple(_object(item, f"objects[{i}]") for i, item in enumerate(items(objects, "objects"))),
    )


def _object(value: Any, where: str) -> _Sealed:
    name, version, sha256, size, lock = members(
        value, where, "name", "version", "sha256", "size", "lock"
    )
    text(version, f"{where}.version")
    mode = until = None
    legal_hold = False
    if lock is not None:
        mode, until, held = members(lock, f"{where}.lock", "mode", "retain_until", "legal_hold")
        legal_hold = flag(held, f"{where}.lock.legal_hold")
        if mode is not None:
            one_of(mode, f"{where}.lock.mode", *_MODES)
        if until is not None:
            utc_text(until, f"{where}.lock.retain_until")
    return _Sealed(
        text(name, f"{where}.name"),
        digest(sha256, f"{where}.sha256"),
        count(size, f"{where}.size"),
        mode,
        until,
        legal_hold,
    )


def _compare(folder: Path, manifest: Manifest, seal: _Seal, findings: Findings) -> None:
    """The objects that it names against the signed list, and against the two files beside it."""
    expected = {file.name: (file.sha256, file.size) for file in manifest.files}
    for name in (MANIFEST, ENVELOPE):
        content = (folder / name).read_bytes()
        expected[name] = (hashlib.sha256(content).hexdigest(), len(content))
    found = {one.name: (one.sha256, one.size) for one in seal.objects}
    differ = sorted(n for n in expected.keys() | found.keys() if expected.get(n) != found.get(n))
    findings.judge(
        f"{SEAL}, the stored objects",
        not differ and len(found) == len(seal.objects),
        f"the {len(expected)} files of the package, with their digests",
        ", ".join(differ) or f"{len(seal.objects)} objects, those",
    )


def _words(seal: _Seal) -> str:
    """What it says, in a line."""
    locked = [one for one in seal.objects if one.mode is not None]
    until = min((one.retain_until for one in locked if one.retain_until), default=None)
    modes = Counter(one.mode for one in locked)
    if not locked:
        locks = "none locked"
    else:
        kinds = ", ".join(f"{number} {mode}" for mode, number in sorted(modes.items(), key=str))
        open_ones = len(seal.objects) - len(locked)
        locks = f"locked: {kinds}" + ("" if until is None else f", none before {until}")
        locks += f"; {open_ones} not locked" if open_ones else ""
    held = sum(one.legal_hold for one in seal.objects)
    return (
        f"{len(seal.objects)} objects with their versions, read back at {seal.read_back_at} from "
        f"{seal.store}; {locks}" + (f"; {held} under legal hold" if held else "")
    )
