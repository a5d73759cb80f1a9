"""A question to Athena is answered within its limits, or stopped and named."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets.aws import AwsAccess
from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.model import Column, Numeric, Text
from soxauto_assets.period import Period
from soxauto_assets.tables.athena import (
    Answer,
    Athena,
    AthenaError,
    AthenaUnavailableError,
    QueryFailedError,
    QueryTimedOutError,
    ScanLimitError,
)
from soxauto_assets.tables.glue import GlueTables
from soxauto_assets_tests.support.ministack import REGION, MiniStack
from soxauto_assets_tests.support.scripted_aws import Refused, ScriptedAws

ID, DATABASE = "a-query", "questions"
STARTED = {"QueryExecutionId": ID}
ROWS = 2_500


def execution(state: str, scanned: int = 0, **status: object) -> dict[str, Any]:
    return {
        "QueryExecution": {
            "QueryExecutionId": ID,
            "StatementType": "DML",
            "Status": {"State": state, **status},
            "Statistics": {"DataScannedInBytes": scanned},
        }
    }


class Clock:
    """A clock that moves by sleeping alone."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def athena(endpoint: str, output: str = "s3://staging/", **other: Any) -> Athena:
    clock = Clock()
    return Athena(
        AwsAccess(REGION, endpoint, tries=1),
        DATABASE,
        "primary",
        output,
        seconds=30,
        scan_mib=10,
        **{"sleep": clock.sleep, "clock": lambda: clock.seconds, **other},
    )


@pytest.fixture
def service(scripted: ScriptedAws) -> ScriptedAws:
    """Athena as a test has written it down, which at least takes questions and stops them."""
    scripted.will("StartQueryExecution", STARTED)
    scripted.will("StopQueryExecution", {})
    return scripted


@pytest.fixture(scope="module")
def two_months(emulator: MiniStack) -> Athena:
    """A table of two months, the first of many rows, over objects in the emulator's S3."""
    bucket, s3 = emulator.bucket(), emulator.client("s3")
    for month, count in (("2024-08", ROWS), ("2024-09", 2)):
        data = pa.table(
            {
                "name": pa.array([None, *(f"row {n}" for n in range(1, count))], pa.string()),
                "amount": pa.array([Decimal("1.5")] * count, pa.decimal128(18, 8)),
            }
        )
        sink = io.BytesIO()
        pq.write_table(data, sink, compression="zstd")
        key = f"pg01/current/cr_05/month={month}/data.parquet"
        s3.put_object(Bucket=bucket, Key=key, Body=sink.getvalue())
    entry = replace(
        load_entry("cr_05"),
        columns=(
            Column("name", Text(), "A name.", "a test", nullable=True),
            Column("amount", Numeric(18, 8), "An amount.", "a test"),
        ),
    )
    access = AwsAccess(REGION, emulator.endpoint)
    url = f"s3://{bucket}/pg01"
    GlueTables(access, DATABASE, url, Period(2024, 1)).ensure([entry])
    clock = {"sleep": time.sleep, "clock": time.monotonic}
    return athena(emulator.endpoint, f"s3://{bucket}/answers/", **clock)


def test_an_answer_has_names_types_rows_and_nulls(two_months: Athena) -> None:
    answer = two_months.ask(
        "SELECT name, amount, month FROM cr_05 WHERE month = '2024-09' ORDER BY name NULLS FIRST"
    )
    assert (answer.columns, answer.types) == (
        ("name", "amount", "month"),
        ("varchar", "decimal", "varchar"),
    )
    assert answer.rows == ((None, "1.50000000", "2024-09"), ("row 1", "1.50000000", "2024-09"))
    assert answer.truncated is False


def test_a_long_answer_is_read_page_by_page_or_cut_where_asked(two_months: Athena) -> None:
    question = "SELECT name FROM cr_05 WHERE month = '2024-08' ORDER BY name NULLS FIRST"
    whole, cut = two_months.ask(question), two_months.ask(question, most_rows=1_500)
    assert (len(whole.rows), whole.truncated, len(set(whole.rows))) == (ROWS, False, ROWS)
    assert (len(cut.rows), cut.truncated) == (1_500, True)
    assert cut.rows == whole.rows[:1_500]


