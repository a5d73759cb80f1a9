"""Approving a baseline: what a report is now becomes what was tested, signed by the approver.

Here: the value, its signature, the two files. Not here: whether this person may approve it
(``entrypoints/baselines.py``, which asks git) and comparing with it later (``baseline.py``).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.baseline import BASELINE, STATEMENT, Baseline, statement
from soxauto_assets.evidence.described import described
from soxauto_assets.evidence.sealing import sealed

if TYPE_CHECKING:
    from soxauto_assets.evidence.signing import Signer

FORMAT = 1
YEARS = 3
"""How long a baseline counts unless its approver says otherwise."""


class NotApprovableError(PermanentError):
    """A report holds SQL that cannot be understood, so nobody can have tested it."""


@dataclass(frozen=True)
class Approval:
    """Who approves what was tested by whom. Names as ``Amina Diallo <amina@example.com>``.

    ``authors`` are those of the changes since the last baseline; ``note`` says what was tested.
    """

    approver: str
    tester: str
    authors: tuple[str, ...]
    note: str
    approved_on: date
    expires_on: date


def approve(entry: CatalogEntry, approval: Approval, signer: Signer) -> Baseline:
    """The signed baseline of a report as it stands.

    Raises NotApprovableError, and what the signer raises.
    """
    now = described(entry)
    strange = [
        name
        for name, text in (("query", now["query"]), *((c["name"], c) for c in now["controls"]))
        if text["meaning"] is None
    ]
    if strange:
        raise NotApprovableError(
            f"{entry.report.id}: {', '.join(strange)} cannot be parsed.",
            remedy="Correct the SQL (make check says where), then approve it.",
        )
    key = signer.key
    value: dict[str, Any] = {
        "format": FORMAT,
        "report": entry.report.id,
        "approval": {
            "approver": approval.approver,
            "tester": approval.tester,
            "authors": list(approval.authors),
            "note": approval.note,
            "approved_on": approval.approved_on.isoformat(),
            "expires_on": approval.expires_on.isoformat(),
            "key_id": key.key_id,
            "public_key": base64.b64encode(key.public_key).decode(),
        },
        "described": now,
    }
    return Baseline(value, sealed(statement(value), signer))


def write_baseline(baseline: Baseline, folder: Path) -> None:
    """Write the two files into the report's folder, for people to review."""
    text = json.dumps(baseline.value, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / BASELINE).write_text(text + "\n", "utf-8")
    envelope = json.dumps(json.loads(baseline.envelope), indent=1, sort_keys=True)
    (folder / STATEMENT).write_text(envelope + "\n", "utf-8")


def years_later(day: date, years: int) -> date:
    """The same day so many years later; of a leap day, the last of February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
