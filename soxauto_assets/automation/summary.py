"""The closing summary of a run, from what the state store tells of its attempts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from soxauto_assets.assets.alerts import AlertSink, send_directly, tell
from soxauto_assets.assets.control_assets import CONTROL
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.alert_texts import run_broken, run_summary
from soxauto_assets.evidence.lifecycle import AttemptVerdict, attempts
from soxauto_assets.period import Period

if TYPE_CHECKING:
    from soxauto_assets.store.protocol import ObjectStore


def summarise_run(
    state: ObjectStore,
    sink: AlertSink,
    period: Period,
    run_id: str,
    *,
    reports: Sequence[str],
    whole_month: bool,
    succeeded: bool,
    failed_steps: Collection[str],
    run_url: str | None,
) -> None:
    """Put what the run came to into the outbox, once.

    ``reports`` are all of the catalogue (the control counts besides), ``failed_steps`` those
    whose step failed in Dagster. A run of the whole month gets a summary. A run gets an alert of
    its own where it did not succeed although no attempt of it failed, or where a step failed
    although its attempt did not: it broke before or beside its attempts. Where the state store
    fails, ``sink`` is told directly, and the store's error raised.
    """
    try:
        verdicts = _verdicts(state, period, run_id, (*reports, CONTROL))
    except SoxautoError as error:
        broken = run_broken(period, run_id, at=datetime.now(UTC), run_url=run_url)
        send_directly(sink, broken, error)
        raise
    passed = [report for report, verdict in verdicts.items() if verdict is AttemptVerdict.PASS]
    failed = [report for report in verdicts if report not in passed]
    now = datetime.now(UTC)
    if whole_month:
        not_run = [report for report in reports if report not in verdicts]
        summary = run_summary(period, run_id, passed, failed, not_run, at=now, run_url=run_url)
        tell(state, sink, summary)
    if not succeeded and (not failed or not set(failed_steps) <= set(failed)):
        tell(state, sink, run_broken(period, run_id, at=now, run_url=run_url))


def _verdicts(
    state: ObjectStore, period: Period, run_id: str, reports: Sequence[str]
) -> dict[str, AttemptVerdict]:
    """How the run's attempts ended, by report; those still open are left out."""
    return {
        report: one.closed.verdict
        for report in reports
        for one in attempts(state, report, period)
        if one.opened.run_id == run_id and one.closed is not None
    }
