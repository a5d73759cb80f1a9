"""Everything that an attempt works with, over a source of a few rows: attempts without Dagster.

Here: stores, source and catalogue in one folder, making attempts, and what every one that ended
must have left. Not here: faults (``os_faults.py``) and what the attempts should come to.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from soxauto_assets.assets.attempt import attempt
from soxauto_assets.assets.outcome import Outcome
from soxauto_assets.assets.surroundings import RunIdentity, Surroundings
from soxauto_assets.catalog.loader import CATALOG_FOLDER, BrokenReportError
from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.evidence.approval import NotApprovableError
from soxauto_assets.evidence.interrupted import close_interrupted
from soxauto_assets.evidence.lifecycle import AttemptState, AttemptVerdict, attempts, open_attempts
from soxauto_assets.evidence.outbox import Alert, AlertKind, unsent
from soxauto_assets.evidence.personal_data import AS_GIVEN, PersonalData
from soxauto_assets.evidence.recovery import Recovery
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import Receipt
from soxauto_assets.store.spool import Spooled
from soxauto_assets.verify.package import verify_package
from soxauto_assets.warehouse.protocol import Warehouse
from soxauto_assets_tests.support.baselines import approve_folder
from soxauto_assets_tests.support.packages import SEALING
from soxauto_assets_tests.support.small_warehouse import FINREC, SmallWarehouse

REPORT, MAY = "cr_05", Period(2024, 5)
"""The smallest report: one row a company."""
RATES = f"{FINREC}.dbo.RPT_FX_RATES"
RUN = RunIdentity("run-1", "ada@host", "http://127.0.0.1:3000/runs/run-1")


def small_source(
    folder: Path, *, without: str = "", period: Period = MAY, rate: str = "2.5"
) -> SmallWarehouse:
    """A source with one good rate of the month for each country but ``without``."""
    folder.mkdir(parents=True, exist_ok=True)
    source = SmallWarehouse(folder)
    source.put(
        RATES,
        *(
            {
                "country_code": company.country,
                "rate_type": "Closing",
                "year": period.year,
                "cod_month": period.month,
                "base_currency": "USD",
                "rate": Decimal(rate),
            }
            for company in ROSTER
            if company.country != without
        ),
    )
    return source


def catalog_with(folder: Path, query: Callable[[str], str], report: str = REPORT) -> Path:
    """A catalogue of one report, whose query is made from the real one."""
    shutil.copytree(CATALOG_FOLDER / report, folder / report)
    file = folder / report / "query.sql"
    before = file.read_text("utf-8")
    after = query(before)
    assert after != before
    file.write_text(after, "utf-8")
    # Approved as it is, so that a test sees what it is about; what is no SQL nobody approves.
    with suppress(BrokenReportError, NotApprovableError):
        approve_folder(folder / report)
    return folder


class Told:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.outcomes: list[Outcome] = []

    def opened(self, address: AttemptAddress, run_id: str) -> None:
        self.stages.append("opened")

    def stage(self, address: AttemptAddress, stage: str, level: str = "INFO") -> None:
        self.stages.append(stage)

    def rows(self, address: AttemptAddress, rows: int) -> None:
        pass

    def closed(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


class Workshop:
    """The three stores and a scratch folder below ``folder``, opened as a new process does."""

    def __init__(
        self,
        folder: Path,
        warehouse: Callable[[], Warehouse],
        *,
        catalog: Path | None = None,
        tries: int = 1,
        lease_seconds: int = 300,
        sealing: Sealing = SEALING,
        personal: PersonalData = AS_GIVEN,
    ) -> None:
        self.folder = folder
        self.warehouse = warehouse
        self.catalog = catalog
        self.tries = tries
        self.lease_seconds = lease_seconds
        self.sealing = sealing
        self.personal = personal
        self.told = Told()
        self.open_again()

    def open_again(self) -> None:
        """Open the stores as the next process does."""
        self.results, self.evidence, self.state = (
            LocalStore(self.folder / name, name=name) for name in ("results", "evidence", "state")
        )

    def attempt(self, report: str = REPORT, period: Period = MAY) -> Outcome:
        """One attempt."""
        around = Surroundings(
            warehouse=self.warehouse,
            store=self._store,
            results=self.results,
            evidence=self.evidence,
            state=self.state,
            scratch_folder=self.folder / "scratch",
            source_tries=self.tries,
            lease_seconds=self.lease_seconds,
            settings={"SOXAUTO_STORE": "local"},
            sealing=lambda: self.sealing,
            catalog=self.catalog,
            personal=self.personal,
        )
        return attempt(report, period, around, RUN, self.told)

    def _store(self, spooled: Spooled, address: AttemptAddress, name: str) -> Receipt:
        return self.results.create(address.key(name), spooled.path)

    def next_start(self) -> Recovery:
        """What a next process does first."""
        self.open_again()
        return close_interrupted(
            self.state, self.results, self.evidence, settings={}, sealing=self.sealing
        )

    def history(self, report: str = REPORT, period: Period = MAY) -> tuple[AttemptState, ...]:
        """All attempts, the oldest first."""
        return attempts(self.state, report, period)

    def package(self, outcome: Outcome) -> Path:
        """The folder of the attempt's package."""
        return self.folder / "evidence" / outcome.address.prefix

    def keys(self, store: LocalStore) -> list[str]:
        """The names of a store's objects of attempts, without the attempt's prefix."""
        return [info.key.split("/", 4)[-1] for info in store.list("attempts/")]

    def alerts(self) -> list[Alert]:
        """The alerts that wait in the outbox."""
        return list(unsent(self.state))

    def scratch(self) -> list[Path]:
        """What is left of spooled extracts."""
        return list((self.folder / "scratch").glob("session-*"))

    def require_closed_once(self) -> AttemptVerdict | None:
        """The verdict of the one attempt, None where none was opened.

        It is closed, with exactly one package that verifies and says the same, and an alert
        where it did not pass.
        """
        assert open_attempts(self.state) == ()
        history = self.history()
        if not history:
            return None
        (one,) = history
        assert one.closed is not None
        manifests = [k.key for k in self.evidence.list("") if k.key.endswith("manifest.json")]
        assert manifests == [one.closed.manifest_key]
        answer = verify_package(self.folder / "evidence" / one.address.prefix)
        assert answer.first_difference is None
        assert answer.claim is not None
        assert answer.claim.verdict == one.closed.verdict.value
        told = {alert.kind for alert in self.alerts() if alert.attempt == one.address.attempt}
        if one.closed.verdict is not AttemptVerdict.PASS:
            assert told & {AlertKind.REPORT_FAILED, AlertKind.INTERRUPTED}
        return one.closed.verdict
