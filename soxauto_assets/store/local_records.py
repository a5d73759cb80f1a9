"""What the local store remembers of each object: version, digest, metadata.

A file cannot carry them itself, and two files cannot change at once. So the record of an object
is a file of its own that stands *before* the object does, under a name made of what a rename
leaves alone: inode, modification stamp and size. An object that appears finds its record there;
a record without its object means nothing. After ``cp -r`` no name fits any more: then the record
is found again by the digest of the bytes.

Here: reading, writing and finding records. Not here: when they are written (``local.py``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from soxauto_assets.store.durable import make_folder, partial_file, sync_folder, write_all
from soxauto_assets.store.protocol import ObjectInfo


@dataclass(frozen=True)
class ObjectRecord:
    """What is remembered of one object; ``stored_at`` is aware UTC."""

    version: str
    sha256: str
    size: int
    stored_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)

    def info(self, key: str) -> ObjectInfo:
        """The same in the words of the protocol."""
        return ObjectInfo(
            key, self.version, self.sha256, self.size, self.stored_at, dict(self.metadata)
        )

    def to_json(self) -> bytes:
        """The record as it is stored."""
        document = {
            "version": self.version,
            "sha256": self.sha256,
            "size": self.size,
            "stored_at": self.stored_at.astimezone(UTC).isoformat(),
            "metadata": dict(self.metadata),
        }
        return json.dumps(document, ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def from_json(cls, content: bytes) -> ObjectRecord | None:
        """The record of stored bytes, or None where a crash of the machine left them broken."""
        try:
            document = json.loads(content)
            return cls(
                str(document["version"]),
                str(document["sha256"]),
                int(document["size"]),
                datetime.fromisoformat(document["stored_at"]),
                {str(name): str(value) for name, value in document["metadata"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


def fingerprint(status: os.stat_result) -> str:
    """What ties a file to its record: unchanged by link and rename, changed by any copy."""
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"


class RecordShelf:
    """The records of a store, in ``folder``; temporary files go to ``partial``."""

    def __init__(self, folder: Path, partial: Path) -> None:
        self._folder = folder
        self._partial = partial

    def write(self, key: str, mark: str, record: ObjectRecord) -> None:
        """Keep the record for the file of ``key`` with the fingerprint ``mark``, durably."""
        path = self._path(key, mark)
        make_folder(path.parent)
        make_folder(self._partial)
        with partial_file(self._partial) as (temporary, handle):
            write_all(handle, record.to_json())
            os.fsync(handle)
            os.replace(temporary, path)
        sync_folder(path.parent)

    def find(self, key: str, mark: str) -> ObjectRecord | None:
        """The record for the file of ``key`` with the fingerprint ``mark``."""
        return self._read(self._path(key, mark))

    def of_key(self, key: str) -> list[ObjectRecord]:
        """All records ever written for ``key`` and not forgotten, the latest first."""
        records = [self._read(path) for path in self._paths(key)]
        return sorted(
            (record for record in records if record is not None),
            key=lambda record: record.stored_at,
            reverse=True,
        )

    def forget(self, key: str, mark: str) -> None:
        """Remove one record, of an object that never came to stand."""
        with suppress(OSError):
            os.unlink(self._path(key, mark))

    def keep_only(self, key: str, mark: str) -> None:
        """Remove the records of what stood under ``key`` before; only tidying, so never fails."""
        for path in self._paths(key):
            if path != self._path(key, mark):
                with suppress(OSError):
                    os.unlink(path)

    def _path(self, key: str, mark: str) -> Path:
        return self._folder / f"{key}~{mark}.json"

    def _paths(self, key: str) -> list[Path]:
        # The fingerprint holds no '~', so the last one parts it from the object's own name.
        beside = self._folder / key
        try:
            names = os.listdir(beside.parent)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [beside.parent / name for name in names if name.rpartition("~")[0] == beside.name]

    def _read(self, path: Path) -> ObjectRecord | None:
        try:
            return ObjectRecord.from_json(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
