"""What the daemon watches: unsent alerts, attempts that died, and the end of a month's run.

A run-status sensor moves on even when its body raises, so it only puts into the outbox; sending
is the alert sensor's, which comes again until everything is sent.
"""

from collections.abc import Sequence

import dagster as dg

from soxauto_assets.assets.io_manager import ReportIOManager
from soxauto_assets.assets.resources import AttemptSettings, StateResource
from soxauto_assets.automation.alerting import AlertSink, deliver
from soxauto_assets.automation.jobs import CLOSE_MONTH
from soxauto_assets.automation.summary import summarise_run
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings

SECONDS = 60


def alert_sensor() -> dg.SensorDefinition:
    """Every minute: close attempts that died, then send what is unsent."""

    @dg.sensor(
        name="alerts_and_interrupted_attempts",
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Closes attempts whose process died, and sends every alert of the outbox.",
    )
    def sensor(
        report_io: dg.ResourceParam[ReportIOManager],
        state: StateResource,
        alerts: dg.ResourceParam[AlertSink],
        attempt_settings: AttemptSettings,
    ) -> dg.SkipReason:
        from soxauto_assets.evidence.interrupted import close_interrupted

        recovery = close_interrupted(
            state.store, report_io.results, report_io.evidence, settings=attempt_settings.shown
        )
        sent = deliver(state.store, alerts)
        return dg.SkipReason(
            f"{len(recovery.closed)} interrupted attempts closed, {len(recovery.failed)} could "
            f"not be; {len(sent)} alerts sent"
        )

    return sensor


def run_end_sensors(settings: Settings) -> Sequence[dg.SensorDefinition]:
    """At the end of each run: its summary into the outbox, and nothing else."""

    def sensor(status: dg.DagsterRunStatus) -> dg.SensorDefinition:
        @dg.run_status_sensor(
            name=f"run_summary_{status.value.lower()}",
            run_status=status,
            default_status=dg.DefaultSensorStatus.RUNNING,
            description=f"Puts the summary of each run that ends as {status.value} into the "
            "outbox.",
        )
        def summary(context: dg.RunStatusSensorContext, state: StateResource) -> None:
            run = context.dagster_run
            period = run.tags.get("dagster/partition")
            if period is None:
                return
            summarise_run(
                state.store,
                Period.parse(period),
                run.run_id,
                whole_month=run.job_name == CLOSE_MONTH,
                succeeded=status is dg.DagsterRunStatus.SUCCESS,
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
