"""A run that is killed with SIGKILL at any moment, and two runs of one month at once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Protocol

import dagster as dg
import pyarrow.parquet as pq
import pytest

from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.lifecycle import AttemptVerdict, open_attempts
from soxauto_assets.evidence.outbox import AlertKind, unsent
from soxauto_assets.period import Period
from soxauto_assets.verify.package import verify_package
from soxauto_assets_tests.support.command import STORES, Home, predicate
from soxauto_assets_tests.support.starter import Starter

MONTH = "2024-09"


class Running(Protocol):
    """A started command."""

    def kill(self) -> None: ...
    def wait(self) -> int: ...
    @property
    def output(self) -> str: ...


class Interpreter:
    """`soxauto run` in an interpreter of its own, from its first import on."""

    def __init__(self, arguments: list[str], environment: dict[str, str], output: Path) -> None:
        self._output = output
        with output.open("wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "soxauto_assets.entrypoints.cli", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
            )

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int:
        return self._process.wait()

    @property
    def output(self) -> str:
        return self._output.read_text("utf-8")


Start = Callable[[list[str], dict[str, str], Path], Running]


@pytest.fixture(scope="module")
def starter() -> Iterator[Starter]:
    with Starter() as process:
        yield process


class Trial:
    """Runs of the same reports and month in one home, killed and not."""

    def __init__(self, folder: Path, demo: Path, reports: tuple[str, ...], start: Start) -> None:
        self.home = Home(folder / "home", demo)
        self.reports = reports
        self._arguments = ["run", "--period", MONTH]
        for report in reports:
            self._arguments += ["--report", report]
        self._start = start
        self._folder = folder
        self._number = 0
        self.seconds = 0.0

    def begin(self) -> Running:
        self._number += 1
        output = self._folder / f"{self._number}.txt"
        return self._start(self._arguments, self.home.environment, output)

    def complete(self) -> None:
        """A run to its end, which must pass."""
        began = time.monotonic()
        run = self.begin()
        assert run.wait() == 0, run.output
        self.seconds = time.monotonic() - began

    def killed(self, share: float, *, in_attempt: bool) -> bool:
        """A run that is killed after a share of its time; False where it had ended before.

        The time is that of the latest attempt, from its opening on, or of the latest whole run.
        """
        opened = self._folder / "home" / "state" / "journal"
        before = len(list(opened.glob("*-opened.json")))
        run = self.begin()
        if in_attempt:
            waited = time.monotonic()
            while len(list(opened.glob("*-opened.json"))) == before:
                assert time.monotonic() < waited + 120, run.output
                Event().wait(0.002)
        Event().wait(share * (self._attempt_seconds() if in_attempt else self.seconds))
        run.kill()
        code = run.wait()
        assert code in (0, -signal.SIGKILL), run.output
        return code != 0

    def _attempt_seconds(self) -> float:
        """How long the latest attempt that passed took, with what Dagster does after it."""
        closed = [
            (one.closed.closed_at - one.opened.opened_at).total_seconds()
            for one in self.home.history(self.reports[0], MONTH)
            if one.closed is not None and one.closed.verdict is AttemptVerdict.PASS
        ]
        return 1.2 * closed[-1]

    def require_whole_objects(self) -> None:
        """Nothing that can be seen in any store is a part of something."""
        for name in STORES:
            store = self.home.store(name)
            for listed in store.list(""):
                path = store.local_path(listed.key)
                match path.suffix:
                    case ".parquet":
                        assert pq.read_table(path).num_rows == 9, listed.key
                    case ".json":
                        json.loads(store.read(listed.key))
                    case ".jsonl":
                        for line in store.read(listed.key).splitlines():
                            json.loads(line)
                    case _:
                        assert store.read(listed.key), listed.key

    def require_unchanged(self, before: dict[str, str]) -> None:
        """What was there before is there as it was; only leases and current objects move.

        And the log's checkpoint, each of which extends the one before (``evidence/test_log.py``).
        """
        after = self.home.objects()
        fixed = {
            key: digest
            for key, digest in before.items()
            if not key.endswith(("/lease.json", "evidence/log/checkpoint"))
            and "/current/" not in key
        }
        assert {key: after.get(key) for key in fixed} == fixed

    def require_order(self) -> Counter[str]:
        """Every attempt is closed with its one package and its alert; how they ended."""
        state, ends = self.home.store("state"), Counter[str]()
        assert open_attempts(state) == ()
        assert unsent(state) == ()
        told = {path.stem for path in (self.home.folder / "alerts").glob("*.txt")}
        for report in self.reports:
            history = self.home.history(report, MONTH)
            packages = {path.name: path for path in self.home.packages(report, MONTH)}
            assert set(packages) == {one.address.attempt for one in history}
            for one in history:
                assert one.closed is not None
                package = packages[one.address.attempt]
                assert verify_package(package).first_difference is None
                assert predicate(package)["verdict"] == one.closed.verdict.value
                alert = f"{AlertKind.INTERRUPTED.value}.{report}.{MONTH}.{one.address.attempt}"
                died = one.closed.verdict is AttemptVerdict.INTERRUPTED
                assert (alert in told) == died
                ends[one.closed.verdict.value] += 1
            published = current(self.home.store("results"), report, Period.parse(MONTH))
            passed = [o for o in history if o.closed and o.closed.verdict is AttemptVerdict.PASS]
            assert published is not None
            assert published.attempt == passed[-1].address.attempt
        left = [
            path for name in STORES for path in (self.home.folder / name / ".partial").glob("*")
        ]
        left += (self.home.folder / "scratch").glob("session-*")
        assert left == []
        return ends

    def require_no_run_in_progress(self) -> None:
        """Dagster knows the runs of the dead as failed, and none of them holds a slot of a pool.

        A queue would wait for them for ever.
        """
        os.environ["DAGSTER_HOME"] = str(self.home.folder / "dagster")
        try:
            with dg.DagsterInstance.get() as instance:
                ended = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE}
                assert {run.status for run in instance.get_runs()} <= ended
                assert instance.event_log_storage.get_concurrency_run_ids() == set()
        finally:
            del os.environ["DAGSTER_HOME"]


def kill_often(trial: Trial, kills: int, chance: random.Random) -> tuple[int, Counter[str]]:
    """Kill that many runs, one after the other; each is followed by one that passes.

    The first falls into the middle of an attempt, so that one at least is interrupted; of the
    others four in five fall into an attempt, the rest anywhere between start and end.
    """

    def killed() -> bool:
        if done == 0:
            return trial.killed(0.4, in_attempt=True)
        return trial.killed(chance.random(), in_attempt=chance.random() < 0.8)

    done = 0
    trial.complete()
    while done < kills:
        before = dict(trial.home.objects())
        while not killed():
            pass  # it had ended; try again
        done += 1
        trial.require_whole_objects()
        trial.require_unchanged(before)
        if done % 3 == 0 and killed():
            done += 1  # the start that was to close the attempt dies too
            trial.require_whole_objects()
        before = dict(trial.home.objects())
        trial.complete()
        trial.require_unchanged(before)
        trial.require_order()
    trial.require_no_run_in_progress()
    ends = trial.require_order()
    assert ends[AttemptVerdict.INTERRUPTED.value] > 0, "no kill fell into an attempt"
    return done, ends


def test_a_run_killed_at_any_moment_is_closed_by_the_next_start_and_harms_nothing(
    new_folder: Callable[[], Path], demo_folder: Path, starter: Starter
) -> None:
    seed = random.randrange(2**32)
    trial = Trial(new_folder(), demo_folder, ("cr_05a",), starter.start)
    kills, ends = kill_often(trial, 5, random.Random(seed))
    print(f"{kills} kills with the seed {seed}: {dict(ends)}")


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_thirty_runs_killed_at_any_moment_are_closed_and_harm_nothing(
    new_folder: Callable[[], Path], demo_folder: Path
) -> None:
    seed = random.randrange(2**32)
    trial = Trial(new_folder(), demo_folder, ("cr_05", "cr_05a"), Interpreter)
    kills, ends = kill_often(trial, 30, random.Random(seed))
    print(
        f"\nSIGKILL at {kills} random moments of `soxauto run` (seed {seed}): {dict(ends)}; one "
        "package each, every re-run passed, no part of an object seen, nothing changed"
    )


def test_two_runs_of_one_month_at_once_both_stand_and_one_is_current(
    new_folder: Callable[[], Path], demo_folder: Path, starter: Starter
) -> None:
    trial = Trial(new_folder(), demo_folder, ("cr_05", "cr_05a"), starter.start)
    runs = [trial.begin(), trial.begin()]
    for run in runs:
        assert run.wait() == 0, run.output
    assert trial.require_order() == {"PASS": 4}
    trial.require_no_run_in_progress()
    results = trial.home.store("results")
    for report in trial.reports:
        history = trial.home.history(report, MONTH)
        # None mixed: each attempt's objects name one run, and current is one of them, whole.
        assert len({one.opened.run_id for one in history}) == 2
        published = current(results, report, Period.parse(MONTH))
        assert published is not None
        (package,) = (
            path for path in trial.home.packages(report, MONTH) if path.name == published.attempt
        )
        says = predicate(package)
        stored = {one["key"].rsplit("/")[-1]: one["sha256"] for one in says["stored"]}
        assert published.sha256 == stored["validated.parquet"]
        assert published.content_digest == says["data"]["content_digest"]
        with results.open(published.key) as file:
            assert pq.read_table(file).num_rows == 9
