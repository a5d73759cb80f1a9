"""Settings: every environment variable that the product reads, its default and its meaning.

Here: the one typed object and its printing. Not here: secrets themselves (a setting names where
a secret is) and whatever is data of the control (roster, accounts: ``catalog/scope.py``).
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from soxauto_assets.errors import PermanentError

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
OWN_PREFIX = "SOXAUTO_"
TEST_VARIABLES = frozenset({"SOXAUTO_REQUIRE", "SOXAUTO_TEST_SQLSERVER"})
"""Read by the test suite alone; known here so that a test run does not refuse them."""
_BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
_SECRETS = frozenset({"DB_CONNECTION_STRING", "SOXAUTO_PSEUDONYM_KEY"})
_LOGIN = re.compile(r"//\S*@")
"""User and password in an address, which no message may repeat."""


class InvalidSettingError(PermanentError):
    """An environment variable of the product is unknown or malformed."""


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("not a time zone of the IANA database, for example Africa/Lagos")
    return name


class Settings(BaseSettings):
    """The settings of one process, read from its environment once, at start.

    Every field is one environment variable, its alias. Read with ``Settings.load()``, which
    turns any fault into an InvalidSettingError that names the variable.
    """

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, frozen=True)

    aws_region: str = Field(
        "eu-west-1",
        alias="AWS_REGION",
        pattern=r"^[a-z]{2}(-[a-z]+)+-\d$",
        description="Region of the AWS services. Reserved, and set by AWS itself, in Lambda.",
    )
    aws_default_region: str | None = Field(
        None,
        alias="AWS_DEFAULT_REGION",
        pattern=r"^[a-z]{2}(-[a-z]+)+-\d$",
        description="Region that AWS's own tools use; must equal AWS_REGION where both are set.",
    )
    cutoff_date: str | None = Field(
        None,
        alias="CUTOFF_DATE",
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        description=(
            "Cut-off for an interactive command without --period: the last day of a month, or "
            "the first day of the next. Schedules and Lambda ignore it, for it freezes the month."
        ),
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", alias="LOG_LEVEL", description="Least severe message that is logged."
    )
    s3_results_bucket: str = Field(
        "jumia-sox-results",
        alias="S3_RESULTS_BUCKET",
        pattern=_BUCKET,
        description="Bucket of the results store, where SOXAUTO_STORE is s3.",
    )
    s3_evidence_bucket: str = Field(
        "jumia-sox-evidence",
        alias="S3_EVIDENCE_BUCKET",
        pattern=_BUCKET,
        description="Bucket of the evidence store (Object Lock), where SOXAUTO_STORE is s3.",
    )
    athena_database: str = Field(
        "jumia_sox_db",
        alias="ATHENA_DATABASE",
        pattern=r"^[a-z0-9_]+$",
        description="Glue database in which the results are tables.",
    )
    athena_output_location: str = Field(
        "s3://jumia-sox-athena-staging/",
        alias="ATHENA_OUTPUT_LOCATION",
        pattern=r"^s3://.+",
        description="Where Athena puts the results of queries.",
    )
    tables: Literal["off", "athena"] = Field(
        "off",
        alias="SOXAUTO_TABLES",
        description=(
            "athena: with SOXAUTO_STORE=s3, results are tables of the Glue database, made and "
            "counted after each run. off, for it needs rights and a workgroup beside the buckets."
        ),
    )
    athena_workgroup: str = Field(
        "primary",
        alias="SOXAUTO_ATHENA_WORKGROUP",
        pattern=r"^[A-Za-z0-9._-]{1,128}$",
        description="Workgroup of Athena in which questions are asked.",
    )
    athena_timeout_seconds: int = Field(
        120,
        alias="SOXAUTO_ATHENA_TIMEOUT_SECONDS",
        ge=1,
        le=1800,
        description="Seconds that Athena has for one question; then it is stopped.",
    )
    athena_scan_limit_mib: int = Field(
        10_240,
        alias="SOXAUTO_ATHENA_SCAN_LIMIT_MIB",
        ge=10,
        description="MiB that one question may read, for Athena bills them; then it is stopped.",
    )
    redshift_target: str | None = Field(
        None,
        alias="SOXAUTO_REDSHIFT_TARGET",
        pattern=r"^(workgroup|cluster):[A-Za-z0-9-]{1,64}$",
        description=(
            "Redshift into which published months are copied too, with SOXAUTO_STORE=s3: "
            "workgroup:<name> or cluster:<identifier>. Unset: none."
        ),
    )
    redshift_database: str = Field(
        "dev",
        alias="SOXAUTO_REDSHIFT_DATABASE",
        pattern=r"^[A-Za-z0-9_]{1,64}$",
        description="Database of Redshift.",
    )
    redshift_schema: str = Field(
        "sox_pg01",
        alias="SOXAUTO_REDSHIFT_SCHEMA",
        pattern=r"^[a-z0-9_]{1,64}$",
        description="Schema of Redshift in which each report is a table.",
    )
    redshift_role: str | None = Field(
        None,
        alias="SOXAUTO_REDSHIFT_ROLE",
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9+=,.@_/-]+$",
        description="ARN of the role by which Redshift reads the results bucket (COPY).",
    )
    redshift_secret: str | None = Field(
        None,
        alias="SOXAUTO_REDSHIFT_SECRET",
        pattern=r"^arn:aws[a-z-]*:secretsmanager:.+$",
        description="ARN of the secret with Redshift's login; unset: the process's own identity.",
    )
    redshift_timeout_seconds: int = Field(
        600,
        alias="SOXAUTO_REDSHIFT_TIMEOUT_SECONDS",
        ge=1,
        le=7200,
        description="Seconds that Redshift has for copying one report of one month.",
    )
    odbc_driver_path: Path | None = Field(
        None,
        alias="ODBC_DRIVER_PATH",
        description="ODBC driver library for SQL Server; wins over the connection string's.",
    )

    # Absolute, for Dagster takes no other home, and processes of another folder are started.
    home: Annotated[Path, AfterValidator(Path.absolute)] = Field(
        PROJECT_FOLDER / ".soxauto",
        alias="SOXAUTO_HOME",
        description="Folder of everything that the embedded default keeps: stores, Dagster, demo.",
    )
    store: Literal["local", "s3"] = Field(
        "local",
        alias="SOXAUTO_STORE",
        description="Where the four stores are: local (folders of SOXAUTO_HOME) or s3 (buckets).",
    )
    state_bucket: str | None = Field(
        None,
        alias="SOXAUTO_STATE_BUCKET",
        description="Bucket of the state and inputs stores; without it that of the results.",
    )
    s3_prefix: str = Field(
        "",
        alias="SOXAUTO_S3_PREFIX",
        pattern=r"^[^/]+(/[^/]+)*$|^$",
        description="What all keys begin with, in every bucket, without slashes around it.",
    )
    s3_kms_key: str | None = Field(
        None,
        alias="SOXAUTO_S3_KMS_KEY",
        description="KMS key that objects are encrypted with; without it as the bucket does it.",
    )
    s3_retention_days: int = Field(
        2922,
        alias="SOXAUTO_S3_RETENTION_DAYS",
        ge=1,
        le=36_525,
        description="Days for which evidence is locked: seven years after the year's audit.",
    )
    s3_retention_mode: Literal["COMPLIANCE", "GOVERNANCE"] = Field(
        "COMPLIANCE",
        alias="SOXAUTO_S3_RETENTION_MODE",
        description="Lock of evidence: COMPLIANCE, which nobody can lift, or GOVERNANCE.",
    )
    s3_tries: int = Field(
        5,
        alias="SOXAUTO_S3_TRIES",
        ge=1,
        le=20,
        description="How often a request to S3 is sent where trying again may help.",
    )
    warehouse: Literal["embedded", "sqlserver"] = Field(
        "embedded",
        alias="SOXAUTO_WAREHOUSE",
        description=(
            "Source of the reports: embedded (the demonstration warehouse in DuckDB), or sqlserver "
            "(NAV BI, by DB_CONNECTION_STRING or the secret of SOXAUTO_DB_SECRET)."
        ),
    )
    db_connection_string: SecretStr | None = Field(
        None,
        alias="DB_CONNECTION_STRING",
        description=(
            "ODBC connection string of the warehouse, for a laptop; wins over the secret. Never "
            "shown."
        ),
    )
    db_secret: str = Field(
        "DB_CREDENTIALS_NAV_BI",
        alias="SOXAUTO_DB_SECRET",
        min_length=1,
        description=(
            "Name or ARN of the secret in Secrets Manager that holds the warehouse's connection "
            "string, or the JSON of a database secret."
        ),
    )
    isolation: Literal["snapshot", "serializable", "repeatable read", "read committed"] = Field(
        "snapshot",
        alias="SOXAUTO_ISOLATION",
        description=(
            "Isolation level in which SQL Server is read. Only snapshot shows controls and extract "
            "one moment without holding writers up; any other is named in the evidence."
        ),
    )
    login_timeout_seconds: int = Field(
        30,
        alias="SOXAUTO_LOGIN_TIMEOUT_SECONDS",
        ge=1,
        le=600,
        description="Seconds that SQL Server has to answer a login.",
    )
    statement_timeout_seconds: int = Field(
        3600,
        alias="SOXAUTO_STATEMENT_TIMEOUT_SECONDS",
        ge=1,
        le=86_400,
        description="Seconds that SQL Server has to begin to answer one query or control.",
    )
    signing_key: str = Field(
        "local",
        alias="SOXAUTO_SIGNING_KEY",
        pattern=r"^(local|kms:arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)$",
        description=(
            "Key that signs packages: local (made once in SOXAUTO_HOME/keys), or kms:<ARN> of a "
            "key ECC_NIST_P256."
        ),
    )
    personal_data: Literal["keep", "pseudonymise", "drop"] = Field(
        "keep",
        alias="SOXAUTO_PERSONAL_DATA",
        description=(
            "What becomes of personal columns in the packaged rows: keep; pseudonymise; drop. What "
            "a rule needs is kept all the same, and each package says what was done and why."
        ),
    )
    pseudonym_key: SecretStr | None = Field(
        None,
        alias="SOXAUTO_PSEUDONYM_KEY",
        min_length=32,
        description=(
            "Key of the pseudonyms, 32 characters or more, from a secret. Never shown, and never "
            "in a package: who has it can tell whether a pseudonym is that of a name."
        ),
    )
    tsa_url: str | None = Field(
        None,
        alias="SOXAUTO_TSA_URL",
        pattern=r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$",
        description=(
            "Time stamp authority (RFC 3161) of the packages, for example "
            "http://timestamp.digicert.com. Unset: they claim no trusted time."
        ),
    )
    trust_file: Annotated[Path, AfterValidator(Path.absolute)] | None = Field(
        None,
        alias="SOXAUTO_TRUST_FILE",
        description=(
            "Trust file (docs/auditor.md): whose keys count for sign-offs. Unset: trust.toml in "
            "SOXAUTO_HOME, where there is one."
        ),
    )
    pages_url: str = Field(
        "http://127.0.0.1:3001",
        alias="SOXAUTO_PAGES_URL",
        pattern=r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$",
        description=(
            "Address under which `soxauto ui` and `soxauto pages` show packages and months, for "
            "links in the Dagster UI."
        ),
    )
    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        "UTC",
        alias="SOXAUTO_TIME_ZONE",
        description="Zone in which months end and the schedule runs (08:00 on the first).",
    )
    trigger: Literal["lambda", "ecs-task", "daemon"] | None = Field(
        None,
        alias="SOXAUTO_TRIGGER",
        description=(
            "What begins months by itself; all others are off. daemon: the schedules run. lambda: "
            "the function takes scheduled events. ecs-task: `soxauto run` is scheduled outside. "
            "Unset: people, or the schedules that somebody turns on."
        ),
    )
    image_digest: str | None = Field(
        None,
        alias="SOXAUTO_IMAGE_DIGEST",
        pattern=r"^sha256:[0-9a-f]{64}$",
        description="Digest of the container image that runs, for the evidence.",
    )
    release_tag: str | None = Field(
        None,
        alias="SOXAUTO_RELEASE",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$",
        description="Release that runs, for the evidence; the image sets it to its own.",
    )
    lease_seconds: int = Field(
        300,
        alias="SOXAUTO_LEASE_SECONDS",
        ge=30,
        le=3600,
        description="Seconds after its last renewal at which an attempt counts as interrupted.",
    )
    source_tries: int = Field(
        3,
        alias="SOXAUTO_SOURCE_TRIES",
        ge=1,
        le=10,
        description="How often an attempt reads the source where errors are transient.",
    )
    engine_memory_mib: int = Field(
        300,
        alias="SOXAUTO_ENGINE_MEMORY_MIB",
        ge=64,
        description="Memory of the embedded engine in MiB; beyond it, it sorts on disk.",
    )
    demo_seed: int = Field(
        2024,
        alias="SOXAUTO_DEMO_SEED",
        ge=0,
        description="Seed of the demonstration warehouse: the same seed gives the same rows.",
    )
    demo_size: float = Field(
        1.0,
        alias="SOXAUTO_DEMO_SIZE",
        gt=0,
        le=1000,
        description="Size of the demonstration: 1 is about 10 thousand order items a month.",
    )
    alert_topic: str | None = Field(
        None,
        alias="SOXAUTO_ALERT_TOPIC",
        pattern=r"^arn:aws[a-z-]*:sns:[a-z]{2}(-[a-z]+)+-\d:\d{12}:[A-Za-z0-9_-]{1,256}$",
        description=(
            "ARN of the SNS topic that takes alerts, for example "
            "arn:aws:sns:eu-west-1:123456789012:sox-alerts. Unset: files in SOXAUTO_HOME/alerts."
        ),
    )
    heartbeat_day: int = Field(
        5,
        alias="SOXAUTO_HEARTBEAT_DAY",
        ge=1,
        le=28,
        description=(
            "Day of the next month (from 00:00 on, in the zone of the settings) on which a month "
            "without current data of every report becomes an alert."
        ),
    )
    after_close_working_day: int = Field(
        8,
        alias="SOXAUTO_AFTER_CLOSE_WORKING_DAY",
        ge=1,
        le=20,
        description=(
            "Working day of the next month (Monday to Friday, no holidays taken out) on which the "
            "schedule attempts the month again, after its books were closed."
        ),
    )
    metrics: Literal["off", "emf", "put"] = Field(
        "off",
        alias="SOXAUTO_METRICS",
        description=(
            "Metrics for CloudWatch, namespace SOXAuto/PG01: emf (lines of standard output, where "
            "it goes to CloudWatch Logs: Lambda, ECS), put (requests to CloudWatch) or off."
        ),
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        alias="SOXAUTO_LOG_FORMAT",
        description=(
            "json: a line of JSON on standard error for each step of an attempt, with attempt, "
            "run, report and period. text: Dagster's log and the terminal alone."
        ),
    )
    aws_endpoint: str | None = Field(
        None,
        alias="SOXAUTO_AWS_ENDPOINT",
        pattern=r"^https?://[^\s/@?#]+/?$",
        description="Address of all AWS services instead of AWS's own, for an emulator.",
    )
    ui_url: str = Field(
        "http://127.0.0.1:3000",
        alias="SOXAUTO_UI_URL",
        pattern=r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$",
        description="Address of the Dagster UI, for links in alerts and tables.",
    )

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of this process's environment, or of the one given.

        Raises InvalidSettingError where a variable ``SOXAUTO_…`` is unknown, a value is
        malformed, or the two region variables disagree.
        """
        variables = dict(os.environ if environment is None else environment)
        names = {str(field.alias) for field in cls.model_fields.values()}
        for name in sorted(variables):
            if name.startswith(OWN_PREFIX) and name not in names | TEST_VARIABLES:
                near = difflib.get_close_matches(name, names, n=1)
                raise InvalidSettingError(
                    f"The environment variable {name} is not one of the product's.",
                    remedy=(f"Did you mean {near[0]}? " if near else "")
                    + "`soxauto settings` lists them all.",
                )
        given = {name: variables[name] for name in names if variables.get(name)}
        try:
            settings = _OnlyGiven.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            shown = "***" if name in _SECRETS else _LOGIN.sub("//***@", given[name])
            raise InvalidSettingError(
                f"{name}={shown!r} is malformed: {first['msg']}.",
                remedy=f"{cls._meaning(name)} Unset it for the default.",
            ) from error
        if settings.aws_default_region not in (None, settings.aws_region) and "AWS_REGION" in given:
            raise InvalidSettingError(
                f"AWS_REGION={settings.aws_region} and "
                f"AWS_DEFAULT_REGION={settings.aws_default_region} disagree.",
                remedy="Set both to the same region, or only one of them.",
            )
        if settings.redshift_target is not None and settings.redshift_role is None:
            raise InvalidSettingError(
                "SOXAUTO_REDSHIFT_TARGET is set, and SOXAUTO_REDSHIFT_ROLE is not.",
                remedy=f"{cls._meaning('SOXAUTO_REDSHIFT_ROLE')} Set it, or unset the target.",
            )
        if settings.personal_data == "pseudonymise" and settings.pseudonym_key is None:
            raise InvalidSettingError(
                "SOXAUTO_PERSONAL_DATA=pseudonymise, and SOXAUTO_PSEUDONYM_KEY is not set.",
                remedy=f"{cls._meaning('SOXAUTO_PSEUDONYM_KEY')} Set it, or choose another.",
            )
        return settings

    @classmethod
    def _meaning(cls, variable: str) -> str:
        for field in cls.model_fields.values():
            if field.alias == variable:
                return str(field.description)
        raise KeyError(variable)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.time_zone)

    def table(self) -> tuple[tuple[str, str, bool, str], ...]:
        """Rows of (variable, value, is it the default, meaning), secrets masked, for people."""
        rows = []
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            shown = "" if value is None else str(value)
            rows.append((str(field.alias), shown, value == field.default, str(field.description)))
        return tuple(rows)


class _OnlyGiven(Settings):
    """Settings from the values handed over alone, so that a test's environment is the whole one."""

    @classmethod
    def settings_customise_sources(cls, *args: Any, **sources: Any) -> tuple[Any, ...]:
        return (sources["init_settings"],)
