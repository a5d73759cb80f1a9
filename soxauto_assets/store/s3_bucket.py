"""One bucket as the store sees it: its client, and the requests that only look.

Here: HEAD, GET and listing, with S3's answers told apart (no object, no bucket, no right), and
what an evidence bucket must be like. Not here: writing, and the protocol of stores (``s3.py``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from soxauto_assets.store.s3_address import S3Address, S3Options
from soxauto_assets.store.s3_errors import S3Errors, code_of, status_of

_CONNECTING = threading.Lock()


class S3Bucket:
    """The bucket of ``address``, seen below the address's prefix. First asked on first use."""

    def __init__(self, address: S3Address, errors: S3Errors) -> None:
        self._address = address
        self._errors = errors
        self._guard = threading.Lock()
        self._made_client: Any = None
        self._stands = False
        self._keeps_evidence = False

    @property
    def client(self) -> Any:
        """boto3's client, made on first use."""
        with self._guard:
            if self._made_client is None:
                with self._errors.told(""):
                    self._made_client = _connect(self._address.options)
            return self._made_client

    def target(self, key: str) -> dict[str, str]:
        """Bucket and full key of an object, as every request names it."""
        prefix = self._address.prefix
        return {
            "Bucket": self._address.bucket,
            "Key": f"{prefix}/{key}" if prefix else key,
        }

    def head(self, key: str, version: str | None = None) -> Mapping[str, Any] | None:
        """What S3 tells of the object (of that version of it), or None where it is not there."""
        pin = {} if version is None else {"VersionId": version}
        with self._errors.told(key):
            try:
                head: Mapping[str, Any] = self.client.head_object(
                    **self.target(key), **pin, ChecksumMode="ENABLED"
                )
                return head
            except ClientError as error:
                # 400: S3 has never given such a version. So is the answer to bad credentials,
                # which then is the answer to a HEAD without a version too.
                if status_of(error) == 400 and version is not None:
                    self.head(key)
                elif status_of(error) != 404:
                    raise
        self._require_bucket()
        return None

    def _require_bucket(self) -> None:
        """Tell "no object" from "no bucket", which look alike in the answer to a HEAD."""
        if self._stands:
            return
        with self._errors.told(""):
            try:
                self.client.head_bucket(Bucket=self._address.bucket)
            except ClientError as error:
                if status_of(error) == 404:
                    raise self._errors.no_bucket() from error
                if status_of(error) != 403:  # it stands, and is not ours to look at
                    raise
        self._stands = True

    def get(self, key: str, pin: Mapping[str, str], *, begin: int = 0) -> Mapping[str, Any]:
        """The answer with the bytes from ``begin`` on of the object that ``pin`` names."""
        part = {"Range": f"bytes={begin}-"} if begin else {}
        with self._errors.told(key):
            try:
                answer: Mapping[str, Any] = self.client.get_object(
                    **self.target(key), **part, **pin
                )
                return answer
            except ClientError as error:
                if code_of(error) in ("NoSuchKey", "NoSuchVersion"):
                    raise self._errors.missing(key) from None
                if status_of(error) == 412:
                    raise self._errors.unavailable(key, "replaced while it was read") from error
                raise

    def listed(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        """The objects below the prefix, in the order of full keys; one page at a time."""
        with self._errors.told(prefix):
            target = self.target(prefix)
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=target["Bucket"], Prefix=target["Key"]
            )
            for page in pages:
                yield from page.get("Contents", ())

    def require_evidence(self) -> None:
        """Raise EvidenceBucketError unless the bucket keeps what is written to it.

        It must have versions, Object Lock and a default retention. Asked at the start of a run
        and by the doctor; a store with a retention asks by itself before its first write.
        """
        if self._keeps_evidence:
            return
        bucket = {"Bucket": self._address.bucket}
        with self._errors.told(""):
            versioning = self.client.get_bucket_versioning(**bucket).get("Status", "not set")
            try:
                answer = self.client.get_object_lock_configuration(**bucket)
                lock = answer["ObjectLockConfiguration"]
            except ClientError as error:
                if code_of(error) != "ObjectLockConfigurationNotFoundError":
                    raise
                lock = {}
        if versioning != "Enabled":
            raise self._errors.not_fit(
                "the versioning", versioning, "Enable versioning on the bucket."
            )
        if lock.get("ObjectLockEnabled") != "Enabled":
            raise self._errors.not_fit(
                "Object Lock", "not enabled", "Enable Object Lock, best when the bucket is made."
            )
        default = lock.get("Rule", {}).get("DefaultRetention", {})
        if not default.get("Mode") or not (default.get("Days") or default.get("Years")):
            raise self._errors.not_fit(
                "the default retention", "not set", "Set one of Object Lock, in days or years."
            )
        self._keeps_evidence = True


def _connect(options: S3Options) -> Any:
    """A client of S3 with botocore's own retries; credentials from boto3's usual places."""
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "total_max_attempts": options.tries},
        connect_timeout=options.connect_seconds,
        read_timeout=options.read_seconds,
        tcp_keepalive=True,
        # A name such as localhost has no subdomains for buckets.
        s3={"addressing_style": "path"} if options.endpoint else {},
    )
    with _CONNECTING:  # a session makes one client at a time
        return _session().client(
            "s3", region_name=options.region, endpoint_url=options.endpoint, config=config
        )


@cache
def _session() -> Any:
    """One for all stores: it reads the description of the service, half a second, only once."""
    import boto3.session

    return boto3.session.Session()
