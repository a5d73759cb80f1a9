"""Publishing a package: the payload, then the envelope, then the manifest; nothing ever replaced.

1. The payload: every file that the manifest will list.
2. ``manifest.dsse.json``: the manifest's bytes with their signature, in one create-only object.
   **With it the package exists.** Whoever finds another one there has lost, whatever it signed.
3. ``manifest.json``: the bytes that the envelope holds, once more, for whoever reads them.
4. Later and elsewhere: ``time.tsr`` (``timestamping.py``), ``log-proof.json``, ``seal.json``.

An attempt that dies before step 2 leaves only files; whoever closes it lists them and makes the
one package. One that dies between 2 and 3 has its package, with its verdict: ``complete`` writes
the missing copy out of the envelope, and nobody signs again. So there is no moment at which two
signed manifests of one attempt stand, whichever way a key service signs.

Here: the order of writes and what happens when it is repeated. Not here: what the files hold
(``documents.py``, ``manifest.py``) and who closes a dead attempt (``lifecycle.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.contents import (
    ContradictoryPackageError,
    LogLine,
    PackageContents,
    require_consistent,
)
from soxauto_assets.evidence.documents import documents
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.evidence.manifest import (
    ATTACHMENTS,
    DATA_FILE,
    PackagedFile,
    manifest_bytes,
    predicate_of,
)
from soxauto_assets.evidence.papers.making import PaperMaker, papers
from soxauto_assets.evidence.sealing import Sealing, sealed
from soxauto_assets.evidence.verifier_file import VERIFIER, verifier_file
from soxauto_assets.store.layout import ENVELOPE, LOG_PROOF, MANIFEST, SEAL, TIME, AttemptAddress
from soxauto_assets.store.protocol import (
    ObjectDamagedError,
    ObjectExistsError,
    ObjectInfo,
    ObjectStore,
    Receipt,
)
from soxauto_assets.verify.envelope import check_signature, read_envelope
from soxauto_assets.verify.manifest import read_manifest
from soxauto_assets.verify.strict_json import UnreadableError, read_canonical

__all__ = [
    "ContradictoryPackageError",
    "LogLine",
    "PackageConflictError",
    "PackageContents",
    "PackageExistsError",
    "PublishedPackage",
    "complete",
    "publish",
]

_LEFT_BEHIND = {
    AttemptVerdict.INTERRUPTED: "left by the interrupted attempt",
    AttemptVerdict.FAIL: "left by an earlier try to write the package",
}
_BESIDE = (ENVELOPE, MANIFEST, TIME, LOG_PROOF, SEAL)
_CHUNK = 2**20


class PackageExistsError(ObjectExistsError):
    """The attempt has another package already; an attempt has exactly one."""


class PackageConflictError(PermanentError):
    """Under the attempt's prefix stands something that a package with this verdict cannot hold."""


@dataclass(frozen=True)
class PublishedPackage:
    """A package that exists. ``receipts`` are those of its payload, ``url`` its folder.

    ``seal_sha256`` is that of its ``seal.json``; None before that was written.
    """

    manifest: Receipt
    envelope: Receipt
    receipts: tuple[Receipt, ...]
    url: str
    seal_sha256: str | None = None


@dataclass(frozen=True)
class _Payload:
    """A file to be stored: bytes, or the path of a file whose digest is known from its making."""

    source: bytes | Path
    sha256: str
    size: int


