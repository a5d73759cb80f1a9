"""The trusted time stamp of a package: RFC 3161 over the envelope, checked with no network.

``time.tsr`` is a TimeStampResp that grants, with the authority's certificates in its token. Its
wrapping (RFC 5652) is mostly unsigned, so each part is held to the one value that the signed
parts allow, and no certificate may be there that is not of the chain. Unsigned attributes and
revocation lists prove nothing and are not read; they are accepted and told.

Here: what the token says and whether an authority's key signed it. Not here: the chain of
certificates (``certificates.py``), and whether the package claims a time (``authenticity.py``).
That a certificate was revoked is not asked for: it needs a network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from soxauto_assets.verify.certificates import check_chain
from soxauto_assets.verify.der import (
    BIT_STRING,
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    NULL,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    Element,
    Parts,
    context,
    generalized_time,
    integer,
    object_identifier,
    single,
)
from soxauto_assets.verify.strict_json import UnreadableError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

TIME = "time.tsr"
_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_RSA = {
    "1.2.840.113549.1.1.1": None,  # says RSA only; the hash stands beside it
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
_ECDSA = {
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}


@dataclass(frozen=True)
class TimeStamp:
    """A time stamp whose signature holds. ``time`` is aware UTC, ``authority`` the signer's name.

    ``certificates`` are the signer's and those sent with it. ``unsigned`` names what the token
    carries that nobody signed and that was not read.
    """

    time: datetime
    authority: str
    certificates: tuple[Certificate, ...]
    unsigned: tuple[str, ...]


def check_time_stamp(
    content: bytes, stamped: bytes, anchors: Sequence[Certificate] | None
) -> TimeStamp:
    """The time stamp ``content`` over the bytes ``stamped``.

    ``anchors`` are the certificates that are trusted to stamp or to issue; None: nobody is, so it
    must only agree with itself. Raises UnreadableError where it is no time stamp, is over other
    bytes, its signature does not hold, or its certificate does not lead to an anchor.
    """
    try:
        stamp = _read(content, stamped)
        check_chain(stamp.certificates, anchors, stamp.time)
    except UnreadableError:
        raise
    except Exception as error:
        # A damaged certificate: the library reads parts of it late, and its errors (InvalidVersion,
        # DuplicateExtension, ValueError...) have no common base.
        raise UnreadableError("its certificates", "X.509 certificates", str(error)) from error
    return stamp


def _read(content: bytes, stamped: bytes) -> TimeStamp:
    where = "the answer"
    response = Parts(single(content, SEQUENCE, where).content, where)
    status = Parts(response.take(SEQUENCE).content, "the status")
    if integer(status.take(INTEGER), "the status") != 0:
        raise UnreadableError("the status", "granted", "another")
    status.end()
    wrapped = Parts(response.take(SEQUENCE).content, "the token")
    response.end()
    _expect_oid(wrapped.take(OID), "the token's type", _SIGNED_DATA)
    signed = single(wrapped.take(context(0)).content, SEQUENCE, "the token")
    wrapped.end()
    return _signed_data(signed.content, stamped)


def _signed_data(data: bytes, stamped: bytes) -> TimeStamp:
    parts = Parts(data, "the token")
    if integer(parts.take(INTEGER), "the token's version") != 3:
        raise UnreadableError("the token's version", "3", "another")
    algorithms = [_hash_name(e) for e in Parts(parts.take(SET).content, "hashes").all(SEQUENCE)]
    encapsulated = Parts(parts.take(SEQUENCE).content, "the time")
    _expect_oid(encapsulated.take(OID), "the type of the time", _TST_INFO)
    info = single(encapsulated.take(context(0)).content, OCTET_STRING, "the time").content
    encapsulated.end()
    certificates = _certificates(parts.take_if(context(0)))
    lists = parts.take_if(context(1))
    signer = single(parts.take(SET).content, SEQUENCE, "the signers")
    parts.end()
    certificate, hash_name, has_unsigned = _check_signer(signer, info, certificates)
    if algorithms != [hash_name]:
        raise UnreadableError("the token's hashes", hash_name, ", ".join(algorithms))
    _check_purpose(certificate)
    unsigned = ["unsigned attributes"] * has_unsigned + ["revocation lists"] * (lists is not None)
    others = tuple(c for c in certificates if c != certificate)
    return TimeStamp(
        _read_info(info, stamped),
        certificate.subject.rfc4514_string(),
        (certificate, *others),
        tuple(unsigned),
    )


def _read_info(info: bytes, stamped: bytes) -> datetime:
    """TSTInfo (RFC 3161, section 2.4.2), which must speak of ``stamped``."""
    where = "the time"
    parts = Parts(single(info, SEQUENCE, where).content, where)
    if integer(parts.take(INTEGER), "the version of the time") != 1:
        raise UnreadableError("the version of the time", "1", "another")
    object_identifier(parts.take(OID), "the policy")
    imprint = Parts(parts.take(SEQUENCE).content, "the imprint")
    name = _hash_name(imprint.take(SEQUENCE))
    found = imprint.take(OCTET_STRING).content
    imprint.end()
    expected = hashlib.new(name, stamped).digest()
    if found != expected:
        raise UnreadableError(
            "the digest that was stamped", f"that of the envelope, {expected.hex()}", found.hex()
        )
    integer(parts.take(INTEGER), "the serial number")
    time = generalized_time(parts.take(GENERALIZED_TIME), where)
    for optional in (SEQUENCE, BOOLEAN, INTEGER, context(0), context(1)):
        parts.take_if(optional)  # accuracy, ordering, nonce, name, extensions: signed, not asked
    parts.end()
    return time


def _check_signer(
    signer: Element, info: bytes, certificates: Sequence[Certificate]
) -> tuple[Certificate, str, bool]:
    """The signer's certificate, its hash, and whether unsigned attributes are there."""
    where = "the signer"
    parts = Parts(signer.content, where)
    if integer(parts.take(INTEGER), "the signer's version") != 1:
        raise UnreadableError("the signer's version", "1", "another")
    identity = Parts(parts.take(SEQUENCE).content, where)
    issuer, serial = identity.take(SEQUENCE).encoded, integer(identity.take(INTEGER), where)
    identity.end()
    named = [
        certificate
        for certificate in certificates
        if certificate.issuer.public_bytes() == issuer and certificate.serial_number == serial
    ]
    if len(named) != 1:
        raise UnreadableError("the signer's certificate", "one in the token", str(len(named)))
    hash_name = _hash_name(parts.take(SEQUENCE))
    attributes = parts.take(context(0))
    algorithm = parts.take(SEQUENCE)
    signature = parts.take(OCTET_STRING).content
    unsigned = parts.take_if(context(1))
    parts.end()
    # The signature is over the attributes as a SET (RFC 5652, section 5.4).
    message = bytes([SET]) + attributes.encoded[1:]
    _check_token_signature(named[0], algorithm, hash_name, signature, message)
    _check_attributes(attributes, hashlib.new(hash_name, info).digest(), named[0])
    return named[0], hash_name, unsigned is not None


