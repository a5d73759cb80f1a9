"""An account on loopback, as the template makes it, for months that are closed in it.

Buckets (the evidence one with Object Lock), a topic with a queue behind it, and the secret; moto
answers over real HTTP. The key that signs is a local one: moto's KMS takes a digest for a message
and signs the digest of it. Here: the parts, the environment of a process that uses them, and
packages copied out for the verifier. Not here: the template, and rights (``ministack.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from soxauto_assets.evidence.lifecycle import AttemptState, attempts
from soxauto_assets.period import Period
from soxauto_assets.store.s3 import S3Store
from soxauto_assets_tests.support.aws_server import REGION, AwsServer, Received
from soxauto_assets_tests.support.command import Home, predicate
from soxauto_assets_tests.support.s3_server import S3Server

SECRET = "DB_CREDENTIALS_NAV_BI"


class Cloud:
    """The buckets, topic and secret of one deployment; ``server`` serves all of AWS."""

    def __init__(self, server: S3Server) -> None:
        self.server = server
        everything = AwsServer(server.port)
        self.results = server.bucket()
        self.evidence = server.bucket(locked_days=1)
        self._topic = everything.topic()
        self.secret = f"{SECRET}_{uuid4().hex[:8]}"
        self._secrets = everything.client("secretsmanager")
        self._secrets.create_secret(Name=self.secret)

    def environment(self, home: Home) -> dict[str, str]:
        """The environment of a process in this account: what the template gives it."""
        return home.environment | self.settings

    @property
    def settings(self) -> dict[str, str]:
        """The settings that differ from the embedded default; the retention is the shortest."""
        return {
            "AWS_REGION": REGION,
            "SOXAUTO_AWS_ENDPOINT": self.server.endpoint,
            "SOXAUTO_STORE": "s3",
            "S3_RESULTS_BUCKET": self.results,
            "S3_EVIDENCE_BUCKET": self.evidence,
            "SOXAUTO_S3_RETENTION_DAYS": "1",
            "SOXAUTO_ALERT_TOPIC": self._topic.arn,
            "SOXAUTO_DB_SECRET": self.secret,
            "SOXAUTO_METRICS": "emf",
            "SOXAUTO_LOG_FORMAT": "json",
        }

    def put_secret(self, text: str) -> None:
        """Give the secret its value."""
        self._secrets.put_secret_value(SecretId=self.secret, SecretString=text)

    def store(self, name: str) -> S3Store:
        """The results, evidence or state store, opened as a new process does."""
        bucket = self.evidence if name == "evidence" else self.results
        prefix = "state" if name == "state" else ""
        return S3Store(self.server.address(bucket, prefix), name=name)

    def history(self, report: str, period: str) -> tuple[AttemptState, ...]:
        """The attempts at a report and month, the oldest first."""
        return attempts(self.store("state"), report, Period.parse(period))

    def messages(self) -> list[Received]:
        """What the topic's subscriber got since the last call."""
        return self._topic.received()

    def packages(self, report: str, period: str, folder: Path) -> list[Path]:
        """The packages of a report and month, copied into ``folder``; the oldest first."""
        prefix = f"attempts/{report}/{period}/"
        store = self.store("evidence")
        for info in store.list(prefix):
            file = folder / info.key
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(store.read(info.key))
        return sorted(path.parent for path in (folder / prefix).glob("*/manifest.json"))

    def lock(self, key: str) -> str:
        """The mode of the lock of an object of the evidence bucket."""
        head = self.server.client.head_object(Bucket=self.evidence, Key=key)
        assert head["ObjectLockRetainUntilDate"] is not None
        return str(head["ObjectLockMode"])


@dataclass(frozen=True)
class Content:
    """What a package says apart from who made it and when: the same wherever it was made."""

    verdict: str
    rows: int | None
    data: Mapping[str, Any] | None
    checks: tuple[tuple[str, str], ...]
    controls: Any


def content(package: Path) -> Content:
    """What the package in the folder says of its report."""
    says = predicate(package)
    return Content(
        says["verdict"],
        says["rows_reached"],
        says["data"],
        tuple((check["name"], check["verdict"]) for check in says["checks"]),
        json.loads((package / "controls.json").read_bytes()),
    )
