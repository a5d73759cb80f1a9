"""The Glue database of the results: one table a report, over the current objects of all months.

The tables are made from the declared schema, and made again where they differ: columns are added,
comments renewed, nothing is dropped or retyped in silence. Months are projected, not registered
(partition projection), so that a new month needs no request.

Here: the database and its tables. Not here: asking them (``athena.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from soxauto_assets.aws import AwsAccess, AwsService, Refusal, Trouble
from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.errors import PermanentError, TransientError
from soxauto_assets.period import Period
from soxauto_assets.tables.refusals import told
from soxauto_assets.tables.shape import comment, glue_type, partition_column

OWNER = "soxauto"
"""The parameter that marks a table as the product's; its value is the report's id."""
_TRIES = 3
_HIVE = "org.apache.hadoop.hive.ql.io.parquet"
_FORMAT = {
    "InputFormat": f"{_HIVE}.MapredParquetInputFormat",
    "OutputFormat": f"{_HIVE}.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": f"{_HIVE}.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}


class GlueError(PermanentError):
    """Glue refuses: no right, or not what it takes."""


class GlueUnavailableError(TransientError):
    """Glue did not answer, asks to come back later, or somebody changes the same table."""


class TableConflictError(PermanentError):
    """A table of that name is not the product's, lies elsewhere, or has a column retyped."""


