"""Who signed a package, whose key that is, and what a forger cannot do about it."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from soxauto_assets.evidence.package import publish
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.store.local import LocalStore
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets.verify.envelope import P256_ORDER
from soxauto_assets.verify.trust import Trust, TrustFileError, read_trust
from soxauto_assets_tests.support.keys import KeySigner, trusted_key
from soxauto_assets_tests.support.packages import (
    ADDRESS,
    APPROVER,
    SIGNER,
    edit,
    published,
    reseal,
    sample,
    sign,
    unreached,
)

OTHER = KeySigner(2)


def trust(tmp_path: Path, *tables: str) -> Trust:
    """A trust file of the tables, and of who approved the sample's baseline."""
    approver = trusted_key(APPROVER, holder='person = "Zola Mbeki"', roles='["approver"]')
    return trust_of(tmp_path, *tables, approver)


def trust_of(tmp_path: Path, *tables: str) -> Trust:
    path = tmp_path / "trust.toml"
    path.write_text("".join(tables))
    return read_trust(path)


def difference(folder: Path, trust: Trust | None = None) -> str:
    report = verify_package(folder, trust)
    assert report.verdict is Verification.DIFFERS
    assert report.first_difference is not None
    return report.first_difference


def told(folder: Path, name: str, trust: Trust | None = None) -> str:
    """What a report that holds says of one question."""
    report = verify_package(folder, trust)
    assert report.first_difference is None
    return next(finding.found for finding in report.checks if finding.name == name)


# -- whose key


def test_without_a_trust_file_the_key_vouches_for_itself_and_the_report_says_so(
    folder: Path,
) -> None:
    assert told(folder, "signing key") == (
        f"{SIGNER.key.key_id}, self-asserted: the key vouches for itself"
    )


def test_a_trust_file_says_whose_key_it_is(folder: Path, tmp_path: Path) -> None:
    service = trust(tmp_path, trusted_key(OTHER), trusted_key(SIGNER))
    person = trust(tmp_path, trusted_key(SIGNER, holder='person = "Amina Diallo"'))

    assert told(folder, "signing key", service) == (
        f"{SIGNER.key.key_id} of the service SOXauto, signed by 2024-10-01 08:00:42 UTC "
        "by its own clock"
    )
    assert " of Amina Diallo, " in told(folder, "signing key", person)


def test_a_package_by_a_key_that_is_not_trusted_differs(folder: Path, tmp_path: Path) -> None:
    assert difference(folder, trust(tmp_path, trusted_key(OTHER))) == (
        f"signing key: expected a key of the trust file; found {SIGNER.key.key_id}."
    )
    assert difference(folder, trust(tmp_path)).startswith("signing key: ")


def test_a_key_counts_for_its_roles_alone(folder: Path, tmp_path: Path) -> None:
    reviewers = trust(tmp_path, trusted_key(SIGNER, roles='["reviewer", "log"]'))

    assert difference(folder, reviewers) == (
        "role of the signing key: expected package; found log, reviewer."
    )


@pytest.mark.parametrize(
    ("valid", "holds"),
    [
        ({"valid_to": datetime(2024, 10, 1, 8, 0, 43, tzinfo=UTC)}, True),
        ({"valid_to": datetime(2024, 10, 1, 8, 0, 42, tzinfo=UTC)}, False),
        ({"valid_from": datetime(2024, 10, 1, 8, 0, 42, tzinfo=UTC)}, True),
        ({"valid_from": datetime(2024, 10, 1, 8, 0, 43, tzinfo=UTC)}, False),
    ],
)
def test_a_key_counts_for_its_time_alone(
    folder: Path, tmp_path: Path, valid: dict[str, Any], holds: bool
) -> None:
    report = verify_package(folder, trust(tmp_path, trusted_key(SIGNER, **valid)))

    assert (report.verdict is Verification.VERIFIED) is holds


