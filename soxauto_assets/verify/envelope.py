"""The DSSE envelope of a manifest: its one canonical form, and whether its signature holds.

An envelope (https://github.com/secure-systems-lab/dsse, v1.0.2) has many spellings; a package has
one: canonical JSON, strict base64, one ECDSA signature over P-256 and SHA-256 in DER with the
lower of its two values ``s``. So whoever has a signed package cannot make a second one of it.

Here: the form and the arithmetic. Not here: whose key it is (``trust.py``, ``authenticity.py``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soxauto_assets.verify.strict_json import (
    UnreadableError,
    digest,
    items,
    members,
    one_of,
    read_canonical,
    text,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

ENVELOPE = "manifest.dsse.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Envelope:
    """An envelope of the canonical form; nothing is known of its signature yet."""

    payload: bytes
    key_id: str
    signature: bytes


def read_envelope(content: bytes) -> Envelope:
    """The envelope of the canonical bytes; raises UnreadableError for any other spelling."""
    payload, kind, signatures = members(
        read_canonical(content), "the envelope", "payload", "payloadType", "signatures"
    )
    one_of(kind, "payloadType", PAYLOAD_TYPE)
    signed = items(signatures, "signatures")
    if len(signed) != 1:
        raise UnreadableError("signatures", "one signature", str(len(signed)))
    key_id, signature = members(signed[0], "signatures[0]", "keyid", "sig")
    return Envelope(
        strict_base64(payload, "payload"),
        digest(key_id, "signatures[0].keyid"),
        strict_base64(signature, "signatures[0].sig"),
    )


def signed_bytes(payload: bytes) -> bytes:
    """What is signed: the pre-authentication encoding of DSSE, ``PAE(type, payload)``."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def check_signature(envelope: Envelope, public_key: bytes) -> None:
    """Raise UnreadableError where the envelope was not signed by this key.

    ``public_key`` is its SubjectPublicKeyInfo in DER, whose SHA-256 the key id must be.
    """
    if envelope.key_id != key_id_of(public_key):
        raise UnreadableError("keyid", f"the key {key_id_of(public_key)}", envelope.key_id)
    check_bytes(signed_bytes(envelope.payload), envelope.signature, public_key, "signature")


def check_bytes(message: bytes, signature: bytes, public_key: bytes, where: str) -> None:
    """Raise UnreadableError where ``signature`` (DER, lower s) is not the key's over ``message``.

    ``public_key`` is its SubjectPublicKeyInfo in DER; ``where`` names the signature in the error.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = p256_key(public_key, "the public key")
    _check_form(signature, where)
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise UnreadableError(
            where, f"one by the key {key_id_of(public_key)} over these bytes", "another"
        ) from error


def key_id_of(public_key: bytes) -> str:
    """The id of a key: the SHA-256 of its SubjectPublicKeyInfo in DER, as hexadecimal digits."""
    return hashlib.sha256(public_key).hexdigest()


def p256_key(public_key: bytes, where: str) -> EllipticCurvePublicKey:
    """The P-256 key of a SubjectPublicKeyInfo in the one DER form it has; else UnreadableError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_der_public_key,
    )

    expected = "a public key on the curve P-256, in DER"
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnreadableError(where, expected, "something else") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UnreadableError(where, expected, "a key of another kind")
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != public_key:
        raise UnreadableError(where, expected, "the same key written otherwise")
    return key


def strict_base64(value: Any, where: str) -> bytes:
    """The bytes of standard base64 with padding; raises UnreadableError for any other spelling.

    Decoders ignore the bits after the last byte, so the text is made again and compared.
    """
    try:
        content = base64.b64decode(text(value, where), validate=True)
    except (binascii.Error, ValueError) as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError(where, "base64", "something else") from error
    if base64.b64encode(content).decode() != value:
        raise UnreadableError(where, "base64", "base64 written otherwise")
    return content


def _check_form(signature: bytes, where: str) -> None:
    """DER has one spelling, and of ``s`` and ``n - s``, which both verify, only the lower one."""
    from cryptography.hazmat.primitives.asymmetric.utils import (
        decode_dss_signature,
        encode_dss_signature,
    )

    expected = "an ECDSA signature in DER with the lower s"
    try:
        r, s = decode_dss_signature(signature)
    except ValueError as error:
        raise UnreadableError(where, expected, "something else") from error
    if encode_dss_signature(r, s) != signature:
        raise UnreadableError(where, expected, "one written otherwise")
    if s > P256_ORDER // 2:
        raise UnreadableError(where, expected, "one with the higher s")
