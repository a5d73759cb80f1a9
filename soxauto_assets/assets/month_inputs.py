"""What the control of a month reads: current reports with their packages, and input files.

Here: finding them in the stores, and trusting none whose bytes are not those that passed. What
cannot be had is absent with its reason, so that its families are incomplete (D8). Not here: what
the control makes of it (``reconciliation``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.current import CurrentReport, current
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.inputs import content_of, newest_jdash, read_jdash
from soxauto_assets.reconciliation.month import Month, Past, earlier_reports
from soxauto_assets.reconciliation.rulebook import RuleBook
from soxauto_assets.store.layout import MANIFEST, AttemptAddress
from soxauto_assets.store.protocol import ObjectDamagedError, ObjectStore, Receipt

_ERRORS = "ipe_rec_errors"


@dataclass(frozen=True)
class MonthInputs:
    """The month, and what goes into the package of its control.

    ``manifests`` are those of the reports' packages, by report; ``files`` the input files, by
    kind and company; ``sources`` says of each which attempt or key it is, with its digest.
    """

    month: Month
    manifests: Mapping[str, bytes]
    files: Mapping[str, bytes]
    sources: Mapping[str, str]


@dataclass
class _Gathered:
    reports: dict[str, pl.LazyFrame] = field(default_factory=dict)
    jdash: dict[str, pl.LazyFrame] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    errors_state: Period | None = None


def read_month(
    period: Period,
    results: ObjectStore,
    evidence: ObjectStore,
    inputs: ObjectStore,
    book: RuleBook,
    zone: ZoneInfo,
) -> MonthInputs:
    """Everything that the control of ``period`` needs, or why it is not there.

    The rows of a report are scanned from its current object, whose every byte was compared with
    what passed. ``zone`` is where months end (for the state of IPE_REC_ERRORS, D19).
    """
    found = _Gathered()
    for report in report_ids():
        try:
            _take_report(found, report, period, results, evidence, zone)
        except PermanentError as error:
            found.absent[report] = f"{report}: {error.problem}"
    for company in book.companies:
        try:
            _take_jdash(found, company, period, inputs)
        except PermanentError as error:
            found.absent[f"jdash/{company}"] = error.problem
    past = _read_past(found, period, results)
    month = Month(period, found.reports, found.jdash, found.absent, found.errors_state, past)
    return MonthInputs(month, found.manifests, found.files, found.sources)


def _take_report(
    found: _Gathered,
    report: str,
    period: Period,
    results: ObjectStore,
    evidence: ObjectStore,
    zone: ZoneInfo,
) -> None:
    standing = _whole(report, period, results)
    if standing is None:
        return
    assert standing.attempt is not None
    address = AttemptAddress(report, period, standing.attempt)
    manifest = evidence.read(address.key(MANIFEST))
    if hashlib.sha256(manifest).hexdigest() != standing.manifest_sha256:
        raise _damaged(report, period)
    found.reports[report] = pl.scan_parquet(results.local_path(standing.key))
    found.manifests[report] = manifest
    found.sources[report] = f"attempt {standing.attempt}, data {standing.sha256}"
    if report == _ERRORS:
        found.errors_state = Period.last_closed(_began(standing), zone)


def _whole(report: str, period: Period, results: ObjectStore) -> CurrentReport | None:
    """The current data, whose every byte is what passed; None where there is none."""
    standing = current(results, report, period)
    if standing is None:
        return None
    info = results.info(standing.key)
    promised = None if info is None else info.metadata.get("sha256")
    if standing.attempt is None or promised != standing.sha256:
        raise _damaged(report, period)
    results.verify(Receipt(standing.key, standing.version, standing.sha256, standing.size))
    return standing


def _read_past(found: _Gathered, period: Period, results: ObjectStore) -> Past:
    """The earlier months' current data; each is named among the sources with its digests."""
    reports: dict[tuple[str, Period], pl.LazyFrame] = {}
    absent: dict[tuple[str, Period], str] = {}
    for report, month in earlier_reports(period):
        try:
            standing = _whole(report, month, results)
        except PermanentError as error:
            absent[report, month] = f"{report} {month}: {error.problem}"
            continue
        if standing is not None:
            reports[report, month] = pl.scan_parquet(results.local_path(standing.key))
            found.sources[f"{report} {month}"] = (
                f"attempt {standing.attempt}, data {standing.sha256}, "
                f"manifest {standing.manifest_sha256}"
            )
    return Past(reports, absent)


def _began(standing: CurrentReport) -> datetime:
    """When the attempt began: its id says so."""
    assert standing.attempt is not None
    return datetime.strptime(standing.attempt[:16], "%Y%m%d_%H%M%SZ").replace(tzinfo=UTC)


def _take_jdash(found: _Gathered, company: str, period: Period, inputs: ObjectStore) -> None:
    file = newest_jdash(inputs, period, company)
    if file is None:
        return
    content = content_of(inputs, file)
    found.jdash[company] = read_jdash(content, period, company).lazy()
    found.files[f"jdash/{company}.csv"] = content
    found.sources[f"jdash/{company}"] = f"{file.key}, {file.sha256}, brought by {file.who}"


def _damaged(report: str, period: Period) -> ObjectDamagedError:
    return ObjectDamagedError(
        f"The current data of {report} {period} is not what an attempt has stored and packed.",
        remedy="Find out who or what changed it; run the month again.",
    )


def written(inputs: MonthInputs, folder: Path) -> dict[str, Path]:
    """The manifests and input files as files below ``folder``, by their names in the package."""
    contents = {f"reports/{name}/manifest.json": data for name, data in inputs.manifests.items()}
    contents |= {f"inputs/{name}": data for name, data in inputs.files.items()}
    paths = {}
    for name, content in contents.items():
        paths[name] = folder / name
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        paths[name].write_bytes(content)
    return paths
