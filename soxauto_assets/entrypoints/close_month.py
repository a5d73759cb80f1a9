"""`soxauto run`: close months in this process, as real Dagster runs on the real instance.

Here: the run, its table, its alerts. Not here: which months and reports are meant
(``choices.py``), how a report is made (``assets``) and how it looks (``console.py``).
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from soxauto_assets.automation.readiness import Readiness, examine
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.entrypoints.console import (
    ConsoleListener,
    failure_lines,
    outcome_tables,
    to_verify,
)
from soxauto_assets.entrypoints.control_run import (
    QUIET,
    control_said,
    controls_of,
    is_a_finding,
    run_control,
)
from soxauto_assets.entrypoints.instance import dagster_home, opened_instance
from soxauto_assets.entrypoints.run_events import step_failures, was_stopped
from soxauto_assets.errors import SoxautoError
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings

if TYPE_CHECKING:
    import dagster as dg


WAITING = 75
"""Exit code: nothing failed, but a month waits for its source (EX_TEMPFAIL of sysexits.h)."""


_WHAT_FOLLOWS = {
    Readiness.WAITING: "None of its reports was begun. Run it again tomorrow; the schedule does.",
    Readiness.OVERDUE: "Its heartbeat day has come: it is begun, and its checks judge what lacks.",
    Readiness.UNKNOWN: "It is begun; its reports meet the same error, and their packages tell it.",
}


def close(
    periods: Sequence[Period],
    reports: Sequence[str],
    settings: Settings,
    console: Console,
    errors: Console,
    *,
    catalog: Path | None = None,
) -> int:
    """Make one attempt at each report of each period, and its control; print the table.

    The control of a month is made when all its reports were. The exit code: 0: every report
    passed, and the control was made; what it found is its own verdict. 1: a report failed, the
    control could not be made, or an alert or an older attempt could not be handled.
    75: nothing failed, but a month waits for its source and none of its reports was begun.
    Ctrl-C ends it after the attempt under way, which becomes interrupted. ``catalog`` replaces
    the product's own catalogue folder (for tests). Raises InstanceError where Dagster's instance
    does not answer.
    """
    # As Ctrl-C does, from the first moment on: a task that is stopped gets SIGTERM.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ["DAGSTER_HOME"] = str(dagster_home(settings))
    from soxauto_assets.definitions import build

    broken: list[str] = []
    waits = False
    whole = set(reports) >= set(report_ids())
    with ConsoleListener(console, len(periods) * (len(reports) + whole)) as listener:
        definitions = build(settings, listener, catalog)
        with opened_instance() as instance:
            try:
                prepare(definitions, instance, listener, errors, broken)
            except (SoxautoError, OSError) as error:
                tell_of_no_start(definitions, periods, error)
                raise
            for period in periods:
                if must_wait(definitions, period, settings, errors):
                    waits = True
                    continue
                going_on = close_period(
                    definitions, instance, period, reports, settings, listener, broken, catalog
                )
                if going_on and whole:
                    going_on = reconcile(definitions, instance, period, settings, listener, broken)
                if not going_on:
                    broken.append("Interrupted: what comes after was not begun.")
                    break
    for table in outcome_tables(listener.outcomes, console):
        console.print(table)
    made, controls = controls_of(listener.outcomes)
    for outcome in controls:
        console.print(
            f"{outcome.address.period} PG-01: "
            + control_said(outcome, _resource(definitions, "report_io").results),
            style="bold",
            highlight=False,
        )
    for line in failure_lines(listener.outcomes):
        # Not broken into lines of its own: what is cut cannot be copied.
        console.print(line, highlight=False, soft_wrap=True)
    for problem in broken:
        errors.print(problem, style="bold red", markup=False, highlight=False)
    try:
        broken += count_tables(definitions, settings, console, errors, catalog)
    except (SoxautoError, OSError) as error:
        broken.append(str(error))
        errors.print(f"The tables were not checked: {error}", style="bold red", markup=False)
    try:
        watch_and_deliver(definitions, report_ids(catalog), settings)
    except (SoxautoError, OSError) as error:
        broken.append(str(error))
        errors.print(f"Alerts wait in the outbox: {error}", style="bold red", markup=False)
    _write_pages({outcome.address.period for outcome in listener.outcomes}, settings, errors)
    _next_steps(listener, settings, console)
    sound = all(outcome.passed or is_a_finding(outcome) for outcome in controls)
    if broken or not sound or not all(outcome.passed for outcome in made):
        return 1
    return WAITING if waits else 0


def reconcile(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    period: Period,
    settings: Settings,
    listener: ConsoleListener,
    broken: list[str],
) -> bool:
    """The control of a month whose reports were all attempted; False where it was stopped."""
    try:
        result = run_control(definitions, instance, period, settings, broken)
    except SoxautoError as error:
        broken.append(f"The control of {period} could not be begun: {error}")
        return True
    _, controls = controls_of(listener.outcomes)
    own = [outcome for outcome in controls if outcome.address.period == period]
    causes = "; ".join(step_failures(result).values()) or "it was not begun"
    if not own:
        broken.append(f"The control of {period} was not made: {causes}")
    elif own[-1].passed and not result.success:
        broken.append(f"The package of the control of {period} says PASS, but {causes}")
    return not was_stopped(result)


def must_wait(
    definitions: dg.Definitions, period: Period, settings: Settings, errors: Console
) -> bool:
    """Whether the source is not ready for the month, and time is left for it; says so."""
    examined = examine(
        _resource(definitions, "warehouse").warehouse,
        _resource(definitions, "state").store,
        period,
        heartbeat_day=settings.heartbeat_day,
        zone=settings.zone,
    )
    if examined.readiness is not Readiness.READY:
        errors.print(examined.summary, style="yellow", markup=False, highlight=False)
        errors.print(f"  {_WHAT_FOLLOWS[examined.readiness]}", highlight=False)
    return examined.waits


def count_tables(
    definitions: dg.Definitions,
    settings: Settings,
    console: Console,
    errors: Console,
    catalog: Path | None,
) -> list[str]:
    """Whether the tables of what is published show what its manifests say; what does not."""
    from soxauto_assets.automation.table_checks import check_tables
    from soxauto_assets.entrypoints.bindings import table_places

    problems = []
    report_io = _resource(definitions, "report_io")
    for place in table_places(settings):
        for done in check_tables(
            place,
            report_io.results,
            report_io.evidence,
            _resource(definitions, "state").store,
            _resource(definitions, "alerts"),
            report_ids(catalog),
            catalog=catalog,
        ):
            if done.problem is None:
                said = f"{done.period}: {place.name} counts what the manifests say"
                console.print(f"{said} (reports: {len(done.reports)})", highlight=False)
            else:
                problems.append(f"{done.period}, tables: {done.problem}")
                errors.print(problems[-1], style="bold red", markup=False, highlight=False)
    return problems


def watch_and_deliver(
    definitions: dg.Definitions, known: Sequence[str], settings: Settings
) -> None:
    """What the sensors do where a daemon runs: missed months, late alerts, sending what waits."""
    from soxauto_assets.automation.alerting import deliver, note_late_alerts
    from soxauto_assets.automation.heartbeat import heartbeat

    state, sink = _resource(definitions, "state").store, _resource(definitions, "alerts")
    try:
        heartbeat(state, _resource(definitions, "report_io").results, sink, known, settings)
    finally:
        note_late_alerts(state, datetime.now(UTC))
        deliver(state, sink)


def tell_of_no_start(
    definitions: dg.Definitions, periods: Sequence[Period], error: Exception
) -> None:
    """Alert that no report was begun; whatever fails here has the same cause."""
    from soxauto_assets.assets.alerts import tell
    from soxauto_assets.assets.causes import describe
    from soxauto_assets.automation.alerting import deliver
    from soxauto_assets.evidence.alert_texts import run_not_begun

    state, sink = _resource(definitions, "state").store, _resource(definitions, "alerts")
    with suppress(SoxautoError, OSError):
        tell(state, sink, run_not_begun(periods, describe(error), at=datetime.now(UTC)))
        deliver(state, sink)


def close_period(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    period: Period,
    reports: Sequence[str],
    settings: Settings,
    listener: ConsoleListener,
    broken: list[str],
    catalog: Path | None,
) -> bool:
    """One Dagster run: one attempt at each report; False where somebody stopped it."""
    from soxauto_assets.assets.factory import STAGES, asset_key
    from soxauto_assets.automation.dead_runs import process_tag
    from soxauto_assets.automation.summary import summarise_run
    from soxauto_assets.definitions import CLOSE_MONTH

    result = definitions.resolve_job_def(CLOSE_MONTH).execute_in_process(
        instance=instance,
        partition_key=str(period),
        raise_on_error=False,
        run_config=QUIET,
        tags=dict(process_tag()),
        asset_selection=[asset_key(r, stage) for r in reports for stage in STAGES],
    )
    causes = step_failures(result)
    broken += _unexplained(causes, period, reports, listener)
    known = report_ids(catalog)
    try:
        summarise_run(
            _resource(definitions, "state").store,
            _resource(definitions, "alerts"),
            period,
            result.run_id,
            reports=known,
            whole_month=set(reports) == set(known),
            succeeded=result.success,
            failed_steps=causes.keys(),
            run_url=f"{settings.ui_url}/runs/{result.run_id}",
        )
    except SoxautoError as error:
        broken.append(f"The alert that sums up {period} could not be written: {error}")
    return not was_stopped(result)


def _resource(definitions: dg.Definitions, name: str):  # type: ignore[no-untyped-def]
    return (definitions.resources or {})[name]


def prepare(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    listener: ConsoleListener,
    errors: Console,
    broken: list[str],
) -> None:
    """What comes before any attempt: closing those that died, and building the demonstration."""
    from soxauto_assets.automation.dead_runs import end_dead_runs
    from soxauto_assets.automation.metrics import record_interrupted
    from soxauto_assets.evidence.interrupted import close_interrupted

    report_io, state = _resource(definitions, "report_io"), _resource(definitions, "state")
    recovery = close_interrupted(
        state.store,
        report_io.results,
        report_io.evidence,
        settings=_resource(definitions, "attempt_settings").shown,
        sealing=_resource(definitions, "attempt_settings").sealing,
    )
    record_interrupted(_resource(definitions, "metrics"), recovery.closed)
    for closed in recovery.closed:
        errors.print(
            f"{closed.address.report} {closed.address.period}: attempt {closed.address.attempt} "
            f"had died; closed as {closed.verdict.value}.",
            style="yellow",
            highlight=False,
        )
    for attempt, error in recovery.failed:
        broken.append(f"Attempt {attempt.address.attempt} died and cannot be closed: {error}")
    end_dead_runs(instance, state.store, recovery.closed)
    listener.say("preparing the demonstration warehouse (built once)")
    _resource(definitions, "warehouse").warehouse()


def _unexplained(
    causes: Mapping[str, str], period: Period, reports: Sequence[str], listener: ConsoleListener
) -> list[str]:
    """A line for each report whose failure no package of it explains."""
    ended = {o.address.report: o for o in listener.outcomes if o.address.period == period}
    lines = []
    for report in reports:
        cause = causes.get(report)
        if report not in ended and cause is None:
            lines.append(f"{report} {period}: it was not begun.")
        elif report not in ended:
            lines.append(f"{report} {period}: its attempt was not closed: {cause}")
        elif ended[report].passed and cause is not None:
            lines.append(f"{report} {period}: its package says PASS, but Dagster failed: {cause}")
    return lines


def _write_pages(periods: Collection[Period], settings: Settings, errors: Console) -> None:
    """The pages of these months anew; one that cannot be written costs no month its verdict."""
    from soxauto_assets.entrypoints.month_page import write_pages

    try:
        write_pages(sorted(periods), settings)
    except (SoxautoError, OSError) as error:
        errors.print(f"The pages of the months were not written: {error}", markup=False)


def _next_steps(listener: ConsoleListener, settings: Settings, console: Console) -> None:
    if listener.outcomes:
        soxauto = _as_typed()
        console.print("\nNext:", style="bold")
        for line in (
            f"  verify a package    {soxauto} verify {to_verify(listener.outcomes[-1])}",
            f"  see what is current {soxauto} status",
            f"  read it as a page   {_page_of(listener, settings)}",
            f"  walk the lineage    make ui   ({settings.ui_url})",
        ):
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def _page_of(listener: ConsoleListener, settings: Settings) -> Path:
    from soxauto_assets.entrypoints.month_page import PAGES

    return settings.home / PAGES / f"{listener.outcomes[-1].address.period}.html"


def _as_typed() -> str:
    """How this command is typed here: with its folder where the shell would not find it."""
    started = Path(sys.argv[0])
    if started.name != "soxauto" or shutil.which("soxauto") is not None:
        return "soxauto"
    return shlex.quote(str(started))
