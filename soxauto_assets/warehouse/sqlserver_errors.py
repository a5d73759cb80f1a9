"""The numbers of SQL Server's errors that decide whether a reading is tried again.

Sources. Transient: the intrinsic list of Microsoft.Data.SqlClient's retry logic
(``SqlConfigurableRetryFactory``, MIT licence, the numbers only), "Troubleshoot transient
connection errors in SQL Database and SQL Managed Instance" (learn.microsoft.com), and of the
errors of snapshot isolation those after which a new transaction may succeed ("Snapshot isolation
in SQL Server"). The others: ``sys.messages``.

Here: numbers. Not here: SQLSTATE (``odbc_errors.py``), retrying (``assets/reading.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

from soxauto_assets.errors import SoxautoError
from soxauto_assets.warehouse.odbc_errors import Diagnosis, LoginRefusedError
from soxauto_assets.warehouse.protocol import SourceError, SourceTypeError, SourceUnavailableError

TRANSIENT: Mapping[int, str] = {
    # Locks and the version store.
    1204: "the server cannot obtain a lock now",
    1205: "this session was chosen as the victim of a deadlock",
    1222: "a lock was not granted in time",
    3961: "a table was altered while the snapshot was read",
    3966: "the version store gave up the snapshot's rows (tempdb is full)",
    3967: "the version store gave up the snapshot's rows (tempdb is full)",
    # The database is starting, failing over or restoring.
    904: "the database cannot be started now",
    922: "the database is being recovered",
    926: "the database is marked suspect while it recovers",
    927: "the database is being restored",
    976: "the replica is not readable now",
    982: "the replica is not readable now",
    983: "the replica is not available now",
    4060: "the database cannot be opened now",
    4221: "the readable secondary waits for old transactions to end",
    6005: "the server is shutting down",
    17142: "the server is paused",
    40143: "the database's replica is moving",
    40197: "the service met an error while it processed the request",
    40540: "the database's replica is moving",
    40613: "the database is not available now",
    42108: "the SQL pool is paused",
    42109: "the SQL pool is warming up",
    # Limits and throttling.
    701: "the server has too little memory for the query",
    8645: "the query waited too long for memory",
    8651: "the query could not get the memory that it needs",
    10928: "a limit of the database is reached",
    10929: "the server is too busy",
    17809: "the server has as many connections as it may",
    40501: "the service is busy",
    49918: "the service has too few resources",
    49919: "the service has too many operations in progress",
    49920: "the service has too many operations in progress",
    # The network, by the numbers of Windows and of POSIX that drivers pass on.
    20: "the server could not agree on encryption",
    64: "the connection was lost while logging in",
    121: "the network did not answer",
    233: "the connection was lost while logging in",
    997: "the network is busy",
    10053: "the connection was aborted",
    10054: "the connection was reset",
    10060: "the server did not answer",
    10061: "the server refused the connection",
}
"""Errors after which the same reading may succeed, with what each one means."""

LOGIN: Mapping[int, str] = {
    18452: "Windows logins from this domain are not trusted",
    18456: "unknown login, or wrong password",
    18461: "the server is in single-user mode",
    18470: "the login is disabled",
    18486: "the login is locked",
    18487: "the password has expired",
    18488: "the password must be changed",
}
"""Errors of the login itself; the secret is read once more after them."""

SNAPSHOT = frozenset({3951, 3952, 3956, 3957, 3964})
"""A database does not allow SNAPSHOT isolation, or the transaction did not begin in it."""

NAMED = frozenset({207, 208, 229, 230, 262, 297, 300, 371, 911, 916, 2812, 4121, 7202})
"""Something that the message names is missing, or the login may not use it."""

SYNTAX = frozenset({102, 105, 156, 170, 174, 195, 205, 209, 306, 319, 1033, 4104, 8120, 8155, 8156})
"""The text is no T-SQL that can be compiled; the message quotes the text, which holds no data."""

VALUE = frozenset({220, 232, 241, 242, 244, 245, 248, 529, 2628, 8114, 8115, 8134, 8152})
"""A value does not fit a CAST or a calculation; the message may quote it."""


def judge(name: str, diagnosis: Diagnosis) -> SoxautoError | None:
    """The error of the protocol for a number of SQL Server; None for one that is in no table."""
    number = diagnosis.number
    if number in TRANSIENT:
        return SourceUnavailableError(
            f"{name}: {TRANSIENT[number]} (SQL Server error {number}).",
            remedy="It is tried again; if it stays so, ask who runs the server.",
        )
    if number in LOGIN:
        return LoginRefusedError(
            f"{name}: {LOGIN[number]} (SQL Server error {number}).",
            remedy="Correct the secret of the warehouse, or have the login enabled.",
        )
    if number in SNAPSHOT:
        return SourceError(
            f"{name}: a database does not allow SNAPSHOT isolation (SQL Server error {number}: "
            f"{diagnosis.named()}).",
            remedy="Have it allowed: ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON; or name a "
            "weaker level in SOXAUTO_ISOLATION, which the evidence will show.",
        )
    if number in NAMED:
        return SourceError(
            f"{name} was refused: {diagnosis.named()} (SQL Server error {number}).",
            remedy="Grant the login the right to read it, create it at the source, or correct the "
            "query and the declared source schema.",
        )
    if number in SYNTAX:
        return SourceError(
            f"{name} does not compile: {diagnosis.named()} (SQL Server error {number}).",
            remedy="Correct the SQL.",
        )
    if number in VALUE:
        return SourceTypeError(
            f"{name}: a value does not fit the type that the query casts it to (SQL Server error "
            f"{number}).",
            remedy="Execute the text of `soxauto sql --ssms` by hand to see the value; correct the "
            "data or the CAST.",
        )
    return None
