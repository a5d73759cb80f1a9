"""What an object in S3 carries besides its bytes: version, metadata, and how they are written.

Here: reading and writing of S3's own words. Not here: requests (``s3_bucket.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from urllib.parse import quote, unquote

from soxauto_assets.store.keys import OWN_METADATA
from soxauto_assets.store.protocol import ObjectLock

SHA256 = f"{OWN_METADATA}sha256"
"""Name of the metadata that holds the SHA-256 of the object, in hexadecimal digits."""
TOKEN = f"{OWN_METADATA}write"
"""Name of the metadata that holds the token of one writing."""

_EMPTY = "%"
"""An empty value: some proxies drop a header without one. No quoted text is a lone ``%``."""
_SAFE = "".join(chr(code) for code in range(33, 127) if chr(code) != "%")


def version_of(head: Mapping[str, Any]) -> str:
    """The version of a described object: S3's, or where the bucket keeps none, the writing's."""
    version = head.get("VersionId")
    if version is not None and is_version_id(version):
        return str(version)
    token = head["Metadata"].get(TOKEN)
    return f"etag-{head['ETag']}" if token is None else f"write-{token}"


def is_version_id(version: str) -> bool:
    """Whether a version is one of S3's; ``null`` is that of any object stored without versions."""
    return version != "null" and not version.startswith(("write-", "etag-"))


def lock_of(head: Mapping[str, Any]) -> ObjectLock | None:
    """The lock of a described object; None where it has neither a retention nor a hold."""
    until, held = head.get("ObjectLockRetainUntilDate"), head.get("ObjectLockLegalHoldStatus")
    if until is None and held != "ON":
        return None
    return ObjectLock(
        head.get("ObjectLockMode"),
        None if until is None else until.astimezone(UTC),
        held == "ON",
    )


def pin_of(head: Mapping[str, Any]) -> dict[str, str]:
    """What makes a later request read the very same object."""
    version = head.get("VersionId")
    if version is not None and is_version_id(version):
        return {"VersionId": version}
    return {"IfMatch": head["ETag"]}


def quoted(text: str) -> str:
    """Any text as a header's value: visible ASCII as it is, all else (also blanks) in percents."""
    return quote(text, safe=_SAFE) or _EMPTY


def unquoted(text: str) -> str:
    """The text that ``quoted`` made."""
    return "" if text == _EMPTY else unquote(text)
