"""MiniStack as a process on loopback: started, waited for, ended.

Here: what every use of the emulator shares. Not here: what it is used for (``ministack.py`` asks
Athena's questions, ``account.py`` deploys the template and tries rights).
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from soxauto_assets.settings import PROJECT_FOLDER
from soxauto_assets_tests.support.loopback import free_port

PROGRAM = PROJECT_FOLDER / ".venv-ministack" / "bin" / "ministack"
REGION = "eu-west-1"
_SECONDS = 60


@contextmanager
def ministack_process(
    folder: Path, settings: Mapping[str, str], answers: Callable[[int], bool]
) -> Iterator[int]:
    """The port of a running emulator whose files are in ``folder``.

    ``settings`` are environment variables beside those of every use; ``answers`` says whether it
    answers on a port yet.
    """
    if not PROGRAM.exists():
        raise AssertionError(f"{PROGRAM} is missing; `make .venv-ministack/installed` makes it")
    port = free_port()
    environment = os.environ | {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "ERROR",
        "MINISTACK_REGION": REGION,
        "S3_DATA_DIR": str(folder / "s3"),
        "TMPDIR": str(folder),
    } | settings  # fmt: skip
    log_file = folder / "ministack.log"
    with (
        log_file.open("wb") as log,
        subprocess.Popen([PROGRAM], env=environment, cwd=folder, stdout=log, stderr=log) as process,
    ):
        try:
            _wait_until(lambda: answers(port), process, log_file)
            yield port
        finally:
            process.terminate()


def _wait_until(answered: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and process.poll() is None:
        if answered():
            return
        time.sleep(0.1)
    raise AssertionError(f"MiniStack does not answer: {log.read_text(errors='replace')[-2000:]}")
