"""The heartbeat: a month that is not closed by its day becomes an alert, whoever forgot it.

It asks the results store for current data and no database of Dagster, so that it also speaks
where the schedule is off, the daemon was down, or nothing was ever started. What it expects:
every month whose day comes after its own first look (``heartbeat/began.json``), so that an
installation is not told of the months before it. One alert a month, told once.

Here: which months are missed. Not here: who asks (a sensor, ``soxauto run``, ``soxauto status``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from soxauto_assets.assets.alerts import AlertSink, tell
from soxauto_assets.automation.readiness import last_not_ready
from soxauto_assets.evidence.alert_texts import period_missed
from soxauto_assets.evidence.canonical import (
    NotCanonicalError,
    canonical_json,
    parse_canonical,
    parse_utc,
    utc_text,
)
from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.outbox import Alert
from soxauto_assets.period import Period
from soxauto_assets.store.protocol import ObjectDamagedError, ObjectExistsError, ObjectMissingError

if TYPE_CHECKING:
    from soxauto_assets.settings import Settings
    from soxauto_assets.store.protocol import ObjectStore

BEGAN = "heartbeat/began.json"
WATCHED_MONTHS = 12
"""How far back it looks; whoever was away for longer sees the rest in ``soxauto status``."""


@dataclass(frozen=True)
class MissedPeriod:
    """A month that lacks current data of the ``missing`` reports on the day it was ``due``."""

    period: Period
    due: date
    missing: tuple[str, ...]


def missed_periods(
    state: ObjectStore,
    results: ObjectStore,
    reports: Sequence[str],
    *,
    day: int,
    zone: ZoneInfo,
    now: datetime,
) -> tuple[MissedPeriod, ...]:
    """The months that are not closed although their day has come, the oldest first.

    ``day`` is one of the month after, from 00:00 in ``zone`` on; ``now`` is aware. None before
    the heartbeat has begun. Writes nothing.
    """
    began = _began(state)
    if began is None:
        return ()
    last = Period.last_closed(now, zone)
    first = last
    for _ in range(WATCHED_MONTHS - 1):
        first = first.previous
    found = []
    for period in first.through(last):
        due = period.heartbeat(day, zone)
        if began < due <= now:
            missing = tuple(r for r in reports if current(results, r, period) is None)
            if missing:
                found.append(MissedPeriod(period, due.date(), missing))
    return tuple(found)


def heartbeat(
    state: ObjectStore,
    results: ObjectStore,
    sink: AlertSink,
    reports: Sequence[str],
    settings: Settings,
    *,
    now: datetime | None = None,
) -> tuple[Alert, ...]:
    """Put an alert for each missed month into the outbox, once; those that are new.

    Where the outbox cannot be written, ``sink`` is told directly and the error raised.
    """
    at = now or datetime.now(UTC)
    begin(state, at)
    alerts = [
        period_missed(
            one.period,
            one.missing,
            one.due,
            lacks=_lacks(state, one.period),
            at=at,
            run_url=f"{settings.ui_url}/runs",
        )
        for one in missed_periods(
            state, results, reports, day=settings.heartbeat_day, zone=settings.zone, now=at
        )
    ]
    return tuple(alert for alert in alerts if tell(state, sink, alert))


def _lacks(state: ObjectStore, period: Period) -> tuple[str, ...]:
    """What the source lacked when it was last asked, so that the alert says what it waited for."""
    try:
        found = last_not_ready(state, period)
    except ObjectDamagedError as error:  # the month is missed all the same
        return (str(error),)
    return () if found is None else (f"asked at {utc_text(found.at)}", *found.lacks)


def begin(state: ObjectStore, at: datetime) -> None:
    """Record that the heartbeat watches from now (aware) on; a later call changes nothing."""
    try:
        state.create(BEGAN, canonical_json({"at": utc_text(at)}))
    except ObjectExistsError:
        return


def _began(state: ObjectStore) -> datetime | None:
    try:
        return parse_utc(parse_canonical(state.read(BEGAN))["at"])
    except ObjectMissingError:
        return None
    except (NotCanonicalError, ObjectDamagedError, KeyError, TypeError, ValueError):
        return datetime.min.replace(tzinfo=UTC)  # rather too many months than none
