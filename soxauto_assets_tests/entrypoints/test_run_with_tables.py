"""The results as tables, by settings alone: made and counted after a run, and asked questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from soxauto_assets.store.opening import open_store
from soxauto_assets_tests.support.command import Done, Home
from soxauto_assets_tests.support.ministack import REGION, MiniStack, ministack
from soxauto_assets_tests.support.scripted_aws import Refused, scripted_aws

MONTH = "2024-09"


@pytest.fixture(scope="module")
def home(new_folder: Callable[[], Path], demo_folder: Path) -> Home:
    return Home(new_folder() / "home", demo_folder)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    with ministack(tmp_path_factory.mktemp("ministack")) as server:
        yield server


@pytest.fixture(scope="module")
def cloud(emulator: MiniStack) -> Mapping[str, str]:
    """The settings that are changed."""
    return {
        "SOXAUTO_STORE": "s3",
        "SOXAUTO_TABLES": "athena",
        "AWS_REGION": REGION,
        "SOXAUTO_AWS_ENDPOINT": emulator.endpoint,
        "S3_RESULTS_BUCKET": emulator.bucket(),
        "S3_EVIDENCE_BUCKET": emulator.bucket(locked_days=1),
        "ATHENA_OUTPUT_LOCATION": f"s3://{emulator.bucket()}/answers/",
        "SOXAUTO_S3_PREFIX": "pg01",
    }


@pytest.fixture(scope="module")
def closed(home: Home, cloud: Mapping[str, str]) -> Done:
    return home.soxauto("run", "-p", MONTH, "-r", "cr_05", **cloud)


def keys(cloud: Mapping[str, str], prefix: str) -> list[str]:
    """The keys in the results bucket, below the prefix of all."""
    endpoint = quote(cloud["SOXAUTO_AWS_ENDPOINT"], safe="")
    url = f"s3://{cloud['S3_RESULTS_BUCKET']}/pg01?region={REGION}&endpoint={endpoint}"
    store = open_store(url, name="results")
    return [listed.key.removeprefix("state/") for listed in store.list(prefix)]


def test_a_run_makes_the_tables_and_finds_its_manifests_rows_in_them(
    home: Home, cloud: Mapping[str, str], emulator: MiniStack, closed: Done
) -> None:
    assert closed.code == 0, closed.err
    assert f"{MONTH}: athena counts what the manifests say (reports: 1)" in closed.out
    glue = emulator.client("glue")
    tables = {t["Name"] for t in glue.get_tables(DatabaseName="jumia_sox_db")["TableList"]}
    assert tables == {"cr_05"}
    checked = [key.split("/")[2:4] for key in keys(cloud, "state/tables/athena/")]
    assert checked == [["cr_05", MONTH]]


def test_a_question_is_answered_by_athena_as_a_table(
    home: Home, cloud: Mapping[str, str], closed: Done
) -> None:
    question = (
        f"SELECT count(*) AS companies, max(month) AS newest FROM cr_05 WHERE month='{MONTH}'"
    )
    answered = home.soxauto("sql", question, **cloud)
    assert answered.code == 0, answered.err
    lines = [line.split() for line in answered.out.splitlines() if line.strip()]
    assert (lines[0], lines[2]) == (["companies", "newest"], ["9", MONTH])
    assert "1 row, " in answered.out
    wrong = home.soxauto("sql", "SELECT no_such_column FROM cr_05", **cloud)
    assert (wrong.code, "no_such_column" in wrong.err) == (2, True)


def test_the_doctor_asks_glue_and_athena(
    home: Home, cloud: Mapping[str, str], closed: Done
) -> None:
    shown = " ".join(home.soxauto("doctor", **cloud).out.split())
    assert "glue well database jumia_sox_db: 1 tables as declared; to be made: cr_03," in shown
    assert "athena workgroup well workgroup primary: enabled" in shown
    assert "athena question well answered 1;" in shown


def test_a_table_that_counts_otherwise_is_told_and_no_package_is_touched(
    home: Home, cloud: Mapping[str, str], emulator: MiniStack, closed: Done
) -> None:
    s3, bucket = emulator.client("s3"), cloud["S3_RESULTS_BUCKET"]
    source = f"pg01/current/cr_05/month={MONTH}/data.parquet"
    # A second object beside the current one: every row of the month would count twice.
    double = source.replace("data.parquet", "copy.parquet")
    s3.copy_object(Bucket=bucket, Key=double, CopySource={"Bucket": bucket, "Key": source})
    again = home.soxauto("run", "-p", MONTH, "-r", "cr_05", **cloud)
    assert again.code == 1
    assert f"{MONTH}, tables: athena counts cr_05: 18 rows, its manifest 9" in again.err
    alerts = (home.folder / "alerts").glob("tables.cr_05.2024-09.*.txt")
    (text,) = (alert.read_text("utf-8") for alert in alerts)
    assert text.startswith("SOX PG-01: athena shows other rows of CR_05 2024-09 than were")
    assert "expected: 9\nfound: 18\n" in text
    assert "PASS" in home.soxauto("status", "-p", MONTH, **cloud).out


def test_a_run_copies_its_month_into_redshift_by_settings_alone(
    home: Home, cloud: Mapping[str, str], emulator: MiniStack
) -> None:
    """At request level: no emulator runs Redshift, so its answers are written down here."""
    role = "arn:aws:iam::123456789012:role/sox-copy"
    with scripted_aws() as redshift:
        redshift.will("DescribeTable", Refused("ResourceNotFoundException"))
        redshift.will("BatchExecuteStatement", {"Id": "a-batch"})
        redshift.will("DescribeStatement", {"Id": "a-batch", "Status": "FINISHED"})
        counted = {"Records": [[{"longValue": 9}]], "ColumnMetadata": []}
        redshift.will("GetStatementResult", counted)
        # botocore's own variables, for the product has one address for all services.
        settings = {name: value for name, value in cloud.items() if name != "SOXAUTO_AWS_ENDPOINT"}
        settings |= {
            "SOXAUTO_TABLES": "off",
            "SOXAUTO_S3_PREFIX": "redshift",
            "AWS_ENDPOINT_URL": emulator.endpoint,
            "AWS_ENDPOINT_URL_REDSHIFT_DATA": redshift.endpoint,
            "SOXAUTO_REDSHIFT_TARGET": "workgroup:sox",
            "SOXAUTO_REDSHIFT_ROLE": role,
        }
        done = home.soxauto("run", "-p", MONTH, "-r", "cr_05", **settings)
    assert done.code == 0, done.err
    assert f"{MONTH}: redshift counts what the manifests say (reports: 1)" in done.out
    (batch,) = redshift.asked("BatchExecuteStatement")
    assert (batch["WorkgroupName"], batch["Database"]) == ("sox", "dev")
    (copy,) = (sql for sql in batch["Sqls"] if sql.startswith("COPY"))
    assert copy.startswith(
        f'COPY "stage_cr_05" FROM \'s3://{cloud["S3_RESULTS_BUCKET"]}/redshift/attempts/cr_05/'
    )
    assert copy.endswith(f"/validated.parquet' IAM_ROLE '{role}' FORMAT AS PARQUET")


def test_questions_and_statements_are_told_apart(home: Home) -> None:
    for typed in (
        ["sql", "ipe_07"],
        ["sql", "select 1", "2024-09"],
        ["sql", "select 1", "--ssms"],
        ["sql", "delete from cr_05"],
    ):
        assert home.soxauto(*typed).code == 2, typed
    assert home.soxauto("sql", "cr_05", MONTH).out.startswith("-- CR_05")
    empty = home.soxauto("sql", "select count(*) as n from ipe_07")
    assert (empty.code, empty.out.split()[0]) == (0, "n")
