"""How long the Lambda function takes from the start of its process to its first query.

The real thing, on loopback: AWS's own client, buckets and topic of an emulator, the embedded
warehouse. Its JSON log tells the moment at which the first control of a report is sent to the
source, after the settings, the definitions, the question whether the month is ready, and the
opening of the attempt in the stores. A second start has Python write down every import.

`python -m benchmarks.cold_start [--repeat 3]`
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from soxauto_assets.assets.partitions import last_closed_period
from soxauto_assets.demo.build import ensure_demo
from soxauto_assets.settings import Settings
from soxauto_assets_tests.support.cloud import Cloud
from soxauto_assets_tests.support.command import Home
from soxauto_assets_tests.support.demo import SMALL
from soxauto_assets_tests.support.lambda_runtime import Function, lambda_function
from soxauto_assets_tests.support.s3_server import S3Server, s3_server

LIMIT_SECONDS = 8.0
FIRST_QUERY = re.compile(r'^{"at": "(?P<at>[^"]+)".*"message": "control ', re.MULTILINE)
_IMPORT = re.compile(r"^import time: +(?P<own>\d+) \| +\d+ \| +(?P<module>\S+)$", re.MULTILINE)
EVENT = {"period": "2024-09", "reports": ["cr_05"]}
NOT_NEEDED = (
    "IPython", "dagster_aws", "dagster_postgres", "dagster_webserver", "grpc_health", "jinja2",
    "openpyxl", "pandas", "pandera", "polars", "psycopg2", "pygal", "pyodbc", "pytest",
    "requests", "sqlparse", "typer", "uvicorn", "xlsxwriter",
)  # fmt: skip
"""What a run needs later, or never, and so must not be there before the first query."""
SHOWN_MODULES = 14


def bench(console: Console, repeat: int = 3) -> int:
    """Measure, print, and judge; 0 where the limit is kept and nothing unneeded was imported."""
    with ExitStack() as kept:
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory()))
        server = kept.enter_context(s3_server())
        demo = folder / "demo"
        ensure_demo(demo, through=last_closed_period(Settings.load({})), plan=SMALL)
        starts = []
        for number in range(repeat):
            with _started(server, folder / f"{number}", demo) as (function, began):
                starts.append((_first_query(function) - began, function.cpu_seconds()))
        with _started(server, folder / "imports", demo, PYTHONPROFILEIMPORTTIME="1") as (
            function,
            began,
        ):
            slowed = _first_query(function) - began
            own = _imports(function.log())
    console.print(_table(own, slowed))
    fastest = min(seconds for seconds, _ in starts)
    shown = ", ".join(f"{seconds:.1f} ({cpu:.1f} of processor)" for seconds, cpu in starts)
    unneeded = sorted(set(NOT_NEEDED) & {module.partition(".")[0] for module in own})
    kept_limits = {
        f"first query {fastest:.1f} s after the start of the process (limit {LIMIT_SECONDS:.0f}; "
        f"starts: {shown}; load {os.getloadavg()[0]:.1f})": fastest < LIMIT_SECONDS,
        f"of {', '.join(NOT_NEEDED)} imported before it: {', '.join(unneeded) or 'none'}": (
            not unneeded
        ),
    }
    for text, holds in kept_limits.items():
        console.print(f"{'kept  ' if holds else 'BROKEN'} {text}", highlight=False)
    return 0 if all(kept_limits.values()) else 1


@contextmanager
def _started(
    server: S3Server, folder: Path, demo: Path, **variables: str
) -> Iterator[tuple[Function, float]]:
    """A function that was just started, with its event waiting, and the moment of its start."""
    folder.mkdir()
    environment = Cloud(server).environment(Home(folder / "home", demo)) | variables
    began = time.time()
    with lambda_function(environment, folder) as function:
        threading.Thread(target=function.ask, args=(EVENT,), daemon=True).start()
        yield function, began


def _first_query(function: Function) -> float:
    """When the first query was sent (seconds since 1970), as the function's own log says."""
    waited = time.monotonic()
    while (found := FIRST_QUERY.search(function.log())) is None:
        if time.monotonic() > waited + 120:
            raise RuntimeError(f"no query was sent: {function.log()[-2000:]}")
        threading.Event().wait(0.05)
    return datetime.fromisoformat(found["at"]).timestamp()


def _imports(log: str) -> dict[str, int]:
    """The microseconds of each module's own import, up to the first query."""
    until = FIRST_QUERY.search(log)
    assert until is not None
    return {one["module"]: int(one["own"]) for one in _IMPORT.finditer(log, 0, until.start())}


def _table(own: dict[str, int], slowed: float) -> Table:
    packages: dict[str, list[int]] = defaultdict(list)
    for module, microseconds in own.items():
        packages[module.partition(".")[0]].append(microseconds)
    every = sum(own.values())
    table = Table(
        title=f"Imports before the first query: {len(own)} modules, {every / 1e6:.2f} s of "
        f"{slowed:.1f} s (slowed by writing them down)"
    )
    for heading in ("package", "modules", "s", "share"):
        table.add_column(heading, justify="left" if heading == "package" else "right")
    ranked = sorted(packages.items(), key=lambda one: -sum(one[1]))
    rest = [one for _, many in ranked[SHOWN_MODULES:] for one in many]
    for name, many in [*ranked[:SHOWN_MODULES], (f"{len(packages) - SHOWN_MODULES} others", rest)]:
        table.add_row(
            name, str(len(many)), f"{sum(many) / 1e6:.2f}", f"{100 * sum(many) / every:.0f} %"
        )
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    return bench(Console(), parser.parse_args().repeat)


if __name__ == "__main__":
    sys.exit(main())
