"""The baseline in a package: what the verifier believes, and every way to bend it that it finds."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from soxauto_assets.evidence.approval import approve
from soxauto_assets.evidence.baseline import compare
from soxauto_assets.evidence.demonstration_key import DemonstrationSigner
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets_tests.support.keys import KeySigner, trusted_key
from soxauto_assets_tests.support.packages import (
    APPROVAL,
    APPROVED_BASELINE,
    APPROVER,
    ENTRY,
    SIGNER,
    STARTED,
    edit,
    failed,
    published,
    reseal,
    sample,
)
from soxauto_assets_tests.verify.test_authenticity import trust_of


def difference(folder: Path) -> str:
    found = verify_package(folder)
    assert found.verdict is Verification.DIFFERS
    assert found.first_difference is not None
    return found.first_difference


def test_the_reader_is_told_what_the_baseline_says(folder: Path) -> None:
    told = {finding.name: finding.found for finding in verify_package(folder).checks}
    assert told["baseline"].startswith("unchanged since the baseline of 2024-02-29")
    assert told["approver's key"] == f"{APPROVER.key.key_id}, self-asserted"


def _resign(value: Any) -> None:
    """Sign the changed baseline with another key, as whoever has no approver's key must."""
    from soxauto_assets.evidence.baseline import statement
    from soxauto_assets.evidence.sealing import sealed

    value["envelope"] = json.loads(sealed(statement(value["baseline"]), KeySigner(5)))


def _in(*path: str, to: object, resign: bool = False) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        at = value
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = to
        if resign:
            _resign(value)

    return change


BENT: dict[str, tuple[Callable[[Any], None], str]] = {
    "an expiry put off": (
        _in("baseline", "approval", "expires_on", to="2099-01-01"),
        "baseline that was signed",
    ),
    "an expiry put off, signed by another": (
        _in("baseline", "approval", "expires_on", to="2099-01-01", resign=True),
        "baseline.json, keyid",
    ),
    "another approver": (
        _in("baseline", "approval", "approver", to="Eve <eve@example.com>"),
        "baseline that was signed",
    ),
    "another text, its digest kept": (
        _in("baseline", "described", "query", "lines", to=["SELECT 2"]),
        "baseline.json, described.query",
    ),
    "another digest of the query": (
        _in("now", "query", "sha256", to="0" * 64),
        "sql/catalogue/query.sql in baseline.json",
    ),
    "a control left out": (
        lambda value: value["now"]["controls"].pop("roster"),
        "controls that were compared with the baseline",
    ),
    "other parameters": (
        _in("now", "parameters", "companies", to=["EC_NG"]),
        "parameters in baseline.json",
    ),
    "a signature of nothing": (
        _in("envelope", "signatures", to=[]),
        "baseline.json, signatures",
    ),
    "a problem": (_in("problems", to=["It expired."]), "check baseline follows from baseline.json"),
    "no baseline": (
        lambda value: value.update(baseline=None, envelope=None),
        "why there is no baseline",
    ),
    "a field too many": (_in("more", to=1), "baseline.json, baseline.json"),
    "a form unheard of": (_in("baseline", "described", "columns", to=[1]), "baseline"),
}


@pytest.mark.parametrize("bent", BENT)
def test_a_bent_baseline_is_found_even_where_every_digest_fits(folder: Path, bent: str) -> None:
    change, says = BENT[bent]
    edit(folder, "baseline.json", change)
    reseal(folder)
    assert difference(folder).startswith(says)


def test_a_pass_needs_a_baseline_and_its_check(folder: Path) -> None:
    def unlisted(statement: Any) -> None:
        statement["subject"] = [s for s in statement["subject"] if s["name"] != "baseline.json"]

    (folder / "baseline.json").unlink()
    edit(folder, "manifest.json", unlisted)
    reseal(folder)
    assert difference(folder).startswith("baseline.json: expected one, for its check says PASS")


