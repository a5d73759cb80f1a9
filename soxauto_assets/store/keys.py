"""What a key may look like, the same in every store, so that no store takes what another refuses.

Here: the rule. Not here: the keys of the product (``layout.py``).
"""

from __future__ import annotations

from soxauto_assets.store.protocol import StoreError

MAXIMUM_KEY_BYTES = 1024
"""The longest key that S3 takes, in bytes of UTF-8."""
MAXIMUM_PART_BYTES = 190
"""The longest part: a file name of 255 bytes less what the local store adds for its records."""


class InvalidKeyError(StoreError):
    """A text is not a key that every store can hold."""


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
    if "\\" in key or any(ord(character) < 32 or character == "\x7f" for character in key):
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


def _invalid(key: str, why: str) -> InvalidKeyError:
    return InvalidKeyError(
        f"The key {key!r} {why}.", remedy="Use plain names joined by '/', as store/layout.py does."
    )
