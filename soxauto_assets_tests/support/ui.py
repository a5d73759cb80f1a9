"""The UI as a user starts it, in a folder of its own, and a browser to look at it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import tenacity
from playwright.sync_api import Page, expect, sync_playwright

from soxauto_assets_tests.support import parts
from soxauto_assets_tests.support.loopback import free_port

SOXAUTO = [sys.executable, "-m", "soxauto_assets.entrypoints.cli"]
START_SECONDS = 180
END_SECONDS = 30
WAIT_MILLISECONDS = 30_000
VIEW = {"width": 1600, "height": 900}
_BROWSER_FLAGS = (
    "--no-sandbox",  # CI runs as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def small_environment(home: Path) -> dict[str, str]:
    """The caller's environment, but for the product's own: the small demonstration in ``home``."""
    own = ("SOXAUTO_", "DAGSTER_", "AWS_", "CUTOFF_DATE", "LOG_LEVEL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return kept | {"SOXAUTO_HOME": str(home), "SOXAUTO_DEMO_SIZE": "0.02"}


class RunningUi:
    """`soxauto ui` with all its processes. ``address`` is where it is looked at."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*SOXAUTO, "ui", "--port", str(port), "--pages-port", "0"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_listen_to_signals,
            )

    def wait_until_it_answers(self) -> None:
        """Return when the web server answers; fails with the log where it does not."""

        @tenacity.retry(
            retry=tenacity.retry_if_exception_type(OSError),
            stop=tenacity.stop_after_delay(START_SECONDS),
            wait=tenacity.wait_fixed(0.1),
            reraise=True,
        )
        def ask() -> None:
            assert self._process.poll() is None, f"the UI ended:\n{self.output}"
            urllib.request.urlopen(f"{self.address}/server_info", timeout=5).close()

        ask()

    @property
    def pages(self) -> str:
        """Where it says that the pages of packages and months are."""
        return self.output.splitlines()[0].rpartition("Pages: ")[2].strip()

    @property
    def output(self) -> str:
        """What it has written to the terminal so far."""
        return self._log.read_text(errors="replace")

    def press_ctrl_c(self) -> int:
        """What a terminal does at Ctrl-C, to all its processes; the exit code of the command."""
        os.killpg(self._process.pid, signal.SIGINT)
        return self._process.wait(END_SECONDS)

    def living_processes(self) -> list[str]:
        """Command lines of its processes that have not ended (Linux)."""
        return [
            (stat.parent / "cmdline").read_text().replace("\0", " ")
            for stat in Path("/proc").glob("[0-9]*/stat")
            if _group_of_living(stat) == self._process.pid
        ]

    def kill(self) -> None:
        """End whatever is left of it; nothing where all has ended."""
        while self.living_processes():
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(END_SECONDS)


def _listen_to_signals() -> None:
    # A shell's background job ignores both, and Python then ignores Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _group_of_living(stat: Path) -> int | None:
    try:
        state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
    except OSError:  # it has just ended
        return None
    return None if state == "Z" else int(group)


@contextmanager
def opened_browser(profile: Path) -> Iterator[Page]:
    """A page of the system's Chromium, without a display, in a profile that nobody has used."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=parts.need("browser"),
            headless=True,
            args=list(_BROWSER_FLAGS),
            viewport=VIEW,
        )
        page = context.pages[0]
        page.set_default_timeout(WAIT_MILLISECONDS)
        expect.set_options(timeout=WAIT_MILLISECONDS)
        yield page
        context.close()
