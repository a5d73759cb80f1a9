"""Signing keys of tests: the same number gives the same key, and nobody must keep it secret."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from soxauto_assets.evidence.keys import public_pem
from soxauto_assets.evidence.signing import SigningKey, with_lower_s


class KeySigner:
    """A signer whose signatures differ each time, as those of KMS do."""

    def __init__(self, number: int, *, deterministic: bool = False) -> None:
        self.private = ec.derive_private_key(number + 1000, ec.SECP256R1())
        self.signatures = 0
        self._deterministic = deterministic

    @property
    def key(self) -> SigningKey:
        public = self.private.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        return SigningKey(public, "self-asserted", "file")

    def sign(self, message: bytes) -> bytes:
        self.signatures += 1
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=self._deterministic)
        return with_lower_s(self.private.sign(message, algorithm))

    @property
    def pem(self) -> str:
        """The public key as a trust file takes it."""
        return public_pem(self.private.public_key()).decode()


def trusted_key(
    signer: KeySigner,
    *,
    holder: str = 'service = "SOXauto"',
    roles: str = '["package"]',
    valid_from: datetime = datetime(2024, 1, 1, tzinfo=UTC),
    valid_to: datetime = datetime(2027, 1, 1, tzinfo=UTC),
) -> str:
    """The table of a trust file for the signer's key."""
    return f"""
[[keys]]
key_id = "{signer.key.key_id}"
public_key = '''
{signer.pem}'''
{holder}
roles = {roles}
valid_from = {valid_from.isoformat()}
valid_to = {valid_to.isoformat()}
"""
