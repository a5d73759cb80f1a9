"""What a re-performance leaves: its files, and the in-toto Statement that is signed over them.

The predicate ``urn:soxauto:reperformance:1`` is published in
``docs/schema/reperformance-1.schema.json``. Here: the writing. Not here: storing
(``performing.py``); reading it back (``verify/reperformance.py``).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.evidence.canonical import canonical_json, utc_text
from soxauto_assets.evidence.documents import source_facts
from soxauto_assets.evidence.manifest import CONTENT_DIGEST_VERSION, STATEMENT_TYPE
from soxauto_assets.evidence.reperformance.comparing import CLASSES, Comparison
from soxauto_assets.evidence.values import plain, typed
from soxauto_assets.validation.samples import MASK

if TYPE_CHECKING:
    from soxauto_assets.evidence.reperformance.packaged import PackagedReport
    from soxauto_assets.evidence.signing import SigningKey
    from soxauto_assets.store.layout import AttemptAddress, ReperformanceAddress
    from soxauto_assets.store.spool import Spooled
    from soxauto_assets.warehouse.protocol import ExecutedStatement, SourceFacts

PREDICATE_TYPE = "urn:soxauto:reperformance:1"
SAME, DIFFERS, FAILED = "SAME", "DIFFERS", "FAILED"
DATA_FILE = "data/reperformed.parquet"
CONTENT_STATEMENT = "data/content-digest.txt"
DIFFERENCES = "differences.parquet"
SAMPLE_ROWS = 10
"""Rows of each class that the sample shows."""


@dataclass
class Made:
    """A re-performance so far; it grows, so that one that breaks leaves what it had.

    ``cause`` says why it failed. ``stamps`` are aware.
    """

    address: ReperformanceAddress
    of: AttemptAddress
    who: str
    started: datetime
    environment: Mapping[str, object]
    ended: datetime | None = None
    package: PackagedReport | None = None
    warehouse: str | None = None
    facts: SourceFacts | None = None
    executed: tuple[ExecutedStatement, ...] = ()
    retries: list[str] = field(default_factory=list)
    data: Spooled | None = None
    comparison: Comparison | None = None
    differences: Path | None = None
    cause: str | None = None

    @property
    def outcome(self) -> str:
        """``SAME``, ``DIFFERS``, or ``FAILED`` where it did not come to its end."""
        if self.cause is not None or self.comparison is None:
            return FAILED
        return DIFFERS if self.comparison.differs else SAME


def files(made: Made) -> dict[str, bytes | Path]:
    """Every file but the statement, by its name."""
    found: dict[str, bytes | Path] = {
        "README.txt": _readme(made).encode(),
        "environment.json": canonical_json(plain(made.environment)),
        "source.json": canonical_json(plain(_source(made))),
    }
    if made.package is not None:
        found["sql/catalogue/query.sql"] = made.package.query.encode()
    for number, statement in enumerate(made.executed):
        found[f"sql/sent-{number + 1}.sql"] = statement.sql.encode("utf-8", "backslashreplace")
    if made.data is not None:
        found[DATA_FILE] = made.data.path
        found[CONTENT_STATEMENT] = made.data.content_statement.encode()
    if made.comparison is not None:
        assert made.differences is not None  # written with the comparison
        found["summary.json"] = canonical_json(plain(result(made)))
        found[DIFFERENCES] = made.differences
        found["sample.json"] = canonical_json(_sample(made, made.differences))
    return found


def statement(made: Made, subjects: Sequence[tuple[str, str, int]], key: SigningKey) -> bytes:
    """The statement over ``subjects`` (name, SHA-256, bytes), as canonical JSON."""
    assert made.ended is not None
    predicate = {
        "id": made.address.id,
        "report": made.address.report,
        "period": str(made.address.period),
        "who": made.who,
        "started": utc_text(made.started),
        "ended": utc_text(made.ended),
        "outcome": made.outcome,
        "cause": made.cause,
        "of": {
            "attempt": made.of.attempt,
            "envelope_sha256": None if made.package is None else made.package.envelope_sha256,
        },
        "retries": list(made.retries),
        "result": None if made.comparison is None else result(made),
        "signer": {
            "assertion": key.assertion,
            "holder": key.holder,
            "key_id": key.key_id,
            "public_key": base64.b64encode(key.public_key).decode(),
        },
    }
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "predicateType": PREDICATE_TYPE,
            "predicate": plain(predicate),
            "subject": [
                {"name": name, "digest": {"sha256": sha256}, "annotations": {"size": size}}
                for name, sha256, size in sorted(subjects)
            ],
        }
    )


def result(made: Made) -> dict[str, object]:
    """The comparison as plain values; amounts exact, as text."""
    found, package, data = made.comparison, made.package, made.data
    assert found is not None
    assert package is not None
    assert package.manifest.data is not None
    assert data is not None
    report = package.manifest.report
    as_of = {column.name: column.as_of.value for column in package.columns}
    return {
        "primary_key": report["primary_key"],
        "amounts": report["amounts"],
        "event_date": report["event_date"],
        "before": {
            "rows": found.before.rows,
            "totals": found.before.totals,
            "duplicate_keys": found.before.duplicate_keys,
            "content_digest": package.manifest.data.content_digest,
        },
        "after": {
            "rows": found.after.rows,
            "totals": found.after.totals,
            "duplicate_keys": found.after.duplicate_keys,
            "content_digest": data.content_digest,
        },
        "content_digest_version": CONTENT_DIGEST_VERSION,
        "change": {
            "rows": found.after.rows - found.before.rows,
            "totals": {amount: found.change(amount) for amount in report["amounts"]},
        },
        "unchanged": found.unchanged,
        "classes": [
            {
                "class": kind,
                "rows": found.classes[kind].rows,
                "amounts": found.classes[kind].amounts,
                "first_event": found.classes[kind].first_event,
                "last_event": found.classes[kind].last_event,
            }
            for kind in CLASSES
        ],
        "not_compared": list(package.not_compared),
        "changed_columns": [
            {"name": name, "as_of": as_of[name], "rows": rows}
            for name, rows in found.changed_columns.items()
        ],
    }


def _source(made: Made) -> dict[str, object]:
    return {
        "warehouse": made.warehouse,
        "values": {} if made.package is None else typed(made.package.values),
        "facts": source_facts(made.facts),
    }


def _sample(made: Made, differences: Path) -> dict[str, object]:
    """The first rows of each class as text, personal data masked."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    assert made.package is not None
    key = made.package.manifest.report["primary_key"]
    masked = {f"key_{c.name}" for c in made.package.columns if c.personal and c.name in key}
    shown: dict[str, list[object]] = {kind: [] for kind in CLASSES}
    with pq.ParquetFile(differences) as file:
        for batch in file.iter_batches():
            for kind, rows in shown.items():
                if len(rows) < SAMPLE_ROWS:
                    ours = batch.filter(pc.field("class") == kind)
                    for row in ours.slice(0, SAMPLE_ROWS - len(rows)).to_pylist():
                        rows.append(
                            {
                                name: MASK if name in masked and value is not None else plain(value)
                                for name, value in row.items()
                            }
                        )
    return {"masked_columns": sorted(masked), "rows": shown}


