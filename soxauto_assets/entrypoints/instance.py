"""The Dagster instance that the command line and the UI share, kept inside the project."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.errors import PermanentError
from soxauto_assets.settings import PROJECT_FOLDER, Settings

if TYPE_CHECKING:
    import dagster as dg


class InstanceError(PermanentError):
    """The Dagster instance cannot be prepared, or does not take what it is told."""


def dagster_home(settings: Settings) -> Path:
    """The folder of the instance: DAGSTER_HOME where it is set, else inside SOXAUTO_HOME.

    The latter gets the project's ``dagster.yaml``, so that there is one source of it. Raises
    InstanceError where there is no configuration, the folder cannot be written, or Dagster would
    not take it.
    """
    given = os.environ.get("DAGSTER_HOME")
    if given:
        return _usable(Path(given).expanduser())
    source, home = PROJECT_FOLDER / "dagster.yaml", settings.home / "dagster"
    target = home / "dagster.yaml"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != source.read_bytes():
            partial = target.with_suffix(f".{os.getpid()}.partial")
            shutil.copyfile(source, partial)
            partial.replace(target)
    except OSError as error:
        raise InstanceError(
            f"The Dagster instance at {home} cannot be prepared: {error.strerror}.",
            remedy="Set SOXAUTO_HOME to a folder that can be written, or DAGSTER_HOME.",
        ) from error
    return _usable(home)


def _usable(home: Path) -> Path:
    """``home`` itself; raises InstanceError where Dagster would not take it, or misread it."""
    if not (home.is_absolute() and home.is_dir()):
        raise InstanceError(
            f"DAGSTER_HOME={home} is not the absolute path of a folder.",
            remedy="Unset it for the instance in SOXAUTO_HOME, or name a folder that exists.",
        )
    if any(character in str(home) for character in "*?["):
        raise InstanceError(
            f"Dagster would not find its configuration in {home}: it reads *, ? and [ in the path "
            "as a pattern.",
            remedy="Set SOXAUTO_HOME to a folder whose path has none of them.",
        )
    return home


@contextmanager
def opened_instance() -> Iterator[dg.DagsterInstance]:
    """The instance of DAGSTER_HOME.

    Raises InstanceError where its database does not answer, also while it is in use: a full disk,
    a folder without write permission, a lock that never came free.
    """
    import dagster as dg
    from sqlalchemy.exc import DBAPIError

    try:
        with _one_opens_at_a_time():
            instance = dg.DagsterInstance.get()
        with instance:
            yield instance
    except DBAPIError as error:
        raise InstanceError(
            f"The database of the Dagster instance does not answer: {error.orig}.",
            remedy="Check its disk and the right to write to it, then start the same again; what "
            "was begun is closed first. `soxauto status` tells what was done.",
        ) from error


@contextmanager
def _one_opens_at_a_time() -> Iterator[None]:
    """Hold the instance's folder while it is opened, which makes its tables at the first time.

    Two processes that both make them spoil the instance for ever (measured: two heads in the
    table of its version). Where the folder takes no lock, its database is no file in it.
    """
    from soxauto_assets.store.durable import locked

    with ExitStack() as kept:
        with suppress(OSError):
            kept.enter_context(locked(Path(os.environ["DAGSTER_HOME"]) / "opening.lock"))
        yield
