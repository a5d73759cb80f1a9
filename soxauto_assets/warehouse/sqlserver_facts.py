"""What SQL Server is asked about itself, and what its answers mean.

Every question is one SELECT over catalogue views with three-part names, so it needs no change of
database and runs inside the snapshot. Names of the catalogue stand in it as literals.

Here: the questions and the judgement of the answers. Not here: the session that asks
(``sqlserver.py``).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from soxauto_assets.warehouse.protocol import SourceError

Ask = Callable[[str, str], tuple[Mapping[str, object], ...]]
"""Sends a question (its name, its text) and gives the rows."""

WRITES = ("INSERT", "UPDATE", "DELETE", "ALTER")
"""The rights on a table or view that a reader must not have."""

MOST_OBJECTS = 400
"""Views, functions and tables that are followed behind the tables of a query."""


class LoginCanWriteError(SourceError):
    """The login may change what it reads, so its extracts prove nothing about it."""


class SnapshotNotAllowedError(SourceError):
    """A database that the query reads does not allow SNAPSHOT isolation."""


@dataclass(frozen=True)
class Table:
    """A three-part name, taken apart."""

    database: str
    schema: str
    name: str

    @classmethod
    def parse(cls, full_name: str) -> Table:
        """Of ``database.schema.table``, unquoted; only the table's name may hold dots."""
        database, schema, name = full_name.split(".", 2)
        return cls(database, schema, name)

    @property
    def full_name(self) -> str:
        """``database.schema.table``, unquoted."""
        return f"{self.database}.{self.schema}.{self.name}"

    @property
    def identifier(self) -> str:
        """``[database].[schema].[table]``."""
        return ".".join(map(bracketed, (self.database, self.schema, self.name)))


def bracketed(name: str) -> str:
    """The name as a T-SQL identifier."""
    return "[" + name.replace("]", "]]") + "]"


def literal(text: str) -> str:
    """The text as a T-SQL literal."""
    return "N'" + text.replace("'", "''") + "'"


SERVER = """SELECT CAST(SERVERPROPERTY('ProductVersion') AS NVARCHAR(128)) AS version,
    CAST(SERVERPROPERTY('Edition') AS NVARCHAR(128)) AS edition,
    CAST(SERVERPROPERTY('Collation') AS NVARCHAR(128)) AS collation,
    CAST(@@SERVERNAME AS NVARCHAR(128)) AS server,
    CAST(SUSER_SNAME() AS NVARCHAR(128)) AS login,
    CAST(@@SPID AS INT) AS session,
    CAST(SYSUTCDATETIME() AS DATETIME2(6)) AS clock"""
"""One row: the server, the login, the session and the server's UTC clock."""

ISOLATION = """SELECT CAST(transaction_isolation_level AS INT) AS level
FROM sys.dm_exec_sessions WHERE session_id = @@SPID"""
"""One row; every login may see its own session."""

LEVELS: Mapping[int, str] = {
    0: "unspecified",
    1: "read uncommitted",
    2: "read committed",
    3: "repeatable read",
    4: "serializable",
    5: "snapshot",
}
"""``transaction_isolation_level`` of ``sys.dm_exec_sessions`` in words."""


def check_snapshot_allowed(ask: Ask, databases: Iterable[str]) -> None:
    """Refuse to read where a database would refuse the snapshot, with the command that mends it.

    Raises SnapshotNotAllowedError for databases that do not allow it, SourceError for databases
    that are not there or not visible to the login.
    """
    wanted = sorted(set(databases))
    rows = ask(
        "snapshot isolation",
        "SELECT CAST(name AS NVARCHAR(128)) AS name, CAST(snapshot_isolation_state AS INT) AS state"
        f" FROM sys.databases WHERE name IN ({', '.join(map(literal, wanted))})",
    )
    states = {str(row["name"]).lower(): row["state"] for row in rows}
    unseen = [name for name in wanted if name.lower() not in states]
    if unseen:
        raise SourceError(
            f"The server shows this login no database {', '.join(unseen)}.",
            remedy="Check that the connection string names the right server, and make the login a "
            "user of the database.",
        )
    refusing = [name for name in wanted if states[name.lower()] != 1]
    if refusing:
        commands = "; ".join(
            f"ALTER DATABASE {bracketed(name)} SET ALLOW_SNAPSHOT_ISOLATION ON" for name in refusing
        )
        raise SnapshotNotAllowedError(
            f"SNAPSHOT isolation is not allowed in {', '.join(refusing)}.",
            remedy=f"Have it allowed ({commands}); or name a weaker level in SOXAUTO_ISOLATION, "
            "which the evidence will show.",
        )


