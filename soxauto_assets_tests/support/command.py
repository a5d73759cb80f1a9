"""`soxauto` as a person types it, in this process, and what it left in a home of its own.

Here: homes that share the small embedded warehouse of the test run, typing a command, and
reading stores, packages and alerts back. Not here: what the command should have done.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from soxauto_assets.assets.partitions import last_closed_period
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.demo.build import ensure_demo
from soxauto_assets.entrypoints import cli, close_month
from soxauto_assets.evidence.lifecycle import AttemptState, attempts
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings
from soxauto_assets.store.local import LocalStore
from soxauto_assets_tests.support.demo import SMALL, shared_folder
from soxauto_assets_tests.support.folders import quick_folder

STORES = ("results", "evidence", "state")


@dataclass(frozen=True)
class Done:
    """How a command ended: exit code, standard output and error."""

    code: int
    out: str
    err: str


class Home:
    """A SOXAUTO_HOME in ``folder`` whose demonstration is the one of the whole test run."""

    def __init__(self, folder: Path, demo: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "demo").symlink_to(demo)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that works here: none of the developer's own settings."""
        own = {str(field.alias) for field in Settings.model_fields.values()} | {"DAGSTER_HOME"}
        inherited = {name: value for name, value in os.environ.items() if name not in own}
        return inherited | {
            "SOXAUTO_HOME": str(self.folder),
            "SOXAUTO_DEMO_SIZE": str(SMALL.size),
            "SOXAUTO_DEMO_SEED": str(SMALL.seed),
        }

    @property
    def settings(self) -> Settings:
        """The settings of such a process."""
        return Settings.load(self.environment)

    def soxauto(self, *arguments: str, **variables: str) -> Done:
        """Type ``soxauto`` with the arguments, in this process."""

        def type_it() -> int:
            with patch.object(sys, "argv", ["soxauto", *arguments]):
                try:
                    cli.main()
                except SystemExit as end:
                    return end.code if isinstance(end.code, int) else 1
            return 0

        return self._told(type_it, variables)

    def close(self, period: str, catalog: Path, **variables: str) -> Done:
        """Close a month of all reports of another catalogue, as the command does."""
        return self._told(
            lambda: close_month.close(
                [Period.parse(period)],
                report_ids(catalog),
                Settings.load(self.environment | variables),
                cli.console,
                cli.errors,
                catalog=catalog,
            ),
            variables,
        )

    def _told(self, action: Callable[[], int], variables: Mapping[str, str]) -> Done:
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environment | variables, clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = action()
        return Done(code, out.getvalue(), err.getvalue())

    def store(self, name: str) -> LocalStore:
        """The results, evidence or state store, opened as a new process does."""
        return LocalStore(self.folder / name, name=name)

    def history(self, report: str, period: str) -> tuple[AttemptState, ...]:
        """The attempts at a report and month, the oldest first."""
        return attempts(self.store("state"), report, Period.parse(period))

    def packages(self, report: str, period: str) -> list[Path]:
        """The folders of all packages of a report and month, the oldest first."""
        folder = self.folder / "evidence" / "attempts" / report / period
        return sorted(path.parent for path in folder.glob("*/manifest.json"))

    def alerts(self) -> list[str]:
        """The first lines of the alerts that were delivered, sorted."""
        files = (self.folder / "alerts").glob("*.txt")
        return sorted(path.read_text("utf-8").splitlines()[0] for path in files)

    def objects(self) -> Mapping[str, str]:
        """The SHA-256 of every object of every store, as its file stands."""
        return {
            f"{name}/{info.key}": hashlib.sha256(
                (self.folder / name / info.key).read_bytes()
            ).hexdigest()
            for name in STORES
            for info in self.store(name).list("")
        }


def predicate(package: Path) -> dict[str, Any]:
    """What the manifest of a package says."""
    document: dict[str, Any] = json.loads((package / "manifest.json").read_bytes())["predicate"]
    return document


def failed_checks(package: Path) -> set[str]:
    """The checks that a package says FAIL of."""
    checks = predicate(package)["checks"]
    return {check["name"] for check in checks if check["verdict"] == "FAIL"}


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small embedded warehouse, built through the last closed month.

    That is how far the command asks for; it takes the build as it finds it.
    """
    folder = shared_folder(tmp_path_factory)
    ensure_demo(folder, through=last_closed_period(Settings.load({})), plan=SMALL)
    return folder


@pytest.fixture(scope="session")
def new_folder() -> Iterator[Callable[[], Path]]:
    """Makes folders where syncing costs nothing; they are gone at the end."""
    with ExitStack() as kept:
        yield lambda: kept.enter_context(quick_folder())
