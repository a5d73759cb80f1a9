"""Baselines as tests need them: those that ship, and ones that a person of the test approves.

A source that is no demonstration refuses the shipped ones, so whoever reads SQL Server here has
the reports approved by a test key first, as a deployment has them approved by its people.
"""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

from soxauto_assets.catalog.loader import CATALOG_FOLDER, clear_cache, load_entry
from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.evidence.approval import Approval, approve, write_baseline
from soxauto_assets.evidence.baseline import compare, judge_baseline
from soxauto_assets.validation.results import BaselineFinding
from soxauto_assets_tests.support.packages import APPROVER

TODAY = datetime.now(UTC).date()
APPROVAL = Approval(
    approver="Zola Mbeki <zola@example.com>",
    tester="Kofi Mensah <kofi@example.com>",
    authors=("Ada Obi <ada@example.com>",),
    note="For the test alone.",
    approved_on=date(2024, 2, 29),
    expires_on=date(2099, 2, 28),
)


def shipped(entry: CatalogEntry) -> BaselineFinding:
    """What the shipped baseline of a report says on the demonstration."""
    return judge_baseline(
        entry, CATALOG_FOLDER / entry.report.id, today=TODAY, demonstration=True
    ).finding


def approved(entry: CatalogEntry) -> BaselineFinding:
    """What a baseline that a test key approved says on a source that is no demonstration."""
    return compare(
        entry, approve(entry, APPROVAL, APPROVER), today=TODAY, demonstration=False
    ).finding


def approve_folder(folder: Path) -> None:
    """Approve the report in a folder of a test's catalogue, as it stands."""
    clear_cache()
    write_baseline(approve(load_entry(folder.name, folder.parent), APPROVAL, APPROVER), folder)


def approved_catalog(folder: Path, *reports: str) -> Path:
    """A catalogue of the reports, as they ship, approved by the test key."""
    for report in reports:
        shutil.copytree(CATALOG_FOLDER / report, folder / report)
        approve_folder(folder / report)
    return folder
