"""Verifying a re-performance: its signature, its files, and whether the classes explain the change.

The statement ``urn:soxauto:reperformance:1`` (``docs/schema/reperformance-1.schema.json``) names
what was run again and what came of it. From the statement alone: the classes add up exactly to the
change of each total. From the rows: count, totals and content digest of today's data, and the
figures of each class. Where the package that was run again stands beside it in the same store, the
two extracts are compared anew, by other SQL than the product's.

Here: the order and the form. Not here: the questions to the rows (``reperformed_rows.py``).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal, localcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from soxauto_assets.verify.authenticity import check_authenticity
from soxauto_assets.verify.envelope import ENVELOPE, read_envelope
from soxauto_assets.verify.files import check_files
from soxauto_assets.verify.findings import Claim, Findings, VerificationReport
from soxauto_assets.verify.manifest import (
    MANIFEST,
    STATEMENT_TYPE,
    ListedFile,
    Manifest,
    SignerClaim,
    check_names,
    listed_file,
    read_manifest,
    signer_claim,
)
from soxauto_assets.verify.strict_json import (
    UnreadableError,
    canonical,
    count,
    decimal_text,
    digest,
    items,
    members,
    one_of,
    optional_text,
    read_canonical,
    text,
    texts,
    utc_text,
)
from soxauto_assets.verify.trust import Trust

PREDICATE_TYPE = "urn:soxauto:reperformance:1"
OUTCOMES = ("SAME", "DIFFERS", "FAILED")
CLASSES = ("added", "removed", "changed")
DATA, DIFFERENCES, SUMMARY = "data/reperformed.parquet", "differences.parquet", "summary.json"
_LARGEST = 64 * 2**20
_ID = re.compile(r"[0-9]{8}_[0-9]{6}Z-[0-9a-f]{8}")
_DIGITS = 80


@dataclass(frozen=True)
class SideClaim:
    """What is said of one side; totals are exact decimals as text, by column."""

    rows: int
    totals: dict[str, str]
    duplicate_keys: int
    content_digest: str


@dataclass(frozen=True)
class Result:
    """What is said of the comparison. ``classes`` hold rows and amounts by the class's name."""

    primary_key: tuple[str, ...]
    amounts: tuple[str, ...]
    before: SideClaim
    after: SideClaim
    change: tuple[int, dict[str, str]]
    unchanged: int
    classes: dict[str, tuple[int, dict[str, str]]]
    changed_columns: dict[str, int]
    document: Any


@dataclass(frozen=True)
class Reperformed:
    """A statement that was read strictly; ``of_envelope`` is the SHA-256 of what was run again."""

    files: tuple[ListedFile, ...]
    id: str
    report: str
    period: str
    outcome: str
    cause: str | None
    of_attempt: str
    of_envelope: str | None
    ended: str
    result: Result | None
    signer: SignerClaim | None
    time_authority: str | None = None


