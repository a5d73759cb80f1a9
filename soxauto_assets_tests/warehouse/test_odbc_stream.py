"""The ODBC path against a real server, PostgreSQL: streams, types, snapshot, broken connections.

What PostgreSQL cannot show is how SQL Server understands T-SQL, and reports that compare texts
without case: the wheel's server has no collation that does. ``test_sqlserver_wire.py`` has all
fourteen, over TDS. Nor a connection that breaks between two batches of a stream: there Debian's
driver for PostgreSQL (13.02) brings the process down, with pyodbc as with arrow-odbc. So where a
connection is to break, the driver is told to fetch all rows first; between batches it breaks over
TDS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from soxauto_assets.assets.reading import Reading, read
from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.model import Boolean, Column, Date, Integer, Numeric, Text, Timestamp
from soxauto_assets.period import Period
from soxauto_assets.validation.judge import judge
from soxauto_assets.validation.results import Verdict
from soxauto_assets.warehouse.odbc import LONGEST_TEXT
from soxauto_assets.warehouse.protocol import (
    Purpose,
    SourceError,
    SourceTypeError,
    SourceUnavailableError,
    Statement,
    Warehouse,
)
from soxauto_assets.warehouse.sqlserver import tables_of
from soxauto_assets_tests.support.baselines import approved
from soxauto_assets_tests.support.demo import small_demo
from soxauto_assets_tests.support.oracle import EmbeddedSource, Month, expected_rows
from soxauto_assets_tests.support.oracle.comparison import (
    differences,
    extract,
    report_differences,
)
from soxauto_assets_tests.support.parts import need
from soxauto_assets_tests.support.postgres import (
    PostgresServer,
    PostgresWarehouse,
    load,
    postgres_server,
)
from soxauto_assets_tests.support.tcp_proxy import TcpProxy, tcp_proxy

PERIOD = Period(2024, 4)
CASE_SENSITIVE_REPORTS = ("cr_03", "cr_04", "cr_05", "cr_05a", "ipe_08_timing", "ipe_34")
"""Those in which no two texts that differ in case must be equal."""
PURPOSE = Purpose("cr_04", str(PERIOD), "test")


@dataclass(frozen=True)
class Source:
    """The server with the tables of the reports, and the files that they were copied from."""

    server: PostgresServer
    databases: Mapping[str, Path]

    def warehouse(self, **how: int) -> PostgresWarehouse:
        return PostgresWarehouse(self.server.connection_string(), **how)

    def fragile(self, port: int | None = None) -> PostgresWarehouse:
        """Through a connection that is to break; see above."""
        return PostgresWarehouse(self.server.connection_string(port, UseDeclareFetch="0"))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    need("odbc")
    databases = small_demo(tmp_path_factory)
    # Not pytest's folder, which only its owner may enter: the server runs as somebody else.
    with (
        TemporaryDirectory(prefix="soxauto-pg-") as folder,
        postgres_server(Path(folder)) as server,
    ):
        names = {name for report in CASE_SENSITIVE_REPORTS for name in tables_of(report)}
        load(server, databases, sorted(names))
        yield Source(server, databases)


@pytest.fixture
def proxy(source: Source) -> Iterator[TcpProxy]:
    with tcp_proxy(source.server.port) as running:
        yield running


def read_all(
    report: str, warehouse: Warehouse, folder: Path, reading: Reading, tries: int = 1, **how: object
) -> None:
    read(
        reading,
        load_entry(report),
        PERIOD,
        warehouse,
        purpose=Purpose(report, str(PERIOD), "test"),
        spool_path=folder / "extract.parquet",
        tries=tries,
        stage=how.get("stage", lambda text: None),  # type: ignore[arg-type]
        rows=how.get("rows", lambda count: None),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("report", CASE_SENSITIVE_REPORTS)
def test_a_report_passes_its_checks_and_equals_the_oracle_on_postgresql(
    source: Source, report: str, tmp_path: Path
):
    entry, reading = load_entry(report), Reading()
    read_all(report, source.warehouse(), tmp_path, reading)
    assert reading.findings is not None
    checks = judge(entry, PERIOD, reading.findings, reading.controls, approved(entry))
    assert [check for check in checks if check.verdict is Verdict.FAIL] == []
    assert reading.facts is not None
    assert reading.facts.isolation == "repeatable read"
    oracle = EmbeddedSource(source.databases)
    expected = expected_rows(report, oracle, Month(PERIOD.year, PERIOD.month))
    oracle.close()
    lines = differences(entry, expected, extract(entry, source.warehouse(), PERIOD))
    assert not lines, report_differences(report, PERIOD, lines)


TYPES = (
    Column("amount", Numeric(38, 20), "", ""),
    Column("rate", Numeric(18, 4), "", ""),
    Column("words", Text(), "", ""),
    Column("flag", Boolean(), "", ""),
    Column("day", Date(), "", ""),
    Column("stamp", Timestamp(), "", ""),
    Column("small", Integer(16), "", ""),
    Column("large", Integer(64), "", ""),
)
TYPED = """SELECT CAST(v.amount AS DECIMAL(38, 20)) AS amount,
    CAST(v.rate AS DECIMAL(18, 4)) AS rate, CAST(v.words AS NVARCHAR(50)) AS words,
    CAST(v.flag AS SMALLINT) AS flag, CAST(v.day AS DATE) AS day,
    CAST(v.stamp AS DATETIME2) AS stamp, CAST(v.small AS SMALLINT) AS small,
    CAST(v.large AS BIGINT) AS large
