"""The monthly partitions that every report shares: the period is the partition of everything."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg

from soxauto_assets.errors import PermanentError
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings

FIRST_PERIOD = Period(2024, 1)
"""The first month under this control; December 2023 holds its opening balances."""

PARTITION_FORMAT = "%Y-%m"


class PeriodOutOfRangeError(PermanentError):
    """A period lies before the first partition or has not ended yet."""


def monthly_partitions(settings: Settings) -> dg.MonthlyPartitionsDefinition:
    """Every month from the first period to the last one that has ended in the settings' zone."""
    return dg.MonthlyPartitionsDefinition(
        start_date=str(FIRST_PERIOD), fmt=PARTITION_FORMAT, timezone=settings.time_zone
    )


def last_closed_period(settings: Settings) -> Period:
    """The last month that has ended by now in the settings' zone."""
    return Period.last_closed(datetime.now(UTC), settings.zone)


def require_closed(period: Period, settings: Settings) -> Period:
    """``period`` itself; raises PeriodOutOfRangeError where it is no partition."""
    last = last_closed_period(settings)
    if period < FIRST_PERIOD:
        raise PeriodOutOfRangeError(
            f"Period {period} lies before the first one of this control, {FIRST_PERIOD}.",
            remedy=f"Choose a period from {FIRST_PERIOD} to {last}.",
        )
    if period > last:
        raise PeriodOutOfRangeError(
            f"Period {period} has not ended yet; the last closed month is {last}.",
            remedy=f"Choose a period from {FIRST_PERIOD} to {last}.",
        )
    return period