def test_a_question_that_cannot_be_answered_says_athenas_reason_apart(two_months: Athena) -> None:
    with pytest.raises(QueryFailedError) as raised:
        two_months.ask("SELECT nothing_of_the_kind FROM cr_05")
    assert "nothing_of_the_kind" in raised.value.reason
    assert "nothing_of_the_kind" not in str(raised.value)


def test_the_workgroup_is_described(emulator: MiniStack) -> None:
    assert athena(emulator.endpoint).examine() == (
        "workgroup primary: enabled, no limit of its own; ours 10 MiB"
    )
    with pytest.raises(AthenaError, match="nowhere"):
        replace(athena(emulator.endpoint), workgroup="nowhere").examine()


def test_the_request_names_database_workgroup_place_and_key(service: ScriptedAws) -> None:
    service.will("GetQueryExecution", execution("QUEUED"), execution("SUCCEEDED", 5))
    information = [{"Name": "n", "Type": "bigint"}]
    row = {"Data": [{"VarCharValue": "n"}]}, {"Data": [{"VarCharValue": "7"}]}
    results = {"Rows": list(row), "ResultSetMetadata": {"ColumnInfo": information}}
    service.will("GetQueryResults", {"ResultSet": results})
    answer = athena(service.endpoint, kms_key="alias/sox").ask("SELECT 7 AS n")
    assert answer == Answer(("n",), ("bigint",), (("7",),), False, 5, ID)
    (start,) = service.asked("StartQueryExecution")
    assert len(start.pop("ClientRequestToken")) >= 32  # type: ignore[attr-defined]
    assert start == {
        "QueryString": "SELECT 7 AS n",
        "QueryExecutionContext": {"Database": DATABASE},
        "ResultConfiguration": {
            "OutputLocation": "s3://staging/",
            "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": "alias/sox"},
        },
        "WorkGroup": "primary",
    }


def test_a_question_that_takes_too_long_is_stopped(service: ScriptedAws) -> None:
    service.will("GetQueryExecution", execution("RUNNING"))
    with pytest.raises(QueryTimedOutError, match=r"a-query after 30 seconds"):
        athena(service.endpoint).ask("SELECT 1")
    assert service.asked("StopQueryExecution") == [{"QueryExecutionId": ID}]


def test_a_question_that_reads_too_much_is_stopped(service: ScriptedAws) -> None:
    service.will("GetQueryExecution", execution("RUNNING", 2**20), execution("RUNNING", 11 * 2**20))
    with pytest.raises(ScanLimitError, match="read 11 MiB, more than the limit of 10 MiB"):
        athena(service.endpoint).ask("SELECT 1")
    assert len(service.asked("StopQueryExecution")) == 1


def test_an_answer_that_read_too_much_is_not_used(service: ScriptedAws) -> None:
    service.will("GetQueryExecution", execution("SUCCEEDED", 11 * 2**20))
    with pytest.raises(ScanLimitError):
        athena(service.endpoint).ask("SELECT 1")
    assert (service.asked("StopQueryExecution"), service.asked("GetQueryResults")) == ([], [])


@pytest.mark.parametrize(
    ("refused", "error", "says"),
    [
        (Refused("AccessDeniedException"), AthenaError, "denies access"),
        (Refused("TooManyRequestsException"), AthenaUnavailableError, "overloaded"),
        (Refused("InvalidRequestException"), AthenaError, "ATHENA_OUTPUT_LOCATION"),
        (Refused("UnrecognizedClientException"), AthenaError, "no valid AWS credentials"),
    ],
)
def test_what_athena_refuses_is_named_without_its_text(
    service: ScriptedAws, refused: Refused, error: type[Exception], says: str
) -> None:
    service.will("StartQueryExecution", refused)
    with pytest.raises(error, match=says) as raised:
        athena(service.endpoint).ask("SELECT 1")
    assert "canary-4711" not in str(raised.value)
