"""Reading over ODBC: one connection, one transaction, small results and streams of Arrow batches.

Which client, and why. Four were weighed over the same driver, by measurement (2 cores shared by
server and client; rows a second, higher is better):

====================================  ====================  ======================  ===========
client                                SQL Server, 1 M x 8   PostgreSQL, 25 columns  peak memory
====================================  ====================  ======================  ===========
``arrow-odbc``                        414 thousand          75 to 79 thousand       165 MiB
``mssql-python`` ``arrow_reader``     439 thousand          (SQL Server only)       171 MiB
``pyodbc`` ``fetchmany``              148 thousand          19 to 43 thousand       83 MiB
SQLAlchemy or pyodbc, ``read_sql``    -                     18 thousand             1.4 GB
====================================  ====================  ======================  ===========

``arrow-odbc`` it is, for controls and stream alike. What decides is not the speed, which is that
of ``mssql-python`` within the error of measurement, but that

- controls and extract must be one transaction, so they must be one connection. A snapshot cannot
  be shared between connections, and neither pyodbc nor SQLAlchemy lets another library read over
  a connection of theirs. So the small results go the way of the large one, not the other way
  round: a stream over pyodbc would take three times as long;
- it takes whatever driver ODBC_DRIVER_PATH names; ``mssql-python`` only its own;
- the same code reads any ODBC source, so the tests drive it, with all its faults, against a real
  server even where no SQL Server is to be had.

What it costs: it sends parameters as text only. So a marker becomes ``CAST(? AS DATE)`` with the
type of the value, in forms that no language setting reads otherwise.

SQLAlchemy and pyodbc serve where no snapshot is needed: `soxauto doctor` logs in with them, and
the test suite builds its schema with them.

Here: what holds for every ODBC source. Not here: SQL Server (``sqlserver.py``), errors
(``odbc_errors.py``), connection strings (``connection.py``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from soxauto_assets.catalog.model import Column
from soxauto_assets.catalog.parameters import Scalar
from soxauto_assets.warehouse.arrow import check_columns, conform
from soxauto_assets.warehouse.binding import bind_positional, tsql_type
from soxauto_assets.warehouse.connection import with_driver_manager
from soxauto_assets.warehouse.odbc_errors import Judge, mapped
from soxauto_assets.warehouse.protocol import (
    ExecutedStatement,
    Purpose,
    SourceFacts,
    SourceTypeError,
    Statement,
)

if TYPE_CHECKING:
    import arrow_odbc

LONGEST_TEXT = 4_000
"""UTF-16 units of the longest text that is read; a longer one is an error, it is never cut.

Buffers are as wide as the widest value that a column may hold, and NVARCHAR(MAX) may hold 2 GB.
"""
BUFFER_BYTES = 64 * 2**20
"""Bound of one of the two buffers that rows travel in, whatever the columns' widths."""
SMALL_RESULT_ROWS = 2_000
"""Rows a batch of a small result; it may have any number of batches."""


