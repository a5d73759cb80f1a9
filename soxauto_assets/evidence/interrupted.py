"""The package of an attempt that died: made by whoever starts next, from what was left.

Here: what recovery (``recovery.py``) asks for: finding a package that stands, writing the one
that says FAIL (interrupted), and its alert. Not here: when recovery runs (``assets``,
``automation``, ``entrypoints``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from soxauto_assets.catalog.loader import BrokenReportError, load_entry
from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.alert_texts import failed_report, log_behind
from soxauto_assets.evidence.contents import LogLine, PackageContents
from soxauto_assets.evidence.environment import describe_environment
from soxauto_assets.evidence.lease import Clock, Lease, utc_now
from soxauto_assets.evidence.lifecycle import AttemptVerdict, OpenAttempt
from soxauto_assets.evidence.log_keeping import keep_log
from soxauto_assets.evidence.outbox import enqueue
from soxauto_assets.evidence.package import PackageExistsError, complete
from soxauto_assets.evidence.papers.history import recent_months
from soxauto_assets.evidence.papers.making import PaperMaker, papers
from soxauto_assets.evidence.recovery import Recovery, StandingPackage, recover
from soxauto_assets.evidence.seal import seal
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.evidence.standing import find_package
from soxauto_assets.evidence.timestamping import complete_pending, publish_and_stamp
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.protocol import ObjectExistsError, ObjectStore
from soxauto_assets.validation.judge import unreached


def close_interrupted(
    state: ObjectStore,
    results: ObjectStore,
    evidence: ObjectStore,
    *,
    settings: Mapping[str, str],
    sealing: Sealing,
    run_id: str = "",
    catalog: Path | None = None,
    now: Clock = utc_now,
    papers: PaperMaker = papers,
) -> Recovery:
    """Close every attempt whose holder died, each with its one package and an alert.

    Then complete the evidence log, with an alert where it cannot be written, and ask for the
    time stamps that packages still wait for. Safe to run at every start, beside others.
    ``settings`` are shown in the packages, secrets masked; ``papers`` makes their papers.
    ``catalog`` replaces the product's own catalogue folder (for tests). Attempts that cannot be
    closed now are in ``Recovery.failed`` and stay open.
    """

    def find(address: AttemptAddress) -> StandingPackage | None:
        complete(address, evidence)
        package = find_package(evidence, address)
        if package is None:
            return None
        return replace(package, seal_sha256=seal(address, evidence, now=now))

    def write(attempt: OpenAttempt, lease: Lease) -> StandingPackage:
        entry = _entry(attempt.address, catalog)
        contents = _contents(entry, results, evidence, attempt, lease, settings, now)
        return _write(contents, attempt.address, evidence, state, sealing, now, papers)

    recovery = recover(
        state,
        results,
        find_package=find,
        write_interrupted_package=write,
        alert=lambda attempt, package: _alert(
            state, evidence, attempt, package, _entry(attempt.address, catalog), now
        ),
        run_id=run_id,
        now=now,
    )
    _complete_log(state, evidence, sealing, now)
    complete_pending(evidence, state, sealing.authority, now=now)
    return recovery


def _complete_log(state: ObjectStore, evidence: ObjectStore, sealing: Sealing, now: Clock) -> None:
    try:
        keep_log(state, evidence, sealing.signer, now=now)
    except SoxautoError as error:
        enqueue(state, log_behind(f"{type(error).__name__}: {error.problem}", at=now()))


def _cause(attempt: OpenAttempt) -> str:
    return f"The attempt was interrupted: its process ({attempt.who}) ended without closing it."


def _entry(address: AttemptAddress, catalog: Path | None) -> CatalogEntry | None:
    try:
        return load_entry(address.report, catalog)
    except BrokenReportError:
        return None


def _contents(
    entry: CatalogEntry | None,
    results: ObjectStore,
    evidence: ObjectStore,
    attempt: OpenAttempt,
    lease: Lease,
    settings: Mapping[str, str],
    now: Clock,
) -> PackageContents:
    cause, ended = _cause(attempt), now()
    return PackageContents(
        verdict=AttemptVerdict.INTERRUPTED,
        cause=cause,
        entry=entry,
        run_id=attempt.run_id,
        who=attempt.who,
        started=attempt.opened_at,
        ended=ended,
        checks=() if entry is None else unreached(entry, cause),
        environment=describe_environment(settings),
        log=(LogLine(ended, "ERROR", cause),),
        closed_by=lease.state.holder.who,
        history=recent_months(results, evidence, attempt.address.report, attempt.address.period),
    )


def _write(
    contents: PackageContents,
    address: AttemptAddress,
    evidence: ObjectStore,
    state: ObjectStore,
    sealing: Sealing,
    now: Clock,
    papers: PaperMaker,
) -> StandingPackage:
    try:
        package = publish_and_stamp(
            contents, address, evidence, state, sealing, now=now, papers=papers
        )
    except PackageExistsError as error:
        raise ObjectExistsError(error.problem, remedy=error.remedy) from error
    return StandingPackage(
        AttemptVerdict.INTERRUPTED, package.manifest, seal_sha256=package.seal_sha256
    )


def _alert(
    state: ObjectStore,
    evidence: ObjectStore,
    attempt: OpenAttempt,
    package: StandingPackage,
    entry: CatalogEntry | None,
    now: Clock,
) -> None:
    """The alert that the attempt's package calls for.

    A package that says FAIL was whole before its process ended: its checks ran, and its alert,
    which that process may have sent past the outbox, has the same id as this one.
    """
    interrupted = package.verdict is AttemptVerdict.INTERRUPTED
    cause = _cause(attempt)
    if not interrupted:
        cause, entry = f"The package tells it. {cause}", None
    enqueue(
        state,
        failed_report(
            attempt.address,
            cause,
            () if entry is None else unreached(entry, cause),
            package_url=f"{evidence.url}/{attempt.address.prefix}",
            run_url=None,
            at=now(),
            interrupted=interrupted,
        ),
    )
