"""`soxauto baseline`: what is approved, what changed since, and approving it in a checkout.

Here: the tables, who changed a report according to git, and who may therefore not approve it. Not
here: what a baseline records and how it is judged (``evidence/described.py``, ``baseline.py``).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from soxauto_assets.catalog.loader import CATALOG_FOLDER, load_entry
from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.approval import Approval, approve, write_baseline, years_later
from soxauto_assets.evidence.baseline import Judgement, judge_baseline
from soxauto_assets.evidence.demonstration_key import DEMONSTRATION, DemonstrationSigner

if TYPE_CHECKING:
    from soxauto_assets.evidence.signing import Signer

FILES = ("query.sql", "controls.sql", "schema.py", "report.py")
SHARED = ("scope.py", "parameters.py", "sources*.py", "source_columns.py", "source_model.py")
"""What every report depends on besides its own folder: roster, parameters, declared source."""
BASELINE_FILES = ("baseline.json", "baseline.dsse.json")
_PERSON = re.compile(r"(?P<name>[^<>]+?)\s*<(?P<email>[^<>\s]+@[^<>\s]+)>")


class ApprovalRefusedError(PermanentError):
    """A baseline may not be approved so: by its own author, of what is not committed, by nobody."""


@dataclass(frozen=True)
class Standing:
    """A report and its baseline. ``judgement`` is for the demonstration or the real source."""

    report: str
    judgement: Judgement

    @property
    def state(self) -> str:
        """One word: approved, reworded, or outdated."""
        if self.judgement.problems:
            return "outdated"
        return "reworded" if self.judgement.differences else "approved"


def standings(
    reports: Sequence[str], *, demonstration: bool, today: date, catalog: Path = CATALOG_FOLDER
) -> Iterator[Standing]:
    """Each report compared with its baseline; raises BrokenReportError for a broken folder."""
    for report in reports:
        entry = load_entry(report, catalog)
        yield Standing(
            report,
            judge_baseline(entry, catalog / report, today=today, demonstration=demonstration),
        )


def standing_table(found: Sequence[Standing]) -> Table:
    """The baselines as a table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("report", "state", "approved", "expires", "approver", "tester", "key"):
        table.add_column(name, overflow="fold")
    for one in found:
        baseline = one.judgement.baseline
        style = {"outdated": "bold red", "reworded": "yellow"}.get(one.state, "green")
        if baseline is None:
            table.add_row(one.report, f"[{style}]{one.state}[/]", *["-"] * 5)
            continue
        approval = baseline.approval
        table.add_row(
            one.report,
            f"[{style}]{one.state}[/]",
            str(baseline.approved_on),
            str(baseline.expires_on),
            approval["approver"],
            approval["tester"],
            DEMONSTRATION if baseline.by_demonstration else approval["key_id"][:16],
        )
    return table


@dataclass(frozen=True)
class Request:
    """What the person typed. ``renew`` approves again also what is as it was approved."""

    approver: str
    tester: str
    note: str
    years: int
    renew: bool


def approve_reports(
    reports: Sequence[str],
    request: Request,
    signer: Signer,
    *,
    today: date,
    catalog: Path = CATALOG_FOLDER,
) -> tuple[str, ...]:
    """Write the baselines of the reports; those that were written.

    A report that is as it was approved is left alone. All are asked before the first is written.
    Raises ApprovalRefusedError where the approver is an author of the change, or where it is not
    committed, so that nobody knows its author; NotApprovableError; what the signer raises.
    """
    demonstration = isinstance(signer, DemonstrationSigner)
    wanted = [
        one.report
        for one in standings(reports, demonstration=demonstration, today=today, catalog=catalog)
        if request.renew or one.judgement.problems or one.judgement.differences
    ]
    baselines = []
    for report in wanted:
        authors: tuple[str, ...] = ()
        if not demonstration:
            authors = authors_of(catalog, report)
            _require_another(report, request, authors)
        approval = Approval(
            approver=request.approver,
            tester=request.tester,
            authors=authors,
            note=request.note,
            approved_on=today,
            expires_on=years_later(today, request.years),
        )
        baselines.append((report, approve(load_entry(report, catalog), approval, signer)))
    for report, baseline in baselines:
        write_baseline(baseline, catalog / report)
    return tuple(wanted)


def authors_of(catalog: Path, report: str) -> tuple[str, ...]:
    """Who changed the report since its last baseline, by git, and who changed it last.

    Raises ApprovalRefusedError where there is no checkout, or changes that are not committed.
    """
    folder = catalog / report
    own = [f"{report}/{name}" for name in FILES]
    paths = [*own, *(path.name for pattern in SHARED for path in sorted(catalog.glob(pattern)))]
    dirty = _git(catalog, "status", "--porcelain", "--", *paths)
    if dirty:
        raise ApprovalRefusedError(
            f"{report}: {'; '.join(line.strip() for line in dirty)}: not committed, so its author "
            "is not known.",
            remedy="Commit the change under its author's name first; then another person approves.",
        )
    last = _git(catalog, "log", "-1", "--format=%an <%ae>", "--", *own)
    if not last:
        raise ApprovalRefusedError(
            f"{folder} was never committed, so its author is not known.",
            remedy="Commit the report under its author's name first.",
        )
    approved = _git(
        catalog, "log", "-1", "--format=%H", "--", *(f"{report}/{name}" for name in BASELINE_FILES)
    )
    since = (
        _git(catalog, "log", "--format=%an <%ae>", f"{approved[0]}..HEAD", "--", *paths)
        if approved
        else []
    )
    return tuple(sorted({*last, *since}))


def _require_another(report: str, request: Request, authors: Sequence[str]) -> None:
    match = _PERSON.fullmatch(request.approver.strip())
    if match is None:
        raise ApprovalRefusedError(
            f"{request.approver!r} names no person.",
            remedy='Write --approver "Amina Diallo <amina@example.com>", as git writes an author.',
        )
    name, email = match["name"].casefold(), match["email"].casefold()
    for author in authors:
        known = _PERSON.fullmatch(author)
        if known is None or name == known["name"].casefold() or email == known["email"].casefold():
            raise ApprovalRefusedError(
                f"{report}: {request.approver} is an author of the change ({author}, by git), and "
                "nobody approves a change of their own.",
                remedy="Have somebody else test it and run this command with their own key.",
            )


def _git(folder: Path, *arguments: str) -> list[str]:
    """The lines that git answers in ``folder``; raises ApprovalRefusedError where it cannot."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ApprovalRefusedError(
            f"git cannot tell who changed {folder} ({type(error).__name__}).",
            remedy="Approve in a checkout of the repository, with git installed.",
        ) from error
    return done.stdout.splitlines()