def test_a_format_3_package_without_the_check_differs(folder: Path) -> None:
    def without(checks: list[Any]) -> None:
        checks[:] = [check for check in checks if check["name"] != "baseline"]

    edit(folder, "checks.json", lambda document: without(document["checks"]))
    edit(folder, "manifest.json", lambda statement: without(statement["predicate"]["checks"]))
    reseal(folder)
    assert difference(folder) == "checks without a result: expected none; found baseline."


@pytest.mark.parametrize(
    ("day", "signer", "demonstration", "says"),
    [
        (date(2027, 2, 28), APPROVER, False, None),
        (STARTED.date(), DemonstrationSigner(), True, None),
        (STARTED.date(), DemonstrationSigner(), False, "source that a baseline of the demonstr"),
    ],
)
def test_a_pass_by_the_public_key_counts_for_the_demonstration_alone(
    tmp_path: Path, day: date, signer: Any, demonstration: bool, says: str | None
) -> None:
    judged = compare(
        ENTRY, approve(ENTRY, APPROVAL, signer), today=day, demonstration=demonstration
    )
    contents = replace(sample(tmp_path), baseline=replace(judged, problems=()).document())
    found = verify_package(published(contents, tmp_path / "store")).first_difference
    assert found is None if says is None else found is not None and found.startswith(says)


def test_an_expired_baseline_cannot_say_pass(tmp_path: Path) -> None:
    short = replace(APPROVAL, expires_on=date(2024, 9, 30))
    judged = compare(
        ENTRY, approve(ENTRY, short, APPROVER), today=date(2024, 9, 30), demonstration=False
    )
    contents = replace(sample(tmp_path), baseline=judged.document())
    assert difference(published(contents, tmp_path / "store")).startswith("day of the attempt: ")


def test_a_changed_report_that_says_fail_verifies(tmp_path: Path) -> None:
    changed = replace(ENTRY, query="SELECT 1 WHERE 1 = 0")
    judged = compare(changed, APPROVED_BASELINE, today=STARTED.date(), demonstration=False)
    contents = failed(replace(sample(tmp_path), entry=changed), "baseline")
    # published() would approve it as it is: this one is not.
    from soxauto_assets.evidence.package import publish
    from soxauto_assets.store.local import LocalStore
    from soxauto_assets_tests.support.packages import ADDRESS, SEALING

    store = LocalStore(tmp_path / "store", name="evidence", reserve_bytes=0)
    publish(replace(contents, baseline=judged.document()), ADDRESS, store, SEALING)
    package = tmp_path / "store" / ADDRESS.prefix
    assert verify_package(package).first_difference is None
    (told,) = json.loads((package / "baseline.json").read_bytes())["differences"]
    assert told == {"of_meaning": True, "words": "query, WHERE: added `1 = 0`"}


def test_the_trust_file_says_whose_approval_counts(folder: Path, tmp_path: Path) -> None:
    package = trusted_key(SIGNER)
    zola = trusted_key(APPROVER, holder='person = "Zola Mbeki"', roles='["approver"]')
    assert verify_package(folder, trust_of(tmp_path, package, zola)).first_difference is None
    for tables, says in (
        ([package], "approver's key: expected a key of the trust file"),
        ([package, zola.replace('"approver"', '"reviewer"')], "role of the approver's key"),
        ([package, zola.replace("2024-01-01", "2024-03-01")], "approver's key: expected one that"),
    ):
        found = verify_package(folder, trust_of(tmp_path, *tables)).first_difference
        assert found is not None
        assert found.startswith(says)


def test_the_statement_is_in_toto_in_dsse(folder: Path) -> None:
    envelope = json.loads((folder / "baseline.json").read_bytes())["envelope"]
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert (statement["_type"], statement["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "urn:soxauto:baseline:1",
    )
    assert statement["predicate"]["approver"] == APPROVAL.approver
