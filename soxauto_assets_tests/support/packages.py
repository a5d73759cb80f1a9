"""Packages of a small report of every shape, made by the product from rows given here.

``sample()`` gives the contents of a package that says PASS; the tests change what they are
about. ``reseal`` makes a changed folder consistent again, as a careful forger would.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pyarrow as pa

from soxauto_assets.catalog.model import (
    Boolean,
    CatalogEntry,
    CheckKind,
    Column,
    Control,
    ControlKind,
    Date,
    Integer,
    Numeric,
    Parameter,
    Report,
    Text,
    Timestamp,
)
from soxauto_assets.evidence.approval import Approval, approve
from soxauto_assets.evidence.baseline import compare
from soxauto_assets.evidence.canonical import canonical_json, parse_canonical
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.evidence.package import LogLine, PackageContents, publish
from soxauto_assets.evidence.sealing import Sealing, sealed
from soxauto_assets.evidence.signing import Signer
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import Receipt
from soxauto_assets.store.spool import Spooled, spool
from soxauto_assets.validation.results import CheckResult, Verdict
from soxauto_assets.warehouse.protocol import ExecutedStatement, SourceFacts
from soxauto_assets_tests.support.keys import KeySigner

ADDRESS = AttemptAddress("ipe_99", Period(2024, 9), "20241001_080000Z-0123abcd")
SIGNER = KeySigner(1)
SEALING = Sealing(SIGNER)
SECRET_NAME = "Amina Diallo"
"""Personal data in the rows; it must be in the extract and in no other file."""

COLUMNS = (
    Column("id_company", Text(10), "Company", "entries.company"),
    Column("entry_no", Integer(64), "Entry", "entries.no"),
    Column("posting_date", Date(), "Posting date", "entries.date"),
    Column("customer_name", Text(), "Customer", "customers.name", nullable=True, personal=True),
    Column("amount_lcy", Numeric(38, 20), "Amount", "sum of entries.amount"),
    Column("changed_at", Timestamp(), "Last change", "entries.changed", nullable=True),
    Column("open", Boolean(), "Open", "entries.open", nullable=True),
)
REPORT = Report(
    id="ipe_99",
    title="Sample entries",
    control="C-PG-1",
    purpose="Shows a package.",
    family="samples",
    group_accounts=("13003",),
    sources=("AIG_Nav_DW.dbo.Entries",),
    parameters=(Parameter.NEXT_PERIOD_START, Parameter.COMPANIES),
    primary_key=("id_company", "entry_no"),
    amounts=("amount_lcy",),
    owner="Finance",
    event_date="posting_date",
)
CONTROLS = (
    Control("transfer", ControlKind.TOTALS, "The very rows", "SELECT 1"),
    Control("without_joins", ControlKind.TOTALS, "Without joins", "SELECT 1"),
    Control("driving_table", ControlKind.TOTALS, "The main table", "SELECT 1"),
    Control("witness_inside", ControlKind.WITNESS_INSIDE, "Last inside", "SELECT 1"),
    Control("witness_after", ControlKind.WITNESS_AFTER, "First after", "SELECT 1"),
    Control("roster", ControlKind.MUST_BE_EMPTY, "Roster", "SELECT 1"),
    Control("unmapped", ControlKind.MUST_BE_EMPTY, "Unmapped", "SELECT 1"),
    Control("left_out", ControlKind.NOTED, "Left out", "SELECT 1"),
)
ENTRY = CatalogEntry(REPORT, COLUMNS, "SELECT 1", CONTROLS)

APPROVER = KeySigner(77, deterministic=True)
"""The key of a person who approves baselines; no demonstration."""
APPROVAL = Approval(
    approver="Zola Mbeki <zola@example.com>",
    tester="Kofi Mensah <kofi@example.com>",
    authors=("Ada Obi <ada@example.com>",),
    note="Traced 25 rows to the ledger.",
    approved_on=date(2024, 2, 29),
    expires_on=date(2027, 2, 28),
)
APPROVED_BASELINE = approve(ENTRY, APPROVAL, APPROVER)

SCHEMA = pa.schema(
    [
        pa.field("id_company", pa.string()),
        pa.field("entry_no", pa.int64()),
        pa.field("posting_date", pa.date32()),
        pa.field("customer_name", pa.string()),
        pa.field("amount_lcy", pa.decimal128(38, 20)),
        pa.field("changed_at", pa.timestamp("us")),
        pa.field("open", pa.bool_()),
    ]
)
Row = tuple[str, int, date, str | None, Decimal, datetime | None, bool | None]
ROWS: tuple[Row, ...] = (
    ("EC_KE", 1, date(2024, 9, 1), SECRET_NAME, Decimal("10.00000000000000000001"), None, True),
    ("EC_NG", 1, date(2024, 8, 31), None, Decimal("-3.5"), datetime(2024, 9, 2, 3, 4, 5), False),
    ("EC_NG", 2, date(2024, 9, 30), 'كريم, "x"\n', Decimal("0"), None, None),
)
STARTED = datetime(2024, 10, 1, 8, 0, 0, tzinfo=UTC)
ENDED = datetime(2024, 10, 1, 8, 0, 42, 123456, tzinfo=UTC)


def spooled(path: Path, rows: tuple[Row, ...] = ROWS) -> Spooled:
    """The rows in a spool file."""
    table = pa.Table.from_pylist(
        [dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return spool(iter(table.to_batches()), COLUMNS, path)


def total(rows: tuple[Row, ...]) -> Decimal:
    """The exact sum of the amounts; Decimal's own context would round it to 28 digits."""
    with localcontext(prec=80):
        return sum((row[4] for row in rows), Decimal(0))


