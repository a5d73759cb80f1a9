"""What keys and metadata may look like, so that no store takes what another refuses.

Here: the rules. Not here: the keys of the product (``layout.py``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from soxauto_assets.store.protocol import StoreError

MAXIMUM_KEY_BYTES = 1024
"""The longest key that S3 takes, in bytes of UTF-8."""
MAXIMUM_PART_BYTES = 190
"""The longest part: a file name of 255 bytes less what the local store adds for its records."""
MAXIMUM_METADATA_BYTES = 1536
"""Names and values of an object's metadata: S3's 2 KiB less what is ours.

A byte of UTF-8 that is not visible ASCII counts as three, for so it is sent.
"""
OWN_METADATA = "soxauto-"
"""How the names begin that a store keeps for itself."""

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]")
_METADATA_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


class InvalidKeyError(StoreError):
    """A text is not a key that every store can hold."""


class InvalidMetadataError(StoreError):
    """Metadata that not every store can hold with its object."""


def check_key(key: str) -> str:
    """``key`` itself; raises InvalidKeyError where a store could not hold it safely.

    A key is parts joined by ``/``. No part is empty or begins with a dot (``..`` would leave the
    store, and hidden names are the store's own), and none holds a control
    character or a backslash.
    """
    try:
        encoded = key.encode()
    except UnicodeEncodeError as error:
        raise _invalid(key, "is not valid Unicode") from error
    if len(encoded) > MAXIMUM_KEY_BYTES:
        raise _invalid(key, f"is longer than {MAXIMUM_KEY_BYTES} bytes")
    if _UNSAFE.search(key):
        raise _invalid(key, "holds a control character or a backslash")
    for part in key.split("/"):
        if not part:
            raise _invalid(key, "has an empty part")
        if part.startswith("."):
            raise _invalid(key, "has a part that begins with a dot")
        if len(part.encode()) > MAXIMUM_PART_BYTES:
            raise _invalid(key, f"has a part longer than {MAXIMUM_PART_BYTES} bytes")
    return key


def is_key(text: str) -> bool:
    """Whether ``text`` is a key that every store can hold."""
    try:
        check_key(text)
    except InvalidKeyError:
        return False
    return True


def check_metadata(metadata: Mapping[str, str]) -> Mapping[str, str]:
    """``metadata`` itself; raises InvalidMetadataError where a store could not hold it.

    A name is of lower-case letters, digits and hyphens (an HTTP header carries it, and S3 makes
    it lower case). Values are any text.
    """
    for name, value in metadata.items():
        if not _METADATA_NAME.fullmatch(name) or name.startswith(OWN_METADATA):
            raise InvalidMetadataError(
                f"{name!r} cannot be the name of metadata.",
                remedy="Use lower-case letters, digits and hyphens, as store/layout.py does; "
                f"names with {OWN_METADATA} are the store's own.",
            )
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InvalidMetadataError(
                f"The metadata {name!r} is not valid Unicode.", remedy="Mend where it is made."
            ) from error
    size = sum(len(name) + _sent_bytes(value) for name, value in metadata.items())
    if size > MAXIMUM_METADATA_BYTES:
        raise InvalidMetadataError(
            f"Metadata of {size} bytes is more than {MAXIMUM_METADATA_BYTES}.",
            remedy="Put what is long into an object of its own.",
        )
    return metadata


def _sent_bytes(value: str) -> int:
    return sum(1 if 33 <= byte < 127 and byte != ord("%") else 3 for byte in value.encode())


def _invalid(key: str, why: str) -> InvalidKeyError:
    return InvalidKeyError(
        f"The key {key!r} {why}.", remedy="Use plain names joined by '/', as store/layout.py does."
    )
