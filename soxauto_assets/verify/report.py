"""The answer of the verifier, for people and for programs.

Here: text and JSON of a report. Not here: exit codes, which are the command's.
"""

from __future__ import annotations

from soxauto_assets.verify.findings import Verification, VerificationReport

JSON_VERSION = 1


def as_text(report: VerificationReport, *, every: bool = True) -> str:
    """The report on lines of text: the answer first, then each finding.

    ``every`` False leaves out the findings that hold.
    """
    lines = []
    claim = report.claim
    if claim is not None:
        lines.append(f"Package {claim.report} {claim.period}, attempt {claim.attempt}")
        lines.append(f"says     {claim.verdict}" + _figures(claim.rows, claim.totals))
    if report.verdict is Verification.VERIFIED:
        lines.append(f"VERIFIED all {len(report.checks)} findings hold")
    else:
        wrong = sum(not finding.ok for finding in report.checks)
        lines.append(f"DIFFERS  {wrong} of {len(report.checks)} findings do not hold; the first:")
        lines.append(f"         {report.first_difference or 'nothing could be verified.'}")
    shown = [finding for finding in report.checks if every or not finding.ok]
    if shown:
        lines.append("")
    for finding in shown:
        if finding.ok:
            lines.append(f"  ok       {finding.name}: {finding.found}")
        else:
            lines.append(f"  DIFFERS  {finding.name}")
            lines.append(f"           expected  {finding.expected}")
            lines.append(f"           found     {finding.found}")
    return "\n".join(lines) + "\n"


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
            }
            for finding in report.checks
        ],
    }


def _figures(rows: int | None, totals: tuple[tuple[str, str], ...]) -> str:
    if rows is None:
        return ""
    return f", {rows:,} rows" + "".join(f", {name} {total}" for name, total in totals)
