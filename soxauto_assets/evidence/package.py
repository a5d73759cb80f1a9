"""Publishing a package: the payload first, the manifest last, nothing ever replaced.

With the manifest the package exists; before it, there are only files. So an attempt that dies on
the way leaves no package, and whoever closes it lists what it left and writes the one manifest.

Here: the order of writes and what happens when it is repeated. Not here: what the files hold
(``documents.py``, ``manifest.py``) and who closes a dead attempt (``lifecycle.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
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
from soxauto_assets.evidence.manifest import DATA_FILE, PackagedFile, manifest_bytes
from soxauto_assets.store.layout import MANIFEST, AttemptAddress
from soxauto_assets.store.protocol import (
    ObjectExistsError,
    ObjectInfo,
    ObjectStore,
    Receipt,
)

__all__ = [
    "ContradictoryPackageError",
    "LogLine",
    "PackageConflictError",
    "PackageContents",
    "PackageExistsError",
    "PublishedPackage",
    "publish",
]

_LEFT_BEHIND = {
    AttemptVerdict.INTERRUPTED: "left by the interrupted attempt",
    AttemptVerdict.FAIL: "left by an earlier try to write the package",
}
_CHUNK = 2**20


class PackageExistsError(ObjectExistsError):
    """The attempt has another package already; an attempt has exactly one."""


class PackageConflictError(PermanentError):
    """Under the attempt's prefix stands something that a package with this verdict cannot hold."""


@dataclass(frozen=True)
class PublishedPackage:
    """A package that exists. ``receipts`` are those of its payload, ``url`` its folder."""

    manifest: Receipt
    receipts: tuple[Receipt, ...]
    url: str


@dataclass(frozen=True)
class _Payload:
    """A file to be stored: bytes, or the path of a file whose digest is known from its making."""

    source: bytes | Path
    sha256: str
    size: int


def publish(
    contents: PackageContents, address: AttemptAddress, evidence_store: ObjectStore
) -> PublishedPackage:
    """Store the package of the attempt; create-only, the manifest last.

    May be repeated with the same contents after a transient error: what stands there with the
    same bytes is taken as it is. A package that says PASS stands alone under its prefix. One that
    says FAIL also lists whatever an earlier try has left there, with a note, and puts its own
    documents into ``closing-<n>/`` where their names are taken.

    Raises ContradictoryPackageError where the contents do not bear out the verdict,
    PackageExistsError where the attempt has another package, PackageConflictError where files
    stand in the way of a PASS or the data is not what was spooled; and what the store raises.
    """
    require_consistent(contents)
    payload = _payload(contents, address)
    present = _standing(evidence_store, address)
    folder = _folder(payload, address, present)
    payload = {address.key(folder + name): item for name, item in payload.items()}
    closed = present.pop(address.key(MANIFEST), None) is not None
    if closed and not set(payload) <= set(present):
        raise _exists_already(address)
    adopted = _adopted(contents, address, evidence_store, set(present) - set(payload))
    receipts = []
    for key, item in payload.items():
        # Whoever was thought dead and wakes up must not put files beside the package that was
        # made in its place: they would look like tampering.
        if not closed and evidence_store.info(address.key(MANIFEST)) is not None:
            raise _exists_already(address)
        receipts.append(_stored(evidence_store, key, item, present.get(key)))
    names = len(address.prefix)
    own = [PackagedFile(key[names:], item.sha256, item.size) for key, item in payload.items()]
    manifest = manifest_bytes(contents, address, [*own, *adopted], folder=folder)
    try:
        receipt = evidence_store.create(address.key(MANIFEST), manifest)
    except ObjectExistsError as error:
        receipt = _same_manifest(evidence_store, address, manifest, error)
    return PublishedPackage(receipt, tuple(receipts), f"{evidence_store.url}/{address.prefix}")


def _standing(store: ObjectStore, address: AttemptAddress) -> dict[str, ObjectInfo]:
    """What stands under the attempt's prefix; mostly nothing, so asking each costs nothing."""
    infos = (store.info(listed.key) for listed in store.list(address.prefix))
    return {info.key: info for info in infos if info is not None}


def _payload(contents: PackageContents, address: AttemptAddress) -> dict[str, _Payload]:
    payload = {}
    if contents.data is not None:
        data = contents.data
        payload[DATA_FILE] = _Payload(data.path, data.sha256, data.size)
    for name, content in documents(contents, address).items():
        payload[name] = _Payload(content, hashlib.sha256(content).hexdigest(), len(content))
    return payload


def _folder(
    payload: Mapping[str, _Payload], address: AttemptAddress, present: Mapping[str, ObjectInfo]
) -> str:
    """The first folder in which no other bytes stand under a name of the payload."""
    number, folder = 0, ""
    while any(
        (found := present.get(address.key(folder + name))) is not None
        and (found.sha256, found.size) != (item.sha256, item.size)
        for name, item in payload.items()
    ):
        number += 1
        folder = f"closing-{number}/"
    return folder


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


def _same_manifest(
    store: ObjectStore, address: AttemptAddress, manifest: bytes, error: ObjectExistsError
) -> Receipt:
    """The receipt of the manifest that stands there, where it is the very same."""
    key = address.key(MANIFEST)
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