def check(name: str, verdict: Verdict = Verdict.PASS, **more: Any) -> CheckResult:
    """A check's result with plain texts."""
    return CheckResult(name, f"The check {name}", verdict, "as expected", "as found", **more)


def passed_checks(entry: CatalogEntry = ENTRY) -> tuple[CheckResult, ...]:
    """A PASS, or a declared NOT_APPLICABLE, of every check of the report."""
    names = [kind.value for kind in CheckKind]
    names += [
        c.name
        for c in entry.controls
        if c.kind is ControlKind.MUST_BE_EMPTY and c.name not in names
    ]
    reasons = {kind.value: why for kind, why in entry.report.not_applicable.items()}
    return tuple(
        check(name, Verdict.NOT_APPLICABLE, cause=reasons[name]) if name in reasons else check(name)
        for name in names
    )


def control_rows(rows: tuple[Row, ...] = ROWS) -> dict[str, tuple[Mapping[str, object], ...]]:
    """What the source returned for each control, in agreement with the rows."""
    totals: Mapping[str, object] = {
        "row_count": len(rows),
        "sum_amount_lcy": total(rows) if rows else None,
    }
    dates = {
        "first_event": min((row[2] for row in rows), default=None),
        "last_event": max((row[2] for row in rows), default=None),
    }
    inside = tuple({"id_company": row[0].lower(), "entry_no": row[1]} for row in rows[-1:])
    return {
        "transfer": ({**totals, **dates},),
        "without_joins": (totals,),
        "driving_table": ({"row_count": len(rows)},),
        "witness_inside": inside,
        "witness_after": ({"id_company": "EC_NG", "entry_no": 3},),
        "roster": (),
        "unmapped": (),
        "left_out": ({"row_count": 4, "sum_amount_lcy": Decimal("7.20")},),
    }


def sample(folder: Path, rows: tuple[Row, ...] = ROWS) -> PackageContents:
    """The contents of a package that says PASS, with its extract in ``folder``."""
    data = spooled(folder / "extract.parquet", rows)
    parameters = (datetime(2024, 10, 1), "EC_NG", "EC_KE")
    return PackageContents(
        verdict=AttemptVerdict.PASS,
        cause=None,
        entry=ENTRY,
        run_id="0f5f2c1e-run",
        who="amina@finance-7",
        started=STARTED,
        ended=ENDED,
        checks=passed_checks(),
        environment={"product": {"version": "0.1.0"}},
        warehouse="embedded demonstration",
        source=SourceFacts(
            engine="DuckDB 2.0.0",
            server="demo",
            databases=("AIG_Nav_DW",),
            login="none",
            isolation="read-only file",
            source_clock=datetime(2024, 10, 1, 9, 0, 0),
            product_clock=STARTED,
            details={"threads": "2"},
        ),
        statements=(
            ExecutedStatement("ipe_99/query", "SELECT ? -- why\nFROM x", parameters),
            ExecutedStatement("ipe_99/controls/transfer", "SELECT count(*)", parameters),
        ),
        controls=control_rows(rows),
        data=data,
        totals={"amount_lcy": total(rows)},
        rows_reached=len(rows),
        baseline=compare(
            ENTRY, APPROVED_BASELINE, today=STARTED.date(), demonstration=False
        ).document(),
        lineage={"columns": {"amount_lcy": ["AIG_Nav_DW.dbo.Entries.amount"]}},
        log=(LogLine(STARTED, "INFO", "attempt opened"),),
        stored=tuple(
            Receipt(ADDRESS.key(name), "v1", data.sha256, data.size)
            for name in ("extract.parquet", "validated.parquet")
        ),
    )


