"""Control totals: each figure of the source against the same figure of the extract, exactly.

Here: the comparison of one control of kind TOTALS. Not here: the other checks (``judge.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, localcontext

from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.validation.samples import plain
from soxauto_assets.validation.stream import Findings

_DIGITS = 100
"""More than any total has: the default of 28 would round a DECIMAL(38, 20)."""

Figure = int | Decimal | date | datetime | None


@dataclass(frozen=True)
class TotalsJudgement:
    """Both sides as exact text, and why they differ or could not be compared; None: equal."""

    expected: str
    found: str
    cause: str | None


def compare_totals(
    entry: CatalogEntry,
    findings: Findings,
    rows: Sequence[Mapping[str, object]],
    *,
    complete: bool,
) -> TotalsJudgement:
    """Compare each column that the control returned with the extract's figure.

    ``complete``: every figure of the extract must be among them (the control ``transfer``), else
    those that the control can prove, one at least.
    """
    ours = figures(entry, findings)
    if len(rows) != 1:
        what = "no row" if not rows else f"{len(rows)} rows, not one"
        return TotalsJudgement("one row of totals", what, f"The control returned {what}.")
    theirs = rows[0]
    problems = [f"it returns no column {name}" for name in ours if complete and name not in theirs]
    problems += [f"the extract has no figure {name}" for name in theirs if name not in ours]
    if not theirs:
        problems.append("it returns no figure")
    expected, found = [], []
    for name in theirs:
        if name not in ours:
            continue
        figure = _as_figure(name, theirs[name], ours[name])
        expected.append(f"{name} = {_text(figure)}")
        found.append(f"{name} = {_text(ours[name])}")
        problem = _difference(name, figure, ours[name])
        if problem is not None:
            problems.append(problem)
    cause = f"Source and extract: {'; '.join(problems)}." if problems else None
    return TotalsJudgement("; ".join(expected), "; ".join(found), cause)


def figures(entry: CatalogEntry, findings: Findings) -> Mapping[str, Figure]:
    """The figures of the extract under the names that controls return them by."""
    found: dict[str, Figure] = {"row_count": findings.rows}
    found |= {f"sum_{name}": total for name, total in findings.sums.items()}
    if findings.cut_off is not None:
        found |= {"first_event": findings.cut_off.first, "last_event": findings.cut_off.last}
    return found


def _as_figure(name: str, value: object, ours: Figure) -> object:
    """The source's value in the form of ours, where that changes nothing."""
    if value is None and name.startswith("sum_"):
        return Decimal(0).scaleb(_scale(ours))  # SUM over no value is null
    if isinstance(value, Decimal) and not isinstance(ours, Decimal):
        return int(value) if value == value.to_integral_value() else value
    if isinstance(value, int) and isinstance(ours, Decimal):
        value = Decimal(value)
    if isinstance(value, Decimal) and isinstance(ours, Decimal):
        with localcontext(prec=_DIGITS):
            rescaled = value.quantize(Decimal(1).scaleb(_scale(ours)))
        return rescaled if rescaled == value else value
    if isinstance(value, datetime) and ours is not None and not isinstance(ours, datetime):
        return value.date() if value.time() == time() else value
    if isinstance(value, date) and isinstance(ours, datetime) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    return value


def _scale(ours: Figure) -> int:
    exponent = ours.as_tuple().exponent if isinstance(ours, Decimal) else 0
    assert isinstance(exponent, int)  # a total is a finite number
    return exponent


def _difference(name: str, theirs: object, ours: Figure) -> str | None:
    if isinstance(theirs, float):
        return f"{name} is a floating point number at the source, which is not exact"
    if theirs == ours and type(theirs) is type(ours):
        return None
    numbers = (int, Decimal)
    if isinstance(theirs, numbers) and isinstance(ours, numbers):
        with localcontext(prec=_DIGITS):
            return f"{name} differs by {_text(theirs - ours)} (source less extract)"
    return f"{name} differs"


def _text(value: object) -> str:
    return plain(value) or "none"