class OdbcConnection:
    """One connection in manual commit mode: all that is read is one transaction.

    ``connection_string`` holds the password. ``judge`` maps the server's own error numbers.
    Raises DriverManagerMissingError, LoginRefusedError, SourceUnavailableError or SourceError.
    """

    def __init__(
        self,
        connection_string: str,
        *,
        judge: Judge,
        login_seconds: int,
        statement_seconds: int,
    ) -> None:
        with_driver_manager("arrow_odbc")
        import arrow_odbc

        self._judge = judge
        self._statement_seconds = statement_seconds
        self._connection: arrow_odbc.Connection | None = None
        with self._mapped("connection"):
            self._connection = arrow_odbc.connect(
                connection_string, login_timeout_sec=login_seconds, autocommit=False
            )

    def execute(self, name: str, sql: str) -> None:
        """Send a statement that has no result."""
        with self._mapped(name):
            self._open().execute(sql, query_timeout_sec=self._statement_seconds)

    def commit(self) -> None:
        """End the transaction; the next statement begins another."""
        with self._mapped("commit"):
            self._open().commit()

    def rows(
        self, name: str, sql: str, parameters: Sequence[str] = ()
    ) -> tuple[Mapping[str, object], ...]:
        """All rows of a small result, by column name."""
        return tuple(
            row
            for batch in self.batches(name, sql, parameters, batch_rows=SMALL_RESULT_ROWS)
            for row in _plain_rows(name, batch)
        )

    def batches(
        self,
        name: str,
        sql: str,
        parameters: Sequence[str] = (),
        *,
        batch_rows: int,
        columns: tuple[Column, ...] | None = None,
        ahead: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """The rows in batches, as the driver types them.

        With ``columns``, other columns than these are refused before the first row. ``ahead``
        fetches a batch while the one before is worked on.
        """
        from arrow_odbc.text_encoding import TextEncoding

        with self._mapped(name):
            reader = self._open().read_arrow_batches(
                sql,
                batch_size=batch_rows,
                parameters=list(parameters) or None,
                max_bytes_per_batch=BUFFER_BYTES,
                max_text_size=LONGEST_TEXT,
                fetch_concurrently=ahead,
                query_timeout_sec=self._statement_seconds,
                # Narrow text depends on the process's locale with Microsoft's driver.
                payload_text_encoding=TextEncoding.UTF16,
            )
        try:
            if columns is not None:
                check_columns(reader.schema, columns, name)
            while True:
                with self._mapped(name):
                    try:
                        batch = next(reader)
                    except StopIteration:
                        return
                yield batch
        finally:
            # The statement ends with its reader; a second one beside it is refused by the server.
            del reader

    def close(self) -> None:
        """Hang up; what was not committed is rolled back. Closing again does nothing."""
        self._connection = None

    def _open(self) -> arrow_odbc.Connection:
        assert self._connection is not None, "the session is closed"
        return self._connection

    @contextmanager
    def _mapped(self, name: str) -> Iterator[None]:
        import arrow_odbc

        try:
            yield
        except arrow_odbc.Error as error:
            # Not chained: the driver's text may hold a value of the data.
            raise mapped(name, error, self._judge) from None


class OdbcSession(ABC):
    """A snapshot of an ODBC source; implements ``protocol.Session`` but for what servers say."""

    def __init__(self, connection: OdbcConnection, purpose: Purpose) -> None:
        self._connection = connection
        self._purpose = purpose
        self._executed: list[ExecutedStatement] = []

    @abstractmethod
    def facts(self) -> SourceFacts:
        """What the source says of itself, read inside the snapshot."""

    @abstractmethod
    def describe(self, full_name: str) -> tuple[tuple[str, str], ...]:
        """Names and the source's own type names of a table's columns; empty: no such table."""

    @abstractmethod
    def compile(self, statement: Statement) -> tuple[tuple[str, str], ...]:
        """Names and the source's own type names of a result's columns; nothing is run."""

    def prepare(self, statement: Statement) -> tuple[str, tuple[Scalar, ...]]:
        """The text for the server and the values in the order of its markers."""
        bound = bind_positional(statement, mark_for=lambda value: f"CAST(? AS {tsql_type(value)})")
        return bound.text, bound.parameters

    def fetch(self, statement: Statement) -> tuple[Mapping[str, object], ...]:
        """All rows of a small result, by column name; amounts as ``decimal.Decimal``."""
        sql, values = self._sent(statement)
        return self._connection.rows(statement.name, sql, values)

    def stream(
        self, statement: Statement, columns: tuple[Column, ...], *, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows once, in order, in the declared schema; see ``protocol.Session``.

        At most two batches are held. No other statement can be sent before the stream has ended
        or is closed.
        """
        sql, values = self._sent(statement)
        for batch in self._connection.batches(
            statement.name, sql, values, batch_rows=batch_rows, columns=columns, ahead=True
        ):
            yield conform(batch, columns, statement.name)

    def executed(self) -> tuple[ExecutedStatement, ...]:
        """Every statement of the catalogue that was sent, in order, as the server received it."""
        return tuple(self._executed)

    def _sent(self, statement: Statement) -> tuple[str, tuple[str, ...]]:
        sql, values = self.prepare(statement)
        self._executed.append(ExecutedStatement(statement.name, sql, values))
        return sql, tuple(_text(value) for value in values)


def _text(value: Scalar) -> str:
    """The value in the one form that CAST reads alike under every language setting."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _plain_rows(name: str, batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """The rows as Python values; stamps in microseconds, for finer ones would not be datetimes."""
    arrays = []
    for array in batch.columns:
        if pa.types.is_timestamp(array.type):
            try:
                array = array.cast(pa.timestamp("us"))
            except pa.ArrowInvalid:
                raise SourceTypeError(
                    f"{name}: a time stamp is finer than a microsecond.",
                    remedy="Cast it to DATETIME2(6) in the control.",
                ) from None
        arrays.append(array)
    rows: list[dict[str, Any]] = pa.RecordBatch.from_arrays(
        arrays, names=batch.schema.names
    ).to_pylist()
    return rows
