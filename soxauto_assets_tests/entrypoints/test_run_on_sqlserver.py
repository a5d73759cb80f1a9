"""`soxauto run` on SQL Server, by settings alone, over Microsoft's driver and TDS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from soxauto_assets.period import Period
from soxauto_assets.verify.package import verify_package
from soxauto_assets_tests.support.baselines import approved_catalog
from soxauto_assets_tests.support.command import Home, failed_checks, predicate
from soxauto_assets_tests.support.demo import small_demo
from soxauto_assets_tests.support.parts import need
from soxauto_assets_tests.support.tds_server import USER, tds_server

APRIL = Period(2024, 4)
CANARY = "canary7f3a"


def test_a_report_is_closed_on_sql_server_and_its_password_is_nowhere(
    tmp_path: Path, demo_folder: Path, tmp_path_factory: pytest.TempPathFactory
):
    need("odbc")
    home = Home(tmp_path, demo_folder)
    with tds_server(small_demo(tmp_path_factory)) as server:
        given = {
            "SOXAUTO_WAREHOUSE": "sqlserver",
            "SOXAUTO_SOURCE_TRIES": "1",
            "SOXAUTO_LOGIN_TIMEOUT_SECONDS": "5",
        }
        catalog = approved_catalog(tmp_path / "catalog", "cr_05")
        done = home.close(
            str(APRIL), catalog, **given, DB_CONNECTION_STRING=server.connection_string()
        )
        refused = home.soxauto(
            "run", "-p", str(APRIL), "-r", "cr_05", **given,
            DB_CONNECTION_STRING=server.connection_string(PWD=CANARY),
        )  # fmt: skip
    assert (done.code, refused.code) == (0, 1), done.err
    assert "wrong password" in refused.out
    passed, failed = home.packages("cr_05", str(APRIL))
    assert [predicate(package)["verdict"] for package in (passed, failed)] == ["PASS", "FAIL"]
    source = json.loads((passed / "source.json").read_bytes())
    assert source["warehouse"] == "NAV BI (SQL Server)"
    assert (source["facts"]["login"], source["facts"]["isolation"]) == (USER, "snapshot")
    assert "CAST(? AS NVARCHAR(" in (passed / "sql" / "query.sql").read_text()
    everything = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for secret in (CANARY, "ss}}word", "ss}word"):
        assert secret not in done.out + done.err + refused.out + refused.err
        assert not any(secret.encode() in content for content in everything)


def test_sql_server_refuses_a_baseline_that_the_public_key_approved(
    tmp_path: Path, demo_folder: Path, tmp_path_factory: pytest.TempPathFactory
):
    need("odbc")
    home = Home(tmp_path, demo_folder)
    with tds_server(small_demo(tmp_path_factory)) as server:
        done = home.soxauto(
            "run", "-p", str(APRIL), "-r", "cr_05",
            SOXAUTO_WAREHOUSE="sqlserver",
            DB_CONNECTION_STRING=server.connection_string(),
        )  # fmt: skip
    (package,) = home.packages("cr_05", str(APRIL))
    assert (done.code, failed_checks(package)) == (1, {"baseline"})
    assert verify_package(package).first_difference is None
    (cause,) = json.loads((package / "baseline.json").read_bytes())["problems"]
    assert "approved by the key `demonstration`, which everybody has" in cause
    assert "soxauto baseline approve" in cause
