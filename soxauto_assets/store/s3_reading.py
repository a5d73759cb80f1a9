"""Bytes out of S3: a stream that survives a broken connection, and local copies of objects.

Here: reading. Not here: which version is read and what is checked (``s3.py``).
"""

from __future__ import annotations

import io
import os
import stat
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
)

from soxauto_assets.store.durable import clean_partial_files, partial_file
from soxauto_assets.store.s3_errors import S3Errors

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BROKEN = (HTTPClientError, ConnectionError, IncompleteReadError)
_BUFFER = 2**20


class ObjectStream(io.RawIOBase):
    """The bytes of one version of an object from the first to the last.

    botocore tries a request again, but not the rest of an answer: a connection that breaks in
    the middle of the body is mended here, by asking the same version for what is missing.
    ``answer`` is what the first request gave, ``again`` asks for the bytes from a position on.
    """

    def __init__(
        self,
        key: str,
        answer: Mapping[str, Any],
        again: Callable[[int], Mapping[str, Any]],
        errors: S3Errors,
        tries: int,
    ) -> None:
        self._key = key
        self._body = answer["Body"]
        self._size = int(answer["ContentLength"])
        self._again = again
        self._errors = errors
        self._left = tries - 1
        self._position = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, target: WriteableBuffer, /) -> int:
        """The next bytes, asked for again where the connection broke; 0 at the end."""
        view = memoryview(target).cast("B")
        with self._errors.told(self._key):
            while True:
                try:
                    chunk = self._body.read(len(view))
                    break
                except _BROKEN:
                    if not self._left:
                        raise
                    self._left -= 1
                    self._body.close()
                    if self._position == self._size:
                        return 0
                    self._body = self._again(self._position)["Body"]
        view[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)

    def close(self) -> None:
        """Let go of the connection."""
        if not self.closed:
            self._body.close()
        super().close()


def buffered(stream: ObjectStream) -> io.BufferedReader:
    """The stream with a buffer, so that many small reads cost as little as a large one."""
    return io.BufferedReader(stream, _BUFFER)


class FetchedFiles:
    """Local copies of objects, private to this user, gone when this object or its process ends.

    What a killed process left is removed by the next one, which knows it by the lock that died
    with its owner (``durable.partial_file``).
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._folder: Path | None = None
        self._files: dict[tuple[str, str], Path] = {}
        self._kept = ExitStack()
        weakref.finalize(self, self._kept.close)

    def path(self, key: str, version: str, fill: Callable[[int], None]) -> Path:
        """The copy of that version; ``fill`` writes it to an open file the first time."""
        with self._guard:
            known = self._files.get((key, version))
            if known is not None and known.exists():
                return known
            if self._folder is None:
                self._folder = _private_folder()
                clean_partial_files(self._folder)
            with ExitStack() as until_filled:
                path, handle = until_filled.enter_context(partial_file(self._folder))
                fill(handle)
                self._kept.push(until_filled.pop_all())
            self._files[key, version] = path
            return path


def _private_folder() -> Path:
    """``soxauto-<uid>`` among the temporary files, or a new one where somebody else has it."""
    folder = Path(tempfile.gettempdir()) / f"soxauto-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
    if private and status.st_uid == os.getuid():
        return folder
    return Path(tempfile.mkdtemp(prefix="soxauto-"))


def read_in_chunks(stream: io.BufferedReader, take: Callable[[bytes], None]) -> None:
    """Hand the stream to ``take`` piece by piece, at most a buffer of it in memory; closes it."""
    with closing(stream):
        while chunk := stream.read(_BUFFER):
            take(chunk)
