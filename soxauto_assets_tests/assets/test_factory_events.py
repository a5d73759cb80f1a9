"""What Dagster is told of an attempt: checks, materializations, observations, failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest

from soxauto_assets.assets.factory import STAGES, asset_key
from soxauto_assets.assets.progress import LogListener
from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.definitions import CLOSE_MONTH, build
from soxauto_assets.validation.plan import check_names
from soxauto_assets_tests.support.command import Home, predicate

GOOD, BAD = "2024-09", "2024-05"


@pytest.fixture(scope="module")
def home(new_folder: Callable[[], Path], demo_folder: Path) -> Home:
    return Home(new_folder() / "home", demo_folder)


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as made:
        yield made


def run(
    home: Home,
    instance: dg.DagsterInstance,
    period: str,
    *reports: str,
    listener: LogListener | None = None,
) -> dg.ExecuteInProcessResult:
    """The month's job for these reports."""
    definitions = build(home.settings, listener)
    return definitions.resolve_job_def(CLOSE_MONTH).execute_in_process(
        instance=instance,
        partition_key=period,
        raise_on_error=False,
        asset_selection=[asset_key(report, stage) for report in reports for stage in STAGES],
    )


@pytest.fixture(scope="module")
def passed(home: Home, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return run(home, instance, GOOD, "ipe_07")


@pytest.fixture(scope="module")
def failed(home: Home, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return run(home, instance, BAD, "cr_05", "cr_05a")


def materializations(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """The metadata of each materialization by the asset's key."""
    found = {}
    for event in result.get_asset_materialization_events():
        materialization = event.materialization
        found[materialization.asset_key.to_user_string()] = dict(materialization.metadata)
    return found


def evaluations(result: dg.ExecuteInProcessResult, report: str) -> dict[str, bool]:
    """Each check of the report with whether it passed."""
    return {
        one.check_name: one.passed
        for one in result.get_asset_check_evaluations()
        if one.asset_key == asset_key(report, "validated")
    }


def test_a_passed_report_makes_its_three_assets_in_order_with_every_check(
    passed: dg.ExecuteInProcessResult,
) -> None:
    assert passed.success
    keys = [event.asset_key for event in passed.get_asset_materialization_events()]
    assert keys == [asset_key("ipe_07", stage) for stage in STAGES]
    partitions = {event.partition for event in passed.get_asset_materialization_events()}
    assert partitions == {GOOD}
    expected = {name: True for name, _ in check_names(load_entry("ipe_07"))}
    assert evaluations(passed, "ipe_07") == expected
    assert len(expected) >= 8


def test_every_materialization_carries_rows_totals_package_and_the_stored_object(
    home: Home, passed: dg.ExecuteInProcessResult
) -> None:
    (package,) = home.packages("ipe_07", GOOD)
    says = predicate(package)
    found = materializations(passed)
    for stage in STAGES:
        facts = found[f"ipe_07/{stage}"]
        assert facts["verdict"].value == "PASS"
        assert facts["attempt"].value == package.name
        assert facts["dagster/partition_row_count"].value == says["data"]["rows"]
        assert Decimal(facts["total rem_amt_lcy"].value) == Decimal(
            says["data"]["totals"]["rem_amt_lcy"]
        )
        assert facts["content digest"].value == says["data"]["content_digest"]
        assert str(package) in str(facts["package"].value)
        stored = home.folder / ("evidence" if stage == "evidence" else "results")
        assert str(stored) in str(facts["stored object"].value)
    stored_bytes = {
        stage: found[f"ipe_07/{stage}"]["SHA-256"].value for stage in ("extract", "validated")
    }
    assert stored_bytes["extract"] == stored_bytes["validated"]


def test_the_extract_shows_its_columns_their_lineage_and_the_query(
    passed: dg.ExecuteInProcessResult,
) -> None:
    entry = load_entry("ipe_07")
    facts = materializations(passed)["ipe_07/extract"]
    names = [column.name for column in entry.columns]
    schema = facts["dagster/column_schema"].value
    assert [column.name for column in schema.columns] == names
    lineage = facts["dagster/column_lineage"].value.deps_by_column
    assert set(lineage) == set(names)
    remaining = [dep.asset_key.path for dep in lineage["rem_amt_lcy"]]
    assert remaining == [["AIG_Nav_DW", "dbo", "Detailed_Customer_Ledg__Entry"]]
    assert len(facts["query SHA-256"].value) == 64
    assert all(f"`{name}`" in facts["lineage"].value for name in names)


def test_the_preview_shows_no_personal_data(home: Home, passed: dg.ExecuteInProcessResult) -> None:
    entry = load_entry("ipe_07")
    personal = [column.name for column in entry.columns if column.personal]
    assert personal
    (package,) = home.packages("ipe_07", GOOD)
    table = pq.read_table(package / "data" / "extract.parquet")
    persons = {
        str(value) for name in personal for value in table[name].to_pylist() if value is not None
    }
    assert persons
    preview = materializations(passed)["ipe_07/extract"]["preview"].value
    assert not [name for name in personal if f" {name} " in preview.splitlines()[0]]
    shown = [cell.strip() for line in preview.splitlines() for cell in line.split("|")]
    assert persons.isdisjoint(shown)
    rows = [line for line in preview.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + 5
    assert "E-" not in "".join(cell for cell in shown if cell[:1].isdigit())  # plain decimals


def test_a_failed_report_makes_nothing_and_the_others_are_made(
    failed: dg.ExecuteInProcessResult,
) -> None:
    assert not failed.success
    assert set(materializations(failed)) == {f"cr_05a/{stage}" for stage in STAGES}
    assert [e.step_key for e in failed.all_events if e.is_step_failure] == ["cr_05"]


def test_a_failed_report_has_every_check_and_an_observation_that_links_its_package(
    home: Home, failed: dg.ExecuteInProcessResult
) -> None:
    expected = {name: name != "exactly_one_rate" for name, _ in check_names(load_entry("cr_05"))}
    assert evaluations(failed, "cr_05") == expected
    (package,) = home.packages("cr_05", BAD)
    (observation,) = (
        event.asset_observation_data.asset_observation
        for event in failed.all_events
        if event.is_asset_observation
    )
    assert observation.asset_key == asset_key("cr_05", "evidence")
    assert observation.partition == BAD
    assert observation.metadata["verdict"].value == "FAIL"
    assert str(package) in str(observation.metadata["package"].value)
    (failure,) = (e.step_failure_data for e in failed.all_events if e.is_step_failure)
    assert failure.user_failure_data is not None
    assert failure.user_failure_data.metadata == observation.metadata
    assert "cr_05 2024-05 failed: 1 of the checks failed: exactly_one_rate." in (
        failure.user_failure_data.description or ""
    )


def test_a_failed_check_shows_expected_found_and_a_masked_sample(
    failed: dg.ExecuteInProcessResult,
) -> None:
    (check,) = (
        one for one in failed.get_asset_check_evaluations() if one.check_name == "exactly_one_rate"
    )
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert check.metadata["period"].value == BAD
    assert check.metadata["findings"].value == 1
    assert "JD_UG" in str(check.metadata["sample, masked"].value)


class Spoiler(LogListener):
    """Damages what was stored as soon as the attempt has ended: a disk that loses a byte."""

    def closed(self, outcome: Any) -> None:
        super().closed(outcome)
        path = Path(outcome.package.url.removeprefix("file://").replace("evidence", "results", 1))
        file = path / "extract.parquet"
        file.chmod(0o644)
        file.write_bytes(file.read_bytes()[:-1])


def test_a_stored_object_that_is_damaged_meanwhile_makes_no_asset(
    home: Home, instance: dg.DagsterInstance
) -> None:
    result = run(home, instance, "2024-08", "cr_05a", listener=Spoiler())
    assert not result.success
    assert materializations(result) == {}
    assert [e.step_key for e in result.all_events if e.is_step_failure] == ["cr_05a"]