@dataclass(frozen=True)
class TableChange:
    """What became of a report's table: ``made``, or the columns ``added``.

    ``kept`` are columns of the table that the report no longer has; they stay, and read as null
    in months that lack them. ``renewed``: words or projection were brought up to date.
    """

    table: str
    made: bool = False
    renewed: bool = False
    added: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class GlueTables:
    """The tables of ``database`` over the results store at ``results_url`` (``s3://…``).

    ``first`` is the earliest month that is projected.
    """

    access: AwsAccess
    database: str
    results_url: str
    first: Period

    def ensure(self, entries: Sequence[CatalogEntry]) -> tuple[TableChange, ...]:
        """Make the database and the tables of the reports what they should be.

        May be repeated: where nothing differs nothing is written. Raises GlueError,
        GlueUnavailableError and TableConflictError.
        """
        self._ensure_database()
        return tuple(self._ensure_table(entry) for entry in entries)

    def examine(self, entries: Sequence[CatalogEntry]) -> str:
        """Whether the tables are what they should be, in words; changes nothing. Raises as ensure.

        A database or table that is missing is no fault: the first publication makes it.
        """
        missing, differ = [], []
        for entry in entries:
            found = self._table(entry.report.id)
            if found is None:
                missing.append(entry.report.id)
            elif self._merged(entry, found)[0] != _written(found):
                differ.append(entry.report.id)
        words = [f"{len(entries) - len(missing) - len(differ)} tables as declared"]
        if differ:
            words.append(f"to be renewed: {', '.join(differ)}")
        if missing:
            words.append(f"to be made: {', '.join(missing)}")
        return f"database {self.database}: " + "; ".join(words)

    def location(self, report: str) -> str:
        """Where the current objects of a report stand."""
        return f"{self.results_url.rstrip('/')}/current/{report}/"

    @cached_property
    def _service(self) -> AwsService:
        return AwsService("glue", self.access)

    def _ensure_database(self) -> None:
        found = self._service.request("get_database", Name=self.database)
        if not isinstance(found, Refusal):
            return
        if found.trouble is not Trouble.MISSING:
            raise self._refused(found, "read", "glue:GetDatabase")
        made = self._service.request(
            "create_database",
            DatabaseInput={
                "Name": self.database,
                "Description": "SOXauto PG-01: the current results of each report, by month.",
            },
        )
        if isinstance(made, Refusal) and made.trouble is not Trouble.CONFLICT:
            raise self._refused(made, "made", "glue:CreateDatabase")

    def _ensure_table(self, entry: CatalogEntry) -> TableChange:
        for _ in range(_TRIES):
            found = self._table(entry.report.id)
            if found is None:
                wanted, change = self._table_input(entry), TableChange(entry.report.id, made=True)
                answer = self._service.request(
                    "create_table", DatabaseName=self.database, TableInput=wanted
                )
                right = "glue:CreateTable"
            else:
                wanted, change = self._merged(entry, found)
                if wanted == _written(found):
                    return change
                version = {} if "VersionId" not in found else {"VersionId": found["VersionId"]}
                answer = self._service.request(
                    "update_table", DatabaseName=self.database, TableInput=wanted, **version
                )
                right = "glue:UpdateTable"
            if not isinstance(answer, Refusal):
                return change
            if answer.trouble is not Trouble.CONFLICT:
                raise self._refused(answer, "written", right)
            # Somebody made or changed it meanwhile: look again.
        raise GlueUnavailableError(
            f"The table {self.database}.{entry.report.id} is being changed by somebody else.",
            remedy="The next run looks again; two runs at once settle by themselves.",
        )

    def _table(self, report: str) -> Mapping[str, Any] | None:
        found = self._service.request("get_table", DatabaseName=self.database, Name=report)
        if isinstance(found, Refusal):
            if found.trouble is Trouble.MISSING:
                return None
            raise self._refused(found, "read", "glue:GetTable")
        table: Mapping[str, Any] = found["Table"]
        return table

    def _table_input(self, entry: CatalogEntry) -> dict[str, Any]:
        report, month = entry.report, partition_column(entry)
        location = self.location(report.id)
        return {
            "Name": report.id,
            "Description": f"{report.title}. One row as the report gives it; one {month} a "
            "partition, always the newest attempt that passed.",
            "Owner": OWNER,
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [
                {"Name": month, "Type": "string", "Comment": "Month under control, YYYY-MM."}
            ],
            "StorageDescriptor": {
                "Columns": [
                    {"Name": c.name, "Type": glue_type(c.type), "Comment": comment(c)}
                    for c in entry.columns
                ],
                "Location": location,
                **_FORMAT,
            },
            "Parameters": {
                "EXTERNAL": "TRUE",
                "classification": "parquet",
                OWNER: report.id,
                "projection.enabled": "true",
                f"projection.{month}.type": "date",
                f"projection.{month}.format": "yyyy-MM",
                f"projection.{month}.range": f"{self.first},NOW",
                f"projection.{month}.interval": "1",
                f"projection.{month}.interval.unit": "MONTHS",
                "storage.location.template": f"{location}month=${{{month}}}/",
            },
        }

    def _merged(
        self, entry: CatalogEntry, found: Mapping[str, Any]
    ) -> tuple[dict[str, Any], TableChange]:
        """What the table is to be, columns that the report lost at the end; and what that changes.

        Raises TableConflictError.
        """
        wanted = self._table_input(entry)
        storage, there = wanted["StorageDescriptor"], found.get("StorageDescriptor", {})
        columns = {column["Name"]: column for column in storage["Columns"]}
        present = {column["Name"]: column for column in there.get("Columns", [])}
        self._require_ours(entry, found, columns, present)
        lost = [column for name, column in present.items() if name not in columns]
        # Columns are read by name, so their place is only for people: the declared order, then
        # what the report no longer has.
        storage["Columns"] = [*storage["Columns"], *lost]
        wanted["Parameters"] = {**found.get("Parameters", {}), **wanted["Parameters"]}
        added = tuple(name for name in columns if name not in present)
        renewed = wanted != _written(found)
        kept = tuple(column["Name"] for column in lost)
        return wanted, TableChange(entry.report.id, renewed=renewed, added=added, kept=kept)

    def _require_ours(
        self,
        entry: CatalogEntry,
        found: Mapping[str, Any],
        columns: Mapping[str, Mapping[str, str]],
        present: Mapping[str, Mapping[str, str]],
    ) -> None:
        name, location = f"{self.database}.{entry.report.id}", self.location(entry.report.id)
        remedy = (
            "Set ATHENA_DATABASE to another database, or drop the table once nobody needs it; the "
            "next run makes it again. No data is lost: the table only names the objects."
        )
        if found.get("Parameters", {}).get(OWNER) != entry.report.id:
            raise TableConflictError(f"The table {name} is not the product's.", remedy=remedy)
        there = found.get("StorageDescriptor", {}).get("Location", "")
        if there.rstrip("/") != location.rstrip("/"):
            raise TableConflictError(
                f"The table {name} lies at {there}, not at {location}.", remedy=remedy
            )
        retyped = [
            f"{column} is {present[column]['Type']}, declared {wanted['Type']}"
            for column, wanted in columns.items()
            if column in present and present[column]["Type"] != wanted["Type"]
        ]
        if retyped:
            # Months stored in the old type would no longer be read.
            raise TableConflictError(
                f"Columns of the table {name} have another type: {'; '.join(retyped)}.",
                remedy="Give the column a new name in schema.py, or run the old months again and "
                "then drop the table.",
            )

    def _refused(self, refusal: Refusal, what: str, right: str) -> GlueError | GlueUnavailableError:
        rights = (
            f"Give the role of this process {right} on the catalogue, the database and its "
            "tables, as docs/aws.md lists it."
        )
        found = told(
            refusal,
            "Glue",
            f"the tables of {self.database} cannot be {what}",
            next_time="The next run makes the tables.",
            remedy=rights,
            rights=rights,
        )
        kind = GlueUnavailableError if found.passing else GlueError
        return kind(found.problem, remedy=found.remedy)


def _written(found: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a table that ``TableInput`` writes, as Glue gives it back."""
    storage = found.get("StorageDescriptor", {})
    serde = storage.get("SerdeInfo", {})
    return {
        "Name": found.get("Name"),
        "Description": found.get("Description"),
        "Owner": found.get("Owner"),
        "TableType": found.get("TableType"),
        "PartitionKeys": found.get("PartitionKeys", []),
        "StorageDescriptor": {
            "Columns": storage.get("Columns", []),
            "Location": storage.get("Location"),
            "InputFormat": storage.get("InputFormat"),
            "OutputFormat": storage.get("OutputFormat"),
            "SerdeInfo": {
                "SerializationLibrary": serde.get("SerializationLibrary"),
                "Parameters": serde.get("Parameters", {}),
            },
        },
        "Parameters": found.get("Parameters", {}),
    }
