"""Lambda on loopback: the Runtime API, and the function's process with AWS's own client in it.

Here: serving events to the real ``awslambdaric`` and taking its answers. What it cannot show:
Lambda's limits of memory and time, its freezing of processes, the retries of the service.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.peak import peak_mib

HANDLER = "soxauto_assets.entrypoints.lambda_handler.handler"
_PREFIX = "/2018-06-01/runtime/"


@dataclass(frozen=True)
class Answered:
    """What the function answered: its document, and whether it is an error."""

    document: Any
    failed: bool


@dataclass(frozen=True)
class Spent:
    """What the process used: seconds of processor, and the most memory (MiB)."""

    cpu_seconds: float
    peak_mib: float


class LambdaRuntime:
    """The Runtime API; ``ask`` hands one event over and waits for its answer."""

    def __init__(self) -> None:
        self._events: queue.Queue[tuple[str, bytes, float] | None] = queue.Queue()
        self._answers: queue.Queue[Answered] = queue.Queue()
        self._number = 0
        runtime = self

        class Api(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                event = runtime._events.get()
                if event is None:
                    self.close_connection = True
                    return
                name, body, seconds = event
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", name)
                self.send_header(
                    "Lambda-Runtime-Deadline-Ms", str(int((time.time() + seconds) * 1000))
                )
                self.send_header(
                    "Lambda-Runtime-Invoked-Function-Arn",
                    "arn:aws:lambda:eu-west-1:123456789012:function:soxauto-run",
                )
                # The service always sends both; without them the client ends by a fault of memory.
                self.send_header(
                    "Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793"
                )
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                failed = not self.path.endswith("/response")
                runtime._answers.put(Answered(json.loads(sent), failed))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def ask(self, event: object, *, seconds: float = 900) -> Answered:
        """The answer to an event that may take ``seconds``."""
        self._number += 1
        self._events.put((f"request-{self._number}", json.dumps(event).encode(), seconds))
        return self._answers.get(timeout=seconds + 120)

    def stop(self) -> None:
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()


class Function:
    """The process of the function; ``ask`` sends an event through the Runtime API."""

    def __init__(self, runtime: LambdaRuntime, process: subprocess.Popen[bytes], log: Path) -> None:
        self._runtime, self._process, self._log = runtime, process, log
        self.spent: Spent | None = None

    def ask(self, event: object, *, seconds: float = 900) -> Answered:
        try:
            return self._runtime.ask(event, seconds=seconds)
        except queue.Empty:
            raise AssertionError(f"no answer; its log: {self.log()[-2000:]}") from None

    def log(self) -> str:
        """What it wrote to standard output and error by now."""
        return self._log.read_text("utf-8", "replace")

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def peak_mib(self) -> float:
        """The most memory that it had at once by now."""
        return peak_mib(self._process.pid)

    def cpu_seconds(self) -> float:
        """The seconds of processor that it used by now."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        peak = peak_mib(self._process.pid)
        # Not Popen's own way, which would take what the process used.
        os.kill(self._process.pid, signal.SIGKILL)
        _, _, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = -signal.SIGKILL
        self.spent = Spent(usage.ru_utime + usage.ru_stime, peak)


@contextmanager
def lambda_function(
    environment: Mapping[str, str],
    folder: Path,
    *,
    started: Callable[[Sequence[str]], Sequence[str]] = list,
) -> Iterator[Function]:
    """The function in a process of its own, with ``environment`` alone; its log in ``folder``.

    ``started`` makes of its command another that becomes it, as ``confined`` does.
    """
    runtime = LambdaRuntime()
    log = folder / "function.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            started([sys.executable, "-m", "awslambdaric", HANDLER]),
            env={**environment, "AWS_LAMBDA_RUNTIME_API": runtime.address},
            stdout=file,
            stderr=file,
            cwd="/",
        )
        function = Function(runtime, process, log)
        try:
            yield function
        finally:
            function.stop()
            runtime.stop()
