"""A source whose answers were taken from a real one once, and are given again at once.

Here: the recording and the session that repeats it. Not here: rows (``small_source``) and faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from soxauto_assets.assets.reading import statement
from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.model import Column
from soxauto_assets.catalog.parameters import values_for
from soxauto_assets.period import Period
from soxauto_assets.warehouse.protocol import (
    ExecutedStatement,
    Purpose,
    Session,
    SourceError,
    SourceFacts,
    SourceUnavailableError,
    Statement,
)
from soxauto_assets_tests.simulation.faults import Process
from soxauto_assets_tests.support.small_warehouse import SmallWarehouse

T = TypeVar("T")
Rows = tuple[Mapping[str, object], ...]


@dataclass
class Recording:
    """All that one report of one month asks of a source, and what the source said."""

    facts: SourceFacts
    described: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    fetched: dict[str, Rows] = field(default_factory=dict)
    sent: dict[str, ExecutedStatement] = field(default_factory=dict)
    batches: tuple[pa.RecordBatch, ...] = ()


def record(source: SmallWarehouse, report: str, period: Period, catalog: Path) -> Recording:
    """Ask a real source everything that an attempt asks; the rows come in batches of four."""
    entry = load_entry(report, catalog)
    values = values_for(entry.report, period)
    with source.warehouse().open(Purpose(report, str(period), "recording")) as session:
        found = Recording(session.facts())
        for name in entry.report.sources:
            found.described[name.lower()] = session.describe(name)
        for control in entry.controls:
            text = statement(f"{report}/controls/{control.name}", control.sql, values)
            found.fetched[text.name] = session.fetch(text)
        query = statement(f"{report}/query", entry.query, values)
        (whole,) = session.stream(query, entry.columns, batch_rows=10_000)
        found.batches = tuple(whole[at : at + 4] for at in range(0, whole.num_rows, 4))
        found.sent = {sent.name: sent for sent in session.executed()}
    return found


def lacking(recording: Recording) -> Recording:
    """The same source, of which a row was lost on the way: its own total is another."""
    ((name, (totals,)),) = recording.fetched.items()
    wrong = {**totals, "row_count": 99}
    return replace(recording, fetched={name: (wrong,)})


class RecordedWarehouse:
    """A warehouse that gives a recording; each of its calls is a fault point of ``process``."""

    name = "recorded"
    is_demonstration = False

    def __init__(self, recording: Recording, process: Process, now: Callable[[], datetime]) -> None:
        self._recording = recording
        self._process = process
        self._now = now

    @contextmanager
    def open(self, purpose: Purpose) -> Iterator[Session]:
        process = self._process
        process.call("warehouse.open", purpose.report, lambda: None, ERRORS)
        yield _Session(self._recording, process, self._now)
        process.call("warehouse.close", purpose.report, lambda: None, ERRORS)


class _Session:
    def __init__(self, recording: Recording, process: Process, now: Callable[[], datetime]) -> None:
        self._recording = recording
        self._process = process
        self._now = now
        self._executed: list[ExecutedStatement] = []

    def facts(self) -> SourceFacts:
        at = self._now()
        facts = replace(
            self._recording.facts,
            source_clock=at.astimezone(UTC).replace(tzinfo=None),
            product_clock=at,
        )
        return self._call("facts", "", lambda: facts)

    def describe(self, full_name: str) -> tuple[tuple[str, str], ...]:
        found = self._recording.described[full_name.lower()]
        return self._call("describe", full_name, lambda: found)

    def fetch(self, statement: Statement) -> Rows:
        self._executed.append(self._recording.sent[statement.name])
        return self._call("fetch", statement.name, lambda: self._recording.fetched[statement.name])

    def stream(
        self, statement: Statement, columns: tuple[Column, ...], *, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        self._executed.append(self._recording.sent[statement.name])
        for batch in self._recording.batches:
            yield self._call("stream", statement.name, lambda batch=batch: batch)  # type: ignore[misc]
        self._call("stream end", statement.name, lambda: None)

    def compile(self, statement: Statement) -> tuple[tuple[str, str], ...]:
        raise NotImplementedError

    def executed(self) -> tuple[ExecutedStatement, ...]:
        return tuple(self._executed)

    def _call(self, what: str, key: str, action: Callable[[], T]) -> T:
        return self._process.call(f"warehouse.{what}", key, action, ERRORS)


ERRORS = (
    lambda: SourceError("The source refused.", remedy="Look at the source."),
    lambda: SourceUnavailableError("The connection was lost.", remedy="Run again."),
)
