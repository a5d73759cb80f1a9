"""The embedded warehouse: DuckDB files attached, read-only, under the databases' real names.

Here: the DuckDB engine behind ``protocol.Warehouse``. Not here: what is in the files (``demo``),
the rendering of T-SQL (``rendering.py``), the schema of the stream (``arrow.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from soxauto_assets.catalog.model import Column
from soxauto_assets.catalog.parameters import Scalar
from soxauto_assets.errors import SoxautoError
from soxauto_assets.warehouse.arrow import check_columns, conform
from soxauto_assets.warehouse.binding import bind_named
from soxauto_assets.warehouse.protocol import (
    ExecutedStatement,
    Purpose,
    Session,
    SourceError,
    SourceFacts,
    SourceTypeError,
    SourceUnavailableError,
    Statement,
)
from soxauto_assets.warehouse.rendering import render
from soxauto_assets.warehouse.spill import spill_session

_COLLATION = "NOCASE"
"""SQL Server's usual collations ignore case (decision D29)."""


_BEGIN = "BEGIN TRANSACTION READ ONLY"

_Result = TypeVar("_Result")


class EngineMemoryError(SourceError):
    """A statement needs more memory, or more disk to spill to, than the engine may use."""


class EmbeddedWarehouse:
    """The source databases as DuckDB files, one file a database.

    ``databases`` maps each database's real name to its file. Each session is an engine of its
    own with at most ``memory_limit_mib`` of memory and ``threads`` threads; what does not fit is
    spilled under ``spill_folder``.

    One thread, because the spool encodes and checks in two more: at 5 million rows of CR_03 a
    second one gave up for want of memory at 300 MiB, and at a million it cost 60 MiB and a fifth
    of the CPU time (``benchmarks/``).
    """

    def __init__(
        self,
        databases: Mapping[str, Path],
        *,
        name: str,
        spill_folder: Path,
        memory_limit_mib: int = 300,
        threads: int = 1,
    ) -> None:
        self._databases = dict(databases)
        self._name = name
        self._spill_folder = spill_folder
        self._memory_limit_mib = memory_limit_mib
        self._threads = threads

    @property
    def name(self) -> str:
        """What the evidence calls this warehouse."""
        return self._name

    @property
    def is_demonstration(self) -> bool:
        """Yes: files of made-up rows."""
        return True

    @contextmanager
    def open(self, purpose: Purpose) -> Iterator[Session]:
        """One snapshot of all databases: one transaction over files that nobody may write.

        Raises SourceUnavailableError where a file is missing, locked by a writer or no database.
        """
        with ExitStack() as stack:
            try:
                spill = stack.enter_context(spill_session(self._spill_folder))
            except OSError as error:
                raise SourceUnavailableError(
                    f"The embedded engine cannot write to {self._spill_folder}: {error.strerror}.",
                    remedy="Free space there or grant the right to write.",
                ) from error
            connection = stack.enter_context(closing(self._connect(spill)))
            for database, path in self._databases.items():
                _attach(connection, database, path)
            connection.execute(_BEGIN)
            yield EmbeddedSession(connection, self._databases, purpose)

    def _connect(self, spill: Path) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{self._memory_limit_mib}MiB",
                "threads": self._threads,
                "temp_directory": str(spill),
                "default_collation": _COLLATION,
                # Every query ends with ORDER BY; keeping the order of the files as well would
                # only cost memory.
                "preserve_insertion_order": False,
                # Nothing is ever fetched from a network.
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )


