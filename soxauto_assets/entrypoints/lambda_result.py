"""What an invocation came to, as the caller and the failure destination read it.

Here: the result and its overall status, from the outcomes and the results store. Not here: what
is done (``lambda_handler.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from soxauto_assets.entrypoints.control_run import control_status, controls_of, is_a_finding
from soxauto_assets.store.layout import AttemptAddress, current_key

if TYPE_CHECKING:
    from soxauto_assets.assets.outcome import Outcome
    from soxauto_assets.entrypoints.lambda_event import Asked


class Status(Enum):
    """How an invocation ended. WAITING: nothing failed, the source is not ready."""

    SUCCESS = "SUCCESS"
    PARTIAL_SUCCESS = "PARTIAL_SUCCESS"
    FAILED = "FAILED"
    WAITING = "WAITING"


class Result:
    """The result of one invocation; ``resources`` are those of the definitions.

    ``whole``: every report of the catalogue was asked for, so the control is made too.
    ``stopped``: its time was up. ``problems`` are faults outside the reports, in words.
    """

    def __init__(
        self, asked: Asked, workflow: str, resources: Mapping[str, Any], whole: bool
    ) -> None:
        self.asked = asked
        self.workflow = workflow
        self.whole = whole
        self.outcomes: list[Outcome] = []
        self.problems: list[str] = []
        self.waits = False
        self.stopped = False
        self._results = resources["report_io"].results
        self._evidence = resources["report_io"].evidence
        self._state = resources["state"].store
        self._before = self._current()

    @property
    def missing(self) -> tuple[str, ...]:
        """The asked reports that had no current data when the invocation began."""
        return tuple(report for report in self.asked.reports if report not in self._before)

    @property
    def is_finished(self) -> bool:
        """Whether all that was asked for is current, and the control of a whole month was made."""
        from soxauto_assets.assets.control_assets import CONTROL
        from soxauto_assets.evidence.lifecycle import AttemptVerdict, attempts

        if self.missing:
            return False
        return not self.whole or any(
            one.closed is not None and one.closed.verdict is not AttemptVerdict.INTERRUPTED
            for one in attempts(self._state, CONTROL, self.asked.period)
        )

    @property
    def done(self) -> tuple[str, ...]:
        """The asked reports that are current and did not fail now."""
        failed = {one.address.report for one in self.outcomes if not one.passed}
        passed = {one.address.report for one in self.outcomes if one.passed}
        known = passed | self._before.keys() - failed
        return tuple(report for report in self.asked.reports if report in known)

    @property
    def left(self) -> tuple[str, ...]:
        """The asked reports that are not done."""
        return tuple(report for report in self.asked.reports if report not in self.done)

    @property
    def packages(self) -> tuple[str, ...]:
        """The addresses of the packages made now."""
        return tuple(one.package.url for one in self.outcomes)

    @property
    def status(self) -> Status:
        """The overall status: of a control, what it found counts too."""
        if self.waits:
            return Status.WAITING
        if not self.done:
            return Status.FAILED
        _, controls = controls_of(self.outcomes)
        if self.left or self.problems or self.stopped or not all(one.passed for one in controls):
            return Status.PARTIAL_SUCCESS
        return Status.SUCCESS

    @property
    def has_failed(self) -> bool:
        """Whether somebody must act on the run; what a sound control found has its own alert."""
        if self.waits:
            return bool(self.problems)
        _, controls = controls_of(self.outcomes)
        sound = all(one.passed or is_a_finding(one) for one in controls)
        return bool(self.left or self.problems or self.stopped or not sound)

    @property
    def in_words(self) -> str:
        """What did not pass, in one line."""
        reports, controls = controls_of(self.outcomes)
        words = [f"{one.address.report}: {one.cause}" for one in reports if not one.passed]
        ended = {one.address.report for one in reports}
        words += [f"{report}: not begun" for report in self.left if report not in ended]
        words += [f"PG-01: {control_status(one)}" for one in controls if not one.passed]
        words += self.problems
        if self.stopped:
            words.insert(0, "the time was up")
        return "; ".join(words)

    def as_document(self) -> dict[str, object]:
        """The result as JSON."""
        reports, controls = controls_of(self.outcomes)
        ended = {one.address.report: one for one in reports}
        return {
            "workflow_id": self.workflow,
            "status": self.status.value,
            "period": str(self.asked.period),
            "cutoff_date": self.asked.period.cutoff_date.isoformat(),
            "reports": [self._report(name, ended.get(name)) for name in self.asked.reports],
            "control": self._control(controls),
            "done": list(self.done),
            "left": list(self.left),
            "out_of_time": self.stopped,
            "problems": list(self.problems),
        }

    def _report(self, name: str, outcome: Outcome | None) -> dict[str, object]:
        if outcome is not None:
            return self._made(outcome, "PASS" if outcome.passed else "FAIL")
        attempt = self._before.get(name)
        found: dict[str, object] = {"report": name, "rows": None, "cause": None}
        if name not in self._before:
            return found | {"status": "NOT BEGUN", "objects": [], "package": None}
        return found | {
            "status": "CURRENT",
            "objects": [f"{self._results.url}/{current_key(name, self.asked.period)}"],
            "package": None if attempt is None else self._package(name, attempt),
        }

    def _control(self, controls: list[Outcome]) -> dict[str, object] | None:
        if not controls:
            return None
        return self._made(controls[-1], control_status(controls[-1]))

    def _made(self, outcome: Outcome, status: str) -> dict[str, object]:
        kept = [one.key for one in (outcome.extract, outcome.validated) if one is not None]
        if outcome.became_current:
            kept.append(current_key(outcome.address.report, outcome.address.period))
        return {
            "report": outcome.address.report,
            "status": status,
            "rows": outcome.rows,
            "objects": [f"{self._results.url}/{key}" for key in kept],
            "package": outcome.package.url,
            "cause": outcome.cause,
        }

    def _package(self, report: str, attempt: str) -> str:
        address = AttemptAddress(report, self.asked.period, attempt)
        return f"{self._evidence.url}/{address.prefix}"

    def _current(self) -> dict[str, str | None]:
        """The attempt that is current, by report, where one is."""
        from soxauto_assets.evidence.current import current

        found = {
            name: current(self._results, name, self.asked.period) for name in self.asked.reports
        }
        return {name: one.attempt for name, one in found.items() if one is not None}
