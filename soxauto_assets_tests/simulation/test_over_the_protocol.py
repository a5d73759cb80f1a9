"""The same for real: attempts over HTTP against the emulator, while a proxy spoils their requests.

The stores are those of the product, with botocore's own connections and retries; so are the topic
and the delivery. A seed draws one to four faults of the protocol, and whether one attempt runs or
two at once. What the simulation adds: crashes, clocks, an order of calls that can be had again.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pytest

from soxauto_assets.assets.attempt import attempt
from soxauto_assets.assets.surroundings import RunIdentity, Surroundings
from soxauto_assets.automation.alerting import deliver
from soxauto_assets.automation.sns import SnsSink
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.interrupted import close_interrupted
from soxauto_assets.evidence.lease import utc_now
from soxauto_assets.evidence.lifecycle import AttemptVerdict, attempts, open_attempts
from soxauto_assets.evidence.outbox import unsent
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.protocol import ObjectStore, Receipt
from soxauto_assets.store.s3 import S3Store
from soxauto_assets.store.s3_address import Retention
from soxauto_assets.store.spool import Spooled
from soxauto_assets.verify.log import folder_reader, keys_in, verify_log
from soxauto_assets.verify.package import verify_package
from soxauto_assets_tests.simulation.faults import Process
from soxauto_assets_tests.simulation.scenario import Beginnings
from soxauto_assets_tests.simulation.source import RecordedWarehouse
from soxauto_assets_tests.simulation.world import BAD, GOOD, MONTH, REPORT, SIGNER, no_papers
from soxauto_assets_tests.support.aws_server import AwsServer, Topic
from soxauto_assets_tests.support.faulty_http import Deed, FaultyProxy, faulty_proxy
from soxauto_assets_tests.support.s3_server import S3Server, s3_server
from soxauto_assets_tests.support.workshop import Told

STORIES, TOGETHER = 200, 10
"""So many in all; so many months share their buckets."""
REQUESTS = 170
"""About as many as an attempt and its delivery send."""
SEALING = Sealing(SIGNER)


@dataclass
class Place:
    """The buckets and the topic of some months, and what stood there after the last one."""

    server: S3Server
    topic: Topic
    begun: Beginnings
    folder: Path
    results_bucket: str
    evidence_bucket: str
    stood: dict[str, tuple[str, ...]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    opened: dict[str, tuple[ObjectStore, ObjectStore, ObjectStore]] = field(default_factory=dict)
    sinks: dict[str, SnsSink] = field(default_factory=dict)

    def stores(self, endpoint: str) -> tuple[ObjectStore, ObjectStore, ObjectStore]:
        """Results, evidence and state; opened once, for a client of boto3 costs as much as ten
        requests."""
        if endpoint in self.opened:
            return self.opened[endpoint]

        def at(bucket: str, prefix: str, **more: Retention) -> S3Store:
            address = self.server.address(
                bucket, prefix, endpoint=endpoint, read_seconds=1, tries=2, **more
            )
            return S3Store(address, name=prefix)

        self.opened[endpoint] = (
            at(self.results_bucket, "results"),
            at(self.evidence_bucket, "evidence", retention=Retention(days=1)),
            at(self.results_bucket, "state"),
        )
        return self.opened[endpoint]

    def sink(self, endpoint: str) -> SnsSink:
        return self.sinks.setdefault(
            endpoint, SnsSink(topic=self.topic.arn, endpoint=endpoint, tries=2)
        )

    def attempt(self, endpoint: str, source: str, period: Period) -> str:
        """One attempt and its delivery; how it ended."""
        try:
            results, evidence, state = self.stores(endpoint)

            def store(spooled: Spooled, address: AttemptAddress, name: str) -> Receipt:
                return results.create(address.key(name), spooled.path)

            recording = self.begun.fresh.sources[source, MONTH]
            around = Surroundings(
                warehouse=lambda: RecordedWarehouse(recording, quiet(), utc_now),
                store=store,
                results=results,
                evidence=evidence,
                state=state,
                scratch_folder=self.folder / "scratch",
                source_tries=1,
                lease_seconds=300,
                settings={},
                sealing=lambda: SEALING,
                alerts=self.sink(endpoint),
                catalog=self.begun.fresh.catalog,
                papers=no_papers,
            )
            run = RunIdentity("run", "tester@host", "http://ui/runs/1")
            attempt(REPORT, period, around, run, Told())
            deliver(state, self.sink(endpoint))
        except SoxautoError as error:
            return type(error).__name__
        return "came to its end"

    def recover(self) -> None:
        """The one recovery, days later and without faults; nothing may be left to do."""
        results, evidence, state = self.stores(self.server.endpoint)
        recovery = close_interrupted(
            state,
            results,
            evidence,
            settings={},
            sealing=SEALING,
            catalog=self.begun.fresh.catalog,
            now=days_later,
            papers=no_papers,
        )
        assert recovery.failed == ()
        deliver(state, self.sink(self.server.endpoint), now=days_later)
        assert (open_attempts(state), unsent(state)) == ((), ())


def quiet() -> Process:
    """A process whose source fails in nothing."""
    process = Process("source")
    process.thread = threading.get_ident()
    return process


def days_later() -> datetime:
    return utc_now() + timedelta(days=3)


def require(place: Place, period: Period) -> None:
    """What must hold of a month after its recovery."""
    results, evidence, state = place.stores(place.server.endpoint)
    history = attempts(state, REPORT, period)
    packaged = {
        about.attempt
        for listed in evidence.list(f"attempts/{REPORT}/{period}/")
        if (about := AttemptAddress.parse(listed.key)) is not None
    }
    assert packaged == {one.address.attempt for one in history}
    passed = []
    place.told += [message.attributes["id"] for message in place.topic.received()]
    with TemporaryDirectory(dir=place.folder) as folder:
        for one in history:
            assert one.closed is not None
            answer = verify_package(downloaded(evidence, one.address.prefix, Path(folder)))
            assert answer.first_difference is None
            assert answer.claim is not None
            assert answer.claim.verdict == one.closed.verdict.value
            if one.closed.verdict is AttemptVerdict.PASS:
                passed.append(one)
            else:
                assert any(one.address.attempt in alert for alert in place.told)
        downloaded(evidence, "log/", Path(folder))
        log = Path(folder) / "log"
        found = verify_log(folder_reader(log), keys=keys_in(log)).report.checks
        wrong = [one.words for one in found if not one.ok]
        # A month whose report failed has none, and the log is right to say so.
        assert [words for words in wrong if not words.startswith("expected reports")] == []
    standing = current(results, REPORT, period)
    if not passed:
        assert standing is None
    else:
        assert standing is not None
        newest = passed[-1]
        assert newest.closed is not None
        assert (standing.attempt, standing.manifest_sha256) == (
            newest.address.attempt,
            newest.closed.manifest_sha256,
        )
        data = results.read(standing.key)
        assert hashlib.sha256(data).hexdigest() == standing.sha256
    # Nothing that stood before has another version now, and nothing create-only has two.
    now = versions(place)
    assert {key: now.get(key) for key in place.stood} == place.stood
    place.stood = {
        key: ids for key, ids in now.items() if "/attempts/" in key or "/current/" in key
    }
    assert {key for key, ids in place.stood.items() if len(ids) > 1} <= {
        key for key in place.stood if key.endswith("/lease.json") or "/current/" in key
    }


def versions(place: Place) -> dict[str, tuple[str, ...]]:
    """The versions of every object in both buckets."""
    found: dict[str, list[str]] = {}
    for bucket in (place.results_bucket, place.evidence_bucket):
        pages = place.server.client.get_paginator("list_object_versions").paginate(Bucket=bucket)
        for page in pages:
            for version in page.get("Versions", ()):
                found.setdefault(f"{bucket}/{version['Key']}", []).append(version["VersionId"])
    return {key: tuple(ids) for key, ids in found.items()}


def downloaded(store: ObjectStore, prefix: str, folder: Path) -> Path:
    for listed in store.list(prefix):
        target = folder / listed.key
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(store.local_path(listed.key), target)
    return folder / prefix


def plan(proxy: FaultyProxy, rng: random.Random) -> None:
    """One to four faults at any requests; half of them last longer than the tries."""
    for _ in range(rng.randint(1, 4)):
        deeds: list[Deed] = [deed for deed in get_args(Deed) if deed != "stay silent"]
        deed: Deed = "stay silent" if rng.random() < 0.05 else rng.choice(deeds)
        status, code = rng.choice(
            ((500, "InternalError"), (503, "SlowDown"), (403, "AccessDenied"))
        )
        proxy.plan(
            deed,
            method="",
            status=status,
            code=code,
            after=rng.randrange(REQUESTS),
            times=rng.choice((1, 2, 3)),
        )


@pytest.fixture
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_two_hundred_stories_over_http(
    begun: Beginnings, server: S3Server, pytestconfig: pytest.Config
) -> None:
    """``--simulation-seed N`` tells the stories again that share their buckets with N."""
    given = pytestconfig.getoption("--simulation-seed")
    first = 0 if given is None else given // TOGETHER * TOGETHER
    last = STORIES if given is None else first + TOGETHER
    started, deeds, ends = time.monotonic(), Counter[str](), Counter[str]()
    for seeds in (range(at, at + TOGETHER) for at in range(first, last, TOGETHER)):
        with faulty_proxy(server.port) as proxy, TemporaryDirectory() as folder:
            place = Place(
                server,
                AwsServer(server.port).topic(),
                begun,
                Path(folder),
                server.bucket(),
                server.bucket(locked_days=1),
            )
            place.stores(proxy.endpoint)
            for month, seed in enumerate(seeds, start=1):
                ends.update(told(seed, place, proxy, Period(2023, month)))
                deeds.update(fault.deed for fault in proxy.faults for _ in range(fault.hits))
    print(
        f"\nover the protocol: {last - first} seeds, faults {deeds.total()} ({shown(deeds)}); "
        f"attempts: {shown(ends)}; {time.monotonic() - started:.0f} s"
    )


def told(seed: int, place: Place, proxy: FaultyProxy, period: Period) -> list[str]:
    """The story of a seed: how its attempts ended; raises where something does not hold."""
    rng = random.Random(seed)
    proxy.faults.clear()
    plan(proxy, rng)
    ends: list[str] = []
    threads = [
        threading.Thread(
            target=lambda source: ends.append(place.attempt(proxy.endpoint, source, period)),
            args=(rng.choice((GOOD, GOOD, BAD)),),
        )
        for _ in range(rng.choice((1, 1, 1, 2)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        place.recover()
        require(place, period)
    except (AssertionError, SoxautoError) as error:
        raise AssertionError(
            f"seed {seed} ({[(f.deed, f.hits) for f in proxy.faults]}); again: .venv/bin/pytest "
            f"-n 0 -m prove soxauto_assets_tests/simulation -k http --simulation-seed {seed}"
        ) from error
    return ends


def shown(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
