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
    from soxauto_assets.assets.alerts import AlertSink
    from soxauto_assets.store.layout import AttemptAddress
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
    address: AttemptAddress, results: ObjectStore, evidence: ObjectStore, inputs: ObjectStore
) -> ReviewMade:
    """The workbook of the control whose package is at ``address``; an error becomes a fault."""
    from soxauto_assets.reconciliation.review.answers import standing
    from soxauto_assets.reconciliation.review.reading import workbook_faults
    from soxauto_assets.reconciliation.review.reviewed import read_reviewed
    from soxauto_assets.reconciliation.review.workbook import workbook

    try:
        reviewed = read_reviewed(evidence, address)
        content = workbook(reviewed, {})
        faults = tuple(workbook_faults(content, reviewed))
        waiting = standing(inputs, reviewed).blockers
        receipt = results.create(address.key(WORKBOOK), content)
    except Exception as error:  # the control is packed; what shows it must not undo that
        return ReviewMade(None, (describe(error),), ("It is not known what waits.",))
    return ReviewMade(receipt, faults, waiting)


def tell_of_faults(
    review: ReviewMade,
    address: AttemptAddress,
    state: ObjectStore,
    sink: AlertSink | None,
    run_url: str,
) -> None:
    """One alert that the workbook is not to be used, and why."""
    from soxauto_assets.assets.alerts import tell
    from soxauto_assets.evidence.alert_texts import review_not_made
    from soxauto_assets.evidence.lease import utc_now

    tell(state, sink, review_not_made(address, review.faults, run_url=run_url, at=utc_now()))
