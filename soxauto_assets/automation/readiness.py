"""Readiness: is the source ready for a month? Asked before the month's reports are begun.

A month that is not ready is WAITING until its heartbeat day: nothing is attempted, no package says
FAIL, and it is asked again, daily. From that day on nothing waits (the heartbeat alerts): the
reports are attempted, and their own checks, the very controls asked here, judge what is missing.
So no switch is needed to go on, and none skips a check.

Here: the question, its answer, and the record of a month that waits. Not here: who asks
(`soxauto run`, the schedules, the Lambda handler) and what stands in the controls
(``catalog/readiness.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence import journal
from soxauto_assets.evidence.canonical import canonical_json, parse_canonical, parse_utc, utc_text
from soxauto_assets.evidence.lease import utc_now
from soxauto_assets.period import Period
from soxauto_assets.store.layout import attempts_prefix, new_attempt_id
from soxauto_assets.store.protocol import ObjectDamagedError

if TYPE_CHECKING:
    from soxauto_assets.store.protocol import ObjectStore
    from soxauto_assets.warehouse.protocol import Warehouse

SHOWN = 5
"""How many rows of a control are put into words; the reports' packages hold all of them."""


class Readiness(Enum):
    """What the source says of a month. Only WAITING holds its reports back.

    OVERDUE: not ready, but its heartbeat day has come. UNKNOWN: the source could not be asked, or
    the answer not recorded; the reports meet the same error, and leave packages and alerts.
    """

    READY = "ready"
    WAITING = "waiting"
    OVERDUE = "overdue"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Examined:
    """The answer for ``period``, asked at ``at`` (aware UTC).

    ``lacks`` says in words what is missing (or, where UNKNOWN, why the source could not be
    asked); empty where READY. It names companies, dates and counts, and holds no row of data.
    """

    period: Period
    readiness: Readiness
    lacks: tuple[str, ...]
    at: datetime

    @property
    def waits(self) -> bool:
        """Whether the month's reports are not to be begun yet."""
        return self.readiness is Readiness.WAITING

    @property
    def summary(self) -> str:
        """One line for a log, a tick or an answer."""
        line = f"{self.period} is {self.readiness.value.upper()}"
        return line if not self.lacks else f"{line}: {'; '.join(self.lacks)}"


def examine(
    warehouse: Callable[[], Warehouse],
    state: ObjectStore,
    period: Period,
    *,
    heartbeat_day: int,
    zone: ZoneInfo,
    now: datetime | None = None,
) -> Examined:
    """Ask the source whether ``period`` can be closed, and record it where it is not ready.

    For everybody who begins a month without being asked twice: `soxauto run`, the schedules, and
    the Lambda handler, whose overall status is WAITING where ``waits`` is true. ``warehouse`` is
    called to open the source. ``heartbeat_day`` and ``zone`` are those of the settings. Raises
    nothing of the product's: where the source or the record fails, it is UNKNOWN.
    """
    at = now or utc_now()
    try:
        lacks = _asked(warehouse(), period)
    except SoxautoError as error:
        return Examined(period, Readiness.UNKNOWN, (str(error),), at)
    if not lacks:
        return Examined(period, Readiness.READY, (), at)
    overdue = period.heartbeat(heartbeat_day, zone) <= at
    examined = Examined(period, Readiness.OVERDUE if overdue else Readiness.WAITING, lacks, at)
    try:
        _record(state, examined)
    except SoxautoError as error:
        return Examined(period, Readiness.UNKNOWN, (*lacks, str(error)), at)
    return examined


def _asked(warehouse: Warehouse, period: Period) -> tuple[str, ...]:
    from soxauto_assets.assets.reading import statement
    from soxauto_assets.catalog.loader import load_entry
    from soxauto_assets.catalog.parameters import values_for
    from soxauto_assets.catalog.readiness import READINESS
    from soxauto_assets.warehouse.protocol import Purpose

    lacks: list[str] = []
    for report, name in READINESS:
        entry = load_entry(report)
        (control,) = (one for one in entry.controls if one.name == name)
        text = statement(f"{report}/controls/{name}", control.sql, values_for(entry.report, period))
        # A session a report: the source looks at that report's tables, and a fault of any other
        # keeps no answer back.
        with warehouse.open(Purpose(report, str(period), "readiness")) as session:
            lacks += _words(report, session.fetch(text))
    return tuple(lacks)


def _words(report: str, rows: Sequence[Mapping[str, object]]) -> list[str]:
    """One sentence a row, with its figures; the last one counts those that are left out."""
    told = []
    for row in rows[:SHOWN]:
        others = [
            f"{name} {value}"
            for name, value in row.items()
            if name not in ("company", "problem") and value is not None
        ]
        told.append(f"{report.upper()}: {row['company']}: {row['problem']} ({', '.join(others)})")
    if len(rows) > SHOWN:
        told.append(f"{report.upper()}: and {len(rows) - SHOWN} more")
    return told


def _record(state: ObjectStore, examined: Examined) -> None:
    name = new_attempt_id(examined.at)
    document = {
        "at": utc_text(examined.at),
        "lacks": list(examined.lacks),
        "period": str(examined.period),
        "readiness": examined.readiness.value,
    }
    state.create(f"{_prefix(examined.period)}{name}.json", canonical_json(document))
    journal.record(state, journal.RecordKind.NOT_READY, document, at=examined.at)


def last_not_ready(state: ObjectStore, period: Period) -> Examined | None:
    """What the source lacked when the month was last found not ready; None where it never was."""
    keys = [listed.key for listed in state.list(_prefix(period))]
    if not keys:
        return None
    try:
        document = parse_canonical(state.read(keys[-1]))
        return Examined(
            Period.parse(document["period"]),
            Readiness(document["readiness"]),
            tuple(document["lacks"]),
            parse_utc(document["at"]),
        )
    except (SoxautoError, KeyError, TypeError, ValueError) as error:
        raise ObjectDamagedError(
            f"The record {keys[-1]} cannot be read.",
            remedy="Restore it from a backup and find out who or what changed it.",
        ) from error


def still_waiting(state: ObjectStore, period: Period, reports: Sequence[str]) -> Examined | None:
    """The newest record of ``period`` where it says WAITING and no report was begun since."""
    found = last_not_ready(state, period)
    if found is None or not found.waits:
        return None
    waiting_since = new_attempt_id(found.at)[:16]
    for report in reports:
        for listed in state.list(attempts_prefix(report, period)):
            if listed.key.removeprefix(attempts_prefix(report, period))[:16] >= waiting_since:
                return None
    return found


def _prefix(period: Period) -> str:
    return f"readiness/{period}/"
