"""When months are closed without a person."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.partitions.partitioned_schedule import (
    UnresolvedPartitionedAssetScheduleDefinition,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

HOUR = 8

PartitionedSchedule = UnresolvedPartitionedAssetScheduleDefinition | dg.ScheduleDefinition


def month_end_schedule(job: UnresolvedAssetJobDefinition) -> PartitionedSchedule:
    """08:00 on the first of the month, for the month just closed.

    The zone is that of the partitions (setting SOXAUTO_TIME_ZONE): a month ends where it runs.
    """
    return dg.build_schedule_from_partitioned_job(
        job,
        name="close_month_on_the_first",
        description="08:00 on the first of each month, for the month that has just ended.",
        hour_of_day=HOUR,
        minute_of_hour=0,
        day_of_month=1,
    )