def publish(
    contents: PackageContents,
    address: AttemptAddress,
    evidence_store: ObjectStore,
    sealing: Sealing,
    *,
    papers: PaperMaker = papers,
) -> PublishedPackage:
    """Store the package of the attempt, signed; create-only, in the order above.

    May be repeated with the same contents after a transient error: what stands there with the
    same bytes is taken as it is, and so is an envelope around the same manifest. A package that
    says PASS stands alone under its prefix. One that says FAIL also lists whatever an earlier try
    has left there, with a note, and puts its own documents into ``closing-<n>/`` where their
    names are taken. ``papers`` makes its papers.

    Raises ContradictoryPackageError where the contents do not bear out the verdict,
    PackageExistsError where the attempt has another package, PackageConflictError where files
    stand in the way of a PASS or the data is not what was spooled; and what the signer and the
    store raise.
    """
    require_consistent(contents)
    present = _standing(evidence_store, address)
    folder, payload = _fitting(contents, address, present, papers)
    payload = {address.key(folder + name): item for name, item in payload.items()}
    beside = {name for name in _BESIDE if present.pop(address.key(name), None) is not None}
    closed = bool(beside)
    if closed and (ENVELOPE not in beside or not set(payload) <= set(present)):
        raise _exists_already(address)
    adopted = _adopted(contents, address, evidence_store, set(present) - set(payload))
    receipts = []
    for key, item in payload.items():
        # Whoever was thought dead and wakes up must not put files beside the package that was
        # made in its place: they would look like tampering.
        if not closed and evidence_store.info(address.key(ENVELOPE)) is not None:
            raise _exists_already(address)
        receipts.append(_stored(evidence_store, key, item, present.get(key)))
    names = len(address.prefix)
    own = [PackagedFile(key[names:], item.sha256, item.size) for key, item in payload.items()]
    manifest = manifest_bytes(
        contents,
        address,
        [*own, *adopted],
        folder=folder,
        key=sealing.signer.key,
        authority_url=sealing.authority_url,
    )
    return PublishedPackage(
        envelope=_sealed_once(evidence_store, address, manifest, sealing, closed),
        manifest=_copied_out(evidence_store, address, manifest),
        receipts=tuple(receipts),
        url=f"{evidence_store.url}/{address.prefix}",
    )


def complete(address: AttemptAddress, evidence_store: ObjectStore) -> None:
    """Write the manifest out of the attempt's envelope, where a crash came between the two.

    Raises ObjectDamagedError where the envelope is none, or its signature does not hold.
    """
    key = address.key(ENVELOPE)
    if evidence_store.info(key) is None or evidence_store.info(address.key(MANIFEST)) is not None:
        return
    try:
        envelope = read_envelope(evidence_store.read(key))
        signer = read_manifest(read_canonical(envelope.payload)).signer
        if signer is None:
            raise UnreadableError("predicateType", "a signed format", "another")
        check_signature(envelope, signer.public_key)
    except UnreadableError as error:
        raise ObjectDamagedError(
            f"{key} is no envelope of a manifest: {error}.",
            remedy="Restore it from a backup and find out who or what changed it.",
        ) from error
    _copied_out(evidence_store, address, envelope.payload)


def _standing(store: ObjectStore, address: AttemptAddress) -> dict[str, ObjectInfo]:
    """What stands under the attempt's prefix; mostly nothing, so asking each costs nothing."""
    infos = (store.info(listed.key) for listed in store.list(address.prefix))
    return {info.key: info for info in infos if info is not None}


def _fitting(
    contents: PackageContents,
    address: AttemptAddress,
    present: Mapping[str, ObjectInfo],
    papers: PaperMaker,
) -> tuple[str, dict[str, _Payload]]:
    """The first folder in which no other bytes stand under a name of the payload, and that."""
    number, folder = 0, ""
    while True:
        payload = _payload(contents, address, folder, papers)
        if not any(
            (found := present.get(address.key(folder + name))) is not None
            and (found.sha256, found.size) != (item.sha256, item.size)
            for name, item in payload.items()
        ):
            return folder, payload
        number += 1
        folder = f"closing-{number}/"


def _payload(
    contents: PackageContents, address: AttemptAddress, folder: str, papers: PaperMaker
) -> dict[str, _Payload]:
    payload = {}
    if contents.data is not None:
        data = contents.data
        payload[DATA_FILE] = _Payload(data.path, data.sha256, data.size)
    for name, content in _written(contents, address, folder, papers).items():
        payload[name] = _Payload(content, hashlib.sha256(content).hexdigest(), len(content))
    for name, path in contents.attachments.items():
        with path.open("rb") as file:
            payload[ATTACHMENTS + name] = _Payload(path, *_hashed(file))
    return payload


