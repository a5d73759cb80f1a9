"""The seal of a package: a DSSE envelope around the very bytes of its manifest.

``manifest.dsse.json`` is canonical JSON with one signature
(https://github.com/secure-systems-lab/dsse, v1.0.2); ``docs/package-format.md`` describes it. What
is signed here is verified before it is stored, for it can never be replaced.

Here: the envelope, and what a package is sealed with. Not here: keys (``signing.py``), the time
stamp (``timestamping.py``), the order of writes (``package.py``).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.canonical import canonical_json
from soxauto_assets.verify.envelope import Envelope, check_signature
from soxauto_assets.verify.strict_json import UnreadableError

if TYPE_CHECKING:
    from soxauto_assets.evidence.signing import Signer
    from soxauto_assets.evidence.timestamping import TimeStampAuthority

PAYLOAD_TYPE = "application/vnd.in-toto+json"


class BadSignatureError(PermanentError):
    """The signer returned a signature that its own public key does not verify."""


@dataclass(frozen=True)
class Sealing:
    """What packages are sealed with. ``authority`` None: they claim no trusted time."""

    signer: Signer
    authority: TimeStampAuthority | None = None

    @property
    def authority_url(self) -> str | None:
        """The address of the time stamp authority, as the manifest claims it."""
        return None if self.authority is None else self.authority.url


def sealed(statement: bytes, signer: Signer) -> bytes:
    """The envelope around ``statement``, ready to be stored.

    Raises what the signer raises, and BadSignatureError.
    """
    kind = PAYLOAD_TYPE.encode()
    message = b" ".join(
        [b"DSSEv1", str(len(kind)).encode(), kind, str(len(statement)).encode(), statement]
    )
    signature = signer.sign(message)
    key = signer.key
    try:
        check_signature(Envelope(statement, key.key_id, signature), key.public_key)
    except UnreadableError as error:
        raise BadSignatureError(
            f"The signature by the key {key.key_id} does not hold: {error}.",
            remedy="Nothing was stored with it. Check the key and its service; run again.",
        ) from error
    return canonical_json(
        {
            "payload": base64.b64encode(statement).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": key.key_id, "sig": base64.b64encode(signature).decode()}],
        }
    )
