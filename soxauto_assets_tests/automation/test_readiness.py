"""A month whose source is not ready waits: said everywhere, without a package that says FAIL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from soxauto_assets.automation import readiness
from soxauto_assets.automation.heartbeat import begin, heartbeat
from soxauto_assets.automation.readiness import (
    Examined,
    Readiness,
    examine,
    last_not_ready,
    still_waiting,
)
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.definitions import build
from soxauto_assets.demo.warehouse import demo_warehouse
from soxauto_assets.entrypoints.bindings import DemonstrationWarehouse
from soxauto_assets.evidence import journal
from soxauto_assets.evidence.lifecycle import AttemptVerdict, open_attempt
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings
from soxauto_assets.store.layout import AttemptAddress, new_attempt_id
from soxauto_assets.store.local import LocalStore
from soxauto_assets.warehouse.protocol import SourceUnavailableError, Warehouse
from soxauto_assets_tests.evidence.world import PERIOD, REPORT, World
from soxauto_assets_tests.support.command import Home
from soxauto_assets_tests.support.demo import SMALL
from soxauto_assets_tests.support.small_warehouse import FINREC, SmallWarehouse

SEPTEMBER = Period(2024, 9)
VIEW = f"{FINREC}.dbo.V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT"
LAGOS = ZoneInfo("Africa/Lagos")
SECOND, DAY_FIVE = datetime(2024, 10, 2, 8, tzinfo=UTC), datetime(2024, 10, 4, 23, tzinfo=UTC)


class Source(SmallWarehouse):
    """A source whose September is filled step by step."""

    def rates(self, *countries: str) -> None:
        rate = {"year": 2024, "cod_month": 9, "rate_type": "Closing", "base_currency": "USD"}
        self.put(
            f"{FINREC}.dbo.RPT_FX_RATES",
            *({**rate, "country_code": country, "rate": Decimal(2)} for country in countries),
        )

    def balance(self, company: str, refreshed: datetime | None) -> None:
        self.put(
            VIEW,
            {
                "ID_COMPANY": company,
                "CLOSING_DATE": datetime(2024, 9, 30),
                "GROUP_COA_ACCOUNT_NO": "18412",
                "BALANCE_AT_DATE": Decimal(-10),
                "REFRESH_DATE": refreshed,
            },
        )


@pytest.fixture
def source(tmp_path: Path) -> Source:
    folder = tmp_path / "source"
    folder.mkdir()
    return Source(folder)


@pytest.fixture
def state(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "state", name="state")


def ask(
    source: SmallWarehouse | Callable[[], Warehouse], state: LocalStore, now: datetime = SECOND
) -> Examined:
    opened = source.warehouse if isinstance(source, SmallWarehouse) else source
    return examine(opened, state, SEPTEMBER, heartbeat_day=5, zone=LAGOS, now=now)


def test_a_month_waits_until_balances_are_there_refreshed_and_every_rate_is_known(
    source: Source, state: LocalStore
) -> None:
    source.rates(*(c.country for c in ROSTER if c.code != "JD_UG"))
    no_rate = "CR_05: JD_UG: no rate (country UG, currency UGX, rates 0)"
    assert ask(source, state) == Examined(
        SEPTEMBER,
        Readiness.WAITING,
        ("CR_04: every company: no balance at the cut-off (balances 0)", no_rate),
        SECOND,
    )
    source.balance("EC_KE", datetime(2024, 9, 30, 23, 59, 59))
    source.balance("EC_NG", datetime(2024, 10, 1))
    source.balance("JD_GH", None)
    stale = "balances not refreshed after the cut-off (balances 1"
    assert set(ask(source, state).lacks) == {
        f"CR_04: EC_KE: {stale}, refreshed 2024-09-30 23:59:59)",
        f"CR_04: JD_GH: {stale})",
        no_rate,
    }


def test_a_source_that_has_it_all_is_ready_and_leaves_no_record(
    source: Source, state: LocalStore
) -> None:
    source.rates(*(company.country for company in ROSTER))
    source.balance("EC_KE", datetime(2024, 10, 1))
    assert ask(source, state) == Examined(SEPTEMBER, Readiness.READY, (), SECOND)
    assert list(state.list("")) == []


def test_what_is_not_ready_on_the_heartbeat_day_in_its_zone_waits_no_longer(
    source: Source, state: LocalStore
) -> None:
    before = datetime(2024, 10, 4, 22, 59, tzinfo=UTC)
    assert (ask(source, state, before).waits, ask(source, state, DAY_FIVE).waits) == (True, False)
    assert ask(source, state, DAY_FIVE).readiness is Readiness.OVERDUE


def test_each_refusal_is_a_record_and_in_the_journal(source: Source, state: LocalStore) -> None:
    first, last = ask(source, state), ask(source, state, DAY_FIVE)
    assert last_not_ready(state, SEPTEMBER) == last
    records = [(one.kind, one.at, one.fields["readiness"]) for one in journal.read(state)]
    assert records == [
        (journal.RecordKind.NOT_READY, first.at, "waiting"),
        (journal.RecordKind.NOT_READY, last.at, "overdue"),
    ]


def test_a_source_that_cannot_be_asked_is_left_to_the_reports(state: LocalStore) -> None:
    def gone() -> Warehouse:
        raise SourceUnavailableError("The server is gone.", remedy="Start it.")

    found = ask(gone, state)
    assert (found.readiness, found.lacks) == (
        Readiness.UNKNOWN,
        ("The server is gone. Start it.",),
    )


def test_what_cannot_be_recorded_does_not_wait_unseen(
    source: Source, state: LocalStore, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "readiness").write_text("a file where the records should be")
    assert ask(source, state).readiness is Readiness.UNKNOWN


def test_an_attempt_begun_since_ends_the_waiting(tmp_path: Path) -> None:
    world = World(tmp_path)
    before = Examined(PERIOD, Readiness.WAITING, ("x",), datetime(2020, 1, 1, tzinfo=UTC))
    readiness._record(world.state, before)
    assert still_waiting(world.state, PERIOD, [REPORT]) == before
    world.live(1, AttemptVerdict.FAIL)
    assert still_waiting(world.state, PERIOD, [REPORT]) is None


def test_the_alert_of_a_missed_month_says_what_it_waited_for(
    source: Source, state: LocalStore, tmp_path: Path
) -> None:
    begin(state, datetime(2024, 9, 10, tzinfo=UTC))
    ask(source, state)
    results = LocalStore(tmp_path / "results", name="results")
    settings = Settings.load({"SOXAUTO_TIME_ZONE": "Africa/Lagos"})
    (alert,) = heartbeat(state, results, None, ["cr_04"], settings, now=DAY_FIVE)  # type: ignore[arg-type]
    assert alert.body[2].startswith(
        "The source was not ready: asked at 2024-10-02T08:00:00.000000Z; CR_04: every company: "
    )


@pytest.mark.parametrize("period", [Period(2024, 1), SEPTEMBER], ids=str)
def test_the_demonstration_is_ready(demo_folder: Path, state: LocalStore, period: Period) -> None:
    found = examine(
        lambda: demo_warehouse(demo_folder, through=period, plan=SMALL),
        state,
        period,
        heartbeat_day=5,
        zone=LAGOS,
        now=SECOND,
    )
    assert found.readiness is Readiness.READY


class TestByTheCommand:
    @pytest.fixture
    def home(self, new_folder: Callable[[], Path], demo_folder: Path) -> Home:
        return Home(new_folder() / "home", demo_folder)

    @pytest.fixture
    def not_ready(self, source: Source, monkeypatch: pytest.MonkeyPatch) -> Source:
        monkeypatch.setattr(DemonstrationWarehouse, "warehouse", lambda self: source.warehouse())
        return source

    def test_run_and_status_say_waiting_and_nothing_is_attempted(
        self, home: Home, not_ready: Source, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(readiness, "utc_now", lambda: SECOND)
        done = home.soxauto("run", "--period", "2024-09")
        assert done.code == 75, done.err
        assert "2024-09 is WAITING: CR_04: every company: no balance at the cut-off" in done.err
        assert home.history("cr_04", "2024-09") == ()
        assert (list(home.store("evidence").list("")), home.alerts()) == ([], [])
        status = home.soxauto("status", "--period", "2024-09")
        assert (status.code, status.out.count("waiting")) == (1, 15)  # and the control

    def test_after_its_heartbeat_day_the_month_is_begun_and_its_checks_judge(
        self, home: Home, not_ready: Source, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(readiness, "utc_now", lambda: DAY_FIVE)
        zone = {"SOXAUTO_TIME_ZONE": "Africa/Lagos"}
        done = home.soxauto("run", "--period", "2024-09", "--report", "cr_05", **zone)
        assert done.code == 1
        assert "2024-09 is OVERDUE" in done.err
        assert len(home.packages("cr_05", "2024-09")) == 1


class TestBySchedule:
    @pytest.fixture
    def instance(self, new_folder: Callable[[], Path]) -> Iterator[dg.DagsterInstance]:
        quiet = {"telemetry": {"enabled": False}}
        with dg.DagsterInstance.local_temp(str(new_folder()), overrides=quiet) as instance:
            yield instance

    @pytest.fixture
    def tick(
        self, source: Source, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> Callable[..., list[str]]:  # fmt: skip
        monkeypatch.setattr(DemonstrationWarehouse, "warehouse", lambda self: source.warehouse())
        settings = Settings.load(
            {
                "SOXAUTO_HOME": str(tmp_path / "home"),
                "SOXAUTO_TIME_ZONE": "Africa/Lagos",
                "CUTOFF_DATE": "2023-01-31",
            }
        )
        repository = build(settings).get_repository_def()

        def ticked(name: str, *at: int) -> list[str]:
            schedule: Any = repository.get_schedule_def(name)
            with dg.build_schedule_context(
                instance=instance,
                scheduled_execution_time=datetime(*at, 8, tzinfo=LAGOS),  # type: ignore[misc, arg-type]
                repository_def=repository,
                resources=repository.get_top_level_resources(),
            ) as context:
                data = schedule.evaluate_tick(context)
            return [request.partition_key for request in data.run_requests] or [data.skip_message]

        return ticked

    def test_the_month_is_asked_for_daily_until_it_is_ready(
        self, tick: Callable[..., list[str]], source: Source
    ) -> None:
        (waits,) = tick("close_month_on_the_first", 2024, 10, 1)
        assert waits.startswith("2024-09 is WAITING: CR_04: every company")
        source.rates(*(company.country for company in ROSTER))
        source.balance("EC_KE", datetime(2024, 10, 2))
        assert tick("close_month_on_the_first", 2024, 10, 2) == ["2024-09"]

    def test_on_the_heartbeat_day_it_is_begun_whatever_the_source_says(
        self, tick: Callable[..., list[str]]
    ) -> None:
        assert tick("close_month_on_the_first", 2024, 10, 5) == ["2024-09"]

    def test_a_cut_off_date_of_the_settings_is_ignored_with_a_warning(
        self, tick: Callable[..., list[str]], caplog: pytest.LogCaptureFixture
    ) -> None:
        assert tick("close_month_on_the_first", 2024, 10, 5) == ["2024-09"]
        assert "CUTOFF_DATE=2023-01-31 is ignored here; the schedule closes 2024-09." in caplog.text

    def test_a_month_that_is_under_way_is_not_begun_again(
        self, tick: Callable[..., list[str]], instance: dg.DagsterInstance
    ) -> None:
        tags = {
            "dagster/schedule_name": "close_month_on_the_first",
            "dagster/partition": "2024-09",
        }
        run = dg.DagsterRun(
            job_name="close_month", run_id="0" * 32, tags=tags, status=dg.DagsterRunStatus.STARTED
        )
        instance.add_run(run)
        assert tick("close_month_on_the_first", 2024, 10, 5) == [
            f"2024-09 is under way in run {run.run_id}"
        ]

    def test_the_store_says_what_was_attempted_and_not_the_database_of_dagster(
        self, tick: Callable[..., list[str]], tmp_path: Path
    ) -> None:
        state = LocalStore(tmp_path / "home" / "state", name="state")
        last_second = datetime(2024, 9, 30, 22, 59, 59, tzinfo=UTC)  # of September in Lagos
        for at, then in (
            (last_second, "2024-09"),
            (last_second + timedelta(seconds=1), "2024-09: each of the 14 reports was attempted"),
        ):
            for report in report_ids():
                address = AttemptAddress(report, SEPTEMBER, new_attempt_id(at))
                open_attempt(state, address, "who@where", "run", now=lambda at=at: at)  # type: ignore[misc]
            assert tick("close_month_on_the_first", 2024, 10, 5) == [then]

    def test_after_close_it_is_attempted_on_the_set_working_day_alone(
        self, tick: Callable[..., list[str]]
    ) -> None:
        name = "close_month_after_close"
        assert tick(name, 2024, 10, 9) == [
            "2024-10-09 is not working day 8 after 2024-09: 2024-10-10 is"
        ]
        assert tick(name, 2024, 10, 10) == ["2024-09"]
        assert tick(name, 2024, 10, 11)[0].endswith("2024-10-10 is")


def test_working_days_are_monday_to_friday() -> None:
    assert SEPTEMBER.working_day_after(1) == date(2024, 10, 1)
    # June 2024 begins on a Saturday.
    assert [Period(2024, 5).working_day_after(n) for n in (1, 5, 6, 20)] == [
        date(2024, 6, 3),
        date(2024, 6, 7),
        date(2024, 6, 10),
        date(2024, 6, 28),
    ]
