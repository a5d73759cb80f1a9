"""Microsoft's ODBC driver over real TDS: logins, TLS, types, the snapshot, a server that goes away.

The engine behind the wire is not SQL Server (``support/tds_server.py``): how SQL Server itself
understands the T-SQL is shown by ``test_sqlserver.py`` alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.assets.reading import Reading, read, statement
from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.model import Boolean, Column, Date, Integer, Numeric, Text, Timestamp
from soxauto_assets.catalog.parameters import values_for
from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.errors import SoxautoError
from soxauto_assets.period import Period
from soxauto_assets.validation.judge import judge
from soxauto_assets.validation.results import Verdict
from soxauto_assets.warehouse.connection import ConnectionString
from soxauto_assets.warehouse.odbc_errors import LoginRefusedError
from soxauto_assets.warehouse.protocol import (
    Purpose,
    SourceError,
    SourceTypeError,
    SourceUnavailableError,
    Statement,
)
from soxauto_assets.warehouse.sqlserver import Isolation, IsolationError, SqlServerWarehouse
from soxauto_assets.warehouse.sqlserver_errors import TRANSIENT
from soxauto_assets.warehouse.sqlserver_facts import LoginCanWriteError, SnapshotNotAllowedError
from soxauto_assets_tests.support.baselines import approved
from soxauto_assets_tests.support.demo import small_demo
from soxauto_assets_tests.support.oracle import REPORTS, EmbeddedSource, Month, expected_rows
from soxauto_assets_tests.support.oracle.comparison import (
    differences,
    entry_of,
    extract,
    report_differences,
)
from soxauto_assets_tests.support.parts import need
from soxauto_assets_tests.support.tcp_proxy import tcp_proxy
from soxauto_assets_tests.support.tds_server import PASSWORD, USER, TdsServer, tds_server

PERIOD = Period(2024, 4)
CR_04 = Purpose("cr_04", str(PERIOD), "test")
SECONDS = 5


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    need("odbc")
    return small_demo(tmp_path_factory)


@pytest.fixture
def server(databases: Mapping[str, Path]) -> Iterator[TdsServer]:
    with tds_server(databases) as running:
        yield running


@pytest.fixture(scope="module")
def source(databases: Mapping[str, Path]) -> Iterator[EmbeddedSource]:
    opened = EmbeddedSource(databases)
    yield opened
    opened.close()


def warehouse(text: str, **how: object) -> SqlServerWarehouse:
    settings: dict[str, object] = {"login_seconds": SECONDS, "statement_seconds": 60} | how
    return SqlServerWarehouse(lambda: text, name="wire", **settings)  # type: ignore[arg-type]


def failure(text: str, **how: object) -> SoxautoError:
    """The error of opening a session and asking for its facts."""
    with (
        pytest.raises(SoxautoError) as caught,
        warehouse(text, **how).open(CR_04) as session,
    ):
        session.facts()
    assert PASSWORD not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("report_id", REPORTS)
def test_every_report_passes_its_checks_and_equals_the_oracle_over_tds(
    server: TdsServer, source: EmbeddedSource, report_id: str, tmp_path: Path
) -> None:
    reading, entry, over_tds = Reading(), entry_of(report_id), warehouse(server.connection_string())
    read_all(reading, report_id, over_tds, tmp_path)
    assert reading.findings is not None
    checks = judge(entry, PERIOD, reading.findings, reading.controls, approved(entry))
    assert [check for check in checks if check.verdict is Verdict.FAIL] == []
    expected = expected_rows(report_id, source, Month(PERIOD.year, PERIOD.month))
    lines = differences(entry, expected, extract(entry, over_tds, PERIOD))
    assert not lines, report_differences(report_id, PERIOD, lines)
    assert reading.rows == len(expected) > 0


def read_all(
    reading: Reading, report_id: str, source: SqlServerWarehouse, folder: Path, **how: object
) -> None:
    read(
        reading,
        load_entry(report_id),
        PERIOD,
        source,
        purpose=Purpose(report_id, str(PERIOD), "test"),
        spool_path=folder / "extract.parquet",
        tries=how.get("tries", 1),  # type: ignore[arg-type]
        stage=how.get("stage", lambda text: None),  # type: ignore[arg-type]
        rows=lambda count: None,
    )


def test_the_server_is_told_who_reads_and_why_and_asked_for_one_snapshot(server: TdsServer):
    with warehouse(server.connection_string()).open(CR_04) as session:
        facts = session.facts()
    asked = server.answers.seen
    assert {query.session["app"] for query in asked} == {f"soxauto cr_04 {PERIOD}"}
    texts = [query.sql for query in asked]
    begun = texts.index("SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
    after = [text for text in texts[begun:] if text in ("COMMIT", "BEGIN TRANSACTION", "ROLLBACK")]
    # The transaction that the driver began while connecting ends; all that is read is in one.
    assert after in (["COMMIT", "BEGIN TRANSACTION"], ["COMMIT", "BEGIN TRANSACTION", "ROLLBACK"])
    assert (facts.login, facts.isolation) == (USER, "snapshot")
    assert facts.databases == ("AIG_Nav_Jumia_Reconciliation",)
    assert facts.server == f"NAVBI (127.0.0.1,{server.port})"
    assert abs(facts.source_clock - facts.product_clock) < timedelta(seconds=SECONDS)
    assert facts.details["read_only_login"].startswith("INSERT, UPDATE, DELETE, ALTER are denied")
    view = "AIG_Nav_Jumia_Reconciliation.dbo.V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT"
    assert facts.details[f"definition of {view}"] == (
        f"view, modified 2024-02-29T12:00:00, sha256 {'ab' * 32}"
    )


TYPES = (
    Column("n", Numeric(38, 20), "", ""),
    Column("t", Text(), "", ""),
    Column("b", Boolean(), "", ""),
    Column("d", Date(), "", ""),
    Column("s", Timestamp(), "", ""),
    Column("i", Integer(64), "", ""),
)
EXTREMES = Statement(
    "types",
    "SELECT CAST(@n AS DECIMAL(38, 20)) AS n, @t AS t, CAST(1 AS BIT) AS b, @d AS d,"
    " CAST(@s AS DATETIME) AS s, CAST(@i AS BIGINT) AS i",
    {
        "n": "-999999999999999999.99999999999999999999",
        "t": "é 日本 \U0001f600 قالب '?' @x",
        "d": date(2024, 2, 29),
        "s": datetime(2024, 9, 30, 23, 59, 59, 997000),
        "i": -(2**62),
    },
)


def test_every_declared_type_arrives_exactly(server: TdsServer):
    with warehouse(server.connection_string()).open(CR_04) as session:
        (batch,) = session.stream(EXTREMES, TYPES, batch_rows=100)
        fetched = session.fetch(EXTREMES)
    row = {
        "n": Decimal("-999999999999999999.99999999999999999999"),
        "t": "é 日本 \U0001f600 قالب '?' @x",
        "b": True,
        "d": date(2024, 2, 29),
        "s": datetime(2024, 9, 30, 23, 59, 59, 997000),
        "i": -(2**62),
    }
    assert batch.to_pylist() == [row]
    assert fetched == (row,)


def test_a_value_is_sent_as_a_parameter_with_its_type_and_never_written_into_the_text(
    server: TdsServer,
):
    with warehouse(server.connection_string()).open(CR_04) as session:
        session.fetch(EXTREMES)
        (executed,) = session.executed()
    sent = next(query for query in server.answers.seen if "DATETIME2" in query.sql)
    assert "AS DATETIME2(7)) AS DATETIME)" in sent.sql
    assert list(sent.parameters.values()) == [
        "-999999999999999999.99999999999999999999",
        "é 日本 \U0001f600 قالب '?' @x",
        "2024-02-29",
        "2024-09-30T23:59:59.997000",
        str(-(2**62)),
    ]
    assert executed.sql.count("CAST(? AS ") == 5


def test_a_text_longer_than_the_buffer_is_an_error_and_never_cut(server: TdsServer):
    long = Statement("long", "SELECT REPLICATE(@t, 1000) AS t", {"t": "secretsecret"})
    column = (Column("t", Text(), "", ""),)
    with (
        warehouse(server.connection_string()).open(CR_04) as session,
        pytest.raises(SoxautoError) as caught,
    ):
        list(session.stream(long, column, batch_rows=10))
    assert "secretsecret" not in str(caught.value)


def test_a_wrong_password_is_refused_by_name_and_asked_of_the_secret_once_more(server: TdsServer):
    asked = []

    def secret() -> str:
        asked.append(1)
        return server.connection_string(PWD="wrong-canary")

    source = SqlServerWarehouse(secret, name="wire", login_seconds=SECONDS)
    with (
        pytest.raises(LoginRefusedError, match=r"wrong password .*18456") as caught,
        source.open(CR_04),
    ):
        pass
    assert "wrong-canary" not in str(caught.value)
    assert len(asked) == 2


def test_a_secret_that_was_rotated_is_read_again_and_logs_in(server: TdsServer):
    texts = iter([server.connection_string(PWD="of-last-month"), server.connection_string()])
    source = SqlServerWarehouse(lambda: next(texts), name="wire", login_seconds=SECONDS)
    with source.open(CR_04) as session:
        assert session.facts().login == USER


def test_a_certificate_that_nobody_vouches_for_is_refused(server: TdsServer):
    error = failure(server.connection_string(TrustServerCertificate="no"))
    assert type(error) is SourceError
    assert "certificate is not trusted" in error.problem


def test_a_closed_port_is_an_outage(server: TdsServer):
    text = server.connection_string()
    server.stop()
    error = failure(text, login_seconds=1)
    assert isinstance(error, SourceUnavailableError), error


def test_a_file_that_is_no_driver_is_refused(server: TdsServer, tmp_path: Path):
    library = tmp_path / "libnot.so"
    library.write_text("no library")
    error = failure(server.connection_string(), odbc_driver_path=library)
    assert "cannot be loaded" in error.problem


@pytest.mark.parametrize("number", [1205, 40501, 3961])
def test_transient_errors_of_the_server_are_worth_another_try(server: TdsServer, number: int):
    server.answers.errors["V_BS_ANAPLAN"] = number
    with (
        pytest.raises(SourceUnavailableError, match=TRANSIENT[number]),
        warehouse(server.connection_string()).open(CR_04) as session,
    ):
        session.describe(
            "AIG_Nav_Jumia_Reconciliation.dbo.V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT"
        )


@pytest.mark.parametrize(
    ("number", "kind", "shown"),
    [
        (208, SourceError, "Error 208 near"),
        (229, SourceError, "Error 229 near"),
        (3952, SourceError, "ALLOW_SNAPSHOT_ISOLATION ON"),
        (245, SourceTypeError, "a value does not fit"),
        (8115, SourceTypeError, "a value does not fit"),
        (50000, SourceError, "failed at the source"),
    ],
)
def test_other_errors_fail_at_once_and_show_names_only(
    server: TdsServer, number: int, kind: type[SourceError], shown: str
):
    server.answers.errors["SELECT CAST(@P1"] = number
    statement = Statement("ipe/control", "SELECT @x AS x", {"x": "a"})
    with (
        pytest.raises(kind) as caught,
        warehouse(server.connection_string()).open(CR_04) as session,
    ):
        session.fetch(statement)
    assert not isinstance(caught.value, SourceUnavailableError)
    assert shown in str(caught.value)
    assert ("secret row" in str(caught.value)) is (number in (208, 229, 3952))


def test_a_deadlock_victim_reads_everything_again_on_a_new_connection(
    server: TdsServer, tmp_path: Path
):
    server.answers.errors["FROM report\nORDER BY"] = 1205
    reading, said = Reading(), []

    def stage(text: str) -> None:
        said.append(text)
        if "reading again" in text:
            server.answers.errors.clear()

    read_all(
        reading, "cr_05", warehouse(server.connection_string()), tmp_path, tries=2, stage=stage
    )
    assert len(reading.retries) == 1
    assert "victim of a deadlock" in reading.retries[0]
    assert reading.rows == len(ROSTER)
    assert said.count("extract") == 2


def test_a_level_other_than_the_one_asked_for_is_refused(server: TdsServer):
    server.answers.level = 2
    error = failure(server.connection_string())
    assert type(error) is IsolationError
    assert error.problem == "The session reads in read committed, not in snapshot."


def test_a_database_that_allows_no_snapshot_is_named_with_the_command_that_allows_it(
    server: TdsServer,
):
    server.answers.databases = dict.fromkeys(server.answers.databases, 0)
    error = failure(server.connection_string())
    assert type(error) is SnapshotNotAllowedError
    assert (
        "ALTER DATABASE [AIG_Nav_Jumia_Reconciliation] SET ALLOW_SNAPSHOT_ISOLATION ON"
        in error.remedy
    )


def test_a_database_that_the_login_may_not_see_is_named(server: TdsServer):
    server.answers.databases = {"master": 1}
    assert "no database AIG_Nav_Jumia_Reconciliation" in failure(server.connection_string()).problem


def test_a_weaker_level_is_read_back_and_named_in_the_evidence(server: TdsServer):
    server.answers.databases = dict.fromkeys(server.answers.databases, 0)
    weaker = warehouse(server.connection_string(), isolation=Isolation.READ_COMMITTED)
    with weaker.open(CR_04) as session:
        assert session.facts().isolation.startswith("read committed (not snapshot, by SOXAUTO_ISO")


@pytest.mark.parametrize("right", ["INSERT", "UPDATE", "DELETE", "ALTER"])
def test_a_login_that_can_write_is_refused(server: TdsServer, right: str):
    server.answers.held = frozenset({right})
    error = failure(server.connection_string())
    assert type(error) is LoginCanWriteError
    assert f"{right} on [AIG_Nav_Jumia_Reconciliation]" in error.problem


def test_a_statement_that_takes_too_long_ends_and_a_new_session_works(server: TdsServer):
    waiting = server.answers.waiting["SLOW"] = threading.Event()
    slow = Statement("slow", "SELECT @x AS SLOW", {"x": "a"})
    hasty = warehouse(server.connection_string(), statement_seconds=1)
    with (
        pytest.raises(SourceUnavailableError),
        hasty.open(CR_04) as session,
    ):
        session.fetch(slow)
    waiting.set()
    with hasty.open(CR_04) as session:
        assert session.fetch(slow) == ({"SLOW": "a"},)


MANY = Statement(
    "many",
    "WITH report AS (SELECT a.ID_COMPANY AS c, b.CLOSING_DATE AS d FROM"
    " [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT] AS a"
    " CROSS JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS x"
    " JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT]"
    " AS b ON a.REAL_COA = b.REAL_COA AND b.ID_COMPANY = @c) SELECT TOP 20000 c, d FROM report",
    {"c": "EC_KE"},
)
MANY_COLUMNS = (Column("c", Text(), "", ""), Column("d", Timestamp(), "", ""))


def test_a_connection_that_breaks_during_the_stream_is_an_outage_wherever_it_breaks(
    server: TdsServer,
):
    with tcp_proxy(server.port) as proxy:
        source = warehouse(server.connection_string(SERVER=f"127.0.0.1,{proxy.port}"))

        arrived: list[int] = []

        def rows(size: int | None) -> int:
            arrived.clear()
            proxy.break_after(None)
            with source.open(CR_04) as session:
                proxy.break_after(size)
                for batch in session.stream(MANY, MANY_COLUMNS, batch_rows=1_000):
                    arrived.append(batch.num_rows)
            return sum(arrived)

        assert rows(None) == 20_000
        whole = proxy.answered
        reached = []
        for size in (0, 1, whole // 2, whole - 200):
            with pytest.raises(SourceUnavailableError):
                rows(size)
            reached.append(sum(arrived))
        # At row 0, in the middle, and within the last batch.
        assert reached[:2] == [0, 0]
        assert 0 < reached[2] < 12_000
        assert reached[2] < reached[3] < 20_000
        assert rows(None) == 20_000


def test_a_connection_that_breaks_while_logging_in_is_an_outage(server: TdsServer):
    with tcp_proxy(server.port) as proxy:
        text = server.connection_string(SERVER=f"127.0.0.1,{proxy.port}")
        for size in (0, 20, 600):
            proxy.break_after(size)
            error = failure(text, login_seconds=2)
            assert isinstance(error, SourceUnavailableError), error


def test_the_columns_of_a_table_are_told_in_the_words_of_t_sql(server: TdsServer):
    with warehouse(server.connection_string()).open(CR_04) as session:
        described = dict(session.describe("AIG_Nav_DW.dbo.Customer Ledger Entries"))
    assert described["Entry No_"] in ("int", "bigint")
    assert described["Posting Date"] == "datetime"


def test_a_statement_is_compiled_without_being_run(server: TdsServer):
    entry = load_entry("cr_04")
    text = statement("cr_04/query", entry.query, values_for(entry.report, PERIOD))
    with warehouse(server.connection_string()).open(CR_04) as session:
        names = [name for name, _ in session.compile(text)]
        assert session.executed() == ()
    assert names == [column.name for column in entry.columns]


def test_a_person_s_own_application_name_and_intent_give_way():
    given = ConnectionString({"server": "s", "app": "ssms", "applicationintent": "ReadWrite"})
    completed = warehouse("SERVER=s;APP=ssms;ApplicationIntent=ReadWrite").target(CR_04)
    assert given.keywords["app"] == "ssms"
    assert completed.keywords["app"] == f"soxauto cr_04 {PERIOD}"
    assert completed.keywords["applicationintent"] == "ReadOnly"
