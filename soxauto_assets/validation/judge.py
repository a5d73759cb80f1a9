"""The verdict: findings on the rows and rows of the controls become one result for each check.

Here: what passes and what fails, in words an auditor reads. Nothing passes because it was not
tested: every check of the report has a result on every path (design, section 1, rule 4).
Not here: how rows are measured (``stream.py``) and totals compared (``totals.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soxauto_assets.catalog.model import CatalogEntry, CheckKind, ControlKind
from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.period import Period
from soxauto_assets.validation.plan import CONTROL_NAMES, PlannedCheck, planned_checks
from soxauto_assets.validation.results import BaselineFinding, CheckResult, Verdict
from soxauto_assets.validation.samples import MASK, SAMPLE_ROWS, plain

if TYPE_CHECKING:
    from soxauto_assets.validation.stream import Findings

Rows = Sequence[Mapping[str, object]]
Sample = tuple[Mapping[str, str | None], ...]

NOT_REACHED = "not reached"


def judge(
    entry: CatalogEntry,
    period: Period,
    findings: Findings,
    controls: Mapping[str, Rows],
    baseline: BaselineFinding | None = None,
) -> tuple[CheckResult, ...]:
    """One result for each check that the report answers for, in the order of the plan.

    ``findings`` are of the complete extract, ``controls`` the rows of each control by its name;
    a control that is not among them was not run, and its check fails. ``baseline`` is what the
    comparison with the approved baseline came to; None: it was not made, and its check fails.
    """
    bench = _Bench(entry, period, findings, controls, baseline)
    return tuple(
        _not_applicable(check) if check.reason else bench.result(check)
        for check in planned_checks(entry)
    )


def unreached(
    entry: CatalogEntry, cause: str, reached: Sequence[CheckResult] = ()
) -> tuple[CheckResult, ...]:
    """The results ``reached``, and FAIL with ``cause`` for every other check of the report."""
    known = {result.name: result for result in reached}
    return tuple(
        known.get(check.name)
        or (
            _not_applicable(check)
            if check.reason
            else CheckResult(
                check.name, check.title, Verdict.FAIL, "the check is run", NOT_REACHED, cause
            )
        )
        for check in planned_checks(entry)
    )


def _not_applicable(check: PlannedCheck) -> CheckResult:
    return CheckResult(
        check.name,
        check.title,
        Verdict.NOT_APPLICABLE,
        "does not apply",
        "not tested",
        check.reason,
    )


@dataclass(frozen=True)
class _Judgement:
    """What is said of a check besides its name; it fails exactly where it has a cause."""

    expected: str
    found: str
    cause: str | None
    failing_rows: int | None = None
    sample: Sample = ()


class _Bench:
    """Everything that the checks of one attempt are judged by."""

    def __init__(
        self,
        entry: CatalogEntry,
        period: Period,
        findings: Findings,
        controls: Mapping[str, Rows],
        baseline: BaselineFinding | None,
    ) -> None:
        self._entry = entry
        self._period = period
        self._findings = findings
        self._controls = controls
        self._baseline = baseline
        self._personal = {column.name for column in entry.columns if column.personal}

    def result(self, check: PlannedCheck) -> CheckResult:
        judged = self._judged(check)
        return CheckResult(
            check.name,
            check.title,
            Verdict.PASS if judged.cause is None else Verdict.FAIL,
            judged.expected,
            judged.found,
            judged.cause,
            judged.failing_rows,
            judged.sample,
        )

    def _judged(self, check: PlannedCheck) -> _Judgement:
        match check.kind:
            case CheckKind.PRIMARY_KEY:
                return self._primary_key()
            case CheckKind.CONTRACT:
                return self._contract()
            case CheckKind.CUT_OFF:
                return self._cut_off()
            case CheckKind.WITNESSES:
                return self._witnesses()
            case CheckKind.BASELINE:
                return self._compared()
        name = check.name if check.kind is None else CONTROL_NAMES[check.kind]
        rows = self._controls.get(name)
        if rows is None:
            return _Judgement(
                f"the control {name} is run", NOT_REACHED, f"The control {name} was not run."
            )
        match check.kind:
            case None:
                return self._must_be_empty(rows)
            case CheckKind.ROSTER:
                return self._roster(rows)
        return self._totals(rows, complete=check.kind is CheckKind.TRANSFER)

    def _compared(self) -> _Judgement:
        found = self._baseline
        if found is None:
            return _Judgement(
                "the report is compared with its baseline", NOT_REACHED, "It was not compared."
            )
        return _Judgement(found.expected, found.found, found.cause)

    def _totals(self, rows: Rows, *, complete: bool) -> _Judgement:
        from soxauto_assets.validation.totals import compare_totals

        judged = compare_totals(self._entry, self._findings, rows, complete=complete)
        return _Judgement(judged.expected, judged.found, judged.cause)

    def _primary_key(self) -> _Judgement:
        keys = self._findings.keys
        causes = []
        if keys.repeated_rows:
            causes.append(f"rows that repeat a key: {keys.repeated_rows:,}")
        if keys.null_rows:
            causes.append(f"rows with a null in it: {keys.null_rows:,}")
        name = ", ".join(self._entry.report.primary_key)
        return _Judgement(
            "0 rows repeat a key, 0 have a null in it",
            f"{keys.repeated_rows} rows repeat a key, {keys.null_rows} have a null in it "
            f"({self._findings.rows} rows; {keys.method})",
            f"Of the key ({name}): {'; '.join(causes)}." if causes else None,
            keys.repeated_rows + keys.null_rows,
            keys.sample,
        )

    def _contract(self) -> _Judgement:
        contract, rows = self._findings.contract, self._findings.rows
        causes = []
        if rows == 0 and not self._entry.report.allow_empty:
            causes.append(
                f"the source gave no rows for {self._period}, and this report is never empty"
            )
        if contract.failing_rows:
            causes.append(
                ", ".join(
                    f"{column} {rule} (values that are not: {count:,})"
                    for (column, rule), count in sorted(contract.failing_values.items())
                )
            )
        switches = ", ".join(f"{name}={value}" for name, value in contract.switches.items())
        least = "" if self._entry.report.allow_empty else "at least 1 row, "
        return _Judgement(
            f"{least}0 rows break the contract",
            f"{rows} rows, {contract.failing_rows} rows break the contract ({switches})",
            f"Not as declared: {'; '.join(causes)}." if causes else None,
            contract.failing_rows,
            contract.sample,
        )

    def _cut_off(self) -> _Judgement:
        events, bound = self._findings.cut_off, self._period.next_start
        if events is None:
            return _Judgement(
                "the report has an event date", "none declared", "No event date is declared."
            )
        late, undated = events.late_rows, events.undated_rows
        name = self._entry.report.event_date
        return _Judgement(
            f"0 rows with {name} from {bound} on, 0 without",
            f"{late} rows with {name} from {bound} on, {undated} without; "
            f"first {plain(events.first) or 'none'}, last {plain(events.last) or 'none'}",
            f"Rows dated after the cut-off: {late:,}; rows without {name}: {undated:,}."
            if late or undated
            else None,
            late + undated,
            events.sample,
        )

    def _witnesses(self) -> _Judgement:
        causes: list[str] = []
        sample: list[Mapping[str, str | None]] = []
        counts = {}
        for kind, place, wanted in (
            (ControlKind.WITNESS_INSIDE, "inside", True),
            (ControlKind.WITNESS_AFTER, "after", False),
        ):
            names = [control.name for control in self._entry.controls if control.kind is kind]
            missing = [name for name in names if name not in self._controls]
            causes += [f"the control {name} was not run" for name in missing]
            if not names:
                causes.append(f"no control looks for a row {place} the period")
            seen = [
                (row, outcome)
                for name in names
                if name not in missing
                for row, outcome in zip(
                    self._controls[name], self._findings.witnesses[name], strict=True
                )
            ]
            for row, outcome in seen:
                if outcome is not wanted:
                    causes.append(_witness_cause(place, outcome))
                    sample.append(self._shown(row, self._entry.report.primary_key))
            counts[place] = (len(seen), sum(outcome is True for _, outcome in seen))
        inside, after = counts["inside"], counts["after"]
        empty = self._findings.rows == 0 and self._entry.report.allow_empty
        if inside[0] == 0 and not empty:
            causes.append("the source shows no row inside the period that could be looked for")
        later = "" if after[0] else " (the source has no row after the period)"
        return _Judgement(
            f"{inside[0]} of {inside[0]} rows inside the period, 0 of {after[0]} after it",
            f"{inside[1]} of {inside[0]} rows inside the period, {after[1]} of {after[0]} after it"
            + later,
            f"Witnesses: {'; '.join(dict.fromkeys(causes))}." if causes else None,
            len(sample),
            tuple(sample[:SAMPLE_ROWS]),
        )

    def _roster(self, rows: Rows) -> _Judgement:
        roster = {company.code.casefold() for company in ROSTER}
        companies = self._findings.companies
        foreign = [
            {"company": code, "problem": f"{count} rows of the extract, not on the roster"}
            for code, count in (companies or {}).items()
            if code is None or code.rstrip(" ").casefold() not in roster
        ]
        causes = []
        if rows:
            causes.append(f"findings at the source: {len(rows):,}")
        if foreign:
            causes.append(f"companies of the extract that are not on the roster: {len(foreign):,}")
        named = sorted({str(row["company"]) for row in [*rows, *foreign] if "company" in row})
        present = "" if companies is None else f", rows of {len(companies)} companies"
        sample = [self._shown(row) for row in [*rows, *foreign][:SAMPLE_ROWS]]
        return _Judgement(
            "0 findings, no company off the roster",
            f"{len(rows)} findings, {len(foreign)} companies off the roster{present}",
            f"Of the companies, {'; '.join(causes)} ({', '.join(named[:SAMPLE_ROWS])})."
            if causes
            else None,
            len(rows) + len(foreign),
            tuple(sample),
        )

    def _must_be_empty(self, rows: Rows) -> _Judgement:
        # Whose they are is what a person asks first (D29 demands it of CR_05).
        named = sorted({str(row["company"]) for row in rows if row.get("company") is not None})
        whose = f", of {', '.join(named[:SAMPLE_ROWS])}" if named else ""
        return _Judgement(
            "0 rows",
            f"{len(rows)} rows",
            f"Rows that may not be there: {len(rows):,}{whose}." if rows else None,
            len(rows),
            tuple(self._shown(row) for row in rows[:SAMPLE_ROWS]),
        )

    def _shown(
        self, row: Mapping[str, object], names: Sequence[str] | None = None
    ) -> Mapping[str, str | None]:
        """The row (or these columns of it) as text, with personal data masked."""
        return {
            name: MASK if name in self._personal and row.get(name) is not None else plain(value)
            for name, value in ((n, row.get(n)) for n in (row if names is None else names))
        }


def _witness_cause(place: str, outcome: bool | str) -> str:
    if isinstance(outcome, str):
        return f"a row {place} the period cannot be looked for: {outcome}"
    if outcome:
        return "a row after the period is in the extract"
    return "a row inside the period is not in the extract"
