"""Checkpoints that an auditor kept, and the log of today, which must extend them.

Here: finding and reading both. Not here: whether the log extends them (``log_proof.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from soxauto_assets.verify.checkpoint import LARGEST_CHECKPOINT
from soxauto_assets.verify.log import LOG_FOLDER, folder_reader
from soxauto_assets.verify.log_files import CHECKPOINT, Read


class NotGivenError(ValueError):
    """A checkpoint cannot be read, or the log of today is not there; nothing was verified."""


@dataclass(frozen=True)
class KeptCheckpoints:
    """Checkpoints that an auditor kept, and today's log, which must extend them."""

    notes: Sequence[bytes]
    log: Read


def kept_checkpoints(
    paths: Sequence[Path], log: Path | None, package: Path
) -> KeptCheckpoints | None:
    """The checkpoints in the files ``paths``, with the log that must extend them; None for none.

    ``log`` is the folder of the log, or the one that it stands in; without it the log beside
    ``attempts/``, in which ``package`` stands. Raises NotGivenError.
    """
    if not paths:
        return None
    above = package.resolve().parents  # attempts/<report>/<period>/<attempt>
    found = log or (above[3] if len(above) > 3 else Path())
    found = found / LOG_FOLDER if (found / LOG_FOLDER).is_dir() else found
    if not (found / CHECKPOINT).is_file():
        raise NotGivenError(
            f"--checkpoint needs the log of today, and {found} holds none; name it with --log."
        )
    return KeptCheckpoints(read_notes(paths), folder_reader(found))


def read_notes(paths: Sequence[Path]) -> list[bytes]:
    """The contents of files that hold checkpoints; raises NotGivenError."""
    notes = []
    for path in paths:
        try:
            with path.open("rb") as file:
                notes.append(file.read(LARGEST_CHECKPOINT + 1))
        except OSError as error:
            raise NotGivenError(f"{path} cannot be read: {error.strerror}.") from error
    return notes
