"""The approver's key named ``demonstration``: public, so that nobody takes it for more.

Its private half follows from the words below, which stand in this repository. So whoever has the
repository can approve with it, and what it approves was approved by nobody in particular. The
baselines that the repository ships are approved by it, packages say so, and a source that is no
demonstration refuses it (``baseline.py``).
"""

from __future__ import annotations

import hashlib
from functools import cached_property

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from soxauto_assets.evidence.signing import SigningKey, with_lower_s

DEMONSTRATION = "demonstration"
DEMONSTRATION_KEY_ID = "5c68bceae4c39a0f3c4bdb4358df2d562cf992a7e5ebdd1954c6c929ce368b07"
"""The SHA-256 of its public key, known without computing with the key."""
_WORDS = b"The approver's key of the SOXauto demonstration. It is public: trust nothing it signs."


class DemonstrationSigner:
    """Signs with the key that everybody has; the same text always gives the same signature."""

    @cached_property
    def _private(self) -> ec.EllipticCurvePrivateKey:
        number = int.from_bytes(hashlib.sha256(_WORDS).digest()) >> 1  # below the curve's order
        return ec.derive_private_key(number, ec.SECP256R1())

    @property
    def key(self) -> SigningKey:
        """The key, which vouches for nobody."""
        public = self._private.public_key()
        encoded = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return SigningKey(encoded, "self-asserted", DEMONSTRATION)

    def sign(self, message: bytes) -> bytes:
        """The signature over ``message``: DER, lower s."""
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return with_lower_s(self._private.sign(message, algorithm))
