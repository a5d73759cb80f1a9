"""Closing months by the command: what a person sees, and what is there afterwards."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import dagster as dg
import pytest

from soxauto_assets.assets.control_assets import CONTROL
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.demo.faults import PLANTED, PLANTED_PERIOD
from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.evidence.outbox import unsent
from soxauto_assets.period import Period
from soxauto_assets.verify.findings import Verification
from soxauto_assets.verify.package import verify_package
from soxauto_assets_tests.support.command import Done, Home, failed_checks, predicate

GOOD, BAD = "2024-09", str(PLANTED_PERIOD)
_ROW = re.compile(
    r"^ (?P<report>\w+) +(?P<period>\d{4}-\d\d) .* (?P<checks>\d+/\d+) +(?P<verdict>\w+) +"
    r"(?P<attempt>\d{8}_\d{6}Z-[0-9a-f]{8})\s*$",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def home(new_folder: Callable[[], Path], demo_folder: Path) -> Home:
    return Home(new_folder() / "home", demo_folder)


@pytest.fixture(scope="module")
def closed(home: Home) -> Done:
    """A month that passes, all reports."""
    return to_its_end(home.soxauto("run", "--period", GOOD))


@pytest.fixture(scope="module")
def failed(home: Home) -> Done:
    """The month with the planted faults, all reports."""
    return to_its_end(home.soxauto("run", "--period", BAD))


def to_its_end(done: Done) -> Done:
    """A run that shows a row for each report and the control; else nothing below says why."""
    assert tuple(table(done)) == (*report_ids(), CONTROL), done.out + done.err
    return done


def table(done: Done) -> Mapping[str, Mapping[str, str]]:
    """The rows of the table at the end of a run, by report."""
    return {row["report"]: row.groupdict() for row in _ROW.finditer(done.out)}


def materialized(home: Home, report: str, period: str) -> list[str]:
    """Which of a report's assets Dagster knows as materialized for the month."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home.folder / "dagster"))
        instance = dg.DagsterInstance.get()
    with instance:
        keys = [dg.AssetKey([report, stage]) for stage in ("extract", "validated", "evidence")]
        return [key.path[-1] for key in keys if period in instance.get_materialized_partitions(key)]


def test_a_month_closes_and_the_table_shows_every_report(home: Home, closed: Done) -> None:
    assert closed.code == 0
    rows = table(closed)
    assert tuple(rows) == (*report_ids(), CONTROL)
    assert len(rows) == 15
    for report, row in rows.items():
        passed, _, applicable = row["checks"].partition("/")
        assert (row["period"], row["verdict"], passed) == (GOOD, "PASS", applicable)
        (attempt,) = home.history(report, GOOD)
        assert attempt.address.attempt == row["attempt"]
        (package,) = home.packages(report, GOOD)
        assert package.name == row["attempt"]
    assert f"soxauto verify {home.packages(CONTROL, GOOD)[0]}" in closed.out


def test_every_package_of_the_month_verifies_and_its_data_is_current(
    home: Home, closed: Done
) -> None:
    for report in report_ids():
        (package,) = home.packages(report, GOOD)
        assert verify_package(package).first_difference is None
        says = predicate(package)
        published = current(home.store("results"), report, Period.parse(GOOD))
        assert published is not None
        assert (says["verdict"], published.attempt, published.content_digest) == (
            "PASS",
            package.name,
            says["data"]["content_digest"],
        )
        assert materialized(home, report, GOOD) == ["extract", "validated", "evidence"]


def test_the_page_that_a_run_names_is_there(home: Home, closed: Done) -> None:
    (named,) = re.findall(r"read it as a page +(\S+)", closed.out)
    assert Path(named) == home.folder / "pages" / f"{GOOD}.html"
    assert Path(named).read_text("utf-8").count("ipe_rec_errors") > 0


def test_one_summary_is_sent_for_a_month_that_passed(home: Home, closed: Done) -> None:
    summary = f"SOX PG-01: {GOOD} run ended, all reports passed"
    assert [alert for alert in home.alerts() if GOOD in alert] == [summary]
    assert re.findall(r"^ALERT (.*) \(", closed.err, re.MULTILINE) == [summary]


def test_a_whole_month_ends_with_its_control(home: Home, closed: Done) -> None:
    assert table(closed)[CONTROL]["verdict"] == "PASS"
    assert f"{GOOD} PG-01: EXPLAINED (77 reconciled, 4 explained)" in closed.out
    (control,) = home.history(CONTROL, GOOD)
    last = max(home.history(report, GOOD)[0].closed.closed_at for report in report_ids())  # type: ignore[union-attr]
    assert control.opened.opened_at >= last


def test_a_second_run_is_a_new_attempt_and_leaves_the_first_as_it_was(
    home: Home, closed: Done
) -> None:
    before = home.objects()
    (first,) = home.packages("cr_05", GOOD)
    again = home.soxauto("run", "--period", GOOD, "--report", "CR_05")
    assert (again.code, list(table(again))) == (0, ["cr_05"])
    assert home.packages("cr_05", GOOD)[0] == first
    assert verify_package(first).verdict is Verification.VERIFIED
    second = home.packages("cr_05", GOOD)[1]
    after = home.objects()
    moved = {f"results/current/cr_05/month={GOOD}/data.parquet", "evidence/log/checkpoint"}
    assert {key: after.get(key) for key in before if key not in moved} == {
        key: digest for key, digest in before.items() if key not in moved
    }
    published = current(home.store("results"), "cr_05", Period.parse(GOOD))
    assert published is not None
    assert published.attempt == second.name
    # The same source gives the same data, whoever extracts it and when.
    digests = [predicate(package)["data"]["content_digest"] for package in (first, second)]
    assert digests[0] == digests[1]


