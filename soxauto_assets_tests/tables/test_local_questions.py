"""A question to the local results, without AWS: the same tables, and nothing else is read."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.tables.local import QuestionError, ask_locally
from soxauto_assets.tables.question import NotAQuestionError, tables_named

ENTRIES = {report: load_entry(report) for report in ("cr_05", "cr_05a", "ipe_07")}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for report, month, rates in (
        ("cr_05", "2024-08", ["1.5"]),
        ("cr_05", "2024-09", ["1.5", "2.25"]),
        ("cr_05a", "2024-09", ["3"]),
    ):
        column = {"cr_05": "fx_rate", "cr_05a": "month"}[report]
        kind = {"cr_05": pa.decimal128(18, 8), "cr_05a": pa.int16()}[report]
        values = pa.array([Decimal(rate) for rate in rates], pa.decimal128(18, 8)).cast(kind)
        file = tmp_path / f"results/current/{report}/month={month}/data.parquet"
        file.parent.mkdir(parents=True)
        pq.write_table(pa.table({column: values}), file)
    return tmp_path / "results"


def asked(results: Path, question: str, **options: int) -> tuple[tuple[str | None, ...], ...]:
    named = tables_named(question, "duckdb")
    return ask_locally(question, results, ENTRIES, named, **options).rows


def test_a_report_is_a_table_of_all_months(results: Path) -> None:
    totals = "SELECT month, count(*), sum(fx_rate) FROM cr_05 GROUP BY month ORDER BY month"
    assert asked(results, totals) == (
        ("2024-08", "1", "1.50000000"),
        ("2024-09", "2", "3.75000000"),
    )


def test_a_report_with_a_month_of_its_own_has_the_period_beside_it(results: Path) -> None:
    assert asked(results, "SELECT month, period FROM cr_05a") == (("3", "2024-09"),)


def test_a_report_of_which_no_month_is_stored_is_an_empty_table(results: Path) -> None:
    assert asked(results, "SELECT count(*), sum(rem_amt_lcy) FROM ipe_07") == (("0", None),)


def test_an_answer_is_cut_where_asked(results: Path) -> None:
    question = "SELECT fx_rate FROM cr_05 ORDER BY ALL"
    answer = ask_locally(question, results, ENTRIES, ["cr_05"], most_rows=2)
    assert (len(answer.rows), answer.truncated) == (2, True)


@pytest.mark.parametrize(
    "question",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('{elsewhere}')",
    ],
)
def test_nothing_else_of_the_machine_is_read(results: Path, question: str) -> None:
    elsewhere = results.parent / "secret.txt"
    elsewhere.write_text("canary-4711")
    with pytest.raises(QuestionError) as raised:
        asked(results, question.format(elsewhere=elsewhere))
    assert "canary-4711" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "DROP TABLE cr_05",
        "SELECT 1; DROP TABLE cr_05",
        "INSERT INTO cr_05 SELECT * FROM cr_05",
        "CREATE TABLE x AS SELECT 1",
        "COPY cr_05 TO '/tmp/x'",
        "UNLOAD (SELECT 1) TO 's3://x' WITH (format = 'PARQUET')",
        "SET enable_external_access = true",
        "selecting nothing",
        "",
    ],
)
@pytest.mark.parametrize("dialect", ["duckdb", "trino"])
def test_only_one_select_is_a_question(text: str, dialect: str) -> None:
    with pytest.raises(NotAQuestionError):
        tables_named(text, dialect)


def test_the_tables_of_a_question_are_found_below_ctes_and_joins() -> None:
    question = "WITH a AS (SELECT * FROM CR_05) SELECT * FROM a JOIN ipe_07 USING (month)"
    assert set(tables_named(question, "trino")) == {"cr_05", "ipe_07"}
