"""The form in which a time stamp is kept: an authority's answer without what nobody signs.

Authorities write status texts, and `openssl ts` the certificates in an order that DER (X.690,
section 11.6) does not allow and strict readers, rfc3161-client among them, refuse. Neither is
signed; the stored answer has no text and the certificates in their DER order.

Not here: whether it is a time stamp at all (``timestamping.py``).
"""

from __future__ import annotations

from soxauto_assets.verify.der import (
    INTEGER,
    OID,
    SEQUENCE,
    SET,
    Element,
    Parts,
    context,
    integer,
    single,
)


def stored_form(answer: bytes) -> tuple[int, bytes]:
    """The status of a TimeStampResp (0: granted) and its stored form, empty where not granted.

    Raises UnreadableError where the answer is not one in DER.
    """
    where = "the answer"
    response = Parts(single(answer, SEQUENCE, where).content, where)
    status = integer(Parts(response.take(SEQUENCE).content, "its status").take(INTEGER), where)
    if status != 0:
        return status, b""
    token = Parts(response.take(SEQUENCE).content, where)
    response.end()
    kind = token.take(OID)
    signed = single(token.take(context(0)).content, SEQUENCE, where)
    token.end()
    content = _sequence(kind.encoded + _element(context(0), _sequence(_ordered(signed))))
    return status, _sequence(_sequence(_element(INTEGER, b"\0")) + content)


def _ordered(signed: Element) -> bytes:
    """The content of a SignedData with its certificates in DER order."""
    parts = Parts(signed.content, "the token")
    head = [parts.take(tag).encoded for tag in (INTEGER, SET, SEQUENCE)]
    certificates = parts.take_if(context(0))
    if certificates is not None:
        each = Parts(certificates.content, "the certificates").all(SEQUENCE)
        head.append(_element(context(0), b"".join(sorted(e.encoded for e in each))))
    lists = parts.take_if(context(1))
    signers = parts.take(SET).encoded
    parts.end()
    return b"".join([*head, b"" if lists is None else lists.encoded, signers])


def _sequence(content: bytes) -> bytes:
    return _element(SEQUENCE, content)


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = bytes([size]) if size < 0x80 else bytes([0x80 | len(digits)]) + digits
    return bytes([tag]) + length + content
