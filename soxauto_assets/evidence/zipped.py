"""A package as one ZIP for a download: the same package gives the same bytes.

Fixed dates, sorted names, stored and not deflated, so that neither a clock nor a version of a
library shows in it. Here: writing it. Not here: verifying it (``verify/archive.py``).
"""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

from soxauto_assets.errors import PermanentError
from soxauto_assets.verify.files import files_in
from soxauto_assets.verify.manifest import MANIFEST, read_manifest
from soxauto_assets.verify.strict_json import UnreadableError, read_canonical

_DATE = (1980, 1, 1, 0, 0, 0)
"""The first moment that a ZIP can hold."""
_CHUNK = 2**20


class NotAPackageError(PermanentError):
    """The folder holds no package that could be put into a ZIP."""


def zip_package(folder: Path, target: Path) -> int:
    """Write the package in ``folder`` into a new ZIP; how many files it holds.

    All stand below ``<report>/<period>/<attempt>/``. Nothing is verified on the way. Raises
    NotAPackageError, and FileExistsError where ``target`` exists; then nothing is left of it.
    """
    try:
        manifest = read_manifest(read_canonical((folder / MANIFEST).read_bytes()))
    except (OSError, UnreadableError) as error:
        raise NotAPackageError(
            f"{folder} holds no manifest of a package: {error}.",
            remedy="Name the folder of one attempt; `soxauto verify` says what is wrong with it.",
        ) from error
    names = files_in(folder)
    strange = sorted(name for name, is_plain in names.items() if not is_plain)
    if strange:
        raise NotAPackageError(
            f"{folder} holds something that is no plain file: {strange[0]}.",
            remedy="Run `soxauto verify` on the folder.",
        )
    prefix = f"{manifest.report['id']}/{manifest.period['name']}/{manifest.attempt}/"
    with open(target, "xb") as file:
        try:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for name in sorted(names):
                    _add(archive, folder / name, prefix + name)
        except BaseException:
            os.unlink(target)
            raise
    return len(names)


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system = 3  # Unix, on whatever system it is made
    info.external_attr = 0o100644 << 16
    info.file_size = path.stat().st_size
    with path.open("rb") as source, archive.open(info, "w") as target:
        shutil.copyfileobj(source, target, _CHUNK)
