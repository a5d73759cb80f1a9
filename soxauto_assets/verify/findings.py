"""What a verification found: one finding a question, and the first that differs in words.

Here: the types of the answer. Not here: the questions (``files.py``, ``agreement.py``,
``figures.py``) and how the answer is printed (``report.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a question was answered.

    ASKED: by yes or no. NOTE: only told. PENDING: not yet to be answered. NOT_RUN: not asked here.
    """

    ASKED = "asked"
    NOTE = "note"
    PENDING = "pending"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Finding:
    """One question that the verifier asked of a package; ``expected`` and ``found`` are text."""

    name: str
    ok: bool
    expected: str
    found: str
    kind: Kind = Kind.ASKED

    @property
    def words(self) -> str:
        """The finding as a sentence for people."""
        return f"{self.name}: expected {self.expected}; found {self.found}."


class Verification(Enum):
    """VERIFIED: every finding holds. It is no PASS: an intact package may well say FAIL.

    NOT_RECOMPUTED: the integrity holds, but nothing was computed anew from the data.
    TIME_PENDING: what is there holds, but the time stamp that the manifest claims is yet to come.
    """

    VERIFIED = "VERIFIED"
    NOT_RECOMPUTED = "NOT RECOMPUTED"
    TIME_PENDING = "TIME PENDING"
    DIFFERS = "DIFFERS"


@dataclass(frozen=True)
class Claim:
    """What a package says it is, as its manifest says it; not verified by being shown."""

    report: str
    period: str
    attempt: str
    verdict: str
    rows: int | None
    totals: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class VerificationReport:
    """The answer of the verifier. ``claim`` is None where the manifest could not be read."""

    verdict: Verification
    checks: tuple[Finding, ...]
    first_difference: str | None
    claim: Claim | None


class Findings:
    """Collects findings in the order in which they are made."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []

    def compare(self, name: str, expected: object, found: object) -> bool:
        """Record whether two values are equal, shown as text; returns whether they are."""
        return self.judge(name, expected == found, expected, found)

    def judge(self, name: str, ok: bool, expected: object, found: object) -> bool:
        """Record a finding that the caller has judged; returns ``ok``."""
        self._findings.append(Finding(_shown(name), ok, _shown(expected), _shown(found)))
        return ok

    def note(self, name: str, found: object) -> None:
        """Record what the reader must know and nothing can be asked of."""
        self._findings.append(Finding(_shown(name), True, "", _shown(found), Kind.NOTE))

    def pending(self, name: str, expected: object, found: object) -> None:
        """Record what the package still waits for."""
        self._findings.append(
            Finding(_shown(name), True, _shown(expected), _shown(found), Kind.PENDING)
        )

    def not_run(self, name: str, expected: object, found: object) -> None:
        """Record questions that cannot be asked on this machine."""
        self._findings.append(
            Finding(_shown(name), True, _shown(expected), _shown(found), Kind.NOT_RUN)
        )

    @contextmanager
    def guarded(self, name: str, expected: str, *errors: type[Exception]) -> Iterator[None]:
        """Turn an error of the kinds given into a finding: damaged input is an answer."""
        try:
            yield
        except errors as error:
            self.judge(name, False, expected, f"{type(error).__name__}: {error}")

    @property
    def holds(self) -> bool:
        """Whether every finding so far holds."""
        return all(finding.ok for finding in self._findings)

    def report(self, claim: Claim | None) -> VerificationReport:
        """The findings as the verifier's answer; nothing asked is nothing verified."""
        first = next((finding for finding in self._findings if not finding.ok), None)
        kinds = {finding.kind for finding in self._findings}
        if first is not None or not self._findings:
            verdict = Verification.DIFFERS
        elif Kind.PENDING in kinds:
            verdict = Verification.TIME_PENDING
        elif Kind.NOT_RUN in kinds:
            verdict = Verification.NOT_RECOMPUTED
        else:
            verdict = Verification.VERIFIED
        return VerificationReport(
            verdict,
            tuple(self._findings),
            None if first is None else first.words,
            claim,
        )


def _shown(value: object) -> str:
    """A value for people: on one line, bounded, and printable whatever a package holds."""
    text = "none" if value is None else str(value)
    if not text.isprintable():
        text = "".join(
            c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode()
            for c in text
        )
    return text if len(text) <= 400 else f"{text[:400]}…"
