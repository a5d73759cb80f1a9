"""The whole control of a large month, as `soxauto pg01` makes it: inputs, figures, package.

`python -m benchmarks.control [--rows 5000000] [--folder .soxauto/bench]`

Measured in a process of its own: the attempt from opening to its close (what it reads is verified
byte by byte, all bridges, following and comparing, tables, package), then the review workbook;
and the classification of the voucher entries by itself, from the files of the reports.
Extraction is not part of it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.peak import peak_mib

SECONDS_LIMIT, PEAK_LIMIT, CLASSIFIED_LIMIT = 90, 1536, 1_000_000
"""At 5 million entries and order items: seconds, MiB; entries classified a second."""
JUDGED_ROWS = 5_000_000


def main() -> int:
    """Build what is needed, measure, and print the figures against their limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=JUDGED_ROWS)
    parser.add_argument("--folder", type=Path, default=Path(".soxauto/bench"))
    arguments = parser.parse_args()
    return bench(arguments.folder, arguments.rows, Console())


def bench(folder: Path, rows: int, console: Console) -> int:
    """The figures at ``rows``; 0 where every limit is kept."""
    from benchmarks.control_inputs import build

    with console.status(f"building the reports of {rows:,} entries and order items"):
        home = build(folder, rows)
    with console.status(f"the control of {rows:,} entries and order items"):
        control = _run("attempt", home)
    with console.status("the classification"):
        classes = _run("classes", home)
    table = Table(title=f"PG-01 at {rows:,} ledger entries and {rows:,} order items")
    for heading in ("stage", "s", "CPU s", "peak, MiB"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for stage, seconds, cpu, peak in control["stages"]:
        table.add_row(stage, f"{seconds:.1f}", f"{cpu:.1f}", f"{peak:.0f}")
    table.add_row(
        "the whole control",
        f"{control['seconds']:.1f}",
        f"{control['cpu']:.1f}",
        f"{control['peak']:.0f}",
        style="bold",
    )
    table.add_row(
        f"classification of {classes['rows']:,} entries",
        f"{classes['seconds']:.2f}",
        f"{classes['cpu']:.2f}",
        f"{classes['peak']:.0f}",
    )
    console.print(table)
    speed = classes["rows"] / classes["seconds"]
    kept = {
        f"{speed:,.0f} entries classified a second (limit {CLASSIFIED_LIMIT:,})": (
            speed >= CLASSIFIED_LIMIT
        )
    }
    if rows >= JUDGED_ROWS:
        kept[f"{control['seconds']:.1f} s (limit {SECONDS_LIMIT})"] = (
            control["seconds"] < SECONDS_LIMIT
        )
        kept[f"{control['peak']:.0f} MiB (limit {PEAK_LIMIT})"] = control["peak"] <= PEAK_LIMIT
    for text, holds in kept.items():
        console.print(f"{'kept  ' if holds else 'BROKEN'} {text}", highlight=False)
    return 0 if all(kept.values()) else 1


def _run(what: str, home: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.control", what, str(home)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


class StopWatch:
    """A listener that notes when each stage of the attempt began."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, float, float, float]] = []

    def opened(self, address: object, run_id: str) -> None:
        """The attempt has begun."""
        self.stage(address, "opened")

    def stage(self, address: object, stage: str, level: str = "INFO") -> None:
        """A stage begins."""
        if level != "ERROR":
            text = stage.split(" 2026")[0]
            self.stages.append((text, time.perf_counter(), time.process_time(), peak_mib()))

    def rows(self, address: object, rows: int) -> None:
        """Rows have arrived."""

    def closed(self, outcome: object) -> None:
        """The attempt has ended."""
        self.stage(outcome, "closed")


def measure_attempt(home: Path) -> dict[str, Any]:
    """One attempt at the control; what it left is taken away again."""
    os.environ["DAGSTER_HOME"] = str(home)
    from benchmarks.control_inputs import PERIOD
    from soxauto_assets.assets.control_attempt import attempt_control
    from soxauto_assets.assets.control_review import make_review
    from soxauto_assets.assets.factory import surroundings
    from soxauto_assets.assets.surroundings import RunIdentity
    from soxauto_assets.definitions import build
    from soxauto_assets.settings import Settings

    settings = Settings.load({"SOXAUTO_HOME": str(home)})
    resources: Any = build(settings).resources
    around = surroundings(
        resources["report_io"],
        resources["state"],
        resources["warehouse"],
        resources["attempt_settings"],
        resources["alerts"],
        None,
    )
    watch = StopWatch()
    began, cpu = time.perf_counter(), time.process_time()
    made = attempt_control(
        PERIOD,
        around,
        resources["inputs"].store,
        settings.zone,
        RunIdentity("benchmark", "benchmark", ""),
        watch,
    )
    watch.stage(made.outcome, "review workbook")
    review = make_review(
        made.outcome.address, around.results, around.evidence, resources["inputs"].store
    )
    watch.stage(made.outcome, "end")
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    if review.faults:
        raise SystemExit(f"the review workbook was not made soundly: {review.faults}")
    if made.control is None or any(not check.passed for check in made.control.checks):
        raise SystemExit(f"the control was not made soundly: {made.outcome.cause}")
    for name in ("results", "evidence", "state"):
        shutil.rmtree(home / name / "attempts" / "pg01", ignore_errors=True)
    ends = [*watch.stages[1:]]
    return {
        "seconds": seconds,
        "cpu": used,
        "peak": peak_mib(),
        "stages": [
            (stage, end[1] - at, end[2] - busy, end[3])
            for (stage, at, busy, _), end in zip(watch.stages, ends, strict=False)
        ],
    }


def measure_classes(home: Path) -> dict[str, Any]:
    """The classification of the voucher entries, from the files of the reports."""
    import polars as pl

    from benchmarks.control_inputs import PERIOD
    from soxauto_assets.reconciliation.classification import classify
    from soxauto_assets.reconciliation.rulebook import load_rules

    book = load_rules()
    reports = {
        name: pl.scan_parquet(home / f"results/current/{name}/month={PERIOD}/data.parquet")
        for name in ("cr_03", "ipe_08")
    }
    began, cpu = time.perf_counter(), time.process_time()
    rows = classify(reports["cr_03"], reports["ipe_08"], book).height
    return {
        "rows": rows,
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak": peak_mib(),
    }


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in ("attempt", "classes"):
        measure = measure_attempt if sys.argv[1] == "attempt" else measure_classes
        print(json.dumps(measure(Path(sys.argv[2]))))
    else:
        sys.exit(main())
