"""Whether the parts of a package say the same: manifest, documents, and the data itself.

Here: the rules by which a verdict follows from checks, checks from control totals and figures,
and the manifest from the documents. Not here: whether bytes were changed (``files.py``) and how
the figures are computed (``figures.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from soxauto_assets.verify.documents import Control, Documents
from soxauto_assets.verify.findings import Findings
from soxauto_assets.verify.manifest import FAIL, NOT_APPLICABLE, PASS, DataClaim, Manifest

if TYPE_CHECKING:
    from soxauto_assets.verify.figures import Extract, Figures

STANDARD_CHECKS = frozenset(
    {
        "transfer",
        "without_joins",
        "driving_table",
        "primary_key",
        "contract",
        "cut_off",
        "witnesses",
        "roster",
    }
)
"""The checks that every report answers for; the controls that must be empty come besides."""
SINCE_3 = frozenset({"baseline"})
"""What came with format 3 of the package."""


def check_documents(manifest: Manifest, documents: Documents, findings: Findings) -> None:
    """Ask whether the documents say the same as the manifest."""
    findings.compare("verdict in checks.json", manifest.verdict, documents.verdict)
    findings.compare("cause in checks.json", manifest.cause, documents.cause)
    findings.compare(
        "checks in checks.json",
        _listed(manifest.checks),
        _listed((check.name, check.verdict) for check in documents.checks),
    )
    findings.compare("period in parameters.json", manifest.period, documents.period)
    findings.compare(
        "statements in parameters.json",
        ", ".join(sorted(f.name for f in manifest.files if _is_statement(manifest, f.name))),
        ", ".join(sorted(manifest.folder + name for name in documents.statements)),
    )
    declared = documents.report
    if declared is None:
        findings.compare("report in schema.json", None, manifest.report["title"])
        return
    same = {name: declared[name] for name in manifest.report}
    findings.compare("report in schema.json", manifest.report, same)


def check_verdict(manifest: Manifest, documents: Documents, findings: Findings) -> None:
    """Ask whether the verdict follows from the checks, and whether none is missing.

    PASS only where the extract is there and every check that the report must answer for was run
    and passed, but those that it declares not applicable, with a reason.
    """
    checks = {check.name: check for check in documents.checks}
    findings.compare("results of one check", len(documents.checks), len(checks))
    if documents.report is not None:
        standard = STANDARD_CHECKS | (SINCE_3 if manifest.version >= 3 else frozenset())
        must = standard | {c.name for c in documents.controls if c.kind == "must_be_empty"}
        missing = ", ".join(sorted(must - set(checks)))
        findings.judge("checks without a result", not missing, "none", missing or "none")
        declared = documents.report["not_applicable"]
        wrong = sorted(
            check.name
            for check in documents.checks
            if (check.verdict == NOT_APPLICABLE) != (check.name in declared)
        )
        findings.judge(
            "checks that are declared not applicable",
            not wrong,
            ", ".join(sorted(declared)) or "none",
            ", ".join(sorted(c.name for c in checks.values() if c.verdict == NOT_APPLICABLE))
            or "none",
        )
    failed = sorted(check.name for check in documents.checks if check.verdict == FAIL)
    reasons = [f"{name} failed" for name in failed]
    if manifest.data is None:
        reasons.append("there is no complete extract")
    if documents.report is None:
        reasons.append("the report is not declared")
    if manifest.cause is not None:
        reasons.append(f"the cause is: {manifest.cause}")
    follows = (manifest.verdict == PASS) == (not reasons)
    stated_with_cause = (manifest.verdict == PASS) == (manifest.cause is None)
    findings.judge(
        "verdict follows from the checks",
        follows and stated_with_cause,
        PASS if not reasons else f"{FAIL}, because {'; '.join(reasons)}",
        manifest.verdict,
    )
    if manifest.verdict == PASS:
        query = f"{manifest.folder}sql/query.sql"
        # Where nothing was transferred from a source, none was asked.
        asked = "transfer" not in (documents.report or {}).get("not_applicable", {})
        sent = manifest.file(query) is not None
        findings.judge("query of a PASS", sent or not asked, query, "what is listed")
        foreign = ", ".join(file.name for file in manifest.files if file.note is not None)
        findings.judge("files of a PASS that were left behind", not foreign, "none", foreign)


def check_stored(
    manifest: Manifest, findings: Findings, *, source_sha256: str | None = None
) -> None:
    """Ask whether the objects in the results store that the manifest names are this attempt's.

    ``source_sha256`` is of the extract there, where the packaged one was treated.
    """
    prefix = f"attempts/{manifest.report['id']}/{manifest.period['name']}/{manifest.attempt}/"
    strange = ", ".join(s.key for s in manifest.stored if not s.key.startswith(prefix))
    findings.judge(
        "objects in the results store", not strange, f"keys below {prefix}", strange or "only such"
    )
    data = None if manifest.data is None else manifest.file(manifest.data.file)
    for stored in manifest.stored:
        if data is not None and stored.key == f"{prefix}extract.parquet":
            findings.compare(
                "extract in the results store", source_sha256 or data.sha256, stored.sha256
            )


def check_figures(
    manifest: Manifest, data: DataClaim, figures: Figures, findings: Findings
) -> None:
    """Ask whether the manifest's figures are those of the data."""
    findings.compare("row count", data.rows, figures.rows)
    findings.compare("rows reached", data.rows, manifest.rows_reached)
    if manifest.verdict == PASS:
        findings.compare(
            "columns with a total",
            ", ".join(sorted(manifest.report["amounts"])),
            ", ".join(sorted(data.totals)),
        )
    for name, total in data.totals.items():
        found = figures.totals.get(name)
        findings.judge(f"total of {name}", found == Decimal(total), total, _plain(found))


