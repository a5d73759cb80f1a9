"""Where the server is and who logs in: connection strings, secrets that hold one, the driver.

Two forms are understood: an ODBC connection string (the deployment guide's), and the JSON that
the rotation of RDS writes into a secret (engine, host, port, username, password, dbname). What is
made of either is an ODBC connection string with the driver that was found and with the keywords
that a reader needs. No text of this module ever holds a value of a connection string but the
names of server, driver and login.

Here: strings and files. Not here: the connection (``odbc.py``) and where the secret is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from soxauto_assets.errors import PermanentError


class ConnectionStringError(PermanentError):
    """A connection string or secret cannot be understood; the text holds none of its values."""


class DriverNotFoundError(PermanentError):
    """No ODBC driver for SQL Server can be used."""


class DriverManagerMissingError(PermanentError):
    """The ODBC driver manager of the system, ``libodbc.so.2``, is not installed."""


_BRACED = r"\{(?:[^}]|\}\})*\}"
_PAIR = re.compile(
    rf"\s*(?P<key>[^=;{{}}\s][^=;{{}}]*?)\s*=\s*(?P<value>{_BRACED}|[^;{{}}][^;]*|)\s*(?:;|$)"
)
_EMPTY = re.compile(r"\s*(?:;|$)")

_SYNONYMS = {
    "address": "server",
    "addr": "server",
    "network address": "server",
    "data source": "server",
    "initial catalog": "database",
    "user id": "uid",
    "user": "uid",
    "username": "uid",
    "password": "pwd",
    "application name": "app",
}
"""Names that people bring from other drivers, and those of ODBC."""

_SECRET_FORM = (
    "Store either an ODBC connection string (SERVER=...;DATABASE=...;UID=...;PWD=...) or the JSON "
    "of a database secret with host, username and password."
)


@dataclass(frozen=True)
class ConnectionString:
    """The keywords of an ODBC connection string, lower case, each once; values stay hidden.

    Only ``text`` shows the values; ``repr`` and every error do not.
    """

    keywords: Mapping[str, str] = field(repr=False)

    @property
    def server(self) -> str:
        """Host and port as the string names them, or the name of the data source."""
        return self.keywords.get("server") or f"DSN {self.keywords.get('dsn', '')}"

    @property
    def login(self) -> str:
        """The login, or how the login is made where the string names none."""
        return self.keywords.get("uid") or self.keywords.get("authentication", "integrated")

    def with_keywords(self, **keywords: str) -> ConnectionString:
        """The same with these keywords set or replaced."""
        return ConnectionString({**self.keywords, **keywords})

    def text(self) -> str:
        """The connection string for the driver manager: it holds the password."""
        # The driver comes first, for some driver managers stop reading at what they do not know.
        ordered = sorted(self.keywords.items(), key=lambda pair: pair[0] != "driver")
        return ";".join(f"{key.upper()}={_quoted(value)}" for key, value in ordered) + ";"


def understand(secret: str) -> ConnectionString:
    """The connection string that a secret or setting holds, in either form.

    Raises ConnectionStringError, which names what is wrong and no value.
    """
    text = secret.strip()
    found = _from_json(text) if text.startswith("{") else ConnectionString(dict(_pairs(text)))
    if not (found.keywords.get("server") or found.keywords.get("dsn")):
        raise ConnectionStringError(
            "The connection string of the warehouse names no SERVER.", remedy=_SECRET_FORM
        )
    return found


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    position = 0
    while position < len(text):
        empty = _EMPTY.match(text, position)
        if empty is not None and empty.end() > position:
            position = empty.end()
            continue
        match = _PAIR.match(text, position)
        if match is None:
            raise ConnectionStringError(
                f"The connection string of the warehouse cannot be read from character "
                f"{position + 1} on (after {len(seen)} keywords).",
                remedy="Write KEYWORD=value pairs with ; between them, and values that hold ; or "
                "{ or } in braces, with } doubled: PWD={p;a}}ss}.",
            )
        key = match["key"].lower()
        key = _SYNONYMS.get(key, key)
        # ODBC: of a keyword that stands twice the first one counts.
        if key not in seen:
            seen.add(key)
            yield key, _unquoted(match["value"])
        position = match.end()


def _unquoted(value: str) -> str:
    if value.startswith("{"):
        return value[1:-1].replace("}}", "}")
    return value.rstrip()


_PLAIN = re.compile(r"[^\s;{}\[\](),?*=!@][^;{}\[\](),?*=!@]*(?<!\s)")


def _quoted(value: str) -> str:
    if value == "" or _PLAIN.fullmatch(value) or _HOST_AND_PORT.fullmatch(value):
        return value
    return "{" + value.replace("}", "}}") + "}"


_HOST_AND_PORT = re.compile(r"[A-Za-z0-9_.:\\-]+,\d+")


def _from_json(text: str) -> ConnectionString:
    try:
        content = json.loads(text)
    except ValueError:
        # Not chained: the error holds the document.
        raise ConnectionStringError(
            "The secret of the warehouse begins like JSON and is none.", remedy=_SECRET_FORM
        ) from None
    values = {str(key).lower(): value for key, value in content.items()}
    engine = str(values.get("engine", "sqlserver")).lower()
    if not engine.startswith("sqlserver"):
        raise ConnectionStringError(
            f"The secret of the warehouse is for the engine {engine[:20]!r}, not SQL Server.",
            remedy="Name the secret of the NAV BI database.",
        )
    missing = [name for name in ("host", "username", "password") if not values.get(name)]
    if missing:
        raise ConnectionStringError(
            f"The secret of the warehouse lacks {', '.join(missing)}.", remedy=_SECRET_FORM
        )
    port = str(values.get("port") or "1433")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConnectionStringError(
            "The port in the secret of the warehouse is no port number.", remedy=_SECRET_FORM
        )
    keywords = {
        "server": f"{values['host']},{port}",
        "uid": str(values["username"]),
        "pwd": str(values["password"]),
    }
    if values.get("dbname"):
        keywords["database"] = str(values["dbname"])
    return ConnectionString(keywords)


def bundled_driver(system: str | None = None) -> Path | None:
    """Microsoft's driver in the wheel ``mssql-python-odbc``, the build for this Linux; or None.

    ``system`` is the text of ``os-release``, this system's where it is not given.
    """
    package = find_spec("mssql_python_odbc")
    if package is None or package.origin is None:
        return None
    builds = sorted(Path(package.origin).parent.glob("libs/linux/*/*/lib/libmsodbcsql-18*.so*"))
    wanted = _family(_os_release() if system is None else system)
    # The version stands in the file's name, so it is looked for, not known.
    return next((path for path in builds if path.parents[2].name == wanted), None)


def _os_release() -> str:
    path = Path("/etc/os-release")
    return path.read_text(errors="replace") if path.is_file() else ""


def _family(os_release: str) -> str:
    names = set(re.findall(r"^ID(?:_LIKE)?=(.*)$", os_release, re.MULTILINE))
    words = {word for line in names for word in line.strip("\"'").split()}
    if words & {"rhel", "fedora", "centos", "amzn"}:
        return "rhel"
    if words & {"suse", "opensuse", "sles"}:
        return "suse"
    return "debian_ubuntu"


def registered_drivers() -> tuple[str, ...]:
    """The drivers that the system's driver manager knows by name.

    Raises DriverManagerMissingError where there is no driver manager.
    """
    with_driver_manager("pyodbc")
    import pyodbc

    return tuple(pyodbc.drivers())


def with_driver_manager(module: str) -> None:
    """Import ``module``, which needs ``libodbc.so.2``; DriverManagerMissingError without it."""
    try:
        __import__(module)
    except (ImportError, OSError) as error:
        raise DriverManagerMissingError(
            f"{module} cannot be loaded, for the ODBC driver manager (libodbc.so.2) is missing.",
            remedy="Install it: apt-get install unixodbc (Debian, Ubuntu) or dnf install unixODBC.",
        ) from error


def choose_driver(
    named: str | None,
    odbc_driver_path: Path | None,
    *,
    registered: Callable[[], tuple[str, ...]] = registered_drivers,
    bundled: Callable[[], Path | None] = bundled_driver,
) -> str:
    """What DRIVER is to be: ODBC_DRIVER_PATH, else the one ``named``, else the bundled one.

    The setting is an order: where its file is missing, nothing else is tried. A driver that the
    connection string names and that this machine lacks gives way to the bundled one. Raises
    DriverNotFoundError, which lists what was found.
    """
    if odbc_driver_path is not None:
        if odbc_driver_path.is_file():
            return str(odbc_driver_path)
        raise _no_driver(f"ODBC_DRIVER_PATH={odbc_driver_path} is no file", registered, bundled)
    if named is not None and _usable(named, registered()):
        return named
    found = bundled()
    if found is not None:
        return str(found)
    raise _no_driver(
        "The connection string names no ODBC driver and none is bundled"
        if named is None
        else f"The ODBC driver {named!r} of the connection string is not installed",
        registered,
        bundled,
    )


def _usable(named: str, registered: tuple[str, ...]) -> bool:
    if "/" in named:
        return Path(named).is_file()
    return named.lower() in {name.lower() for name in registered}


def _no_driver(
    problem: str,
    registered: Callable[[], tuple[str, ...]],
    bundled: Callable[[], Path | None],
) -> DriverNotFoundError:
    known = [*registered(), *([str(path)] if (path := bundled()) else [])]
    return DriverNotFoundError(
        f"{problem}. Drivers found: {', '.join(known) or 'none'}.",
        remedy="Install Microsoft's ODBC Driver 18 for SQL Server (the package mssql-python-odbc "
        "brings it), or point ODBC_DRIVER_PATH to its library.",
    )
