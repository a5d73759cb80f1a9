"""Dagster runs whose process died: nobody else would ever end them.

A run of the command line has no launcher that watches it, so a killed one stays "started" in the
instance for ever. That is a lie in the UI; the queue, which takes one run at a time, would wait
for it; and so would every step for the slot that it holds in the pool of the source.

Here: who makes a run, and ending the runs of the dead. Not here: their attempts
(``evidence/recovery.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import dagster as dg

from soxauto_assets.evidence.holder import Holder
from soxauto_assets.evidence.lifecycle import ClosedAttempt, attempts

if TYPE_CHECKING:
    from soxauto_assets.store.protocol import ObjectStore

PROCESS_TAG = "soxauto/process"
_NOT_ENDED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def process_tag() -> Mapping[str, str]:
    """The tag of a run that this process makes by itself."""
    return {PROCESS_TAG: json.dumps(Holder.this_process().to_document(), sort_keys=True)}


def end_dead_runs(
    instance: dg.DagsterInstance, state: ObjectStore, interrupted: Iterable[ClosedAttempt] = ()
) -> tuple[str, ...]:
    """Mark as failed the runs that nobody works on any more, and free their slots; their ids.

    Dead is a run whose process is proved dead, or one of whose attempts was just closed as
    ``interrupted``: a living process would have renewed its lease.
    """
    of_the_dead = {
        one.opened.run_id
        for closed in interrupted
        for one in attempts(state, closed.address.report, closed.address.period)
        if one.address == closed.address
    }
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_NOT_ENDED)):
        if run.run_id in of_the_dead or _process_died(run):
            instance.report_run_failed(run, "The process of this run died.")
            ended.append(run.run_id)
    _free_slots_of_ended_runs(instance)
    return tuple(ended)


def _free_slots_of_ended_runs(instance: dg.DagsterInstance) -> None:
    storage = instance.event_log_storage
    if not storage.supports_global_concurrency_limits:
        return
    for run_id in storage.get_concurrency_run_ids():
        run = instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            storage.free_concurrency_slots_for_run(run_id)


def _process_died(run: dg.DagsterRun) -> bool:
    try:
        return Holder.from_document(json.loads(run.tags[PROCESS_TAG])).is_provably_dead()
    except (KeyError, TypeError, ValueError):
        return False
