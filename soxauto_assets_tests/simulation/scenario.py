"""Stories of a month: who works on it, with which faults, and how it stands after a recovery.

A story is one number: the seed draws its shape (one run; runs after each other; two at once; a run
beside the daemon), the state of the source, one to four faults, and who goes first at each call.

Here: stories and what came of them. Not here: what must hold (``invariants.py``).
"""

from __future__ import annotations

import contextlib
import io
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from unittest import mock

from soxauto_assets_tests.simulation.faults import Baton, Kind, Plan, Point, Process, counted
from soxauto_assets_tests.simulation.invariants import digest, problems, verdicts, watched
from soxauto_assets_tests.simulation.small_report import small_catalog
from soxauto_assets_tests.simulation.source import lacking, record
from soxauto_assets_tests.simulation.world import (
    BAD,
    GOOD,
    LAST_MONTH,
    MONTH,
    OTHER,
    REPORT,
    Computer,
    World,
)
from soxauto_assets_tests.support.workshop import small_source

LATER = timedelta(days=3)
"""When the one recovery comes: after every lease and claim, also of a clock that ran ahead."""
KINDS = tuple(Kind)


@dataclass(frozen=True)
class Beginnings:
    """The worlds that stories begin with: the last month is good; so is this one, or not yet."""

    fresh: World
    closed: World
    lengths: tuple[tuple[int, ...], ...] = ()
    """For each shape, how many calls each of its processes makes where nothing fails."""


@dataclass(frozen=True)
class Ended:
    """How a story ended: what does not hold, the faults that struck, and a digest of it all.

    ``points`` are the calls of each process, ``verdicts`` those of all packages, oldest first.
    """

    problems: tuple[str, ...]
    struck: Counter[str]
    places: tuple[str, ...]
    digest: str
    points: tuple[tuple[tuple[Point, str], ...], ...]
    verdicts: tuple[str, ...]


def beginnings(folder: Path) -> Beginnings:
    """Record the sources and live the last good month, without faults."""
    catalog = small_catalog(folder / "catalog")
    sources = {}
    for name, month, rate in (
        (GOOD, LAST_MONTH, "2.25"),
        (GOOD, MONTH, "2.5"),
        (OTHER, MONTH, "2.75"),
    ):
        source = small_source(folder / f"{name} {month}", period=month, rate=rate)
        sources[name, month] = record(source, REPORT, month, catalog)
    sources[BAD, MONTH] = lacking(sources[GOOD, MONTH])
    fresh = World(sources, catalog, folder)
    with chance(0):
        _alone(fresh, "april", lambda computer: computer.close_month(GOOD, LAST_MONTH))
        fresh.pass_time(timedelta(days=30))
        closed = fresh.copy()
        _alone(closed, "may", lambda computer: computer.close_month(GOOD))
        closed.pass_time(timedelta(hours=1))
    assert not fresh.raised
    assert not closed.raised
    begun = Beginnings(fresh.copy(), closed.copy())
    lengths = []
    for shape in SHAPES:
        ended = live(0, begun.closed, shape, [GOOD] * 3, [{} for _ in shape])
        assert not ended.problems
        assert set(ended.verdicts) == {"PASS"}
        lengths.append(tuple(len(points) for points in ended.points))
    return replace(begun, lengths=tuple(lengths))


def told(seed: int, begun: Beginnings) -> Ended:
    """The story of a seed."""
    rng = random.Random(seed)
    before = rng.choice((begun.fresh, begun.closed))
    number = rng.randrange(len(SHAPES))
    shape = SHAPES[number]
    source = [rng.choice((GOOD, GOOD, OTHER, BAD)) for _ in range(3)]
    plans: list[dict[Point, Kind]] = [{} for _ in shape]
    for _ in range(rng.randint(1, 4)):
        process = rng.randrange(len(shape))
        plans[process][_place(rng, begun.lengths[number][process])] = rng.choice(KINDS)
    return live(seed, before, shape, source, plans)


def live(
    seed: int,
    before: World,
    shape: Sequence[tuple[int, str]],
    sources: Sequence[str],
    plans: Sequence[Plan],
) -> Ended:
    """Live a story to its end and ask what must hold.

    ``shape`` says of each process in which act it works and as what (``run`` or ``daemon``).
    """
    rng = random.Random(seed)
    with chance(seed):
        world = before.copy()
        orders = watched(world)
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            for act in sorted({act for act, _ in shape}):
                _act(world, act, shape, sources, plans, rng)
                world.pass_time(timedelta(seconds=rng.choice((1, 60, 600))))
            processes = [computer.process for computer in world.computers]
            world.pass_time(LATER)
            recovery = world.start(Process("recovery"))
            raised = len(world.raised)
            recovery.process.run(recovery.watch)
        world.said = said.getvalue()
        found = orders + problems(world, before)
        found += [f"the recovery raised {error}" for _, error in world.raised[raised:]]
    return Ended(
        tuple(found),
        counted(processes),
        tuple(f"{kind.value} at {what}" for p in processes for _, what, kind in p.struck),
        digest(world),
        tuple(tuple(process.points) for process in processes),
        verdicts(world),
    )


SHAPES: tuple[tuple[tuple[int, str], ...], ...] = (
    ((0, "run"),),
    ((0, "run"), (1, "run")),
    ((0, "run"), (0, "run")),
    ((0, "run"), (0, "daemon")),
    ((0, "run"), (1, "run"), (1, "run")),
    ((0, "run"), (1, "daemon"), (2, "run")),
)


def _place(rng: random.Random, calls: int) -> Point:
    """Any call of a process: most are numbered, some are those that ask for earlier months."""
    if rng.random() < 0.03:
        return f"results.info current/{REPORT}/month={LAST_MONTH}/data.parquet"
    return rng.randrange(calls)


def _act(
    world: World,
    act: int,
    shape: Sequence[tuple[int, str]],
    sources: Sequence[str],
    plans: Sequence[Plan],
    rng: random.Random,
) -> None:
    """The processes of one act, at once where there are several."""
    programs: dict[str, Callable[[], None]] = {}
    baton = Baton(rng)
    cast = [number for number, (when, _) in enumerate(shape) if when == act]
    for number in cast:
        process = Process(f"p{number}", plans[number], baton if len(cast) > 1 else None)
        computer = world.start(process)
        role = shape[number][1]
        programs[process.name] = _program(computer, role, sources[number])
    if len(programs) == 1:
        next(iter(programs.values()))()
    else:
        baton.run(programs)


def _program(computer: Computer, role: str, source: str) -> Callable[[], None]:
    work = computer.watch if role == "daemon" else lambda: computer.close_month(source)
    return lambda: computer.process.run(work)


def _alone(world: World, name: str, work: Callable[[Computer], None]) -> None:
    computer = world.start(Process(name))
    computer.process.run(lambda: work(computer))


@contextmanager
def chance(seed: int) -> Iterator[None]:
    """What the product draws by lot (attempt ids, tokens) follows from the seed."""
    rng = random.Random(f"chance {seed}")
    with mock.patch.object(secrets, "token_hex", lambda count=32: rng.randbytes(count).hex()):
        yield
