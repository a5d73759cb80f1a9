"""`soxauto doctor`: what is well, what is not, and how to mend it, on both kinds of warehouse."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.catalog.sources import TABLES
from soxauto_assets.entrypoints.doctor import Finding, State, examine
from soxauto_assets_tests.support.command import Home
from soxauto_assets_tests.support.demo import small_demo
from soxauto_assets_tests.support.parts import need
from soxauto_assets_tests.support.tds_server import PASSWORD, USER, TdsServer, tds_server

Found = Mapping[tuple[str, str], Finding]


def found(**how: bool) -> Found:
    return {(finding.part, finding.subject): finding for finding in examine(**how)}


def faults(findings: Found) -> list[tuple[str, str]]:
    return [key for key, finding in findings.items() if finding.state is not State.WELL]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in os.environ:
        if name.startswith(("SOXAUTO_", "DB_", "ODBC_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SOXAUTO_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def embedded(home: Path, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in Home(home, demo_folder).environment.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture
def server(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TdsServer]:
    need("odbc")
    with tds_server(small_demo(tmp_path_factory)) as running:
        monkeypatch.setenv("SOXAUTO_WAREHOUSE", "sqlserver")
        monkeypatch.setenv("SOXAUTO_LOGIN_TIMEOUT_SECONDS", "5")
        monkeypatch.setenv("DB_CONNECTION_STRING", running.connection_string())
        yield running


def test_the_embedded_default_is_well_and_compiles_every_statement(embedded: Path):
    findings = found(compile_statements=True)
    assert faults(findings) == []
    assert {subject for part, subject in findings if part == "statements"} == set(report_ids())
    assert (
        findings["tables", "as declared"].said == f"{len(TABLES)} of {len(TABLES)} tables and views"
    )


def test_the_command_prints_the_table_and_says_by_its_exit_code_whether_all_is_well(
    home: Path, demo_folder: Path
):
    typed = Home(home, demo_folder)
    done = typed.soxauto("doctor")
    assert (done.code, done.err) == (0, "")
    assert "as declared" in done.out
    assert typed.soxauto("doctor", PANDERA_VALIDATION_DEPTH="SCHEMA_ONLY").code == 1


def test_an_invalid_setting_is_the_one_finding(home: Path):
    (finding,) = examine({"SOXAUTO_WAREHOUSE": "oracle"})
    assert (finding.part, finding.state) == ("settings", State.FAULT)
    assert "SOXAUTO_WAREHOUSE='oracle'" in finding.said


def test_a_switched_off_contract_is_told(embedded: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PANDERA_VALIDATION_ENABLED", "False")
    finding = found()["settings", "contract switches"]
    assert finding.state is State.FAULT
    assert finding.remedy == "Unset PANDERA_VALIDATION_ENABLED and run again."


def test_a_store_that_cannot_be_written_is_told_and_the_rest_is_still_tried(embedded: Path):
    (embedded / "results").write_text("a file where the store should be")
    findings = found()
    assert faults(findings) == [("stores", "results")]
    assert findings["stores", "results"].remedy != ""


def test_a_sql_server_that_has_everything_is_well(server: TdsServer):
    findings = found(compile_statements=True)
    assert faults(findings) == []
    assert findings["warehouse", "secret"].said == f"server 127.0.0.1,{server.port}, login {USER}"
    assert "libmsodbcsql-18" in findings["warehouse", "driver"].said
    assert findings["warehouse", "login"].said.startswith(f"{USER} on Microsoft SQL Server")
    assert "isolation snapshot; INSERT, UPDATE" in findings["warehouse", "session"].said


def test_a_wrong_password_is_told_once_as_what_it_is_and_what_follows_is_not_tried(
    server: TdsServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DB_CONNECTION_STRING", server.connection_string(PWD="canary-password"))
    findings = found()
    assert faults(findings) == [
        ("warehouse", "login"), ("warehouse", "session"), ("warehouse", "tables"),
    ]  # fmt: skip
    assert findings["warehouse", "tables"].state is State.NOT_TRIED
    shown = "".join(finding.said + finding.remedy for finding in findings.values())
    assert "canary-password" not in shown
    assert PASSWORD not in shown


def test_a_login_that_can_write_and_a_database_without_snapshots_are_told(server: TdsServer):
    server.answers.held = frozenset({"UPDATE"})
    assert "UPDATE on [AIG_Nav_DW]" in found()["warehouse", "session"].said
    server.answers.databases = dict.fromkeys(server.answers.databases, 0)
    assert "ALLOW_SNAPSHOT_ISOLATION ON" in found()["warehouse", "session"].remedy


def test_a_column_of_another_type_is_told_with_its_table(
    server: TdsServer, monkeypatch: pytest.MonkeyPatch
):
    server.answers.kinds["Posting Date"] = "nvarchar"
    finding = found()["tables", "AIG_Nav_DW.dbo.Customer Ledger Entries"]
    assert finding.state is State.FAULT
    assert "Customer Ledger Entries.Posting Date is nvarchar(4), declared Timestamp" in finding.said
