"""How much of the chain's time its evidence takes: every call of that room, measured as it runs.

What stands in the chain's way (package, papers, signature, seal, log, records of the attempt) is
counted by the clock. What is done beside it by other threads (content digest, SHA-256 of the
spooled file) is counted by the processor's time of the thread, as if the chain had waited for it.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import SimpleNamespace
from typing import Any

IN_THE_WAY = (
    "soxauto_assets.evidence.lifecycle:open_attempt",
    "soxauto_assets.evidence.lifecycle:close_attempt",
    "soxauto_assets.evidence.timestamping:publish_and_stamp",
    "soxauto_assets.evidence.log_keeping:record_catalogue",
    "soxauto_assets.evidence.log_keeping:keep_log",
    "soxauto_assets.evidence.environment:describe_environment",
    "soxauto_assets.evidence.papers.history:recent_months",
    "soxauto_assets.evidence.baseline:compare",
)
BESIDE = ("soxauto_assets.store.content_digest:ContentDigester.update",)


class Share:
    """Seconds by what was done; work within other work of the list is counted once."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._local = threading.local()

    def timed(self, name: str, real: Callable[..., Any], clock: Callable[[], float]) -> Any:
        """The same function, whose time is noted under ``name``."""

        def call(*given: Any, **named: Any) -> Any:
            if getattr(self._local, "within", False):
                return real(*given, **named)
            self._local.within, began = True, clock()
            try:
                return real(*given, **named)
            finally:
                self._local.within = False
                self.seconds[name] = self.seconds.get(name, 0.0) + clock() - began

        return call


@contextmanager
def measured() -> Iterator[Share]:
    """Measure all evidence work that is done meanwhile in this process."""
    share, undo = Share(), []
    for places, clock in ((IN_THE_WAY, time.perf_counter), (BESIDE, time.thread_time)):
        for place in places:
            module, _, path = place.partition(":")
            *owner, name = path.split(".")
            holder: Any = import_module(module)
            for part in owner:
                holder = getattr(holder, part)
            real = getattr(holder, name)
            setattr(holder, name, share.timed(path, real, clock))
            undo.append((holder, name, real))
    spool: Any = import_module("soxauto_assets.store.spool")
    undo.append((spool, "hashlib", hashlib))
    spool.hashlib = SimpleNamespace(sha256=lambda: _TimedHash(share))
    try:
        yield share
    finally:
        for holder, name, real in undo:
            setattr(holder, name, real)


class _TimedHash:
    """A SHA-256 whose updates are measured."""

    def __init__(self, share: Share) -> None:
        self._digest = hashlib.sha256()
        self.hexdigest = self._digest.hexdigest
        self.update = share.timed("SHA-256 of the spool", self._digest.update, time.thread_time)
