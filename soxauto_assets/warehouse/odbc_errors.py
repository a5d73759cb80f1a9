"""What an ODBC driver says when something fails, and the protocol's error for it.

ODBC fixes the five characters of SQLSTATE, every server its own numbers. The table of a server
(``sqlserver_errors.py``) is asked first; what it does not know is judged by SQLSTATE.

A driver's message may quote a value of the data ("Conversion failed when converting the nvarchar
value '...'"), so it is shown only where it holds names of the schema, the server or the login.

Here: SQLSTATE. Not here: numbers of SQL Server.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from soxauto_assets.errors import SoxautoError
from soxauto_assets.warehouse.protocol import SourceError, SourceTypeError, SourceUnavailableError


class LoginRefusedError(SourceError):
    """The server refused the login: unknown, expired or locked, or the password is wrong."""


@dataclass(frozen=True)
class Diagnosis:
    """One failure as the driver tells it; ``message`` may hold data and is not shown as it is."""

    state: str
    number: int
    message: str = field(repr=False)

    @classmethod
    def of_pyodbc(cls, state: str, message: str) -> Diagnosis:
        """Of an error of pyodbc: the server's number stands in brackets behind the first text."""
        numbers = re.findall(r"\((-?\d+)\) \(SQL", message)
        return cls(state, int(numbers[0]) if numbers else 0, message)

    def named(self) -> str:
        """The message, for those kinds whose messages hold names only; one line, no brackets."""
        text = re.sub(r"^(?:\[[^\]]*\])+", "", self.message.strip())
        return " ".join(text.split()).rstrip(".!")


Judge = Callable[[str, Diagnosis], SoxautoError | None]
"""The error of a statement (by name) for a diagnosis; None where the table does not know it."""

_RECORD = re.compile(
    r"State: (?P<state>\w{5}), Native error: (?P<number>-?\d+), Message: (?P<message>.*)", re.DOTALL
)
_TOO_LARGE = "too large"
_NO_DRIVER = frozenset({"IM002", "IM003", "IM004", "IM005"})


def diagnose(error: Exception) -> Diagnosis:
    """The diagnosis in the text of an error of ``arrow_odbc``; SQLSTATE ``HY000`` without one."""
    match = _RECORD.search(str(error))
    if match is None:
        return Diagnosis("HY000", 0, str(error))
    return Diagnosis(match["state"], int(match["number"]), match["message"])


def mapped(name: str, error: Exception, judge: Judge) -> SoxautoError:
    """The protocol's error for one of the driver, without the driver's as its cause.

    ``name`` is the statement, or ``connection``. ``judge`` knows the numbers of the server.
    """
    if _RECORD.search(str(error)) is None and _TOO_LARGE in str(error):
        return SourceTypeError(
            f"{name}: a text is longer than 4,000 characters.",
            remedy="Cut it in the query with LEFT, or leave the column out.",
        )
    return from_diagnosis(name, diagnose(error), judge)


def from_diagnosis(name: str, diagnosis: Diagnosis, judge: Judge) -> SoxautoError:
    """The protocol's error for a diagnosis: by the server's number, else by SQLSTATE."""
    return judge(name, diagnosis) or _by_state(name, diagnosis)


def _by_state(name: str, diagnosis: Diagnosis) -> SoxautoError:
    state = diagnosis.state
    said = f"SQLSTATE {state}, error {diagnosis.number}"
    if "certificate" in diagnosis.message.lower():
        return SourceError(
            f"{name}: the server's certificate is not trusted ({said}).",
            remedy="Install the CA that signed it; or add TrustServerCertificate=yes to the "
            "connection string, which encrypts without knowing whose server it is.",
        )
    if state in _NO_DRIVER or "can't open lib" in diagnosis.message.lower():
        return SourceError(
            f"{name}: the ODBC driver cannot be loaded ({said}).",
            remedy="Run `soxauto doctor`; it lists the drivers that were found.",
        )
    match state:
        case "28000":
            return LoginRefusedError(
                f"{name}: the server refused the login ({said}).",
                remedy="Correct user and password in the secret, or unlock the login.",
            )
        case "HYT00" | "HYT01" | "57014":
            return SourceUnavailableError(
                f"{name}: no answer in time ({said}).",
                remedy="Check server name, port and network, or allow more time "
                "(SOXAUTO_LOGIN_TIMEOUT_SECONDS, SOXAUTO_STATEMENT_TIMEOUT_SECONDS).",
            )
        case "22003" | "22007" | "22008" | "22018" | "22P02" | "22012":
            return SourceTypeError(
                f"{name}: a value does not fit the type that the query casts it to ({said}).",
                remedy="Execute the text of `soxauto sql --ssms` by hand to see the value; correct "
                "the data or the CAST.",
            )
        case "42S02" | "42S22" | "42P01" | "42703":
            return SourceError(
                f"{name} was refused: {diagnosis.named()}.",
                remedy="Create or rename the table or column at the source, or correct the query "
                "and the declared source schema.",
            )
    if state.startswith("08") or state in ("40001", "40P01", "57P01", "57P02", "57P03", "53300"):
        return SourceUnavailableError(
            f"{name}: the connection was lost or the server is busy ({said}).",
            remedy="It is tried again; if it stays so, ask who runs the server.",
        )
    return SourceError(
        f"{name} failed at the source ({said}).",
        remedy="Execute the text of `soxauto sql --ssms` by hand to see the whole message.",
    )
