"""What the daemon watches: unsent alerts, dead attempts, the end of a run, months not closed.

A run-status sensor moves on even when its body raises, so it only puts into the outbox; sending
is the alert sensor's, which comes again until everything is sent.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from soxauto_assets.assets.alerts import AlertSink
from soxauto_assets.assets.io_manager import ReportIOManager
from soxauto_assets.assets.resources import AttemptSettings, StateResource
from soxauto_assets.automation.alerting import deliver, note_late_alerts
from soxauto_assets.automation.dead_runs import end_dead_runs
from soxauto_assets.automation.heartbeat import heartbeat
from soxauto_assets.automation.jobs import CLOSE_MONTH
from soxauto_assets.automation.metrics import Metrics, record_interrupted
from soxauto_assets.automation.summary import summarise_run
from soxauto_assets.automation.table_checks import check_tables
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings
from soxauto_assets.tables.places import TablePlace

SECONDS = 60
HEARTBEAT_SECONDS = 3600
TABLES_SECONDS = 300
TABLES_PATIENCE = 40
"""Seconds of a tick that may be waited for answers of Athena and Redshift."""


def alert_sensor() -> dg.SensorDefinition:
    """Every minute: close attempts that died, end their runs, then send what is unsent."""

    @dg.sensor(
        name="alerts_and_interrupted_attempts",
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Closes attempts whose process died, and sends every alert of the outbox.",
    )
    def sensor(
        context: dg.SensorEvaluationContext,
        report_io: dg.ResourceParam[ReportIOManager],
        state: StateResource,
        alerts: dg.ResourceParam[AlertSink],
        attempt_settings: AttemptSettings,
        metrics: dg.ResourceParam[Metrics],
    ) -> dg.SkipReason:
        from soxauto_assets.evidence.interrupted import close_interrupted

        try:
            recovery = close_interrupted(
                state.store,
                report_io.results,
                report_io.evidence,
                settings=attempt_settings.shown,
                sealing=attempt_settings.sealing,
            )
            record_interrupted(metrics, recovery.closed)
            ended = end_dead_runs(context.instance, state.store, recovery.closed)
        finally:
            # What stands in the outbox goes out also where no attempt can be closed.
            note_late_alerts(state.store, datetime.now(UTC))
            sent = deliver(state.store, alerts)
        return dg.SkipReason(
            f"{len(recovery.closed)} interrupted attempts closed, {len(recovery.failed)} could "
            f"not be; {len(ended)} dead runs ended; {len(sent)} alerts sent"
        )

    return sensor


def heartbeat_sensor(settings: Settings, reports: Sequence[str]) -> dg.SensorDefinition:
    """Every hour: an alert into the outbox for each month that is not closed by its day.

    ``reports`` are all of the catalogue.
    """

    @dg.sensor(
        name="heartbeat",
        minimum_interval_seconds=HEARTBEAT_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Alerts where a month has no current data of every report by day "
        f"{settings.heartbeat_day} of the next.",
    )
    def sensor(
        report_io: dg.ResourceParam[ReportIOManager],
        state: StateResource,
        alerts: dg.ResourceParam[AlertSink],
    ) -> dg.SkipReason:
        told = heartbeat(state.store, report_io.results, alerts, reports, settings)
        return dg.SkipReason(f"{len(told)} months newly found missing")

    return sensor


def table_sensor(
    places: Sequence[TablePlace], reports: Sequence[str], catalog: Path | None
) -> dg.SensorDefinition:
    """Every five minutes: one month whose tables were not checked since it was published.

    A tick has a minute, so it asks for one month in each place, and no longer than that allows.
    """

    @dg.sensor(
        name="published_tables",
        minimum_interval_seconds=TABLES_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Makes the tables of published results, and counts them against the manifests.",
    )
    def sensor(
        report_io: dg.ResourceParam[ReportIOManager],
        state: StateResource,
        alerts: dg.ResourceParam[AlertSink],
    ) -> dg.SkipReason:
        done = [
            check
            for place in places
            for check in check_tables(
                place.within(TABLES_PATIENCE / len(places)),
                report_io.results,
                report_io.evidence,
                state.store,
                alerts,
                reports,
                most_months=1,
                catalog=catalog,
            )
        ]
        said = [f"{one.period} in {one.place}: {one.problem or 'as published'}" for one in done]
        return dg.SkipReason("; ".join(said) or "nothing newly published")

    return sensor


def run_end_sensors(settings: Settings, reports: Sequence[str]) -> Sequence[dg.SensorDefinition]:
    """At the end of each run: its summary into the outbox, and nothing else.

    ``reports`` are all of the catalogue.
    """

    def sensor(status: dg.DagsterRunStatus) -> dg.SensorDefinition:
        @dg.run_status_sensor(
            name=f"run_summary_{status.value.lower()}",
            run_status=status,
            default_status=dg.DefaultSensorStatus.RUNNING,
            description=f"Puts the summary of each run that ends as {status.value} into the "
            "outbox.",
        )
        def summary(
            context: dg.RunStatusSensorContext,
            state: StateResource,
            alerts: dg.ResourceParam[AlertSink],
        ) -> None:
            run = context.dagster_run
            period = run.tags.get("dagster/partition")
            if period is None:
                return
            failures = context.instance.all_logs(
                run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE
            )
            summarise_run(
                state.store,
                alerts,
                Period.parse(period),
                run.run_id,
                reports=reports,
                whole_month=_is_whole_month(run, reports),
                succeeded=status is dg.DagsterRunStatus.SUCCESS,
                failed_steps={str(failure.step_key) for failure in failures},
                run_url=f"{settings.ui_url}/runs/{run.run_id}",
            )

        return summary

    return [
        sensor(status)
        for status in (
            dg.DagsterRunStatus.SUCCESS,
            dg.DagsterRunStatus.FAILURE,
            dg.DagsterRunStatus.CANCELED,
        )
    ]


def _is_whole_month(run: dg.DagsterRun, reports: Sequence[str]) -> bool:
    """Whether the run was to close the month, and not a part of it."""
    selected = {key.path[0] for key in run.asset_selection or ()}
    return run.job_name == CLOSE_MONTH and (not selected or selected >= set(reports))
