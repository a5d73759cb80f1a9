"""Signing keys: made once, kept from others, and signatures that everybody can verify."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st
from moto.kms.utils import ECDSAPrivateKey
from moto.server import ThreadedMotoServer

from soxauto_assets.aws import AwsAccess
from soxauto_assets.evidence.keys import SigningKeyError
from soxauto_assets.evidence.sealing import sealed
from soxauto_assets.evidence.signing import (
    KmsSigner,
    LocalSigner,
    Signer,
    SigningUnavailableError,
    open_signer,
    with_lower_s,
)
from soxauto_assets.verify.envelope import P256_ORDER, check_signature, read_envelope

MESSAGE = b"what is signed"


def verified(signer: Signer, message: bytes) -> bytes:
    """The signature over the message, after it was found to hold."""
    signature = signer.sign(message)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), signer.key.public_key[-65:])
    key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    assert decode_dss_signature(signature)[1] <= P256_ORDER // 2
    return signature


# -- the local key


def test_the_local_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    first = LocalSigner(tmp_path / "keys").key
    second = LocalSigner(tmp_path / "keys").key

    assert first == second
    assert (first.assertion, first.holder) == ("self-asserted", "file")
    assert first.key_id == hashlib.sha256(first.public_key).hexdigest()
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "keys").iterdir()}
    assert modes == {"signing-key.pem": 0o600, "signing-key.pub.pem": 0o644}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_the_public_key_is_exported_for_a_trust_file(tmp_path: Path) -> None:
    key = LocalSigner(tmp_path).key
    pem = (tmp_path / "signing-key.pub.pem").read_bytes()
    encoded = load_pem_public_key(pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    assert encoded == key.public_key
    (tmp_path / "signing-key.pub.pem").unlink()  # a crash before it was exported
    assert LocalSigner(tmp_path).key == key
    assert (tmp_path / "signing-key.pub.pem").read_bytes() == pem


def _key_id(folder: Path) -> str:
    return LocalSigner(folder).key.key_id


def test_processes_that_make_the_key_at_once_all_have_the_same(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4) as pool:
        for number in range(5):
            ids = set(pool.map(_key_id, [tmp_path / str(number) / "keys"] * 4))

            assert len(ids) == 1
            assert len(list((tmp_path / str(number) / "keys").iterdir())) == 2


def test_the_same_message_has_the_same_local_signature(tmp_path: Path) -> None:
    signatures = {verified(LocalSigner(tmp_path), MESSAGE) for _ in range(3)}

    assert len(signatures) == 1


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    LocalSigner(tmp_path).sign(MESSAGE)
    (tmp_path / "signing-key.pem").chmod(0o640)

    with pytest.raises(SigningKeyError, match="open to others"):
        LocalSigner(tmp_path).sign(MESSAGE)


@pytest.mark.parametrize("content", [b"", b"secret stuff", "another curve"])
def test_a_file_that_holds_no_key_is_refused_and_its_content_not_told(
    tmp_path: Path, content: Any
) -> None:
    if content == "another curve":
        content = ec.generate_private_key(ec.SECP384R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    (tmp_path / "signing-key.pem").write_bytes(content)
    (tmp_path / "signing-key.pem").chmod(0o600)

    with pytest.raises(SigningKeyError, match="holds no private key") as raised:
        LocalSigner(tmp_path).sign(MESSAGE)
    assert "secret" not in str(raised.value)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")

    with pytest.raises(SigningKeyError, match="cannot be used"):
        LocalSigner(tmp_path / "keys").sign(MESSAGE)


# -- the lower s


@given(r=st.integers(1, P256_ORDER - 1), s=st.integers(1, P256_ORDER - 1))
def test_of_the_two_forms_of_a_signature_the_lower_is_taken(r: int, s: int) -> None:
    lower = with_lower_s(encode_dss_signature(r, s))

    assert decode_dss_signature(lower) == (r, min(s, P256_ORDER - s))
    assert with_lower_s(encode_dss_signature(r, P256_ORDER - s)) == lower


# -- KMS


@pytest.fixture(scope="module")
def kms() -> Iterator[tuple[AwsAccess, Any]]:
    """An emulator of KMS over HTTP, and boto3's own client of it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        # moto does not know MessageType DIGEST yet (its docstrings say so): it hashes again.
        patch.setattr(ECDSAPrivateKey, "sign", _signed_digest)
        server.start()
        try:
            endpoint = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
            client = boto3.client("kms", region_name="eu-west-1", endpoint_url=endpoint)
            yield AwsAccess("eu-west-1", endpoint, tries=1), client
        finally:
            server.stop()


def _signed_digest(self: Any, message: bytes, signing_algorithm: str) -> bytes:
    assert (len(message), signing_algorithm) == (32, "ECDSA_SHA_256")
    return self.private_key.sign(message, ec.ECDSA(Prehashed(hashes.SHA256())))


def new_key(client: Any, spec: str = "ECC_NIST_P256") -> str:
    return client.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]


def test_a_key_of_kms_signs_and_only_the_digest_is_sent(kms: tuple[AwsAccess, Any]) -> None:
    access, client = kms
    arn = new_key(client)
    signer = KmsSigner(arn, access)

    # Each signature is another one; about half of them come with the higher s.
    signatures = {verified(signer, MESSAGE) for _ in range(12)}

    assert len(signatures) == 12
    assert (signer.key.assertion, signer.key.holder) == ("key-service", arn)
    envelope = read_envelope(sealed(b"{}", signer))
    check_signature(envelope, signer.key.public_key)


@pytest.mark.parametrize("spec", ["ECC_NIST_P384", "RSA_2048"])
def test_a_key_of_another_kind_is_refused(kms: tuple[AwsAccess, Any], spec: str) -> None:
    access, client = kms

    with pytest.raises(SigningKeyError, match="is not on the curve P-256"):
        _ = KmsSigner(new_key(client, spec), access).key


def test_a_key_that_is_missing_is_named(kms: tuple[AwsAccess, Any]) -> None:
    access, client = kms
    missing = new_key(client)[:-4] + "0000"

    with pytest.raises(SigningKeyError, match=f"with the key {missing}: not found"):
        KmsSigner(missing, access).sign(MESSAGE)


def test_a_service_that_nobody_hears_is_an_error_that_may_pass() -> None:
    access = AwsAccess("eu-west-1", "http://127.0.0.1:9", tries=1)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        with pytest.raises(SigningUnavailableError):
            KmsSigner("arn:aws:kms:eu-west-1:123456789012:key/x", access).sign(MESSAGE)


def test_the_setting_names_the_signer(tmp_path: Path) -> None:
    local = open_signer("local", keys_folder=tmp_path, region="eu-west-1")
    kms = open_signer("kms:arn:aws:kms:x", keys_folder=tmp_path, region="eu-west-1")

    assert (type(local), type(kms)) == (LocalSigner, KmsSigner)
    assert list(tmp_path.iterdir()) == []  # nothing is made before it signs
