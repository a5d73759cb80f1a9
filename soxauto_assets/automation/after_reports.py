"""The control after its reports: the daemon starts it when every attempt of a month has ended.

`soxauto run` makes the control at its own end; the sensor is for months that the daemon's
schedules, or a person in the UI, have made.

Here: when a month is due for its control. Not here: the control (``assets/control_assets.py``).
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from soxauto_assets.assets.control_assets import CONTROL
from soxauto_assets.assets.resources import StateResource
from soxauto_assets.automation.dead_runs import PROCESS_TAG
from soxauto_assets.evidence.lifecycle import AttemptState, attempts
from soxauto_assets.period import Period
from soxauto_assets.store.protocol import ObjectStore

SENSOR = "reconcile_when_all_attempts_have_ended"
SECONDS = 60
FIRST_LOOK = timedelta(days=1)
"""How far back the first look goes."""
OWN_CONTROL = timedelta(minutes=10)
"""A command that runs a month makes its control itself; the sensor steps in after so long."""
_PARTITION = "dagster/partition"
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_GOING_ON = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def control_sensor(
    job: UnresolvedAssetJobDefinition, reports: Sequence[str]
) -> dg.SensorDefinition:
    """Every minute: the control of each month whose attempts have all ended since its last one.

    A month of which a report was never attempted is not due. The cursor holds since when runs
    are looked at, and the months that wait, with whether a command is at work on them.
    """

    @dg.sensor(
        name=SENSOR,
        job=job,
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts the control PG-01 of a month when every attempt at its reports has "
        "ended.",
    )
    def sensor(
        context: dg.SensorEvaluationContext, state: StateResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        now = datetime.now(UTC)
        memory = json.loads(context.cursor) if context.cursor else {}
        since = datetime.fromisoformat(memory.get("since", (now - FIRST_LOOK).isoformat()))
        waiting: dict[str, bool] = memory.get("waiting", {})
        for record in context.instance.get_run_records(
            dg.RunsFilter(statuses=_ENDED, updated_after=since)
        ):
            run = record.dagster_run
            period = run.tags.get(_PARTITION)
            if period is not None:
                waiting[period] = PROCESS_TAG in run.tags
            since = max(since, record.update_timestamp.astimezone(UTC))
        asked, left = [], {}
        for period, by_command in sorted(waiting.items()):
            due = _due(
                context.instance, state.store, Period.parse(period), reports, now, by_command
            )
            if due is None:
                left[period] = by_command
            elif due:
                asked.append(dg.RunRequest(partition_key=period, run_key=f"{period} {due}"))
        context.update_cursor(json.dumps({"since": since.isoformat(), "waiting": left}))
        yield from asked
        if not asked:
            yield dg.SkipReason(f"{len(left)} months whose attempts have not all ended")

    return sensor


def _due(
    instance: dg.DagsterInstance,
    state: ObjectStore,
    period: Period,
    reports: Sequence[str],
    now: datetime,
    by_command: bool,
) -> str | None:
    """The newest attempt that a control is due for; "" where none is; None: it has to wait."""
    going_on = dg.RunsFilter(statuses=_GOING_ON, tags={_PARTITION: str(period)})
    if instance.get_runs(going_on, limit=1):
        return None
    newest: list[AttemptState] = []
    for report in reports:
        history = attempts(state, report, period)
        if any(one.closed is None for one in history):
            return None
        if not history:
            return ""
        newest.append(history[-1])
    last = max(newest, key=lambda one: one.closed.closed_at if one.closed else now)
    assert last.closed is not None  # none of them is open
    controls = attempts(state, CONTROL, period)
    if controls and controls[-1].opened.opened_at >= last.closed.closed_at:
        return ""
    if by_command and now - last.closed.closed_at < OWN_CONTROL:
        return None
    return last.address.attempt
