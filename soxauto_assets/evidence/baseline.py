"""Whether a report is what was tested and approved: its baseline, read, and compared with now.

A report's folder holds ``baseline.json``, what was approved by whom until when, and beside it
``baseline.dsse.json``, an in-toto Statement about it in a DSSE envelope, signed by the approver.
A change of meaning that nobody approved, an expired baseline, none, one whose signature does not
hold, and one approved by the key ``demonstration`` for a source that is no demonstration: each is
a problem, and the check ``baseline`` fails.

Here: reading and judging. Not here: what is recorded (``described.py``), approving
(``approval.py``), reading it for an auditor (``verify/baseline.py``).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.canonical import NotCanonicalError, canonical_json
from soxauto_assets.evidence.demonstration_key import DEMONSTRATION_KEY_ID
from soxauto_assets.evidence.described import Difference, described, differences
from soxauto_assets.validation.results import BaselineFinding
from soxauto_assets.verify.envelope import check_signature, read_envelope
from soxauto_assets.verify.strict_json import UnreadableError

BASELINE, STATEMENT = "baseline.json", "baseline.dsse.json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:soxauto:baseline:1"
SHOWN = 6
"""How many differences a check's cause names; the package's ``baseline.json`` holds all."""
EXPECTED = "unchanged in meaning since an approved baseline that has not expired"
_HOW = "Have it tested and approved: soxauto baseline approve --help."


class NoBaselineError(PermanentError):
    """A report has no baseline that can be read and whose signature holds."""


@dataclass(frozen=True)
class Baseline:
    """A baseline whose signature holds. ``value`` is ``baseline.json``, ``envelope`` its DSSE."""

    value: Mapping[str, Any]
    envelope: bytes

    @property
    def approval(self) -> Mapping[str, Any]:
        """Who tested and approved it, when, until when, with which key."""
        approval: Mapping[str, Any] = self.value["approval"]
        return approval

    @property
    def approved_on(self) -> date:
        """The day of the approval."""
        return date.fromisoformat(self.approval["approved_on"])

    @property
    def expires_on(self) -> date:
        """The last day on which it counts."""
        return date.fromisoformat(self.approval["expires_on"])

    @property
    def by_demonstration(self) -> bool:
        """Whether it was approved by the key that everybody has."""
        return bool(self.approval["key_id"] == DEMONSTRATION_KEY_ID)

    @property
    def named(self) -> str:
        """The baseline in a few words."""
        how = ", the public key that approves for nobody" if self.by_demonstration else ""
        return (
            f"the baseline of {self.approved_on} (approved by {self.approval['approver']}{how}; "
            f"expires on {self.expires_on})"
        )


@dataclass(frozen=True)
class Judgement:
    """A report compared with its baseline, for a source of made-up rows (``demonstration``) or not.

    No ``problems``: it may pass.
    """

    baseline: Baseline | None
    now: Mapping[str, Any]
    differences: tuple[Difference, ...]
    problems: tuple[str, ...]
    demonstration: bool

    @property
    def words(self) -> str:
        """What a run states of it: unchanged since when, or what changed."""
        if self.baseline is None:
            return "no baseline"
        if not self.differences:
            return f"unchanged since {self.baseline.named}"
        told = _listed(self.differences)
        if any(difference.of_meaning for difference in self.differences):
            return f"changed since {self.baseline.named}: {told}"
        return f"reworded only since {self.baseline.named}: {told}"

    @property
    def finding(self) -> BaselineFinding:
        """The judgement as the check ``baseline`` tells it."""
        return BaselineFinding(EXPECTED, self.words, " ".join(self.problems) or None)

    def document(self) -> dict[str, Any]:
        """The package's ``baseline.json``: everything that a verifier needs."""
        return {
            "words": self.words,
            "problems": list(self.problems),
            "demonstration": self.demonstration,
            "differences": [
                {"words": one.words, "of_meaning": one.of_meaning} for one in self.differences
            ],
            "now": {
                "query": _digests(self.now["query"]),
                "controls": {one["name"]: _digests(one) for one in self.now["controls"]},
                "parameters": self.now["parameters"],
                "sources": self.now["sources"],
            },
            "baseline": None if self.baseline is None else self.baseline.value,
            "envelope": None if self.baseline is None else json.loads(self.baseline.envelope),
        }


