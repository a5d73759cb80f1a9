"""What evidence costs: verifying 2 GB, recomputing a large month, and all of it within the chain.

`python -m benchmarks.evidence [--gigabytes 2] [--folder .soxauto/bench]` measures the first alone.

- **Integrity tier**: a package with an attachment of 2 GB, read back by ``verify_package`` where
  duckdb is not installed, against ``hashlib`` over the same files; by turns, each in a process of
  its own, with the files in the page cache.
- **Recomputation**: both tiers over the package that the chain's benchmark made, in a process of
  its own (``chain.py`` asks for it).
- **Share of the chain**: ``benchmarks/share.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.peak import peak_mib

SPEED_LIMIT, PEAK_LIMIT = 0.7, 200
"""Of the integrity tier: times the speed of hashlib alone; MiB."""
RECOMPUTE_PEAK_LIMIT, SHARE_LIMIT = 400, 0.2
"""Of the recomputation at 5 million rows, MiB; of all evidence work in the chain's time."""
GIGABYTES, ROUNDS = 2, 3


def main() -> int:
    """The integrity tier against its limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=int, default=GIGABYTES)
    parser.add_argument("--folder", type=Path, default=Path(".soxauto/bench"))
    arguments = parser.parse_args()
    return bench(arguments.folder, Console(), arguments.gigabytes)


def bench(folder: Path, console: Console, gigabytes: int = GIGABYTES) -> int:
    """The integrity tier over so many gigabytes (10^9 bytes); 0 where its limits are kept."""
    with console.status(f"a package of {gigabytes} GB"):
        package = build(folder, gigabytes)
    runs: dict[str, list[dict[str, Any]]] = {"hashlib": [], "integrity": []}
    for _ in range(ROUNDS):
        for program in runs:  # by turns, so that a busy machine troubles both
            with console.status(f"{program} over {gigabytes} GB"):
                runs[program].append(measured(program, package))
    best = {name: min(found, key=lambda one: one["seconds"]) for name, found in runs.items()}
    table = Table(title=f"Integrity tier over {gigabytes} GB, the best of {ROUNDS}")
    for heading in ("", "s", "CPU s", "MB/s", "peak, MiB"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, one in best.items():
        speed = one["bytes"] / one["seconds"] / 1e6
        table.add_row(
            name, f"{one['seconds']:.2f}", f"{one['cpu']:.2f}", f"{speed:.0f}", f"{one['peak']:.0f}"
        )
    console.print(table)
    ratio = best["hashlib"]["seconds"] / best["integrity"]["seconds"]
    peak = max(one["peak"] for one in runs["integrity"])
    kept = {
        f"integrity tier at {ratio:.2f} times the speed of hashlib (limit {SPEED_LIMIT})": (
            ratio >= SPEED_LIMIT
        ),
        f"{peak:.0f} MiB for the integrity tier (limit {PEAK_LIMIT})": peak <= PEAK_LIMIT,
    }
    return told(kept, console)


def told(kept: dict[str, bool], console: Console) -> int:
    """Print each limit and whether it is kept; 0 where all are."""
    for text, holds in kept.items():
        console.print(f"{'kept  ' if holds else 'BROKEN'} {text}", highlight=False)
    return 0 if all(kept.values()) else 1


def measured(program: str, package: Path) -> dict[str, Any]:
    """The figures of one program over a package, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.evidence", program, str(package)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def build(folder: Path, gigabytes: int) -> Path:
    """A package with an attachment of that size, published once; its folder."""
    from soxauto_assets.catalog.loader import load_entry
    from soxauto_assets.evidence.contents import PackageContents
    from soxauto_assets.evidence.lifecycle import AttemptVerdict
    from soxauto_assets.evidence.package import publish
    from soxauto_assets.evidence.sealing import Sealing
    from soxauto_assets.evidence.signing import open_signer
    from soxauto_assets.period import Period
    from soxauto_assets.store.layout import AttemptAddress
    from soxauto_assets.store.local import LocalStore
    from soxauto_assets.validation.judge import unreached

    root = folder.resolve() / f"evidence-{gigabytes}"
    address = AttemptAddress("cr_03", Period(2024, 1), "20240201_080000Z-00000001")
    package = root / "store" / address.prefix
    if (package / "manifest.json").exists():
        return package
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    bulk = root / "bulk.bin"
    with bulk.open("wb") as file:
        for _ in range(gigabytes * 10):
            file.write(os.urandom(10**8))
    entry, cause, now = load_entry("cr_03"), "A benchmark.", datetime(2024, 2, 1, 8, tzinfo=UTC)
    contents = PackageContents(
        verdict=AttemptVerdict.INTERRUPTED,
        cause=cause,
        entry=entry,
        run_id="benchmark",
        who="benchmark",
        started=now,
        ended=now,
        checks=unreached(entry, cause),
        environment={},
        attachments={"bulk.bin": bulk},
    )
    signer = open_signer("local", keys_folder=root / "keys", region="")
    publish(contents, address, LocalStore(root / "store", name="evidence"), Sealing(signer))
    bulk.unlink()
    return package


def _measure(program: str, package: Path) -> dict[str, Any]:
    """In this process: ``hashlib`` alone, the ``integrity`` tier, or ``both`` tiers."""
    files = [path for path in package.rglob("*") if path.is_file()]
    began, cpu = time.perf_counter(), time.process_time()
    if program == "hashlib":
        import hashlib

        for path in files:
            with path.open("rb", buffering=0) as file:
                hashlib.file_digest(file, "sha256")
    else:
        if program == "integrity":
            sys.modules["duckdb"] = None  # type: ignore[assignment]  # as where it is not installed
        from soxauto_assets.verify import verify_package

        report = verify_package(package)
        if report.first_difference is not None:
            raise SystemExit(f"the package differs: {report.first_difference}")
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "bytes": sum(path.stat().st_size for path in files),
        "peak": peak_mib(),
    }


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] in ("hashlib", "integrity", "both"):
        print(json.dumps(_measure(sys.argv[1], Path(sys.argv[2]))))
    else:
        sys.exit(main())