def _written(
    contents: PackageContents, address: AttemptAddress, folder: str, papers: PaperMaker
) -> dict[str, bytes]:
    """The documents, the papers made from them, and what verifies all of it."""
    files = documents(contents, address)
    made, failures = papers(
        contents, address, files, predicate_of(contents, address, folder), folder=folder
    )
    if failures:
        told = tuple(LogLine(contents.ended, "ERROR", failure) for failure in failures)
        files = documents(replace(contents, log=contents.log + told), address)
    return files | made | {VERIFIER: verifier_file()}


def _adopted(
    contents: PackageContents, address: AttemptAddress, store: ObjectStore, strange: set[str]
) -> list[PackagedFile]:
    """What stands under the prefix but was not written for this package, hashed as it stands."""
    note = _LEFT_BEHIND.get(contents.verdict)
    adopted = []
    for key in sorted(strange):
        if note is None:
            raise PackageConflictError(
                f"{key} stands under a package that says PASS but is not part of it.",
                remedy="Nothing was replaced. Run the month again; the attempt gets a package "
                "that says FAIL and lists the file.",
            )
        with store.open(key) as file:
            sha256, size = _hashed(file)
        adopted.append(PackagedFile(key[len(address.prefix) :], sha256, size, note))
    return adopted


def _stored(store: ObjectStore, key: str, item: _Payload, present: ObjectInfo | None) -> Receipt:
    """Create the object, or accept one of the same bytes after reading it back."""
    if present is None:
        try:
            receipt = store.create(key, item.source)
        except ObjectExistsError:
            present = store.info(key)
            if present is None:
                raise
        else:
            if (receipt.sha256, receipt.size) != (item.sha256, item.size):
                raise PackageConflictError(
                    f"{key} was stored with the SHA-256 {receipt.sha256}, "
                    f"but its file had {item.sha256} when it was made.",
                    remedy="The disk or another process changed the file. Check the disk; run "
                    "the month again.",
                )
            return receipt
    expected = Receipt(key, present.version, item.sha256, item.size)
    if (present.sha256, present.size) != (item.sha256, item.size):
        raise PackageConflictError(
            f"{key} stands in the evidence store with other bytes, and is never replaced.",
            remedy="Somebody else is closing this attempt. See `soxauto status` for its package.",
        )
    store.verify(expected)
    return expected


def _sealed_once(
    store: ObjectStore, address: AttemptAddress, manifest: bytes, sealing: Sealing, closed: bool
) -> Receipt:
    """The receipt of the one envelope, which must hold this very manifest."""
    key = address.key(ENVELOPE)
    if not closed:
        try:
            return store.create(key, sealed(manifest, sealing.signer))
        except ObjectExistsError:
            pass  # somebody else closes this attempt, or this write was answered too late
    found = store.info(key)
    try:
        if found is None or read_envelope(store.read(key)).payload != manifest:
            raise _exists_already(address)
    except UnreadableError as error:
        raise _exists_already(address) from error
    return Receipt(key, found.version, found.sha256, found.size)


def _copied_out(store: ObjectStore, address: AttemptAddress, manifest: bytes) -> Receipt:
    """The receipt of ``manifest.json``, which holds what the envelope signs."""
    key = address.key(MANIFEST)
    try:
        return store.create(key, manifest)
    except ObjectExistsError as error:
        found = store.info(key)
        if found is None or store.read(key) != manifest:
            raise _exists_already(address) from error
        return Receipt(key, found.version, found.sha256, found.size)


def _exists_already(address: AttemptAddress) -> PackageExistsError:
    return PackageExistsError(
        f"The attempt {address.attempt} at {address.report} {address.period} has another "
        "package already, and a package is never replaced.",
        remedy="Look at the package that stands; run the month again for a new attempt.",
    )


def _hashed(file: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size
