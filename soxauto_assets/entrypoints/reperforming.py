"""`soxauto reperform`: a current package run again, with what is shown and how it ends.

Not here: the re-performance itself (``evidence/reperformance``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soxauto_assets.assets.alerts import tell
from soxauto_assets.assets.factory import personal_data_of
from soxauto_assets.automation.alerting import deliver
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.entrypoints.bindings import alert_sink, signer_of, store_url, warehouse_resource
from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.holder import Holder
from soxauto_assets.evidence.reperformance.documents import DIFFERS, duplicates, table
from soxauto_assets.evidence.reperformance.performing import Means, reperform
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.store.opening import open_store

if TYPE_CHECKING:
    from rich.console import Console

    from soxauto_assets.evidence.outbox import Alert
    from soxauto_assets.period import Period
    from soxauto_assets.settings import Settings

DIFFERENCES_FOUND = 5
"""The exit code of a re-performance that came to its end and found differences."""


class NoSuchReportError(PermanentError):
    """The report is none of the catalogue."""


def reperform_month(report: str, period: Period, settings: Settings, console: Console) -> int:
    """Re-perform, print the classes and where the answer stands; the exit code.

    Raises NoSuchReportError and what ``reperform`` raises.
    """
    name = report.strip().lower()
    if name not in report_ids():
        raise NoSuchReportError(
            f"There is no report {report!r} that a query makes.",
            remedy=f"Choose from: {', '.join(report_ids())}.",
        )
    state = open_store(store_url(settings, "state"), name="state")
    sink = alert_sink(settings)

    def alert(told: Alert) -> None:
        tell(state, sink, told)
        deliver(state, sink)

    evidence = open_store(store_url(settings, "evidence"), name="evidence")
    found = reperform(
        name,
        period,
        Means(
            state=state,
            results=open_store(store_url(settings, "results"), name="results"),
            evidence=evidence,
            warehouse=warehouse_resource(settings).warehouse,
            sealing=Sealing(signer_of(settings)),
            scratch=settings.home / "scratch",
            tries=settings.source_tries,
            who=Holder.this_process().who,
            settings={variable: value for variable, value, _, _ in settings.table()},
            alert=alert,
            pseudonym_key=personal_data_of(settings).key,
        ),
    )
    made = found.made
    assert made.comparison is not None  # it came to its end
    lines = [f"{name} {period}, attempt {made.of.attempt}: {made.outcome}", ""]
    lines += [*table(made.comparison), "", *duplicates(made.comparison)]
    lines.append(f"Signed: {evidence.url}/{made.address.prefix}")
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return DIFFERENCES_FOUND if made.outcome == DIFFERS else 0
