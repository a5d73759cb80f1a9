"""Packages that older versions of the product wrote: every later verifier accepts them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from soxauto_assets.evidence.manifest import PREDICATE_TYPE
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets.verify.manifest import PREDICATE_TYPES
from soxauto_assets.verify.trust import read_trust

GOLDEN = Path(__file__).parent.parent / "fixtures" / "packages"
PACKAGES = sorted(path.parent for path in GOLDEN.rglob("manifest.json"))
EXPECTED = {"pending": Verification.TIME_PENDING}


def _version(package: Path) -> str:
    return package.relative_to(GOLDEN).parts[0]


@pytest.mark.parametrize(
    "package", PACKAGES, ids=lambda p: "/".join(p.relative_to(GOLDEN).parts[:2])
)
def test_a_package_of_every_version_is_still_verified(package: Path) -> None:
    trust = GOLDEN / _version(package) / "trust.toml"
    expected = EXPECTED.get(package.parents[2].name, Verification.VERIFIED)

    for trusted in (None, read_trust(trust)) if trust.exists() else (None,):
        report = verify_package(package, trusted)

        assert (report.first_difference, report.verdict) == (None, expected)


def test_every_version_that_was_ever_written_has_its_golden_packages() -> None:
    found = {
        _version(package): json.loads((package / "manifest.json").read_bytes())["predicateType"]
        for package in PACKAGES
    }

    assert found == {kind.rsplit(":", 1)[1]: kind for kind in PREDICATE_TYPES}
    assert PREDICATE_TYPES[-1] == PREDICATE_TYPE


def test_the_packages_of_format_3_have_every_verdict_and_whatever_may_be_in_one() -> None:
    manifests = {
        package.relative_to(GOLDEN).parts[1]: json.loads((package / "manifest.json").read_bytes())
        for package in PACKAGES
        if _version(package) == "3"
    }
    files = {s["name"] for m in manifests.values() for s in m["subject"]}
    wanted = {"baseline.json", "workpaper.xlsx", "package.html", "verify.pyz", "personal-data.json"}

    assert {kind: m["predicate"]["verdict"] for kind, m in manifests.items()} == {
        "pass": "PASS",
        "pseudonymised": "PASS",
        "fail": "FAIL",
        "interrupted": "FAIL (interrupted)",
        "control": "FAIL",
    }
    assert manifests["control"]["predicate"]["report"]["id"] == "pg01"
    assert wanted <= files
