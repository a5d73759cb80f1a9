"""From the certificate that signed a time stamp to one that the auditor trusts (RFC 5280).

Here: the chain at one moment. Names and signatures, the right to issue, validity. Not here: name
constraints, policies and revocation, which time stamp authorities do not rest on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from soxauto_assets.verify.strict_json import UnreadableError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_DEPTH = 8


def check_chain(
    certificates: Sequence[Certificate], anchors: Sequence[Certificate] | None, at: datetime
) -> None:
    """Raise UnreadableError where the first certificate does not lead to an anchor.

    ``anchors`` None: nobody is trusted, so the chain must only agree with itself. Every
    certificate must be of the chain, and signed by another or itself, or an anchor: one that no
    signature covers could say anything. Only without anchors the topmost one may be unproved.
    """
    pool = [*certificates, *(anchors or ())]
    reached, open_ends = [certificates[0]], [certificates[0]]
    while open_ends:
        certificate = open_ends.pop()
        for issuer in pool:
            if _issued(issuer, certificate) and issuer not in reached:
                reached.append(issuer)
                open_ends.append(issuer)
    for certificate in certificates:
        if certificate not in reached:
            raise UnreadableError(
                "its certificates", "those of one chain", certificate.subject.rfc4514_string()
            )
        unproved_top = anchors is None and certificate.subject != certificate.issuer
        proved = certificate in (anchors or ()) or any(_issued(c, certificate) for c in pool)
        if not proved and not unproved_top:
            raise UnreadableError(
                f"its certificate {certificate.subject.rfc4514_string()}",
                "one whose signature can be verified, up to a root or the trust file",
                f"one by {certificate.issuer.rfc4514_string()}, who is not there",
            )
        if not _valid(certificate, at):
            raise UnreadableError(
                f"its certificate {certificate.subject.rfc4514_string()}",
                f"one valid at {at:%Y-%m-%d %H:%M:%S} UTC",
                f"one valid from {certificate.not_valid_before_utc:%Y-%m-%d} to "
                f"{certificate.not_valid_after_utc:%Y-%m-%d}",
            )
    if anchors is not None and not _leads_to(certificates[0], pool, anchors, at, 0):
        raise UnreadableError(
            "its certificate",
            "one that a time authority of the trust file issued",
            certificates[0].issuer.rfc4514_string(),
        )


def _leads_to(
    certificate: Certificate,
    pool: Sequence[Certificate],
    anchors: Sequence[Certificate],
    at: datetime,
    depth: int,
) -> bool:
    if depth > _DEPTH or not _valid(certificate, at):
        return False
    if certificate in anchors:
        return True
    return any(
        _may_issue(issuer, depth) and _leads_to(issuer, pool, anchors, at, depth + 1)
        for issuer in pool
        if issuer != certificate and _issued(issuer, certificate)
    )


def _issued(issuer: Certificate, certificate: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_issue(certificate: Certificate, below: int) -> bool:
    """Whether it is an authority's, with ``below`` authorities between it and the signer."""
    from cryptography import x509

    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    if not basic.ca or (basic.path_length is not None and basic.path_length < below):
        return False
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.key_cert_sign


def _valid(certificate: Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
