"""The chain: one report closed as `make run` does it, in a real Dagster run on a real instance.

Controls, witnesses, extract, checks, storing, package, current pointer. What is measured is the
run; the product's libraries that it loads on the way count, the import of Dagster does not. Of the
run also how much of it was evidence work, and afterwards what verifying its package takes.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from benchmarks import share, source
from benchmarks.evidence import measured
from benchmarks.peak import peak_mib
from soxauto_assets.assets.factory import STAGES, asset_key
from soxauto_assets.assets.resources import WarehouseResource
from soxauto_assets.entrypoints.instance import dagster_home
from soxauto_assets.settings import Settings

if TYPE_CHECKING:
    from soxauto_assets.assets.outcome import Outcome
    from soxauto_assets.store.layout import AttemptAddress
    from soxauto_assets.warehouse.protocol import Warehouse


class BenchmarkWarehouse(WarehouseResource):
    """The benchmark's source, which was built before."""

    folder: str
    rows: int
    spill_folder: str
    memory_mib: int
    threads: int

    def warehouse(self) -> Warehouse:
        """The engine over the files."""
        return source.warehouse(
            Path(self.folder), self.rows, Path(self.spill_folder), self.memory_mib, self.threads
        )


class StopWatch:
    """A listener that notes when each stage of the attempt began."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, float, float]] = []
        self.outcome: Outcome | None = None

    def opened(self, address: AttemptAddress, run_id: str) -> None:
        """The attempt has begun."""
        self.stage(address, "opened")

    def stage(self, address: AttemptAddress, stage: str, level: str = "INFO") -> None:
        """A stage begins; the memory peak so far is noted with it."""
        self.stages.append((stage, time.perf_counter(), peak_mib()))

    def rows(self, address: AttemptAddress, rows: int) -> None:
        """Rows have arrived."""

    def closed(self, outcome: Outcome) -> None:
        """The attempt has ended."""
        self.outcome = outcome
        self.stage(outcome.address, "closed")


def main(folder: Path, rows: int, memory_mib: int, threads: int) -> None:
    """Measure in this process and print the figures as JSON."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        settings = Settings.load({"SOXAUTO_HOME": home})
        os.environ["DAGSTER_HOME"] = str(dagster_home(settings))
        from soxauto_assets.definitions import CLOSE_MONTH, build

        watch = StopWatch()
        definitions = build(settings, watch)
        resource = BenchmarkWarehouse(
            folder=str(folder),
            rows=rows,
            spill_folder=f"{home}/spill",
            memory_mib=memory_mib,
            threads=threads,
        )
        job = dg.Definitions(
            assets=definitions.assets,
            jobs=definitions.jobs,
            resources={**(definitions.resources or {}), "warehouse": resource},
            executor=dg.in_process_executor,
        ).resolve_job_def(CLOSE_MONTH)
        began = time.perf_counter()
        with dg.DagsterInstance.get() as instance, share.measured() as evidence:
            result = job.execute_in_process(
                instance=instance,
                partition_key=str(source.PERIOD),
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                asset_selection=[asset_key(source.REPORT, stage) for stage in STAGES],
            )
        seconds = time.perf_counter() - began
        if not result.success or watch.outcome is None:
            cause = watch.outcome.cause if watch.outcome else "no attempt was made"
            raise SystemExit(f"the chain failed: {cause}")
        ends = [began for _, began, _ in watch.stages[1:]]
        figures = {
            "seconds": seconds,
            "cpu": time.process_time(),
            "rows": watch.outcome.rows,
            "peak": peak_mib(),
            "stages": [
                (stage, end - began, peak)
                for (stage, began, peak), end in zip(watch.stages, ends, strict=False)
            ],
            "evidence": evidence.seconds,
            "recomputed": measured("both", Path(home, "evidence", watch.outcome.address.prefix)),
        }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