def _readme(made: Made) -> str:
    """What the folder is, in plain words; the figures with it."""
    name = f"{made.address.report.upper()} {made.address.period}"
    lines = [
        f"Re-performance of {name}: {made.outcome}",
        "",
        f"The query of the package of attempt {made.of.attempt}, with the parameters of that",
        f"package, was run again by {made.who}, begun {utc_text(made.started)}.",
        "",
    ]
    if made.cause is not None:
        lines += [f"It did not come to its end: {made.cause}", ""]
    if made.comparison is not None:
        lines += [*table(made.comparison), ""]
        lines += duplicates(made.comparison)
    if made.package is not None and made.package.not_compared:
        lines += [f"NOT COMPARED, not in the package: {', '.join(made.package.not_compared)}", ""]
    lines += [
        "summary.json         the same figures; differences.parquet: every row that differs, with",
        "                     its class, key, the columns that changed, amounts before and after;",
        "sample.json          the first rows of each class, personal data masked;",
        f"{DATA_FILE}",
        "                     all rows of today; source.json, environment.json: whence, by what.",
        "manifest.dsse.json   the signature over manifest.json, which lists every file.",
        "",
        "soxauto verify <this folder> checks all of it, and compares the rows again where the",
        "package stands beside it in the same store.",
        "",
    ]
    return "\n".join(lines)


def table(found: Comparison) -> list[str]:
    """The classes with rows and amounts, in lines of text; the last line is their sum."""
    amounts = list(found.before.totals)
    rows = [["", "rows", *amounts]]
    rows.append(["in the package", f"{found.before.rows:,}", *_shown(found.before.totals)])
    for kind in CLASSES:
        figures = found.classes[kind]
        sign = {"added": "+", "removed": "-", "changed": ""}[kind] if figures.rows else ""
        rows.append([kind, f"{sign}{figures.rows:,}", *_shown(figures.amounts)])
    rows.append(["today", f"{found.after.rows:,}", *_shown(found.after.totals)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    if found.changed_columns:
        told = ", ".join(f"{name} ({rows:,})" for name, rows in found.changed_columns.items())
        lines += ["", f"Columns that changed, with the rows: {told}"]
    return lines


def duplicates(found: Comparison) -> list[str]:
    """What must be said of keys that several rows have; nothing where none has."""
    if not (found.before.duplicate_keys or found.after.duplicate_keys):
        return []
    return [
        f"KEYS USED TWICE: {found.before.duplicate_keys:,} in the package, "
        f"{found.after.duplicate_keys:,} today. Their rows are numbered",
        "in order of their values; which of them is the new one cannot be known.",
        "",
    ]


def _shown(amounts: Mapping[str, object]) -> list[str]:
    return [str(plain(amount)) for amount in amounts.values()]


def subject_of(name: str, source: bytes | Path) -> tuple[str, str, int]:
    """Name, SHA-256 (hex) and bytes of a file."""
    if isinstance(source, bytes):
        return name, hashlib.sha256(source).hexdigest(), len(source)
    with source.open("rb") as file:
        return name, hashlib.file_digest(file, "sha256").hexdigest(), source.stat().st_size
