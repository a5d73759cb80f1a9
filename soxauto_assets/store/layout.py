"""Where things stand in every store: the same keys in a local folder and in S3.

Here: addresses only. Not here: reading and writing them.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from soxauto_assets.period import Period

_ATTEMPT_ID = re.compile(r"[0-9]{8}_[0-9]{6}Z-[0-9a-f]{8}")


def new_attempt_id(now: datetime) -> str:
    """``<YYYYMMDD_HHMMSS>Z-<8 random hex>`` for ``now`` (aware); sorts by time."""
    return f"{now.astimezone(UTC):%Y%m%d_%H%M%S}Z-{secrets.token_hex(4)}"


@dataclass(frozen=True, order=True)
class AttemptAddress:
    """One attempt at one report and period; ordered by report, period and time of start."""

    report: str
    period: Period
    attempt: str

    def __post_init__(self) -> None:
        if not _ATTEMPT_ID.fullmatch(self.attempt):
            raise ValueError(f"{self.attempt!r} is not an attempt id")

    @classmethod
    def parse(cls, key: str) -> AttemptAddress | None:
        """The attempt that a key ``attempts/…`` belongs to, or None for any other key."""
        parts = key.split("/")
        if len(parts) < 4 or parts[0] != "attempts" or not _ATTEMPT_ID.fullmatch(parts[3]):
            return None
        return cls(parts[1], Period.parse(parts[2]), parts[3])

    @property
    def prefix(self) -> str:
        """``attempts/<report>/<period>/<attempt>/``: create-only, in every store."""
        return f"attempts/{self.report}/{self.period}/{self.attempt}/"

    def key(self, name: str) -> str:
        """The key of the attempt's object ``name``."""
        return self.prefix + name


@dataclass(frozen=True, order=True)
class ReperformanceAddress:
    """One re-performance of a report and period; ``id`` has the form of an attempt's."""

    report: str
    period: Period
    id: str

    @property
    def prefix(self) -> str:
        """``reperformances/<report>/<period>/<id>/``: create-only, in the evidence store."""
        return f"reperformances/{self.report}/{self.period}/{self.id}/"

    def key(self, name: str) -> str:
        """The key of the re-performance's object ``name``."""
        return self.prefix + name


def attempts_prefix(report: str, period: Period) -> str:
    """The prefix of all attempts at a report and period."""
    return f"attempts/{report}/{period}/"


def current_key(report: str, period: Period) -> str:
    """The published data of a report and period: one object, replaced by a conditional write."""
    return f"current/{report}/month={period}/data.parquet"


EXTRACT = "extract.parquet"
"""What the source gave, in the results store, below the attempt's prefix."""
VALIDATED = "validated.parquet"
"""The same after validation, in the results store, written only when every check passed."""
MANIFEST = "manifest.json"
"""In the evidence store, below the attempt's prefix: the list and summary of its package."""
ENVELOPE = "manifest.dsse.json"
"""Beside it: the signature around the manifest's bytes, written first of the two. With it a
package exists."""
TIME = "time.tsr"
"""Beside them: the time stamp of the envelope, which may come later."""
LOG_PROOF = "log-proof.json"
"""Beside them: that the evidence log holds the attempt's closing, with a signed checkpoint."""
SEAL = "seal.json"
"""Beside them: versions, checksums and retention as the store read them back."""
