"""Period: the month under control and its bounds (decisions D1 and D2).

Here: the only date arithmetic of the product. Not here: what a report does with the bounds
(its ``query.sql``) and Dagster's partitions (``assets/partitions.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from soxauto_assets.errors import PermanentError

_PERIOD = re.compile(r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])")


class InvalidPeriodError(PermanentError):
    """A text is not a period ``YYYY-MM``."""


class InvalidCutoffError(PermanentError):
    """A date is neither the last nor the first day of a month (decision D2)."""


@dataclass(frozen=True, order=True)
class Period:
    """A calendar month; ordered by time; ``str`` gives ``YYYY-MM``.

    All bounds are naive: they are compared with stamps of the source, which are its wall clock
    (decision D1). Every rule on a stamp is half-open: up to the cut-off is
    ``stamp < next_period_start``.
    """

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1900 <= self.year <= 9998):
            raise InvalidPeriodError(
                f"year {self.year}, month {self.month} is not a month.",
                remedy="Give a month from 01 to 12 of a year from 1900 to 9998.",
            )

    @classmethod
    def parse(cls, text: str) -> Period:
        """The period that ``YYYY-MM`` names; raises InvalidPeriodError for any other text."""
        match = _PERIOD.fullmatch(text)
        if match is None:
            raise InvalidPeriodError(
                f"{text!r} is not a period.", remedy="Write it as YYYY-MM, for example 2024-09."
            )
        return cls(int(match["year"]), int(match["month"]))

    @classmethod
    def containing(cls, day: date) -> Period:
        """The month that ``day`` lies in."""
        return cls(day.year, day.month)

    @classmethod
    def from_cutoff(cls, text: str) -> Period:
        """The period that a cut-off date ``YYYY-MM-DD`` from outside names (decision D2).

        The last day of a month names that month; the first day is an exclusive bound and names
        the month before. Raises InvalidCutoffError for any other day or text.
        """
        remedy = (
            "Give the last day of the month to close (2024-09-30) or the first day of the "
            "following month (2024-10-01)."
        )
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise InvalidCutoffError(f"{text!r} is not a cut-off date.", remedy=remedy) from error
        if day.isoformat() != text:  # fromisoformat also takes 20240930 and 2024-W40-1
            raise InvalidCutoffError(f"{text!r} is not a cut-off date.", remedy=remedy)
        month = cls.containing(day)
        if day == month.cutoff_date:
            return month
        if day.day == 1:
            return month.previous
        raise InvalidCutoffError(
            f"{text} is neither the last nor the first day of a month.", remedy=remedy
        )

    @classmethod
    def last_closed(cls, now: datetime, zone: ZoneInfo) -> Period:
        """The last month that has ended at ``now`` (aware) in ``zone``."""
        if now.tzinfo is None:
            raise ValueError("now must be an aware datetime")
        return cls.containing(now.astimezone(zone).date()).previous

    @property
    def start(self) -> datetime:
        """First day of the month, 00:00."""
        return datetime(self.year, self.month, 1)

    @property
    def next_start(self) -> datetime:
        """``next_period_start``, N: first day of the next month, 00:00; the exclusive bound."""
        return self.next.start

    @property
    def cutoff_date(self) -> date:
        """Last day of the month."""
        return (self.next_start - timedelta(days=1)).date()

    @property
    def year_start(self) -> datetime:
        """1 January of the period's year, 00:00."""
        return datetime(self.year, 1, 1)

    @property
    def opening_date(self) -> date:
        """The last day before ``year_start``: the date of the opening balances (D18)."""
        return date(self.year - 1, 12, 31)

    def heartbeat(self, day: int, zone: ZoneInfo) -> datetime:
        """00:00 of ``day`` of the next month in ``zone``: when the month must be closed."""
        return datetime(self.next.year, self.next.month, day, tzinfo=zone)

    def working_day_after(self, number: int) -> date:
        """The ``number``-th working day (from 1) of the next month.

        Working days are Monday to Friday; no holiday is taken out, for nine countries share none.
        """
        day = self.next_start.date()
        while True:
            number -= day.weekday() < 5
            if number == 0:
                return day
            day += timedelta(days=1)

    @property
    def next(self) -> Period:
        """The following month."""
        return Period(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> Period:
        """The month before."""
        return Period(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def through(self, last: Period) -> Iterator[Period]:
        """This period and every one up to and with ``last``; empty where ``last`` is earlier."""
        period = self
        while period <= last:
            yield period
            period = period.next

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"
