"""What an attempt tells while it works, and to whom.

Here: the listener protocol and the one that writes to Dagster's log. Not here: how a terminal
shows it (``entrypoints/console.py``).
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


class LogListener:
    """Tells Dagster's log; the listener where nobody sits at a terminal."""

    def __init__(self) -> None:
        self._log = dg.get_dagster_logger("soxauto")

    def opened(self, address: AttemptAddress, run_id: str) -> None:
        """Log the attempt's id."""
        self._log.info(f"{address.report} {address.period}: attempt {address.attempt} opened")

    def stage(self, address: AttemptAddress, stage: str, level: str = "INFO") -> None:
        """Log the stage."""
        number = logging.getLevelNamesMapping()[level]
        self._log.log(number, f"{address.report} {address.period}: {stage}")

    def rows(self, address: AttemptAddress, rows: int) -> None:
        """Log nothing: a line a batch would drown the rest."""

    def closed(self, outcome: Outcome) -> None:
        """Log the verdict."""
        self._log.info(f"{outcome.address.report} {outcome.address.period}: {outcome.summary}")