class EmbeddedSession:
    """A snapshot of the embedded warehouse; implements ``protocol.Session``."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        databases: Mapping[str, Path],
        purpose: Purpose,
    ) -> None:
        self._connection = connection
        self._databases = databases
        self._purpose = purpose
        self._executed: list[ExecutedStatement] = []
        self._columns: Mapping[str, tuple[tuple[str, str], ...]] | None = None

    def facts(self) -> SourceFacts:
        """Engine, files, and the transaction that is the snapshot."""
        (row,) = self._rows(
            "facts",
            "SELECT version() AS version, txid_current() AS transaction,"
            " epoch_us(now()) AS clock, current_setting('memory_limit') AS memory_limit,"
            " current_setting('threads') AS threads,"
            " current_setting('default_collation') AS collation",
            {},
        )
        stamp = datetime.fromtimestamp(int(str(row["clock"])) // 1_000_000, UTC)
        return SourceFacts(
            engine=f"DuckDB {row['version']}",
            server=", ".join(str(path) for path in self._databases.values()),
            databases=tuple(self._databases),
            login="none",
            isolation=f"snapshot, read only, transaction {row['transaction']}",
            source_clock=stamp.replace(microsecond=int(str(row["clock"])) % 1_000_000),
            product_clock=datetime.now(UTC),
            details={
                "memory_limit": str(row["memory_limit"]),
                "threads": str(row["threads"]),
                "collation": str(row["collation"]),
                **{f"size of {name}": str(p.stat().st_size) for name, p in self._databases.items()},
            },
        )

    def describe(self, full_name: str) -> tuple[tuple[str, str], ...]:
        """Names and engine types of the columns of ``database.schema.table``, in their order.

        Empty where there is no such table or view. Names are compared without case.
        """
        if self._columns is None:
            self._columns = self._read_columns()
        return self._columns.get(full_name.lower(), ())

    def _read_columns(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        # All of them at once: the engine goes through all databases for a single table as well.
        rows = self._rows(
            "describe",
            "SELECT lower(concat_ws('.', database_name, schema_name, table_name)) AS full_name,"
            " list(column_name ORDER BY column_index) AS names,"
            " list(data_type ORDER BY column_index) AS types"
            " FROM duckdb_columns() GROUP BY ALL",
            {},
        )
        return {
            str(row["full_name"]): tuple(zip(row["names"], row["types"], strict=True))  # type: ignore[call-overload]
            for row in rows
        }

    def fetch(self, statement: Statement) -> tuple[Mapping[str, object], ...]:
        """All rows of a small result, by column name; amounts as ``decimal.Decimal``."""
        sql, parameters = _prepare(statement)

        def read() -> tuple[Mapping[str, object], ...]:
            self._executed.append(ExecutedStatement(statement.name, sql, parameters))
            return self._rows(statement.name, sql, parameters)

        return self._with_less_threads_if_short(read)

    def stream(
        self, statement: Statement, columns: tuple[Column, ...], *, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows once, in order, in the declared schema; see ``protocol.Session``.

        Memory stays within the engine's limit, whatever the number of rows. No other statement
        can be sent before the stream has ended or is closed.
        """
        sql, parameters = _prepare(statement)

        def start() -> tuple[pa.RecordBatchReader, pa.RecordBatch | None]:
            self._executed.append(ExecutedStatement(statement.name, sql, parameters))
            with self._guarded(statement.name):
                # A relation streams; execute().to_arrow_reader() would hold a copy of all rows.
                relation = self._connection.sql(sql, params=dict(parameters) or None)
                reader = relation.to_arrow_reader(batch_rows)
            check_columns(reader.schema, columns, statement.name)
            return reader, self._next(statement.name, reader)

        # Sorting comes before the first batch: what is started again has handed out no row yet.
        reader, batch = self._with_less_threads_if_short(start)
        try:
            while batch is not None:
                yield conform(batch, columns, statement.name)
                batch = self._next(statement.name, reader)
        finally:
            _close(reader)

    def compile(self, statement: Statement) -> tuple[tuple[str, str], ...]:
        """Names and engine types of the result's columns: the engine binds and plans, no more."""
        bound = bind_named(statement)
        sql = render(statement.name, bound.text, bound.parameters)
        with self._guarded(statement.name):
            relation = self._connection.sql(sql, params=dict(bound.parameters) or None)
            return tuple(zip(relation.columns, map(str, relation.types), strict=True))

    def executed(self) -> tuple[ExecutedStatement, ...]:
        """Every statement of the catalogue that was sent, in order, as DuckDB received it."""
        return tuple(self._executed)

    def _next(self, name: str, reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
        """The next batch; None at the end. A reader that fails is closed."""
        with self._guarded(name):
            try:
                return reader.read_next_batch()
            except StopIteration:
                return None
            except BaseException:
                _close(reader)  # an open result would keep the transaction from being ended
                raise

    def _with_less_threads_if_short(self, read: Callable[[], _Result]) -> _Result:
        """Read; where the memory was short, once more with one thread.

        Near its limit the engine sometimes gives up when two threads ask for memory at the same
        moment. One thread needs about half, and is slower.
        """
        try:
            return read()
        except EngineMemoryError:
            self._connection.execute("SET threads = 1")
            return read()

    @contextmanager
    def _guarded(self, name: str) -> Iterator[None]:
        """Map errors; after one that aborted the transaction, begin another.

        The other shows the same rows: no process can write to a file while it is attached here.
        So one control that fails does not keep the rest from being tested.
        """
        try:
            with _mapped_errors(name):
                yield
        except SourceError:
            with suppress(duckdb.Error):
                self._connection.execute("ROLLBACK")
                self._connection.execute(_BEGIN)
            raise

    def _rows(
        self, name: str, sql: str, parameters: Mapping[str, Scalar]
    ) -> tuple[Mapping[str, object], ...]:
        with self._guarded(name):
            cursor = self._connection.execute(sql, dict(parameters) or None)
            names = [column[0] for column in cursor.description]
            return tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())


