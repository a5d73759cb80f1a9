"""What alerts say: a first line that a manager understands, then the facts; never rows or names.

Here: the wording. Not here: the outbox (``outbox.py``) and the sending (``automation``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from soxauto_assets.evidence.outbox import Alert, AlertKind
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress, ReperformanceAddress
from soxauto_assets.validation.results import CheckResult, Verdict


def failed_report(
    address: AttemptAddress,
    cause: str,
    checks: Sequence[CheckResult],
    *,
    package_url: str,
    run_url: str | None,
    at: datetime,
    interrupted: bool = False,
) -> Alert:
    """The alert of one attempt that did not pass; ``at`` is aware UTC."""
    name = address.report.upper()
    failed = [check for check in checks if check.verdict is Verdict.FAIL]
    first = failed[0] if failed else None
    ended = "was interrupted" if interrupted else "failed"
    lines = [
        f"{name} for {address.period} {ended}: its figures must not be used until a run passes.",
        f"Cause: {cause}",
        *(_failed_check(check, cause) for check in failed),
        f"Attempt: {address.attempt}",
        f"Package: {package_url}",
    ]
    if run_url is not None:
        lines.append(f"Run: {run_url}")
    return Alert(
        AlertKind.INTERRUPTED if interrupted else AlertKind.REPORT_FAILED,
        f"SOX PG-01: {name} {address.period} {ended}",
        tuple(lines),
        at,
        report=address.report,
        period=str(address.period),
        attempt=address.attempt,
        check=None if first is None else first.name,
        expected=None if first is None else first.expected,
        found=None if first is None else first.found,
        package=package_url,
        run_url=run_url,
    )


def _failed_check(check: CheckResult, cause: str) -> str:
    line = f"Check {check.name}: expected {check.expected}, found {check.found}"
    return line if check.cause in (None, cause) else f"{line}. {check.cause}"


def left_open(address: AttemptAddress, cause: str, *, run_url: str | None, at: datetime) -> Alert:
    """The alert of an attempt that its own process could not open or close; ``at`` is aware UTC."""
    name = address.report.upper()
    lines = [
        f"{name} for {address.period} could not be finished: its figures must not be used until a "
        "run passes.",
        f"Cause: {cause}",
        "Remove the cause. Where the attempt was opened, the next run, or the daemon, closes it.",
        f"Attempt: {address.attempt}",
    ]
    if run_url is not None:
        lines.append(f"Run: {run_url}")
    return Alert(
        AlertKind.OPERATION,
        f"SOX PG-01: {name} {address.period} could not be finished",
        tuple(lines),
        at,
        report=address.report,
        period=str(address.period),
        attempt=address.attempt,
        run_url=run_url,
    )


def reperformance_failed(
    address: ReperformanceAddress, cause: str, *, package_url: str, at: datetime
) -> Alert:
    """The alert of a re-performance that did not come to its end; ``at`` is aware UTC."""
    name = address.report.upper()
    return Alert(
        AlertKind.OPERATION,
        f"SOX PG-01: {name} {address.period} could not be re-performed",
        (
            f"The re-performance of {name} {address.period} did not come to its end: whether the "
            "source still gives the same is not shown. The report's own package stands.",
            f"Cause: {cause}",
            f"Re-performance: {address.id}",
            f"Package: {package_url}",
        ),
        at,
        report=address.report,
        period=str(address.period),
        attempt=address.id,
        package=package_url,
    )


def log_behind(
    cause: str,
    *,
    at: datetime,
    address: AttemptAddress | None = None,
    run_url: str | None = None,
) -> Alert:
    """The alert of records that the evidence log could not take; ``at`` is aware UTC."""
    about = "" if address is None else f" of {address.report.upper()} {address.period}"
    lines = [
        f"The evidence log could not be written{about}. The packages stand; the log lags behind.",
        f"Cause: {cause}",
        "Remove the cause: the next run, or the daemon, completes the log.",
    ]
    if address is not None:
        lines.append(f"Attempt: {address.attempt}")
    if run_url is not None:
        lines.append(f"Run: {run_url}")
    return Alert(
        AlertKind.LOG_BEHIND,
        "SOX PG-01: the evidence log lags behind",
        tuple(lines),
        at,
        report=None if address is None else address.report,
        period=None if address is None else str(address.period),
        attempt=f"{at:%Y%m%d}" if address is None else address.attempt,
        run_url=run_url,
    )


def review_not_made(
    address: AttemptAddress, faults: Sequence[str], *, run_url: str | None, at: datetime
) -> Alert:
    """The alert of a review workbook that is not there, or not to be used; ``at`` is aware UTC."""
    lines = [
        f"The review workbook of {address.period} is not to be used. The control itself stands.",
        *(f"Cause: {fault}" for fault in faults),
        f"Remove the cause, then make the control again: `soxauto pg01 --period {address.period}`.",
        f"Attempt: {address.attempt}",
    ]
    if run_url is not None:
        lines.append(f"Run: {run_url}")
    return Alert(
        AlertKind.OPERATION,
        f"SOX PG-01: the review workbook of {address.period} could not be made",
        tuple(lines),
        at,
        report=f"{address.report}_review",
        period=str(address.period),
        attempt=address.attempt,
        run_url=run_url,
    )


def run_summary(
    period: Period,
    run_id: str,
    passed: Sequence[str],
    failed: Sequence[str],
    not_run: Sequence[str],
    *,
    at: datetime,
    run_url: str | None,
) -> Alert:
    """The closing summary of a month's run; the sequences are report ids."""
    total = len(passed) + len(failed) + len(not_run)
    missing = len(failed) + len(not_run)
    verdict = "all reports passed" if not missing else f"{missing} of {total} reports did not pass"
    lines = [f"The run for {period} has ended: {verdict}."]
    for word, reports in (("Failed", failed), ("Not run", not_run), ("Passed", passed)):
        if reports:
            lines.append(f"{word}: {', '.join(reports)}")
    if run_url is not None:
        lines.append(f"Run: {run_url}")
    return Alert(
        AlertKind.RUN_SUMMARY,
        f"SOX PG-01: {period} run ended, {verdict}",
        tuple(lines),
        at,
        period=str(period),
        attempt=run_id,
        run_url=run_url,
    )


