"""Which months and reports the options of a command mean.

Here: names into periods and reports, and what is refused. Not here: what is done with them.
"""

from __future__ import annotations

from collections.abc import Sequence

from soxauto_assets.assets.partitions import FIRST_PERIOD, last_closed_period, require_closed
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.errors import PermanentError
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings


class UnknownReportError(PermanentError):
    """A report is named that the catalogue does not hold."""


class ContradictoryPeriodsError(PermanentError):
    """The options name the months in more than one way, or the wrong way round."""


def chosen_reports(named: Sequence[str] | None) -> tuple[str, ...]:
    """The reports that were named, or all; raises UnknownReportError."""
    known = report_ids()
    wanted = tuple(dict.fromkeys(name.strip().lower() for name in named or ())) or known
    for name in wanted:
        if name not in known:
            raise UnknownReportError(
                f"There is no report {name!r}.", remedy=f"Choose from: {', '.join(known)}."
            )
    return wanted


def chosen_periods(
    settings: Settings,
    *,
    period: str | None,
    first: str | None,
    last: str | None,
    cutoff_date: str | None,
) -> tuple[Period, ...]:
    """The months that the options name, each of them closed; nothing named: the last one.

    CUTOFF_DATE of the settings counts where no option is given (decision D2). Raises
    ContradictoryPeriodsError, InvalidPeriodError, InvalidCutoffError, PeriodOutOfRangeError.
    """
    given = [period is not None, first is not None or last is not None, cutoff_date is not None]
    if sum(given) > 1:
        raise ContradictoryPeriodsError(
            "The months are named in more than one way.",
            remedy="Give one of --period, --from/--to or --cutoff-date.",
        )
    if first is not None or last is not None:
        # An option that is given empty (a shell variable that is unset) is no option left out.
        begin = FIRST_PERIOD if first is None else Period.parse(first)
        end = last_closed_period(settings) if last is None else Period.parse(last)
        periods = tuple(begin.through(end))
        if not periods:
            raise ContradictoryPeriodsError(
                f"The range from {begin} to {end} holds no month.",
                remedy="Put the earlier month after --from.",
            )
        return tuple(require_closed(one, settings) for one in periods)
    if period is not None:
        return (require_closed(Period.parse(period), settings),)
    cutoff = settings.cutoff_date if cutoff_date is None else cutoff_date
    if cutoff is not None:
        return (require_closed(Period.from_cutoff(cutoff), settings),)
    return (last_closed_period(settings),)


def status_periods(
    settings: Settings, *, period: str | None, first: str | None, last: str | None
) -> tuple[Period, ...]:
    """The months that `soxauto status` shows: those named, or the last three that have ended."""
    if period is None and first is None and last is None:
        end = last_closed_period(settings)
        begin = max(FIRST_PERIOD, end.previous.previous)
        return tuple(begin.through(end))
    return chosen_periods(settings, period=period, first=first, last=last, cutoff_date=None)
