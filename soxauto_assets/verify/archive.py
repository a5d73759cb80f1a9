"""A package in a ZIP: unpacked into a scratch folder, then verified like any other folder.

Nobody signed the container: order, dates and compression of a ZIP are accepted whatever they are,
and the report says that it was one. What it may not do is lead out of the folder, hold a name
twice, or unpack to more than its manifest lists.

Here: unpacking with these bounds. Not here: anything about what is in it (``package.py``).
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from soxauto_assets.verify.findings import Finding, Findings, Kind, VerificationReport
from soxauto_assets.verify.manifest import MANIFEST, is_safe_name, read_manifest
from soxauto_assets.verify.strict_json import UnreadableError, read_canonical

_LARGEST_DOCUMENT = 64 * 2**20
_MOST_STRANGERS = 100
"""Files that the manifest does not list: those beside it, and a few that it will be told of."""
_CHUNK = 2**20
_ENCRYPTED = 0x1
_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error)


def verify_zip(path: Path, verify: Callable[[Path], VerificationReport]) -> VerificationReport:
    """Unpack the ZIP at ``path`` for as long as ``verify`` looks at its folder.

    Never raises for what the ZIP holds: one that cannot be unpacked is a package that differs.
    """
    with TemporaryDirectory(prefix="soxauto-verify-") as scratch:
        findings = Findings()
        try:
            folder = _unpacked(path, Path(scratch).resolve())
        except UnreadableError as error:
            findings.judge(f"ZIP, {error.where}", False, error.expected, error.found)
            return findings.report(None)
        except _BROKEN as error:
            findings.judge("ZIP", False, "one that can be unpacked", f"{error}")
            return findings.report(None)
        report = verify(folder)
    note = Finding("ZIP", True, "", "a container, which nobody signed; unpacked first", Kind.NOTE)
    return replace(report, checks=(note, *report.checks))


def _unpacked(path: Path, scratch: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        files = _files(archive)
        root = min(
            (name for name in files if name.rpartition("/")[2] == MANIFEST),
            key=lambda name: name.count("/"),
            default=None,
        )
        if root is None:
            raise UnreadableError("its files", f"a {MANIFEST}", "none")
        folder = root.removesuffix(MANIFEST)
        strangers = [name for name in files if not name.startswith(folder)]
        if strangers:
            raise UnreadableError("its files", "one package", f"{strangers[0]} beside it")
        _copy(archive, files[root], scratch, _LARGEST_DOCUMENT)
        listed = _listed(scratch / root)
        others = {name: info for name, info in files.items() if name != root}
        if sum(name.removeprefix(folder) not in listed for name in others) > _MOST_STRANGERS:
            raise UnreadableError("its files", "those that its manifest lists", "many others")
        for name, info in others.items():
            # One byte more than is listed is enough to be found too large.
            size = listed.get(name.removeprefix(folder))
            _copy(archive, info, scratch, _LARGEST_DOCUMENT if size is None else size + 1)
    return scratch / folder if folder else scratch


def _files(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    files: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename
        if info.is_dir():
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        if not is_safe_name(name) or kind not in (0, stat.S_IFREG):
            raise UnreadableError("its files", "plain files below one folder", repr(name))
        if name in files:
            raise UnreadableError("its files", "each name once", f"{name} twice")
        if info.flag_bits & _ENCRYPTED:
            raise UnreadableError(name, "no password", "one")
        files[name] = info
    return files


def _listed(manifest: Path) -> Mapping[str, int]:
    """The sizes that the manifest lists; none where it is no manifest, as its reader will say."""
    try:
        return {
            file.name: file.size
            for file in read_manifest(read_canonical(manifest.read_bytes())).files
        }
    except UnreadableError:
        return {}


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, scratch: Path, most: int) -> None:
    target = scratch / info.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    left = most
    with archive.open(info) as source, target.open("xb") as file:
        while left and (chunk := source.read(min(_CHUNK, left))):
            file.write(chunk)
            left -= len(chunk)
