"""What is published: for each month's current object, what its own manifest says of it.

Here: the expected figures of a check of tables. Not here: the check (``automation``) and making
something current (``evidence/current.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soxauto_assets.evidence.canonical import parse_canonical
from soxauto_assets.evidence.current import current
from soxauto_assets.period import InvalidPeriodError, Period
from soxauto_assets.store.layout import MANIFEST, VALIDATED, AttemptAddress
from soxauto_assets.store.protocol import ObjectDamagedError

if TYPE_CHECKING:
    from soxauto_assets.store.protocol import ObjectStore


@dataclass(frozen=True)
class Published:
    """Current data: its attempt, and how many rows the attempt's manifest says it has."""

    address: AttemptAddress
    rows: int

    @property
    def data_key(self) -> str:
        """The attempt's own copy of the data in the results store, which never changes."""
        return self.address.key(VALIDATED)


def published(
    results: ObjectStore, evidence: ObjectStore, report: str, period: Period
) -> Published | None:
    """What stands as current of a report and month; None where nothing does.

    Raises ObjectDamagedError where the current object names no attempt, or a manifest other than
    the one that stands there.
    """
    found = current(results, report, period)
    if found is None:
        return None
    if found.attempt is None:
        raise _damaged(found.key, "does not say which attempt it is of")
    address = AttemptAddress(report, period, found.attempt)
    manifest = evidence.read(address.key(MANIFEST))
    if hashlib.sha256(manifest).hexdigest() != found.manifest_sha256:
        raise _damaged(found.key, f"is of another manifest than {address.key(MANIFEST)}")
    try:
        rows = parse_canonical(manifest)["predicate"]["data"]["rows"]
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(address.key(MANIFEST), "tells no count of rows") from error
    return Published(address, int(rows))


def unchecked(
    results: ObjectStore, state: ObjectStore, prefix: str, reports: Sequence[str]
) -> dict[Period, tuple[str, ...]]:
    """Months and reports with current data of which a newer attempt passed than was checked.

    Checked attempts have a record ``<prefix><report>/<month>/<attempt>.json``. By the ids of
    attempts and not by stamps, for one may become current while another's record is written.
    A few listings, whatever the number of months.
    """
    checked: dict[tuple[str, str], str] = {}
    for listed in state.list(prefix):
        report, month, name = listed.key.removeprefix(prefix).split("/")
        attempt = name.removesuffix(".json")
        checked[report, month] = max(attempt, checked.get((report, month), ""))
    found: dict[Period, list[str]] = {}
    for report in reports:
        newest = _newest_passed(results, report)
        for listed in results.list(f"current/{report}/"):
            month = listed.key.split("/")[2].removeprefix("month=")
            last = checked.get((report, month))
            if last is not None and last >= newest.get(month, ""):
                continue
            try:
                period = Period.parse(month)
            except InvalidPeriodError:
                continue  # not the product's: no month is published under such a key
            if report not in found.setdefault(period, []):
                found[period].append(report)
    return {period: tuple(found[period]) for period in sorted(found)}


def _newest_passed(results: ObjectStore, report: str) -> dict[str, str]:
    """The newest attempt of each month that stored validated data, by month."""
    newest: dict[str, str] = {}
    for listed in results.list(f"attempts/{report}/"):
        address = AttemptAddress.parse(listed.key)
        if address is not None and listed.key == address.key(VALIDATED):
            month = str(address.period)
            newest[month] = max(address.attempt, newest.get(month, ""))
    return newest


def _damaged(key: str, problem: str) -> ObjectDamagedError:
    return ObjectDamagedError(
        f"{key} {problem}.", remedy="Find out who or what changed it, then run the month again."
    )
