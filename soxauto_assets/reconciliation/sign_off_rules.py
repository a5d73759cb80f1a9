"""What stands in the way of signing a package off, beside who signs: one list, in sentences.

Here: the rules on what is signed. ``blockers`` is the one place that the command asks and that
the page of the month shows. Not here: who may sign (``evidence/sign_off.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.reconciliation.checks import EXPLAINABLE

if TYPE_CHECKING:
    from soxauto_assets.evidence.lifecycle import AttemptState
    from soxauto_assets.reconciliation.review.reviewed import Reviewed
    from soxauto_assets.store.layout import AttemptAddress
    from soxauto_assets.store.protocol import ObjectStore


def blockers(
    latest: AttemptState | None, *, evidence: ObjectStore, inputs: ObjectStore
) -> tuple[str, ...]:
    """Why the newest attempt of a report (or of the control, ``pg01``) and month cannot be signed.

    A sentence each; empty: nothing stands in the way. ``inputs`` holds what people have answered.
    """
    from soxauto_assets.reconciliation.summary import CONTROL_ID

    if latest is None:
        return ("There is no attempt to sign off.",)
    if latest.closed is None:
        return ("Its newest attempt is still open.",)
    verdict = latest.closed.verdict
    if latest.address.report == CONTROL_ID and verdict is not AttemptVerdict.INTERRUPTED:
        return _of_the_control(latest.address, evidence, inputs)
    if verdict is not AttemptVerdict.PASS:
        return (f"Its newest attempt says {verdict.value}.",)
    return ()


def _of_the_control(
    address: AttemptAddress, evidence: ObjectStore, inputs: ObjectStore
) -> tuple[str, ...]:
    from soxauto_assets.reconciliation.review.reviewed import NothingToReviewError, read_reviewed

    try:
        return control_blockers(read_reviewed(evidence, address), inputs)
    except NothingToReviewError as error:
        return (error.problem,)


def control_blockers(reviewed: Reviewed, inputs: ObjectStore) -> tuple[str, ...]:
    """What a review has not answered, and checks that no answer makes good.

    What a review can explain may be signed off once it is explained, though the control itself
    says FAIL; a figure that is missing or lost may not.
    """
    from soxauto_assets.reconciliation.review.answers import standing

    failed = [check for check in reviewed.checks if check["verdict"] == "FAIL"]
    grave = [check for check in failed if check["name"] not in EXPLAINABLE]
    return (
        *(f"The check {check['name']} failed: {check['cause']}." for check in grave),
        *standing(inputs, reviewed).blockers,
    )
