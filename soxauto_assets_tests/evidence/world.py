"""Three stores and a clock that stands still, and an attempt's life with a package of one file.

The package is no real one (see test_package): recovery asks only for its verdict.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from soxauto_assets.evidence import outbox
from soxauto_assets.evidence.current import move_current
from soxauto_assets.evidence.lease import Lease
from soxauto_assets.evidence.lifecycle import (
    AttemptVerdict,
    OpenAttempt,
    close_attempt,
    open_attempt,
)
from soxauto_assets.evidence.recovery import Recovery, StandingPackage, recover
from soxauto_assets.period import Period
from soxauto_assets.store.layout import MANIFEST, VALIDATED, AttemptAddress
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import Receipt

REPORT, PERIOD = "ipe_07", Period(2024, 9)
START = datetime(2024, 10, 1, 8, 0, 0, tzinfo=UTC)


def attempt_id(number: int) -> str:
    """Ids that sort by number, as real ones sort by time."""
    return f"20241001_08{number:02}00Z-{number:08x}"


def address(number: int = 1) -> AttemptAddress:
    return AttemptAddress(REPORT, PERIOD, attempt_id(number))


@dataclass
class World:
    folder: Path
    time: datetime = START
    state: LocalStore = field(init=False)
    results: LocalStore = field(init=False)
    evidence: LocalStore = field(init=False)

    def __post_init__(self) -> None:
        self.open_again()

    def open_again(self) -> None:
        """As a new process does."""
        self.state, self.results, self.evidence = (
            LocalStore(self.folder / name, name=name) for name in ("state", "results", "evidence")
        )

    def now(self) -> datetime:
        return self.time

    def pass_time(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    # -- an attempt

    def open(self, number: int = 1, who: str = "ada@host") -> Lease:
        return open_attempt(self.state, address(number), who, f"run {number}", now=self.now)

    def live(self, number: int, verdict: AttemptVerdict) -> None:
        """A whole attempt, in the order of lifecycle.py."""
        with self.open(number) as lease:
            validated = None
            if verdict is AttemptVerdict.PASS:
                validated = self.results.create(
                    lease.address.key(VALIDATED), f"data of {number}".encode()
                )
            lease.assert_held()
            self.finish(lease, self.write_package(lease.address, verdict, validated))

    def finish(self, lease: Lease, package: StandingPackage) -> None:
        if package.validated is not None:
            move_current(
                self.state,
                self.results,
                lease.address,
                package.validated,
                content_digest="digest",
                manifest_sha256=package.manifest.sha256,
                now=self.now,
            )
        else:
            self.alert_of(lease.address, package)
        close_attempt(lease, package.verdict, package.manifest, content_digest="digest")

    # -- its package and alert

    def write_package(
        self, at: AttemptAddress, verdict: AttemptVerdict, validated: Receipt | None
    ) -> StandingPackage:
        document = {"verdict": verdict.value, "validated": validated and vars(validated)}
        manifest = self.evidence.create(at.key(MANIFEST), json.dumps(document).encode())
        return StandingPackage(verdict, manifest, "digest", validated)

    def find_package(self, at: AttemptAddress) -> StandingPackage | None:
        info = self.evidence.info(at.key(MANIFEST))
        if info is None:
            return None
        document = json.loads(self.evidence.read(info.key))
        validated = document["validated"]
        return StandingPackage(
            AttemptVerdict(document["verdict"]),
            Receipt(info.key, info.version, info.sha256, info.size),
            "digest",
            None if validated is None else Receipt(**validated),
        )

    def write_interrupted(self, attempt: OpenAttempt, lease: Lease) -> StandingPackage:
        assert lease.address == attempt.address
        return self.write_package(attempt.address, AttemptVerdict.INTERRUPTED, None)

    def alert_of(self, at: AttemptAddress, package: StandingPackage) -> bool:
        return outbox.enqueue(
            self.state,
            outbox.Alert(
                outbox.AlertKind.REPORT_FAILED,
                f"{at.report} {at.period} {package.verdict.value}",
                ("A report failed.",),
                self.now(),
                at.report,
                str(at.period),
                at.attempt,
            ),
        )

    def recover(self) -> Recovery:
        return recover(
            self.state,
            self.results,
            find_package=self.find_package,
            write_interrupted_package=self.write_interrupted,
            alert=lambda attempt, package: self.alert_of(attempt.address, package),
            now=self.now,
        )