def _check_attributes(attributes: Element, digest: bytes, certificate: Certificate) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    values: dict[str, bytes] = {}
    for attribute in Parts(attributes.content, "signed attributes").all(SEQUENCE):
        parts = Parts(attribute.content, "a signed attribute")
        name = object_identifier(parts.take(OID), "a signed attribute")
        values[name] = parts.take(SET).content
        parts.end()
    content_type = values.get(_CONTENT_TYPE, b"")
    _expect_oid(single(content_type, OID, "the signed type"), "the signed type", _TST_INFO)
    found = single(values.get(_MESSAGE_DIGEST, b""), OCTET_STRING, "the signed digest").content
    if found != digest:
        raise UnreadableError("the signed digest", digest.hex(), found.hex())
    encoded = certificate.public_bytes(Encoding.DER)
    named, expected = _named_certificate(values, encoded)
    if named != expected:
        raise UnreadableError("the signed certificate", expected.hex(), named.hex())


def _named_certificate(values: dict[str, bytes], certificate: bytes) -> tuple[bytes, bytes]:
    """The digest by which the token names its signer's certificate, and the one it must be."""
    second = _SIGNING_CERTIFICATE_V2 in values
    where = "the signed certificate"
    value = values.get(_SIGNING_CERTIFICATE_V2 if second else _SIGNING_CERTIFICATE, b"")
    identities = Parts(single(value, SEQUENCE, where).content, where).take(SEQUENCE)
    identity = Parts(Parts(identities.content, where).take(SEQUENCE).content, where)
    algorithm = identity.take_if(SEQUENCE) if second else None
    # Version 1 (RFC 2634) knows SHA-1 alone; it only tells which certificate signed.
    default = "sha256" if second else "sha1"
    name = default if algorithm is None else _hash_name(algorithm)
    return identity.take(OCTET_STRING).content, hashlib.new(name, certificate).digest()