def run_broken(period: Period, run_id: str, *, at: datetime, run_url: str | None) -> Alert:
    """The alert of a run that did not succeed although none of its attempts failed."""
    lines = [
        f"The run for {period} broke outside its reports; some may have no package yet.",
        "Look at the run's log, then start the month again.",
    ]
    if run_url is not None:
        lines.append(f"Run: {run_url}")
    return Alert(
        AlertKind.OPERATION,
        f"SOX PG-01: the run for {period} broke",
        tuple(lines),
        at,
        period=str(period),
        attempt=run_id,
        run_url=run_url,
    )


def run_not_begun(
    periods: Sequence[Period], cause: str, *, at: datetime, run_url: str | None = None
) -> Alert:
    """The alert of a start of months that ended before any report was begun."""
    named = ", ".join(str(period) for period in periods)
    lines = [
        f"The run for {named} could not begin; none of its reports was made.",
        f"Cause: {cause}",
        "Remove the cause, then start the same again.",
    ]
    return Alert(
        AlertKind.OPERATION,
        f"SOX PG-01: the run for {named} could not begin",
        tuple(lines),
        at,
        period=str(periods[0]) if len(periods) == 1 else None,
        attempt=f"not-begun-{at:%Y%m%d_%H%M%SZ}",
        run_url=run_url,
    )


def event_refused(cause: str, *, at: datetime, request: str) -> Alert:
    """The alert of an event that was not understood; ``request`` is the id of its invocation."""
    lines = [
        "An event was refused; no month was begun.",
        f"Cause: {cause}",
        f"Request: {request}",
    ]
    return Alert(
        AlertKind.OPERATION,
        "SOX PG-01: an event was refused",
        tuple(lines),
        at,
        attempt=f"refused-{at:%Y%m%d_%H%M%SZ}",
    )


