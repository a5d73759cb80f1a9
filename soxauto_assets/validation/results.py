"""The result of a check, in the words of an audit: expected, found, verdict, cause.

Here: the types that cross from the checks to packages, Dagster and tables. Not here: the checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Verdict(Enum):
    """PASS and FAIL are tested; NOT_APPLICABLE is declared, with a reason, and never a pass."""

    PASS = "PASS"
    FAIL = "FAIL"
    NOT_APPLICABLE = "NOT_APPLICABLE"


@dataclass(frozen=True)
class BaselineFinding:
    """What the comparison of a report with its approved baseline came to, for its check.

    ``cause`` says why the check fails, None where it passes.
    """

    expected: str
    found: str
    cause: str | None


@dataclass(frozen=True)
class CheckResult:
    """One check of one attempt.

    ``name`` is a ``CheckKind`` value or the name of a MUST_BE_EMPTY control. ``expected`` and
    ``found`` are exact text, amounts as plain decimals. ``cause`` says why it failed, could not
    run, or does not apply. ``failing_rows`` counts all findings; ``sample`` shows the first few,
    with personal data masked, every value as text.
    """

    name: str
    title: str
    verdict: Verdict
    expected: str
    found: str
    cause: str | None = None
    failing_rows: int | None = None
    sample: tuple[Mapping[str, str | None], ...] = field(default=())
