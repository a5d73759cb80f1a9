"""`make bench`: the chain against its floor, evidence, the control, ODBC, and the cold start.

Each is measured in a process of its own, chain and floor by turns.

`python -m benchmarks [--rows 100000,1000000,5000000] [--repeat 1] [--folder .bench]`
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import cold_start, control, evidence, odbc, source

MEMORY_MIB, THREADS = 300, 1
WALL_LIMIT, PEAK_LIMIT, GROWTH_LIMIT = 1.6, 900, 1.3
JUDGED_ROWS = 5_000_000
"""At 5 million rows: times the floor, MiB, and times the peak at 1 million."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="100000,1000000,5000000")
    parser.add_argument("--repeat", type=int, default=1, help="the fastest of so many is shown")
    parser.add_argument("--folder", type=Path, default=Path(".soxauto/bench"))
    parser.add_argument("--memory", type=int, default=MEMORY_MIB, help="MiB of the engine")
    parser.add_argument("--threads", type=int, default=THREADS, help="threads of the engine")
    parser.add_argument("--only", choices=("floor", "chain"), help="run just one, for tuning")
    arguments = parser.parse_args()
    sizes = [int(rows) for rows in arguments.rows.split(",")]
    console = Console()
    console.print(_machine(), highlight=False)
    measured = {}
    for rows in sizes:
        with console.status(f"building {rows:,} rows"):
            source.build(arguments.folder, rows)
        programs = ("floor", "chain") if arguments.only is None else (arguments.only,)
        runs: dict[str, list[dict[str, Any]]] = {program: [] for program in programs}
        for _ in range(arguments.repeat):
            for program in runs:  # by turns, so that a busy machine troubles both
                with console.status(f"{program} of {rows:,} rows"):
                    found = _run(
                        program, arguments.folder, rows, arguments.memory, arguments.threads
                    )
                    runs[program].append(found)
                    if arguments.only:
                        console.print(found)
        if arguments.only:
            continue
        measured[rows] = {name: min(found, key=_seconds) for name, found in runs.items()}
    if arguments.only:
        return 0
    console.print(_table(measured))
    for rows, found in measured.items():
        console.print(_stages(rows, found["chain"]))
        console.print(_evidence(rows, found["chain"]))
    kept = _verdict(measured, console)
    kept = max(kept, evidence.bench(arguments.folder, console))
    kept = max(kept, control.bench(arguments.folder, max(sizes), console))
    if max(sizes) >= odbc.ROWS:  # below it the fixed seconds hide the rest
        kept = max(kept, odbc.bench(odbc.ROWS, console))
    return max(kept, cold_start.bench(console))


def _seconds(figures: dict[str, Any]) -> float:
    return float(figures["seconds"])


def _run(program: str, folder: Path, *numbers: int) -> dict[str, Any]:
    command = [sys.executable, "-m", f"benchmarks.{program}", str(folder), *map(str, numbers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _machine() -> str:
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    libraries = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "pyarrow", "polars"))
    load = os.getloadavg()[0]
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores ({cpu}), load {load:.1f}, Python {platform.python_version()}, {libraries}"
    )


def _table(measured: dict[int, dict[str, dict[str, Any]]]) -> Table:
    table = Table(title="CR_03: the chain against the floor")
    headings = ("rows", "floor s", "chain s", "ratio", "floor CPU s", "chain CPU s")
    for heading in (*headings, "floor MiB", "chain MiB"):
        table.add_column(heading, justify="right")
    for found in measured.values():
        floor, chain = found["floor"], found["chain"]
        table.add_row(
            f"{chain['rows']:,}",
            f"{floor['seconds']:.1f}",
            f"{chain['seconds']:.1f}",
            f"{chain['seconds'] / floor['seconds']:.2f}",
            f"{floor['cpu']:.1f}",
            f"{chain['cpu']:.1f}",
            f"{floor['peak']:.0f}",
            f"{chain['peak']:.0f}",
        )
    return table


def _stages(rows: int, chain: dict[str, Any]) -> Table:
    table = Table(title=f"Stages of the chain at {rows:,} rows")
    table.add_column("stage")
    table.add_column("s", justify="right")
    table.add_column("peak before it, MiB", justify="right")
    for stage, seconds, peak in chain["stages"]:
        table.add_row(stage, f"{seconds:.2f}", f"{peak:.0f}")
    return table


def _evidence(rows: int, chain: dict[str, Any]) -> Table:
    table = Table(title=f"Evidence at {rows:,} rows, and its share of the chain")
    for heading in ("work", "s", "share"):
        table.add_column(heading, justify="left" if heading == "work" else "right")
    for work, seconds in sorted(chain["evidence"].items(), key=lambda one: -one[1]):
        table.add_row(work, f"{seconds:.2f}", f"{seconds / chain['seconds']:.1%}")
    again = chain["recomputed"]
    table.add_section()
    table.add_row(f"verified afterwards, {again['peak']:.0f} MiB", f"{again['seconds']:.2f}", "")
    return table


def _verdict(measured: dict[int, dict[str, dict[str, Any]]], console: Console) -> int:
    largest = max(measured)
    floor, chain = measured[largest]["floor"], measured[largest]["chain"]
    ratio = chain["seconds"] / floor["seconds"]
    kept = {
        f"{chain['peak']:.0f} MiB at {largest:,} rows (limit {PEAK_LIMIT})": (
            chain["peak"] <= PEAK_LIMIT
        ),
    }
    if largest >= JUDGED_ROWS:  # below it the run's fixed seconds hide the rest
        share = sum(chain["evidence"].values()) / chain["seconds"]
        kept[f"evidence work is {share:.1%} of the chain (limit {evidence.SHARE_LIMIT:.0%})"] = (
            share <= evidence.SHARE_LIMIT
        )
        again = chain["recomputed"]["peak"]
        kept[f"{again:.0f} MiB to recompute (limit {evidence.RECOMPUTE_PEAK_LIMIT})"] = (
            again <= evidence.RECOMPUTE_PEAK_LIMIT
        )
        kept[f"{ratio:.2f} times the floor at {largest:,} rows (limit {WALL_LIMIT})"] = (
            ratio <= WALL_LIMIT
        )
    if 1_000_000 in measured and largest > 1_000_000:
        growth = chain["peak"] / measured[1_000_000]["chain"]["peak"]
        kept[f"{growth:.2f} times the peak at 1,000,000 rows (limit {GROWTH_LIMIT})"] = (
            growth <= GROWTH_LIMIT
        )
    for text, holds in kept.items():
        console.print(f"{'kept  ' if holds else 'BROKEN'} {text}", highlight=False)
    return 0 if all(kept.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
