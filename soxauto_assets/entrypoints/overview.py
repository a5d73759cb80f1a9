"""`soxauto status`: for each report and month what is current, and how the latest attempt ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich import box
from rich.table import Table
from rich.text import Text

from soxauto_assets.assets.control_assets import CONTROL
from soxauto_assets.assets.partitions import last_closed_period
from soxauto_assets.automation.heartbeat import missed_periods
from soxauto_assets.automation.readiness import Examined, still_waiting
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.entrypoints.bindings import store_url
from soxauto_assets.evidence.current import CurrentReport, current
from soxauto_assets.evidence.lifecycle import AttemptState, AttemptVerdict, attempts
from soxauto_assets.evidence.outbox import unsent
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings
from soxauto_assets.store.opening import open_store
from soxauto_assets.store.protocol import ObjectDamagedError


@dataclass(frozen=True)
class ReportStatus:
    """One report of one month: its current data, and all its attempts, the oldest first.

    ``damage`` says which record of its attempts cannot be read; ``history`` is empty then.
    """

    report: str
    period: Period
    current: CurrentReport | None
    history: tuple[AttemptState, ...]
    damage: str | None = None

    @property
    def latest(self) -> AttemptState | None:
        """The newest attempt of any verdict."""
        return self.history[-1] if self.history else None

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was ever made of it."""
        return self.latest is None and self.current is None and self.damage is None

    @property
    def passed(self) -> bool:
        """Whether the newest attempt passed: a later failure turns the month red."""
        latest = self.latest
        return (
            latest is not None
            and latest.closed is not None
            and latest.closed.verdict is AttemptVerdict.PASS
        )

    @property
    def is_published(self) -> bool:
        """Whether the current data is there, and that of the newest attempt."""
        published = None if self.current is None else self.current.attempt
        return self.latest is not None and published == self.latest.address.attempt

    @property
    def is_green(self) -> bool:
        """Whether the newest attempt passed and its data is what is read as current."""
        return self.passed and self.is_published


def status_of(
    period: Period, settings: Settings, *, control: str | None = None
) -> tuple[ReportStatus, ...]:
    """The status of every report of a month, from the state and results stores.

    ``control`` is the name of the control where it is asked for too; it comes last.
    """
    state = open_store(store_url(settings, "state"), name="state")
    results = open_store(store_url(settings, "results"), name="results")
    found = []
    for report in report_ids() + (() if control is None else (control,)):
        published = current(results, report, period)
        try:
            history = attempts(state, report, period)
        except ObjectDamagedError as error:  # of one report; the others must still be seen
            found.append(ReportStatus(report, period, published, (), str(error)))
        else:
            found.append(ReportStatus(report, period, published, history))
    return tuple(found)


def status_table(periods: Sequence[Period], settings: Settings) -> tuple[Table, bool]:
    """The table for people, and whether every report of every month is green.

    The control of a month counts where one was made.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left")
    table.add_column("period", no_wrap=True)
    table.add_column("report", no_wrap=True)
    # On a narrow terminal an attempt's id goes on below, so that the verdict keeps its place.
    table.add_column("current", overflow="fold")
    table.add_column("latest", overflow="fold")
    table.add_column("verdict", min_width=8)
    table.add_column("attempts", no_wrap=True)
    all_green, damages = True, []
    state = open_store(store_url(settings, "state"), name="state")
    for period in periods:
        waits = still_waiting(state, period, report_ids()) is not None
        for number, status in enumerate(status_of(period, settings, control=CONTROL)):
            all_green &= status.is_green or (status.report == CONTROL and status.is_untouched)
            if status.damage is not None:
                damages.append(status.damage)
            table.add_row(
                str(period) if number == 0 else "",
                status.report,
                "-" if status.current is None else status.current.attempt or "damaged",
                "-" if status.latest is None else status.latest.address.attempt,
                _verdict(status, waits),
                "?" if status.damage else str(len(status.history)),
            )
    table.caption = Text("\n".join(damages), style="bold red") if damages else None
    return table, all_green


def standing_warnings(settings: Settings) -> tuple[str, ...]:
    """What a person must know beside the table: a waiting month, missed ones, alerts unsent."""
    state = open_store(store_url(settings, "state"), name="state")
    results = open_store(store_url(settings, "results"), name="results")
    missed = missed_periods(
        state,
        results,
        report_ids(),
        day=settings.heartbeat_day,
        zone=settings.zone,
        now=datetime.now(UTC),
    )
    waiting_month = still_waiting(state, last_closed_period(settings), report_ids())
    lines = [] if waiting_month is None else [waiting_line(waiting_month)]
    lines += [
        f"{one.period} was to be closed by {one.due}; without current data: "
        f"{', '.join(one.missing)}"
        for one in missed
    ]
    waiting = unsent(state)
    if waiting:
        lines.append(
            f"Alerts that wait to be sent: {len(waiting)}, the oldest of "
            f"{waiting[0].created_at:%Y-%m-%d %H:%M} UTC. `soxauto run` or the daemon sends them."
        )
    return tuple(lines)


def waiting_line(examined: Examined) -> str:
    """A month that waits for its source, for people."""
    return (
        f"{examined.period} waits for its source, asked at {examined.at:%Y-%m-%d %H:%M} UTC: "
        f"{'; '.join(examined.lacks)}. It is asked again daily until the heartbeat's day."
    )


def _verdict(status: ReportStatus, waits: bool) -> Text:
    latest = status.latest
    if status.damage is not None:
        return Text("record damaged", style="bold red")
    if latest is None:
        return Text("waiting", style="yellow") if waits else Text("not run", style="dim")
    if latest.closed is None:
        return Text("open: running, or died", style="yellow")
    verdict = latest.closed.verdict.value
    if status.passed and not status.is_published:
        return Text(f"{verdict}, but its data is not what is current", style="bold red")
    return Text(verdict, style="green" if status.passed else "bold red")
