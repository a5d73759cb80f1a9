"""What format 3 adds to format 2: more files in the list, and two more beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from soxauto_assets.evidence.seal import seal
from soxauto_assets.store.local import LocalStore
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets_tests.support.packages import (
    ADDRESS,
    copied,
    edit,
    published,
    reseal,
    sample,
    unreached,
)

LISTED = ("baseline.json", "workpaper.xlsx", "package.html", "verify.pyz")
"""Those that any bytes make; what personal-data.json says is judged (test_personal_data.py)."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return published(sample(tmp_path), tmp_path / "store")


def test_the_new_files_are_accepted_in_the_list_of_format_3_alone(folder: Path) -> None:
    def listed(statement: dict[str, list[object]]) -> None:
        names = sorted(added)
        statement["subject"] += [
            {"name": name, "digest": {"sha256": ""}, "annotations": {"size": 0}} for name in names
        ]
        statement["subject"].sort(key=lambda file: str(file["name"]))  # type: ignore[index]

    added = [name for name in LISTED if not (folder / name).exists()]
    for name in added:
        (folder / name).write_bytes(b"{}")
    edit(folder, "manifest.json", listed)
    reseal(folder)
    assert verify_package(folder).verdict is Verification.VERIFIED

    edit(
        folder, "manifest.json", lambda s: s.update(predicateType="urn:soxauto:evidence-package:2")
    )
    reseal(folder)
    assert verify_package(folder).first_difference == (
        f"files that no package has: expected none; found {', '.join(sorted(LISTED))}."
    )


def test_a_package_of_format_2_has_no_file_of_format_3_beside_it(tmp_path: Path) -> None:
    name = "seal.json"
    published(unreached(sample(tmp_path)), tmp_path / "store")
    seal(ADDRESS, LocalStore(tmp_path / "store", name="evidence"))
    folder = copied(tmp_path / "store" / ADDRESS.prefix, tmp_path / "copy")
    assert verify_package(folder).verdict is Verification.VERIFIED

    edit(
        folder, "manifest.json", lambda s: s.update(predicateType="urn:soxauto:evidence-package:2")
    )
    reseal(folder)
    assert f"files that the manifest does not list: expected none; found {name}." in [
        finding.words for finding in verify_package(folder).checks if not finding.ok
    ]