def failed(contents: PackageContents, name: str, **more: Any) -> PackageContents:
    """The same attempt with one check failed."""
    checks = tuple(
        check(c.name, Verdict.FAIL, cause="It differs.", **more) if c.name == name else c
        for c in contents.checks
    )
    return replace(
        contents,
        verdict=AttemptVerdict.FAIL,
        cause=f"1 of the checks failed: {name}.",
        checks=checks,
        stored=contents.stored[:1],
    )


def unreached(contents: PackageContents) -> PackageContents:
    """The same attempt, ended while the rows came: no extract, no check reached."""
    cause = "SourceUnavailableError: The connection broke."
    return replace(
        contents,
        verdict=AttemptVerdict.FAIL,
        cause=cause,
        checks=tuple(check(c.name, Verdict.FAIL, cause=cause) for c in contents.checks),
        data=None,
        totals={},
        baseline=None,
        rows_reached=2,
        stored=(),
    )


def interrupted(contents: PackageContents) -> PackageContents:
    """What whoever comes next knows of an attempt that died."""
    return replace(
        unreached(contents),
        verdict=AttemptVerdict.INTERRUPTED,
        cause="The attempt was interrupted.",
        warehouse=None,
        source=None,
        statements=(),
        controls={},
        baseline=None,
        rows_reached=None,
        closed_by="kofi@finance-8",
        log=(LogLine(ENDED, "ERROR", "The attempt was interrupted."),),
    )


def baselined(contents: PackageContents) -> PackageContents:
    """The same contents with a baseline of their own report, where they have one."""
    if contents.baseline is None or contents.entry is None:
        return contents
    approved = approve(contents.entry, APPROVAL, APPROVER)
    judged = compare(contents.entry, approved, today=STARTED.date(), demonstration=False)
    return replace(contents, baseline=judged.document())


def approved(contents: PackageContents) -> PackageContents:
    """The same contents; a report that a test declares otherwise is approved as it is declared."""
    return contents if contents.entry is ENTRY else baselined(contents)


def published(contents: PackageContents, root: Path) -> Path:
    """The folder of the package, published into a store below ``root``."""
    publish(
        approved(contents), ADDRESS, LocalStore(root, name="evidence", reserve_bytes=0), SEALING
    )
    return root / ADDRESS.prefix


def copied(folder: Path, to: Path) -> Path:
    """A writable copy of a package under the same report, period and attempt."""
    target = to / Path(*folder.parts[-4:])
    shutil.copytree(folder, target)
    for path in target.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


def edit(folder: Path, name: str, change: Callable[[Any], object]) -> None:
    """Change a JSON document in place and write it canonically."""
    path = folder / name
    value = parse_canonical(path.read_bytes())
    change(value)
    path.write_bytes(canonical_json(value))


def reseal(folder: Path) -> None:
    """Bring sizes, digests, the manifest's own and the signature in line with the files again."""

    def fit(statement: Any) -> None:
        for subject in statement["subject"]:
            content = (folder / subject["name"]).read_bytes()
            subject["digest"]["sha256"] = hashlib.sha256(content).hexdigest()
            subject["annotations"]["size"] = len(content)
        statement["predicate"]["self_digest"] = ""
        own = hashlib.sha256(canonical_json(statement)).hexdigest()
        statement["predicate"]["self_digest"] = own

    edit(folder, "manifest.json", fit)
    sign(folder)


def sign(folder: Path, signer: Signer = SIGNER) -> None:
    """Sign the manifest as it is, as the product would."""
    content = (folder / "manifest.json").read_bytes()
    (folder / "manifest.dsse.json").write_bytes(sealed(content, signer))