def test_a_replaced_key_still_counts_for_what_it_signed_before(
    folder: Path, tmp_path: Path
) -> None:
    """Rotation: packages of both keys verify with one trust file."""
    rotated = datetime(2024, 10, 1, 8, 0, 43, tzinfo=UTC)
    both = trust(
        tmp_path,
        trusted_key(SIGNER, valid_to=rotated),
        trusted_key(OTHER, valid_from=datetime(2024, 9, 1, tzinfo=UTC)),
    )
    newer = tmp_path / "newer"
    store = LocalStore(newer, name="evidence", reserve_bytes=0)
    publish(sample(tmp_path), ADDRESS, store, Sealing(OTHER))

    for package in (folder, newer / ADDRESS.prefix):
        assert verify_package(package, both).first_difference is None


# -- the signature


def _swap_s(envelope: Any) -> None:
    """The other signature that the same key would verify."""
    r, s = decode_dss_signature(base64.b64decode(envelope["signatures"][0]["sig"]))
    other = encode_dss_signature(r, P256_ORDER - s)
    envelope["signatures"][0]["sig"] = base64.b64encode(other).decode()


def _longer_der(envelope: Any) -> None:
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    longer = signature[:1] + b"\x81" + signature[1:]
    envelope["signatures"][0]["sig"] = base64.b64encode(longer).decode()


def _raw_form(envelope: Any) -> None:
    r, s = decode_dss_signature(base64.b64decode(envelope["signatures"][0]["sig"]))
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    envelope["signatures"][0]["sig"] = base64.b64encode(raw).decode()


def _in_base64(change: Callable[[str], str]) -> Callable[[Any], None]:
    def edited(envelope: Any) -> None:
        envelope["signatures"][0]["sig"] = change(envelope["signatures"][0]["sig"])

    return edited


def _trailing_bits(text: str) -> str:
    """Bits after the last byte, which decoders ignore."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = text.rstrip("=")
    padding = text[len(body) :]
    if not padding:
        return body + "A==="
    return body[:-1] + alphabet[alphabet.index(body[-1]) ^ 1] + padding


MALLEATIONS: dict[str, Callable[[Any], None]] = {
    "the higher s": _swap_s,
    "a longer DER": _longer_der,
    "r and s without DER": _raw_form,
    "bits that base64 ignores": _in_base64(_trailing_bits),
    "base64 of URLs": _in_base64(lambda text: text.replace("+", "-").replace("/", "_") + "\n"),
    "base64 with a line break": _in_base64(lambda text: text[:8] + "\n" + text[8:]),
    "base64 without padding": _in_base64(lambda text: text.rstrip("=") + "A"),
    "no signature": lambda envelope: envelope["signatures"].clear(),
    "an empty signature": _in_base64(lambda text: ""),
    "two signatures": lambda envelope: envelope["signatures"].append(envelope["signatures"][0]),
    "another type": lambda envelope: envelope.update(payloadType="application/json"),
    "another key id": lambda envelope: envelope["signatures"][0].update(keyid="0" * 64),
    "no key id": lambda envelope: envelope["signatures"][0].pop("keyid"),
    "one field more": lambda envelope: envelope.update(more=1),
    "another payload": lambda envelope: envelope.update(payload=envelope["payload"][:-4] + "AAAA"),
}


@pytest.mark.parametrize("what", MALLEATIONS)
def test_an_envelope_has_one_form_only(folder: Path, what: str) -> None:
    edit(folder, "manifest.dsse.json", MALLEATIONS[what])

    assert difference(folder).startswith("manifest.dsse.json, ")


def test_an_envelope_that_is_written_otherwise_is_found(folder: Path) -> None:
    content = (folder / "manifest.dsse.json").read_bytes()
    for changed in (content + b"\n", content.replace(b",", b", "), b"", b"[]", b"\xff"):
        (folder / "manifest.dsse.json").write_bytes(changed)

        assert difference(folder).startswith("manifest.dsse.json, ")


def test_a_stripped_signature_is_found(folder: Path) -> None:
    (folder / "manifest.dsse.json").unlink()

    assert difference(folder).startswith("signature: expected one that can be verified; ")


def test_a_manifest_that_was_changed_and_made_to_fit_has_no_signature_over_it(
    folder: Path,
) -> None:
    envelope = (folder / "manifest.dsse.json").read_bytes()
    edit(folder, "manifest.json", lambda s: s["predicate"]["attempt"].update(who="nobody"))
    reseal(folder)
    (folder / "manifest.dsse.json").write_bytes(envelope)

    assert difference(folder) == (
        "manifest.dsse.json, payload: expected the bytes of manifest.json; found others."
    )


def test_a_forger_with_a_key_of_his_own_is_found_by_the_trust_file(
    folder: Path, tmp_path: Path
) -> None:
    """He names his key in the manifest too, so only the auditor's file can tell."""
    trusted = trust(tmp_path, trusted_key(SIGNER))
    encoded = base64.b64encode(OTHER.key.public_key).decode()

    def renamed(statement: Any) -> None:
        statement["predicate"]["signer"].update(key_id=OTHER.key.key_id, public_key=encoded)

    sign(folder, OTHER)
    assert difference(folder).startswith("manifest.dsse.json, keyid: ")
    edit(folder, "manifest.json", renamed)
    reseal(folder)
    sign(folder, OTHER)

    assert verify_package(folder).verdict is Verification.VERIFIED
    assert difference(folder, trusted).startswith("signing key: expected a key of the trust file")


