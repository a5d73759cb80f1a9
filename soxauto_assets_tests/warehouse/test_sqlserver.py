"""SQL Server itself, where SOXAUTO_TEST_SQLSERVER names one: reports, snapshot, rights, evidence.

The variable holds an ODBC connection string of a login that may create databases and logins, on a
server that holds nothing of value: the suite makes databases with NAV BI's names and drops them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sqlglot

from soxauto_assets.assets.reading import Reading, read, statement
from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.parameters import values_for
from soxauto_assets.catalog.sources import TABLES
from soxauto_assets.period import Period
from soxauto_assets.validation.judge import judge
from soxauto_assets.validation.results import Verdict
from soxauto_assets.warehouse.contract import compare_table
from soxauto_assets.warehouse.protocol import Purpose, Statement
from soxauto_assets.warehouse.sqlserver import SqlServerWarehouse
from soxauto_assets.warehouse.sqlserver_facts import LoginCanWriteError, SnapshotNotAllowedError
from soxauto_assets_tests.support.baselines import approved
from soxauto_assets_tests.support.demo import small_demo
from soxauto_assets_tests.support.oracle import REPORTS, EmbeddedSource, Month, expected_rows
from soxauto_assets_tests.support.oracle.comparison import (
    differences,
    extract,
    report_differences,
)
from soxauto_assets_tests.support.parts import need
from soxauto_assets_tests.support.sqlserver_demo import DATABASES, VARIABLE, built, run, statements

PERIOD = Period(2024, 4)
DOCTOR = Purpose("doctor", str(PERIOD), "test")
CR_05 = Purpose("cr_05", str(PERIOD), "test")


@pytest.mark.parametrize("database", DATABASES)
def test_the_schema_is_t_sql_that_parses(database: str):
    for text in statements(database):
        assert len(sqlglot.parse(text, read="tsql")) == 1


@pytest.fixture(scope="module")
def administrator() -> str:
    given = os.environ.get(VARIABLE)
    if not given:
        pytest.skip(f"a real SQL Server (set {VARIABLE} to the connection string of one)")
    need("odbc")
    return given


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return small_demo(tmp_path_factory)


@pytest.fixture(scope="module")
def reader(administrator: str, databases: Mapping[str, Path]) -> Iterator[str]:
    with built(administrator, databases) as text:
        yield text


@pytest.fixture
def warehouse(reader: str) -> SqlServerWarehouse:
    return SqlServerWarehouse(lambda: reader, name="SQL Server of the tests")


@pytest.mark.sqlserver
@pytest.mark.parametrize("report", REPORTS)
def test_every_report_passes_its_checks_and_equals_the_oracle_on_sql_server(
    warehouse: SqlServerWarehouse, databases: Mapping[str, Path], report: str, tmp_path: Path
):
    entry, reading = load_entry(report), Reading()
    read(
        reading,
        entry,
        PERIOD,
        warehouse,
        purpose=Purpose(report, str(PERIOD), "test"),
        spool_path=tmp_path / "extract.parquet",
        tries=1,
        stage=lambda text: None,
        rows=lambda count: None,
    )
    assert reading.findings is not None
    checks = judge(entry, PERIOD, reading.findings, reading.controls, approved(entry))
    assert [check for check in checks if check.verdict is Verdict.FAIL] == []
    oracle = EmbeddedSource(databases)
    expected = expected_rows(report, oracle, Month(PERIOD.year, PERIOD.month))
    oracle.close()
    lines = differences(entry, expected, extract(entry, warehouse, PERIOD))
    assert not lines, report_differences(report, PERIOD, lines)


@pytest.mark.sqlserver
def test_every_table_is_as_declared_and_every_statement_compiles(warehouse: SqlServerWarehouse):
    with warehouse.open(DOCTOR) as session:
        for declared in TABLES:
            names = [column.name for column in declared.columns]
            assert compare_table(session, declared, names) == ([], [])
        for report in REPORTS:
            entry = load_entry(report)
            values = values_for(entry.report, PERIOD)
            query = statement(f"{report}/query", entry.query, values)
            assert [name for name, _ in session.compile(query)] == [c.name for c in entry.columns]
            for control in entry.controls:
                session.compile(statement(f"{report}/{control.name}", control.sql, values))


@pytest.mark.sqlserver
def test_the_evidence_follows_a_view_to_the_table_behind_it(warehouse: SqlServerWarehouse):
    with warehouse.open(DOCTOR) as session:
        facts = session.facts()
    assert (facts.login, facts.isolation) == ("soxauto_test_reader", "snapshot")
    assert facts.databases == DATABASES
    view = next(declared for declared in TABLES if declared.is_view)
    assert facts.details[f"definition of {view.full_name}"].startswith("view, modified ")
    assert facts.details[f"definition of {view.full_name} rows"].startswith("user table, modified")
    hidden = [name for name, text in facts.details.items() if "hidden" in text]
    assert hidden == []


@pytest.mark.sqlserver
def test_a_row_that_another_session_commits_in_between_is_not_seen(
    warehouse: SqlServerWarehouse, administrator: str
):
    table = "[AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_FX_RATES]"
    count = Statement("count", f"SELECT COUNT_BIG(*) AS n FROM {table} AS t", {})
    with warehouse.open(CR_05) as session:
        before = session.fetch(count)
        run(administrator, f"INSERT INTO {table} SELECT TOP 1 * FROM {table}")
        assert session.fetch(count) == before
    with warehouse.open(CR_05) as session:
        assert session.fetch(count) != before
    run(
        administrator,
        f"WITH doubled AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY country_code, rate_type, year,"
        f" cod_month, base_currency, rate ORDER BY rate) AS place FROM {table})"
        " DELETE FROM doubled WHERE place > 1",
    )


@pytest.mark.sqlserver
def test_a_login_that_can_write_is_refused(administrator: str, reader: str):
    mighty = SqlServerWarehouse(lambda: administrator, name="mighty")
    with mighty.open(CR_05) as session, pytest.raises(LoginCanWriteError):
        session.facts()


@pytest.mark.sqlserver
def test_a_database_that_allows_no_snapshot_is_refused(
    administrator: str, warehouse: SqlServerWarehouse
):
    name = "[AIG_Nav_Jumia_Reconciliation]"
    run(administrator, f"ALTER DATABASE {name} SET ALLOW_SNAPSHOT_ISOLATION OFF")
    try:
        with pytest.raises(SnapshotNotAllowedError), warehouse.open(CR_05):
            pass
    finally:
        run(administrator, f"ALTER DATABASE {name} SET ALLOW_SNAPSHOT_ISOLATION ON")