def _prepare(statement: Statement) -> tuple[str, Mapping[str, Scalar]]:
    bound = bind_named(statement)
    return render(statement.name, bound.text, bound.parameters), bound.parameters


def _close(reader: pa.RecordBatchReader) -> None:
    with suppress(pa.ArrowException, OSError):
        reader.close()


def _attach(connection: duckdb.DuckDBPyConnection, database: str, path: Path) -> None:
    file, name = str(path).replace("'", "''"), database.replace('"', '""')
    try:
        connection.execute(f"ATTACH '{file}' AS \"{name}\" (READ_ONLY)")
    except duckdb.Error as error:
        raise SourceUnavailableError(
            f"Database {database} cannot be opened from {path}: {_first_line(error)}.",
            remedy="Wait until nobody writes to the file; if it is missing or damaged, remove the "
            "whole folder that it stands in, so that all of it is built again.",
        ) from error


_LOST_WHERE = re.compile(r"(does not exist|not found|does not have a column)")


@contextmanager
def _mapped_errors(name: str) -> Iterator[None]:
    """The errors of DuckDB, and of Arrow around them, as those of the protocol."""
    try:
        yield
    except SoxautoError:
        raise
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        # Not chained: the text of some of them holds a value of the data.
        raise _mapped(name, error) from None


def _mapped(name: str, error: Exception) -> SoxautoError:
    """The protocol's error for an engine's, by the kind that its text starts with.

    By the text, for an error in the middle of a stream arrives through Arrow as an OSError. Texts
    of the first kinds hold names of the query and the schema only; the others are left out.
    """
    line = str(error).strip().splitlines()[0] if str(error).strip() else ""
    kind = line.partition(" Error:")[0]
    match kind:
        case "Catalog" | "Binder" | "Parser":
            return SourceError(
                f"{name} was refused: {line.rstrip('.!')}.",
                remedy="Create or rename the table or column at the source, or correct the query "
                "and the declared source schema."
                if _LOST_WHERE.search(line)
                else "Correct the SQL.",
            )
        case "Conversion" | "Out of Range":
            return SourceTypeError(
                f"{name}: a value does not fit the type that the query casts it to.",
                remedy="Execute the text of `soxauto sql` by hand to see the value; correct the "
                "data or the CAST.",
            )
        case "Out of Memory":
            return EngineMemoryError(
                f"{name} needs more memory than the embedded engine may use, or more disk than "
                "its spill folder has.",
                remedy="Free space for the spill folder, or raise the memory limit.",
            )
        case "IO":
            return SourceUnavailableError(
                f"{name}: the embedded engine could not read its files or write its spill folder.",
                remedy="Free space for the spill folder and check the database files.",
            )
        case "Connection" | "Interrupt":
            return SourceUnavailableError(f"{name}: the connection was lost.", remedy="Try again.")
    return SourceError(
        f"{name} failed in the embedded engine: {kind or type(error).__name__}.",
        remedy="Execute the text of `soxauto sql` by hand to see the whole error.",
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".!")
