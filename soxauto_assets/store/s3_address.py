"""The address of a store in S3: one line of text that holds everything needed to open it.

``s3://bucket/prefix?region=eu-west-1&kms-key=alias/sox&retention-days=2922``. As text it passes
through Dagster's resources, which take no objects. Credentials are never in it: boto3 finds
them (role of the task, profile, environment).

The results bucket also holds the state and inputs stores unless settings say otherwise, below
``state/`` and ``inputs/`` beside the results' own ``attempts/`` and ``current/``: they need the
same rights and the same backup. The evidence bucket stands alone, for Object Lock forbids what
they do.

Here: the address and its text. Not here: the client and the store (``s3.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from soxauto_assets.store.protocol import StoreError

RetentionMode = Literal["COMPLIANCE", "GOVERNANCE"]

LARGEST_PUT_BYTES = 5 * 2**30
"""What S3 takes in one PUT, and so with a checksum of the whole object."""
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_OPTIONS = ("region", "endpoint", "kms-key", "retention-days", "retention-mode", "tries")


@dataclass(frozen=True)
class Retention:
    """How long an object is locked from its writing on, in days, and how hard.

    Auditors keep records for seven years from the end of the audit (17 CFR 210.2-06), which is
    within the year after; COMPLIANCE is what nobody can shorten.
    """

    days: int
    mode: RetentionMode = "COMPLIANCE"


@dataclass(frozen=True)
class S3Options:
    """How a bucket is reached and written.

    ``endpoint`` is another address than AWS's own (an emulator, a VPC endpoint). ``kms_key``:
    objects are encrypted with that key of KMS, else as the bucket does it. ``retention``: the
    store is the evidence store, writes only where the bucket locks, and locks each object.
    ``tries`` bounds how often a request is sent where trying again may help. Time-outs are in
    seconds, sizes in bytes.
    """

    region: str | None = None
    endpoint: str | None = None
    kms_key: str | None = None
    retention: Retention | None = None
    tries: int = 5
    connect_seconds: float = 5
    read_seconds: float = 60
    multipart_above: int = LARGEST_PUT_BYTES
    part_bytes: int = 64 * 2**20


@dataclass(frozen=True)
class S3Address:
    """A bucket, the prefix of all keys in it (without slashes around), and how it is reached."""

    bucket: str
    prefix: str = ""
    options: S3Options = field(default_factory=S3Options)

    @property
    def url(self) -> str:
        """``s3://bucket/prefix``, for people."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def text(self) -> str:
        """The whole address; ``parse`` reads it. Time-outs and sizes are not part of it."""
        options, retention = self.options, self.options.retention
        given = {
            "region": options.region,
            "endpoint": options.endpoint,
            "kms-key": options.kms_key,
            "retention-days": None if retention is None else str(retention.days),
            "retention-mode": None if retention is None else retention.mode,
            "tries": None if options.tries == S3Options.tries else str(options.tries),
        }
        query = urlencode({name: value for name, value in given.items() if value is not None})
        path = quote(self.prefix)
        return f"s3://{self.bucket}/{path}".rstrip("/") + (f"?{query}" if query else "")

    @classmethod
    def parse(cls, text: str) -> S3Address:
        """The address of its text; raises StoreError naming what is malformed."""
        parts = urlsplit(text)
        if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc) or parts.fragment:
            raise _malformed(text, "it does not begin with s3:// and the name of a bucket")
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        given = dict(pairs)
        unknown = sorted(set(given) - set(_OPTIONS))
        if unknown or len(given) < len(pairs) or "" in given.values():
            raise _malformed(text, f"its options are not a choice of {', '.join(_OPTIONS)}")
        endpoint = given.get("endpoint")
        if endpoint is not None and not re.fullmatch(r"https?://[^/@?#]+/?", endpoint):
            raise _malformed(text, "its endpoint is not http(s)://host:port")
        options = S3Options(
            region=given.get("region"),
            endpoint=endpoint,
            kms_key=given.get("kms-key"),
            retention=_retention(text, given),
            tries=_number(text, given.get("tries", str(S3Options.tries))),
        )
        return cls(parts.netloc, unquote(parts.path).strip("/"), options)


def _retention(text: str, given: dict[str, str]) -> Retention | None:
    mode = given.get("retention-mode", Retention.mode)
    if mode not in ("COMPLIANCE", "GOVERNANCE"):
        raise _malformed(text, "its retention-mode is neither COMPLIANCE nor GOVERNANCE")
    if "retention-days" not in given:
        if "retention-mode" in given:
            raise _malformed(text, "it has a retention-mode without retention-days")
        return None
    return Retention(
        _number(text, given["retention-days"]),
        "COMPLIANCE" if mode == "COMPLIANCE" else "GOVERNANCE",
    )


def _number(text: str, value: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", value):
        raise _malformed(text, f"{value!r} in it is not a number from 1 on")
    return int(value)


def _malformed(text: str, why: str) -> StoreError:
    # Without user and options: whoever puts a credential there must not find it in a log.
    shown = text.partition("?")[0].rpartition("@")[2]
    return StoreError(
        f"{shown!r} is not the address of a store in S3: {why}.",
        remedy="Write s3://bucket/prefix?region=eu-west-1, as docs/stores.md describes it.",
    )
