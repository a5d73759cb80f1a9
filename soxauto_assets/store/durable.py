"""Files that survive a crash: synced folders, copies that are hashed, locks that die with us.

Here: the few calls of the operating system on which the local store's promises rest. Not here:
what the promises are (``local.py``).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_CHUNK = 8 * 2**20
_CANNOT_COPY_IN_KERNEL = {
    errno.EXDEV,
    errno.EINVAL,
    errno.ENOSYS,
    errno.EOPNOTSUPP,
    errno.EPERM,
    errno.EBADF,
}


def sync_folder(folder: Path) -> None:
    """Have the names in ``folder`` on the disk: without it a rename may be gone after a crash."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make ``folder`` and what lies above it, each name on the disk before this returns."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    # Another process may make the same folder now; what is no folder shows when it is used.
    with suppress(FileExistsError):
        os.mkdir(folder)
    sync_folder(folder.parent)


def free_bytes(folder: Path) -> int:
    """The bytes that this user may still write where ``folder`` is, or will be, made."""
    while not folder.exists():
        folder = folder.parent
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def copy_hashed(source: int, target: int) -> tuple[str, int]:
    """Copy the open file ``source`` to the empty ``target``; returns SHA-256 (hex) and size.

    The kernel copies where it can (on XFS and Btrfs without moving a byte), and the digest is
    taken of what arrived, not of what was sent.
    """
    digest, size = hashlib.sha256(), 0
    buffer = memoryview(bytearray(_CHUNK))
    in_kernel = hasattr(os, "copy_file_range")
    while True:
        copied = 0
        if in_kernel:
            try:
                copied = os.copy_file_range(source, target, _CHUNK)
            except OSError as error:
                if error.errno not in _CANNOT_COPY_IN_KERNEL:
                    raise
            # Zero is the end of the file, or a file system that cannot: reading on tells them
            # apart.
            in_kernel = copied > 0
        if not copied:
            copied = os.readv(source, [buffer])
            if not copied:
                return digest.hexdigest(), size
            write_all(target, buffer[:copied])
        arrived = 0
        while arrived < copied:
            got = os.preadv(target, [buffer[: copied - arrived]], size + arrived)
            if not got:
                raise OSError(errno.EIO, "a file lost bytes while it was written")
            digest.update(buffer[:got])
            arrived += got
        size += copied


def write_all(target: int, content: bytes | memoryview) -> None:
    """Write all of ``content`` at the position of the open file ``target``."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(target, rest) :]


def hash_file(handle: int) -> str:
    """The SHA-256 (hex) of an open file from its first byte on."""
    digest, position = hashlib.sha256(), 0
    buffer = memoryview(bytearray(_CHUNK))
    while got := os.preadv(handle, [buffer], position):
        digest.update(buffer[:got])
        position += got
    return digest.hexdigest()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock named by the file ``path``, against other processes and other threads.

    The kernel lets go of it when the process dies, so no dead process can hold it.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        # Said aloud, because a child forked in between shares the open file and would keep it.
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


@contextmanager
def partial_file(folder: Path) -> Iterator[tuple[Path, int]]:
    """A new file in ``folder`` under a name of its own, gone at the end unless it was renamed.

    It is locked as long as its writer lives: that is how ``clean_partial_files`` knows the files
    of the dead, also of those in another container. Read-only for everybody from the start.
    """
    while True:
        path = folder / secrets.token_hex(16)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if os.fstat(handle).st_nlink:
                yield path, handle
                return
            # A cleaner came between open and lock, and took the file away: begin again.
        finally:
            with suppress(OSError):  # renamed away, or left for the next cleaner
                os.unlink(path)
            os.close(handle)


def clean_partial_files(folder: Path) -> None:
    """Remove the partial files whose writers are dead; never fails, for it is only tidying."""
    with suppress(OSError):
        for name in os.listdir(folder):
            with suppress(OSError):
                handle = os.open(folder / name, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(folder / name)
                finally:
                    os.close(handle)
