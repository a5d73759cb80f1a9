"""Reading the source again after a transient error: how often, and with what pauses.

Here: the one policy for all that reads a whole snapshot. Not here: which errors are transient
(``protocol.py``, ``sqlserver_errors.py``), and what one reading does.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import tenacity

from soxauto_assets.errors import TransientError

BATCH_ROWS = 16_384
"""Rows an engine sends at a time."""


def readings(
    tries: int,
    failed: Callable[[int, BaseException | None], None],
    *,
    pause: Callable[[float], None] = time.sleep,
) -> tenacity.Retrying:
    """The readings, at most ``tries``; each is to be made in the context that iteration gives.

    A TransientError starts another one after a growing pause, of which ``failed`` hears first,
    with the number of the reading; the last one's error is raised, any other at once. ``pause``
    waits so many seconds.
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TransientError),
        stop=tenacity.stop_after_attempt(tries),
        wait=tenacity.wait_exponential_jitter(multiplier=0.5, max=30),
        before_sleep=lambda state: failed(
            state.attempt_number, state.outcome.exception() if state.outcome else None
        ),
        sleep=pause,
        reraise=True,
    )
