"""One world of the simulation: what lasts, and the processes of the product that work on it.

The product is the real one: attempt, checks, spool, package, signature, evidence log, recovery,
outbox and delivery. What is simulated is what it talks to: three stores in memory, a recorded
source, a secret, a topic, a signer and a clock; every call to one of them is a fault point. Two
things are left out, by parameters that the product has: a package's papers (workbook and page;
no verdict depends on them, and they cost a hundred times the rest) and the waiting between two
readings, which passes on the world's clock. A time stamp authority is not part of the world.

Here: the world and what a process does in it. Not here: which faults strike (``scenario.py``) and
what must hold afterwards (``invariants.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from soxauto_assets.assets.alerts import AlertSink, tell
from soxauto_assets.assets.attempt import attempt
from soxauto_assets.assets.causes import describe
from soxauto_assets.assets.outcome import Outcome
from soxauto_assets.assets.surroundings import RunIdentity, Surroundings
from soxauto_assets.automation.alerting import deliver, note_late_alerts
from soxauto_assets.automation.sns import TopicError, TopicUnavailableError
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.alert_texts import run_not_begun
from soxauto_assets.evidence.contents import PackageContents
from soxauto_assets.evidence.interrupted import close_interrupted
from soxauto_assets.evidence.keys import SigningKeyError
from soxauto_assets.evidence.outbox import Alert
from soxauto_assets.evidence.recovery import Recovery
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.evidence.signing import SigningKey, SigningUnavailableError
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.protocol import (
    ListedObject,
    ObjectInfo,
    ObjectStore,
    Receipt,
    StoreError,
    StoreUnavailableError,
)
from soxauto_assets.store.spool import Spooled
from soxauto_assets.warehouse.secrets import SecretError, SecretUnavailableError
from soxauto_assets_tests.simulation.durable import Disk, MemoryStore
from soxauto_assets_tests.simulation.faults import Kind, Process
from soxauto_assets_tests.simulation.source import RecordedWarehouse, Recording
from soxauto_assets_tests.support.keys import KeySigner

T = TypeVar("T")

REPORT = "fx_rates"
"""A report of two columns (``small_report.py``): what its checks find is not what is simulated."""
LAST_MONTH, MONTH = Period(2024, 4), Period(2024, 5)
START = datetime(2024, 6, 3, 8, 0, 0, tzinfo=UTC)
TICK = timedelta(milliseconds=7)
"""What each look at the clock takes: no two looks see the same moment."""
LEASE_SECONDS = 300
SLEEP = timedelta(seconds=400)
"""How long a process that does not notice is stopped: longer than its lease."""
GOOD, OTHER, BAD = "good", "other", "bad"
"""The states of the source: sound rates, other sound rates, and one that lacks."""


class World:
    """Everything that outlives a process, and the clock that no process can set."""

    def __init__(
        self,
        sources: Mapping[tuple[str, Period], Recording],
        catalog: Path,
        scratch: Path,
        *,
        disks: Mapping[str, Disk] | None = None,
        time: datetime = START,
    ) -> None:
        self.sources = sources
        self.catalog = catalog
        self.scratch = scratch
        self.time = time
        self.disks = {
            name: Disk(name) if disks is None else disks[name].copy()
            for name in ("results", "evidence", "state")
        }
        self.received: list[str] = []
        self.said = ""
        self.raised: list[tuple[AttemptAddress | None, Exception]] = []
        self.computers: list[Computer] = []

    def copy(self) -> World:
        """The same world, to go its own way."""
        return World(self.sources, self.catalog, self.scratch, disks=self.disks, time=self.time)

    def start(self, process: Process) -> Computer:
        """A new process over what lasts."""
        computer = Computer(self, process)
        self.computers.append(computer)
        return computer

    def pass_time(self, span: timedelta) -> None:
        """Let time go by."""
        self.time += span


class Computer:
    """The objects of one process: all calls go through its fault points."""

    def __init__(self, world: World, process: Process) -> None:
        self.world = world
        self.process = process
        self.skew = timedelta()
        self.scratch = world.scratch / process.name
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.results, self.evidence, self.state = (
            cast(
                ObjectStore,
                FaultyStore(MemoryStore(world.disks[name], self._tick, self.scratch), process),
            )
            for name in ("results", "evidence", "state")
        )
        self.sealing = Sealing(FaultySigner(process))
        self.sink = cast(AlertSink, Topic(world, process))
        self.begun = _Begun()

    # -- what a process does

    def close_month(self, source: str, period: Period = MONTH) -> None:
        """What ``soxauto run`` does: recovery, one attempt, and the sending of what waits."""
        try:
            self.recover()
        except SoxautoError as error:
            self._raised(None, error)
            with suppress(SoxautoError):
                alert = run_not_begun([period], describe(error), at=self.now())
                tell(self.state, self.sink, alert)
                deliver(self.state, self.sink, now=self.now)
            return
        self.attempt(source, period)
        self.send()

    def watch(self) -> None:
        """What the daemon does every minute."""
        try:
            self.recover()
        except SoxautoError as error:
            self._raised(None, error)
        finally:
            self.send()

    def recover(self) -> Recovery:
        """Close the attempts of the dead."""
        return close_interrupted(
            self.state,
            self.results,
            self.evidence,
            settings={},
            sealing=self.sealing,
            catalog=self.world.catalog,
            now=self.now,
            papers=no_papers,
        )

    def attempt(self, source: str, period: Period = MONTH) -> None:
        """One attempt; where it raises, with what."""
        begun = len(self.begun.addresses)
        around = Surroundings(
            warehouse=lambda: self._warehouse(source, period),
            store=self._store,
            results=self.results,
            evidence=self.evidence,
            state=self.state,
            scratch_folder=self.scratch / "spool",
            source_tries=2,
            lease_seconds=LEASE_SECONDS,
            settings={},
            sealing=lambda: self.sealing,
            alerts=self.sink,
            catalog=self.world.catalog,
            now=self.now,
            pause=lambda seconds: self.world.pass_time(timedelta(seconds=seconds)),
            papers=no_papers,
        )
        run = RunIdentity(self.process.name, f"{self.process.name}@host", "http://ui/runs/1")
        try:
            attempt(REPORT, period, around, run, self.begun)
        except Exception as error:
            made = self.begun.addresses[begun:]
            self._raised(made[0] if made else None, error)

    def send(self) -> None:
        """Send what waits in the outbox; what fails waits on."""
        try:
            note_late_alerts(self.state, self.now())
            deliver(self.state, self.sink, now=self.now)
        except SoxautoError as error:
            self._raised(None, error)

    def now(self) -> datetime:
        """The clock of this process's computer: a fault point like any other.

        An error sets it back by an hour, a lost answer ahead by a day; a time-out stops the
        process for longer than its lease, without its noticing.
        """
        match self.process.arrive("clock", ""):
            case Kind.ERROR:
                self.skew -= timedelta(hours=1)
            case Kind.ANSWER_LOST:
                self.skew += timedelta(days=1)
            case Kind.TIME_OUT:
                self.world.pass_time(SLEEP)
            case Kind.CRASH_BEFORE | Kind.CRASH_AFTER:
                self.process.die()
            case None:
                pass
        return self._tick() + self.skew

    def _tick(self) -> datetime:
        self.world.time += TICK
        return self.world.time

    def _warehouse(self, source: str, period: Period) -> RecordedWarehouse:
        self.process.call("secret", "", lambda: None, SECRET_ERRORS)
        return RecordedWarehouse(self.world.sources[source, period], self.process, self.now)

    def _store(self, spooled: Spooled, address: AttemptAddress, name: str) -> Receipt:
        return self.results.create(address.key(name), spooled.path)

    def _raised(self, address: AttemptAddress | None, error: Exception) -> None:
        self.world.raised.append((address, error))


class _Begun:
    """A listener that remembers which attempts began."""

    def __init__(self) -> None:
        self.addresses: list[AttemptAddress] = []

    def opened(self, address: AttemptAddress, run_id: str) -> None:
        self.addresses.append(address)

    def stage(self, address: AttemptAddress, stage: str, level: str = "INFO") -> None:
        pass

    def rows(self, address: AttemptAddress, rows: int) -> None:
        pass

    def closed(self, outcome: Outcome) -> None:
        pass


class FaultyStore:
    """A store whose every call is a fault point."""

    def __init__(self, store: MemoryStore, process: Process) -> None:
        self._store = store
        self._process = process

    @property
    def url(self) -> str:
        return self._store.url

    def create(
        self, key: str, source: Path | bytes, *, metadata: Mapping[str, str] | None = None
    ) -> Receipt:
        return self._call("create", key, lambda: self._store.create(key, source, metadata=metadata))

    def replace(
        self,
        key: str,
        source: Path | bytes,
        *,
        expected_version: str | None,
        metadata: Mapping[str, str] | None = None,
    ) -> Receipt:
        return self._call(
            "replace",
            key,
            lambda: self._store.replace(
                key, source, expected_version=expected_version, metadata=metadata
            ),
        )

    def info(self, key: str) -> ObjectInfo | None:
        return self._call("info", key, lambda: self._store.info(key))

    def read(self, key: str) -> bytes:
        return self._call("read", key, lambda: self._store.read(key))

    def open(self, key: str) -> BinaryIO:
        return self._call("open", key, lambda: self._store.open(key))

    def verify(self, receipt: Receipt) -> ObjectInfo:
        return self._call("verify", receipt.key, lambda: self._store.verify(receipt))

    def list(self, prefix: str) -> Iterator[ListedObject]:
        yield from self._call("list", prefix, lambda: self._store.list(prefix))

    def local_path(self, key: str) -> Path:
        return self._call("local_path", key, lambda: self._store.local_path(key))

    def _call(self, what: str, key: str, action: Callable[[], T]) -> T:
        return self._process.call(f"{self._store.disk.name}.{what}", key, action, STORE_ERRORS)


class FaultySigner:
    """A real key of P-256 whose every use is a fault point."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def key(self) -> SigningKey:
        return self._process.call("signer.key", "", lambda: PUBLIC, SIGNER_ERRORS)

    def sign(self, message: bytes) -> bytes:
        return self._process.call("signer.sign", "", lambda: SIGNER.sign(message), SIGNER_ERRORS)


