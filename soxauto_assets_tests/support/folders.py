"""Folders for tests that sync thousands of files, where syncing costs nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A new folder in memory where the system has such a place, else on the disk."""
    memory = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    folder = Path(tempfile.mkdtemp(dir=_MEMORY if memory else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
