"""Building the embedded warehouse once, whole or not at all, for all processes.

A build is a folder with one DuckDB file a database. It is written under a temporary name while
a lock is held, brought to the disk, and renamed; so a folder under its final name is complete,
whatever was killed when. Readers attach the files read-only and never wait.

Here: the folder of builds. Not here: rows (a module a subject) and tables (``load.py``).
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from soxauto_assets.catalog.sources import TABLES
from soxauto_assets.demo.balances import write_balances
from soxauto_assets.demo.dimensions import write_dimensions
from soxauto_assets.demo.faults import plant_in_balances
from soxauto_assets.demo.generating import months_generated
from soxauto_assets.demo.integration_errors import write_integration_errors
from soxauto_assets.demo.load import Loader, create_tables, quoted
from soxauto_assets.demo.plan import DEFAULT_PLAN, DemoPlan
from soxauto_assets.errors import PermanentError
from soxauto_assets.period import Period

DATABASES: tuple[str, ...] = tuple(sorted({declared.database for declared in TABLES}))
_UNFINISHED = "building-"
_MEMORY_LIMIT = "400MiB"


class DemoBuildError(PermanentError):
    """The embedded warehouse cannot be built."""


def ensure_demo(
    folder: Path,
    *,
    through: Period,
    plan: DemoPlan = DEFAULT_PLAN,
    progress: Callable[[str], None] | None = None,
) -> Mapping[str, Path]:
    """The DuckDB file of each database, built first where no build of the plan reaches so far.

    A build of the same plan that reaches further serves as well, for later months never change
    the rows of older ones. Raises DemoBuildError for a month before the plan's first one and
    where the folder cannot be written.
    """
    if through < plan.first:
        raise DemoBuildError(
            f"{through} lies before {plan.first}, the first month of the embedded warehouse.",
            remedy="Ask for a later month, or plan an earlier first one.",
        )
    built = _finished(folder, plan, through)
    if built is None:
        try:
            with _lock(folder):
                built = _finished(folder, plan, through)  # another process may have built it
                if built is None:
                    built = _build(folder, plan, through, progress or (lambda text: None))
        except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise DemoBuildError(
                f"the embedded warehouse cannot be built in {folder}: {error}.",
                remedy="Give the folder write permission and some hundred MiB of free space.",
            ) from error
    return {database: built / f"{database}.duckdb" for database in DATABASES}


def _finished(folder: Path, plan: DemoPlan, through: Period) -> Path | None:
    pattern = re.compile(rf"{plan.digest()}-(?P<through>[0-9]{{4}}-[0-9]{{2}})")
    names = [] if not folder.is_dir() else sorted(entry.name for entry in folder.iterdir())
    for name in names:
        match = pattern.fullmatch(name)
        if match is not None and Period.parse(match["through"]) >= through:
            return folder / name
    return None


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold the folder for building; the system lets go of it when a process dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(folder: Path, plan: DemoPlan, through: Period, progress: Callable[[str], None]) -> Path:
    for leftover in folder.glob(f"{_UNFINISHED}*"):  # whoever made it is dead: we hold the lock
        shutil.rmtree(leftover)
    unfinished = folder / f"{_UNFINISHED}{plan.digest()}-{through}"
    unfinished.mkdir()
    try:
        _write_databases(unfinished, plan, through, progress)
        for path in (*unfinished.iterdir(), unfinished):
            _to_disk(path)
        finished = folder / f"{plan.digest()}-{through}"
        unfinished.rename(finished)
        _to_disk(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return finished


def _write_databases(
    unfinished: Path, plan: DemoPlan, through: Period, progress: Callable[[str], None]
) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
        connection.execute("SET temp_directory = $spill", {"spill": str(unfinished / "spill")})
        for database in DATABASES:
            path = str(unfinished / f"{database}.duckdb").replace("'", "''")
            connection.execute(f"ATTACH '{path}' AS {quoted(database)}")
        create_tables(connection)
        loader = Loader(connection)
        write_dimensions(loader)
        write_integration_errors(plan.seed, loader)
        with months_generated(plan, through) as months:
            for period, write_to in months:
                progress(f"embedded warehouse: {period}")
                write_to(loader)
        loader.flush()
        progress("embedded warehouse: balances")
        # The view also holds the running month, as far as it is booked.
        write_balances(connection, plan.first, through.next)
        plant_in_balances(connection, through)
        for database in DATABASES:
            connection.execute(f"CHECKPOINT {quoted(database)}")
            connection.execute(f"DETACH {quoted(database)}")
    shutil.rmtree(unfinished / "spill", ignore_errors=True)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
