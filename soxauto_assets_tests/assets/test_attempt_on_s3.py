"""A month of a report on stores in S3, from the source to a package that an auditor verifies."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from soxauto_assets.assets.attempt import attempt
from soxauto_assets.assets.io_manager import ReportIOManager
from soxauto_assets.assets.outcome import Outcome
from soxauto_assets.assets.progress import LogListener
from soxauto_assets.assets.resources import StateResource
from soxauto_assets.assets.surroundings import RunIdentity, Surroundings
from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.lifecycle import AttemptVerdict, attempts
from soxauto_assets.evidence.outbox import unsent
from soxauto_assets.period import Period
from soxauto_assets.store.layout import VALIDATED, AttemptAddress
from soxauto_assets.store.protocol import ObjectStore
from soxauto_assets.store.s3_address import Retention
from soxauto_assets.verify.findings import Verification
from soxauto_assets.verify.package import verify_package
from soxauto_assets.warehouse.embedded import EmbeddedWarehouse
from soxauto_assets_tests.support.demo import small_demo
from soxauto_assets_tests.support.faulty_http import faulty_proxy
from soxauto_assets_tests.support.packages import SEALING
from soxauto_assets_tests.support.s3_server import S3Server, s3_server

REPORT, PERIOD = "ipe_07", Period(2024, 4)
RUN = RunIdentity("run-1", "tester@host", "http://127.0.0.1/run-1")


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return small_demo(tmp_path_factory)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@dataclass(frozen=True)
class World:
    """The three stores in two new buckets, and a source."""

    server: S3Server
    results_bucket: str
    evidence_bucket: str
    databases: Mapping[str, Path]
    folder: Path

    def around(self, *, results_endpoint: str | None = None) -> Surroundings:
        """As one process would open them, by the addresses that pass through its resources."""
        endpoint = results_endpoint or self.server.endpoint
        results = self.server.address(self.results_bucket, "", endpoint=endpoint)
        evidence = self.server.address(self.evidence_bucket, "", retention=Retention(days=1))
        state = self.server.address(self.results_bucket, "state")
        report_io = ReportIOManager(results_url=results.text, evidence_url=evidence.text)
        return Surroundings(
            warehouse=lambda: EmbeddedWarehouse(
                self.databases, name="small", spill_folder=self.folder
            ),
            store=report_io.store,
            results=report_io.results,
            evidence=report_io.evidence,
            state=StateResource(url=state.text).store,
            scratch_folder=self.folder / "scratch",
            source_tries=1,
            lease_seconds=300,
            settings={},
            sealing=lambda: SEALING,
        )


@pytest.fixture
def world(server: S3Server, databases: Mapping[str, Path], tmp_path: Path) -> World:
    return World(server, server.bucket(), server.bucket(locked_days=1), databases, tmp_path)


def download(store: ObjectStore, address: AttemptAddress, folder: Path) -> Path:
    """The package as an auditor gets it: its files, in a folder."""
    for listed in store.list(address.prefix):
        target = folder / listed.key
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(store.local_path(listed.key), target)
    return folder / address.prefix


def test_a_month_passes_on_s3_and_its_package_verifies(world: World, tmp_path: Path) -> None:
    around = world.around()
    outcome = attempt(REPORT, PERIOD, around, RUN, LogListener())
    assert (outcome.passed, outcome.became_current, outcome.cause) == (True, True, None)
    assert outcome.rows
    assert outcome.validated is not None
    standing = current(around.results, REPORT, PERIOD)
    assert standing is not None
    assert (standing.attempt, standing.sha256) == (
        outcome.address.attempt,
        outcome.validated.sha256,
    )
    (state,) = attempts(around.state, REPORT, PERIOD)
    assert state.closed is not None
    assert state.closed.verdict is AttemptVerdict.PASS
    report = verify_package(download(around.evidence, outcome.address, tmp_path / "package"))
    assert (report.verdict, report.first_difference) == (Verification.VERIFIED, None)
    assert report.claim is not None
    assert (report.claim.verdict, report.claim.rows) == ("PASS", outcome.rows)
    for receipt in (outcome.extract, outcome.validated):
        assert receipt is not None
        assert around.results.verify(receipt).sha256 == receipt.sha256
    for receipt in (outcome.package.manifest, *outcome.package.receipts):
        assert around.evidence.verify(receipt).version == receipt.version
    versions = world.server.client.list_object_versions(Bucket=world.evidence_bucket)["Versions"]
    checkpoint = "log/checkpoint"  # the one object that is replaced, its versions kept
    fixed = [version["Key"] for version in versions if version["Key"] != checkpoint]
    assert len(fixed) == len(set(fixed)) > len(outcome.package.receipts)
    assert len(versions) - len(fixed) == 2  # at the opening and at the closing


def test_two_attempts_at_the_same_month_both_stand_one_is_current_and_none_is_mixed(
    world: World, tmp_path: Path
) -> None:
    outcomes: list[Outcome] = []

    def close_month() -> None:
        outcomes.append(attempt(REPORT, PERIOD, world.around(), RUN, LogListener()))

    writers = [threading.Thread(target=close_month) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    around = world.around()
    assert [outcome.passed for outcome in outcomes] == [True, True]
    assert len(attempts(around.state, REPORT, PERIOD)) == 2
    standing = current(around.results, REPORT, PERIOD)
    assert standing is not None
    (owner,) = (each for each in outcomes if each.address.attempt == standing.attempt)
    assert owner.package is not None
    assert standing.manifest_sha256 == owner.package.manifest.sha256
    assert owner.became_current
    # Each package is whole by itself and of its own attempt, and so is what became current.
    for outcome in outcomes:
        report = verify_package(download(around.evidence, outcome.address, tmp_path / "packages"))
        assert report.verdict is Verification.VERIFIED
        assert report.claim is not None
        assert report.claim.attempt == outcome.address.attempt
    data = around.results.read(standing.key)
    assert data == around.results.read(owner.address.key(VALIDATED))
    assert hashlib.sha256(data).hexdigest() == standing.sha256


def test_a_results_store_that_is_down_ends_in_a_package_that_says_so(
    world: World, tmp_path: Path
) -> None:
    with faulty_proxy(world.server.port) as proxy:
        proxy.plan("answer", method="PUT", status=503, code="SlowDown", times=99)
        around = world.around(results_endpoint=proxy.endpoint)
        outcome = attempt(REPORT, PERIOD, around, RUN, LogListener())
    assert not outcome.passed
    assert outcome.cause is not None
    assert outcome.cause.startswith("StoreUnavailableError: ")
    around = world.around()
    assert list(around.results.list("attempts/")) == []
    assert current(around.results, REPORT, PERIOD) is None
    assert [alert.report for alert in unsent(around.state)] == [REPORT]
    report = verify_package(download(around.evidence, outcome.address, tmp_path / "package"))
    assert report.first_difference is None
    assert report.claim is not None
    assert report.claim.verdict == "FAIL"
