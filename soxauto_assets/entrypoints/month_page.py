"""The page of a month: every report and the control, current and latest, and who signed what.

Written to ``SOXAUTO_HOME/pages`` by `soxauto period` and at the end of `soxauto run`, and drawn
anew for each visitor of `soxauto pages`. Here: the figures and the files. Not here: the look
(``evidence/papers``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soxauto_assets.assets.partitions import FIRST_PERIOD, last_closed_period
from soxauto_assets.catalog.loader import BrokenReportError, load_entry, report_ids
from soxauto_assets.entrypoints.bindings import store_url
from soxauto_assets.entrypoints.overview import ReportStatus, status_of
from soxauto_assets.entrypoints.signing_off import CONTROL, trusted
from soxauto_assets.evidence.canonical import NotCanonicalError, parse_canonical
from soxauto_assets.evidence.papers.page import PAGE, environment, style
from soxauto_assets.evidence.sign_off import StoredSignOff, sign_offs
from soxauto_assets.reconciliation.sign_off_rules import blockers
from soxauto_assets.store.layout import MANIFEST, AttemptAddress, current_key
from soxauto_assets.store.opening import open_store
from soxauto_assets.store.protocol import StoreError
from soxauto_assets.verify.sign_offs import ROLES

if TYPE_CHECKING:
    from soxauto_assets.period import Period
    from soxauto_assets.settings import Settings
    from soxauto_assets.store.protocol import ObjectStore

PAGES = "pages"
INDEX = "index.html"


@dataclass(frozen=True)
class Line:
    """One report of the month, or the control.

    ``verdict`` and ``tone`` (``good``, ``bad``, ``wait``, ``none``) are of its newest attempt;
    ``rows`` and ``checks`` what that one's package says; ``open_points`` what stands in the way of
    a sign-off.
    """

    report: str
    title: str
    status: ReportStatus
    verdict: str
    tone: str
    rows: int | None
    checks: str
    link: str | None
    current_link: str | None
    signed: dict[str, StoredSignOff]
    suspended: tuple[StoredSignOff, ...]
    open_points: tuple[str, ...]

    @property
    def signed_off(self) -> bool:
        """Whether both roles have signed what is newest, and it counts."""
        return all(role in self.signed and self.signed[role].counts for role in ROLES)


def lines_of(period: Period, settings: Settings) -> tuple[Line, ...]:
    """All reports of the month and the control, in the order of the catalogue."""
    evidence = open_store(store_url(settings, "evidence"), name="evidence")
    inputs = open_store(store_url(settings, "inputs"), name="inputs")
    trust = trusted(settings)
    lines = []
    for status in status_of(period, settings, control=CONTROL):
        verdict, tone = _verdict(status)
        latest = status.latest
        predicate = _predicate(evidence, status)
        checks = [check["verdict"] for check in predicate.get("checks", ())]
        stored = sign_offs(evidence, status.report, period, status.history, trust)
        newest = None if latest is None else latest.address.attempt
        lines.append(
            Line(
                report=status.report,
                title=_title(status.report),
                status=status,
                verdict=verdict,
                tone=tone,
                rows=predicate.get("rows_reached"),
                checks=f"{checks.count('PASS')} of {sum(c != 'NOT_APPLICABLE' for c in checks)}"
                if checks
                else "",
                link=None if newest is None else _link(status.report, period, newest),
                current_link=None
                if status.current is None or status.current.attempt is None
                else _link(status.report, period, status.current.attempt),
                signed={s.role: s for s in stored if _attempt_of(s) == newest},
                suspended=tuple(s for s in stored if _attempt_of(s) != newest),
                open_points=blockers(latest, evidence=evidence, inputs=inputs),
            )
        )
    return tuple(lines)


def month_page(period: Period, settings: Settings, *, now: datetime | None = None) -> str:
    """The page of a month as HTML; links lead to the evidence beside ``pages/``."""
    from markupsafe import Markup

    lines = lines_of(period, settings)
    counts = {tone: sum(line.tone == tone for line in lines) for tone in ("good", "bad", "wait")}
    return (
        environment()
        .get_template("month.html")
        .render(
            style=Markup(style()),
            period=period,
            lines=lines,
            counts=counts,
            missing=[line.report for line in lines if line.tone == "none"],
            signed=sum(line.signed_off for line in lines),
            roles=ROLES,
            base=_base(settings),
            has_trust=trusted(settings) is not None,
            now=now or datetime.now(UTC),
        )
    )


def months_page(settings: Settings, *, now: datetime | None = None) -> str:
    """The page of all months as HTML, the newest first.

    It costs two listings, whatever the number of months, and so tells what is current and what
    was attempted; verdicts stand on the page of each month.
    """
    from markupsafe import Markup

    state = open_store(store_url(settings, "state"), name="state")
    results = open_store(store_url(settings, "results"), name="results")
    names = {*report_ids(), CONTROL}
    attempted = {
        (address.report, address.period)
        for listed in state.list("attempts/")
        if (address := AttemptAddress.parse(listed.key)) is not None
    }
    published = {listed.key for listed in results.list("current/")}
    months = [
        {
            "period": period,
            "current": sum(current_key(name, period) in published for name in names),
            "attempted": sum((name, period) in attempted for name in names),
            "all": len(names),
        }
        for period in sorted(FIRST_PERIOD.through(last_closed_period(settings)), reverse=True)
    ]
    return (
        environment()
        .get_template("months.html")
        .render(style=Markup(style()), months=months, now=now or datetime.now(UTC))
    )


def write_pages(periods: Sequence[Period], settings: Settings) -> tuple[Path, ...]:
    """Write the pages of these months and the index of all into SOXAUTO_HOME; their files."""
    folder = settings.home / PAGES
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in (
        *((f"{period}.html", month_page(period, settings)) for period in periods),
        (INDEX, months_page(settings)),
    ):
        path = folder / name
        path.with_suffix(".part").write_text(text, "utf-8")
        path.with_suffix(".part").replace(path)
        written.append(path)
    return tuple(written)


def _base(settings: Settings) -> str:
    """Where the evidence stands as seen from a page: beside it, or where pages are served."""
    if settings.store == "local":
        return "../evidence/"
    return f"{settings.pages_url}/evidence/"


def _link(report: str, period: Period, attempt: str) -> str:
    return f"attempts/{report}/{period}/{attempt}/{PAGE}"


def _attempt_of(stored: StoredSignOff) -> str:
    return stored.key.split("/")[3]


def _title(report: str) -> str:
    if report == CONTROL:
        return "The control: balances against operations"
    try:
        return load_entry(report).report.title
    except BrokenReportError:
        return "its folder is broken"


def _verdict(status: ReportStatus) -> tuple[str, str]:
    latest = status.latest
    if status.damage is not None:
        return "record damaged", "bad"
    if latest is None:
        return "not run", "none"
    if latest.closed is None:
        return "open", "wait"
    verdict = latest.closed.verdict.value
    if status.passed and not status.is_published:
        return f"{verdict}, not what is current", "bad"
    return verdict, "good" if status.passed else "bad"


def _predicate(evidence: ObjectStore, status: ReportStatus) -> dict[str, Any]:
    """What the newest package says; nothing where there is none that can be read."""
    if status.latest is None or status.latest.closed is None:
        return {}
    try:
        content = evidence.read(status.latest.address.key(MANIFEST))
        return dict(parse_canonical(content)["predicate"])
    except (StoreError, NotCanonicalError, KeyError, TypeError):
        return {}
