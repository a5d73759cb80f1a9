"""`soxauto run`: close months in this process, as real Dagster runs on the real instance.

Here: which months and reports are meant, the run, its table, its alerts. Not here: how a report
is made (``assets``) and how it looks (``console.py``).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from soxauto_assets.assets.partitions import FIRST_PERIOD, last_closed_period, require_closed
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.entrypoints.console import ConsoleListener, failure_lines, outcome_table
from soxauto_assets.entrypoints.instance import dagster_home
from soxauto_assets.errors import PermanentError, SoxautoError
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings

if TYPE_CHECKING:
    import dagster as dg


QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The console listener tells it better; the instance keeps every event all the same."""


class UnknownReportError(PermanentError):
    """A report is named that the catalogue does not hold."""


class ContradictoryPeriodsError(PermanentError):
    """The options name the months in more than one way, or the wrong way round."""


def chosen_reports(named: Sequence[str] | None) -> tuple[str, ...]:
    """The reports that were named, or all; raises UnknownReportError."""
    known = report_ids()
    wanted = tuple(dict.fromkeys(name.strip().lower() for name in named or ())) or known
    for name in wanted:
        if name not in known:
            raise UnknownReportError(
                f"There is no report {name!r}.", remedy=f"Choose from: {', '.join(known)}."
            )
    return wanted


def chosen_periods(
    settings: Settings,
    *,
    period: str | None,
    first: str | None,
    last: str | None,
    cutoff_date: str | None,
) -> tuple[Period, ...]:
    """The months that the options name, each of them closed; nothing named: the last one.

    CUTOFF_DATE of the settings counts where no option is given (decision D2). Raises
    ContradictoryPeriodsError, InvalidPeriodError, InvalidCutoffError, PeriodOutOfRangeError.
    """
    given = [period is not None, first is not None or last is not None, cutoff_date is not None]
    if sum(given) > 1:
        raise ContradictoryPeriodsError(
            "The months are named in more than one way.",
            remedy="Give one of --period, --from/--to or --cutoff-date.",
        )
    if first is not None or last is not None:
        begin = Period.parse(first) if first else FIRST_PERIOD
        end = Period.parse(last) if last else last_closed_period(settings)
        periods = tuple(begin.through(end))
        if not periods:
            raise ContradictoryPeriodsError(
                f"The range from {begin} to {end} holds no month.",
                remedy="Put the earlier month after --from.",
            )
        return tuple(require_closed(one, settings) for one in periods)
    if period is not None:
        return (require_closed(Period.parse(period), settings),)
    cutoff = cutoff_date or settings.cutoff_date
    if cutoff is not None:
        return (require_closed(Period.from_cutoff(cutoff), settings),)
    return (last_closed_period(settings),)


def status_periods(
    settings: Settings, *, period: str | None, first: str | None, last: str | None
) -> tuple[Period, ...]:
    """The months that `soxauto status` shows: those named, or the last three that have ended."""
    if period is None and first is None and last is None:
        end = last_closed_period(settings)
        begin = max(FIRST_PERIOD, end.previous.previous)
        return tuple(begin.through(end))
    return chosen_periods(settings, period=period, first=first, last=last, cutoff_date=None)


