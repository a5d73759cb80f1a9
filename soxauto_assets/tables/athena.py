"""Athena: one question at a time, within a time-out and a scan limit.

Here: the question, the waiting, the answer as text. Not here: the tables (``glue.py``) and what
is asked for the control (``counting.py``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from soxauto_assets.aws import AwsAccess, AwsService, Refusal
from soxauto_assets.errors import PermanentError, TransientError
from soxauto_assets.tables.refusals import told

MIB = 2**20
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_PAGE_ROWS = 1000


class AthenaError(PermanentError):
    """Athena refuses the question: no right, no workgroup, no output location."""


class AthenaUnavailableError(TransientError):
    """Athena did not answer or asks to come back later."""


class QueryFailedError(PermanentError):
    """Athena took the question and could not answer it.

    ``reason`` is Athena's own word. It may quote a value of the data, so it is for the person who
    asked, and part of no alert.
    """

    def __init__(self, problem: str, *, remedy: str, reason: str) -> None:
        super().__init__(problem, remedy=remedy)
        self.reason = reason


class QueryTimedOutError(TransientError):
    """The answer was not there in time; the query was stopped."""


class ScanLimitError(PermanentError):
    """The query read more than the limit; it was stopped, or its answer is not used."""


@dataclass(frozen=True)
class Answer:
    """The rows of an answer as text, null as None; ``truncated`` where there are more.

    ``types`` are the engine's names of the columns' types. ``scanned_bytes`` is what Athena bills.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    truncated: bool = False
    scanned_bytes: int | None = None
    query: str | None = None


