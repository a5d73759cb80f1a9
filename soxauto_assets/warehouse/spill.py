"""Folders that an engine spills to: one a session, removed with it, also after a crash.

Two engines in one spill folder would write over each other's files, and a killed process leaves
gigabytes behind. A lock, which the system drops with its process, tells whose folder is in use.

Here: these folders. Not here: the engine (``embedded.py``) and the spooled extract (``store``).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "session-"
_LOCK = "in-use"


@contextmanager
def spill_session(root: Path) -> Iterator[Path]:
    """A folder under ``root`` for one session; those of dead processes are removed first.

    Raises OSError where ``root`` cannot be written.
    """
    root.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(root)
    # Made whole under another prefix and renamed, so that nobody finds it without its lock held.
    made = Path(tempfile.mkdtemp(prefix="new-", dir=root))
    with (made / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = made.rename(root / f"{_PREFIX}{made.name.removeprefix('new-')}")
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(root: Path) -> None:
    for folder in root.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # gone meanwhile, or in use
            descriptor = os.open(folder / _LOCK, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
