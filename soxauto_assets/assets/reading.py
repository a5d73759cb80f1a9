"""One reading of the source: in one snapshot the controls, then the stream, once.

Here: the order of what is read, and the retries, which start the reading again from its
beginning. Not here: what becomes of it (``attempt.py``) and how an engine reads (``warehouse``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.catalog.model import CatalogEntry, ControlKind
from soxauto_assets.catalog.parameters import Value, values_for
from soxauto_assets.period import Period
from soxauto_assets.store.spool import Spooled, spool
from soxauto_assets.warehouse.binding import markers
from soxauto_assets.warehouse.contract import check_source_types
from soxauto_assets.warehouse.protocol import (
    ExecutedStatement,
    Purpose,
    SourceFacts,
    Statement,
    Warehouse,
)
from soxauto_assets.warehouse.rereading import BATCH_ROWS, readings

if TYPE_CHECKING:
    from soxauto_assets.validation.stream import Findings


@dataclass
class Reading:
    """What has been read so far; it grows, so that a reading that breaks leaves what it had.

    ``controls`` holds the rows of each control by its name. ``rows`` counts the rows of the
    extract that arrived. ``spooled`` and ``findings`` are set when the whole stream was read.
    ``retries`` lists the transient errors after which the reading began again.
    """

    facts: SourceFacts | None = None
    controls: dict[str, tuple[Mapping[str, object], ...]] = field(default_factory=dict)
    executed: tuple[ExecutedStatement, ...] = ()
    rows: int | None = None
    spooled: Spooled | None = None
    findings: Findings | None = None
    retries: list[str] = field(default_factory=list)


def read(
    reading: Reading,
    entry: CatalogEntry,
    period: Period,
    warehouse: Warehouse,
    *,
    purpose: Purpose,
    spool_path: Path,
    tries: int,
    pause: Callable[[float], None] = time.sleep,
    stage: Callable[[str], None],
    rows: Callable[[int], None],
) -> None:
    """Fill ``reading``: all controls and the whole stream, from one snapshot of the source.

    A TransientError starts again from the beginning, with a growing pause, at most ``tries``
    readings in all; the last one's error is raised. Any other error is raised at once. ``pause``
    waits so many seconds.
    """

    def note(number: int, error: BaseException | None) -> None:
        reading.retries.append(f"reading {number}: {error}")
        stage(f"the source failed ({error}); reading again")

    for one in readings(tries, note, pause=pause):
        with one:
            _read_once(reading, entry, period, warehouse, purpose, spool_path, stage, rows)


def statement(name: str, text: str, values: Mapping[str, Value]) -> Statement:
    """The text with the values that it names, of all that its report declares."""
    return Statement(name, text, {n: values[n] for n in markers(text) if n in values})


def _read_once(
    reading: Reading,
    entry: CatalogEntry,
    period: Period,
    warehouse: Warehouse,
    purpose: Purpose,
    spool_path: Path,
    stage: Callable[[str], None],
    rows: Callable[[int], None],
) -> None:
    reading.facts, reading.rows, reading.spooled, reading.findings = None, None, None, None
    reading.controls.clear()
    values = values_for(entry.report, period)
    witnesses: dict[ControlKind, tuple[Mapping[str, object], ...]] = {}

    def arrived(count: int) -> None:
        reading.rows = count
        rows(count)

    with warehouse.open(purpose) as session:
        try:
            reading.facts = session.facts()
            check_source_types(session, entry)
            for control in entry.controls:
                stage(f"control {control.name}")
                text = statement(f"{entry.report.id}/controls/{control.name}", control.sql, values)
                reading.controls[control.name] = session.fetch(text)
                witnesses[control.kind] = reading.controls[control.name]
            stage("extract")
            # The contract's library takes long to load: not before the first query is sent.
            from soxauto_assets.validation.stream import StreamChecks

            checks = StreamChecks(entry, period, reading.controls)
            query = statement(f"{entry.report.id}/query", entry.query, values)
            reading.rows = 0
            reading.spooled = spool(
                session.stream(query, entry.columns, batch_rows=BATCH_ROWS),
                entry.columns,
                spool_path,
                observers=[checks],
                progress=arrived,
            )
            reading.findings = checks.finish(spool_path)
        finally:
            reading.executed = session.executed()
