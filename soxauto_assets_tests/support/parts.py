"""System parts that some tests need: which there are, and whether a test may do without.

Here: the one place that decides between required and skipped, and the list of what a run did not
show. Not here: what the parts are used for.

A part that the variable SOXAUTO_REQUIRE names (several, with blanks between) must be there: its
tests fail without it. Any other part that is missing skips its tests, with the reason.
"""

from __future__ import annotations

import ctypes
import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from soxauto_assets_tests.support.confined import unshare

VARIABLE = "SOXAUTO_REQUIRE"


@dataclass(frozen=True)
class Part:
    """A system part: what its tests show, how to get it, and how it is found."""

    shows: str
    remedy: str
    find: Callable[[], Path | None]


def _browser() -> Path | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((Path(path) for name in names if (path := shutil.which(name))), None)


def _odbc() -> Path | None:
    """PostgreSQL's ODBC driver, where the driver manager is there too."""
    try:
        ctypes.CDLL("libodbc.so.2")
    except OSError:
        return None
    return next(iter(sorted(Path("/usr/lib").glob("*/odbc/psqlodbcw.so"))), None)


def _openssl() -> Path | None:
    return Path(path) if (path := shutil.which("openssl")) else None


def _libreoffice() -> Path | None:
    names = ("soffice", "libreoffice")
    return next((Path(path) for name in names if (path := shutil.which(name))), None)


PARTS = {
    "browser": Part(
        shows="the Dagster UI in a real browser",
        remedy="install Debian's package chromium",
        find=_browser,
    ),
    "libreoffice": Part(
        shows="workbooks opened and calculated by another program",
        remedy="install Debian's package libreoffice-calc",
        find=_libreoffice,
    ),
    "namespaces": Part(
        shows="the function where nothing can be written but /tmp",
        remedy="run as root on Linux, with unshare of Debian's package util-linux",
        find=unshare,
    ),
    "odbc": Part(
        shows="reading over ODBC, with Microsoft's driver over TDS and against PostgreSQL",
        remedy="install Debian's packages unixodbc and odbc-postgresql",
        find=_odbc,
    ),
    "openssl": Part(
        shows="time stamps of a real authority",
        remedy="install Debian's package openssl",
        find=_openssl,
    ),
}


def required() -> frozenset[str]:
    """The parts that SOXAUTO_REQUIRE names; raises ValueError for one that is not known."""
    named = frozenset(os.environ.get(VARIABLE, "").split())
    if unknown := sorted(named - PARTS.keys()):
        raise ValueError(f"{VARIABLE} names {unknown}; known parts: {', '.join(sorted(PARTS))}")
    return named


def need(name: str) -> Path:
    """Where the part is; else the calling test is skipped, or fails where the part is required."""
    part = PARTS[name]
    found = part.find()
    if found is not None:
        return found
    missing = f"{part.shows} (no {name} here: {part.remedy})"
    if name in required():
        pytest.fail(f"{VARIABLE} names {name}, but it is missing: {missing}", pytrace=False)
    return pytest.skip(missing)


def not_shown(skipped: Sequence[pytest.TestReport]) -> list[str]:
    """One line for each reason for which tests of a run were skipped, with their number."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in skipped
        if isinstance(report.longrepr, tuple)
    )
    return [
        f"{reason}: {count} {'test' if count == 1 else 'tests'}"
        for reason, count in sorted(reasons.items())
    ]