def test_a_later_failure_turns_the_month_red_and_leaves_what_is_current(
    home: Home, closed: Done
) -> None:
    green = home.soxauto("status", "--period", GOOD)
    assert re.search(rf"{CONTROL} +\S+ +\S+ +PASS +1", green.out)
    before = current(home.store("results"), "cr_05a", Period.parse(GOOD))
    failure = home.soxauto(
        "run", "--period", GOOD, "--report", "cr_05a", PANDERA_VALIDATION_ENABLED="False"
    )
    red = home.soxauto("status", "--period", GOOD)
    assert (green.code, failure.code, red.code) == (0, 1, 1)
    assert current(home.store("results"), "cr_05a", Period.parse(GOOD)) == before
    first, latest = (one.address.attempt for one in home.history("cr_05a", GOOD))
    assert re.search(rf"cr_05a +{first} +{latest} +FAIL +2", red.out)
    # A newer attempt that passes turns it green again.
    assert home.soxauto("run", "--period", GOOD, "--report", "cr_05a").code == 0
    assert home.soxauto("status", "--period", GOOD).code == 0


def test_the_failing_month_fails_for_the_planted_reasons_and_no_other(
    home: Home, failed: Done
) -> None:
    assert failed.code == 1
    expected = {report: set(fault.checks) for report, fault in PLANTED.items()}
    found = {report: failed_checks(home.packages(report, BAD)[-1]) for report in report_ids()}
    assert found == {report: expected.get(report, set()) for report in report_ids()}, failed.out
    rows = table(failed)
    assert {name for name in rows if rows[name]["verdict"] == "FAIL"} == {*PLANTED, CONTROL}
    assert f"{BAD} PG-01: INCOMPLETE" in failed.out
    for report, checks in expected.items():
        assert f"{report} {BAD} FAIL\n  {len(checks)} of the checks failed: " in failed.out


def test_packages_of_failed_reports_verify_and_hold_the_extract(home: Home, failed: Done) -> None:
    for report in PLANTED:
        (package,) = home.packages(report, BAD)
        assert verify_package(package).first_difference is None
        assert predicate(package)["verdict"] == "FAIL"
        assert (package / "data" / "extract.parquet").is_file()
        assert current(home.store("results"), report, PLANTED_PERIOD) is None
        assert materialized(home, report, BAD) == []


def test_each_failed_report_is_one_alert_and_the_run_one_summary(home: Home, failed: Done) -> None:
    expected = [f"SOX PG-01: {report.upper()} {BAD} failed" for report in PLANTED]
    expected.append(f"SOX PG-01: PG01 {BAD} failed")
    expected.append(f"SOX PG-01: {BAD} run ended, 5 of 14 reports did not pass")
    assert [alert for alert in home.alerts() if BAD in alert] == sorted(expected)
    assert sorted(re.findall(r"^ALERT (.*) \(", failed.err, re.MULTILINE)) == sorted(expected)
    assert unsent(home.store("state")) == ()


def test_status_shows_the_failing_month_report_by_report(home: Home, failed: Done) -> None:
    done = home.soxauto("status", "--period", BAD)
    assert done.code == 1
    for report in report_ids():
        (attempt,) = home.history(report, BAD)
        name, passed = attempt.address.attempt, report not in PLANTED
        shown = rf"{report} +{name if passed else '-'} +{name} +{'PASS' if passed else 'FAIL'} +1"
        assert re.search(shown, done.out), report
        assert attempt.closed is not None
        assert attempt.closed.verdict is (AttemptVerdict.PASS if passed else AttemptVerdict.FAIL)


def test_a_month_that_was_not_run_is_not_green(home: Home, closed: Done) -> None:
    done = home.soxauto("status", "--from", "2024-01", "--to", "2024-02")
    assert (done.code, done.out.count("not run")) == (1, 30)


def test_a_range_is_closed_month_by_month(home: Home, demo_folder: Path) -> None:
    done = home.soxauto("run", "--from", "2024-03", "--to", "2024-04", "--report", "cr_05a")
    assert done.code == 0
    assert [row["period"] for row in _ROW.finditer(done.out)] == ["2024-03", "2024-04"]
    # A part of a month is no month: nobody is told that the other reports did not run.
    assert [alert for alert in home.alerts() if "2024-03" in alert or "2024-04" in alert] == []


def test_verify_says_in_words_and_exit_code_whether_a_package_is_intact(
    home: Home, closed: Done, tmp_path: Path
) -> None:
    (package,) = home.packages("ipe_10", GOOD)
    intact = home.soxauto("verify", str(package))
    assert intact.code == 0
    assert "VERIFIED all" in intact.out
    copy = tmp_path / package.name
    shutil.copytree(package, copy)
    log = copy / "log.jsonl"
    log.chmod(0o644)
    log.write_bytes(log.read_bytes() + b"\n")
    changed = home.soxauto("verify", str(copy))
    assert changed.code == 1
    assert "log.jsonl" in changed.out
    as_json = home.soxauto("verify", "--json", str(copy))
    assert (as_json.code, '"verdict": "DIFFERS"' in as_json.out) == (1, True)
    absent = home.soxauto("verify", str(tmp_path / "nothing"))
    assert absent.code == 2
