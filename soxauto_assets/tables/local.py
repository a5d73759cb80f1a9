"""The same tables over a local results store, in DuckDB: questions without any AWS.

Here: views over the current objects, shut off from everything else of the machine. Not here:
what may be asked (``question.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.errors import PermanentError
from soxauto_assets.tables.athena import Answer
from soxauto_assets.tables.shape import duckdb_type, partition_column


class QuestionError(PermanentError):
    """DuckDB could not answer; its own words, for the person who asked."""


def ask_locally(
    question: str,
    results_folder: Path,
    entries: Mapping[str, CatalogEntry],
    named: Collection[str],
    *,
    most_rows: int | None = None,
    memory_mib: int = 300,
) -> Answer:
    """Answer over the tables ``named`` of the current objects below ``results_folder``.

    A report of which no month is stored is a table without rows. Nothing but those objects can be
    read, and nothing written. Raises QuestionError.
    """
    import duckdb

    folder = results_folder.resolve()
    with duckdb.connect(config={"memory_limit": f"{memory_mib}MiB"}) as connection:
        try:
            for name in sorted(set(named) & set(entries)):
                connection.execute(_view(entries[name], folder))
            current = str(folder / "current").replace("'", "''")
            connection.execute(f"SET allowed_directories = ['{current}']")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            result = connection.execute(question)
            description = result.description or []
            rows = result.fetchall() if most_rows is None else result.fetchmany(most_rows + 1)
        except duckdb.Error as error:
            raise QuestionError(
                f"DuckDB could not answer: {error}",
                remedy=f"Tables: {', '.join(sorted(entries))}; each has its report's columns and "
                "the column month.",
            ) from error
    kept = rows if most_rows is None else rows[:most_rows]
    return Answer(
        columns=tuple(str(column[0]) for column in description),
        types=tuple(str(column[1]).lower() for column in description),
        rows=tuple(tuple(None if v is None else str(v) for v in row) for row in kept),
        truncated=len(kept) < len(rows),
    )


def _view(entry: CatalogEntry, folder: Path) -> str:
    """The report as a view: the declared columns by name, and the month from the object's key."""
    name, month = entry.report.id, partition_column(entry)
    files = folder / "current" / name
    if not any(files.glob("month=*/data.parquet")):
        columns = ", ".join(
            f'CAST(NULL AS {duckdb_type(column.type)}) AS "{column.name}"'
            for column in entry.columns
        )
        return (
            f'CREATE VIEW "{name}" AS SELECT {columns}, CAST(NULL AS VARCHAR) AS "{month}" '
            "WHERE false"
        )
    pattern = f"{files}/month=*/data.parquet".replace("'", "''")
    return (
        f'CREATE VIEW "{name}" AS SELECT * EXCLUDE (soxauto_file), '
        f"regexp_extract(soxauto_file, 'month=([0-9-]{{7}})', 1) AS \"{month}\" "
        f"FROM read_parquet('{pattern}', hive_partitioning = false, union_by_name = true, "
        "filename = 'soxauto_file')"
    )
