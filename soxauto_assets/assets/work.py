"""The steps of an attempt, and what it has so far.

Here: each step, and what an error of it becomes. Not here: their order (``attempt.py``), how the
source is read (``reading.py``), what a package holds (``evidence/package.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.assets.causes import calls, describe
from soxauto_assets.assets.outcome import Outcome
from soxauto_assets.catalog.loader import CATALOG_FOLDER, load_entry
from soxauto_assets.errors import PermanentError, SoxautoError
from soxauto_assets.store.layout import EXTRACT, VALIDATED, AttemptAddress

if TYPE_CHECKING:
    from datetime import datetime

    from soxauto_assets.assets.progress import Listener
    from soxauto_assets.assets.reading import Reading
    from soxauto_assets.assets.surroundings import RunIdentity, Surroundings
    from soxauto_assets.catalog.model import CatalogEntry
    from soxauto_assets.evidence.baseline import Judgement
    from soxauto_assets.evidence.contents import LogLine
    from soxauto_assets.evidence.lease import Lease
    from soxauto_assets.evidence.lifecycle import AttemptVerdict
    from soxauto_assets.evidence.package import PublishedPackage
    from soxauto_assets.store.protocol import Receipt
    from soxauto_assets.store.spool import Spooled
    from soxauto_assets.validation.results import CheckResult

PACKAGED = "packaged.parquet"
"""The extract as the package takes it, where personal data was treated, in the scratch folder."""


class ScratchFolderError(PermanentError):
    """The folder that takes the spooled extract cannot be used."""


class Work:
    """An attempt under way: what it has so far, and its steps in the order of the design."""

    def __init__(
        self,
        address: AttemptAddress,
        around: Surroundings,
        run: RunIdentity,
        listener: Listener,
        started: datetime,
    ) -> None:
        from soxauto_assets.assets.reading import Reading

        self.address = address
        self.around = around
        self.run = run
        self.listener = listener
        self.scratch: Path | None = None
        self.started = started
        self.ended = started
        self.entry: CatalogEntry | None = None
        self.reading: Reading = Reading()
        self.warehouse_name: str | None = None
        self.is_demonstration = False
        self.baseline: Judgement | None = None
        self.packaged: Spooled | None = None
        self.personal: Mapping[str, object] | None = None
        self.checks: tuple[CheckResult, ...] = ()
        self.extract: Receipt | None = None
        self.validated: Receipt | None = None
        self.cause: str | None = None
        self.interrupted = False
        self.log: list[LogLine] = []
        self.attachments: Mapping[str, Path] = {}
        listener.opened(address, run.run_id)

    def tell(self, message: str, level: str = "INFO") -> None:
        """One line of the execution log, and of whoever listens."""
        from soxauto_assets.evidence.contents import LogLine

        self.log.append(LogLine(self.around.now(), level, message))
        self.listener.stage(self.address, message, level)

    @contextmanager
    def every_error_is_a_cause(self, lease: Lease) -> Iterator[None]:
        """Turn an error of the steps inside into the attempt's cause; an interruption too.

        An interruption (Ctrl-C, SIGTERM, a run that Dagster ends) is packed and closed at once,
        then goes on its way.
        """
        try:
            yield
        except Exception as error:
            if not isinstance(error, SoxautoError):
                self.tell(f"calls that led to the error: {calls(error)}", "ERROR")
            self.fail(describe(error))
        except BaseException as interruption:
            self.interrupted = True
            self.fail(f"The attempt was interrupted ({type(interruption).__name__}).")
            # What else goes wrong must not keep the process from stopping.
            with suppress(Exception), self.staying_open_is_told():
                package = self.pack(lease)
                self.alert(package)
                self.close(lease, package, became_current=False)
                self.enter_in_log()
            raise

    @contextmanager
    def staying_open_is_told(self) -> Iterator[None]:
        """Alert where the attempt cannot be opened or closed: the next start closes it, some day.

        The error goes on its way.
        """
        from soxauto_assets.assets.alerts import tell
        from soxauto_assets.evidence.alert_texts import left_open

        try:
            yield
        except Exception as error:
            cause = describe(error)
            self.tell(f"the attempt could not be closed: {cause}", "ERROR")
            alert = left_open(self.address, cause, run_url=self.run.url, at=self.around.now())
            with suppress(SoxautoError):
                tell(self.around.state, self.around.alerts, alert)
            raise

    def enter_in_log(self, *, last: bool = True) -> None:
        """Bring what was recorded into the evidence log; an error of it does not end the attempt.

        The records wait in the journal. Where the ``last`` try fails, an alert tells that the log
        lags behind until the next start; an earlier one is made good by the last.
        """
        from soxauto_assets.assets.alerts import tell
        from soxauto_assets.evidence.alert_texts import log_behind
        from soxauto_assets.evidence.log_keeping import keep_log, record_catalogue

        around = self.around
        try:
            record_catalogue(around.state, around.catalog, at=around.now())
            keep_log(
                around.state,
                around.evidence,
                around.sealing().signer,
                since=self.started,
                now=around.now,
            )
        except Exception as error:
            cause = describe(error)
            self.tell(f"the evidence log could not be written: {cause}", "ERROR")
            if last:
                alert = log_behind(
                    cause, address=self.address, run_url=self.run.url, at=self.around.now()
                )
                with suppress(SoxautoError):
                    tell(around.state, around.alerts, alert)

    def load(self) -> None:
        """The report's folder of the catalogue."""
        self.tell("attempt opened")
        self.entry = load_entry(self.address.report, self.around.catalog)

    def take_scratch(self, kept: ExitStack) -> None:
        """A folder for the spooled extract, kept to the attempt's end."""
        from soxauto_assets.warehouse.spill import spill_session

        try:
            self.scratch = kept.enter_context(spill_session(self.around.scratch_folder))
        except OSError as error:
            raise ScratchFolderError(
                f"The scratch folder {self.around.scratch_folder} cannot be used: "
                f"{error.strerror}.",
                remedy="Give the user of the process the right to write there, and check the disk.",
            ) from error

    def read(self, lease: Lease) -> None:
        """Controls and stream, in one snapshot of the source."""
        from soxauto_assets.assets.reading import read
        from soxauto_assets.warehouse.protocol import Purpose

        entry, address = self._entry(), self.address
        assert self.scratch is not None  # take_scratch() has run
        self.tell("opening the source")
        warehouse = self.around.warehouse()
        self.warehouse_name = warehouse.name
        self.is_demonstration = warehouse.is_demonstration
        read(
            self.reading,
            entry,
            address.period,
            warehouse,
            purpose=Purpose(address.report, str(address.period), address.attempt),
            spool_path=self.scratch / EXTRACT,
            tries=self.around.source_tries,
            pause=self.around.pause,
            stage=self.tell,
            rows=lambda count: self.listener.rows(address, count),
        )
        lease.assert_held()
        self.treat_personal_data(self.scratch / PACKAGED)

    def treat_personal_data(self, path: Path) -> None:
        """The rows as the package takes them; the results store keeps what the source gave."""
        from soxauto_assets.evidence.personal_data import treat

        assert self.reading.spooled is not None  # the stream was read to its end
        treated = treat(self.reading.spooled, self._entry(), self.around.personal, path)
        self.packaged, self.personal = treated.data, treated.document

    def compare(self) -> None:
        """The report as it is now with its approved baseline."""
        from soxauto_assets.evidence.baseline import judge_baseline

        self.baseline = judge_baseline(
            self._entry(),
            (self.around.catalog or CATALOG_FOLDER) / self.address.report,
            today=self.started.date(),
            demonstration=self.is_demonstration,
        )
        self.tell(f"baseline: {self.baseline.words}")

    def judge(self) -> None:
        """All checks; a failed one makes the attempt's cause."""
        from soxauto_assets.validation.judge import judge
        from soxauto_assets.validation.results import Verdict

        self.tell("checks")
        assert self.reading.findings is not None  # the stream was read to its end
        self.compare()
        self.checks = judge(
            self._entry(),
            self.address.period,
            self.reading.findings,
            self.reading.controls,
            None if self.baseline is None else self.baseline.finding,
        )
        failed = [check.name for check in self.checks if check.verdict is Verdict.FAIL]
        if failed:
            self.cause = f"{len(failed)} of the checks failed: {', '.join(failed)}."
            self.tell(self.cause, "ERROR")

    def keep(self, lease: Lease) -> None:
        """The extract into the results store; after it, where all passed, the validated data."""
        assert self.reading.spooled is not None
        self.tell("storing")
        lease.assert_held()
        self.extract = self.around.store(self.reading.spooled, self.address, EXTRACT)
        if self.cause is None:
            # Validation changes nothing, so these are the same bytes, not encoded again.
            self.validated = self.around.store(self.reading.spooled, self.address, VALIDATED)

    def fail(self, cause: str) -> None:
        """End the attempt as failed: what was not reached fails with this cause."""
        from soxauto_assets.validation.judge import unreached

        self.tell(cause, "ERROR")
        self.cause, self.validated = cause, None
        if self.entry is not None and not self.checks:
            self.checks = unreached(self.entry, cause)

    def pack(self, lease: Lease) -> PublishedPackage:
        """The package, whatever the verdict."""
        from soxauto_assets.evidence.contents import PackageContents
        from soxauto_assets.evidence.environment import describe_environment
        from soxauto_assets.evidence.papers.history import recent_months
        from soxauto_assets.evidence.timestamping import publish_and_stamp

        self.tell("packing the evidence")
        self.ended = self.around.now()
        reading, around, address = self.reading, self.around, self.address
        contents = PackageContents(
            verdict=self.verdict,
            cause=self.cause,
            entry=self.entry,
            run_id=self.run.run_id,
            who=self.run.who,
            started=self.started,
            ended=self.ended,
            checks=self.checks,
            environment=describe_environment(
                self.around.settings, engine=None if reading.facts is None else reading.facts.engine
            ),
            warehouse=self.warehouse_name,
            source=reading.facts,
            statements=reading.executed,
            controls=reading.controls,
            data=self.packaged,
            personal=self.personal,
            totals=self.totals,
            rows_reached=reading.rows,
            lineage=self.lineage(),
            baseline=None if self.baseline is None else self.baseline.document(),
            attachments=self.attachments,
            retries=tuple(reading.retries),
            log=tuple(self.log),
            stored=tuple(r for r in (self.extract, self.validated) if r is not None),
            history=recent_months(around.results, around.evidence, address.report, address.period),
        )
        lease.assert_held()
        return publish_and_stamp(
            contents,
            address,
            around.evidence,
            around.state,
            around.sealing(),
            now=around.now,
            papers=around.papers,
        )

    def publish(self, package: PublishedPackage) -> bool:
        """PASS: make the validated data current; whether it became so."""
        from soxauto_assets.evidence.current import move_current

        if self.validated is None or self.cause is not None:
            return False
        assert self.reading.spooled is not None
        return move_current(
            self.around.state,
            self.around.results,
            self.address,
            self.validated,
            content_digest=self.reading.spooled.content_digest,
            manifest_sha256=package.manifest.sha256,
            now=self.around.now,
        ).moved

    def alert(self, package: PublishedPackage) -> None:
        """FAIL: one alert into the outbox."""
        from soxauto_assets.assets.alerts import tell
        from soxauto_assets.evidence.alert_texts import failed_report

        if self.cause is not None:
            tell(
                self.around.state,
                self.around.alerts,
                failed_report(
                    self.address,
                    self.cause,
                    self.checks,
                    package_url=package.url,
                    run_url=self.run.url,
                    at=self.ended,
                    interrupted=self.interrupted,
                ),
            )

    def close(self, lease: Lease, package: PublishedPackage, became_current: bool) -> Outcome:
        """The attempt's last record, and its outcome."""
        from soxauto_assets.assets.preview import first_rows
        from soxauto_assets.evidence.lifecycle import close_attempt

        spooled = self.reading.spooled
        close_attempt(
            lease,
            self.verdict,
            package.manifest,
            content_digest=None if spooled is None else spooled.content_digest,
            seal_sha256=package.seal_sha256,
        )
        outcome = Outcome(
            address=self.address,
            entry=self.entry,
            passed=self.cause is None,
            cause=self.cause,
            checks=self.checks,
            rows=self.reading.rows,
            totals=self.totals,
            spooled=spooled,
            preview=first_rows(self.entry, spooled),
            extract=self.extract,
            validated=self.validated,
            package=package,
            became_current=became_current,
            started=self.started,
            ended=self.ended,
            page_url=self.page_url,
        )
        self.listener.closed(outcome)
        return outcome

    @property
    def page_url(self) -> str | None:
        """Where the page of the package is shown."""
        url = self.around.pages_url
        return None if url is None else f"{url}/evidence/{self.address.key('package.html')}"

    @property
    def verdict(self) -> AttemptVerdict:
        """What the package says."""
        from soxauto_assets.evidence.lifecycle import AttemptVerdict

        if self.interrupted:
            return AttemptVerdict.INTERRUPTED
        return AttemptVerdict.PASS if self.cause is None else AttemptVerdict.FAIL

    @property
    def totals(self) -> Mapping[str, Decimal]:
        """Exact sums of the controlled amounts over the whole extract; empty where it broke."""
        findings = self.reading.findings
        return {} if findings is None else findings.sums

    def lineage(self) -> Mapping[str, object]:
        """What the package says of where each column comes from."""
        from soxauto_assets.warehouse.lineage import lineage_of

        if self.entry is None:
            return {}
        try:
            return lineage_of(self.entry).to_document()
        except SoxautoError as error:
            return {"problem": str(error)}

    def _entry(self) -> CatalogEntry:
        assert self.entry is not None  # load() has run
        return self.entry
