"""What the entries of the log say: attempts, what is current and why, what was expected.

An entry is canonical JSON: ``kind``, ``id``, ``at`` (UTC, of the product's clock) and ``fields``.
The order of the log counts, not ``at``. Of one record (kind and id) the first entry counts; a
later one must say the same.

Here: the reading and the story that follows. Not here: whether the entries are those that were
signed (``log.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from soxauto_assets.verify.findings import Findings
from soxauto_assets.verify.manifest import FAIL, INTERRUPTED, PASS
from soxauto_assets.verify.strict_json import (
    UnreadableError,
    digest,
    items,
    members,
    one_of,
    read_canonical,
    text,
    utc_text,
)

CATALOGUE, OPENED, CURRENT, CLOSED = "catalogue", "opened", "current", "closed"
REPERFORMANCE = "re-performance"
OTHER_KINDS = ("sign-off", "hold", REPERFORMANCE, "review", "not-ready")
STILL_OPEN = timedelta(hours=24)
"""How long before the log's last record an attempt may have been opened and not be closed yet."""


@dataclass(frozen=True)
class LogRecord:
    """One entry that was read; ``number`` is its place in the log."""

    number: int
    kind: str
    id: str
    at: datetime
    fields: dict[str, Any]

    @property
    def about(self) -> tuple[str, str]:
        """Report and period, ``-`` where the record is about none."""
        return str(self.fields.get("report", "-")), str(self.fields.get("period", "-"))


@dataclass
class LoggedAttempt:
    """An attempt as the log tells it, with the numbers of its entries."""

    report: str
    period: str
    attempt: str
    opened: LogRecord | None = None
    closed: list[LogRecord] = field(default_factory=list)

    @property
    def verdict(self) -> str | None:
        """How it was closed, or None."""
        return str(self.closed[0].fields["verdict"]) if self.closed else None

    @property
    def words(self) -> str:
        """Which attempt it is."""
        return f"{self.report} {self.period} {self.attempt}"


@dataclass(frozen=True)
class CurrentPackage:
    """Which package counts for a report and period, and why; ``attempt`` None: none passed."""

    report: str
    period: str
    attempt: str | None
    envelope_sha256: str | None
    why: str


@dataclass(frozen=True)
class LogStory:
    """All that the log alone tells. ``missing`` are expected (report, period) without package."""

    records: tuple[LogRecord, ...]
    attempts: tuple[LoggedAttempt, ...]
    current: tuple[CurrentPackage, ...]
    expected: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]


def read_record(entry: bytes, number: int) -> LogRecord:
    """The record of an entry; raises UnreadableError."""
    where = f"entry {number}"
    try:
        at, fields, identity, kind = members(
            read_canonical(entry), where, "at", "fields", "id", "kind"
        )
        if not isinstance(fields, dict):
            raise UnreadableError(f"{where}.fields", "an object", repr(fields))
        utc_text(at, f"{where}.at")
        record = LogRecord(
            number, text(kind, where), text(identity, where), datetime.fromisoformat(at), fields
        )
        _check_fields(record, where)
    except UnreadableError as error:
        raise UnreadableError(f"{where}, {error.where}", error.expected, error.found) from error
    return record


def tell(
    entries: Iterable[bytes],
    findings: Findings,
    *,
    first: str | None = None,
    last: str | None = None,
) -> LogStory:
    """The story of the log's entries; whatever speaks against it becomes a finding.

    ``first`` and ``last`` bound the months that are expected (``2024-09``); without them they
    are the first and last month that has an attempt.
    """
    records = _records(entries, findings)
    attempts = _attempts(records)
    _check_attempts(records, attempts, findings)
    _tell_reperformances(records, findings)
    current = _current(records, attempts, findings)
    expected = _expected(records, attempts, first, last)
    present = {(c.report, c.period) for c in current if c.attempt is not None}
    missing = tuple(one for one in expected if one not in present)
    findings.judge(
        "expected reports without a package that passed",
        not missing,
        f"none of {len(expected)}" if expected else "none",
        ", ".join(f"{report} {period}" for report, period in missing) or "none",
    )
    return LogStory(records, tuple(attempts.values()), current, expected, missing)


