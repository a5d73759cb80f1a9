"""The review of a control as an asset: the workbook, made from the sealed package.

It is made after sealing, so that it can name the digest of all that it shows; it is stored beside
the attempt's data, and ``soxauto review export`` makes the same bytes again at any time.

Here: making, checking and storing it. Not here: what it holds (``reconciliation/review``),
Dagster's events (``control_assets.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from soxauto_assets.assets.causes import describe

if TYPE_CHECKING:
    from soxauto_assets.assets.outcome import Outcome
    from soxauto_assets.store.protocol import ObjectStore, Receipt

WORKBOOK = "review.xlsx"
REVIEW_CHECKS = {
    "workbook": "The review workbook reads back whole, and its totals are those of the summary",
    "answered": "Nothing waits for an owner and an explanation",
}
"""The second one is a warning: a control that has just been made is answered by nobody yet."""


@dataclass(frozen=True)
class ReviewMade:
    """The stored workbook; None where it could not be made.

    ``faults`` is why ``workbook`` fails, ``waiting`` what still needs an answer.
    """

    receipt: Receipt | None
    faults: tuple[str, ...]
    waiting: tuple[str, ...]


def make_review(
    outcome: Outcome, results: ObjectStore, evidence: ObjectStore, inputs: ObjectStore
) -> ReviewMade:
    """The workbook of the control that ``outcome`` has packed; an error becomes a fault."""
    from soxauto_assets.reconciliation.review.answers import standing
    from soxauto_assets.reconciliation.review.reading import workbook_faults
    from soxauto_assets.reconciliation.review.reviewed import read_reviewed
    from soxauto_assets.reconciliation.review.workbook import workbook

    try:
        reviewed = read_reviewed(evidence, outcome.address)
        content = workbook(reviewed, {})
        faults = tuple(workbook_faults(content, reviewed))
        waiting = standing(inputs, reviewed).blockers
        receipt = results.create(outcome.address.key(WORKBOOK), content)
    except Exception as error:  # the control is packed; what shows it must not undo that
        return ReviewMade(None, (describe(error),), ("It is not known what waits.",))
    return ReviewMade(receipt, faults, waiting)
