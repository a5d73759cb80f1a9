"""A server that speaks TDS: the embedded warehouse's rows behind Microsoft's own protocol.

The wire is real (``pysqlbridge`` with TLS and logins, Microsoft's ODBC driver on the other side),
the engine behind it is not SQL Server: queries of the catalogue are rendered for DuckDB, and the
questions that the product asks about the server are answered from ``Answers``, which a test sets.
So it shows the driver, the protocol, types, parameters and errors, and nothing about how SQL
Server understands T-SQL.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pysqlbridge.tds.connection as tds_connection
from pysqlbridge.logins import Login, LoginStore
from pysqlbridge.server import start_background
from pysqlbridge.tds.result import (
    Bit,
    Column,
    ColumnType,
    DateTime,
    Integer,
    NVarChar,
    Query,
    QueryError,
    QueryResult,
)
from pysqlbridge.tds.rpc import RpcRequest, parse_rpc

from soxauto_assets.catalog.model import Boolean, Date, Numeric, Text, Timestamp
from soxauto_assets.catalog.model import Integer as DeclaredInteger
from soxauto_assets.catalog.sources import table
from soxauto_assets.warehouse.rendering import render
from soxauto_assets.warehouse.sqlserver_facts import ISOLATION, SERVER
from soxauto_assets_tests.support.tds_types import DateN, DateTime2N, DecimalN

USER, PASSWORD = "soxauto_reader", "pa;ss}word"


def _with_names(payload: bytes, version: int) -> RpcRequest:
    """As the server parses a call, with the names that Microsoft's driver leaves out.

    It sends the values of ``sp_executesql`` by position, which SQL Server takes; the server from
    PyPI would drop them.
    """
    call = parse_rpc(payload, version)
    if not call.is_execute_sql or len(call.parameters) < 3:
        return call
    names = re.findall(r"@\w+", str(call.parameters[1].value))
    values = call.parameters[2:]
    named = [replace(value, name=name) for name, value in zip(names, values, strict=True)]
    return replace(call, parameters=[*call.parameters[:2], *named])


tds_connection.parse_rpc = _with_names

_LEVEL = {"READ COMMITTED": 2, "SNAPSHOT": 5, "REPEATABLE READ": 3, "SERIALIZABLE": 4}
_NOTHING = QueryResult(columns=[], rows=[])


@dataclass
class Answers:
    """What the server says of itself; a test changes what it is about.

    ``level`` overrides the isolation level that is read back. ``errors`` maps a piece of a
    statement to the number of the error that the statement gives. ``held`` are rights of the
    login, ``kinds`` types that columns have by their name. ``waiting`` makes statements with a
    piece in it wait for the event, or two seconds.
    """

    databases: Mapping[str, int] = field(default_factory=dict)
    level: int | None = None
    held: frozenset[str] = frozenset()
    errors: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, threading.Event] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    logins: list[Login] = field(default_factory=lambda: [Login(USER, PASSWORD, False)])
    seen: list[Query] = field(default_factory=list)


class TdsServer:
    """The running server; ``connection_string`` reaches it."""

    def __init__(self, databases: Mapping[str, Path], answers: Answers) -> None:
        self.answers = answers
        answers.databases = answers.databases or dict.fromkeys(databases, 1)
        self._duckdb = duckdb.connect(config={"default_collation": "NOCASE", "threads": 1})
        for name, path in databases.items():
            self._duckdb.execute(f"ATTACH '{path}' AS \"{name}\" (READ_ONLY)")
        self._server, self._thread = start_background(
            query_handler=self._answer, logins=LoginStore(answers.logins)
        )

    @property
    def port(self) -> int:
        return int(self._server.address[1])

    def connection_string(self, **keywords: str) -> str:
        """An ODBC string as a person writes it; keywords replace or add."""
        parts = {
            "SERVER": f"127.0.0.1,{self.port}",
            "UID": USER,
            "PWD": "{" + PASSWORD.replace("}", "}}") + "}",
            "TrustServerCertificate": "yes",
        } | keywords
        return ";".join(f"{key}={value}" for key, value in parts.items())

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
        self._duckdb.close()

    def _answer(self, query: Query) -> QueryResult:
        answers, sql = self.answers, query.sql
        answers.seen.append(query)
        for piece, number in answers.errors.items():
            if piece in sql:
                raise QueryError(f"Error {number} near 'secret row'", number=number)
        for piece, event in answers.waiting.items():
            if piece in sql:
                event.wait(2)
        if match := re.fullmatch(r"SET TRANSACTION ISOLATION LEVEL (.*)", sql):
            query.session["level"] = _LEVEL[match[1]]
            return _NOTHING
        if re.match(r"SET |COMMIT|ROLLBACK|BEGIN|IF @@TRANCOUNT", sql):
            return _NOTHING
        if sql == ISOLATION:
            return _result({"level": answers.level or query.session.get("level", 2)})
        if sql == SERVER:
            return _result(
                {
                    "version": "16.0.4135.4",
                    "edition": "Developer Edition (64-bit)",
                    "collation": "SQL_Latin1_General_CP1_CI_AS",
                    "server": "NAVBI",
                    "login": USER,
                    "session": 51,
                    "clock": datetime.now(UTC).replace(tzinfo=None),
                }
            )
        if sql == "SELECT CAST(SUSER_SNAME() AS NVARCHAR(128)) AS login":
            return _result({"login": USER})
        if "sys.databases" in sql:
            return _result(*({"name": n, "state": s} for n, s in answers.databases.items()))
        if "HAS_PERMS_BY_NAME" in sql:
            return _result(
                *(
                    {"name": name}
                    | {
                        f"can_{right.lower()}": int(right in answers.held)
                        for right in ("INSERT", "UPDATE", "DELETE", "ALTER")
                    }
                    for name in re.findall(r"\(N'([^']*)'\)", sql)
                )
            )
        if "sys.columns" in sql:
            return _described(sql, answers.kinds)
        if "sql_expression_dependencies" in sql:
            return _result(dict.fromkeys(_REFERENCE, ""), rows=0)
        if "sys.sql_modules" in sql:
            return _objects(sql)
        if "sp_describe_first_result_set" in sql:
            return self._compiled(sql)
        return self._selected(query)

    def _selected(self, query: Query) -> QueryResult:
        values = {name.lstrip("@"): value for name, value in query.parameters.items()}
        text = render("wire", query.sql, values)  # type: ignore[arg-type]
        relation = self._duckdb.cursor().sql(text, params=values or None)
        columns = [
            Column(name, _column_type(str(kind)))
            for name, kind in zip(relation.columns, relation.types, strict=True)
        ]
        return QueryResult(columns=columns, rows=[list(row) for row in relation.fetchall()])

    def _compiled(self, sql: str) -> QueryResult:
        match = re.search(r"@tsql = N'(.*)', @params = N'(.*)'$", sql, re.DOTALL)
        assert match is not None
        text, declared = (part.replace("''", "'") for part in match.groups())
        kinds = dict(re.findall(r"@(\w+) (\w+)", declared))
        samples: dict[str, Any] = {
            name: datetime(2024, 1, 1) if kind == "DATETIME2"
            else datetime(2024, 1, 1).date() if kind == "DATE"
            else 1 if kind in ("INT", "BIGINT") else "x"
            for name, kind in kinds.items()
        }  # fmt: skip
        relation = self._duckdb.cursor().sql(render("wire", text, samples), params=samples or None)
        return _result(
            *(
                {"name": name, "system_type_name": str(kind).lower()}
                for name, kind in zip(relation.columns, relation.types, strict=True)
            )
        )


@contextmanager
def tds_server(
    databases: Mapping[str, Path], answers: Answers | None = None
) -> Iterator[TdsServer]:
    """A server on a free port of the loopback, until the block ends."""
    server = TdsServer(databases, answers or Answers())
    try:
        yield server
    finally:
        server.stop()


_REFERENCE = ("schema_name", "name", "other_database", "other_schema", "other_name")


def _result(*rows: Mapping[str, object], **how: int) -> QueryResult:
    columns = [Column(name, _value_type(value)) for name, value in rows[0].items()]
    kept = rows[: how.get("rows", len(rows))]
    return QueryResult(columns=columns, rows=[list(row.values()) for row in kept])


def _value_type(value: object) -> ColumnType:
    if isinstance(value, datetime):
        return DateTime2N()
    return Integer(4) if isinstance(value, int) else NVarChar(200)


def _column_type(kind: str) -> ColumnType:
    """The wire type for a type of DuckDB, as SQL Server would have it for the same column."""
    if match := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", kind):
        return DecimalN(int(match[1]), int(match[2]))
    return {
        "BIGINT": Integer(8),
        "INTEGER": Integer(4),
        "SMALLINT": Integer(2),
        "TINYINT": Bit(),  # what the embedded warehouse keeps flags in
        "HUGEINT": DecimalN(38, 0),
        "DATE": DateN(),
        "TIMESTAMP": DateTime(),
    }.get(kind, NVarChar(4000))


def _names(sql: str) -> list[str]:
    found = re.findall(r"OBJECT_ID\(N'((?:[^']|'')*)'\)", sql)
    return [name.replace("''", "'")[1:-1].replace("].[", ".") for name in found]


def _described(sql: str, kinds: Mapping[str, str]) -> QueryResult:
    (name,) = _names(sql)
    names = ("name", "kind", "bytes", "digits", "scale")
    rows = [(c.name, *_kind(c.type, kinds.get(c.name))) for c in table(name).columns]
    return _result(*(dict(zip(names, row, strict=True)) for row in rows))


def _kind(declared: object, other: str | None) -> tuple[str, int, int, int]:
    if other is not None:
        return other, 8, 0, 0
    match declared:
        case Text(length):
            return "nvarchar", -1 if length is None else 2 * length, 0, 0
        case DeclaredInteger(bits):
            return {16: "smallint", 32: "int", 64: "bigint"}[bits], bits // 8, 0, 0
        case Numeric(precision, scale):
            return "decimal", 17, precision, scale
        case Boolean():
            return "bit", 1, 1, 0
        case Date():
            return "date", 3, 10, 0
        case Timestamp():
            return "datetime", 8, 23, 3
    raise AssertionError(declared)


def _objects(sql: str) -> QueryResult:
    rows = []
    for full_name in _names(sql):
        declared = table(full_name)
        rows.append(
            {
                "schema_name": declared.schema,
                "name": declared.name,
                "kind": "VIEW" if declared.is_view else "USER_TABLE",
                "modified": "2024-02-29T12:00:00",
                "digest": "AB" * 32 if declared.is_view else None,
            }
        )
    return _result(*rows)