def close(
    periods: Sequence[Period],
    reports: Sequence[str],
    settings: Settings,
    console: Console,
    errors: Console,
) -> int:
    """Make one attempt at each report of each period; print the table; the exit code.

    0: every report passed. 1: one failed, or an alert or an older attempt could not be handled.
    """
    os.environ["DAGSTER_HOME"] = str(dagster_home(settings))
    import dagster as dg

    from soxauto_assets.assets.factory import STAGES, asset_key
    from soxauto_assets.automation.alerting import deliver
    from soxauto_assets.automation.summary import summarise_run
    from soxauto_assets.definitions import CLOSE_MONTH, build

    broken: list[str] = []
    with ConsoleListener(console, len(periods) * len(reports)) as listener:
        definitions = build(settings, listener)
        prepare(definitions, settings, listener, errors, broken)
        job = definitions.resolve_job_def(CLOSE_MONTH)
        with dg.DagsterInstance.get() as instance:
            for period in periods:
                result = job.execute_in_process(
                    instance=instance,
                    partition_key=str(period),
                    raise_on_error=False,
                    run_config=QUIET,
                    asset_selection=[asset_key(r, stage) for r in reports for stage in STAGES],
                )
                broken += _without_outcome(result, period, reports, listener)
                state = _resource(definitions, "state").store
                summarise_run(
                    state,
                    period,
                    result.run_id,
                    whole_month=set(reports) == set(report_ids()),
                    succeeded=result.success,
                    run_url=f"{settings.ui_url}/runs/{result.run_id}",
                )
    console.print(outcome_table(listener.outcomes))
    for line in failure_lines(listener.outcomes):
        console.print(line, highlight=False)
    for problem in broken:
        errors.print(problem, style="bold red", markup=False, highlight=False)
    try:
        deliver(_resource(definitions, "state").store, _resource(definitions, "alerts"))
    except (SoxautoError, OSError) as error:
        broken.append(str(error))
        errors.print(f"Alerts wait in the outbox: {error}", style="bold red", markup=False)
    _next_steps(listener, settings, console)
    return 0 if not broken and all(outcome.passed for outcome in listener.outcomes) else 1


def _resource(definitions: dg.Definitions, name: str):  # type: ignore[no-untyped-def]
    return (definitions.resources or {})[name]


def prepare(
    definitions: dg.Definitions,
    settings: Settings,
    listener: ConsoleListener,
    errors: Console,
    broken: list[str],
) -> None:
    """What comes before any attempt: closing those that died, and building the demonstration."""
    from soxauto_assets.evidence.interrupted import close_interrupted

    report_io, state = _resource(definitions, "report_io"), _resource(definitions, "state")
    recovery = close_interrupted(
        state.store,
        report_io.results,
        report_io.evidence,
        settings=_resource(definitions, "attempt_settings").shown,
    )
    for closed in recovery.closed:
        errors.print(
            f"{closed.address.report} {closed.address.period}: attempt {closed.address.attempt} "
            f"had died; closed as {closed.verdict.value}.",
            style="yellow",
            highlight=False,
        )
    for attempt, error in recovery.failed:
        broken.append(f"Attempt {attempt.address.attempt} died and cannot be closed: {error}")
    listener.say("preparing the demonstration warehouse (built once)")
    _resource(definitions, "warehouse").warehouse()


def _without_outcome(
    result: dg.ExecuteInProcessResult,
    period: Period,
    reports: Sequence[str],
    listener: ConsoleListener,
) -> list[str]:
    """A line for each report whose step ended without a package, with Dagster's own words."""
    ended = {o.address.report for o in listener.outcomes if o.address.period == period}
    lines = []
    for report in reports:
        if report not in ended:
            failure = next(
                (e for e in result.all_events if e.is_step_failure and e.step_key == report), None
            )
            cause = "its step did not run"
            if failure is not None and failure.step_failure_data.error is not None:
                root = failure.step_failure_data.error
                while root.cause is not None:
                    root = root.cause
                cause = root.message.strip()
            lines.append(f"{report} {period}: no package was written: {cause}")
    return lines


def _next_steps(listener: ConsoleListener, settings: Settings, console: Console) -> None:
    if listener.outcomes:
        package = listener.outcomes[-1].package.url.removeprefix("file://").rstrip("/")
        console.print("\nNext:", style="bold")
        console.print(
            f"  verify a package    soxauto verify {package}", highlight=False, soft_wrap=True
        )
        console.print("  see what is current soxauto status", highlight=False)
        console.print(f"  walk the lineage    make ui   ({settings.ui_url})", highlight=False)
