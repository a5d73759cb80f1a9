"""The lease on an open attempt: who may finish it, and until when.

A lease is an object that is replaced by conditional writes only, so of several takers exactly
one wins, and a holder that was overtaken notices at its next renewal. It is not what keeps an
attempt to one package: that is the create-only manifest. It keeps two processes from working
on the same attempt.

Here: the lease. Not here: when it is taken and from whom (``lifecycle.py``).
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType

from soxauto_assets.errors import PermanentError, SoxautoError
from soxauto_assets.evidence.canonical import (
    NotCanonicalError,
    canonical_json,
    parse_canonical,
    parse_utc,
    utc_text,
)
from soxauto_assets.evidence.holder import Holder
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.protocol import (
    ObjectMissingError,
    ObjectStore,
    PreconditionFailedError,
)

LEASE_SECONDS = 300
LEASE = "lease.json"
_RENEWALS_PER_LEASE = 5
_LOG = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Now, aware UTC."""
    return datetime.now(UTC)


class LeaseLostError(PermanentError):
    """Another process took the attempt over: this one must not store anything more for it."""


@dataclass(frozen=True)
class LeaseState:
    """What a lease object says. ``token`` is one taking; stamps are aware UTC."""

    token: str
    holder: Holder
    run_id: str
    taken_at: datetime
    expires_at: datetime
    renewals: int

    def to_json(self) -> bytes:
        """The state as it is stored."""
        return canonical_json(
            {
                "expires_at": utc_text(self.expires_at),
                "holder": self.holder.to_document(),
                "renewals": self.renewals,
                "run_id": self.run_id,
                "taken_at": utc_text(self.taken_at),
                "token": self.token,
            }
        )

    @classmethod
    def from_json(cls, content: bytes) -> LeaseState:
        """The state of stored bytes; raises NotCanonicalError where they are none."""
        try:
            document = parse_canonical(content)
            return cls(
                str(document["token"]),
                Holder.from_document(document["holder"]),
                str(document["run_id"]),
                parse_utc(document["taken_at"]),
                parse_utc(document["expires_at"]),
                int(document["renewals"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise NotCanonicalError(
                "The bytes are no lease.", remedy="Wait until it has run out."
            ) from error


class Lease:
    """A lease that this process took; as a context manager it renews itself in a thread.

    Leaving the context gives the lease up: an attempt that is not closed by then may be taken
    over at once. Made by ``take``, through ``lifecycle.open_attempt`` and ``take_over``.
    """

    def __init__(
        self,
        store: ObjectStore,
        address: AttemptAddress,
        state: LeaseState,
        version: str,
        seconds: float,
        now: Clock,
    ) -> None:
        self.store = store
        self.address = address
        self.now = now
        self._state = state
        self._version = version
        self._seconds = seconds
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def take(
        cls,
        store: ObjectStore,
        address: AttemptAddress,
        holder: Holder,
        run_id: str,
        *,
        over_version: str | None,
        seconds: float = LEASE_SECONDS,
        now: Clock = utc_now,
    ) -> Lease:
        """Take the lease over the one of that version (None: there is none).

        Raises PreconditionFailedError where somebody else was faster.
        """
        taken = now()
        state = LeaseState(
            secrets.token_hex(16), holder, run_id, taken, taken + timedelta(seconds=seconds), 0
        )
        receipt = store.replace(address.key(LEASE), state.to_json(), expected_version=over_version)
        return cls(store, address, state, receipt.version, seconds, now)

    @property
    def state(self) -> LeaseState:
        """The lease as this process last wrote it."""
        return self._state

    def renew(self) -> None:
        """Hold it for another full term; raises LeaseLostError where another took it."""
        self._write(self.now() + timedelta(seconds=self._seconds))

    def assert_held(self) -> None:
        """Raise LeaseLostError unless this process holds the lease now.

        Asks the store. A lease that ran out while nobody took it (a laptop slept) is renewed.
        """
        if self._read().expires_at <= self.now():
            self.renew()

    def release(self) -> None:
        """Give the lease up, so that nobody has to wait for its end; it was lost: nothing."""
        with suppress(LeaseLostError):
            self._write(self.now())

    def __enter__(self) -> Lease:
        self._thread = threading.Thread(
            target=self._keep_renewing, name=f"lease {self.address.attempt}", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self.release()
        except SoxautoError as failure:  # it runs out by itself; what was raised inside counts
            _LOG.warning("the lease of %s was not given up: %s", self.address.attempt, failure)

    def _keep_renewing(self) -> None:
        while not self._stop.wait(self._seconds / _RENEWALS_PER_LEASE):
            try:
                self.renew()
            except LeaseLostError:
                return  # the main thread learns it from assert_held
            except SoxautoError as error:  # the store may be back at the next turn
                _LOG.warning("the lease of %s was not renewed: %s", self.address.attempt, error)

    def _write(self, expires_at: datetime) -> None:
        with self._guard:
            state = LeaseState(
                self._state.token,
                self._state.holder,
                self._state.run_id,
                self._state.taken_at,
                expires_at,
                self._state.renewals + 1,
            )
            written = False
            while not written:
                try:
                    receipt = self.store.replace(
                        self.address.key(LEASE), state.to_json(), expected_version=self._version
                    )
                except PreconditionFailedError:
                    # A write of our own may have succeeded with its answer lost: this one, or an
                    # earlier one that ended in an error. The version is asked for first: read
                    # after the content, it could be that of somebody who took over.
                    info = self.store.info(self.address.key(LEASE))
                    written = self._read() == state
                    if info is None:
                        raise self._lost() from None
                    self._version = info.version
                else:
                    self._version, written = receipt.version, True
            self._state = state

    def _read(self) -> LeaseState:
        try:
            state = LeaseState.from_json(self.store.read(self.address.key(LEASE)))
        except (ObjectMissingError, NotCanonicalError):
            raise self._lost() from None
        if state.token != self._state.token:
            raise self._lost()
        return state

    def _lost(self) -> LeaseLostError:
        return LeaseLostError(
            f"Attempt {self.address.attempt} at {self.address.report} {self.address.period} was "
            "taken over by another process.",
            remedy="Start the report again: it becomes a new attempt.",
        )
