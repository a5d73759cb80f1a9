"""A re-performance from its beginning to its record: read, run again, compared, packed, logged.

What was begun is in the evidence log before anything is read, and what came of it at the end: a
re-performance that failed, or that a kill ended, is no secret. Its files are create-only.

Here: the order, and what an error leads to. Not here: each step's own work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.errors import PermanentError, SoxautoError
from soxauto_assets.evidence.alert_texts import reperformance_failed
from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.environment import describe_environment
from soxauto_assets.evidence.journal import RecordKind
from soxauto_assets.evidence.lease import utc_now
from soxauto_assets.evidence.log_keeping import record_in_log
from soxauto_assets.evidence.personal_data import PseudonymKeyError, apply, key_id
from soxauto_assets.evidence.reperformance.comparing import CLASSES, compare
from soxauto_assets.evidence.reperformance.documents import (
    DATA_FILE,
    DIFFERENCES,
    Made,
    files,
    statement,
    subject_of,
)
from soxauto_assets.evidence.reperformance.packaged import PackagedReport, read_packaged
from soxauto_assets.evidence.sealing import Sealing, sealed
from soxauto_assets.evidence.values import plain
from soxauto_assets.store.layout import (
    ENVELOPE,
    MANIFEST,
    AttemptAddress,
    ReperformanceAddress,
    new_attempt_id,
)
from soxauto_assets.store.spool import spool
from soxauto_assets.warehouse.binding import markers
from soxauto_assets.warehouse.protocol import Purpose, Statement
from soxauto_assets.warehouse.rereading import BATCH_ROWS, readings
from soxauto_assets.warehouse.spill import spill_session

if TYPE_CHECKING:
    from soxauto_assets.evidence.outbox import Alert
    from soxauto_assets.period import Period
    from soxauto_assets.store.protocol import ObjectStore, Receipt
    from soxauto_assets.warehouse.protocol import Warehouse


class NoCurrentPackageError(PermanentError):
    """No attempt at the report and month has passed, so there is nothing to run again."""


@dataclass(frozen=True)
class Means:
    """Everything that a re-performance works with.

    ``warehouse`` is called when the source is first needed. ``alert`` takes the alert of a
    failure. ``settings`` are shown in the evidence, secrets masked. ``tell`` hears of each step.
    ``pseudonym_key`` is that of packages with pseudonyms.
    """

    state: ObjectStore
    results: ObjectStore
    evidence: ObjectStore
    warehouse: Callable[[], Warehouse]
    sealing: Sealing
    scratch: Path
    tries: int
    who: str
    settings: Mapping[str, str]
    alert: Callable[[Alert], object]
    tell: Callable[[str], None] = lambda _: None
    pseudonym_key: bytes | None = None


@dataclass(frozen=True)
class Reperformance:
    """A re-performance that stands: what came of it, and its signed statement."""

    made: Made
    manifest: Receipt
    envelope: Receipt


def reperform(report: str, period: Period, means: Means) -> Reperformance:
    """Run the query of the current package again, explain every difference, and pack that.

    Raises NoCurrentPackageError where nothing was begun. After any other error a package that says
    FAILED, a record in the log and an alert tell of it, as far as the stores can be written, and
    the error goes on its way.
    """
    published = current(means.results, report, period)
    if published is None or published.attempt is None:
        raise NoCurrentPackageError(
            f"{report} {period} has no current package, so there is nothing to run again.",
            remedy="`soxauto status` shows what is current; close the month with `soxauto run`.",
        )
    started = utc_now()
    made = Made(
        address=ReperformanceAddress(report, period, new_attempt_id(started)),
        of=AttemptAddress(report, period, published.attempt),
        who=means.who,
        started=started,
        environment=describe_environment(means.settings),
    )
    try:
        _record(made, means, "begun", {})
        with spill_session(means.scratch) as scratch:
            try:
                _perform(made, means, scratch, published.manifest_sha256)
            except BaseException as error:
                made.cause = _cause(error)
                raise
            return _pack(made, means)
    except BaseException as error:
        _tell_of_failure(made, means, error)
        raise


def _perform(made: Made, means: Means, scratch: Path, manifest_sha256: str | None) -> None:
    means.tell(f"reading the package of attempt {made.of.attempt}")
    made.package = package = read_packaged(made.of, manifest_sha256, means.evidence)
    _require_key(package, means.pseudonym_key)

    def note(number: int, error: BaseException | None) -> None:
        made.retries.append(f"reading {number}: {error}")

    for one in readings(means.tries, note):
        with one:
            _run(made, means, scratch / Path(DATA_FILE).name)
    means.tell("comparing")
    assert made.data is not None
    report = package.manifest.report
    made.differences = scratch / DIFFERENCES
    made.comparison = compare(
        package.extract,
        made.data.path,
        package.columns,
        key=report["primary_key"],
        amounts=report["amounts"],
        event_date=report["event_date"],
        differences=made.differences,
        scratch=scratch,
    )


def _require_key(package: PackagedReport, key: bytes | None) -> None:
    """Pseudonyms can be compared with those of the same key alone."""
    wanted = package.pseudonym_key_id
    if wanted is not None and (key is None or key_id(key) != wanted):
        raise PseudonymKeyError(
            f"The package has pseudonyms of the key {wanted}, and that key is not at hand.",
            remedy="Set SOXAUTO_PSEUDONYM_KEY to the key that was used then.",
        )


def _run(made: Made, means: Means, path: Path) -> None:
    """The packaged query with the packaged values, in one snapshot of the source."""
    package = made.package
    assert package is not None
    means.tell("opening the source")
    warehouse = means.warehouse()
    made.warehouse = warehouse.name
    report, period = made.address.report, str(made.address.period)
    with warehouse.open(Purpose(report, period, made.address.id)) as session:
        try:
            made.facts = session.facts()
            means.tell("running the packaged query")
            values = {name: package.values[name] for name in markers(package.query)}
            query = Statement(f"{report}/query", package.query, values)
            spooled = spool(
                session.stream(query, package.declared, batch_rows=BATCH_ROWS),
                package.declared,
                path,
            )
        finally:
            made.executed = session.executed()
    # Personal data as in the package: what is not there cannot be compared, nor be put here.
    treated = path.with_name("treated.parquet")
    made.data = apply(spooled, package.declared, package.treated, means.pseudonym_key, treated)


def _pack(made: Made, means: Means) -> Reperformance:
    """Store the files, then the envelope, then the manifest; then the record of the log."""
    means.tell("packing")
    made.ended = utc_now()
    left = _left_behind(made, means.evidence)
    taken = {name for name, _, _ in left}
    found = {f"failed/{n}" if n in taken else n: source for n, source in files(made).items()}
    subjects = [subject_of(name, source) for name, source in found.items()]
    content = statement(made, [*subjects, *left], means.sealing.signer.key)
    envelope = sealed(content, means.sealing.signer)
    for name, source in found.items():
        means.evidence.create(made.address.key(name), source)
    stored = means.evidence.create(made.address.key(ENVELOPE), envelope)
    manifest = means.evidence.create(made.address.key(MANIFEST), content)
    figures: dict[str, object] = {}
    if made.comparison is not None:
        figures = {kind: made.comparison.classes[kind].rows for kind in CLASSES}
    _record(
        made,
        means,
        "ended",
        {
            "envelope_sha256": stored.sha256,
            "of_envelope_sha256": None if made.package is None else made.package.envelope_sha256,
            "outcome": made.outcome,
            "reason": made.cause,
            "rows": figures,
        },
    )
    return Reperformance(made, manifest, stored)


def _left_behind(made: Made, evidence: ObjectStore) -> list[tuple[str, str, int]]:
    """What a try to pack that failed has left below the prefix; none as a rule."""
    infos = (evidence.info(listed.key) for listed in evidence.list(made.address.prefix))
    return [
        (info.key.removeprefix(made.address.prefix), info.sha256, info.size)
        for info in infos
        if info is not None
    ]


def _record(made: Made, means: Means, stage: str, fields: Mapping[str, object]) -> None:
    record_in_log(
        means.state,
        means.evidence,
        means.sealing.signer,
        RecordKind.REPERFORMANCE,
        {
            "attempt": made.of.attempt,
            "id": made.address.id,
            "period": str(made.address.period),
            "report": made.address.report,
            "stage": stage,
            "who": made.who,
            **{name: plain(value) for name, value in fields.items()},
        },
        at=made.started if made.ended is None else made.ended,
        once=f"{made.address.prefix}{stage}",
    )


def _tell_of_failure(made: Made, means: Means, error: BaseException) -> None:
    """A package that says FAILED and its record, where none stands yet; and always an alert."""
    made.cause = made.cause or _cause(error)
    made.comparison, made.differences, made.data = None, None, None  # their files are gone
    with suppress(SoxautoError):
        if means.evidence.info(made.address.key(ENVELOPE)) is None:
            _pack(made, means)
    with suppress(SoxautoError):
        means.alert(
            reperformance_failed(
                made.address,
                made.cause,
                package_url=f"{means.evidence.url}/{made.address.prefix}",
                at=utc_now(),
            )
        )


def _cause(error: BaseException) -> str:
    """No secret and no row of data: errors of the product are made for this, others are named."""
    if isinstance(error, SoxautoError):
        return f"{type(error).__name__}: {error}"
    if isinstance(error, Exception):
        return f"Unexpected {type(error).__name__}, a fault of the product."
    return f"It was interrupted ({type(error).__name__})."