def check_read_only(ask: Ask, tables: Sequence[Table]) -> str:
    """The proof that the login cannot write, as a sentence for the evidence.

    A right that the server does not tell of counts as held. Raises LoginCanWriteError.
    """
    rights = ", ".join(
        f"HAS_PERMS_BY_NAME(asked.name, 'OBJECT', '{right}') AS can_{right.lower()}"
        for right in WRITES
    )
    names = ", ".join(f"({literal(table.identifier)})" for table in tables)
    rows = ask(
        "rights of the login",
        f"SELECT asked.name AS name, {rights} FROM (VALUES {names}) AS asked (name)",
    )
    held: dict[str, list[str]] = {}
    for row in rows:
        rights_held = [right for right in WRITES if row[f"can_{right.lower()}"] != 0]
        if rights_held:
            held[str(row["name"])] = rights_held
    if held or len(rows) != len(tables):
        shown = "; ".join(f"{', '.join(rights)} on {name}" for name, rights in held.items())
        raise LoginCanWriteError(
            f"The login can write, or the server does not tell: {shown or 'no answer'}.",
            remedy="Give the product a login of its own that may only read: a user in each "
            "database, member of db_datareader, with VIEW DEFINITION.",
        )
    return f"{', '.join(WRITES)} are denied on all {len(rows)} tables and views that are read"


def columns_of(ask: Ask, table: Table) -> tuple[tuple[str, str], ...]:
    """Names and types of a table's columns in their order; empty where there is no such table."""
    database = bracketed(table.database)
    rows = ask(
        f"describe {table.full_name}",
        "SELECT CAST(c.name AS NVARCHAR(128)) AS name, CAST(t.name AS NVARCHAR(128)) AS kind,"
        " CAST(c.max_length AS INT) AS bytes, CAST(c.precision AS INT) AS digits,"
        f" CAST(c.scale AS INT) AS scale FROM {database}.sys.columns AS c"
        # Of a type that somebody named, the system's own is what counts.
        f" JOIN {database}.sys.types AS t ON t.user_type_id = c.system_type_id"
        f" WHERE c.object_id = OBJECT_ID({literal(table.identifier)}) ORDER BY c.column_id",
    )
    return tuple((str(row["name"]), type_text(row)) for row in rows)


def type_text(row: Mapping[str, object]) -> str:
    """The type as it is written in T-SQL, from ``kind``, ``bytes``, ``digits`` and ``scale``."""
    kind, size = str(row["kind"]).lower(), int(str(row["bytes"]))
    if kind in ("decimal", "numeric"):
        return f"{kind}({row['digits']},{row['scale']})"
    if kind in ("nvarchar", "nchar"):
        return f"{kind}({'max' if size < 0 else size // 2})"
    if kind in ("varchar", "char", "varbinary", "binary"):
        return f"{kind}({'max' if size < 0 else size})"
    if kind in ("datetime2", "time", "datetimeoffset"):
        return f"{kind}({row['scale']})"
    return kind


def definitions(ask: Ask, tables: Sequence[Table]) -> Mapping[str, str]:
    """What every view and table behind a query is, when it was changed, and its digest.

    Follows views and functions to what they read, in other databases too. The digest of a module
    is the SHA-256 of its text on the server (UTF-16), that of a table of its columns' names and
    types, a line each. What cannot be seen is named as hidden, never left out.
    """
    found: dict[str, str] = {}
    waiting = list(tables)
    while waiting:
        following: list[Table] = []
        for database, group in _by_database(waiting):
            for table, text, modules in _objects(ask, database, group):
                found[table.full_name] = text
                following += modules
        if len(found) + len(following) > MOST_OBJECTS:
            found["(more)"] = f"not followed further: more than {MOST_OBJECTS} objects"
            break
        waiting = [t for t in dict.fromkeys(following) if t.full_name not in found]
    return dict(sorted(found.items()))


