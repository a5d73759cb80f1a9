"""What an event of Lambda asks for: a month, reports, and whether to run what is finished again.

Here: reading the event, strictly. Not here: what is done then (``lambda_handler.py``). An event
that is not understood is refused as a whole: a month closed by a guess would be evidence of what
nobody asked for.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from soxauto_assets.assets.partitions import last_closed_period, require_closed
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.errors import PermanentError
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings

KEYS = ("cutoff_date", "period", "reports", "force", "source", "time")
EVENTBRIDGE, SCHEDULER = "aws.events", "schedule"
_SHOWN = 80
_EXAMPLES = (
    'Send {} for the last closed month, {"period": "2024-09"}, {"cutoff_date": "2024-09-30"}, '
    'and with any of them {"reports": ["cr_05"]} or {"force": true}.'
)


class MalformedEventError(PermanentError):
    """An event is not one that the function understands; nothing was begun."""


@dataclass(frozen=True)
class Asked:
    """What an event asks for. ``scheduled``: nobody typed it, a schedule sent it."""

    period: Period
    reports: tuple[str, ...]
    force: bool
    scheduled: bool


def asked_for(event: object, settings: Settings) -> Asked:
    """What ``event`` (parsed JSON; None is nothing) asks for; CUTOFF_DATE of the settings is not.

    A scheduled event (``source`` is ``aws.events`` or ``schedule``) asks for the month that had
    ended at its ``time``, or now. Raises MalformedEventError, InvalidPeriodError,
    InvalidCutoffError, PeriodOutOfRangeError.
    """
    given = {} if event is None else event
    if not isinstance(given, Mapping):
        raise _malformed(f"The event is {_told(given)}, and not a JSON object.")
    scheduled = "source" in given
    if scheduled and given["source"] not in (EVENTBRIDGE, SCHEDULER):
        raise _malformed(f"The source of the event is {_told(given['source'])}.")
    if given.get("source") == EVENTBRIDGE:
        _require_schedule(given)
    else:
        _require_known(given)
    return Asked(
        _period(given, settings, scheduled=scheduled),
        _reports(given),
        _force(given),
        scheduled,
    )


def _malformed(problem: str) -> MalformedEventError:
    return MalformedEventError(f"{problem} Nothing was begun.", remedy=_EXAMPLES)


def _told(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _require_schedule(given: Mapping[object, object]) -> None:
    """EventBridge's own event has keys of its own; of those ours, it may only have ``time``."""
    kind = given.get("detail-type")
    if kind != "Scheduled Event":
        raise _malformed(f"The event of EventBridge is {_told(kind)}, no 'Scheduled Event'.")
    mixed = sorted({"cutoff_date", "period", "reports", "force"} & {str(key) for key in given})
    if mixed:
        raise _malformed(f"An event of EventBridge's own also says {', '.join(mixed)}.")


def _require_known(given: Mapping[object, object]) -> None:
    for key in given:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise _malformed(f"The event has the key {_told(key)}, which means nothing.{hint}")
    if "time" in given and "source" not in given:
        raise _malformed("The event has a time, but is of no schedule.")


def _period(given: Mapping[object, object], settings: Settings, *, scheduled: bool) -> Period:
    if "period" in given and "cutoff_date" in given:
        raise _malformed("The event names the month twice, by period and by cutoff_date.")
    for key, read in (("period", Period.parse), ("cutoff_date", Period.from_cutoff)):
        if key in given:
            value = given[key]
            if not isinstance(value, str):
                raise _malformed(f"The {key} is {_told(value)}, and not a text.")
            return require_closed(read(value), settings)
    if scheduled and "time" in given:
        at = _time(given["time"])
        return require_closed(Period.last_closed(at, settings.zone), settings)
    return last_closed_period(settings)


def _time(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
        if at.tzinfo is None or not 2000 <= at.year <= 9000:
            raise ValueError("no zone, or no year of this control")
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _malformed(
            f"The time of the event is {_told(value)}, and not one like 2024-10-01T08:00:00Z."
        ) from error


def _reports(given: Mapping[object, object]) -> tuple[str, ...]:
    known = report_ids()
    if "reports" not in given:
        return known
    named = given["reports"]
    if not isinstance(named, list) or not named:
        raise _malformed(f"The reports are {_told(named)}, and not a list of at least one.")
    for name in named:
        if name not in known:
            raise _malformed(
                f"There is no report {_told(name)}; the reports are {', '.join(known)}."
            )
    return tuple(dict.fromkeys(named))


def _force(given: Mapping[object, object]) -> bool:
    force = given.get("force", False)
    if not isinstance(force, bool):
        raise _malformed(f"The value of force is {_told(force)}, and neither true nor false.")
    return force
