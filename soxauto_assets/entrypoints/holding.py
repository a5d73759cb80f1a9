"""`soxauto hold`: legal holds, with what was held and until when it is kept anyway.

Not here: the holding itself (``evidence/holds.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soxauto_assets.entrypoints.bindings import signer_of, store_url
from soxauto_assets.evidence.holder import Holder
from soxauto_assets.evidence.holds import hold
from soxauto_assets.store.opening import open_store

if TYPE_CHECKING:
    from rich.console import Console

    from soxauto_assets.period import Period
    from soxauto_assets.settings import Settings


def put_hold(
    report: str, period: Period, settings: Settings, console: Console, *, on: bool, reason: str
) -> None:
    """Hold or release, and say how many objects it was; raises what ``hold`` raises."""
    state = open_store(store_url(settings, "state"), name="state")
    evidence = open_store(store_url(settings, "evidence"), name="evidence")
    who = Holder.this_process().who
    held = hold(
        state,
        evidence,
        report,
        period,
        on=on,
        who=who,
        reason=reason,
        log_signer=signer_of(settings),
    )
    done = "under a legal hold" if on else "released from the legal hold"
    console.print(f"{report} {period}: {held} objects {done}; recorded.", highlight=False)
