"""A package in a ZIP: the same bytes each time, and verified whatever the container is like."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from soxauto_assets.evidence.zipped import NotAPackageError, zip_package
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets.verify.__main__ import main
from soxauto_assets.verify.archive import verify_zip
from soxauto_assets.verify.findings import VerificationReport
from soxauto_assets_tests.support.packages import copied, published, sample

ROOT = "ipe_99/2024-09/20241001_080000Z-0123abcd/"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("zip")
    return published(sample(root), root / "store")


@pytest.fixture(scope="module")
def packed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packed") / "package.zip"
    zip_package(folder, path)
    return path


def verified(path: Path) -> VerificationReport:
    return verify_zip(path, verify_package)


def test_the_same_package_gives_the_same_zip(folder: Path, packed: Path, tmp_path: Path) -> None:
    elsewhere = copied(folder, tmp_path)  # other dates, other rights, another folder
    count = zip_package(elsewhere, tmp_path / "again.zip")

    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()
    with zipfile.ZipFile(packed) as archive:
        infos = archive.infolist()
    assert len(infos) == count
    assert [info.filename for info in infos] == sorted(info.filename for info in infos)
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.compress_type for info in infos} == {zipfile.ZIP_STORED}


def test_a_zip_is_verified_like_its_folder_and_said_to_be_one(folder: Path, packed: Path) -> None:
    report = verified(packed)

    assert report.verdict is Verification.VERIFIED
    note, *findings = report.checks
    assert (note.name, note.kind.value) == ("ZIP", "note")
    assert findings == list(verify_package(folder).checks)


@pytest.mark.parametrize("root", ["", "renamed by somebody/", "a/b/c/d/"])
def test_a_zip_made_by_another_program_is_accepted(folder: Path, tmp_path: Path, root: str) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if root:
            archive.mkdir(root.rstrip("/"))
        for file in sorted(folder.rglob("*"), reverse=True):
            if file.is_file():
                archive.write(file, root + file.relative_to(folder).as_posix())

    assert verified(path).verdict is Verification.VERIFIED


def rewritten(packed: Path, to: Path, change: Callable[[zipfile.ZipFile], None]) -> Path:
    to.write_bytes(packed.read_bytes())
    with zipfile.ZipFile(to, "a") as archive:
        change(archive)
    return to


def _link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"{ROOT}link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("change", "first"),
    [
        (lambda a: a.writestr("../outside", b"x"), "ZIP, its files: expected plain files below"),
        (lambda a: a.writestr("/etc/outside", b"x"), "ZIP, its files: expected plain files below"),
        (lambda a: a.writestr(_link(), b"/etc/passwd"), "ZIP, its files: expected plain files"),
        (lambda a: a.writestr("beside.txt", b"x"), "ZIP, its files: expected one package; found"),
        (
            lambda a: a.writestr(f"{ROOT}more.txt", b"x"),
            "files that the manifest does not list: expected none; found more.txt.",
        ),
        (
            lambda a: [a.writestr(f"{ROOT}{n}.txt", b"") for n in range(200)],
            "ZIP, its files: expected those that its manifest lists",
        ),
    ],
)
def test_what_a_zip_holds_too_much_is_found_and_leads_nowhere(
    packed: Path, tmp_path: Path, change: Callable[[zipfile.ZipFile], None], first: str
) -> None:
    report = verified(rewritten(packed, tmp_path / "changed.zip", change))

    assert report.verdict is Verification.DIFFERS
    assert report.first_difference is not None
    assert report.first_difference.startswith(first)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(packed: Path, tmp_path: Path) -> None:
    report = verified(
        rewritten(packed, tmp_path / "x.zip", lambda a: a.writestr(f"{ROOT}README.txt", b"x"))
    )

    assert report.first_difference == (
        f"ZIP, its files: expected each name once; found {ROOT}README.txt twice."
    )


def test_a_file_that_unpacks_to_more_than_is_listed_is_not_unpacked_whole(
    folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                content = file.read_bytes()
                if file.name == "README.txt":
                    content = b"\0" * 50_000_000
                archive.writestr(ROOT + file.relative_to(folder).as_posix(), content)
    size = (folder / "README.txt").stat().st_size

    assert verified(path).first_difference == (
        f"file README.txt: expected {_listed(folder, 'README.txt')}; found {size + 1} bytes with "
        f"the SHA-256 {_zeros(size + 1)}."
    )


def _listed(folder: Path, name: str) -> str:
    import hashlib

    content = (folder / name).read_bytes()
    return f"{len(content)} bytes with the SHA-256 {hashlib.sha256(content).hexdigest()}"


def _zeros(count: int) -> str:
    import hashlib

    return hashlib.sha256(b"\0" * count).hexdigest()


def test_a_changed_byte_of_a_stored_file_is_found(packed: Path, tmp_path: Path) -> None:
    content = packed.read_bytes()
    at = content.index(b"EVIDENCE PACKAGE")
    path = tmp_path / "changed.zip"
    path.write_bytes(content[:at] + b"e" + content[at + 1 :])

    assert verified(path).verdict is Verification.DIFFERS


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"x" * 1000])
def test_what_is_no_zip_differs(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)

    assert verified(tmp_path / "x.zip").verdict is Verification.DIFFERS


def test_a_folder_without_a_package_is_not_put_into_a_zip(tmp_path: Path) -> None:
    with pytest.raises(NotAPackageError, match="holds no manifest"):
        zip_package(tmp_path, tmp_path / "x.zip")

    assert not (tmp_path / "x.zip").exists()


def test_the_verifier_in_one_file_takes_a_zip_too(
    packed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(packed)]) == 0
    assert capsys.readouterr().out.startswith("VERIFIED all ")
