"""The demonstration's schema and rows on a real SQL Server, in plain T-SQL.

Made with the login of SOXAUTO_TEST_SQLSERVER, which must be allowed to create databases and
logins; read with a login of its own that may only read. The databases have NAV BI's own names,
so the builder refuses to touch one that it did not make.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from soxauto_assets.catalog.model import Boolean, ColumnType, Date, Integer, Numeric, Text
from soxauto_assets.catalog.source_model import SourceTable
from soxauto_assets.catalog.sources import TABLES
from soxauto_assets.warehouse.connection import ConnectionString, choose_driver, understand
from soxauto_assets.warehouse.login import engine
from soxauto_assets.warehouse.sqlserver_facts import bracketed, literal
from soxauto_assets_tests.support.demo import attached

VARIABLE = "SOXAUTO_TEST_SQLSERVER"
READER = "soxauto_test_reader"
MARK = "soxauto test database"
COLLATION = "SQL_Latin1_General_CP1_CI_AS"
DATABASES = tuple(sorted({declared.database for declared in TABLES}))
ROWS_AT_A_TIME = 2_000


class NotOursError(Exception):
    """A database of that name exists and was not made by this suite."""


def type_text(declared: ColumnType) -> str:
    """The T-SQL type of a declared source column."""
    match declared:
        case Text(length):
            return f"NVARCHAR({length or 1000})"
        case Integer(bits):
            return {16: "SMALLINT", 32: "INT", 64: "BIGINT"}[bits]
        case Numeric(precision, scale):
            return f"DECIMAL({precision}, {scale})"
        case Boolean():
            return "BIT"
        case Date():
            return "DATE"
        case _:
            return "DATETIME"


def rows_table(declared: SourceTable) -> str:
    """The two-part name of what holds the rows: a view has a table behind it."""
    name = f"{declared.name} rows" if declared.is_view else declared.name
    return f"{bracketed(declared.schema)}.{bracketed(name)}"


def statements(database: str) -> tuple[str, ...]:
    """What makes the schema of one database, each text a batch of its own, run inside it."""
    declared = [each for each in TABLES if each.database == database]
    texts = [f"CREATE TABLE dbo.{bracketed(MARK)} (made DATETIME NOT NULL)"]
    texts += [
        f"CREATE SCHEMA {bracketed(schema)}"
        for schema in sorted({each.schema for each in declared} - {"dbo"})
    ]
    for each in declared:
        columns = ", ".join(
            f"{bracketed(column.name)} {type_text(column.type)} "
            f"{'NULL' if column.nullable else 'NOT NULL'}"
            for column in each.columns
        )
        texts.append(f"CREATE TABLE {rows_table(each)} ({columns})")
        if each.is_view:
            names = ", ".join(bracketed(column.name) for column in each.columns)
            view = f"{bracketed(each.schema)}.{bracketed(each.name)}"
            texts.append(f"CREATE VIEW {view} AS SELECT {names} FROM {rows_table(each)}")
    return tuple(texts)


@contextmanager
def built(given: str, files: Mapping[str, Path]) -> Iterator[str]:
    """The connection string of the reader, with everything built; gone when the block ends."""
    admin = understand(given)
    admin = admin.with_keywords(
        driver=choose_driver(admin.keywords.get("driver"), None), database="master"
    )
    password = f"Aa1-{secrets.token_urlsafe(24)}"
    _drop(admin)
    try:
        _run(admin, f"CREATE LOGIN {READER} WITH PASSWORD = {literal(password)}")
        for database in DATABASES:
            _run(admin, f"CREATE DATABASE {bracketed(database)} COLLATE {COLLATION}")
            _run(admin, f"ALTER DATABASE {bracketed(database)} SET ALLOW_SNAPSHOT_ISOLATION ON")
            inside = admin.with_keywords(database=database)
            _run(
                inside,
                *statements(database),
                f"CREATE USER {READER} FOR LOGIN {READER}",
                f"ALTER ROLE db_datareader ADD MEMBER {READER}",
                f"GRANT VIEW DEFINITION TO {READER}",
            )
            _load(inside, database, files)
        reader = {
            name: value
            for name, value in admin.keywords.items()
            if name not in ("trusted_connection", "authentication", "app")
        }
        yield ConnectionString(reader).with_keywords(uid=READER, pwd=password).text()
    finally:
        _drop(admin)


def run(given: str, *texts: str, database: str = "master") -> None:
    """Run texts as the administrator, each committed by itself."""
    admin = understand(given)
    driver = choose_driver(admin.keywords.get("driver"), None)
    _run(admin.with_keywords(driver=driver, database=database), *texts)


def _run(target: ConnectionString, *texts: str) -> None:
    with engine(target, login_seconds=30).connect() as connection:
        for text in texts:
            connection.exec_driver_sql(text)


def _drop(admin: ConnectionString) -> None:
    with engine(admin, login_seconds=30).connect() as connection:
        names = set(connection.execute(sa.text("SELECT name FROM sys.databases")).scalars())
        for database in DATABASES:
            if database not in names:
                continue
            mark = literal(f"{bracketed(database)}.[dbo].{bracketed(MARK)}")
            if connection.exec_driver_sql(f"SELECT OBJECT_ID({mark})").scalar_one() is None:
                raise NotOursError(
                    f"{VARIABLE} names a server that has a database {database} of somebody else. "
                    "Name a server that holds nothing of value."
                )
            connection.exec_driver_sql(
                f"ALTER DATABASE {bracketed(database)} SET SINGLE_USER WITH ROLLBACK IMMEDIATE"
            )
            connection.exec_driver_sql(f"DROP DATABASE {bracketed(database)}")
        logins = sa.text("SELECT name FROM sys.server_principals WHERE name = :name")
        if connection.execute(logins, {"name": READER}).first() is not None:
            connection.exec_driver_sql(f"DROP LOGIN {READER}")


def _load(inside: ConnectionString, database: str, files: Mapping[str, Path]) -> None:
    raw = engine(inside, login_seconds=30).raw_connection()
    try:
        cursor = raw.cursor()
        cursor.fast_executemany = True
        with attached(files) as source:
            for declared in (each for each in TABLES if each.database == database):
                names = ", ".join(f'"{column.name}"' for column in declared.columns)
                rows = source.execute(
                    f'SELECT {names} FROM "{database}"."{declared.schema}"."{declared.name}"'
                )
                marks = ", ".join("?" for _ in declared.columns)
                insert = f"INSERT INTO {rows_table(declared)} VALUES ({marks})"
                while some := rows.fetchmany(ROWS_AT_A_TIME):
                    cursor.executemany(insert, some)
        raw.commit()
    finally:
        raw.close()
