"""The attempt: one execution of a report's step, told in one screen by ``carry_out`` below.

Here: the order of an attempt and what each kind of failure leads to. It knows no Dagster but
the shape of its run. Not here: what each step does (``work.py``), how an error is worded
(``causes.py``), Dagster's events (``factory.py``).
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from soxauto_assets.assets.work import Work
from soxauto_assets.store.layout import AttemptAddress, new_attempt_id

if TYPE_CHECKING:
    from soxauto_assets.assets.outcome import Outcome
    from soxauto_assets.assets.progress import Listener
    from soxauto_assets.assets.surroundings import RunIdentity, Surroundings
    from soxauto_assets.period import Period


def attempt(
    report_id: str, period: Period, around: Surroundings, run: RunIdentity, listener: Listener
) -> Outcome:
    """Extract, check, store and pack one report of one period; end in exactly one package.

    An error of source, data or results store ends in a FAIL package and an Outcome that did not
    pass. Raises only where the attempt could not be closed (the state or evidence store fails,
    the current data cannot be moved), with an alert, past the outbox where it must be, and where
    the process is being stopped; the attempt is then closed here or by the next start.
    """
    started = around.now()
    address = AttemptAddress(report_id, period, new_attempt_id(started))
    return carry_out(Work(address, around, run, listener, started))


def carry_out(work: Work) -> Outcome:
    """The steps of an attempt in the order of the design, with what each failure leads to."""
    from soxauto_assets.evidence.lifecycle import open_attempt

    around, run, address = work.around, work.run, work.address
    with ExitStack() as kept, work.staying_open_is_told():
        lease = kept.enter_context(
            open_attempt(
                around.state, address, run.who, run.run_id, around.lease_seconds, now=around.now
            )
        )
        with work.every_error_is_a_cause(lease):
            work.enter_in_log(last=False)
            work.load()
            work.take_scratch(kept)
            work.read(lease)
            work.judge()
            work.keep(lease)
        package = work.pack(lease)
        became_current = work.publish(package)
        work.alert(package)
        outcome = work.close(lease, package, became_current)
        work.enter_in_log()
        return outcome