FROM (VALUES @rows) AS v (n, amount, rate, words, flag, day, stamp, small, large) ORDER BY v.n"""


def test_extremes_of_every_type_arrive_exactly_and_nulls_as_nulls(source: Source):
    rows = (
        (1, "999999999999999999.99999999999999999999", "-99999999999999.9999",
         "é 日本 \U0001f600 '?' @x \\ \t.", 1, "2024-02-29", "2024-09-30T23:59:59.997", -32768,
         "9223372036854775807"),
        (2, "-0.00000000000000000001", "0.0001", "", 0, "1753-01-01", "1753-01-01T00:00:00",
         32767, "-9223372036854775808"),
    )  # fmt: skip
    statement = Statement("types", TYPED, {"rows": rows})
    empty = Statement("nulls", "SELECT CAST(NULL AS DECIMAL(38, 20)) AS amount,"
        " CAST(NULL AS DECIMAL(18, 4)) AS rate, CAST(NULL AS NVARCHAR(5)) AS words,"
        " CAST(NULL AS SMALLINT) AS flag, CAST(NULL AS DATE) AS day,"
        " CAST(NULL AS DATETIME2) AS stamp, CAST(NULL AS SMALLINT) AS small,"
        " CAST(NULL AS BIGINT) AS large", {})  # fmt: skip
    with source.warehouse().open(PURPOSE) as session:
        (batch,) = session.stream(statement, TYPES, batch_rows=100)
        (nulls,) = session.stream(empty, TYPES, batch_rows=100)
    assert [tuple(row.values()) for row in batch.to_pylist()] == [
        (Decimal("999999999999999999.99999999999999999999"), Decimal("-99999999999999.9999"),
         "é 日本 \U0001f600 '?' @x \\ \t.", True, date(2024, 2, 29),
         datetime(2024, 9, 30, 23, 59, 59, 997000), -32768, 2**63 - 1),
        (Decimal("-1E-20"), Decimal("0.0001"), "", False, date(1753, 1, 1),
         datetime(1753, 1, 1), 32767, -(2**63)),
    ]  # fmt: skip
    assert set(nulls.to_pylist()[0].values()) == {None}
    assert batch.schema == nulls.schema


SERIES = Statement(
    "series",
    "SELECT CAST(a.n AS BIGINT) AS n, CAST(a.words AS NVARCHAR(40)) AS words"
    " FROM [SERIES].[dbo].[numbers] AS a WHERE a.n <= @last ORDER BY a.n",
    {"last": 50_000},
)
SERIES_COLUMNS = (Column("n", Integer(64), "", ""), Column("words", Text(), "", ""))


@pytest.fixture(scope="module")
def series(source: Source) -> Source:
    source.server.psql(
        "CREATE SCHEMA series_dbo; CREATE TABLE series_dbo.numbers AS"
        " SELECT CAST(n AS BIGINT) AS n, CAST('text of row ' || n AS VARCHAR(40)) AS words"
        " FROM generate_series(1, 50000) AS n;"
    )
    return source


def test_a_stream_comes_once_in_order_in_batches_of_the_size_asked_for(series: Source):
    with series.warehouse().open(PURPOSE) as session:
        batches = list(session.stream(SERIES, SERIES_COLUMNS, batch_rows=7_000))
    assert [batch.num_rows for batch in batches] == [7_000] * 7 + [1_000]
    assert [n for batch in batches for n in batch["n"].to_pylist()] == list(range(1, 50_001))


def test_a_stream_that_nobody_reads_to_its_end_leaves_the_session_usable(series: Source):
    with series.warehouse().open(PURPOSE) as session:
        stream = session.stream(SERIES, SERIES_COLUMNS, batch_rows=1_000)
        assert next(stream).num_rows == 1_000
        stream.close()
        assert session.fetch(Statement("one", "SELECT 1 AS one", {})) == ({"one": 1},)


def test_a_result_without_rows_is_a_stream_without_rows(series: Source):
    nothing = Statement("series", SERIES.text, {"last": 0})
    with series.warehouse().open(PURPOSE) as session:
        assert sum(b.num_rows for b in session.stream(nothing, SERIES_COLUMNS, batch_rows=10)) == 0


def test_rows_that_another_session_commits_in_between_are_not_seen(series: Source):
    count = Statement("count", "SELECT COUNT(*) AS n FROM [SERIES].[dbo].[numbers] AS a", {})
    with series.warehouse().open(PURPOSE) as session:
        before = session.fetch(count)
        series.server.psql("INSERT INTO series_dbo.numbers VALUES (-1, 'late')")
        try:
            streamed = sum(
                b.num_rows for b in session.stream(SERIES, SERIES_COLUMNS, batch_rows=9_999)
            )
            assert (before, session.fetch(count)) == (({"n": 50_000},),) * 2
            assert streamed == 50_000
        finally:
            series.server.psql("DELETE FROM series_dbo.numbers WHERE n = -1")


def test_the_session_cannot_write(series: Source):
    with (
        series.warehouse().open(PURPOSE) as session,
        pytest.raises(SourceError, match="25006"),
    ):
        session._connection.execute("write", "DELETE FROM series_dbo.numbers")  # type: ignore[attr-defined]


def test_other_columns_than_declared_are_refused_before_the_first_row(series: Source):
    columns = (*SERIES_COLUMNS, Column("more", Text(), "", ""))
    with (
        series.warehouse().open(PURPOSE) as session,
        pytest.raises(SourceError, match="missing more"),
    ):
        next(session.stream(SERIES, columns, batch_rows=10))


def test_a_text_longer_than_the_buffer_is_refused_and_never_cut(series: Source):
    def streamed(length: int) -> int:
        text = Statement("long", "SELECT REPLICATE('x', @n) AS words", {"n": length})
        with series.warehouse().open(PURPOSE) as session:
            (batch,) = session.stream(text, SERIES_COLUMNS[1:], batch_rows=10)
            return len(batch["words"][0].as_py())

    assert streamed(LONGEST_TEXT) == LONGEST_TEXT
    with pytest.raises(SourceTypeError, match=r"longer than 4,000 characters"):
        streamed(LONGEST_TEXT + 1)


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("SELECT a.nothing AS n FROM [SERIES].[dbo].[numbers] AS a", SourceError, "nothing"),
        ("SELECT 1 AS n FROM [SERIES].[dbo].[nowhere] AS a", SourceError, "nowhere"),
        ("SELECT CAST(a.words AS INT) AS n FROM [SERIES].[dbo].[numbers] AS a", SourceTypeError,
         "a value does not fit"),
        ("SELECT 1 / (a.n - a.n) AS n FROM [SERIES].[dbo].[numbers] AS a", SourceTypeError,
         "a value does not fit"),
    ],
)  # fmt: skip
def test_what_the_server_refuses_is_told_by_name_and_without_values(
    series: Source, text: str, kind: type[SourceError], said: str
):
    with series.warehouse().open(PURPOSE) as session, pytest.raises(kind) as caught:
        session.fetch(Statement("refused", text, {}))
    assert said in str(caught.value)
    assert "text of row" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_statement_that_takes_too_long_ends_and_a_new_session_works(series: Source):
    hasty = series.warehouse(statement_seconds=1)
    slow = Statement("slow", "SELECT pg_sleep(30) AS x", {})
    with hasty.open(PURPOSE) as session, pytest.raises(SourceUnavailableError):
        session.fetch(slow)
    with hasty.open(PURPOSE) as session:
        assert session.fetch(Statement("one", "SELECT 1 AS one", {})) == ({"one": 1},)


def test_a_session_that_the_server_ends_is_an_outage(series: Source):
    with series.fragile().open(PURPOSE) as session:
        session.fetch(Statement("one", "SELECT 1 AS one", {}))
        series.server.psql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = current_user AND pid <> pg_backend_pid()"
        )
        with pytest.raises(SourceUnavailableError):
            session.fetch(Statement("one", "SELECT 1 AS one", {}))


def test_a_stream_is_whole_or_an_outage_wherever_the_connection_breaks(
    series: Source, proxy: TcpProxy
):
    def rows(size: int | None) -> int:
        proxy.break_after(None)
        with series.fragile(proxy.port).open(PURPOSE) as session:
            proxy.break_after(size)
            stream = session.stream(SERIES, SERIES_COLUMNS, batch_rows=5_000)
            return sum(batch.num_rows for batch in stream)

    assert rows(None) == 50_000
    whole = proxy.answered
    # Before the first row, in the middle, and just before the last bytes of the last rows.
    for size in (0, 100, whole // 3, whole // 2, whole - 1_000):
        with pytest.raises(SourceUnavailableError):
            rows(size)


def test_a_reading_whose_connection_broke_in_the_stream_begins_again_and_is_whole(
    source: Source, proxy: TcpProxy, tmp_path: Path
):
    reading, stages = Reading(), []

    def stage(text: str) -> None:
        stages.append(text)
        if text == "extract" and stages.count("extract") == 1:
            proxy.break_after(200_000)
        if "reading again" in text:
            proxy.break_after(None)

    read_all("cr_03", source.fragile(proxy.port), tmp_path, reading, tries=2, stage=stage)
    assert len(reading.retries) == 1
    assert stages.count("extract") == 2
    assert reading.findings is not None
    checks = judge(
        load_entry("cr_03"),
        PERIOD,
        reading.findings,
        reading.controls,
        approved(load_entry("cr_03")),
    )
    assert [check.name for check in checks if check.verdict is Verdict.FAIL] == []


def test_a_connection_that_keeps_breaking_ends_in_the_outage_after_all_tries(
    source: Source, proxy: TcpProxy, tmp_path: Path
):
    reading = Reading()
    proxy.break_after(0)
    with pytest.raises(SourceUnavailableError):
        read_all("cr_05", source.fragile(proxy.port), tmp_path, reading, tries=2)
    assert len(reading.retries) == 1
    assert reading.spooled is None