def _by_database(tables: Iterable[Table]) -> Iterator[tuple[str, list[Table]]]:
    groups: dict[str, list[Table]] = defaultdict(list)
    for table in tables:
        groups[table.database].append(table)
    yield from groups.items()


def _objects(
    ask: Ask, database: str, tables: Sequence[Table]
) -> Iterator[tuple[Table, str, list[Table]]]:
    """Each table with what is told of it and the objects that it reads itself."""
    views, ids = (
        bracketed(database),
        ", ".join(f"OBJECT_ID({literal(t.identifier)})" for t in tables),
    )
    rows = ask(
        f"definitions in {database}",
        "SELECT CAST(s.name AS NVARCHAR(128)) AS schema_name, CAST(o.name AS NVARCHAR(128)) AS"
        " name, CAST(o.type_desc AS NVARCHAR(60)) AS kind,"
        " CONVERT(NVARCHAR(30), o.modify_date, 126) AS modified,"
        " CONVERT(NVARCHAR(64), HASHBYTES('SHA2_256', m.definition), 2) AS digest"
        f" FROM {views}.sys.objects AS o JOIN {views}.sys.schemas AS s ON s.schema_id = o.schema_id"
        f" LEFT JOIN {views}.sys.sql_modules AS m ON m.object_id = o.object_id"
        f" WHERE o.object_id IN ({ids})",
    )
    told = {f"{row['schema_name']}.{row['name']}".lower(): row for row in rows}
    reads = _references(ask, database, ids) if any(r["kind"] != _TABLE for r in rows) else {}
    for table in tables:
        key = f"{table.schema}.{table.name}".lower()
        row = told.get(key)
        if row is None:
            yield table, "hidden from this login, or not there", []
            continue
        digest = str(row["digest"]).lower() if row["digest"] is not None else None
        if row["kind"] == _TABLE:
            lines = "".join(f"{name} {kind}\n" for name, kind in columns_of(ask, table))
            digest = hashlib.sha256(lines.encode()).hexdigest()
        shown = f"sha256 {digest}" if digest else "definition hidden: grant VIEW DEFINITION"
        kind = str(row["kind"]).replace("_", " ").lower()
        yield table, f"{kind}, modified {row['modified']}, {shown}", reads.get(key, [])


_TABLE = "USER_TABLE"


def _references(ask: Ask, database: str, ids: str) -> Mapping[str, list[Table]]:
    views = bracketed(database)
    rows = ask(
        f"dependencies in {database}",
        "SELECT DISTINCT CAST(s.name AS NVARCHAR(128)) AS schema_name,"
        " CAST(o.name AS NVARCHAR(128)) AS name,"
        " CAST(d.referenced_database_name AS NVARCHAR(128)) AS other_database,"
        " CAST(d.referenced_schema_name AS NVARCHAR(128)) AS other_schema,"
        " CAST(d.referenced_entity_name AS NVARCHAR(128)) AS other_name"
        f" FROM {views}.sys.sql_expression_dependencies AS d"
        f" JOIN {views}.sys.objects AS o ON o.object_id = d.referencing_id"
        f" JOIN {views}.sys.schemas AS s ON s.schema_id = o.schema_id"
        f" WHERE d.referencing_id IN ({ids}) AND d.referenced_class = 1"
        " AND d.referenced_server_name IS NULL",
    )
    found: dict[str, list[Table]] = defaultdict(list)
    for row in rows:
        found[f"{row['schema_name']}.{row['name']}".lower()].append(
            Table(
                str(row["other_database"] or database),
                # A name without schema is looked for in the module's own first.
                str(row["other_schema"] or row["schema_name"]),
                str(row["other_name"]),
            )
        )
    return found
