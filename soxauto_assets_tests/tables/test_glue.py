"""Each report is a table in Glue, made from its schema, renewed where it differs, never cut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from soxauto_assets.aws import AwsAccess
from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.catalog.model import CatalogEntry, Column, Integer, Numeric, Text
from soxauto_assets.period import Period
from soxauto_assets.tables.glue import (
    GlueError,
    GlueTables,
    GlueUnavailableError,
    TableChange,
    TableConflictError,
)
from soxauto_assets.tables.shape import COMMENT_CHARACTERS, partition_column
from soxauto_assets_tests.support.ministack import REGION, MiniStack
from soxauto_assets_tests.support.scripted_aws import Refused, ScriptedAws

DATABASE, URL = "jumia_sox_db", "s3://results/pg01"
REPORTS = [load_entry(report) for report in report_ids()]
CR_05 = load_entry("cr_05")


def tables(server: MiniStack | ScriptedAws, database: str = DATABASE) -> GlueTables:
    return GlueTables(AwsAccess(REGION, server.endpoint, tries=1), database, URL, Period(2024, 1))


def table(emulator: MiniStack, report: str, database: str = DATABASE) -> dict[str, Any]:
    found: dict[str, Any] = emulator.client("glue").get_table(DatabaseName=database, Name=report)
    return found["Table"]


def changed(entry: CatalogEntry, *columns: Column) -> CatalogEntry:
    return replace(entry, columns=columns)


def test_every_report_becomes_a_table_once(emulator: MiniStack) -> None:
    glue = tables(emulator)
    assert glue.ensure(REPORTS) == tuple(TableChange(r, made=True) for r in report_ids())
    before = {report: table(emulator, report) for report in report_ids()}
    assert glue.ensure(REPORTS) == tuple(TableChange(report) for report in report_ids())
    assert {report: table(emulator, report) for report in report_ids()} == before
    assert glue.examine(REPORTS) == f"database {DATABASE}: 14 tables as declared"


def test_a_table_projects_the_months_over_the_current_objects(emulator: MiniStack) -> None:
    tables(emulator).ensure([CR_05])
    found = table(emulator, "cr_05")
    storage, location = found["StorageDescriptor"], f"{URL}/current/cr_05/"
    assert (storage["Location"], found["TableType"]) == (location, "EXTERNAL_TABLE")
    assert found["PartitionKeys"] == [
        {"Name": "month", "Type": "string", "Comment": "Month under control, YYYY-MM."}
    ]
    assert found["Parameters"] == {
        "EXTERNAL": "TRUE",
        "classification": "parquet",
        "soxauto": "cr_05",
        "projection.enabled": "true",
        "projection.month.type": "date",
        "projection.month.format": "yyyy-MM",
        "projection.month.range": "2024-01,NOW",
        "projection.month.interval": "1",
        "projection.month.interval.unit": "MONTHS",
        "storage.location.template": location + "month=${month}/",
    }
    declared = [(c["Name"], c["Type"]) for c in storage["Columns"]]
    assert declared[0] == ("company_code", "string")
    assert dict(declared)["fx_rate"] == "decimal(18,8)"
    assert [name for name, _ in declared] == [column.name for column in CR_05.columns]


def test_every_column_has_a_comment_and_no_name_stands_for_two(emulator: MiniStack) -> None:
    tables(emulator).ensure(REPORTS)
    for entry in REPORTS:
        found = table(emulator, entry.report.id)
        columns = [*found["StorageDescriptor"]["Columns"], *found["PartitionKeys"]]
        assert len({column["Name"] for column in columns}) == len(columns), entry.report.id
        assert all(0 < len(column["Comment"]) <= COMMENT_CHARACTERS for column in columns)
    assert {partition_column(entry) for entry in REPORTS if entry.report.id != "cr_05a"} == {
        "month"
    }
    assert partition_column(load_entry("cr_05a")) == "period"


def test_a_new_column_is_added_and_one_that_was_lost_is_kept(emulator: MiniStack) -> None:
    glue = tables(emulator, "changing")
    old = Column("old", Text(), "Stays.", "a test")
    lost = Column("lost", Integer(32), "Goes.", "a test")
    new = Column("new", Numeric(38, 20), "Comes.", "a test")
    glue.ensure([changed(CR_05, old, lost)])
    (change,) = glue.ensure([changed(CR_05, new, old)])
    assert change == TableChange("cr_05", renewed=True, added=("new",), kept=("lost",))
    columns = table(emulator, "cr_05", "changing")["StorageDescriptor"]["Columns"]
    assert [(c["Name"], c["Type"]) for c in columns] == [
        ("new", "decimal(38,20)"),
        ("old", "string"),
        ("lost", "int"),
    ]
    assert glue.ensure([changed(CR_05, new, old)]) == (TableChange("cr_05", kept=("lost",)),)


def test_a_column_of_another_type_is_refused_and_the_table_left(emulator: MiniStack) -> None:
    glue = tables(emulator, "retyped")
    glue.ensure([changed(CR_05, Column("rate", Text(), "A rate.", "a test"))])
    before = table(emulator, "cr_05", "retyped")
    with pytest.raises(TableConflictError, match=r"rate is string, declared decimal\(18,8\)"):
        glue.ensure([changed(CR_05, Column("rate", Numeric(18, 8), "A rate.", "a test"))])
    assert table(emulator, "cr_05", "retyped") == before


def test_a_table_of_somebody_else_or_over_other_objects_is_not_touched(emulator: MiniStack) -> None:
    client = emulator.client("glue")
    client.create_database(DatabaseInput={"Name": "foreign"})
    client.create_table(DatabaseName="foreign", TableInput={"Name": "cr_05"})
    with pytest.raises(TableConflictError, match=r"foreign\.cr_05 is not the product's"):
        tables(emulator, "foreign").ensure([CR_05])
    tables(emulator, "moved").ensure([CR_05])
    elsewhere = replace(tables(emulator, "moved"), results_url="s3://another")
    with pytest.raises(TableConflictError, match="lies at s3://results/pg01/current/cr_05/, not"):
        elsewhere.ensure([CR_05])


def test_two_that_make_the_same_table_at_once_settle(scripted: ScriptedAws) -> None:
    scripted.will("GetDatabase", Refused("EntityNotFoundException"))
    scripted.will("CreateDatabase", Refused("AlreadyExistsException"))
    mine = tables(scripted)._table_input(CR_05)
    scripted.will("GetTable", Refused("EntityNotFoundException"), {"Table": mine})
    scripted.will("CreateTable", Refused("AlreadyExistsException"))
    assert tables(scripted).ensure([CR_05]) == (TableChange("cr_05"),)


def test_a_table_that_others_keep_changing_is_left_for_the_next_run(scripted: ScriptedAws) -> None:
    mine = {**tables(scripted)._table_input(CR_05), "Description": "old", "VersionId": "7"}
    scripted.will("GetDatabase", {"Database": {"Name": DATABASE}})
    scripted.will("GetTable", {"Table": mine})
    scripted.will("UpdateTable", Refused("ConcurrentModificationException"))
    with pytest.raises(GlueUnavailableError, match=r"jumia_sox_db\.cr_05 is being changed"):
        tables(scripted).ensure([CR_05])
    updates = scripted.asked("UpdateTable")
    assert [update["VersionId"] for update in updates] == ["7", "7", "7"]


@pytest.mark.parametrize(
    ("refused", "error", "says"),
    [
        (Refused("AccessDeniedException"), GlueError, "glue:CreateTable"),
        (Refused("InternalServiceException", 500), GlueUnavailableError, "overloaded"),
        (Refused("ExpiredTokenException"), GlueError, "no valid AWS credentials"),
    ],
)
def test_what_glue_refuses_is_named_without_its_text(
    scripted: ScriptedAws, refused: Refused, error: type[Exception], says: str
) -> None:
    scripted.will("GetDatabase", {"Database": {"Name": DATABASE}})
    scripted.will("GetTable", Refused("EntityNotFoundException"))
    scripted.will("CreateTable", refused)
    with pytest.raises(error, match=says) as raised:
        tables(scripted).ensure([CR_05])
    assert "canary-4711" not in str(raised.value)
