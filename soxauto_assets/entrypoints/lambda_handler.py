"""The handler of AWS Lambda: an event in, a month closed and reconciled, a result out.

It does what `soxauto run` does, with three differences: Dagster's instance is in memory and gone
with the invocation; what the store has current data of is not run again, unless the event says
``force``; and it stops by itself before its time is up. A month that failed raises, so that the
metric Errors and the failure destination speak.

Here: the order of things, and the result. Not here: what an event means (``lambda_event.py``),
the run (``close_month.py``, ``control_run.py``), the watch (``remaining_time.py``).
"""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from rich.console import Console

from soxauto_assets.entrypoints.close_month import (
    close_period,
    count_tables,
    must_wait,
    prepare,
    reconcile,
    tell_of_no_start,
    watch_and_deliver,
)
from soxauto_assets.entrypoints.console import ConsoleListener
from soxauto_assets.entrypoints.lambda_event import Asked, asked_for
from soxauto_assets.entrypoints.lambda_result import Result
from soxauto_assets.entrypoints.remaining_time import RemainingTime
from soxauto_assets.errors import PermanentError, SoxautoError
from soxauto_assets.settings import Settings

if TYPE_CHECKING:
    import dagster as dg


_log = logging.getLogger(__name__)


class MonthFailedError(PermanentError):
    """A month was begun and not every report of it passed; the message ends with the result."""


class TriggerOffError(PermanentError):
    """A scheduled event came although SOXAUTO_TRIGGER names another trigger."""


def handler(event: object, context: Any) -> dict[str, object]:
    """Close the month that ``event`` asks for; the result as JSON.

    ``context`` is Lambda's: its request id names the workflow, its remaining time is watched.
    Raises MonthFailedError with the result in it; MalformedEventError and the other errors of
    ``asked_for`` where nothing was begun; other SoxautoErrors where nothing could be.
    """
    workflow = str(getattr(context, "aws_request_id", None) or uuid4())
    settings = Settings.load()
    if settings.cutoff_date is not None:
        # It would freeze the month (decision D2).
        _log.warning(
            "CUTOFF_DATE=%s is ignored here; the event says which month is closed.",
            settings.cutoff_date,
        )
    try:
        asked = asked_for(event, settings)
        if asked.scheduled and settings.trigger not in (None, "lambda"):
            raise TriggerOffError(
                f"The trigger is {settings.trigger}, and a scheduled event came to the function.",
                remedy="Take the schedule of the function away, or set SOXAUTO_TRIGGER=lambda.",
            )
    except SoxautoError as error:
        _tell_of_refusal(error, settings, workflow)
        raise
    time = RemainingTime(lambda: context.get_remaining_time_in_millis() / 1000)
    result = _close(asked, settings, workflow, time)
    document = result.as_document()
    sys.stdout.write(json.dumps({"result": document}, separators=(",", ":")) + "\n")
    if result.has_failed:
        raise MonthFailedError(
            f"{asked.period} is {result.status.value}: {result.in_words}.",
            remedy="Remove the causes, then send the event again: what is current is not run "
            f"again. Result: {json.dumps(document, separators=(',', ':'))}",
        )
    return document


def _close(asked: Asked, settings: Settings, workflow: str, time: RemainingTime) -> Result:
    from soxauto_assets.catalog.loader import report_ids
    from soxauto_assets.definitions import build

    # A statement that goes on beyond the limit would be killed with the process, unpacked.
    seconds = max(1, min(settings.statement_timeout_seconds, int(time.seconds)))
    settings = settings.model_copy(update={"statement_timeout_seconds": seconds})
    errors = Console(stderr=True, width=160)
    whole = set(asked.reports) == set(report_ids())
    with ConsoleListener(errors, len(asked.reports) + whole) as listener:
        definitions = build(settings, listener)
        result = Result(asked, workflow, definitions.resources or {}, whole)
        if result.is_finished and not asked.force:
            return result
        try:
            with time:
                _run(definitions, asked, settings, listener, errors, result)
        except KeyboardInterrupt:
            if not time.is_up:
                raise
        result.outcomes = listener.outcomes
    result.stopped = time.is_up
    try:
        if not result.stopped:  # what is left of the time is for the answer; the next run counts
            result.problems += count_tables(definitions, settings, errors, errors, None)
    except (SoxautoError, OSError) as error:
        result.problems.append(f"The tables were not checked: {error}")
    _tell_and_deliver(definitions, settings, result, report_ids())
    return result


def _run(
    definitions: dg.Definitions,
    asked: Asked,
    settings: Settings,
    listener: ConsoleListener,
    errors: Console,
    result: Result,
) -> None:
    """One run of the reports that are not current, and one of the control after a whole month."""
    import dagster as dg

    settings.home.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="dagster-", dir=Path(settings.home)) as folder,
        dg.DagsterInstance.ephemeral(tempdir=folder) as instance,
    ):
        try:
            prepare(definitions, instance, listener, errors, result.problems)
        except (SoxautoError, OSError) as error:
            tell_of_no_start(definitions, [asked.period], error)
            raise
        wanted = asked.reports if asked.force else result.missing
        if wanted:
            if must_wait(definitions, asked.period, settings, errors):
                result.waits = True
                return
            if not close_period(
                definitions,
                instance,
                asked.period,
                wanted,
                settings,
                listener,
                result.problems,
                None,
            ):
                return
        if result.whole:
            reconcile(definitions, instance, asked.period, settings, listener, result.problems)


def _tell_and_deliver(
    definitions: dg.Definitions, settings: Settings, result: Result, known: tuple[str, ...]
) -> None:
    from soxauto_assets.assets.alerts import tell
    from soxauto_assets.evidence.alert_texts import out_of_time

    resources = definitions.resources or {}
    try:
        if result.stopped:
            alert = out_of_time(
                result.asked.period,
                result.done,
                result.left,
                result.packages,
                at=datetime.now(UTC),
                request=result.workflow,
            )
            tell(resources["state"].store, resources["alerts"], alert)
        watch_and_deliver(definitions, known, settings)
    except (SoxautoError, OSError) as error:
        result.problems.append(f"Alerts wait in the outbox: {error}")


def _tell_of_refusal(error: SoxautoError, settings: Settings, workflow: str) -> None:
    """Alert that an event was refused; where that fails too, the error raised is the alert."""
    from soxauto_assets.assets.alerts import tell
    from soxauto_assets.automation.alerting import deliver
    from soxauto_assets.entrypoints.bindings import resources
    from soxauto_assets.evidence.alert_texts import event_refused

    with suppress(SoxautoError, OSError):
        parts: Any = resources(settings)
        state, sink = parts["state"].store, parts["alerts"]
        tell(state, sink, event_refused(str(error), at=datetime.now(UTC), request=workflow))
        deliver(state, sink)