def is_reperformance(folder: Path) -> bool:
    """Whether the folder's manifest says that it is one."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            value = read_canonical(file.read(_LARGEST))
    except (OSError, UnreadableError):
        return False
    return isinstance(value, dict) and value.get("predicateType") == PREDICATE_TYPE


def verify_reperformance(folder: Path, trust: Trust | None = None) -> VerificationReport:
    """Verify the re-performance in ``folder``; needs no network and changes nothing.

    ``trust`` says whose signatures count. Never raises for what the folder holds or lacks.
    """
    findings = Findings()
    with findings.guarded("manifest.json", "a statement that can be read", OSError):
        content = (folder / MANIFEST).read_bytes()
        try:
            statement = read_reperformed(read_canonical(content))
        except UnreadableError as error:
            findings.judge(f"manifest.json, {error.where}", False, error.expected, error.found)
            return findings.report(None)
        check_authenticity(folder, content, statement, trust, findings)
        _check_place(folder, statement, findings)
        _check_list(statement, findings)
        check_files(folder, statement.files, frozenset({ENVELOPE}), findings)
        _check_outcome(statement, findings)
        if statement.result is not None and findings.holds:
            _check_result(folder, statement, statement.result, findings)
        return findings.report(_claim(statement))
    return findings.report(None)


def read_reperformed(value: Any) -> Reperformed:
    """The statement of a value read from canonical JSON; raises UnreadableError."""
    kind, subject, predicate_type, predicate = members(
        value, "the manifest", "_type", "subject", "predicateType", "predicate"
    )
    one_of(kind, "_type", STATEMENT_TYPE)
    one_of(predicate_type, "predicateType", PREDICATE_TYPE)
    files = tuple(
        listed_file(item, f"subject[{i}]") for i, item in enumerate(items(subject, "subject"))
    )
    check_names([file.name for file in files])
    names = ("id", "report", "period", "who", "started", "ended", "outcome", "cause", "of")
    identity, report, period, who, started, ended, outcome, cause, of, retries, result, signer = (
        members(predicate, "predicate", *names, "retries", "result", "signer")
    )
    attempt, envelope = members(of, "of", "attempt", "envelope_sha256")
    for name, one in (("id", identity), ("of.attempt", attempt)):
        if not _ID.fullmatch(text(one, name)):
            raise UnreadableError(name, "<YYYYMMDD_HHMMSS>Z-<8 hex digits>", repr(one))
    text(who, "who")
    texts(retries, "retries")
    utc_text(started, "started")
    return Reperformed(
        files=files,
        id=str(identity),
        report=text(report, "report"),
        period=text(period, "period"),
        outcome=one_of(outcome, "outcome", *OUTCOMES),
        cause=optional_text(cause, "cause"),
        of_attempt=str(attempt),
        of_envelope=None if envelope is None else digest(envelope, "of.envelope_sha256"),
        ended=utc_text(ended, "ended"),
        result=None if result is None else _result(result),
        signer=signer_claim(signer),
    )


def _result(value: Any) -> Result:
    names = ("primary_key", "amounts", "event_date", "before", "after", "content_digest_version")
    key, amounts, event, before, after, version, change, unchanged, classes, left_out, columns = (
        members(
            value,
            "result",
            *names,
            "change",
            "unchanged",
            "classes",
            "not_compared",
            "changed_columns",
        )
    )
    texts(left_out, "result.not_compared")
    optional_text(event, "result.event_date")
    one_of(str(version), "result.content_digest_version", "1")
    rows, totals = members(change, "result.change", "rows", "totals")
    if not isinstance(rows, int) or isinstance(rows, bool):
        raise UnreadableError("result.change.rows", "a whole number", repr(rows))
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for item in items(classes, "result.classes"):
        name, number, sums, first, last = members(
            item, "a class", "class", "rows", "amounts", "first_event", "last_event"
        )
        optional_text(first, "first_event")
        optional_text(last, "last_event")
        found[one_of(name, "class", *CLASSES)] = (count(number, f"{name}.rows"), _totals(sums))
    if tuple(found) != CLASSES or len(items(classes, "result.classes")) != len(CLASSES):
        raise UnreadableError("result.classes", ", ".join(CLASSES), ", ".join(found))
    changed = {}
    for item in items(columns, "result.changed_columns"):
        name, as_of, number = members(item, "a column", "name", "as_of", "rows")
        one_of(as_of, "as_of", "cut-off", "extraction")
        changed[text(name, "name")] = count(number, f"{name}.rows")
    return Result(
        texts(key, "result.primary_key"),
        texts(amounts, "result.amounts"),
        _side(before, "before"),
        _side(after, "after"),
        (rows, _totals(totals)),
        count(unchanged, "result.unchanged"),
        found,
        changed,
        value,
    )


def _side(value: Any, where: str) -> SideClaim:
    rows, totals, duplicates, content = members(
        value, where, "rows", "totals", "duplicate_keys", "content_digest"
    )
    return SideClaim(
        count(rows, f"{where}.rows"),
        _totals(totals),
        count(duplicates, f"{where}.duplicate_keys"),
        digest(content, f"{where}.content_digest"),
    )


def _totals(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise UnreadableError("totals", "an object", repr(value))
    return {name: decimal_text(total, name) for name, total in value.items()}


def _check_place(folder: Path, statement: Reperformed, findings: Findings) -> None:
    path = folder.resolve()
    if not _ID.fullmatch(path.name):
        return
    expected, found = [statement.id], [path.name]
    if path.parent.parent.parent.name == "reperformances":
        expected += [statement.period, statement.report]
        found += [path.parent.name, path.parent.parent.name]
    findings.compare("folder of the re-performance", "/".join(expected), "/".join(found))


def _check_list(statement: Reperformed, findings: Findings) -> None:
    must = {"README.txt", "environment.json", "source.json"}
    if statement.result is not None:
        must |= {DATA, "data/content-digest.txt", DIFFERENCES, SUMMARY, "sample.json"}
        must |= {"sql/catalogue/query.sql"}
    if statement.outcome == "FAILED":  # what a first try to pack left keeps its names
        must = set()
    missing = ", ".join(sorted(must - {file.name for file in statement.files}))
    findings.judge("files that are missing from the list", not missing, "none", missing or "none")


def _check_outcome(statement: Reperformed, findings: Findings) -> None:
    result = statement.result
    if result is None:
        follows = "FAILED"
    elif any(rows for rows, _ in result.classes.values()):
        follows = "DIFFERS"
    else:
        follows = "SAME"
    findings.compare("outcome follows from the result", follows, statement.outcome)
    findings.judge(
        "cause",
        (statement.cause is not None) == (statement.outcome == "FAILED"),
        "one exactly where it failed",
        statement.cause or "none",
    )


def _check_result(folder: Path, statement: Reperformed, result: Result, findings: Findings) -> None:
    summary = (folder / SUMMARY).read_bytes()
    findings.judge(
        "summary.json", summary == canonical(result.document), "the signed result", "another"
    )
    _check_sums(result, findings)
    if result.document["not_compared"]:
        findings.note("columns not compared", ", ".join(result.document["not_compared"]))
    missing = [name for name in ("duckdb", "pyarrow") if find_spec(name) is None]
    if missing:
        findings.not_run(
            "recomputation from the rows",
            "with duckdb and pyarrow",
            f"{' and '.join(missing)} not installed here",
        )
        return
    from soxauto_assets.verify.reperformed_rows import check_rows

    check_rows(folder, result, _original(folder, statement, findings), findings)


def _check_sums(result: Result, findings: Findings) -> None:
    """The classes against the change, the change against the sides; exact decimals."""
    rows = {name: number for name, (number, _) in result.classes.items()}
    grown = rows["added"] - rows["removed"]
    findings.compare("rows, added less removed", result.change[0], grown)
    findings.compare("rows, change", result.after.rows - result.before.rows, result.change[0])
    findings.compare(
        "rows unchanged", result.before.rows - rows["removed"] - rows["changed"], result.unchanged
    )
    named = set(result.amounts)
    for totals in (result.before.totals, result.after.totals, result.change[1]):
        findings.compare("columns with a total", sorted(named), sorted(totals))
    for name in sorted(named):
        with localcontext(prec=_DIGITS):
            change = Decimal(result.change[1].get(name, "0"))
            classes = sum(
                (Decimal(sums.get(name, "0")) for _, sums in result.classes.values()), Decimal(0)
            )
            sides = Decimal(result.after.totals.get(name, "0")) - Decimal(
                result.before.totals.get(name, "0")
            )
        findings.judge(
            f"{name}, the classes add up", classes == change == sides, f"{change:f}", f"{classes:f}"
        )


def _original(folder: Path, statement: Reperformed, findings: Findings) -> Path | None:
    """The extract that was run again, where its very package stands in the same store."""
    store = folder.resolve().parents[3] if len(folder.resolve().parents) > 3 else folder
    package = store / "attempts" / statement.report / statement.period / statement.of_attempt
    try:
        content = (package / ENVELOPE).read_bytes()
    except OSError:
        findings.not_run(
            "comparing the rows anew",
            f"with the package of attempt {statement.of_attempt}",
            "it does not stand beside this folder",
        )
        return None
    found = hashlib.sha256(content).hexdigest()
    if not findings.compare("package that was run again", statement.of_envelope, found):
        return None
    try:
        manifest: Manifest = read_manifest(read_canonical(read_envelope(content).payload))
    except UnreadableError as error:
        findings.judge("package that was run again", False, error.expected, error.found)
        return None
    data = None if manifest.data is None else manifest.file(manifest.data.file)
    if data is None:
        findings.judge("package that was run again", False, "one with an extract", "one without")
        return None
    path = package / data.name
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return path if findings.compare("extract that was run again", data.sha256, sha256) else None


def _claim(statement: Reperformed) -> Claim:
    after = None if statement.result is None else statement.result.after
    return Claim(
        statement.report,
        statement.period,
        f"{statement.of_attempt}, re-performed as {statement.id}",
        statement.outcome,
        None if after is None else after.rows,
        () if after is None else tuple(sorted(after.totals.items())),
    )
