"""The small protocol that every warehouse engine speaks: open, facts, fetch, stream.

Here: the types that cross the room's door. Not here: binding (``binding.py``), dialects
(``rendering.py``), the engines (``embedded.py``, ``sqlserver.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from soxauto_assets.catalog.model import Column
from soxauto_assets.catalog.parameters import Value
from soxauto_assets.errors import PermanentError, TransientError

if TYPE_CHECKING:
    import pyarrow as pa


class SourceError(PermanentError):
    """The source refused a statement or holds something else than was declared."""


class SourceTypeError(SourceError):
    """A value of a result column cannot be cast to the column's declared type."""


class SourceUnavailableError(TransientError):
    """The source could not be reached, or the connection broke."""


@dataclass(frozen=True)
class Statement:
    """A SQL text of the catalogue with its values, before an engine has bound it.

    ``name`` says what it is in evidence and errors: ``ipe_07/query``,
    ``ipe_07/controls/transfer``. ``text`` is the catalogue's own T-SQL with ``@name`` markers.
    """

    name: str
    text: str
    values: Mapping[str, Value]


@dataclass(frozen=True)
class ExecutedStatement:
    """A statement exactly as an engine received it: its text and the values in the order bound."""

    name: str
    sql: str
    parameters: tuple[object, ...] | Mapping[str, object]


@dataclass(frozen=True)
class SourceFacts:
    """What the source says of itself, for the evidence.

    ``engine`` is product and version, ``server`` its address or file, ``isolation`` the level
    read back inside the transaction, ``source_clock`` the source's own time beside
    ``product_clock`` (aware UTC), ``details`` whatever else the engine can tell, as text.
    """

    engine: str
    server: str
    databases: tuple[str, ...]
    login: str
    isolation: str
    source_clock: datetime
    product_clock: datetime
    details: Mapping[str, str]


@dataclass(frozen=True)
class Purpose:
    """Who reads and why; engines that can, say so to the server (application name)."""

    report: str
    period: str
    attempt: str


class Session(Protocol):
    """One snapshot of the source: whatever it reads is from one moment."""

    def facts(self) -> SourceFacts:
        """What the source says of itself, read inside the snapshot."""

    def describe(self, full_name: str) -> tuple[tuple[str, str], ...]:
        """Names and the source's own type names of a table's columns; empty: no such table.

        ``full_name`` is ``database.schema.table``, unquoted, compared without case.
        """

    def fetch(self, statement: Statement) -> tuple[Mapping[str, object], ...]:
        """All rows of a small result, by column name; amounts as ``decimal.Decimal``."""

    def stream(
        self, statement: Statement, columns: tuple[Column, ...], *, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a large result once, in order, as batches of the declared schema.

        Raises SourceTypeError where a value does not cast without loss, SourceError where the
        result has other columns than declared, SourceUnavailableError where the source is lost.
        """

    def compile(self, statement: Statement) -> tuple[tuple[str, str], ...]:
        """Names and the source's own type names of a result's columns; nothing is run.

        Raises SourceError where the source refuses the statement.
        """

    def executed(self) -> tuple[ExecutedStatement, ...]:
        """Every statement that this session has sent, in order, exactly as it was sent."""


class Warehouse(Protocol):
    """A source of reports."""

    @property
    def name(self) -> str:
        """What the evidence calls this warehouse, for example ``embedded demonstration``."""

    @property
    def is_demonstration(self) -> bool:
        """Whether its rows are made up; only then a baseline of the demonstration counts."""

    def open(self, purpose: Purpose) -> AbstractContextManager[Session]:
        """A session on one snapshot; raises SourceUnavailableError or SourceError."""
