"""A second emulator of AWS, MiniStack, as a process on loopback: it answers Athena's questions.

It runs SELECTs over Glue tables through DuckDB on the objects of its own S3. What it cannot show:
DDL beyond CREATE and DROP TABLE, UNLOAD, partition projection (it reads the months from the keys),
scan limits, workgroups that enforce anything, and rights (it is started without AUTH).
"""

from __future__ import annotations

import itertools
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from soxauto_assets_tests.support.ministack_process import REGION, ministack_process

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_NUMBERS = itertools.count(1)


class MiniStack:
    """A running emulator."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """boto3's own client, for what a test does behind our back; made once."""
        if service not in self._clients:
            self._clients[service] = boto3.session.Session().client(
                service, region_name=REGION, endpoint_url=self.endpoint
            )
        return self._clients[service]

    def bucket(self, *, locked_days: int | None = None) -> str:
        """A new bucket with versions; with ``locked_days`` with Object Lock and a retention."""
        name, s3 = f"bucket-{next(_NUMBERS)}", self.client("s3")
        s3.create_bucket(
            Bucket=name,
            CreateBucketConfiguration={"LocationConstraint": REGION},
            ObjectLockEnabledForBucket=locked_days is not None,
        )
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        if locked_days is not None:
            rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": locked_days}}
            s3.put_object_lock_configuration(
                Bucket=name,
                ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
            )
        return name


@contextmanager
def ministack(folder: Path) -> Iterator[MiniStack]:
    """An emulator on a free port of loopback; its files are in ``folder``, credentials are set."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        **CREDENTIALS,
        "SERVICES": "s3,glue,athena,sns,sqs,secretsmanager,sts",
    }
    with pytest.MonkeyPatch.context() as patched:
        for name, value in CREDENTIALS.items():
            patched.setenv(name, value)
        patched.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with ministack_process(folder, settings, _is_healthy) as port:
            yield MiniStack(port)


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False
