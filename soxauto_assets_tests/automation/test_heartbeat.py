"""A month that nobody closed is told once, by name, whatever was or was not started."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from soxauto_assets.automation.alerting import FolderSink
from soxauto_assets.automation.heartbeat import (
    BEGAN,
    WATCHED_MONTHS,
    MissedPeriod,
    begin,
    heartbeat,
    missed_periods,
)
from soxauto_assets.evidence.outbox import Alert, AlertKind, unsent
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings
from soxauto_assets.store.layout import current_key
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import StoreError

REPORTS = ("cr_05", "ipe_07", "ipe_08")
SEPTEMBER = Period(2024, 9)


class Installation:
    """Stores of an installation whose heartbeat began on 10 September 2024, in Lagos (UTC+1)."""

    def __init__(self, folder: Path) -> None:
        self.state = LocalStore(folder / "state", name="state")
        self.results = LocalStore(folder / "results", name="results")
        self.sink = FolderSink(folder=str(folder / "alerts"))
        self.settings = Settings.load({"SOXAUTO_TIME_ZONE": "Africa/Lagos"})
        begin(self.state, datetime(2024, 9, 10, tzinfo=UTC))

    def close(self, *reports: str, period: Period = SEPTEMBER) -> None:
        for report in reports:
            self.results.create(current_key(report, period), b"data")

    def beat(self, *at: int) -> tuple[Alert, ...]:
        now = datetime(*at, tzinfo=UTC)  # type: ignore[misc, arg-type]
        return heartbeat(self.state, self.results, self.sink, REPORTS, self.settings, now=now)

    def missed(self, *at: int) -> tuple[MissedPeriod, ...]:
        now = datetime(*at, tzinfo=UTC)  # type: ignore[misc, arg-type]
        return missed_periods(
            self.state, self.results, REPORTS, day=5, zone=self.settings.zone, now=now
        )


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_nothing_is_missed_before_the_day_in_the_zone_of_the_settings(
    installation: Installation,
) -> None:
    assert installation.missed(2024, 10, 4, 22, 59) == ()
    assert installation.missed(2024, 10, 4, 23, 0) == (
        MissedPeriod(SEPTEMBER, date(2024, 10, 5), REPORTS),
    )


def test_one_alert_names_the_month_and_the_reports_and_is_told_once(
    installation: Installation,
) -> None:
    installation.close("ipe_07")
    (alert,) = installation.beat(2024, 10, 5, 8)
    assert (alert.kind, alert.id) == (AlertKind.PERIOD_MISSED, "period-missed.-.2024-09.-")
    assert alert.subject == "SOX PG-01: 2024-09 is not closed, 2 reports missing"
    assert alert.body[:2] == (
        "2024-09 is not closed: on 05 October 2024 the data of 2 reports is missing.",
        "Reports without current data: CR_05, IPE_08",
    )
    assert installation.beat(2024, 10, 5, 9) == ()
    assert unsent(installation.state) == (alert,)


def test_a_closed_month_is_silent(installation: Installation) -> None:
    installation.close(*REPORTS)
    assert installation.beat(2024, 10, 5, 8) == ()
    assert [alert.period for alert in installation.beat(2024, 11, 5, 8)] == ["2024-10"]


def test_the_months_before_the_heartbeat_began_are_not_told(tmp_path: Path) -> None:
    young = Installation(tmp_path)
    assert young.beat(2024, 9, 10, 8) == ()
    assert [alert.period for alert in young.beat(2024, 10, 20)] == ["2024-09"]


def test_the_first_beat_only_begins(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    installation.state = LocalStore(tmp_path / "new state", name="state")
    assert installation.missed(2024, 10, 20) == ()
    assert installation.beat(2024, 10, 20) == ()
    assert installation.beat(2024, 11, 4) == ()
    assert [alert.period for alert in installation.beat(2024, 11, 5)] == ["2024-10"]


def test_who_was_away_for_months_is_told_of_each_of_them(installation: Installation) -> None:
    installation.close(*REPORTS, period=Period(2024, 11))
    told = [alert.period for alert in installation.beat(2025, 1, 6)]
    assert told == ["2024-09", "2024-10", "2024-12"]
    assert [alert.period for alert in installation.beat(2025, 2, 5)] == ["2025-01"]
    assert len(installation.missed(2030, 1, 6)) == WATCHED_MONTHS


def test_a_damaged_beginning_rather_tells_too_much(installation: Installation) -> None:
    info = installation.state.info(BEGAN)
    assert info is not None
    installation.state.replace(BEGAN, b"{", expected_version=info.version)
    assert len(installation.missed(2024, 10, 5)) == WATCHED_MONTHS


def test_where_the_outbox_cannot_be_written_the_missed_month_is_told_directly(
    installation: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state" / "alerts").write_text("a file where the outbox should be")
    with pytest.raises(StoreError):
        installation.beat(2024, 10, 5, 8)
    (file,) = (tmp_path / "alerts").glob("*.txt")
    assert file.name == "period-missed.-.2024-09.-.txt"
    assert "the outbox cannot be written" in capsys.readouterr().err
