"""What an attempt tells while it works, and to whom.

Here: the listener protocol, the one that writes to Dagster's log, and telling several. Not here:
how a terminal shows it (``entrypoints/console.py``), metrics and JSON (``automation``).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

import dagster as dg

if TYPE_CHECKING:
    from soxauto_assets.assets.outcome import Outcome
    from soxauto_assets.store.layout import AttemptAddress


class Listener(Protocol):
    """Hears of every attempt of this process, in order."""

    def opened(self, address: AttemptAddress, run_id: str) -> None:
        """An attempt has begun, made by this Dagster run."""

    def stage(self, address: AttemptAddress, stage: str, level: str = "INFO") -> None:
        """The attempt goes on to ``stage``, a few words for people; or tells of an ERROR."""

    def rows(self, address: AttemptAddress, rows: int) -> None:
        """So many rows of the extract have been read by now."""

    def closed(self, outcome: Outcome) -> None:
        """The attempt has ended; its package stands."""


class Listeners:
    """Tells several listeners, in their order."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def opened(self, address: AttemptAddress, run_id: str) -> None:
        """Tell each."""
        for listener in self._listeners:
            listener.opened(address, run_id)

    def stage(self, address: AttemptAddress, stage: str, level: str = "INFO") -> None:
        """Tell each."""
        for listener in self._listeners:
            listener.stage(address, stage, level)

    def rows(self, address: AttemptAddress, rows: int) -> None:
        """Tell each."""
        for listener in self._listeners:
            listener.rows(address, rows)

    def closed(self, outcome: Outcome) -> None:
        """Tell each."""
        for listener in self._listeners:
            listener.closed(outcome)


class LogListener:
    """Tells Dagster's log, from ``level`` on; the listener where nobody sits at a terminal."""

    def __init__(self, level: str = "INFO") -> None:
        self._log = dg.get_dagster_logger("soxauto")
        self._least = logging.getLevelNamesMapping()[level]

    def opened(self, address: AttemptAddress, run_id: str) -> None:
        """Log the attempt's id."""
        self._write(logging.INFO, address, f"attempt {address.attempt}")

    def stage(self, address: AttemptAddress, stage: str, level: str = "INFO") -> None:
        """Log the stage."""
        self._write(logging.getLevelNamesMapping()[level], address, stage)

    def rows(self, address: AttemptAddress, rows: int) -> None:
        """Log nothing: a line a batch would drown the rest."""

    def closed(self, outcome: Outcome) -> None:
        """Log the verdict."""
        level = logging.INFO if outcome.passed else logging.ERROR
        self._write(level, outcome.address, outcome.summary)

    def _write(self, level: int, address: AttemptAddress, message: str) -> None:
        if level >= self._least:
            self._log.log(level, f"{address.report} {address.period}: {message}")
