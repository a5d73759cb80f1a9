"""What a person may type wrongly, and the commands that only print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.settings import PROJECT_FOLDER, Settings
from soxauto_assets_tests.support.command import Home


@pytest.fixture(scope="module")
def home(new_folder: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home without any demonstration: nothing here may begin to build one."""
    return Home(new_folder() / "home", tmp_path_factory.mktemp("empty"))


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (["--report", "ipe_99"], "UnknownReportError", "'ipe_99'. Choose from: cr_03, cr_04"),
        (["--report", "../ipe_07"], "UnknownReportError", "'../ipe_07'"),
        (["--period", "2024-13"], "InvalidPeriodError", "2024-13"),
        (["--period", "September"], "InvalidPeriodError", "September"),
        (["--period", "2999-01"], "PeriodOutOfRangeError", "2999-01 has not ended yet"),
        (["--period", "2023-12"], "PeriodOutOfRangeError", "before the first one of this control"),
        (["--from", "2023-11", "--to", "2024-01"], "PeriodOutOfRangeError", "2023-11 lies before"),
        (["--from", "2024-03", "--to", "2024-02"], "ContradictoryPeriodsError", "holds no month"),
        (["--period", "2024-09", "--from", "2024-09"], "ContradictoryPeriodsError", "one way"),
        (["--cutoff-date", "2024-09-15"], "InvalidCutoffError", "2024-09-15"),
        (["--cutoff-date", "2024-01-01"], "PeriodOutOfRangeError", "2023-12 lies before"),
        (["--cutoff-date", "30/09/2024"], "InvalidCutoffError", "30/09/2024"),
        # What a script types where its variable is unset.
        (["--from", ""], "InvalidPeriodError", "'' is not a period"),
        (["--to", ""], "InvalidPeriodError", "'' is not a period"),
        (["--cutoff-date", ""], "InvalidCutoffError", "'' is not a cut-off date"),
        (["--report", ""], "UnknownReportError", "''"),
    ],
)
def test_a_wrong_argument_is_one_clear_error_and_nothing_is_begun(
    home: Home, arguments: list[str], error: str, says: str
) -> None:
    done = home.soxauto("run", *arguments)
    assert (done.code, done.out) == (2, "")
    words = " ".join(done.err.split())
    assert words.startswith(f"{error}: ")
    assert says in words
    assert not (home.folder / "state").exists()


def test_a_cut_off_that_is_neither_form_is_refused_with_both(home: Home) -> None:
    for done in (
        home.soxauto("run", "--cutoff-date", "2024-02-28"),
        home.soxauto("run", CUTOFF_DATE="2024-02-28"),
    ):
        assert done.code == 2
        assert "the last day of the month to close (2024-09-30)" in done.err
        assert "the first day of the following month (2024-10-01)" in done.err


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"SOXAUTO_HOM": "x"}, "SOXAUTO_HOM is not one of the product's. Did you mean SOXAUTO_HO"),
        ({"SOXAUTO_DEMO_SIZE": "big"}, "SOXAUTO_DEMO_SIZE='big' is malformed"),
        ({"SOXAUTO_TIME_ZONE": "Lagos"}, "SOXAUTO_TIME_ZONE='Lagos' is malformed"),
    ],
)
def test_a_setting_that_is_unknown_or_malformed_is_refused_at_start(
    home: Home, variables: dict[str, str], says: str
) -> None:
    for command in (["run"], ["status"], ["settings"]):
        done = home.soxauto(*command, **variables)
        assert (done.code, done.out) == (2, "")
        assert says in " ".join(done.err.split())


@pytest.mark.parametrize("folder", ["relative", "/no/such/folder"])
def test_an_instance_that_dagster_would_not_take_is_one_clear_error(
    home: Home, folder: str
) -> None:
    done = home.soxauto("run", DAGSTER_HOME=folder)
    assert (done.code, done.out) == (2, "")
    assert f"DAGSTER_HOME={folder} is not the absolute path of a folder." in done.err


def test_a_home_whose_configuration_dagster_would_not_find_is_refused(
    home: Home, tmp_path: Path
) -> None:
    done = home.soxauto("run", SOXAUTO_HOME=str(tmp_path / "[x]"))
    assert (done.code, done.out) == (2, "")
    assert "reads *, ? and [ in the path as a pattern" in " ".join(done.err.split())


def test_settings_lists_every_variable_with_its_value(home: Home) -> None:
    done = home.soxauto("settings", SOXAUTO_LEASE_SECONDS="60")
    assert done.code == 0
    words = " ".join(done.out.split())
    for field in Settings.model_fields.values():
        assert f" {field.alias} " in words
    assert "SOXAUTO_LEASE_SECONDS 60 set" in words
    assert "SOXAUTO_SOURCE_TRIES 3 default" in words


def test_sql_prints_the_reviewed_text_and_ssms_what_runs_there(home: Home) -> None:
    entry = load_entry("ipe_07")
    assert home.soxauto("sql", "ipe_07", "2024-09").out == entry.query + "\n"
    for_ssms = home.soxauto("sql", "IPE_07", "2024-09", "--ssms")
    assert for_ssms.code == 0
    assert "DECLARE @next_period_start" in for_ssms.out
    assert "2024-10-01" in for_ssms.out
    (transfer,) = (one.sql for one in entry.controls if one.name == "transfer")
    assert home.soxauto("sql", "ipe_07", "2024-09", "--control", "transfer").out == transfer + "\n"
    unknown = home.soxauto("sql", "ipe_07", "2024-09", "--control", "nothing")
    assert (unknown.code, "UnknownControlError" in unknown.err) == (2, True)
    assert home.soxauto("sql", "ipe_99", "2024-09").code == 2
    assert home.soxauto("sql", "ipe_07", "soon").code == 2


def test_the_generated_pages_are_those_of_the_catalogue(home: Home) -> None:
    pages = PROJECT_FOLDER / "docs" / "reports"
    before = {path.name: path.read_bytes() for path in pages.glob("*.md")}
    done = home.soxauto("docs", "--check")
    assert (done.code, done.err) == (0, "")
    assert {path.name: path.read_bytes() for path in pages.glob("*.md")} == before
    assert set(before) == {"index.md", "pg01.md", *(f"{report}.md" for report in report_ids())}


def test_a_page_that_is_out_of_date_is_named(tmp_path: Path) -> None:
    from soxauto_assets.entrypoints.report_pages import outdated_pages, write_pages

    write_pages(tmp_path)
    assert outdated_pages(tmp_path) == ()
    (tmp_path / "ipe_07.md").write_text("by hand")
    (tmp_path / "ipe_99.md").write_text("of no report")
    (tmp_path / "cr_03.md").unlink()
    assert [path.name for path in outdated_pages(tmp_path)] == [
        "cr_03.md",
        "ipe_07.md",
        "ipe_99.md",
    ]
    write_pages(tmp_path)
    assert outdated_pages(tmp_path) == ()
