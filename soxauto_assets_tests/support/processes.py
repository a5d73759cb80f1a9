"""Forked children of a test: one that is waited for, or several that begin at once."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable

WRITERS = 4


def in_child(body: Callable[[], object]) -> int:
    """Run ``body`` in a forked child and give its wait status; 0: it returned."""
    child = os.fork()
    if child == 0:
        _run_and_exit(body)
    return os.waitpid(child, 0)[1]


def at_once(body: Callable[[int], object]) -> None:
    """Run ``body`` in four processes that begin at the same moment; all must return."""
    gate_read, gate_write = os.pipe()
    children = []
    for number in range(WRITERS):
        child = os.fork()
        if child == 0:
            os.close(gate_write)
            os.read(gate_read, 1)  # ends for all when the parent closes the gate
            _run_and_exit(lambda number=number: body(number))  # type: ignore[misc]
        children.append(child)
    os.close(gate_write)
    os.close(gate_read)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * WRITERS


def _run_and_exit(body: Callable[[], object]) -> None:
    code = 70
    try:
        body()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
