"""Sign-offs: two persons over one digest, stored once, suspended by a newer attempt."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.canonical import canonical_json, parse_canonical
from soxauto_assets.evidence.lifecycle import (
    AttemptState,
    AttemptVerdict,
    ClosedAttempt,
    OpenAttempt,
)
from soxauto_assets.evidence.sealing import sealed
from soxauto_assets.evidence.sign_off import (
    SignOffRefusedError,
    StoredSignOff,
    sign_off,
    sign_off_key,
    sign_offs,
)
from soxauto_assets.evidence.signing import PersonalSigner
from soxauto_assets.reconciliation.sign_off_rules import blockers
from soxauto_assets.settings import PROJECT_FOLDER
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.local import LocalStore
from soxauto_assets.verify import verify_package
from soxauto_assets.verify.trust import read_trust
from soxauto_assets_tests.support.keys import KeySigner, trusted_key
from soxauto_assets_tests.support.packages import ADDRESS, APPROVER, SIGNER, published, sample

AMINA, KOFI, SERVICE, STRANGER = (KeySigner(number) for number in (11, 12, 13, 14))
NOW = datetime(2024, 10, 2, 9, 30, tzinfo=UTC)


def attempt(address: AttemptAddress, verdict: AttemptVerdict | None) -> AttemptState:
    closed = verdict and ClosedAttempt(
        address, verdict, address.key("manifest.json"), "0" * 64, None, NOW, "a@b", "run"
    )
    return AttemptState(OpenAttempt(address, "run", None, "0.1.0", NOW, 300), closed or None)


PASSED = attempt(ADDRESS, AttemptVerdict.PASS)
LATER = replace(ADDRESS, attempt="20241003_080000Z-0123abcd")


class Desk:
    """A package, the stores around it, and a trust file with two persons and a service."""

    def __init__(self, root: Path) -> None:
        self.folder = published(sample(root), root / "evidence")
        self.evidence = LocalStore(root / "evidence", name="evidence", reserve_bytes=0)
        self.state = LocalStore(root / "state", name="state", reserve_bytes=0)
        self.trust_file = root / "trust.toml"
        self.trust_file.write_text(
            trusted_key(SIGNER)
            + trusted_key(AMINA, holder='person = "Amina Diallo"', roles='["preparer", "reviewer"]')
            + trusted_key(KOFI, holder='person = "Kofi Mensah"', roles='["reviewer"]')
            + trusted_key(SERVICE, holder='service = "robot"', roles='["preparer"]')
            + trusted_key(APPROVER, holder='person = "Zola Mbeki"', roles='["approver"]')
        )
        self.trust = read_trust(self.trust_file)

    def sign(self, role: str, who: KeySigner, latest: AttemptState = PASSED) -> StoredSignOff:
        return sign_off(
            latest,
            role,
            who,
            evidence=self.evidence,
            state=self.state,
            trust=self.trust,
            log_signer=SIGNER,
            now=lambda: NOW,
        )

    def read(self, *history: AttemptState) -> list[tuple[str, str | None, str | None]]:
        found = sign_offs(self.evidence, "ipe_99", ADDRESS.period, history, self.trust)
        return [(one.role, one.problem, one.suspended_by) for one in found]

    def file(self, role: str) -> Path:
        return Path(self.evidence.local_path(sign_off_key(ADDRESS, role)))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_two_persons_sign_the_digest_of_the_package(desk: Desk) -> None:
    made = desk.sign("preparer", AMINA)
    desk.sign("reviewer", KOFI)

    assert made.sign_off is not None
    envelope = (desk.folder / "manifest.dsse.json").read_bytes()
    assert made.sign_off.package_sha256 == hashlib.sha256(envelope).hexdigest()
    assert (made.sign_off.person, made.sign_off.at) == ("Amina Diallo", NOW)
    assert desk.read(PASSED) == [("preparer", None, None), ("reviewer", None, None)]
    recorded = sorted((r.kind.value, r.fields["role"], r.at) for r in journal.read(desk.state))
    assert recorded == [("sign-off", "preparer", NOW), ("sign-off", "reviewer", NOW)]


def test_the_statement_is_as_its_published_schema_says(desk: Desk) -> None:
    desk.sign("preparer", AMINA)
    schema = json.loads((PROJECT_FOLDER / "docs/schema/sign-off-1.schema.json").read_text())
    envelope = json.loads(desk.file("preparer").read_bytes())

    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(base64.b64decode(envelope["payload"])))


@pytest.mark.parametrize("verdict", [None, *AttemptVerdict])
def test_a_newer_attempt_suspends_every_sign_off_whatever_its_verdict(
    desk: Desk, verdict: AttemptVerdict | None
) -> None:
    desk.sign("preparer", AMINA)

    assert desk.read(PASSED, attempt(LATER, verdict)) == [("preparer", None, LATER.attempt)]


@pytest.mark.parametrize(
    ("role", "who", "why"),
    [
        ("preparer", STRANGER, "is not in the trust file"),
        ("preparer", SERVICE, "a service signs nothing off"),
        ("preparer", KOFI, "Kofi Mensah is not a preparer by the trust file"),
        ("preparer", SIGNER, "a service signs nothing off"),
        ("reviewer", KOFI, "no preparer has signed it"),
    ],
)
def test_a_key_that_may_not_sign_is_refused(
    desk: Desk, role: str, who: KeySigner, why: str
) -> None:
    with pytest.raises(SignOffRefusedError, match=why):
        desk.sign(role, who)

    assert desk.read(PASSED) == []
    assert list(journal.read(desk.state)) == []


def test_one_person_cannot_be_preparer_and_reviewer(desk: Desk) -> None:
    desk.sign("preparer", AMINA)

    with pytest.raises(SignOffRefusedError, match="preparer and reviewer have one key"):
        desk.sign("reviewer", AMINA)


def test_one_person_with_two_keys_cannot_either(desk: Desk) -> None:
    second = trusted_key(STRANGER, holder='person = "Amina Diallo"', roles='["reviewer"]')
    desk.trust_file.write_text(desk.trust_file.read_text() + second)
    desk.trust = read_trust(desk.trust_file)
    desk.sign("preparer", AMINA)

    with pytest.raises(SignOffRefusedError, match="are one person, Amina Diallo"):
        desk.sign("reviewer", STRANGER)


def test_a_role_signs_once_and_an_open_attempt_is_not_signed(desk: Desk) -> None:
    desk.sign("preparer", AMINA)

    with pytest.raises(SignOffRefusedError, match="its preparer has signed already"):
        desk.sign("preparer", AMINA)
    with pytest.raises(SignOffRefusedError, match="its newest attempt is still open"):
        desk.sign("preparer", AMINA, attempt(LATER, None))


def test_what_stands_in_the_way_is_one_list(desk: Desk) -> None:
    def found(latest: AttemptState | None) -> tuple[str, ...]:
        return blockers(latest, evidence=desk.evidence, inputs=desk.state)

    assert found(PASSED) == ()
    assert found(None) == ("There is no attempt to sign off.",)
    assert found(attempt(LATER, None)) == ("Its newest attempt is still open.",)
    assert found(attempt(LATER, AttemptVerdict.FAIL)) == ("Its newest attempt says FAIL.",)


def test_a_sign_off_is_verified_beside_its_package(desk: Desk) -> None:
    desk.sign("preparer", AMINA)
    desk.sign("reviewer", KOFI)
    both = [desk.file("preparer"), desk.file("reviewer")]

    report = verify_package(desk.folder, desk.trust, sign_offs=both)

    assert report.first_difference is None
    words = [f.found for f in report.checks if f.name.startswith("sign-off reviewer.dsse.json")]
    assert words[1] == "reviewer Kofi Mensah at 2024-10-02 09:30:00 UTC"
    alone = verify_package(desk.folder, None, sign_offs=both)
    assert alone.first_difference is None


def forged(content: bytes, change: Callable[[Any], None], signer: KeySigner) -> bytes:
    """The statement changed, and signed again by whoever changed it."""
    statement = parse_canonical(base64.b64decode(json.loads(content)["payload"]))
    change(statement)
    return sealed(canonical_json(statement), signer)


def _person(statement: Any) -> None:
    statement["predicate"]["person"] = "Somebody Else"


def _role(statement: Any) -> None:
    statement["predicate"]["role"] = "reviewer"


def _digest(statement: Any) -> None:
    statement["subject"][0]["digest"]["sha256"] = "0" * 64


def _late(statement: Any) -> None:
    at = (NOW + timedelta(days=2000)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    statement["predicate"]["at"] = at


@pytest.mark.parametrize("change", [_person, _role, _digest, _late])
def test_a_sign_off_that_says_something_else_does_not_count(
    desk: Desk, change: Callable[[Any], None], tmp_path: Path
) -> None:
    desk.sign("preparer", AMINA)
    content = forged(desk.file("preparer").read_bytes(), change, AMINA)
    other = LocalStore(tmp_path / "other", name="evidence", reserve_bytes=0)
    other.create(ADDRESS.key("manifest.dsse.json"), desk.folder / "manifest.dsse.json")
    other.create(sign_off_key(ADDRESS, "preparer"), content)

    [stored] = sign_offs(other, "ipe_99", ADDRESS.period, [PASSED], desk.trust)

    assert not stored.counts
    assert stored.problem is not None
    path = tmp_path / "forged.dsse.json"
    path.write_bytes(content)
    if change is not _role:  # Amina may review, only not what she has prepared
        assert verify_package(desk.folder, desk.trust, sign_offs=[path]).first_difference


def test_every_changed_byte_of_a_sign_off_is_found(desk: Desk, tmp_path: Path) -> None:
    desk.sign("preparer", AMINA)
    content = desk.file("preparer").read_bytes()
    path = tmp_path / "changed.dsse.json"
    for at in range(0, len(content), 97):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert verify_package(desk.folder, desk.trust, sign_offs=[path]).first_difference


def test_a_person_signs_with_a_key_file_of_their_own(desk: Desk, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    path = tmp_path / "amina.pem"
    path.write_bytes(AMINA.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)

    made = sign_off(
        PASSED,
        "preparer",
        PersonalSigner(path),
        evidence=desk.evidence,
        state=desk.state,
        trust=desk.trust,
        log_signer=SIGNER,
        note="Tied to the ledger.",
    )

    assert made.sign_off is not None
    assert (made.sign_off.key_id, made.sign_off.note) == (AMINA.key.key_id, "Tied to the ledger.")