class Topic:
    """The topic: what it received is remembered by the world."""

    name = "topic"

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process

    def send(self, alert: Alert) -> str:
        def receive() -> str:
            self._world.received.append(alert.id)
            return f"message {len(self._world.received)}"

        return self._process.call("topic.send", alert.id, receive, TOPIC_ERRORS)


def no_papers(
    contents: PackageContents,
    address: AttemptAddress,
    files: Mapping[str, bytes],
    predicate: object,
    *,
    folder: str,
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """No papers: they are not what is simulated."""
    return {}, ()


SIGNER = KeySigner(1, deterministic=True)
PUBLIC = SIGNER.key
STORE_ERRORS = (
    lambda: StoreError("The store refused.", remedy="Look at its rights."),
    lambda: StoreUnavailableError("The store did not answer.", remedy="Run again."),
)
SECRET_ERRORS = (
    lambda: SecretError("The secret is denied.", remedy="Give the right."),
    lambda: SecretUnavailableError("The secret is not to be had.", remedy="Run again."),
)
SIGNER_ERRORS = (
    lambda: SigningKeyError("The key is disabled.", remedy="Enable it."),
    lambda: SigningUnavailableError("The key service did not answer.", remedy="Run again."),
)
TOPIC_ERRORS = (
    lambda: TopicError("The topic refuses.", remedy="Look at its policy."),
    lambda: TopicUnavailableError("The topic did not answer.", remedy="Run again."),
)
