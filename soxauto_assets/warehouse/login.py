"""A login by SQLAlchemy and pyodbc: what the server and the driver say of themselves.

For questions that belong to no snapshot, such as those of `soxauto doctor`. A reading does not go
this way, for the reasons that ``odbc.py`` gives.

Here: the engine and that one question. Not here: where and who (``connection.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from soxauto_assets.errors import SoxautoError
from soxauto_assets.warehouse.connection import ConnectionString, with_driver_manager
from soxauto_assets.warehouse.odbc_errors import Diagnosis, from_diagnosis
from soxauto_assets.warehouse.sqlserver_errors import judge

if TYPE_CHECKING:
    import sqlalchemy as sa


def engine(target: ConnectionString, *, login_seconds: int) -> sa.Engine:
    """An engine of SQLAlchemy for SQL Server, without a pool; ``target`` names the driver.

    Raises DriverManagerMissingError; connecting raises SQLAlchemy's DBAPIError.
    """
    with_driver_manager("pyodbc")
    import pyodbc
    import sqlalchemy as sa

    return sa.create_engine(
        "mssql+pyodbc://",
        # Not a URL: SQLAlchemy would show it, and with it the password, in its errors.
        creator=lambda: pyodbc.connect(target.text(), timeout=login_seconds, autocommit=True),
        poolclass=sa.NullPool,
    )


def try_login(target: ConnectionString, *, login_seconds: int) -> Mapping[str, str]:
    """Log in once: ``driver``, ``server`` and ``login`` in words.

    Raises DriverManagerMissingError, LoginRefusedError, SourceUnavailableError or SourceError.
    """
    made = engine(target, login_seconds=login_seconds)
    import pyodbc
    import sqlalchemy as sa

    try:
        with made.connect() as connection:
            driver = connection.connection.dbapi_connection
            assert driver is not None
            login = connection.execute(
                sa.text("SELECT CAST(SUSER_SNAME() AS NVARCHAR(128)) AS login")
            ).scalar_one()
            return {
                "driver": f"{driver.getinfo(pyodbc.SQL_DRIVER_NAME)} "
                f"{driver.getinfo(pyodbc.SQL_DRIVER_VER)}",
                "server": f"{driver.getinfo(pyodbc.SQL_DBMS_NAME)} "
                f"{driver.getinfo(pyodbc.SQL_DBMS_VER)}",
                "login": str(login),
            }
    except (sa.exc.DBAPIError, pyodbc.Error) as error:
        raise _mapped(error) from None  # its text may hold more than names


def _mapped(error: Exception) -> SoxautoError:
    cause = getattr(error, "orig", None) or error
    state, message = (*map(str, cause.args), "", "")[:2]
    return from_diagnosis("login", Diagnosis.of_pyodbc(state, message), judge)
