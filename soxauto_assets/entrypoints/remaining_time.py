"""The time that a function has left: watched, so that it stops by itself before it is killed.

Here: the watch. Not here: what is done with what was stopped (``lambda_handler.py``).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

RESERVE_SECONDS = 60.0
"""For packing, signing and closing the attempt under way, the alert and the answer."""
RESERVE_SHARE = 0.2
"""Of a shorter time: so much of it is the reserve."""


class RemainingTime:
    """Interrupts the main thread, as Ctrl-C does, when only the reserve is left.

    The attempt under way then ends as interrupted, with its package and alert, as it does for
    Ctrl-C and SIGTERM. ``left`` gives the seconds that the process has. A context manager, for
    the main thread; ``is_up`` says whether it has interrupted.
    """

    def __init__(self, left: Callable[[], float]) -> None:
        self.is_up = False
        self.reserve = min(RESERVE_SECONDS, RESERVE_SHARE * max(left(), 0.0))
        self._left = left
        self._timer: threading.Timer | None = None
        self._before: object = None

    @property
    def seconds(self) -> float:
        """How long there is to work, without the reserve; never below zero."""
        return max(0.0, self._left() - self.reserve)

    def __enter__(self) -> RemainingTime:
        """Begin to watch."""
        # A process that was started in the background may ignore SIGINT; this one must not.
        self._before = signal.signal(signal.SIGINT, _interrupt)
        self._timer = threading.Timer(self.seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop to watch."""
        assert self._timer is not None
        self._timer.cancel()
        signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]

    def _ring(self) -> None:
        self.is_up = True
        # A real signal: it also wakes the main thread where that waits for a socket.
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
