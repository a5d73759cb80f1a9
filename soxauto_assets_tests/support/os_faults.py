"""Faults of the operating system at chosen calls: a kill, or an error, at the n-th of them.

The calls are real; only their n-th is cut short. That makes "killed at any moment" a finite list
of moments that a test walks through, without timing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from soxauto_assets_tests.support.processes import in_child

CHANGING_CALLS = (
    "open",
    "write",
    "copy_file_range",
    "fsync",
    "mkdir",
    "link",
    "replace",
    "unlink",
)
"""The calls of ``os`` by which the product changes a disk."""


@contextmanager
def fault_at(number: int, fault: Callable[[str], None]) -> Iterator[list[str]]:
    """Call ``fault`` with the name of the ``number``-th changing call, in place of the call.

    A write or copy is done by half first. Gives the list of the calls that were made.
    """
    made: list[str] = []

    def wrap(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            made.append(name)
            if len(made) != number:
                return real(*args, **kwargs)
            if name == "write":
                real(args[0], args[1][: len(args[1]) // 2])
            elif name == "copy_file_range":
                real(args[0], args[1], os.fstat(args[0]).st_size // 2)
            fault(name)
            return None

        return call

    before = {name: getattr(os, name) for name in CHANGING_CALLS}
    for name, real in before.items():
        setattr(os, name, wrap(name, real))
    try:
        yield made
    finally:
        for name, real in before.items():
            setattr(os, name, real)


def killed_at(number: int, body: Callable[[], object]) -> bool:
    """Run ``body`` in a child that SIGKILLs itself at its ``number``-th changing call.

    False where ``body`` ended before that call; a child that fails otherwise fails the test.
    """

    def die(name: str) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    status = in_child(lambda: _under_fault(number, die, body))
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    assert status == 0, f"the child failed on its own (status {status}); see its traceback"
    return False


def failing_at(number: int, code: int, body: Callable[[], object]) -> bool:
    """Run ``body`` with its ``number``-th changing call answered by the error ``code``.

    True where the call was reached. What ``body`` raises comes out.
    """

    def fail(name: str) -> None:
        raise OSError(code, os.strerror(code))

    with fault_at(number, fail) as made:
        body()
    return len(made) >= number


def _under_fault(number: int, fault: Callable[[str], None], body: Callable[[], object]) -> None:
    with fault_at(number, fault):
        body()
