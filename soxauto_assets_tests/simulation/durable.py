"""What outlives a process in the simulation: objects in memory, and the store protocol over them.

Here: whole objects under keys with versions, and who is told of each write. Not here: faults
(``faults.py``), what is stored (the product) and what must hold of it (``invariants.py``).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from soxauto_assets.store.protocol import (
    ListedObject,
    ObjectDamagedError,
    ObjectExistsError,
    ObjectInfo,
    ObjectMissingError,
    PreconditionFailedError,
    Receipt,
)


@dataclass(frozen=True)
class Held:
    """One version of an object."""

    content: bytes
    sha256: str
    version: str
    modified: datetime
    metadata: Mapping[str, str]


@dataclass
class Disk:
    """The durable objects of one store; ``first`` are the digests that keys began with.

    ``watch`` is told of each write, after it.
    """

    name: str
    objects: dict[str, Held] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    writes: int = 0
    watch: Callable[[str, str, Held], None] | None = None

    def copy(self) -> Disk:
        """The same objects, to be changed apart."""
        return Disk(self.name, dict(self.objects), dict(self.first), self.writes)

    def put(self, key: str, content: bytes, metadata: Mapping[str, str], at: datetime) -> Receipt:
        """Make this the object's newest version, whatever stood there."""
        self.writes += 1
        held = Held(content, hashlib.sha256(content).hexdigest(), f"v{self.writes}", at, metadata)
        self.objects[key] = held
        self.first.setdefault(key, held.sha256)
        if self.watch is not None:
            self.watch(self.name, key, held)
        return Receipt(key, held.version, held.sha256, len(content))


class MemoryStore:
    """The store protocol over a disk. ``scratch`` takes the copies that ``local_path`` makes."""

    def __init__(self, disk: Disk, now: Callable[[], datetime], scratch: Path) -> None:
        self.disk = disk
        self._now = now
        self._scratch = scratch

    @property
    def url(self) -> str:
        return f"memory:///{self.disk.name}"

    def create(
        self, key: str, source: Path | bytes, *, metadata: Mapping[str, str] | None = None
    ) -> Receipt:
        if key in self.disk.objects:
            raise ObjectExistsError(f"{key} stands already.", remedy="Nothing was changed.")
        return self.disk.put(key, _bytes(source), dict(metadata or {}), self._now())

    def replace(
        self,
        key: str,
        source: Path | bytes,
        *,
        expected_version: str | None,
        metadata: Mapping[str, str] | None = None,
    ) -> Receipt:
        held = self.disk.objects.get(key)
        if (None if held is None else held.version) != expected_version:
            raise PreconditionFailedError(f"{key} is another.", remedy="Nothing was changed.")
        return self.disk.put(key, _bytes(source), dict(metadata or {}), self._now())

    def info(self, key: str) -> ObjectInfo | None:
        held = self.disk.objects.get(key)
        if held is None:
            return None
        return ObjectInfo(
            key, held.version, held.sha256, len(held.content), held.modified, held.metadata
        )

    def read(self, key: str) -> bytes:
        return self._held(key).content

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self._held(key).content)

    def verify(self, receipt: Receipt) -> ObjectInfo:
        held = self._held(receipt.key)
        if (held.sha256, len(held.content)) != (receipt.sha256, receipt.size):
            raise ObjectDamagedError(f"{receipt.key} is another.", remedy="Restore it.")
        found = self.info(receipt.key)
        assert found is not None
        return found

    def list(self, prefix: str) -> Iterator[ListedObject]:
        # As a listing page does: what stands now, whatever happens while it is read.
        return iter(
            [
                ListedObject(key, len(held.content), held.modified)
                for key, held in sorted(self.disk.objects.items())
                if key.startswith(prefix)
            ]
        )

    def local_path(self, key: str) -> Path:
        held = self._held(key)
        path = self._scratch / f"{self.disk.name}-{held.version}"
        path.write_bytes(held.content)
        return path

    def _held(self, key: str) -> Held:
        try:
            return self.disk.objects[key]
        except KeyError:
            raise ObjectMissingError(f"{key} is not there.", remedy="Look elsewhere.") from None


def _bytes(source: Path | bytes) -> bytes:
    return source if isinstance(source, bytes) else source.read_bytes()
