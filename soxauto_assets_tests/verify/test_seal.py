"""``seal.json``: what the store said of versions, digests and locks, and who vouches for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from soxauto_assets.evidence.seal import seal
from soxauto_assets.store.local import LocalStore
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets_tests.support.folders import quick_folder
from soxauto_assets_tests.support.held import Held, held
from soxauto_assets_tests.support.packages import ADDRESS, copied, edit, published, sample


@pytest.fixture(scope="module")
def made() -> Iterator[Held]:
    """A package whose seal is named in the log."""
    with quick_folder() as root:
        yield held(root, [sample(root)])[0]


@pytest.fixture
def logged(made: Held, tmp_path: Path) -> Held:
    return made.copied(tmp_path / "copy")


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A package with a seal that no log names."""
    folder = published(sample(tmp_path), tmp_path / "store")
    seal(ADDRESS, LocalStore(tmp_path / "store", name="evidence"))
    return copied(folder, tmp_path / "copy")


def words(folder: Path) -> list[str]:
    report = verify_package(folder)
    assert report.first_difference is None
    return [finding.found for finding in report.checks if finding.name == "seal.json"]


def test_the_seal_that_the_log_names_is_compared_and_told(logged: Held) -> None:
    report = logged.verified()

    assert report.verdict is Verification.VERIFIED
    asked = {finding.name: finding.found for finding in report.checks if "seal" in finding.name}
    assert asked["seal.json, the stored objects"] == "29 objects, those"
    assert asked["seal.json"].startswith("29 objects with their versions, read back at 20")
    assert asked["seal.json"].endswith("; none locked")


def test_a_seal_that_no_log_names_is_told_as_such(sealed: Path) -> None:
    (told,) = words(sealed)

    assert told.endswith("; none locked; nobody signed it, and no entry of the log names it")


def test_a_package_without_a_seal_says_so_unless_the_log_names_one(
    logged: Held, sealed: Path
) -> None:
    for folder in (logged.folder, sealed):
        (folder / "seal.json").unlink()

    assert words(sealed) == ["none: nothing here tells versions and locks of the stored objects"]
    found = logged.verified().first_difference
    assert found is not None
    assert found.startswith("seal.json: expected one with the SHA-256 ")


def test_another_seal_than_the_logged_one_is_found_even_where_it_agrees(logged: Held) -> None:
    path = logged.folder / "seal.json"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content.replace(b'"version":"', b'"version":"0', 1))

    found = logged.verified().first_difference
    assert found is not None
    assert found.startswith("seal.json, its digest in the log: expected ")


def test_locks_are_told_with_the_first_end(sealed: Path) -> None:
    def lock(document: Any) -> None:
        for number, one in enumerate(document["objects"][1:]):
            one["lock"] = {
                "mode": "COMPLIANCE" if number else "GOVERNANCE",
                "retain_until": f"203{number % 3}-01-01T00:00:00.000000Z",
                "legal_hold": number < 2,
            }

    edit(sealed, "seal.json", lock)

    assert (
        "; locked: 27 COMPLIANCE, 1 GOVERNANCE, none before 2030-01-01T00:00:00.000000Z; "
        "1 not locked; 2 under legal hold; "
    ) in words(sealed)[0]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: s["objects"][0].update(sha256="0" * 64), "the stored objects: "),
        (lambda s: s["objects"][0].update(size=1), "the stored objects: "),
        (lambda s: s["objects"].pop(), "the stored objects: "),
        (lambda s: s["objects"].append(s["objects"][0]), "the stored objects: "),
        (lambda s: s["objects"][0].update(name="x"), "the stored objects: "),
        (lambda s: s["objects"][0].update(lock={}), "objects[0].lock: "),
        (lambda s: s["objects"][0].update(version=1), "objects[0].version: "),
        (lambda s: s.update(version=2), "version: "),
        (lambda s: s.update(read_back_at="today"), "read_back_at: "),
        (lambda s: s.update(more=1), "the seal: "),
    ],
)
def test_a_seal_that_disagrees_or_is_none_is_found(
    sealed: Path, change: Callable[[Any], object], told: str
) -> None:
    edit(sealed, "seal.json", change)

    assert (verify_package(sealed).first_difference or "").startswith(f"seal.json, {told}")