def _check_token_signature(
    certificate: Certificate, algorithm: Element, hash_name: str, signature: bytes, message: bytes
) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    oid = _algorithm(algorithm, "the signature's algorithm")
    kinds: dict[str, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
        "sha256": hashes.SHA256,
        "sha384": hashes.SHA384,
        "sha512": hashes.SHA512,
    }
    hashing = kinds[hash_name]()
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey) and _RSA.get(oid, "no") in (None, hash_name):
            key.verify(signature, message, padding.PKCS1v15(), hashing)
            return
        if isinstance(key, ec.EllipticCurvePublicKey) and _ECDSA.get(oid) == hash_name:
            key.verify(signature, message, ec.ECDSA(hashing))
            return
    except InvalidSignature as error:
        raise UnreadableError("its signature", "one by its certificate", "another") from error
    raise UnreadableError("its algorithm", f"RSA or ECDSA with {hash_name}", oid)


def _check_purpose(certificate: Certificate) -> None:
    """RFC 3161, section 2.3: the key of a time stamp authority stamps times and nothing else."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    expected = "a certificate for time stamps alone"
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError) as error:
        raise UnreadableError("its certificate", expected, "another") from error
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise UnreadableError("its certificate", expected, "one for other uses too")


def _certificates(element: Element | None) -> tuple[Certificate, ...]:
    from cryptography.x509 import load_der_x509_certificate

    if element is None:
        raise UnreadableError("the certificates", "that of the authority", "none")
    certificates = []
    for part in Parts(element.content, "the certificates").all(SEQUENCE):
        outer = Parts(part.content, "a certificate")
        outer.take(SEQUENCE)
        outer.take(SEQUENCE)
        if outer.take(BIT_STRING).content[:1] != b"\0":  # unused bits, which readers ignore
            raise UnreadableError("a certificate", "a signature of whole bytes", "another")
        outer.end()
        certificates.append(load_der_x509_certificate(part.encoded))
    return tuple(certificates)


def _expect_oid(element: Element, where: str, expected: str) -> None:
    found = object_identifier(element, where)
    if found != expected:
        raise UnreadableError(where, expected, found)


def _hash_name(element: Element) -> str:
    oid = _algorithm(element, "a hash")
    if oid not in _HASHES:
        raise UnreadableError("a hash", "SHA-256, SHA-384 or SHA-512", oid)
    return _HASHES[oid]


def _algorithm(element: Element, where: str) -> str:
    """The identifier of an algorithm, whose parameters must be absent or NULL."""
    parts = Parts(element.content, where)
    oid = object_identifier(parts.take(OID), where)
    null = parts.take_if(NULL)
    parts.end()
    if null is not None and null.content:
        raise UnreadableError(where, "no parameters", "some")
    return oid
