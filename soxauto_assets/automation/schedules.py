"""When months are closed without a person: as soon as the source is ready, and again after close.

Both ask for the month that has just ended, at 08:00 in the zone of the settings, which is that of
the partitions: a month ends where it runs. Both are off until somebody turns them on, unless
SOXAUTO_TRIGGER is daemon.

Here: the days, and the asking. Not here: what makes a source ready (``readiness.py``).
"""

import logging
from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from soxauto_assets.assets.resources import StateResource, WarehouseResource
from soxauto_assets.automation.readiness import examine
from soxauto_assets.evidence.lifecycle import attempts
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings
from soxauto_assets.store.protocol import ObjectStore

_LOG = logging.getLogger(__name__)
HOUR = 8
MONTH_END = "close_month_on_the_first"
AFTER_CLOSE = "close_month_after_close"
_OF_SCHEDULE = "dagster/schedule_name"
_OF_PARTITION = "dagster/partition"
_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]

Asked = Iterator[dg.RunRequest | dg.SkipReason]


def month_end_schedule(
    job: UnresolvedAssetJobDefinition, settings: Settings, reports: Sequence[str]
) -> dg.ScheduleDefinition:
    """Daily from the first to the heartbeat day, until each report was attempted after the month.

    The store says what was attempted, whoever did it; Dagster's database may be lost and made
    anew. While the source is not ready the tick is skipped and says why; on the heartbeat day the
    month is begun whatever the source says, so that what lacks is in evidence and not only in an
    alert.
    """

    @dg.schedule(
        name=MONTH_END,
        job=job,
        cron_schedule=f"0 {HOUR} 1-{settings.heartbeat_day} * *",
        execution_timezone=settings.time_zone,
        default_status=_status(settings),
        description=f"08:00 on the first of each month, for the month that has just ended; where "
        f"its source is not ready, again each day until day {settings.heartbeat_day}.",
    )
    def schedule(
        context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource, state: StateResource
    ) -> Asked:
        period = Period.last_closed(context.scheduled_execution_time, settings.zone)
        at_work = context.instance.get_runs(
            dg.RunsFilter(
                tags={_OF_SCHEDULE: MONTH_END, _OF_PARTITION: str(period)}, statuses=_UNDER_WAY
            ),
            limit=1,
        )
        if at_work:
            yield dg.SkipReason(f"{period} is under way in run {at_work[0].run_id}")
        elif not _not_attempted(state.store, period, reports, settings):
            yield dg.SkipReason(f"{period}: each of the {len(reports)} reports was attempted")
        else:
            yield _begin_if_ready(context, period, warehouse, state, settings)

    return schedule


def after_close_schedule(
    job: UnresolvedAssetJobDefinition, settings: Settings
) -> dg.ScheduleDefinition:
    """On the set working day (SOXAUTO_AFTER_CLOSE_WORKING_DAY): the month again, after its close.

    What was booked late becomes current, and the first attempt stays as it was. Where the source
    is not ready (an early day), the other schedule goes on asking, which is then after close too.
    """
    number = settings.after_close_working_day

    @dg.schedule(
        name=AFTER_CLOSE,
        job=job,
        cron_schedule=f"0 {HOUR} * * 1-5",
        execution_timezone=settings.time_zone,
        default_status=_status(settings),
        description=f"08:00 on working day {number} (Monday to Friday) of each month: another "
        "attempt at the month that has ended, after its books were closed.",
    )
    def schedule(
        context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource, state: StateResource
    ) -> Asked:
        today = context.scheduled_execution_time.astimezone(settings.zone).date()
        period = Period.containing(today).previous
        day = period.working_day_after(number)
        if today != day:
            yield dg.SkipReason(f"{today} is not working day {number} after {period}: {day} is")
        else:
            yield _begin_if_ready(context, period, warehouse, state, settings)

    return schedule


def _not_attempted(
    state: ObjectStore, period: Period, reports: Sequence[str], settings: Settings
) -> list[str]:
    """The reports that nobody has attempted since the month ended."""
    ended = period.heartbeat(1, settings.zone)
    return [
        report
        for report in reports
        if not any(one.opened.opened_at >= ended for one in attempts(state, report, period))
    ]


def _status(settings: Settings) -> dg.DefaultScheduleStatus:
    """On by itself where the daemon is the trigger; where another one is, off."""
    by_daemon = settings.trigger == "daemon"
    return dg.DefaultScheduleStatus.RUNNING if by_daemon else dg.DefaultScheduleStatus.STOPPED


def _begin_if_ready(
    context: dg.ScheduleEvaluationContext,
    period: Period,
    warehouse: WarehouseResource,
    state: StateResource,
    settings: Settings,
) -> dg.RunRequest | dg.SkipReason:
    if settings.cutoff_date is not None:
        # It would freeze the month (decision D2).
        _LOG.warning(
            "CUTOFF_DATE=%s is ignored here; the schedule closes %s.", settings.cutoff_date, period
        )
    examined = examine(
        warehouse.probe_warehouse,
        state.store,
        period,
        heartbeat_day=settings.heartbeat_day,
        zone=settings.zone,
        now=context.scheduled_execution_time,
    )
    if examined.waits:
        return dg.SkipReason(examined.summary)
    return dg.RunRequest(
        partition_key=str(period), tags={"soxauto/readiness": examined.readiness.value}
    )