def _check_fields(record: LogRecord, where: str) -> None:
    fields = record.fields
    if record.kind in (OPENED, CURRENT, CLOSED):
        for name in ("report", "period", "attempt"):
            text(fields.get(name), f"{where}.{name}")
    if record.kind == CLOSED:
        one_of(fields.get("verdict"), f"{where}.verdict", PASS, FAIL, INTERRUPTED)
        if fields.get("envelope_sha256") is not None:
            digest(fields["envelope_sha256"], f"{where}.envelope_sha256")
        if fields.get("seal_sha256") is not None:
            digest(fields["seal_sha256"], f"{where}.seal_sha256")
        (_, sha256) = members(fields.get("manifest"), f"{where}.manifest", "key", "sha256")
        digest(sha256, f"{where}.manifest.sha256")
    if record.kind == CATALOGUE:
        for number, report in enumerate(items(fields.get("reports"), f"{where}.reports")):
            name, sha256 = members(report, f"{where}.reports[{number}]", "id", "sha256")
            text(name, f"{where}.reports[{number}].id")
            digest(sha256, f"{where}.reports[{number}].sha256")


def _records(entries: Iterable[bytes], findings: Findings) -> tuple[LogRecord, ...]:
    records: list[LogRecord] = []
    seen: dict[tuple[str, str], bytes] = {}
    for number, entry in enumerate(entries):
        try:
            record = read_record(entry, number)
        except UnreadableError as error:
            findings.judge(error.where, False, error.expected, error.found)
            continue
        before = seen.setdefault((record.kind, record.id), entry)
        if before is entry:
            records.append(record)
        elif before != entry:
            findings.judge(
                f"entry {number}", False, "another record", f"one more {record.kind} {record.id}"
            )
    kinds = sorted({r.kind for r in records} - {CATALOGUE, OPENED, CURRENT, CLOSED, *OTHER_KINDS})
    if kinds:
        findings.note("kinds of records that this verifier does not know", ", ".join(kinds))
    findings.judge("entries", bool(records), "records", f"{len(records)} records")
    return tuple(records)


def _attempts(records: Sequence[LogRecord]) -> dict[tuple[str, str, str], LoggedAttempt]:
    attempts: dict[tuple[str, str, str], LoggedAttempt] = {}
    for record in records:
        if record.kind in (OPENED, CLOSED):
            key = (*record.about, str(record.fields["attempt"]))
            attempt = attempts.setdefault(key, LoggedAttempt(*key))
            if record.kind == CLOSED:
                attempt.closed.append(record)
            else:
                attempt.opened = attempt.opened or record
    return attempts


def _check_attempts(
    records: Sequence[LogRecord],
    attempts: dict[tuple[str, str, str], LoggedAttempt],
    findings: Findings,
) -> None:
    end = max((record.at for record in records), default=None)
    never: list[str] = []
    running: list[str] = []
    unopened, twice, nameless = [], [], []
    for attempt in attempts.values():
        if not attempt.closed:
            assert attempt.opened is not None  # it has one record at least
            assert end is not None
            late = end - attempt.opened.at > STILL_OPEN
            (never if late else running).append(attempt.words)
        if attempt.opened is None:
            unopened.append(attempt.words)
        if len(attempt.closed) > 1:
            twice.append(attempt.words)
        if any(closed.fields.get("envelope_sha256") is None for closed in attempt.closed):
            nameless.append(attempt.words)
    for name, found in (
        ("attempts that were opened and never closed", never),
        ("attempts that were closed and never opened", unopened),
        ("attempts that were closed twice", twice),
        ("attempts that were closed without a signed package", nameless),
    ):
        findings.judge(name, not found, "none", ", ".join(found) or "none")
    if running:
        findings.note("attempts still open, opened within the log's last day", ", ".join(running))


def _tell_reperformances(records: Sequence[LogRecord], findings: Findings) -> None:
    """How many times something was run again, and what came of it; one may have been killed."""
    ended: dict[str, LogRecord] = {}
    begun: dict[str, LogRecord] = {}
    for record in records:
        if record.kind == REPERFORMANCE:
            stage = ended if record.fields.get("stage") == "ended" else begun
            stage[str(record.fields.get("id"))] = record
    for name, first in begun.items():
        last = ended.get(name)
        findings.note(
            f"re-performance {name} of {' '.join(first.about)}",
            "begun, and no end recorded"
            if last is None
            else f"{last.fields.get('outcome')}, envelope {last.fields.get('envelope_sha256')}",
        )


def _current(
    records: Sequence[LogRecord],
    attempts: dict[tuple[str, str, str], LoggedAttempt],
    findings: Findings,
) -> tuple[CurrentPackage, ...]:
    moves: dict[tuple[str, str], list[LogRecord]] = {about[:2]: [] for about in attempts}
    for record in records:
        if record.kind == CURRENT:
            moves.setdefault(record.about, []).append(record)
    packages = []
    for (report, period), moved in sorted(moves.items()):
        tried = [a for a in attempts.values() if (a.report, a.period) == (report, period)]
        packages.append(_one_current(report, period, moved, tried, findings))
    return tuple(packages)


