"""Logs for machines: one line of JSON on standard error for each thing that happens.

Every line has ``at``, ``level``, ``logger`` and ``message``; those of an attempt also
``attempt``, ``run``, ``report`` and ``period``. Of an exception only its kind is told, and of
the product's own errors the text: any other text may hold a secret or a row.

Here: the form, and the listener that writes it. Not here: what is logged.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from soxauto_assets.assets.causes import describe

if TYPE_CHECKING:
    from soxauto_assets.assets.outcome import Outcome
    from soxauto_assets.store.layout import AttemptAddress

PRODUCT = "soxauto_assets"
_FIELDS = "soxauto"


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info and isinstance(record.exc_info[1], Exception):
            line["error"] = describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


class _StandardError(logging.Handler):
    """Writes to what standard error is at that moment; a test or Dagster may redirect it."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


def log_as_json(level: str) -> None:
    """Have the product's own loggers write JSON from ``level`` on; calling again is no harm.

    Other libraries' loggers are left as they are: at DEBUG botocore logs whole answers, and with
    them a secret.
    """
    logger = logging.getLogger(PRODUCT)
    handler = _StandardError()
    handler.setFormatter(JsonFormatter())
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False


class JsonLogListener:
    """Logs each attempt of this process: where it stands, and how it ended."""

    def __init__(self) -> None:
        self._log = logging.getLogger(f"{PRODUCT}.attempt")
        self._runs: dict[str, str] = {}

    def opened(self, address: AttemptAddress, run_id: str) -> None:
        """The run stands in every line from here on."""
        self._runs[address.attempt] = run_id

    def stage(self, address: AttemptAddress, stage: str, level: str = "INFO") -> None:
        """A line."""
        number = logging.getLevelNamesMapping()[level]
        self._log.log(number, stage, extra={_FIELDS: self._about(address)})

    def rows(self, address: AttemptAddress, rows: int) -> None:
        """A line at DEBUG."""
        self._log.debug("reading", extra={_FIELDS: {**self._about(address), "rows": rows}})

    def closed(self, outcome: Outcome) -> None:
        """A line with the verdict; at ERROR where it is not PASS."""
        fields = {
            **self._about(outcome.address),
            "verdict": "PASS" if outcome.passed else "FAIL",
            "rows": outcome.rows,
            "seconds": round((outcome.ended - outcome.started).total_seconds(), 3),
            "failed_checks": [check.name for check in outcome.failed_checks],
            "package": outcome.package.url,
        }
        level = logging.INFO if outcome.passed else logging.ERROR
        self._log.log(level, outcome.summary, extra={_FIELDS: fields})
        self._runs.pop(outcome.address.attempt, None)

    def _about(self, address: AttemptAddress) -> dict[str, object]:
        return {
            "attempt": address.attempt,
            "run": self._runs.get(address.attempt),
            "report": address.report,
            "period": str(address.period),
        }
