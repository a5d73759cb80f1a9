"""Legal holds: packages that nobody may remove until counsel says so, whatever their retention.

A hold is put on every object of every attempt at a report and month, failed ones too, and is
recorded with its reason. Who may do it is a matter of rights (the role of the records manager),
not of this code. Not here: retention by date, which each object gets when it is written.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.journal import RecordKind
from soxauto_assets.evidence.lifecycle import attempts
from soxauto_assets.evidence.log_keeping import record_in_log
from soxauto_assets.evidence.seal import standing
from soxauto_assets.period import Period
from soxauto_assets.store.locks import set_legal_hold
from soxauto_assets.store.protocol import ObjectStore, Receipt

if TYPE_CHECKING:
    from soxauto_assets.evidence.signing import Signer


class NothingToHoldError(PermanentError):
    """There is no attempt at the report and month."""


def hold(
    state: ObjectStore,
    evidence: ObjectStore,
    report: str,
    period: Period,
    *,
    on: bool,
    who: str,
    reason: str,
    log_signer: Signer,
    at: datetime | None = None,
) -> int:
    """Put all packages of a report and month under a legal hold, or release it; how many objects.

    Recorded once all objects have it, in the evidence log, whose checkpoints ``log_signer`` signs;
    after an error it may be called again. Raises NothingToHoldError, NoLocksError, and what the
    stores and ``record_in_log`` raise.
    """
    history = attempts(state, report, period)
    if not history:
        raise NothingToHoldError(
            f"There is no attempt at {report} {period}.",
            remedy="`soxauto status` shows the reports and months that were attempted.",
        )
    held = 0
    for attempt in history:
        for info in standing(attempt.address, evidence, without=()):
            receipt = Receipt(info.key, info.version, info.sha256, info.size)
            set_legal_hold(evidence, receipt, on)
            held += 1
    record_in_log(
        state,
        evidence,
        log_signer,
        RecordKind.HOLD,
        {
            "attempts": [attempt.address.attempt for attempt in history],
            "objects": held,
            "on": on,
            "period": str(period),
            "reason": reason,
            "report": report,
            "who": who,
        },
        at=at,
    )
    return held
