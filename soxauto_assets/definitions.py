"""All that Dagster loads, put together from the rooms; nothing else."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from soxauto_assets.assets.control_assets import CONTROL, control_assets
from soxauto_assets.assets.factory import report_assets
from soxauto_assets.assets.partitions import monthly_partitions
from soxauto_assets.assets.progress import Listener
from soxauto_assets.automation.after_reports import control_sensor
from soxauto_assets.automation.jobs import (
    CLOSE_MONTH,
    RECONCILE_MONTH,
    close_month_job,
    reconcile_month_job,
)
from soxauto_assets.automation.schedules import after_close_schedule, month_end_schedule
from soxauto_assets.automation.sensors import (
    alert_sensor,
    heartbeat_sensor,
    run_end_sensors,
    table_sensor,
)
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.entrypoints.bindings import listeners, resources, table_places
from soxauto_assets.settings import Settings

__all__ = ["CLOSE_MONTH", "CONTROL", "RECONCILE_MONTH", "build", "defs"]


def build(
    settings: Settings, listener: Listener | None = None, catalog: Path | None = None
) -> dg.Definitions:
    """The definitions for these settings; ``listener`` hears of every attempt, by default a log.

    ``catalog`` replaces the product's own catalogue folder (for tests).
    """
    steps, sources = report_assets(monthly_partitions(settings), catalog)
    job = close_month_job(steps)
    reports = report_ids(catalog)
    places = table_places(settings)
    control = control_assets(monthly_partitions(settings), reports, settings.zone)
    reconcile = reconcile_month_job(control)
    return dg.Definitions(
        assets=[*sources, *steps, control],
        jobs=[job, reconcile],
        schedules=[month_end_schedule(job, settings, reports), after_close_schedule(job, settings)],
        sensors=[
            alert_sensor(),
            heartbeat_sensor(settings, reports),
            control_sensor(reconcile, reports),
            *run_end_sensors(settings, reports),
            *([table_sensor(places, reports, catalog)] if places else []),
        ],
        resources={**resources(settings), "listener": listeners(settings, listener)},
        executor=dg.in_process_executor,
    )


defs = build(Settings.load())
