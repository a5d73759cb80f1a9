"""The answer of the verifier, for people and for programs.

Here: text, JSON and exit code of a report. Not here: the command (``entrypoints/cli.py``).
"""

from __future__ import annotations

from soxauto_assets.verify.findings import Kind, Verification, VerificationReport

JSON_VERSION = 2
"""2: findings have a ``kind``; the verdict may be NOT RECOMPUTED or TIME PENDING."""
EXIT_CODES = {
    Verification.VERIFIED: 0,
    Verification.DIFFERS: 1,
    Verification.NOT_RECOMPUTED: 3,
    Verification.TIME_PENDING: 4,
}


def as_text(report: VerificationReport, *, every: bool = True) -> str:
    """The report on lines of text: the answer first, then each finding.

    ``every`` False leaves out the findings that hold.
    """
    lines = [_headline(report)]
    if report.verdict is Verification.DIFFERS:
        lines.append(f"         {report.first_difference or 'nothing could be verified.'}")
    claim = report.claim
    if claim is not None:
        lines.append(f"Package  {claim.report} {claim.period}, attempt {claim.attempt}")
        lines.append(f"says     {claim.verdict}" + _figures(claim.rows, claim.totals))
    shown = [f for f in report.checks if every or not f.ok or f.kind is not Kind.ASKED]
    if shown:
        lines.append("")
    for finding in shown:
        if finding.kind is not Kind.ASKED:
            expected = f"{finding.expected}: " if finding.expected else ""
            lines.append(f"  {finding.kind.value:<8} {finding.name}: {expected}{finding.found}")
        elif finding.ok:
            lines.append(f"  ok       {finding.name}: {finding.found}")
        else:
            lines.append(f"  DIFFERS  {finding.name}")
            lines.append(f"           expected  {finding.expected}")
            lines.append(f"           found     {finding.found}")
    return "\n".join(lines) + "\n"


def _headline(report: VerificationReport) -> str:
    """The answer in one line, with whatever was not shown by it."""
    asked = [finding for finding in report.checks if finding.kind is Kind.ASKED]
    if report.verdict is Verification.DIFFERS:
        wrong = sum(not finding.ok for finding in asked)
        return f"DIFFERS  {wrong} of {len(asked)} findings do not hold; the first:"
    held = f"all {len(asked)} findings hold"
    kinds = {finding.kind for finding in report.checks}
    if kinds <= {Kind.ASKED, Kind.NOTE}:
        return f"VERIFIED {held}"
    open_points = []
    if Kind.PENDING in kinds:
        open_points.append("TIME PENDING: the time stamp that it claims is not there yet")
    if Kind.NOT_RUN in kinds:
        open_points.append("NOT RECOMPUTED: its figures were not computed anew from the data")
    return f"{'; '.join(open_points)}. Its integrity holds: {held}"


def as_json(report: VerificationReport) -> dict[str, object]:
    """The report as plain values, ready for ``json.dumps``."""
    claim = report.claim
    return {
        "version": JSON_VERSION,
        "verdict": report.verdict.value,
        "first_difference": report.first_difference,
        "package": None
        if claim is None
        else {
            "report": claim.report,
            "period": claim.period,
            "attempt": claim.attempt,
            "verdict": claim.verdict,
            "rows": claim.rows,
            "totals": dict(claim.totals),
        },
        "findings": [
            {
                "name": finding.name,
                "ok": finding.ok,
                "expected": finding.expected,
                "found": finding.found,
                "kind": finding.kind.value,
            }
            for finding in report.checks
        ],
    }


def _figures(rows: int | None, totals: tuple[tuple[str, str], ...]) -> str:
    if rows is None:
        return ""
    return f", {rows:,} rows" + "".join(f", {name} {total}" for name, total in totals)
