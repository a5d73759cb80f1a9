"""What the local store says when the operating system refuses: the value, the cause, the remedy.

Here: words only. Not here: when they are raised (``local.py``).
"""

from __future__ import annotations

import errno
import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from soxauto_assets.store.durable import free_bytes
from soxauto_assets.store.protocol import (
    ObjectDamagedError,
    ObjectMissingError,
    StoreError,
    StoreFullError,
)

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST}


class LocalErrors:
    """The errors of the store ``name`` in the folder ``root``."""

    def __init__(self, root: Path, name: str) -> None:
        self._root = root
        self._store = f"{name} store ({root.as_uri()})"

    @contextmanager
    def told(self, key: str, *, need: int = 0) -> Iterator[None]:
        """Turn every OSError about ``key`` into a StoreError; ``need`` is its size in bytes."""
        try:
            yield
        except OSError as error:
            raise self._told(key, need, error) from error

    def full(self, key: str, need: int) -> StoreFullError:
        """There is no room for ``need`` bytes."""
        return StoreFullError(
            f"The {self._store} has no room for {key}: it needs {need:,} bytes with its reserve, "
            f"{free_bytes(self._root):,} are free.",
            remedy=f"Free space under {self._root}, lift a quota, or move the store.",
        )

    def missing(self, key: str) -> ObjectMissingError:
        """Nothing stands under ``key``."""
        return ObjectMissingError(
            f"There is no {key} in the {self._store}.",
            remedy="Check the key; where it was stored before, restore it from a backup.",
        )

    def damaged(self, key: str, promise: str) -> ObjectDamagedError:
        """The bytes under ``key`` are not those that ``promise`` speaks of."""
        return ObjectDamagedError(
            f"The bytes of {key} in the {self._store} are not those of {promise}.",
            remedy="Restore the object from a backup and find out who or what changed it.",
        )

    def _told(self, key: str, need: int, error: OSError) -> StoreError:
        reason = os.strerror(error.errno) if error.errno else str(error)
        if error.errno in _NO_SPACE:
            return self.full(key, need)
        if error.errno in _NOT_ALLOWED:
            return StoreError(
                f"The {self._store} does not let user {_user()} at {key or 'it'}: {reason}.",
                remedy=f"Give that user the right to read and write in {self._root}, or choose "
                "another folder.",
            )
        if error.errno in _IN_THE_WAY:
            return StoreError(
                f"{key} cannot stand in the {self._store}: {reason}.",
                remedy="No key may go on below another key, and no other file stand in its way.",
            )
        return StoreError(
            f"The {self._store} failed at {key or 'its folder'}: {reason}.",
            remedy=f"Check the disk under {self._root}, then try again.",
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
