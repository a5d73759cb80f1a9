"""What the command says and leaves behind where something around the reports is broken."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event
from unittest.mock import patch

import pytest

from soxauto_assets.assets.outcome import Outcome
from soxauto_assets.catalog.loader import CATALOG_FOLDER
from soxauto_assets.entrypoints import close_month
from soxauto_assets.entrypoints.console import ConsoleListener
from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.lifecycle import AttemptVerdict, open_attempts
from soxauto_assets.period import Period
from soxauto_assets.verify.package import verify_package
from soxauto_assets_tests.support.command import Home, failed_checks, predicate
from soxauto_assets_tests.support.starter import Starter

MONTH = "2024-09"
RUN = ("run", "--period", MONTH, "--report", "cr_05a")


@pytest.fixture
def home(new_folder: Callable[[], Path], demo_folder: Path) -> Home:
    return Home(new_folder() / "home", demo_folder)


def test_a_broken_folder_of_the_catalogue_fails_its_own_report_only(
    home: Home, tmp_path: Path
) -> None:
    for report in ("cr_05", "cr_05a"):
        shutil.copytree(CATALOG_FOLDER / report, tmp_path / report)
    (tmp_path / "cr_05" / "query.sql").write_text("-- nothing yet\n")
    done = home.close(MONTH, tmp_path)
    assert done.code == 1
    (broken,), (sound,) = home.packages("cr_05", MONTH), home.packages("cr_05a", MONTH)
    for package in (broken, sound):
        assert verify_package(package).first_difference is None
    assert (predicate(broken)["verdict"], predicate(sound)["verdict"]) == ("FAIL", "PASS")
    assert predicate(broken)["cause"].startswith("BrokenReportError: cr_05/query.sql: It holds no")
    assert home.alerts() == [
        f"SOX PG-01: {MONTH} run ended, 1 of 2 reports did not pass",
        f"SOX PG-01: CR_05 {MONTH} failed",
    ]
    assert "cr_05 2024-09 FAIL\n  BrokenReportError: cr_05/query.sql" in done.out


def test_an_evidence_store_that_fails_is_said_and_the_next_start_closes_the_attempt(
    home: Home,
) -> None:
    evidence = home.folder / "evidence"
    evidence.write_bytes(b"a file where the folder should be")
    done = home.soxauto(*RUN)
    assert done.code == 1
    assert f"cr_05a {MONTH}: its attempt was not closed: " in done.err
    assert "evidence store" in done.err
    assert home.alerts() == [
        f"SOX PG-01: CR_05A {MONTH} could not be finished",
        f"SOX PG-01: the run for {MONTH} broke",
    ]
    evidence.unlink()
    # The process lives on in a test, so the lease that it gave up tells that it may be closed.
    again = home.soxauto(*RUN)
    assert again.code == 0
    assert "had died; closed as FAIL (interrupted)." in again.err
    verdicts = [one.closed and one.closed.verdict for one in home.history("cr_05a", MONTH)]
    assert verdicts == [AttemptVerdict.INTERRUPTED, AttemptVerdict.PASS]
    assert len(home.packages("cr_05a", MONTH)) == 2


def test_a_results_store_that_fails_ends_in_packages(home: Home) -> None:
    (home.folder / "results").write_bytes(b"a file where the folder should be")
    done = home.soxauto(*RUN)
    assert done.code == 1
    (package,) = home.packages("cr_05a", MONTH)
    assert verify_package(package).first_difference is None
    assert predicate(package)["cause"].startswith("StoreError: ")
    # The checks had passed: what failed is the storing, and the package says so.
    assert failed_checks(package) == set()
    assert f"SOX PG-01: CR_05A {MONTH} failed" in home.alerts()


def test_a_state_store_that_fails_lets_nothing_begin_and_says_so(home: Home) -> None:
    (home.folder / "state").write_bytes(b"a file where the folder should be")
    done = home.soxauto(*RUN)
    assert done.code != 0
    assert "state store" in done.err
    assert not (home.folder / "evidence").exists()


def test_a_home_that_cannot_be_made_is_one_clear_error(home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    done = home.soxauto(*RUN, SOXAUTO_HOME=str(tmp_path / "file" / "home"))
    assert done.code == 2
    assert done.err.startswith("InstanceError: The Dagster instance at ")
    assert "Set SOXAUTO_HOME to a folder that can be written" in done.err


def test_an_instance_that_does_not_answer_is_one_clear_error(home: Home) -> None:
    (home.folder / "dagster" / "history").mkdir(parents=True)
    (home.folder / "dagster" / "history" / "runs.db").mkdir()
    done = home.soxauto(*RUN)
    assert done.code == 2
    assert done.err.startswith("InstanceError: The database of the Dagster instance does not ans")


class Spoiler(ConsoleListener):
    """Takes a byte off the stored extract as soon as its attempt has ended."""

    def closed(self, outcome: Outcome) -> None:
        super().closed(outcome)
        assert outcome.extract is not None
        folder = Path(outcome.package.url.removeprefix("file://")).parents[4]
        file = folder / "results" / outcome.extract.key
        file.chmod(0o644)
        file.write_bytes(file.read_bytes()[:-1])


def test_a_report_that_passed_but_did_not_become_an_asset_is_no_success(home: Home) -> None:
    with patch.object(close_month, "ConsoleListener", Spoiler):
        done = home.soxauto(*RUN)
    assert done.code == 1
    assert f"cr_05a {MONTH}: its package says PASS, but Dagster failed: " in done.err
    assert home.alerts() == [f"SOX PG-01: the run for {MONTH} broke"]


def test_ctrl_c_ends_the_command_closes_the_attempt_and_begins_nothing_more(
    home: Home, tmp_path: Path
) -> None:
    arguments = ["run", "--from", MONTH, "--to", "2024-10", "--report", "cr_05a"]
    journal = home.folder / "state" / "journal"
    with Starter() as starter:
        run = starter.start(arguments, home.environment, tmp_path / "out.txt")
        while not list(journal.glob("*-opened.json")):
            Event().wait(0.01)
        run.send(signal.SIGINT)
        assert run.wait() == 1, run.output
    assert "Interrupted: what comes after was not begun." in run.output
    assert home.history("cr_05a", "2024-10") == ()
    assert current(home.store("results"), "cr_05a", Period.parse(MONTH)) is None
    assert any("was interrupted" in alert or "broke" in alert for alert in home.alerts())
    assert home.soxauto(*RUN).code == 0
    assert open_attempts(home.store("state")) == ()
    first, second = (one.closed for one in home.history("cr_05a", MONTH))
    assert first is not None
    assert second is not None
    assert (first.verdict, second.verdict) == (AttemptVerdict.INTERRUPTED, AttemptVerdict.PASS)
    assert f"SOX PG-01: CR_05A {MONTH} was interrupted" in home.alerts()
