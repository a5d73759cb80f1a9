"""Who signs: a key of KMS, or the local one; both ECDSA on P-256 with SHA-256.

A signature is DER, as KMS gives it and as DSSE's implementations take it, with the lower of its
two values ``s`` (both verify, so one must be refused). A local key is *self-asserted*: whoever
runs the product holds it. A key of KMS never leaves it, and KMS logs each use.

Not here: what is signed (``sealing.py``), whom an auditor trusts (``verify/trust.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from soxauto_assets.errors import TransientError
from soxauto_assets.evidence.keys import SigningKeyError, load_private_key, local_key
from soxauto_assets.verify.envelope import p256_key
from soxauto_assets.verify.strict_json import UnreadableError

if TYPE_CHECKING:
    from soxauto_assets.aws import AwsAccess, AwsService

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order n of the group of P-256 (SP 800-186, section 3.2.1.3)."""


class SigningUnavailableError(TransientError):
    """The key service could not be reached or throttled the request."""


@dataclass(frozen=True)
class SigningKey:
    """A public key and where its private half is, as the manifest names it.

    ``public_key`` is the SubjectPublicKeyInfo in DER; ``assertion`` is ``self-asserted`` or
    ``key-service``; ``holder`` is ``file`` or the key's ARN.
    """

    public_key: bytes
    assertion: str
    holder: str

    @property
    def key_id(self) -> str:
        """The SHA-256 of ``public_key``, as hexadecimal digits."""
        return hashlib.sha256(self.public_key).hexdigest()


class Signer(Protocol):
    """Signs bytes with one key."""

    @property
    def key(self) -> SigningKey:
        """The key; raises SigningKeyError or SigningUnavailableError."""

    def sign(self, message: bytes) -> bytes:
        """The signature over ``message``: DER, lower s. Raises as ``key`` does."""


class LocalSigner:
    """Signs with the key in a folder, made there on first use (``keys.py``).

    Signatures are deterministic (RFC 6979): the same manifest gives the same envelope.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _private(self) -> ec.EllipticCurvePrivateKey:
        return local_key(self._folder)

    @property
    def key(self) -> SigningKey:
        """The key, which vouches for itself."""
        public = self._private.public_key()
        encoded = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return SigningKey(encoded, "self-asserted", "file")

    def sign(self, message: bytes) -> bytes:
        """The signature over ``message``: DER, lower s."""
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return with_lower_s(self._private.sign(message, algorithm))


class PersonalSigner(LocalSigner):
    """Signs with a person's own key, in a file of theirs."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent)
        self._path = path

    @cached_property
    def _private(self) -> ec.EllipticCurvePrivateKey:
        return load_private_key(self._path)


class KmsSigner:
    """Signs with a key of AWS KMS (ECC_NIST_P256); only digests are sent there.

    Needs kms:GetPublicKey and kms:Sign.
    """

    def __init__(self, key_arn: str, access: AwsAccess) -> None:
        self._arn = key_arn
        self._access = access

    @cached_property
    def _kms(self) -> AwsService:
        from soxauto_assets.aws import AwsService

        return AwsService("kms", self._access)

    @cached_property
    def key(self) -> SigningKey:
        """The key, asked of KMS once."""
        answer = self._asked("get_public_key", KeyId=self._arn)
        public_key = bytes(answer["PublicKey"])
        try:
            p256_key(public_key, "the key")
        except UnreadableError as error:
            raise SigningKeyError(
                f"The key {self._arn} is not on the curve P-256.",
                remedy="Name a key of the kind ECC_NIST_P256 for SIGN_VERIFY in "
                "SOXAUTO_SIGNING_KEY.",
            ) from error
        return SigningKey(public_key, "key-service", self._arn)

    def sign(self, message: bytes) -> bytes:
        """The signature over ``message``, of which KMS sees the SHA-256 alone."""
        answer = self._asked(
            "sign",
            KeyId=self._arn,
            Message=hashlib.sha256(message).digest(),
            MessageType="DIGEST",
            SigningAlgorithm="ECDSA_SHA_256",
        )
        return with_lower_s(bytes(answer["Signature"]))

    def _asked(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        from soxauto_assets.aws import Refusal, Trouble

        answer = self._kms.request(operation, **arguments)
        if not isinstance(answer, Refusal):
            return answer
        if answer.trouble is Trouble.UNAVAILABLE:
            raise SigningUnavailableError(
                f"KMS did not sign with the key {self._arn}: {answer.shown}.",
                remedy="The next start tries again; if it lasts, check the network's way to KMS.",
            )
        raise SigningKeyError(
            f"KMS refuses to sign with the key {self._arn}: {answer.trouble.value} "
            f"({answer.shown}).",
            remedy="Check SOXAUTO_SIGNING_KEY and AWS_REGION, that the key is enabled, and that "
            "the role has kms:GetPublicKey and kms:Sign for it.",
        )


def open_signer(
    setting: str, *, keys_folder: Path, region: str, endpoint: str | None = None
) -> Signer:
    """The signer that SOXAUTO_SIGNING_KEY names: ``local``, or ``kms:<ARN>``.

    Nothing is read or asked before it signs. ``keys_folder`` holds the local key; ``endpoint`` is
    another address of KMS than AWS's own.
    """
    if setting == "local":
        return LocalSigner(keys_folder)
    from soxauto_assets.aws import AwsAccess

    return KmsSigner(setting.removeprefix("kms:"), AwsAccess(region, endpoint))


def with_lower_s(signature: bytes) -> bytes:
    """The same signature (DER) with the lower of ``s`` and ``n - s``."""
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, _ORDER - s))
