"""The protocol that every store speaks: whole objects under keys, create-only or conditional.

Here: the types that cross the room's door. Not here: the stores (``local.py``, ``s3.py``), what
a key and metadata may look like (``keys.py``) and what the product keeps in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from soxauto_assets.errors import PermanentError, TransientError


class StoreError(PermanentError):
    """The store refused, or what it holds is not what was stored."""


class ObjectExistsError(StoreError):
    """A create-only write found an object under its key; nothing was changed."""


class ObjectMissingError(StoreError):
    """No object stands under the key."""


class ObjectDamagedError(StoreError):
    """The object's bytes are not those that its receipt or metadata promise."""


class PreconditionFailedError(StoreError):
    """A conditional write found another version than expected; nothing was changed."""


class StoreFullError(StoreError):
    """There is not enough free space for the object."""


class StoreUnavailableError(TransientError):
    """The store could not be reached or throttled the request."""


@dataclass(frozen=True)
class Receipt:
    """What a store answered to a write: enough to find the very object and check it later."""

    key: str
    version: str
    sha256: str
    size: int


@dataclass(frozen=True)
class ObjectLock:
    """How a stored version is locked. ``retain_until`` is aware UTC.

    ``mode`` is COMPLIANCE (nobody can lift it) or GOVERNANCE; both None: no retention.
    """

    mode: str | None
    retain_until: datetime | None
    legal_hold: bool


@dataclass(frozen=True)
class ObjectInfo:
    """A stored object as the store describes it now. ``modified`` is aware UTC.

    ``lock`` is None where the version is not locked, as in every store that cannot lock.
    """

    key: str
    version: str
    sha256: str
    size: int
    modified: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)
    lock: ObjectLock | None = None


@dataclass(frozen=True)
class ListedObject:
    """A stored object as a listing tells of it: no version, digest or metadata.

    A listing of S3 knows no more, and asking each object would cost a request an object;
    ``info`` gives the rest. ``modified`` is aware UTC.
    """

    key: str
    size: int
    modified: datetime


class ObjectStore(Protocol):
    """Whole objects under ``/``-separated keys. A reader never sees part of an object."""

    @property
    def url(self) -> str:
        """Where the store is, for people: ``file:///…`` or ``s3://bucket/prefix``."""

    def create(
        self, key: str, source: Path | bytes, *, metadata: Mapping[str, str] | None = None
    ) -> Receipt:
        """Store a new object, whole or not at all; raises ObjectExistsError where one stands."""

    def replace(
        self,
        key: str,
        source: Path | bytes,
        *,
        expected_version: str | None,
        metadata: Mapping[str, str] | None = None,
    ) -> Receipt:
        """Store over the object of that version (None: there is none); else PreconditionFailed."""

    def info(self, key: str) -> ObjectInfo | None:
        """The object's description, or None where there is none."""

    def read(self, key: str) -> bytes:
        """The whole of a small object; raises ObjectMissingError."""

    def open(self, key: str) -> BinaryIO:
        """The object's bytes as a stream; raises ObjectMissingError."""

    def verify(self, receipt: Receipt) -> ObjectInfo:
        """Read the object of the receipt back; raises ObjectMissingError or ObjectDamagedError.

        Where the store keeps versions the receipt's own one is read, also after it was replaced;
        where it does not, an object that took its place is an ObjectMissingError.
        """

    def list(self, prefix: str) -> Iterator[ListedObject]:
        """The objects whose key starts with ``prefix``, in key order."""

    def local_path(self, key: str) -> Path:
        """A local file with the object's bytes: the object itself, or a copy fetched for it.

        It is read and never written, and lives as long as this store object does.
        """
