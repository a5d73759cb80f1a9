"""The control of a month as an attempt of its own, with a package, whatever it finds.

The steps are those of every attempt (``attempt.py``); what differs is what is read: current
reports and input files instead of a source. Its package holds the manifests of the packages that
it read, so that its one digest covers the month.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from soxauto_assets.assets.attempt import carry_out
from soxauto_assets.assets.month_inputs import MonthInputs, read_month, written
from soxauto_assets.assets.surroundings import RunIdentity, Surroundings
from soxauto_assets.assets.work import Work
from soxauto_assets.reconciliation.batches import in_files
from soxauto_assets.reconciliation.control import Control, reconcile
from soxauto_assets.reconciliation.review.page import PAGE, page
from soxauto_assets.reconciliation.review.reviewed import Row
from soxauto_assets.reconciliation.review.trend import months_before
from soxauto_assets.reconciliation.rulebook import RuleBook, load_rules
from soxauto_assets.reconciliation.summary import CONTROL_ID, ENTRY, problems, summary
from soxauto_assets.reconciliation.tables import control_tables
from soxauto_assets.store.layout import EXTRACT, AttemptAddress, new_attempt_id
from soxauto_assets.store.spool import spool
from soxauto_assets.validation.stream import StreamChecks
from soxauto_assets.warehouse.protocol import SourceFacts

if TYPE_CHECKING:
    from soxauto_assets.assets.outcome import Outcome
    from soxauto_assets.assets.progress import Listener
    from soxauto_assets.evidence.lease import Lease
    from soxauto_assets.period import Period
    from soxauto_assets.store.protocol import ObjectStore


@dataclass(frozen=True)
class ControlMade:
    """The attempt, and the control itself; None where the attempt did not come so far."""

    outcome: Outcome
    control: Control | None


def attempt_control(
    period: Period,
    around: Surroundings,
    inputs: ObjectStore,
    zone: ZoneInfo,
    run: RunIdentity,
    listener: Listener,
) -> ControlMade:
    """Reconcile one month and pack it; it passes when all is reconciled or explained.

    Ends and raises as ``attempt`` does.
    """
    address = AttemptAddress(CONTROL_ID, period, new_attempt_id(around.now()))
    work = _ControlWork(address, around, run, listener, inputs, zone)
    return ControlMade(carry_out(work), work.control)


class _ControlWork(Work):
    """An attempt at the control under way."""

    def __init__(
        self,
        address: AttemptAddress,
        around: Surroundings,
        run: RunIdentity,
        listener: Listener,
        inputs: ObjectStore,
        zone: ZoneInfo,
    ) -> None:
        super().__init__(address, around, run, listener, around.now())
        self.inputs = inputs
        self.zone = zone
        self.control: Control | None = None
        self.sources: Mapping[str, str] = {}

    def load(self) -> None:
        """The declaration of the summary."""
        self.entry = ENTRY

    def compare(self) -> None:
        """Nothing: its rules are its baseline, validated when loaded (``summary.py``)."""

    def read(self, lease: Lease) -> None:
        """The rules, the reports and files, and the control that follows from them."""
        assert self.scratch is not None  # take_scratch() has run
        book = load_rules()
        self.tell(f"rules {book.version} {book.digest()}")
        found = read_month(
            self.address.period,
            self.around.results,
            self.around.evidence,
            self.inputs,
            book,
            self.zone,
        )
        self.sources = found.sources
        self.attachments = written(found, self.scratch / "attachments")
        self.reading.facts = self._facts(found)
        lease.assert_held()
        self.tell(f"reconciling {len(found.month.reports)} reports")
        folder = self.scratch / "attachments"
        self.control = reconcile(found.month, book, in_files(folder / "tables"))
        self.tell(f"control {self.control.status.value}")
        self.attachments = dict(self.attachments) | _tables(self.control, book, folder)
        rows = self._spool(self.control, self.scratch / EXTRACT)
        self._draw(self.control, rows, self.scratch / PAGE)

    def _draw(self, control: Control, rows: Sequence[Row], path: Path) -> None:
        """The control's page, an attachment of the package.

        No page is worth an attempt that fails: one that breaks is left out, and the log says so.
        """
        try:
            before = months_before(self.around.evidence, self.address.period)
            path.write_bytes(page(control, rows, self.address, before))
        except Exception as error:
            self.tell(f"the page {PAGE} could not be made ({type(error).__name__})", "ERROR")
        else:
            self.attachments = dict(self.attachments) | {PAGE: path}

    def _spool(self, control: Control, path: Path) -> Sequence[Row]:
        """The summary as the attempt's data, looked at as every report is; its rows."""
        reading = self.reading
        reading.controls.update(problems(control))
        checks = StreamChecks(ENTRY, self.address.period, reading.controls)
        rows = summary(control)
        reading.rows = rows.num_rows
        reading.spooled = spool(iter([rows]), ENTRY.columns, path, observers=[checks])
        reading.findings = checks.finish(path)
        self.packaged = reading.spooled  # a summary names nobody
        found: list[Row] = rows.to_pylist()
        return found

    def _facts(self, found: MonthInputs) -> SourceFacts:
        now = self.around.now()
        return SourceFacts(
            engine="current reports and input files",
            server=self.around.results.url,
            databases=tuple(sorted(found.sources)),
            login=self.run.who,
            isolation="each object as it was published, by digest",
            source_clock=now.replace(tzinfo=None),
            product_clock=now,
            details={**found.sources, **{f"absent {k}": v for k, v in found.month.absent.items()}},
        )

    def lineage(self) -> Mapping[str, object]:
        """Which packages and files the figures come from."""
        return {"sources": dict(self.sources)}


def _tables(control: Control, book: RuleBook, folder: Path) -> dict[str, Path]:
    """The rules and the tables behind the summary, by their names in the package."""
    tables = folder / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    paths = {"rules.json": folder / "rules.json"}
    document = {"digest": book.digest(), "rules": book.as_document()}
    paths["rules.json"].write_text(
        json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False), "utf-8"
    )
    for name, frame in control_tables(control).items():
        path = paths[f"tables/{name}.parquet"] = tables / f"{name}.parquet"
        if not path.exists():  # what was kept in a file already is what goes into the package
            frame.lazy().collect().write_parquet(path)
    return paths
