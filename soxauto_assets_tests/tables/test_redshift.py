"""What Redshift's Data API is asked for a month; the answers are written down here, not run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from soxauto_assets.aws import AwsAccess
from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.tables.published import Published
from soxauto_assets.tables.redshift import (
    RedshiftError,
    RedshiftTables,
    RedshiftUnavailableError,
    statements,
)
from soxauto_assets_tests.support.scripted_aws import Refused, ScriptedAws

ROLE = "arn:aws:iam::123456789012:role/sox-copy"
ATTEMPT = "20241002_080000Z-0a1b2c3d"
CR_05A = load_entry("cr_05a")
MONTH = Published(AttemptAddress("cr_05a", Period(2024, 9), ATTEMPT), 17)
SOURCE = f"s3://results/pg01/attempts/cr_05a/2024-09/{ATTEMPT}/validated.parquet"
COLUMNS = (
    '"currency_code" VARCHAR(65535), "year" SMALLINT, "month" SMALLINT, '
    '"relational_exch_rate_amount" DECIMAL(38,20)'
)
NAMES = '"currency_code", "year", "month", "relational_exch_rate_amount"'
INTO_PLACE = (
    f'CREATE TEMP TABLE "stage_cr_05a" ({COLUMNS})',
    f"COPY \"stage_cr_05a\" FROM '{SOURCE}' IAM_ROLE '{ROLE}' FORMAT AS PARQUET",
    'DELETE FROM "sox_pg01"."cr_05a" WHERE "period" = \'2024-09\'',
    f'INSERT INTO "sox_pg01"."cr_05a" ("period", "soxauto_attempt", {NAMES}) '
    f"SELECT '2024-09', '{ATTEMPT}', {NAMES} FROM \"stage_cr_05a\"",
    'DROP TABLE "stage_cr_05a"',
    'SELECT COUNT(*) FROM "sox_pg01"."cr_05a" WHERE "period" = \'2024-09\'',
)


def redshift(service: ScriptedAws, **other: Any) -> RedshiftTables:
    seconds = [0.0]

    def sleep(pause: float) -> None:
        seconds[0] += pause

    given = RedshiftTables(
        AwsAccess("eu-west-1", service.endpoint, tries=1),
        "workgroup:sox",
        "dev",
        "sox_pg01",
        ROLE,
        "s3://results/pg01",
        seconds=60,
        sleep=sleep,
        clock=lambda: seconds[0],
    )
    return replace(given, **other)


def answers(service: ScriptedAws, *statuses: str, count: int = 17) -> None:
    service.will("DescribeTable", Refused("ResourceNotFoundException"))
    service.will("BatchExecuteStatement", {"Id": "a-batch"})
    service.will("DescribeStatement", *({"Id": "a-batch", "Status": s} for s in statuses))
    service.will("GetStatementResult", {"Records": [[{"longValue": count}]], "ColumnMetadata": []})
    service.will("CancelStatement", {"Status": True})


def test_a_month_is_copied_deleted_and_inserted_in_one_transaction(scripted: ScriptedAws) -> None:
    answers(scripted, "SUBMITTED", "STARTED", "FINISHED")
    assert redshift(scripted).count([MONTH], {"cr_05a": CR_05A}) == {"cr_05a": 17}
    (batch,) = scripted.asked("BatchExecuteStatement")
    own = '"period" CHAR(7) NOT NULL, "soxauto_attempt" VARCHAR(40) NOT NULL'
    assert {k: v for k, v in batch.items() if k != "ClientToken"} == {
        "WorkgroupName": "sox",
        "Database": "dev",
        "ExecutionMode": "TRANSACTION",
        "StatementName": "soxauto cr_05a 2024-09",
        "Sqls": [
            'CREATE SCHEMA IF NOT EXISTS "sox_pg01"',
            f'CREATE TABLE IF NOT EXISTS "sox_pg01"."cr_05a" ({own}, {COLUMNS}) SORTKEY ("period")',
            *INTO_PLACE,
        ],
    }
    # The count is the batch's last statement, so it saw the transaction that put the rows in.
    assert scripted.asked("GetStatementResult") == [{"Id": "a-batch:8"}]


def test_a_table_that_is_there_gets_what_it_lacks_and_loses_nothing(scripted: ScriptedAws) -> None:
    answers(scripted, "FINISHED")
    pages = [["period", "soxauto_attempt", "currency_code"], ["year", "gone"]]
    scripted.will(
        "DescribeTable",
        {"ColumnList": [{"name": name} for name in pages[0]], "NextToken": "more"},
        {"ColumnList": [{"name": name} for name in pages[1]]},
    )
    cluster = redshift(scripted, target="cluster:sox-1", secret="arn:aws:secretsmanager:x")
    cluster.count([MONTH], {"cr_05a": CR_05A})
    (batch,) = scripted.asked("BatchExecuteStatement")
    assert batch["Sqls"] == [
        'ALTER TABLE "sox_pg01"."cr_05a" ADD COLUMN "month" SMALLINT',
        'ALTER TABLE "sox_pg01"."cr_05a" ADD COLUMN "relational_exch_rate_amount" DECIMAL(38,20)',
        *INTO_PLACE,
    ]
    assert (batch["ClusterIdentifier"], batch["SecretArn"]) == ("sox-1", "arn:aws:secretsmanager:x")


def test_a_failed_batch_is_named_by_its_id_and_not_by_its_text(scripted: ScriptedAws) -> None:
    answers(scripted, "FAILED")
    with pytest.raises(RedshiftError, match="a-batch ended as FAILED; its transaction changed"):
        redshift(scripted).count([MONTH], {"cr_05a": CR_05A})


def test_a_batch_that_does_not_end_is_cancelled(scripted: ScriptedAws) -> None:
    answers(scripted, "STARTED")
    with pytest.raises(RedshiftUnavailableError, match="had not ended after 60 seconds"):
        redshift(scripted).count([MONTH], {"cr_05a": CR_05A})
    assert scripted.asked("CancelStatement") == [{"Id": "a-batch"}]


def test_what_the_data_api_refuses_is_named_without_its_text(scripted: ScriptedAws) -> None:
    answers(scripted, "FINISHED")
    scripted.will("BatchExecuteStatement", Refused("ValidationException"))
    with pytest.raises(RedshiftError, match="ValidationException") as raised:
        redshift(scripted).count([MONTH], {"cr_05a": CR_05A})
    assert "canary-4711" not in str(raised.value)


@pytest.mark.parametrize("part", ["role", "source", "schema"])
def test_nothing_that_could_end_a_literal_gets_into_a_statement(part: str) -> None:
    given = {"schema": "s", "role": ROLE, "source": SOURCE, part: "x' OR '1'='1"}
    with pytest.raises(RedshiftError, match="cannot stand in a statement"):
        statements(MONTH, CR_05A, present=None, **given)


def test_every_report_has_statements_that_fit_one_batch() -> None:
    for report in report_ids():
        one = Published(AttemptAddress(report, Period(2024, 9), ATTEMPT), 1)
        entry = load_entry(report)
        batch = statements(one, entry, schema="s", role=ROLE, source=SOURCE, present=None)
        assert len(batch) <= 40
        assert all(len(statement) < 100_000 for statement in batch)