def judge_baseline(
    entry: CatalogEntry, folder: Path, *, today: date, demonstration: bool
) -> Judgement:
    """Compare a report with the baseline in its ``folder``; never raises for what that lacks.

    ``demonstration`` tells that the source holds made-up rows: for any other the key
    ``demonstration`` does not count.
    """
    try:
        baseline = read_baseline(folder, entry.report.id)
    except NoBaselineError as error:
        return Judgement(None, described(entry), (), (str(error),), demonstration)
    return compare(entry, baseline, today=today, demonstration=demonstration)


def compare(
    entry: CatalogEntry, baseline: Baseline, *, today: date, demonstration: bool
) -> Judgement:
    """Compare a report with a baseline, as ``judge_baseline`` does."""
    before = baseline.value["described"]
    now = described(entry, before)
    found = differences(entry.report.id, before, now)
    problems = []
    meant = [difference for difference in found if difference.of_meaning]
    if meant:
        problems.append(
            f"Changed since the baseline of {baseline.approved_on} without approval: "
            f"{_listed(tuple(meant))}. {_HOW}"
        )
    if today > baseline.expires_on:
        problems.append(
            f"The baseline of {baseline.approved_on} expired on {baseline.expires_on}. {_HOW}"
        )
    if baseline.by_demonstration and not demonstration:
        problems.append(
            "The baseline is approved by the key `demonstration`, which everybody has, and this "
            f"source is no demonstration. {_HOW}"
        )
    return Judgement(baseline, now, found, tuple(problems), demonstration)


def read_baseline(folder: Path, report_id: str) -> Baseline:
    """The baseline in a report's folder, its signature verified; raises NoBaselineError."""
    try:
        value = json.loads((folder / BASELINE).read_bytes())
        envelope = (folder / STATEMENT).read_bytes()
        return signed_baseline(value, canonical_json(json.loads(envelope)), report_id)
    except FileNotFoundError as error:
        raise NoBaselineError(
            f"{report_id} has no {Path(str(error.filename)).name}.", remedy=_HOW
        ) from error
    except (OSError, ValueError, NotCanonicalError) as error:  # UnreadableError is a ValueError
        raise NoBaselineError(
            f"The baseline of {report_id} does not hold: {error}.",
            remedy=f"Restore {BASELINE} and {STATEMENT} as they were approved. {_HOW}",
        ) from error


def signed_baseline(value: Any, envelope: bytes, report_id: str) -> Baseline:
    """The baseline of a value and its envelope; raises UnreadableError where they do not fit."""
    try:
        approval = value["approval"]
        baseline = Baseline(value, envelope)
        if value["report"] != report_id:
            raise UnreadableError("report", report_id, str(value["report"]))
        if baseline.expires_on < baseline.approved_on:
            raise UnreadableError("expires_on", "a later day", approval["expires_on"])
        public_key = base64.b64decode(approval["public_key"])
        statement_bytes = statement(value)
    except (KeyError, TypeError) as error:
        raise UnreadableError(BASELINE, "a baseline", f"one without {error}") from error
    found = read_envelope(envelope)
    if found.payload != statement_bytes:
        raise UnreadableError(BASELINE, f"what {STATEMENT} signs", "something else")
    check_signature(found, public_key)
    if found.key_id != approval["key_id"]:
        raise UnreadableError("key_id", found.key_id, str(approval["key_id"]))
    return baseline


def statement(value: Mapping[str, Any]) -> bytes:
    """The in-toto Statement about a baseline: the bytes that its approver signs."""
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [
                {
                    "name": BASELINE,
                    "digest": {"sha256": hashlib.sha256(canonical_json(value)).hexdigest()},
                }
            ],
            "predicateType": PREDICATE_TYPE,
            "predicate": {"report": value["report"]} | dict(value["approval"]),
        }
    )


def _digests(text: Mapping[str, Any]) -> dict[str, Any]:
    return {"sha256": text["sha256"], "meaning": text["meaning"]}


def _listed(differences: tuple[Difference, ...]) -> str:
    told = "; ".join(difference.words for difference in differences[:SHOWN])
    more = len(differences) - SHOWN
    return told if more <= 0 else f"{told}; and {more} more"
