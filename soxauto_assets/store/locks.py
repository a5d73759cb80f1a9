"""Legal holds on stored objects: versions that nobody may remove until the hold is released.

A store that can hold has the method of ``Holding``; a local folder has not, and nothing here
pretends otherwise. Not here: locks as they are (``ObjectInfo.lock`` of every store's protocol), and
which evidence is locked for how long (``settings.py``).
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from soxauto_assets.errors import PermanentError
from soxauto_assets.store.protocol import ObjectStore, Receipt


class NoLocksError(PermanentError):
    """The store cannot lock what it keeps."""


@runtime_checkable
class Holding(Protocol):
    """What a store that can hold offers beside the protocol of every store."""

    def set_legal_hold(self, receipt: Receipt, on: bool) -> None:
        """Put the receipt's version under a legal hold, or release it."""


def set_legal_hold(store: ObjectStore, receipt: Receipt, on: bool) -> None:
    """Put a stored version under a legal hold, or release it; raises NoLocksError."""
    if not isinstance(store, Holding):
        raise NoLocksError(
            f"The evidence store {store.url} is a folder, which has no legal hold.",
            remedy="Copy the packages to where nobody can change them, or keep evidence in S3 "
            "with Object Lock (SOXAUTO_STORE=s3).",
        )
    store.set_legal_hold(receipt, on)
