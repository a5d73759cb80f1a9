"""Fault points and what befalls a process at them: which call, which kind, and the baton.

A process of the simulation is numbered at each call that leaves it. A plan says at which number
what happens, so a plan and a seed are the whole story. A call that the product makes from a thread
of its own (it asks for the months before at the same time) has its name instead of a number, for
the order of threads is nobody's to choose.

Here: points, kinds, the baton. Not here: the calls themselves (``world.py``).
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

T = TypeVar("T")


class Kind(Enum):
    """What a fault does to the call at which it strikes."""

    ERROR = "error"
    TIME_OUT = "time-out"
    ANSWER_LOST = "answer lost"
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"


class Killed(BaseException):
    """The process died at a call. Nothing of the product may catch it for good."""


Point = int | str
Plan = Mapping[Point, Kind]


class Baton:
    """Lets one of several processes run at a time; who is next is drawn at each call."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._turns: dict[str, threading.Semaphore] = {}

    def run(self, programs: Mapping[str, Callable[[], None]]) -> None:
        """Run the programs, each in a thread, until all have ended."""
        self._turns = {name: threading.Semaphore(0) for name in programs}
        threads = [
            threading.Thread(target=self._turn, args=(name, program), name=name)
            for name, program in programs.items()
        ]
        for thread in threads:
            thread.start()
        self._hand_on()
        for thread in threads:
            thread.join()

    def pass_on(self, name: str) -> None:
        """Maybe let another go first; called by whoever holds the baton."""
        if len(self._turns) > 1 and self._rng.random() < 0.3:
            turn = self._turns[name]
            self._hand_on()
            turn.acquire()

    def _turn(self, name: str, program: Callable[[], None]) -> None:
        self._turns[name].acquire()
        try:
            program()
        finally:
            del self._turns[name]
            self._hand_on()

    def _hand_on(self) -> None:
        if self._turns:
            self._turns[self._rng.choice(sorted(self._turns))].release()


@dataclass
class Process:
    """One process: its plan of faults, its calls so far, and whether it lives."""

    name: str
    plan: Plan = field(default_factory=dict)
    baton: Baton | None = None
    dead: bool = False
    calls: int = 0
    points: list[tuple[Point, str]] = field(default_factory=list)
    struck: list[tuple[Point, str, Kind]] = field(default_factory=list)
    thread: int = 0

    def run(self, program: Callable[[], None]) -> None:
        """Run the program in this thread, to its end or its death."""
        self.thread = threading.get_ident()
        with suppress(Killed):
            program()

    def call(
        self,
        what: str,
        key: str,
        action: Callable[[], T],
        errors: tuple[Callable[[], Exception], Callable[[], Exception]],
    ) -> T:
        """Make the call ``what``, unless the plan has something else in store.

        ``errors`` make the error of a refusal and that of a time-out; a lost answer looks to the
        caller as a time-out, but the call was made.
        """
        fault = self.arrive(what, key)
        if fault is None:
            return action()
        if fault is Kind.ERROR:
            raise errors[0]()
        if fault is Kind.CRASH_BEFORE:
            self.die()
        if fault is not Kind.TIME_OUT:
            with suppress(Exception):  # what it would have said nobody hears
                action()
        if fault is Kind.CRASH_AFTER:
            self.die()
        raise errors[1]()

    def arrive(self, what: str, key: str) -> Kind | None:
        """Note that the process has come to a point; what is to befall it there."""
        if self.dead:
            raise Killed(self.name)
        if threading.get_ident() == self.thread:
            if self.baton is not None:
                self.baton.pass_on(self.name)
            point: Point = self.calls
            self.calls += 1
        else:
            point = f"{what} {key}"
        self.points.append((point, what))
        fault = self.plan.get(point)
        if fault is not None:
            self.struck.append((point, what, fault))
        return fault

    def die(self) -> None:
        """No call of this process is made any more."""
        self.dead = True
        raise Killed(self.name)


def counted(processes: list[Process]) -> Counter[str]:
    """How often each kind of fault struck."""
    return Counter(kind.value for process in processes for _, _, kind in process.struck)