@dataclass(frozen=True)
class Athena:
    """Athena's engine over ``database``.

    ``output`` takes the files of answers (``s3://…``), encrypted with ``kms_key`` where there is
    one. ``seconds`` bounds a question, ``scan_mib`` what it may read. ``sleep`` and ``clock``
    (seconds, monotonic) are replaced by tests.
    """

    access: AwsAccess
    database: str
    workgroup: str
    output: str
    seconds: float
    scan_mib: int
    kms_key: str | None = None
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    def ask(self, question: str, *, most_rows: int | None = None) -> Answer:
        """The answer, at most ``most_rows`` rows of it.

        Raises AthenaError, AthenaUnavailableError, QueryFailedError, QueryTimedOutError and
        ScanLimitError; the last two stop the query.
        """
        configuration: dict[str, Any] = {"OutputLocation": self.output}
        if self.kms_key is not None:
            configuration["EncryptionConfiguration"] = {
                "EncryptionOption": "SSE_KMS",
                "KmsKey": self.kms_key,
            }
        # boto3 adds a token of its own, so that a start whose answer was lost is not asked twice.
        started = self._request(
            "start_query_execution",
            QueryString=question,
            QueryExecutionContext={"Database": self.database},
            ResultConfiguration=configuration,
            WorkGroup=self.workgroup,
        )
        query = str(started["QueryExecutionId"])
        return self._answer(query, self._finished(query), most_rows)

    def examine(self) -> str:
        """The workgroup in words; raises AthenaError and AthenaUnavailableError."""
        group = self._request("get_work_group", WorkGroup=self.workgroup)["WorkGroup"]
        if group.get("State") != "ENABLED":
            raise AthenaError(
                f"The workgroup {self.workgroup} is {group.get('State')}.",
                remedy="Enable it, or set SOXAUTO_ATHENA_WORKGROUP to another one.",
            )
        configuration = group.get("Configuration", {})
        cutoff = configuration.get("BytesScannedCutoffPerQuery")
        said = "no limit of its own" if cutoff is None else f"its limit {cutoff // MIB} MiB a query"
        if configuration.get("EnforceWorkGroupConfiguration"):
            place = configuration.get("ResultConfiguration", {}).get("OutputLocation")
            said += f", answers go to its own place ({place})"
        return f"workgroup {self.workgroup}: enabled, {said}; ours {self.scan_mib} MiB"

    @cached_property
    def _service(self) -> AwsService:
        return AwsService("athena", self.access)

    def _request(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        answer = self._service.request(operation, **arguments)
        if isinstance(answer, Refusal):
            raise self._refused(answer, operation)
        return answer

    def _finished(self, query: str) -> Mapping[str, Any]:
        """The execution once it has succeeded; stops it where a limit is passed."""
        until, pause = self.clock() + self.seconds, _FIRST_PAUSE
        while True:
            execution = self._request("get_query_execution", QueryExecutionId=query)
            found: Mapping[str, Any] = execution["QueryExecution"]
            state = found["Status"]["State"]
            scanned = int(found.get("Statistics", {}).get("DataScannedInBytes") or 0)
            if scanned > self.scan_mib * MIB:
                self._stop(query, state)
                raise ScanLimitError(
                    f"The query {query} read {scanned // MIB} MiB, more than the limit of "
                    f"{self.scan_mib} MiB.",
                    remedy="Name the month and the columns that are needed, or raise "
                    "SOXAUTO_ATHENA_SCAN_LIMIT_MIB.",
                )
            if state == "SUCCEEDED":
                return found
            if state in ("FAILED", "CANCELLED"):
                reason = str(found["Status"].get("StateChangeReason") or "no reason given")
                raise QueryFailedError(
                    f"Athena could not answer the query {query} ({state.lower()}).",
                    remedy="Read the reason in Athena's history of queries under that id.",
                    reason=reason,
                )
            if self.clock() >= until:
                self._stop(query, state)
                raise QueryTimedOutError(
                    f"Athena had not answered the query {query} after {self.seconds:g} seconds; "
                    "it was stopped.",
                    remedy="Try again, or raise SOXAUTO_ATHENA_TIMEOUT_SECONDS.",
                )
            self.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _stop(self, query: str, state: str) -> None:
        """End the query, so that it costs nothing more; whether that works changes nothing."""
        if state in ("QUEUED", "RUNNING"):
            self._service.request("stop_query_execution", QueryExecutionId=query)

    def _answer(self, query: str, found: Mapping[str, Any], most_rows: int | None) -> Answer:
        rows: list[tuple[str | None, ...]] = []
        columns: tuple[str, ...] = ()
        types: tuple[str, ...] = ()
        token: str | None = None
        header = found.get("StatementType") == "DML"
        while True:
            following = {} if token is None else {"NextToken": token}
            page = self._request(
                "get_query_results", QueryExecutionId=query, MaxResults=_PAGE_ROWS, **following
            )
            information = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
            columns = tuple(str(column["Name"]) for column in information)
            types = tuple(str(column["Type"]) for column in information)
            found_rows = [_row(row["Data"]) for row in page["ResultSet"]["Rows"]]
            # The first row of a SELECT's first page holds the names.
            rows += found_rows[1:] if header and token is None else found_rows
            token = page.get("NextToken")
            enough = most_rows is not None and len(rows) > most_rows
            if token is None or enough:
                break
        kept = rows if most_rows is None else rows[:most_rows]
        scanned = int(found.get("Statistics", {}).get("DataScannedInBytes") or 0)
        return Answer(columns, types, tuple(kept), len(kept) < len(rows), scanned, query)

    def _refused(self, refusal: Refusal, operation: str) -> AthenaError | AthenaUnavailableError:
        found = told(
            refusal,
            "Athena",
            f"{operation} in the workgroup {self.workgroup}",
            next_time="Try again.",
            remedy="Check SOXAUTO_ATHENA_WORKGROUP and ATHENA_OUTPUT_LOCATION; `soxauto doctor` "
            "tries both.",
        )
        kind = AthenaUnavailableError if found.passing else AthenaError
        return kind(found.problem, remedy=found.remedy)


def _row(data: Sequence[Mapping[str, str]]) -> tuple[str | None, ...]:
    return tuple(datum.get("VarCharValue") for datum in data)
