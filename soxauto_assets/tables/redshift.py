"""Redshift as an option: a published month copied into tables there, through the Data API.

One batch a report and month, which the Data API runs as one transaction: the attempt's own Parquet
object into a staging table (COPY), the month out of the table, the rows in again, and a count. So
a month is there once however often it is copied, and readers see the old rows or the new ones.
The object of the attempt is copied, not the current one, for it cannot change meanwhile.

Not here: what is expected (``published.py``), and the judgement (``automation/table_checks.py``).
What the tests show of it is the requests alone (docs/aws.md).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from soxauto_assets.aws import AwsAccess, AwsService, Refusal, Trouble
from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.errors import PermanentError, TransientError
from soxauto_assets.tables.published import Published
from soxauto_assets.tables.refusals import told
from soxauto_assets.tables.shape import partition_column, redshift_type

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0
_ATTEMPT = "soxauto_attempt"
_SAFE = re.compile(r"[A-Za-z0-9_./:=+@-]+")


class RedshiftError(PermanentError):
    """Redshift or its Data API refuses, or a statement failed."""


class RedshiftUnavailableError(TransientError):
    """The Data API did not answer, or the batch had not ended in time."""


@dataclass(frozen=True)
class RedshiftTables:
    """Tables in ``schema`` of ``database``.

    ``target`` is ``workgroup:<name>`` (serverless) or ``cluster:<identifier>``; ``secret`` the ARN
    of a secret with its login (None: the process's own identity). ``role`` is the ARN of the role
    by which Redshift reads the results store at ``results_url`` (``s3://…``). ``seconds`` bounds
    one batch.
    """

    access: AwsAccess
    target: str
    database: str
    schema: str
    role: str
    results_url: str
    seconds: float
    secret: str | None = None
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    @property
    def name(self) -> str:
        """``redshift``."""
        return "redshift"

    def count(
        self, months: Sequence[Published], entries: Mapping[str, CatalogEntry]
    ) -> Mapping[str, int]:
        """Copy each and count it. Raises RedshiftError and RedshiftUnavailableError."""
        return {
            one.address.report: self._copied(one, entries[one.address.report]) for one in months
        }

    def within(self, seconds: float) -> RedshiftTables:
        """The same with a shorter time-out of a batch."""
        return replace(self, seconds=min(seconds, self.seconds))

    def examine(self) -> str:
        """Whether the database answers, in words; raises as ``count`` does."""
        answer = self._request(
            "list_schemas", Database=self.database, SchemaPattern=self.schema, **self._login()
        )
        there = self.schema in answer.get("Schemas", [])
        made = "is there" if there else "is made with the first month"
        return f"{self.target}, database {self.database}: schema {self.schema} {made}"

    @cached_property
    def _service(self) -> AwsService:
        return AwsService("redshift-data", self.access)

    def _copied(self, one: Published, entry: CatalogEntry) -> int:
        present = self._columns_present(one.address.report)
        batch = statements(
            one,
            entry,
            schema=self.schema,
            role=self.role,
            source=f"{self.results_url.rstrip('/')}/{one.data_key}",
            present=present,
        )
        # boto3 adds a token, so that a batch whose answer was lost does not run twice at once.
        started = self._request(
            "batch_execute_statement",
            Database=self.database,
            Sqls=list(batch),
            ExecutionMode="TRANSACTION",
            StatementName=f"soxauto {one.address.report} {one.address.period}",
            **self._login(),
        )
        batch_id = str(started["Id"])
        self._wait(batch_id)
        counted = self._request("get_statement_result", Id=f"{batch_id}:{len(batch)}")
        return int(counted["Records"][0][0]["longValue"])

    def _columns_present(self, report: str) -> tuple[str, ...] | None:
        """The columns of the report's table; None where there is no table."""
        names: list[str] = []
        token: dict[str, str] = {}
        while True:
            answer = self._service.request(
                "describe_table",
                Database=self.database,
                Schema=self.schema,
                Table=report,
                **self._login(),
                **token,
            )
            if isinstance(answer, Refusal):
                if answer.trouble is Trouble.MISSING:
                    return None
                raise self._refused(answer, "describe_table")
            names += [str(column["name"]) for column in answer.get("ColumnList", [])]
            if not answer.get("NextToken"):
                return tuple(names) or None
            token = {"NextToken": str(answer["NextToken"])}

    def _wait(self, batch: str) -> None:
        until, pause = self.clock() + self.seconds, _FIRST_PAUSE
        while True:
            found = self._request("describe_statement", Id=batch)
            status = found["Status"]
            if status == "FINISHED":
                return
            if status in ("FAILED", "ABORTED"):
                # Redshift's own text may quote a value of the data; the id leads to it.
                raise RedshiftError(
                    f"The batch {batch} ended as {status}; its transaction changed nothing.",
                    remedy=f"See `aws redshift-data describe-statement --id {batch}` and "
                    "SYS_LOAD_ERROR_DETAIL.",
                )
            if self.clock() >= until:
                self._service.request("cancel_statement", Id=batch)
                raise RedshiftUnavailableError(
                    f"The batch {batch} had not ended after {self.seconds:g} seconds; it was "
                    "cancelled.",
                    remedy="The next run copies again; or raise SOXAUTO_REDSHIFT_TIMEOUT_SECONDS.",
                )
            self.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _login(self) -> dict[str, str]:
        kind, _, name = self.target.partition(":")
        where = "WorkgroupName" if kind == "workgroup" else "ClusterIdentifier"
        return {where: name} | ({} if self.secret is None else {"SecretArn": self.secret})

    def _request(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        answer = self._service.request(operation, **arguments)
        if isinstance(answer, Refusal):
            raise self._refused(answer, operation)
        return answer

    def _refused(
        self, refusal: Refusal, operation: str
    ) -> RedshiftError | RedshiftUnavailableError:
        found = told(
            refusal,
            "The Data API of Redshift",
            f"{operation} for {self.target}",
            next_time="The next run copies again.",
            remedy="Check the settings SOXAUTO_REDSHIFT_…, and give the role of this process the "
            "rights that docs/aws.md lists.",
        )
        kind = RedshiftUnavailableError if found.passing else RedshiftError
        return kind(found.problem, remedy=found.remedy)


def statements(
    one: Published,
    entry: CatalogEntry,
    *,
    schema: str,
    role: str,
    source: str,
    present: Sequence[str] | None,
) -> tuple[str, ...]:
    """The batch that puts one month into its table; the last statement counts it.

    ``present`` are the columns of the table that is there, None where there is none: missing ones
    are added, none is dropped. Raises RedshiftError where a value is none that may stand in a
    literal: the Data API binds no parameter in COPY.
    """
    for value in (schema, role, source, one.address.report, one.address.attempt):
        if _SAFE.fullmatch(value) is None:
            raise RedshiftError(
                f"{value!r} cannot stand in a statement for Redshift.",
                remedy="Use letters, digits and _ . / : = + @ - alone in names and addresses.",
            )
    month = partition_column(entry)
    table, stage = f'"{schema}"."{entry.report.id}"', f'"stage_{entry.report.id}"'
    columns = [f'"{c.name}" {redshift_type(c.type)}' for c in entry.columns]
    names = ", ".join(f'"{column.name}"' for column in entry.columns)
    own = [f'"{month}" CHAR(7) NOT NULL', f'"{_ATTEMPT}" VARCHAR(40) NOT NULL']
    if present is None:
        shape = [
            f'CREATE SCHEMA IF NOT EXISTS "{schema}"',
            f"CREATE TABLE IF NOT EXISTS {table} ({', '.join([*own, *columns])}) "
            f'SORTKEY ("{month}")',
        ]
    else:
        shape = [
            f"ALTER TABLE {table} ADD COLUMN {column}"
            for declared, column in zip(entry.columns, columns, strict=True)
            if declared.name not in present
        ]
    of_month = f"\"{month}\" = '{one.address.period}'"
    return (
        *shape,
        f"CREATE TEMP TABLE {stage} ({', '.join(columns)})",
        f"COPY {stage} FROM '{source}' IAM_ROLE '{role}' FORMAT AS PARQUET",
        f"DELETE FROM {table} WHERE {of_month}",
        f'INSERT INTO {table} ("{month}", "{_ATTEMPT}", {names}) '
        f"SELECT '{one.address.period}', '{one.address.attempt}', {names} FROM {stage}",
        f"DROP TABLE {stage}",
        f"SELECT COUNT(*) FROM {table} WHERE {of_month}",
    )
