"""A store that is a local folder: the default, and the shape every other store answers to.

Objects are plain files under their keys, so that people and other programs read them as they
are. What the store needs besides lies in three hidden folders: ``.partial`` (files being
written), ``.records`` (version, digest and metadata of each object) and ``.locks``.

A write goes through these steps, and a crash between any two of them leaves the object as it
was before or as it is after, never in between:

1. the bytes into ``.partial``, hashed on the way, and synced to the disk;
2. under the key's lock: compare what stands there with what the caller expects;
3. the record into ``.records``, under a name that fits only the new file, synced;
4. the new file takes the key: a hard link where nothing may stand (of two links only one can
   win), else a rename; the folder is synced;
5. tidying: the name in ``.partial``, the record of the file before.

Not here: the keys of the product (``layout.py``), the calls of the operating system
(``durable.py``), how records are found (``local_records.py``).
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from soxauto_assets.store.durable import (
    clean_partial_files,
    copy_hashed,
    free_bytes,
    hash_file,
    locked,
    make_folder,
    partial_file,
    sync_folder,
    write_all,
)
from soxauto_assets.store.keys import check_key, check_metadata, is_key
from soxauto_assets.store.local_errors import LocalErrors
from soxauto_assets.store.local_records import ObjectRecord, RecordShelf, fingerprint
from soxauto_assets.store.protocol import (
    ListedObject,
    ObjectExistsError,
    ObjectInfo,
    ObjectMissingError,
    PreconditionFailedError,
    Receipt,
    StoreError,
)

RESERVE_BYTES = 64 * 2**20
"""Free space that no large object may use, so that a full disk can still be reported."""
SMALL_OBJECT_BYTES = 2**20
"""Objects up to this size (records, manifests, alerts) may use the reserve."""
_RECORD_BYTES = 16 * 2**10


class LocalStore:
    """The store in the folder ``root``, called ``name`` in errors; it is made on first write.

    Opening it removes what writers that died left in ``.partial``.
    """

    def __init__(self, root: Path, *, name: str, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._root = root.absolute()
        self._name = name
        self._errors = LocalErrors(self._root, name)
        self._reserve = reserve_bytes
        self._partial = self._root / ".partial"
        self._locks = self._root / ".locks"
        self._records = RecordShelf(self._root / ".records", self._partial)
        clean_partial_files(self._partial)

    @property
    def url(self) -> str:
        """The folder as ``file:///…``."""
        return self._root.as_uri()

    def create(
        self, key: str, source: Path | bytes, *, metadata: Mapping[str, str] | None = None
    ) -> Receipt:
        """Store a new object, whole or not at all.

        Raises ObjectExistsError where one stands, StoreFullError naming need and free space,
        InvalidKeyError, InvalidMetadataError, and StoreError for anything else that the disk
        refuses.
        """

        def admit(present: ObjectInfo | None) -> None:
            if present is not None:
                raise ObjectExistsError(
                    f"{key} stands in the {self._name} store already, and is never replaced.",
                    remedy="Make a new attempt: it gets a key of its own.",
                )

        return self._put(key, source, metadata or {}, admit)

    def replace(
        self,
        key: str,
        source: Path | bytes,
        *,
        expected_version: str | None,
        metadata: Mapping[str, str] | None = None,
    ) -> Receipt:
        """Store over the object of that version (None: there is none).

        Raises PreconditionFailedError where another version stands; else as ``create``.
        """

        def admit(present: ObjectInfo | None) -> None:
            found = None if present is None else present.version
            if found != expected_version:
                raise PreconditionFailedError(
                    f"{key} in the {self._name} store has version {found}, "
                    f"not {expected_version}: somebody else wrote it.",
                    remedy="Read it again and decide anew.",
                )

        return self._put(key, source, metadata or {}, admit)

    def info(self, key: str) -> ObjectInfo | None:
        """The object's description, or None; without a record (after a copy) it is hashed."""
        with self._errors.told(key):
            described = self._describe(check_key(key))
        return None if described is None else described[0]

    def read(self, key: str) -> bytes:
        """The whole of a small object, compared with its record.

        Raises ObjectMissingError, and ObjectDamagedError where the bytes were changed.
        """
        with self.open(key) as file:
            mark, content = fingerprint(os.fstat(file.fileno())), file.read()
        record = self._records.find(key, mark)
        sha256 = hashlib.sha256(content).hexdigest()
        if record is None:
            with self._errors.told(key):
                described = self._describe(key)
            # A file that was replaced meanwhile was whole when it was read, and its record is
            # gone by right.
            changed = described is not None and not described[1] and described[0].sha256 == sha256
        else:
            changed = record.sha256 != sha256
        if changed:
            raise self._errors.damaged(key, "its record in the store")
        return content

    def open(self, key: str) -> BinaryIO:
        """The object's bytes as a stream, the same object to its end; ObjectMissingError."""
        path = self._path(key)
        with self._errors.told(key):
            try:
                return open(path, "rb")
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise self._errors.missing(key) from None

    def verify(self, receipt: Receipt) -> ObjectInfo:
        """Read the object back and compare every byte with the receipt.

        Raises ObjectMissingError where none stands or another version took its place, and
        ObjectDamagedError where the bytes are not those of the receipt.
        """
        with self._errors.told(receipt.key), self.open(receipt.key) as file:
            status = os.fstat(file.fileno())
            sha256 = hash_file(file.fileno())
            record = self._records.find(receipt.key, fingerprint(status))
        if (sha256, status.st_size) != (receipt.sha256, receipt.size):
            if record is not None and sha256 == record.sha256:
                raise ObjectMissingError(
                    f"{receipt.key} in the {self._name} store holds version {record.version}, "
                    f"not {receipt.version} of the receipt.",
                    remedy="Ask for the receipt of the version that stands there now.",
                )
            raise self._errors.damaged(receipt.key, "its receipt")
        if record is None:
            return self.info(receipt.key) or _as_found(receipt.key, status, sha256)
        return record.info(receipt.key)

    def list(self, prefix: str) -> Iterator[ListedObject]:
        """The objects whose key starts with ``prefix``, in key order (bytes of UTF-8).

        Streams: one folder at a time is held in memory.
        """
        folder = prefix.rpartition("/")[0]
        if folder and not is_key(folder):
            return
        for key in self._walk(folder, prefix):
            with self._errors.told(key):
                status = _file_status(self._root / key)
            if status is not None:
                modified = datetime.fromtimestamp(status.st_mtime, UTC)
                yield ListedObject(key, status.st_size, modified)

    def local_path(self, key: str) -> Path:
        """The object's own file, to read and never to write; raises ObjectMissingError."""
        path = self._path(key)
        if self.info(key) is None:
            raise self._errors.missing(key)
        return path

    # -- writing

    def _put(
        self,
        key: str,
        source: Path | bytes,
        metadata: Mapping[str, str],
        admit: Callable[[ObjectInfo | None], None],
    ) -> Receipt:
        path = self._path(key)
        check_metadata(metadata)
        admit(self.info(key))  # before the bytes are copied for nothing
        with _opened(source) as (read_from, size), self._errors.told(key, need=size):
            self._check_space(key, size)
            make_folder(self._partial)
            make_folder(self._locks)
            with partial_file(self._partial) as (temporary, handle):
                if isinstance(source, bytes):
                    write_all(handle, source)
                    sha256, size = hashlib.sha256(source).hexdigest(), len(source)
                else:
                    sha256, size = copy_hashed(read_from, handle)
                os.fsync(handle)
                mark = fingerprint(os.fstat(handle))
                record = ObjectRecord(
                    secrets.token_hex(16), sha256, size, datetime.now(UTC), metadata
                )
                with locked(self._lock(key)):
                    present = self.info(key)
                    admit(present)
                    make_folder(path.parent)
                    self._records.write(key, mark, record)
                    try:
                        if present is None:
                            os.link(temporary, path)
                        else:
                            os.replace(temporary, path)
                    except BaseException as error:
                        self._records.forget(key, mark)
                        if isinstance(error, FileExistsError):
                            admit(self.info(key))  # where the folder's locks do not hold
                        raise
                    sync_folder(path.parent)
                    if present is not None:
                        self._records.keep_only(key, mark)
        return Receipt(key, record.version, sha256, size)

    def _check_space(self, key: str, size: int) -> None:
        need = size + _RECORD_BYTES + (self._reserve if size > SMALL_OBJECT_BYTES else 0)
        if need > free_bytes(self._root):
            raise self._errors.full(key, need)

    def _lock(self, key: str) -> Path:
        # A lock for each key would never be removed; 256 for all of them are enough.
        return self._locks / hashlib.sha256(key.encode()).hexdigest()[:2]

    # -- reading

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _describe(self, key: str) -> tuple[ObjectInfo, bool] | None:
        """The object under ``key`` and whether its bytes are known to be as stored."""
        path = self._path(key)
        while True:
            status = _file_status(path)
            if status is None:
                return None
            record = self._records.find(key, fingerprint(status))
            if record is not None:
                return record.info(key), True
            try:
                with open(path, "rb") as file:
                    sha256 = hash_file(file.fileno())
                    status = os.fstat(file.fileno())
            except FileNotFoundError:
                continue
            found = _file_status(path)
            if found is not None and fingerprint(found) == fingerprint(status):
                return self._recognise(key, status, sha256)

    def _recognise(
        self, key: str, status: os.stat_result, sha256: str
    ) -> tuple[ObjectInfo, bool] | None:
        """Describe a file whose record does not fit it: a copy, a stranger, or a changed file."""
        known = self._records.of_key(key)
        record = next((known for known in known if known.sha256 == sha256), None)
        if record is None and known:
            return _as_found(key, status, sha256), False
        if record is None:
            stored_at = datetime.fromtimestamp(status.st_mtime, UTC)
            record = ObjectRecord(fingerprint(status), sha256, status.st_size, stored_at)
        # Remembered, so that a copied store is hashed once; one that is only read stays as it is.
        with suppress(OSError):
            self._records.write(key, fingerprint(status), record)
        return record.info(key), True

    def _walk(self, folder: str, prefix: str) -> Iterator[str]:
        """The keys below ``folder`` that start with ``prefix``, in order."""
        with self._errors.told(folder):
            try:
                with os.scandir(self._root / folder) as entries:
                    names = [
                        entry.name + "/" * entry.is_dir(follow_symlinks=False) for entry in entries
                    ]
            except (FileNotFoundError, NotADirectoryError):
                return
        # 'a-b' comes before 'a/b', although the folder 'a' comes before the file 'a-b'.
        found = sorted(names, key=os.fsencode)
        for name in found:
            key = f"{folder}/{name}" if folder else name
            if not is_key(key.removesuffix("/")):
                continue
            if not name.endswith("/"):
                if key.startswith(prefix):
                    yield key
            elif key.startswith(prefix) or prefix.startswith(key):
                yield from self._walk(key.removesuffix("/"), prefix)


@contextmanager
def _opened(source: Path | bytes) -> Iterator[tuple[int, int]]:
    """An open source and its size in bytes; bytes need no file and give handle -1."""
    if isinstance(source, bytes):
        yield -1, len(source)
        return
    try:
        handle = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise StoreError(
            f"The file to store, {source}, cannot be read: {error.strerror}.",
            remedy="Check that it was written and is readable.",
        ) from error
    try:
        yield handle, os.fstat(handle).st_size
    finally:
        os.close(handle)


def _file_status(path: Path) -> os.stat_result | None:
    """The status of a plain file, or None where there is none; links are not followed."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _as_found(key: str, status: os.stat_result, sha256: str) -> ObjectInfo:
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    return ObjectInfo(key, fingerprint(status), sha256, status.st_size, modified)