def _one_current(
    report: str,
    period: str,
    moved: Sequence[LogRecord],
    tried: Sequence[LoggedAttempt],
    findings: Findings,
) -> CurrentPackage:
    """The newest attempt that moved counts; each move must lead to a package that passed."""
    ids = [str(record.fields["attempt"]) for record in moved]
    name = f"current of {report} {period}"
    by_id = {attempt.attempt: attempt for attempt in tried}
    findings.judge(
        f"{name}, order",
        len(set(ids)) == len(ids) and not _moved_back(moved, by_id),
        "newer attempts only",
        ", ".join(ids) or "none",
    )
    passed = [a.attempt for a in tried if a.verdict == PASS]
    failed = [a for a in tried if a.verdict not in (None, PASS)]
    for record in moved:
        attempt = by_id.get(str(record.fields["attempt"]))
        closed = attempt.closed[0] if attempt is not None and attempt.closed else None
        open_yet = attempt is not None and not attempt.closed
        same = closed is not None and (
            closed.fields["manifest"]["sha256"] == record.fields.get("manifest_sha256")
        )
        findings.judge(
            f"{name}, entry {record.number}",
            open_yet or (same and closed is not None and closed.fields["verdict"] == PASS),
            "an attempt that passed, with its package",
            "an attempt that is not in the log" if attempt is None else f"{attempt.verdict}",
        )
    overlooked = [a for a in passed if a not in ids and a > max(ids, default="")]
    findings.judge(f"{name}, passed later", not overlooked, "none", ", ".join(overlooked) or "none")
    if not ids:
        return CurrentPackage(report, period, None, None, f"none of {len(tried)} attempts passed")
    newest = max(ids)
    last = by_id.get(newest)
    after = [f"{a.attempt} {a.verdict}" for a in failed if a.attempt > newest]
    number = moved[ids.index(newest)].number
    why = f"moved by entry {number}, the last of {len(moved)}; {len(tried)} attempts"
    if after:
        why += f"; later and not passed: {', '.join(after)}"
    envelope = None
    if last is not None and last.closed:
        envelope = last.closed[0].fields.get("envelope_sha256")
        why += f"; closed {last.verdict} by entry {last.closed[0].number}"
    return CurrentPackage(report, period, newest, envelope, why)


def _moved_back(moved: Sequence[LogRecord], by_id: Mapping[str, LoggedAttempt]) -> bool:
    """Whether an older attempt became current over a newer one.

    Of two attempts that run at once the older may move first and be entered last: the entry
    follows the move. It was then not closed yet when the newer one was entered.
    """
    newest: LogRecord | None = None
    for record in moved:
        if newest is None or record.fields["attempt"] > newest.fields["attempt"]:
            newest = record
            continue
        attempt = by_id.get(str(record.fields["attempt"]))
        if attempt is None or (attempt.closed and attempt.closed[0].number < newest.number):
            return True
        if attempt.opened is None or attempt.opened.number > newest.number:
            return True
    return False


def _expected(
    records: Sequence[LogRecord],
    attempts: dict[tuple[str, str, str], LoggedAttempt],
    first: str | None,
    last: str | None,
) -> tuple[tuple[str, str], ...]:
    """Every report of the catalogue in force, for each month.

    In force for a month is the last catalogue that was recorded by the month's last attempt; for
    a month without any, that of the month before it, or else the first.
    """
    catalogues = [record for record in records if record.kind == CATALOGUE]
    newest: dict[str, int] = {}
    for attempt in attempts.values():
        # An attempt's catalogue stands behind its opening and before its closing.
        for record in (attempt.opened, *attempt.closed):
            if record is not None:
                newest[attempt.period] = max(newest.get(attempt.period, -1), record.number)
    if not catalogues or not newest:
        return ()
    expected, in_force = [], catalogues[0]
    for month in _months(first or min(newest), last or max(newest)):
        if month in newest:
            in_force = next(
                (c for c in reversed(catalogues) if c.number < newest[month]), catalogues[0]
            )
        expected += [(str(r["id"]), month) for r in in_force.fields["reports"]]
    return tuple(expected)


def _months(first: str, last: str) -> Iterable[str]:
    year, month = int(first[:4]), int(first[5:7])
    while f"{year:04d}-{month:02d}" <= last:
        yield f"{year:04d}-{month:02d}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
