"""The embedded warehouse streams the declared schema from one snapshot, and says what is wrong."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from soxauto_assets.catalog.model import Boolean, Column, Integer, Numeric, Text, Timestamp
from soxauto_assets.warehouse.arrow import arrow_schema
from soxauto_assets.warehouse.embedded import EmbeddedWarehouse, EngineMemoryError
from soxauto_assets.warehouse.protocol import (
    ExecutedStatement,
    SourceError,
    SourceTypeError,
    SourceUnavailableError,
    Statement,
)
from soxauto_assets_tests.warehouse.conftest import PURPOSE

N = datetime(2024, 10, 1)
COLUMNS = (
    Column("id_company", Text(), "d", "s"),
    Column("entry_no", Integer(), "d", "s"),
    Column("is_active", Boolean(), "d", "s", nullable=True),
    Column("amount", Numeric(38, 20), "d", "s", nullable=True),
    Column("stamp", Timestamp(), "d", "s", nullable=True),
)
QUERY = """WITH report AS (
    SELECT e.id_company, e.[Entry No_] AS entry_no, e.[Is_Active?] AS is_active,
        CAST(e.amount AS DECIMAL(38, 20)) AS amount, e.stamp
    FROM [AIG_Nav_DW].[dbo].[Entries] AS e
    WHERE e.id_company IN (@companies) AND (e.stamp < @n OR e.stamp IS NULL)
)
SELECT id_company, entry_no, is_active, amount, stamp FROM report ORDER BY id_company, entry_no
"""


def query(text=QUERY, **values):
    return Statement("ipe_99/query", text, values)


def test_the_stream_is_the_declared_schema_in_key_order(session):
    batches = list(
        session.stream(
            query(companies=("jm_eg", "EC_NG"), n=N + timedelta(days=1)), COLUMNS, batch_rows=2
        )
    )
    assert all(batch.schema == arrow_schema(COLUMNS) for batch in batches)
    assert pa.Table.from_batches(batches).to_pylist() == [
        {
            "id_company": "EC_NG",
            "entry_no": 1,
            "is_active": True,
            "amount": Decimal("1.00000000000000000001"),
            "stamp": datetime(2024, 9, 30, 23, 59, 59, 997000),
        },
        {
            "id_company": "ec_ng",
            "entry_no": 2,
            "is_active": False,
            "amount": Decimal("-2.5"),
            "stamp": datetime(2024, 10, 1),
        },
        {
            "id_company": "JM_EG",
            "entry_no": 3,
            "is_active": None,
            "amount": None,
            "stamp": None,
        },
    ]


def test_the_last_millisecond_is_inside_and_the_first_after_is_not(session):
    statement = query(companies=("EC_NG",), n=N)
    (batch,) = session.stream(statement, COLUMNS, batch_rows=10)
    assert batch.column("entry_no").to_pylist() == [1]


def test_a_source_without_rows_streams_nothing(session):
    statement = query(companies=("XX",), n=N)
    assert sum(b.num_rows for b in session.stream(statement, COLUMNS, batch_rows=10)) == 0


def test_fetch_gives_exact_amounts_by_name(session):
    rows = session.fetch(
        Statement(
            "ipe_99/controls/transfer",
            "SELECT COUNT_BIG(*) AS row_count, SUM(CAST(e.amount AS DECIMAL(38, 20))) AS sum_amount"
            " FROM AIG_Nav_DW.dbo.Entries AS e WHERE e.id_company = @c",
            {"c": "EC_NG"},
        )
    )
    assert rows == ({"row_count": 2, "sum_amount": Decimal("-1.49999999999999999999")},)


def test_executed_tells_every_statement_as_it_was_sent(session):
    session.fetch(Statement("a", "SELECT 1 AS x WHERE 1 IN (@l)", {"l": (1, 2)}))
    list(session.stream(query(companies=("EC_NG",), n=N), COLUMNS, batch_rows=10))
    first, second = session.executed()
    assert first == ExecutedStatement(
        "a",
        "SELECT\n  1 AS x\nWHERE\n  1 IN (CAST($l__1 AS INT), CAST($l__2 AS INT))",
        {"l__1": 1, "l__2": 2},
    )
    assert second.name == "ipe_99/query"
    assert second.parameters == {"companies__1": "EC_NG", "n": N}


def test_the_facts_are_read_inside_the_snapshot(session, tmp_path):
    before = datetime.now(UTC)
    facts = session.facts()
    assert facts.engine == f"DuckDB v{duckdb.__version__}"
    assert facts.server == str(tmp_path / "nav.duckdb")
    assert facts.databases == ("AIG_Nav_DW",)
    assert facts.isolation.startswith("snapshot, read only, transaction ")
    assert abs(facts.source_clock - before) < timedelta(minutes=5)
    assert facts.product_clock >= before
    assert facts.details["collation"] == "NOCASE"


def test_a_table_is_described_by_its_real_name_in_any_case(session):
    assert session.describe("aig_nav_dw.DBO.entries") == (
        ("id_company", "VARCHAR"),
        ("Entry No_", "BIGINT"),
        ("Is_Active?", "TINYINT"),
        ("amount", "DECIMAL(38,20)"),
        ("stamp", "TIMESTAMP"),
        ("text", "VARCHAR"),
    )
    assert session.describe("AIG_Nav_DW.dbo.Nothing") == ()


REFUSED = {
    "SELECT e.nope FROM AIG_Nav_DW.dbo.Entries AS e": 'does not have a column named "nope"',
    "SELECT e.a FROM AIG_Nav_DW.dbo.Nothing AS e": "Nothing does not exist",
    "SELECT e.a FROM Elsewhere.dbo.Entries AS e": 'schema "Elsewhere.dbo" does not exist',
    "SELECT NOSUCH(1) AS x": "(?i)function with name nosuch does not exist",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_source_lacks_is_named(session, text):
    with pytest.raises(SourceError, match=REFUSED[text]) as caught:
        session.fetch(query(text))
    assert caught.value.problem.startswith("ipe_99/query was refused: ")
    assert "the declared source schema" in caught.value.remedy


CAST = "SELECT CAST(e.text AS BIGINT) AS entry_no FROM AIG_Nav_DW.dbo.Entries AS e"


def test_a_value_that_does_not_cast_fails_without_being_shown(session):
    for read in (
        lambda: session.fetch(query(CAST)),
        lambda: list(session.stream(query(CAST), COLUMNS[1:2], batch_rows=1)),
    ):
        with pytest.raises(SourceTypeError, match="a value does not fit the type") as caught:
            read()
        assert "secret" not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_control_that_fails_does_not_keep_the_rest_from_being_read(session):
    with pytest.raises(SourceTypeError):
        session.fetch(query(CAST))
    assert session.fetch(query("SELECT COUNT(*) AS n FROM AIG_Nav_DW.dbo.Entries AS e")) == (
        {"n": 4},
    )


def test_other_columns_than_declared_are_refused_before_the_first_row(session):
    statement = query("SELECT e.amount FROM AIG_Nav_DW.dbo.Entries AS e")
    with pytest.raises(SourceError, match="missing entry_no; unexpected amount"):
        next(session.stream(statement, COLUMNS[1:2], batch_rows=10))
    statement = query("SELECT e.text AS entry_no FROM AIG_Nav_DW.dbo.Entries AS e")
    with pytest.raises(SourceTypeError, match=r"entry_no is of another type: .* sends string"):
        next(session.stream(statement, COLUMNS[1:2], batch_rows=10))


def test_a_stream_that_is_left_early_leaves_the_session_usable(session):
    stream = session.stream(query(companies=("EC_NG", "JM_EG"), n=N), COLUMNS, batch_rows=1)
    next(stream)
    stream.close()
    assert len(session.fetch(query("SELECT 1 AS x"))) == 1


def test_a_statement_during_a_stream_fails_and_never_cuts_the_stream_short(session):
    many = "SELECT a.range AS entry_no FROM range(200000) AS a"
    relation = session._connection.sql(many).to_arrow_reader(1000)
    relation.read_next_batch()
    with pytest.raises(SourceError):
        session.fetch(query("SELECT 1 AS x"))
    relation.close()


def test_the_source_cannot_be_written(session):
    with pytest.raises(duckdb.Error, match="read-only"):
        session._connection.execute("DELETE FROM AIG_Nav_DW.dbo.Entries")


def test_two_sessions_of_two_processes_read_at_once(warehouse, session, tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from soxauto_assets.warehouse.embedded import EmbeddedWarehouse\n"
        "from soxauto_assets.warehouse.protocol import Purpose, Statement\n"
        "w = EmbeddedWarehouse({'AIG_Nav_DW': Path(sys.argv[1])}, name='n',"
        " spill_folder=Path(sys.argv[2]))\n"
        "with w.open(Purpose('r', 'p', 'a')) as s:\n"
        "    print(s.fetch(Statement('n', 'SELECT COUNT(*) AS n FROM AIG_Nav_DW.dbo.Entries', {})))"
    )
    arguments = [str(tmp_path / "nav.duckdb"), str(tmp_path / "spill")]
    other = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert other.stdout == "({'n': 4},)\n"
    with warehouse.open(PURPOSE) as second:
        assert len(second.fetch(query("SELECT 1 AS x"))) == 1
    assert len(session.fetch(query("SELECT 1 AS x"))) == 1


@pytest.mark.parametrize("content", [None, b"garbage" * 1000])
def test_a_file_that_is_missing_or_no_database_is_unavailable(tmp_path, content):
    path = tmp_path / "nav.duckdb"
    if content is not None:
        path.write_bytes(content)
    broken = EmbeddedWarehouse({"AIG_Nav_DW": path}, name="n", spill_folder=tmp_path / "spill")
    with (
        pytest.raises(SourceUnavailableError, match="Database AIG_Nav_DW cannot be opened") as e,
        broken.open(PURPOSE),
    ):
        pass
    assert "if it is missing or damaged" in e.value.remedy
    assert list((tmp_path / "spill").iterdir()) == []


def test_a_file_that_another_process_writes_is_unavailable(warehouse, tmp_path):
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('up', flush=True);"
        " sys.stdin.read()"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "nav.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert writer.stdout.readline() == b"up\n"
        with (
            pytest.raises(SourceUnavailableError, match="Conflicting lock is held"),
            warehouse.open(PURPOSE),
        ):
            pass
    finally:
        writer.communicate()


def test_a_stream_that_fails_midway_leaves_the_session_usable(session):
    text = (
        "SELECT CAST(CASE WHEN e.[Entry No_] = 4 THEN e.text ELSE '1' END AS BIGINT) AS entry_no"
        " FROM AIG_Nav_DW.dbo.Entries AS e"
    )
    with pytest.raises(SourceTypeError):
        list(session.stream(query(text), COLUMNS[1:2], batch_rows=1))
    assert len(session.fetch(query("SELECT e.text FROM AIG_Nav_DW.dbo.Entries AS e"))) == 4


WIDE = ["k", *(f"c{j}" for j in range(12))]
WIDE_COLUMNS = tuple(Column(name, Text(), "d", "s") for name in WIDE)
WIDE_QUERY = f"SELECT {', '.join(WIDE)} FROM W.dbo.t ORDER BY k"


@pytest.fixture
def wide(database, tmp_path):
    path = database(
        "wide",
        "CREATE TABLE dbo.t AS SELECT hash(i)::VARCHAR AS k, "
        + ", ".join(f"'value ' || (hash(i + {j}) % 1000000) AS c{j}" for j in range(12))
        + " FROM range(300000) AS r(i)",
    )

    def limited(mib):
        return EmbeddedWarehouse(
            {"W": path}, name="n", spill_folder=tmp_path / "spill", memory_limit_mib=mib
        )

    return limited


def test_a_result_larger_than_the_memory_limit_is_spilled_and_streamed(wide, tmp_path):
    with wide(90).open(PURPOSE) as session:
        rows, last, ordered = 0, "", True
        for batch in session.stream(query(WIDE_QUERY), WIDE_COLUMNS, batch_rows=10_000):
            keys = batch.column("k").to_pylist()
            ordered &= last <= keys[0] and keys == sorted(keys)
            rows, last = rows + batch.num_rows, keys[-1]
    assert (rows, ordered) == (300_000, True)
    assert list((tmp_path / "spill").iterdir()) == []


def test_memory_that_is_short_even_for_one_thread_is_said(wide):
    with wide(12).open(PURPOSE) as session:
        with pytest.raises(EngineMemoryError, match="ipe_99/query needs more memory") as caught:
            list(session.stream(query(WIDE_QUERY), WIDE_COLUMNS, batch_rows=10_000))
        assert "raise the memory limit" in caught.value.remedy
        # Tried twice, the second time with one thread, and both are in the evidence.
        assert [executed.name for executed in session.executed()] == ["ipe_99/query"] * 2
        assert session.facts().details["threads"] == "1"
