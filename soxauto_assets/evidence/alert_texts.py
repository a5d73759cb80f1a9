"""What alerts say: a first line that a manager understands, then the facts; never rows or names.

Here: the wording. Not here: the outbox (``outbox.py``) and the sending (``automation``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from soxauto_assets.evidence.outbox import Alert, AlertKind
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
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
        *(f"Check {c.name}: expected {c.expected}, found {c.found}" for c in failed),
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


def left_open(address: AttemptAddress, cause: str, *, run_url: str | None, at: datetime) -> Alert:
    """The alert of an attempt that its own process could not close; ``at`` is aware UTC."""
    name = address.report.upper()
    lines = [
        f"{name} for {address.period} could not be finished: its figures must not be used until a "
        "run passes.",
        f"Cause: {cause}",
        "The attempt stays open. Remove the cause; the next run, or the daemon, closes it.",
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