def out_of_time(
    period: Period,
    done: Sequence[str],
    left: Sequence[str],
    packages: Sequence[str],
    *,
    at: datetime,
    request: str,
) -> Alert:
    """The alert of a run that stopped before its time was up; the sequences are report ids."""
    lines = [
        f"The time for {period} was up: {_reports(len(left))} left. What was under way is packed "
        "as interrupted.",
        f"Left: {', '.join(left) or 'none'}",
        f"Done: {', '.join(done) or 'none'}",
        "Send the event again: it goes on with what is left. Where that repeats itself, use the "
        "trigger ecs-task, which has no limit.",
        *(f"Package: {package}" for package in packages),
        f"Request: {request}",
    ]
    return Alert(
        AlertKind.OPERATION,
        f"SOX PG-01: the time for {period} was up, {_reports(len(left))} left",
        tuple(lines),
        at,
        period=str(period),
        attempt=f"out-of-time-{at:%Y%m%d_%H%M%SZ}",
    )


def period_missed(
    period: Period,
    missing: Sequence[str],
    due: date,
    *,
    lacks: Sequence[str] = (),
    at: datetime,
    run_url: str | None,
) -> Alert:
    """The alert of a month that lacks current data of the ``missing`` reports on its day.

    ``lacks`` is what the source was not ready for, where the month had to wait for it.
    """
    named = ", ".join(name.upper() for name in missing)
    lines = [
        f"{period} is not closed: on {due:%d %B %Y} the data of {_reports(len(missing))} is "
        "missing.",
        f"Reports without current data: {named}",
        *([f"The source was not ready: {'; '.join(lacks)}"] if lacks else []),
        "Start the month again, or look in `soxauto status` at what failed.",
    ]
    if run_url is not None:
        lines.append(f"Runs: {run_url}")
    return Alert(
        AlertKind.PERIOD_MISSED,
        f"SOX PG-01: {period} is not closed, {_reports(len(missing))} missing",
        tuple(lines),
        at,
        period=str(period),
        expected="current data of every report",
        found=f"none of {named}",
        run_url=run_url,
    )


def table_differs(
    place: str, address: AttemptAddress, expected: int, found: int | None, *, at: datetime
) -> Alert:
    """The alert of a table that does not count what the manifest of its data says."""
    name = address.report.upper()
    counted = "no rows at all" if found is None else f"{found:,} rows"
    return Alert(
        AlertKind.TABLES,
        f"SOX PG-01: {place} shows other rows of {name} {address.period} than were published",
        (
            f"Queries of {name} for {address.period} in {place} mislead: the evidence is sound, "
            "its table is not.",
            f"Expected {expected:,} rows (the manifest), found {counted}.",
            "Do not use the table. Compare its location and columns with docs/aws.md; every "
            "later run asks again.",
            f"Attempt: {address.attempt}",
        ),
        at,
        report=address.report,
        period=str(address.period),
        attempt=f"{address.attempt}-{place}",
        check="table_rows",
        expected=str(expected),
        found=None if found is None else str(found),
    )


def tables_not_checked(place: str, period: Period, cause: str, *, at: datetime) -> Alert:
    """The alert of a month whose tables could not be made or asked; once a day at most."""
    return Alert(
        AlertKind.TABLES,
        f"SOX PG-01: the tables of {period} in {place} could not be checked",
        (
            f"The month {period} is published, but nobody knows whether {place} shows it right.",
            f"Cause: {cause}",
            "The evidence is not touched by it. Every later run asks again.",
        ),
        at,
        period=str(period),
        attempt=f"{place}-{at:%Y%m%d}",
    )


def alerts_late(count: int, oldest: datetime, *, at: datetime) -> Alert:
    """The notice that alerts wait longer than they may; stamps are aware UTC."""
    return Alert(
        AlertKind.ALERTS_LATE,
        f"SOX PG-01: alerts are late, since {oldest:%Y-%m-%d %H:%M} UTC",
        (
            f"Alerts could not be sent for more than an hour ({count} when this was written); "
            "they come late, with this message.",
            f"The oldest is of {oldest:%Y-%m-%d %H:%M} UTC.",
        ),
        at,
        attempt=f"{oldest:%Y%m%d_%H%M%S_%fZ}",
    )


def _reports(count: int) -> str:
    return f"{count} report" + ("" if count == 1 else "s")