def check_claims(
    manifest: Manifest,
    documents: Documents,
    figures: Figures,
    extract: Extract,
    findings: Findings,
) -> None:
    """Ask of every check that says PASS whether control totals and data bear it out.

    A check that says FAIL is not asked: it may have failed for a reason that the data no longer
    shows, and it hides nothing.
    """
    passed = {check.name for check in documents.checks if check.verdict == PASS}
    controls = {control.name: control for control in documents.controls}
    report = documents.report or {}
    allow_empty = report.get("allow_empty") is True
    for name in sorted(passed):
        control = controls.get(name)
        if control is not None and control.kind == "totals":
            _check_totals(control, _figures_of(manifest, figures), findings)
        elif control is not None and control.kind == "must_be_empty":
            found = "it did not run" if control.rows is None else f"{len(control.rows)} rows"
            findings.compare(f"check {name}, rows of its control", "0 rows", found)
        elif name == "primary_key":
            findings.compare("check primary_key, keys used twice", 0, figures.duplicate_keys)
            findings.compare("check primary_key, keys with a null", 0, figures.null_keys)
        elif name == "cut_off":
            findings.compare("check cut_off, rows after the period", 0, figures.events_after)
        elif name == "contract":
            broken = ", ".join(f"{rule}: {n} rows" for rule, n in figures.broken.items() if n)
            findings.judge("check contract, broken rules", not broken, "none", broken or "none")
            findings.judge(
                "check contract, an empty extract",
                allow_empty or figures.rows > 0,
                "rows, or a report that may be empty",
                f"{figures.rows} rows",
            )
        elif name == "witnesses":
            may_lack = allow_empty and figures.rows == 0
            _check_witnesses(manifest, documents.controls, extract, may_lack, findings)
        elif name not in SINCE_3:  # the baseline is asked about in baseline.py, without the data
            findings.judge(f"check {name}", False, "a control or rule that proves it", "none")


def _figures_of(manifest: Manifest, figures: Figures) -> dict[str, object]:
    """The figures of the data under the names that controls return them by."""
    found: dict[str, object] = {"row_count": figures.rows}
    found |= {f"sum_{column}": total for column, total in figures.totals.items()}
    if manifest.report["event_date"] is not None:
        found |= {"first_event": figures.first_event, "last_event": figures.last_event}
    return found


def _check_totals(control: Control, ours: Mapping[str, object], findings: Findings) -> None:
    """The source's figures against those of the data; the control ``transfer`` must have all."""
    name = f"check {control.name}"
    if control.rows is None or len(control.rows) != 1:
        found = "none, it did not run" if control.rows is None else f"{len(control.rows)}"
        findings.judge(f"{name}, rows of its control", False, "one row of totals", found)
        return
    theirs = control.rows[0]
    missing = sorted(set(ours) - set(theirs)) if control.name == "transfer" else []
    findings.judge(
        f"{name}, figures of the source",
        bool(theirs) and not missing and set(theirs) <= set(ours),
        ", ".join(sorted(ours)) if control.name == "transfer" else "figures of the data",
        ", ".join(sorted(theirs)) or "none",
    )
    for figure in sorted(set(theirs) & set(ours)):
        value = theirs[figure]
        if value is None and figure.startswith("sum_"):
            value = "0"  # SUM over no value is null at the source
        same = _same(value, ours[figure])
        findings.judge(f"{name}, {figure}", same, value, _plain(ours[figure]))


def _check_witnesses(
    manifest: Manifest,
    controls: tuple[Control, ...],
    extract: Extract,
    may_lack: bool,
    findings: Findings,
) -> None:
    """Look for each row that the source named, by its key; one inside there must be."""
    key = manifest.report["primary_key"]
    seen = 0
    for kind, wanted in (("witness_inside", True), ("witness_after", False)):
        ours = [control for control in controls if control.kind == kind]
        ran = bool(ours) and all(control.rows is not None for control in ours)
        findings.judge(f"check witnesses, controls {kind}", ran, "some that ran", _count(ours, ran))
        for row in (row for control in ours for row in control.rows or ()):
            seen += wanted
            if any(row.get(name) is None for name in key):
                findings.judge(
                    f"check witnesses, {kind}", False, f"{', '.join(key)}", ", ".join(row)
                )
                continue
            sought = {name: row[name] for name in key}
            present = extract.holds_key(sought)
            findings.compare(
                f"check witnesses, {kind} {', '.join(str(value) for value in sought.values())}",
                "in the extract" if wanted else "not in the extract",
                "in the extract" if present else "not in the extract",
            )
    findings.judge(
        "check witnesses, rows inside the period", seen > 0 or may_lack, "one at least", seen
    )


def _count(controls: list[Control], ran: bool) -> str:
    return f"{len(controls)}" + ("" if ran else " that did not all run" if controls else "")


def _same(theirs: object, ours: object) -> bool:
    """Whether a figure as evidence writes it equals a recomputed one, by value."""
    try:
        if isinstance(ours, datetime):
            return datetime.fromisoformat(str(theirs)) == ours
        if isinstance(ours, int | Decimal):
            return Decimal(str(theirs)) == ours
    except (ValueError, InvalidOperation):
        return False
    return theirs == ours


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return "none" if value is None else str(value)


def _listed(checks: Any) -> str:
    return ", ".join(f"{name} {verdict}" for name, verdict in checks)


def _is_statement(manifest: Manifest, name: str) -> bool:
    """Whether a listed file holds a statement that was sent, not one of the catalogue."""
    file = manifest.file(name)
    sql = f"{manifest.folder}sql/"
    return (
        file is not None
        and file.note is None
        and name.startswith(sql)
        and not name.startswith(f"{sql}catalogue/")
    )
