"""The files of a package folder against the manifest's list: all there, none besides, unchanged.

Here: names, sizes and SHA-256 of bytes as they lie there, before anything parses them. Not here:
what is in them.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from soxauto_assets.verify.findings import Findings
from soxauto_assets.verify.manifest import MANIFEST, ListedFile


def files_in(folder: Path) -> dict[str, bool]:
    """Everything below ``folder`` but folders: name with ``/`` -> is it a plain file.

    Links are not followed: a link is no plain file.
    """
    found: dict[str, bool] = {}
    open_folders = [(folder, "")]
    while open_folders:
        path, prefix = open_folders.pop()
        with os.scandir(path) as entries:
            for entry in entries:
                name = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    open_folders.append((path / entry.name, f"{name}/"))
                else:
                    found[name] = entry.is_file(follow_symlinks=False)
    return found


def check_files(
    folder: Path, listed: tuple[ListedFile, ...], beside: frozenset[str], findings: Findings
) -> None:
    """Ask of each listed file whether it is there unchanged, and whether any other one is.

    ``beside`` are names that the manifest cannot list and that may be there.
    """
    present = files_in(folder)
    strange = sorted(set(present) - {file.name for file in listed} - {MANIFEST} - beside)
    findings.judge(
        "files that the manifest does not list", not strange, "none", ", ".join(strange) or "none"
    )
    for file in listed:
        expected = f"{file.size} bytes with the SHA-256 {file.sha256}"
        if file.name not in present:
            found = "no such file"
        elif not present[file.name]:
            found = "something that is no plain file"
        else:
            found = _described(folder / file.name)
        findings.compare(f"file {file.name}", expected, found)


def _described(path: Path) -> str:
    """Size and SHA-256 of one open file, whatever happens to its name meanwhile."""
    try:
        # A name that became a link or a pipe since it was listed is neither followed nor waited
        # for.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(handle, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return "something that is no plain file"
            digest, size = hashlib.file_digest(file, "sha256"), file.tell()
    except OSError as error:
        return f"a file that cannot be read ({error.strerror})"
    return f"{size} bytes with the SHA-256 {digest.hexdigest()}"
