"""The control of the months before: what their newest packages say, line by line.

Here: reading them. A month without a package, or with one that cannot be trusted, is shown as
such and is no zero. Not here: drawing (``drawings.py``).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.standing import find_package
from soxauto_assets.reconciliation.control import Status, worst
from soxauto_assets.reconciliation.review.reviewed import DATA, Row, newest_control
from soxauto_assets.store.layout import MANIFEST

if TYPE_CHECKING:
    from soxauto_assets.period import Period
    from soxauto_assets.store.protocol import ObjectStore

MONTHS = 12
"""How many months are shown, the reviewed one included."""


@dataclass(frozen=True)
class MonthLines:
    """The lines of a month's control; empty, with ``absent`` saying why, where there are none."""

    period: Period
    lines: tuple[Row, ...]
    attempt: str | None = None
    absent: str | None = None

    def status(self, family: str | None = None) -> Status | None:
        """The worst status of a family, or of all lines; None where there is none."""
        lines = [ln for ln in self.lines if family is None or ln["family"] == family]
        return worst([Status(line["status"]) for line in lines]) if lines else None


def months_before(evidence: ObjectStore, period: Period) -> tuple[MonthLines, ...]:
    """The eleven months before ``period``, the oldest first."""
    months: list[Period] = []
    at = period
    for _ in range(MONTHS - 1):
        at = at.previous
        months.append(at)
    return tuple(_month(evidence, month) for month in reversed(months))


def _month(evidence: ObjectStore, period: Period) -> MonthLines:
    import polars as pl

    try:
        address = newest_control(evidence, period)
        if address is None or find_package(evidence, address) is None:
            return MonthLines(period, (), absent="no control was made")
        statement = json.loads(evidence.read(address.key(MANIFEST)))
        predicate = statement["predicate"]
        if predicate["data"] is None:
            return MonthLines(period, (), address.attempt, "its control ended without figures")
        name = predicate["folder"] + DATA
        content = evidence.read(address.key(name))
        digests = {file["name"]: file["digest"]["sha256"] for file in statement["subject"]}
        if hashlib.sha256(content).hexdigest() != digests[name]:
            return MonthLines(period, (), address.attempt, "its package was changed")
    except SoxautoError:
        return MonthLines(period, (), absent="its package cannot be read")
    lines: Sequence[Row] = pl.read_parquet(io.BytesIO(content)).to_dicts()
    return MonthLines(period, tuple(lines), address.attempt)
