"""Finishing what dead processes began: every opened attempt ends in exactly one package.

What a crash left decides what is still to do (the numbers are the steps of ``lifecycle.py``):

- before step 3: no package. The hook writes the interrupted one; alert; close.
- after step 3: the package stands, and its verdict with it. PASS: current is moved, if no newer
  attempt is current; FAIL: alert. Then close, with that package and no other.
- after step 5, or in it: the journal record may be missing; it is written from ``closed.json``.

Each step can be done twice without harm, so a recoverer that dies is recovered in the same way.
Should a process that was thought dead wake up, the create-only manifest lets only one package
win, and both then agree on that one.

Not here: how an interrupted package is made and an alert worded; the callers give that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from soxauto_assets.evidence import outbox
from soxauto_assets.evidence.current import move_current
from soxauto_assets.evidence.lease import Clock, Lease, utc_now
from soxauto_assets.evidence.lifecycle import (
    AttemptVerdict,
    ClosedAttempt,
    OpenAttempt,
    close_attempt,
    complete_journal,
    open_attempts,
    take_over,
)
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.protocol import ObjectExistsError, ObjectStore, Receipt


@dataclass(frozen=True)
class StandingPackage:
    """A package in the evidence store, as recovery needs it.

    ``manifest`` is the receipt of its manifest; ``validated`` that of the validated data in the
    results store, there for PASS only; ``content_digest`` None where no extract was complete;
    ``seal_sha256`` is that of its ``seal.json``.
    """

    verdict: AttemptVerdict
    manifest: Receipt
    content_digest: str | None = None
    validated: Receipt | None = None
    seal_sha256: str | None = None


@dataclass(frozen=True)
class Recovery:
    """What a recovery did. ``failed`` attempts stay open, each with its error, for the next one."""

    closed: tuple[ClosedAttempt, ...]
    failed: tuple[tuple[OpenAttempt, Exception], ...]


def recover(
    state: ObjectStore,
    results: ObjectStore,
    *,
    find_package: Callable[[AttemptAddress], StandingPackage | None],
    write_interrupted_package: Callable[[OpenAttempt, Lease], StandingPackage],
    alert: Callable[[OpenAttempt, StandingPackage], object],
    who: str | None = None,
    run_id: str = "",
    now: Clock = utc_now,
) -> Recovery:
    """Close all attempts whose holder died; runs at every start, beside others that do the same.

    ``find_package`` gives the package of an attempt, where its manifest stands.
    ``write_interrupted_package`` writes one that says FAIL (interrupted); it must bear the files
    of a half-written package in its way, and may raise ObjectExistsError where a manifest
    appeared meanwhile. ``alert`` puts the alert of a package that did not pass into the outbox,
    and may be called again for the same one.
    """
    closed: list[ClosedAttempt] = []
    failed: list[tuple[OpenAttempt, Exception]] = []

    def finish(attempt: OpenAttempt, lease: Lease) -> ClosedAttempt:
        package = find_package(attempt.address)
        if package is None:
            lease.assert_held()
            try:
                package = write_interrupted_package(attempt, lease)
            except ObjectExistsError:
                package = find_package(attempt.address)
                if package is None:
                    raise
        if package.verdict is not AttemptVerdict.PASS:
            alert(attempt, package)
        elif package.validated is not None and package.content_digest is not None:
            move_current(
                state,
                results,
                attempt.address,
                package.validated,
                content_digest=package.content_digest,
                manifest_sha256=package.manifest.sha256,
                now=now,
            )
        else:
            raise ValueError("a PASS package without validated data")
        return close_attempt(
            lease,
            package.verdict,
            package.manifest,
            content_digest=package.content_digest,
            seal_sha256=package.seal_sha256,
        )

    for attempt in open_attempts(state):
        # One attempt that cannot be closed (its store is full) must not hold up the others, nor
        # the run that comes after; the caller shows the errors.
        try:
            lease = take_over(state, attempt, who=who, run_id=run_id, now=now)
            if lease is not None:
                with lease:
                    closed.append(finish(attempt, lease))
        except Exception as error:
            failed.append((attempt, error))
    complete_journal(state)
    outbox.complete_journal(state)
    return Recovery(tuple(closed), tuple(failed))
