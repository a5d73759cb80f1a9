"""SQL Server as a source of reports: one session, one snapshot, read only, for an attempt.

Here: opening a session (secret, driver, login, isolation) and its answers. Not here: what holds
for every ODBC source and why this client (``odbc.py``), connection strings (``connection.py``),
the questions about the server (``sqlserver_facts.py``), its errors (``sqlserver_errors.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from importlib.metadata import version
from pathlib import Path

from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.catalog.sources import TABLES
from soxauto_assets.warehouse.binding import bind_named, tsql_type
from soxauto_assets.warehouse.connection import ConnectionString, choose_driver, understand
from soxauto_assets.warehouse.contract import columns_read
from soxauto_assets.warehouse.odbc import OdbcConnection, OdbcSession
from soxauto_assets.warehouse.odbc_errors import LoginRefusedError
from soxauto_assets.warehouse.protocol import (
    Purpose,
    Session,
    SourceError,
    SourceFacts,
    Statement,
)
from soxauto_assets.warehouse.sqlserver_errors import judge
from soxauto_assets.warehouse.sqlserver_facts import (
    ISOLATION,
    LEVELS,
    SERVER,
    Table,
    check_read_only,
    check_snapshot_allowed,
    columns_of,
    definitions,
    literal,
)

_NOT_SNAPSHOT = (
    " (not snapshot, by SOXAUTO_ISOLATION: controls and extract may be of different moments)"
)
EVERY_REPORT = "doctor"
"""The purpose that touches all declared tables."""


class Isolation(Enum):
    """The level that an attempt reads in; only SNAPSHOT shows all statements one moment."""

    SNAPSHOT = "snapshot"
    SERIALIZABLE = "serializable"
    REPEATABLE_READ = "repeatable read"
    READ_COMMITTED = "read committed"


class IsolationError(SourceError):
    """The session does not read in the isolation level that was asked for."""


def tables_of(report: str) -> tuple[str, ...]:
    """The full names of all tables that a report's query and controls read; sorted.

    All declared tables for a purpose that is no report.
    """
    if report not in report_ids():
        return tuple(sorted(declared.full_name for declared in TABLES))
    return tuple(sorted({ref.table for ref in columns_read(load_entry(report))}))


class SqlServerWarehouse:
    """The databases of one SQL Server, over ODBC.

    ``read_secret`` gives a connection string or the JSON of a database secret, freshly each time:
    after a refused login it is asked once more, for the secret may have been rotated.
    ``tables_of`` names the tables that a report reads.
    """

    def __init__(
        self,
        read_secret: Callable[[], str],
        *,
        name: str,
        odbc_driver_path: Path | None = None,
        isolation: Isolation = Isolation.SNAPSHOT,
        login_seconds: int = 30,
        statement_seconds: int = 3_600,
        tables_of: Callable[[str], Sequence[str]] = tables_of,
    ) -> None:
        self._read_secret = read_secret
        self._name = name
        self._odbc_driver_path = odbc_driver_path
        self._isolation = isolation
        self._login_seconds = login_seconds
        self._statement_seconds = statement_seconds
        self._tables_of = tables_of

    @property
    def name(self) -> str:
        """What the evidence calls this warehouse."""
        return self._name

    @property
    def is_demonstration(self) -> bool:
        """No: its rows are the books."""
        return False

    @contextmanager
    def open(self, purpose: Purpose) -> Iterator[Session]:
        """A session in one transaction of the isolation level asked for.

        Raises DriverManagerMissingError, DriverNotFoundError, ConnectionStringError,
        LoginRefusedError, SnapshotNotAllowedError, IsolationError, SourceUnavailableError or
        SourceError.
        """
        tables = [Table.parse(name) for name in self._tables_of(purpose.report)]
        connection, target = self._log_in(purpose)
        try:
            session = SqlServerSession(connection, purpose, target, self._isolation, tables)
            session.begin()
            yield session
        finally:
            connection.close()

    def target(self, purpose: Purpose) -> ConnectionString:
        """Where and how this warehouse connects, with the driver that was chosen.

        Raises ConnectionStringError, DriverManagerMissingError or DriverNotFoundError.
        """
        return self._complete(understand(self._read_secret()), purpose)

    def _log_in(self, purpose: Purpose) -> tuple[OdbcConnection, ConnectionString]:
        target = self.target(purpose)
        try:
            return self._connect(target), target
        except LoginRefusedError:
            again = self.target(purpose)
            if again == target:
                # Nothing was rotated; trying the same again would only lock the login.
                raise
            return self._connect(again), again

    def _connect(self, target: ConnectionString) -> OdbcConnection:
        return OdbcConnection(
            target.text(),
            judge=judge,
            login_seconds=self._login_seconds,
            statement_seconds=self._statement_seconds,
        )

    def _complete(self, given: ConnectionString, purpose: Purpose) -> ConnectionString:
        """The connection string with what a reader needs, whatever it says of that itself."""
        keywords = {
            "app": f"soxauto {purpose.report} {purpose.period}",
            "applicationintent": "ReadOnly",
            # A connection that the driver mends by itself would no longer be the same snapshot.
            "connectretrycount": "0",
        }
        if "dsn" not in given.keywords or "driver" in given.keywords:
            keywords["driver"] = choose_driver(given.keywords.get("driver"), self._odbc_driver_path)
        return given.with_keywords(**keywords)


class SqlServerSession(OdbcSession):
    """A snapshot of SQL Server; implements ``protocol.Session``."""

    def __init__(
        self,
        connection: OdbcConnection,
        purpose: Purpose,
        target: ConnectionString,
        isolation: Isolation,
        tables: Sequence[Table],
    ) -> None:
        super().__init__(connection, purpose)
        self._target = target
        self._isolation = isolation
        self._tables = tuple(tables)
        self._databases = tuple(sorted({table.database for table in tables}))

    def begin(self) -> None:
        """Begin the transaction that everything is read in, and read its level back.

        The level holds from the next transaction on; the driver has begun one while connecting.
        """
        self._connection.execute(
            "isolation", f"SET TRANSACTION ISOLATION LEVEL {self._isolation.value.upper()}"
        )
        self._connection.commit()
        found = self._level()
        if found != self._isolation.value:
            raise IsolationError(
                f"The session reads in {found}, not in {self._isolation.value}.",
                remedy="Nothing between product and server (a proxy, a pool) may change the "
                "isolation level.",
            )
        if self._isolation is Isolation.SNAPSHOT:
            check_snapshot_allowed(self._connection.rows, self._databases)

    def facts(self) -> SourceFacts:
        """The server, the login, the level read back, and what the tables are defined as.

        Raises LoginCanWriteError where the login may change what it reads.
        """
        (server,) = self._connection.rows("facts", SERVER)
        now = datetime.now(UTC)
        read_only = check_read_only(self._connection.rows, self._tables)
        level = self._level()
        clock = server["clock"]
        assert isinstance(clock, datetime)  # DATETIME2
        return SourceFacts(
            engine=f"Microsoft SQL Server {server['version']} ({server['edition']})",
            server=f"{server['server']} ({self._target.server})",
            databases=self._databases,
            login=str(server["login"]),
            isolation=level if self._isolation is Isolation.SNAPSHOT else f"{level}{_NOT_SNAPSHOT}",
            source_clock=clock.replace(tzinfo=UTC),
            product_clock=now,
            details={
                "session": str(server["session"]),
                "collation": str(server["collation"]),
                "driver": Path(self._target.keywords.get("driver", "of the DSN")).name,
                "client": f"arrow-odbc {version('arrow-odbc')}",
                "read_only_login": read_only,
                **{
                    f"definition of {name}": text
                    for name, text in definitions(self._connection.rows, self._tables).items()
                },
            },
        )

    def describe(self, full_name: str) -> tuple[tuple[str, str], ...]:
        """Names and T-SQL types of the columns of ``database.schema.table``, in their order."""
        return columns_of(self._connection.rows, Table.parse(full_name))

    def compile(self, statement: Statement) -> tuple[tuple[str, str], ...]:
        """Names and T-SQL types of the result's columns; the server runs nothing.

        Raises SourceError where the server refuses the statement.
        """
        bound = bind_named(statement)
        declared = ", ".join(
            f"@{name} {tsql_type(value)}" for name, value in bound.parameters.items()
        )
        rows = self._connection.rows(
            f"{statement.name} (compile)",
            f"EXEC sys.sp_describe_first_result_set @tsql = {literal(bound.text)},"
            f" @params = {literal(declared)}",
        )
        return tuple((str(row["name"]), str(row["system_type_name"])) for row in rows)

    def _level(self) -> str:
        (row,) = self._connection.rows("isolation", ISOLATION)
        return LEVELS.get(int(str(row["level"])), f"level {row['level']}")
