"""An S3 emulator on loopback, its buckets, and stores in them.

moto answers over real HTTP, so that botocore's own connections, retries and checksums are at
work. What it cannot show: it takes wrong checksums, lets COMPLIANCE be shortened, ignores
``If-Match`` and Object Lock of an upload in parts, knows no rights, and never conflicts (409).
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from soxauto_assets.store.s3 import S3Store
from soxauto_assets.store.s3_address import Retention, S3Address, S3Options

REGION = "eu-west-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_NUMBERS = itertools.count(1)


class S3Server:
    """A running emulator. ``client`` is boto3's own, for what a test does behind our back."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"
        self.options = S3Options(region=REGION, endpoint=self.endpoint, tries=2)
        self.client: Any = boto3.session.Session().client(
            "s3", region_name=REGION, endpoint_url=self.endpoint
        )

    def bucket(self, *, versioned: bool = True, locked_days: int | None = None) -> str:
        """A new bucket; with ``locked_days`` with Object Lock and a default retention."""
        name = f"bucket-{next(_NUMBERS)}"
        self.client.create_bucket(
            Bucket=name,
            CreateBucketConfiguration={"LocationConstraint": REGION},
            ObjectLockEnabledForBucket=locked_days is not None,
        )
        if versioned:
            self.client.put_bucket_versioning(
                Bucket=name, VersioningConfiguration={"Status": "Enabled"}
            )
        if locked_days is not None:
            rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": locked_days}}
            self.client.put_object_lock_configuration(
                Bucket=name,
                ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
            )
        return name

    def address(self, bucket: str, prefix: str = "soxauto", **options: Any) -> S3Address:
        """The address of a store in the bucket; ``options`` differ from the server's."""
        return S3Address(bucket, prefix, replace(self.options, **options))

    def store(self, *, versioned: bool = True, **options: Any) -> S3Store:
        """A results store in a bucket of its own."""
        return S3Store(self.address(self.bucket(versioned=versioned), **options), name="results")

    def evidence_store(self, **options: Any) -> S3Store:
        """An evidence store in a bucket of its own, with Object Lock."""
        address = self.address(self.bucket(locked_days=1), retention=Retention(days=2), **options)
        return S3Store(address, name="evidence")


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """An emulator on a free port of loopback, and credentials for it in the environment."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        server.start()
        try:
            yield S3Server(server.get_host_and_port()[1])
        finally:
            server.stop()