def test_a_signed_package_cannot_be_turned_into_one_of_the_unsigned_format(
    tmp_path: Path,
) -> None:
    folder = published(unreached(sample(tmp_path)), tmp_path / "store")

    def back(statement: Any) -> None:
        statement["predicateType"] = "urn:soxauto:evidence-package:1"
        del statement["predicate"]["signer"], statement["predicate"]["time"]

    edit(folder, "manifest.json", back)
    reseal(folder)

    assert difference(folder).startswith("files that no package has: ")
    (folder / "manifest.dsse.json").unlink()
    assert difference(folder, trust(tmp_path, trusted_key(SIGNER))).startswith(
        "signature: expected one by a key of the trust file; found none: "
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda signer: signer.update(key_id="0" * 64),
        lambda signer: signer.update(public_key=signer["public_key"][:-4] + "AAAA"),
        lambda signer: signer.update(public_key="AAAA"),
        lambda signer: signer.update(assertion="sworn"),
        lambda signer: signer.pop("holder"),
    ],
)
def test_the_key_that_a_manifest_names_must_be_the_one_that_signed(
    folder: Path, change: Callable[[Any], None]
) -> None:
    edit(folder, "manifest.json", lambda s: change(s["predicate"]["signer"]))
    reseal(folder)

    assert difference(folder).startswith(("manifest.dsse.json, ", "manifest.json, signer"))


def test_the_envelope_of_another_package_is_found(folder: Path, tmp_path: Path) -> None:
    other = published(sample(tmp_path / "other", ()), tmp_path / "other" / "store")
    shutil.copy(other / "manifest.dsse.json", folder / "manifest.dsse.json")

    assert difference(folder).startswith("manifest.dsse.json, payload: ")


# -- the trust file


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text.replace("key_id", "id"), "without key_id"),
        (lambda text: text.replace('"package"', '"everything"'), "roles"),
        (lambda text: text.replace(SIGNER.key.key_id, "0" * 64), "key_id"),
        (lambda text: text.replace("+00:00", ""), "valid_from"),
        (lambda text: text.replace("+00:00", "+01:00"), "valid_from"),
        (lambda text: text.replace("BEGIN PUBLIC", "BEGIN"), "public_key"),
        (lambda text: text.replace("service =", "servant ="), "without service"),
        (lambda text: text + 'person = "Amina"\n', "service"),
        (lambda text: text * 2, "twice"),
        (lambda text: text + "[more]\n", "unknown table 'more'"),
        (lambda text: text.replace("[[keys]]", "[keys]"), "tables"),
        (lambda text: text + "x", "no TOML"),
        (lambda text: "[[time_authorities]]\nname = 'x'\ncertificate = 'y'\n", "certificate"),
    ],
)
def test_a_trust_file_that_is_not_understood_is_refused_as_a_whole(
    tmp_path: Path, change: Callable[[str], str], expected: str
) -> None:
    with pytest.raises(TrustFileError, match=expected):
        trust_of(tmp_path, change(trusted_key(SIGNER)))


def test_a_trust_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrustFileError, match="cannot be read: No such file"):
        read_trust(tmp_path / "trust.toml")
