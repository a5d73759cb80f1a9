"""A second emulator of AWS, MiniStack, as a process on loopback: it answers Athena's questions.

It runs SELECTs over Glue tables through DuckDB (ours: its own environment has none) on the objects
of its own S3. What it cannot show:
DDL beyond CREATE and DROP TABLE, UNLOAD, partition projection (it reads the months from the keys),
scan limits, workgroups that enforce anything, and rights (it is started without AUTH).
"""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest

PROGRAM = Path(__file__).parents[2] / ".venv-ministack" / "bin" / "ministack"
REGION = "eu-west-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_SECONDS = 60
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
    if not PROGRAM.exists():
        raise AssertionError(f"{PROGRAM} is missing; `make .venv-ministack/installed` makes it")
    port = _free_port()
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | CREDENTIALS | {
        "PYTHONPATH": str(_with_duckdb(folder / "engine")),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "S3_DATA_DIR": str(folder / "s3"),
        "TMPDIR": str(folder),
        "LOG_LEVEL": "ERROR",
        "SERVICES": "s3,glue,athena,sns,sqs,secretsmanager,sts",
    }  # fmt: skip
    with (
        (folder / "ministack.log").open("wb") as log,
        subprocess.Popen([PROGRAM], env=environment, stdout=log, stderr=log) as process,
        pytest.MonkeyPatch.context() as patched,
    ):
        try:
            for name, value in CREDENTIALS.items():
                patched.setenv(name, value)
            patched.setenv("AWS_EC2_METADATA_DISABLED", "true")
            _wait_for(port, process, folder / "ministack.log")
            yield MiniStack(port)
        finally:
            process.terminate()


def _with_duckdb(folder: Path) -> Path:
    """A folder that holds the DuckDB of this environment, and nothing else of it."""
    folder.mkdir()
    package = Path(duckdb.__file__).parent
    beside = (*package.parent.glob("_duckdb*"), *package.parent.glob("duckdb-*.dist-info"))
    for part in (package, *beside):
        (folder / part.name).symlink_to(part)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"MiniStack does not answer: {log.read_text(errors='replace')[-2000:]}")
