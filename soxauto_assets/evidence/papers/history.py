"""The figures of the months before: rows and totals of each month's current package.

A month costs one question to the results store and the manifest of one package, whose SHA-256 the
current data names; the months are asked at the same time. So the charts show what is published,
and nothing is kept twice.

Not here: drawing them (``charts.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.canonical import NotCanonicalError, parse_canonical
from soxauto_assets.evidence.current import current
from soxauto_assets.store.layout import MANIFEST, AttemptAddress

if TYPE_CHECKING:
    from soxauto_assets.period import Period
    from soxauto_assets.store.protocol import ObjectStore

MONTHS = 12
"""How many months the charts show, this one included."""
_AT_ONCE = 6


@dataclass(frozen=True)
class MonthFigures:
    """What the current package of a month says; ``totals`` are exact, as its manifest has them."""

    period: Period
    attempt: str
    manifest_sha256: str
    rows: int
    totals: Mapping[str, str]

    def to_document(self) -> dict[str, object]:
        """As ``attachments/history.json`` holds it."""
        return {
            "attempt": self.attempt,
            "manifest_sha256": self.manifest_sha256,
            "period": str(self.period),
            "rows": self.rows,
            "totals": dict(self.totals),
        }


def periods_shown(period: Period) -> tuple[Period, ...]:
    """The months of the charts, the oldest first, ``period`` last."""
    months = [period]
    while len(months) < MONTHS:
        months.append(months[-1].previous)
    return tuple(reversed(months))


def recent_months(
    results: ObjectStore, evidence: ObjectStore, report: str, period: Period
) -> tuple[MonthFigures, ...]:
    """The eleven months before ``period``, without those that have no current data.

    A month whose package is not the one that its data names, or cannot be read, is left out: no
    chart is worth a package that does not come about, and ``soxauto status`` tells of it.
    """

    def figures(month: Period) -> MonthFigures | None:
        try:
            return _figures(results, evidence, report, month)
        except (SoxautoError, KeyError, TypeError):
            return None

    with ThreadPoolExecutor(_AT_ONCE) as asking:
        found = list(asking.map(figures, periods_shown(period)[:-1]))
    return tuple(month for month in found if month is not None)


def _figures(
    results: ObjectStore, evidence: ObjectStore, report: str, month: Period
) -> MonthFigures | None:
    published = current(results, report, month)
    if published is None or published.attempt is None:
        return None
    content = evidence.read(AttemptAddress(report, month, published.attempt).key(MANIFEST))
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != published.manifest_sha256:
        return None
    try:
        data = parse_canonical(content)["predicate"]["data"]
    except NotCanonicalError:
        return None
    return MonthFigures(month, published.attempt, sha256, data["rows"], data["totals"])
