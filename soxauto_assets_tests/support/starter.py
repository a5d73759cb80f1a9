"""Starts `soxauto` many times without importing Dagster each time: a process that forks.

Run as ``python -m soxauto_assets_tests.support.starter``. It has imported what takes long and
starts no thread, so a child of it is the command as it would be after its own imports. It takes
one JSON line a command: ``{"start": [...], "environment": {...}, "output": path}`` answers the
pid, ``{"wait": pid}`` the exit code, negative for a signal.

Here: the process and its handle, which starts real new interpreters too. Not here: what is
started and killed when.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO


class Forked:
    """A child of the starter that runs ``soxauto``."""

    def __init__(self, starter: Starter, pid: int, output: Path) -> None:
        self._starter = starter
        self._pid = pid
        self._output = output

    def kill(self) -> None:
        """SIGKILL, also where it has ended: nobody has waited for it yet, so the pid is its own."""
        os.kill(self._pid, signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self._pid, number)

    def wait(self) -> int:
        """Its exit code, negative for a signal."""
        return int(self._starter.ask({"wait": self._pid}))

    @property
    def output(self) -> str:
        """What it has printed so far, standard error included."""
        return self._output.read_text("utf-8")


class Starter:
    """The handle of a starter process; a context manager that ends it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], output: Path
    ) -> Forked:
        """Begin ``soxauto`` with the arguments; its output goes to a file."""
        output.touch()  # may be read at once
        command = {
            "start": list(arguments),
            "environment": dict(environment),
            "output": str(output),
        }
        return Forked(self, int(self.ask(command)), output)

    def ask(self, command: Mapping[str, Any]) -> Any:
        """Send one command and give its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __enter__(self) -> Starter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def _serve(commands: TextIO, answers: TextIO) -> None:
    for name in ("definitions", "entrypoints.close_month", "warehouse.rendering"):
        importlib.import_module(f"soxauto_assets.{name}")
    importlib.import_module("duckdb")
    threads = len(os.listdir("/proc/self/task"))
    assert threads == 1, f"{threads} threads: a fork would leave them behind with what they hold"
    for line in commands:
        command = json.loads(line)
        if "wait" in command:
            _, status = os.waitpid(command["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                _be_soxauto(command)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _be_soxauto(command: Mapping[str, Any]) -> None:
    from soxauto_assets.entrypoints import cli

    output = os.open(command["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for handle, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(handle, target)
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv = ["soxauto", *command["start"]]
    code = 70
    try:
        cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(sys.stdin, sys.stdout)
