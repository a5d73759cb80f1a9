"""What stands in the way of signing a package off, beside who signs: one list, in sentences.

Here: the rules on what is signed. ``blockers`` is the one place that the command asks and that
the page of the month shows. Not here: who may sign (``evidence/sign_off.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soxauto_assets.evidence.lifecycle import AttemptVerdict

if TYPE_CHECKING:
    from soxauto_assets.evidence.lifecycle import AttemptState
    from soxauto_assets.store.protocol import ObjectStore


def blockers(
    latest: AttemptState | None, *, evidence: ObjectStore, inputs: ObjectStore
) -> tuple[str, ...]:
    """Why the newest attempt of a report (or of the control, ``pg01``) and month cannot be signed.

    A sentence each; empty: nothing stands in the way. ``inputs`` holds what people have answered.
    """
    if latest is None:
        return ("There is no attempt to sign off.",)
    if latest.closed is None:
        return ("Its newest attempt is still open.",)
    if latest.closed.verdict is not AttemptVerdict.PASS:
        return (f"Its newest attempt says {latest.closed.verdict.value}.",)
    return ()
