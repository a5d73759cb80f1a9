"""What a package is made of, and what it must hold before it may say PASS.

Here: the plain values that an attempt hands over. Not here: how they are written
(``documents.py``, ``manifest.py``) and stored (``package.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.catalog.model import CatalogEntry, CheckKind, ControlKind
from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.store.layout import VALIDATED
from soxauto_assets.store.protocol import Receipt
from soxauto_assets.validation.results import CheckResult, Verdict
from soxauto_assets.warehouse.protocol import ExecutedStatement, SourceFacts

if TYPE_CHECKING:
    from soxauto_assets.evidence.papers.history import MonthFigures
    from soxauto_assets.store.spool import Spooled


class ContradictoryPackageError(PermanentError):
    """A package was about to say something that its own contents do not bear out."""


@dataclass(frozen=True)
class LogLine:
    """One line of the execution log. ``at`` is aware UTC; ``level`` as in Python's logging."""

    at: datetime
    level: str
    message: str


@dataclass(frozen=True)
class PackageContents:
    """One attempt with everything that its package shows.

    ``cause`` says why it failed, None for PASS only. ``entry`` is None where the report's folder
    is broken. ``started`` and ``ended`` are aware. ``who`` started it; ``closed_by`` is who
    closed it in its place, where it was interrupted. ``statements`` are all that were sent in the
    session whose rows were kept. ``controls`` are the rows that the source returned, by the
    control's name; one that is missing did not run. ``data`` is the complete extract, None where
    it was not complete; ``rows_reached`` is the count so far, None where no row was asked for.
    ``totals`` are the exact sums of the amounts over the complete extract. ``retries`` are the
    transient errors that the attempt overcame. ``stored`` are its objects in the results store.
    ``baseline`` is the comparison with the approved baseline, None where it was not made.
    ``attachments`` are further files, by their names below ``attachments/``. ``history`` are the
    figures of the months before, for the charts. ``personal`` is what was done with personal data
    in ``data``, None where nothing was decided.
    """

    verdict: AttemptVerdict
    cause: str | None
    entry: CatalogEntry | None
    run_id: str
    who: str
    started: datetime
    ended: datetime
    checks: tuple[CheckResult, ...]
    environment: Mapping[str, object]
    warehouse: str | None = None
    source: SourceFacts | None = None
    statements: tuple[ExecutedStatement, ...] = ()
    controls: Mapping[str, tuple[Mapping[str, object], ...]] = field(default_factory=dict)
    data: Spooled | None = None
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    rows_reached: int | None = None
    lineage: Mapping[str, object] = field(default_factory=dict)
    retries: tuple[str, ...] = ()
    log: tuple[LogLine, ...] = ()
    stored: tuple[Receipt, ...] = ()
    closed_by: str | None = None
    attachments: Mapping[str, Path] = field(default_factory=dict)
    history: tuple[MonthFigures, ...] = ()
    baseline: Mapping[str, object] | None = None
    personal: Mapping[str, object] | None = None


def expected_checks(entry: CatalogEntry) -> frozenset[str]:
    """The names of the checks that an attempt at the report must answer for, none left out."""
    findings = (c.name for c in entry.controls if c.kind is ControlKind.MUST_BE_EMPTY)
    return frozenset({kind.value for kind in CheckKind} | set(findings))


def require_consistent(contents: PackageContents) -> None:
    """Raise ContradictoryPackageError where the verdict does not follow from the contents.

    PASS needs a complete extract with the total of every amount, and a PASS from every check
    that the report must answer for but those it declares not applicable: nothing passes because
    it was not tested (design, section 1, rule 4). Of a FAIL only a cause is asked, so that
    nothing stands in the way of its package.
    """
    if (contents.cause is None) != (contents.verdict is AttemptVerdict.PASS):
        raise _contradiction("it has a cause exactly where it does not pass", contents)
    if contents.verdict is not AttemptVerdict.PASS:
        return
    entry = contents.entry
    if entry is None or contents.data is None or contents.source is None:
        raise _contradiction("it needs a declared report, its extract and its source", contents)
    if contents.baseline is None and CheckKind.BASELINE not in entry.report.not_applicable:
        raise _contradiction("it needs the comparison with its baseline", contents)
    if contents.rows_reached != contents.data.rows:
        raise _contradiction("it needs every row that was reached", contents)
    if set(contents.totals) != set(entry.report.amounts):
        raise _contradiction("it needs the total of every declared amount", contents)
    if not any(receipt.key.endswith(f"/{VALIDATED}") for receipt in contents.stored):
        raise _contradiction("it names its validated data in the results store", contents)
    names = [check.name for check in contents.checks]
    missing = sorted(expected_checks(entry) - set(names))
    if missing or len(names) != len(set(names)):
        raise _contradiction(f"each check has one result, but {missing or names}", contents)
    declared = {kind.value for kind in entry.report.not_applicable}
    for check in contents.checks:
        wanted = Verdict.NOT_APPLICABLE if check.name in declared else Verdict.PASS
        if check.verdict is not wanted:
            raise _contradiction(
                f"the check {check.name} is {check.verdict.value}, not {wanted.value}", contents
            )


def _contradiction(what: str, contents: PackageContents) -> ContradictoryPackageError:
    return ContradictoryPackageError(
        f"A package that says {contents.verdict.value} cannot be made: {what}.",
        remedy="This is a fault of the product; report it with this message.",
    )
