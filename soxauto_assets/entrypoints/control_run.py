"""One Dagster run of the control of a month, in this process, with what goes with it.

Here: the run, for `soxauto pg01` and for the end of `soxauto run`. Not here: what a person sees
of it (``reconcile_month.py``), the control (``reconciliation``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from soxauto_assets.errors import SoxautoError

if TYPE_CHECKING:
    import dagster as dg

    from soxauto_assets.assets.outcome import Outcome
    from soxauto_assets.period import Period
    from soxauto_assets.settings import Settings
    from soxauto_assets.store.protocol import ObjectStore

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The console listener tells it better; the instance keeps every event all the same."""
PASSED = "RECONCILED OR EXPLAINED"


def run_control(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    period: Period,
    settings: Settings,
    broken: list[str],
) -> dg.ExecuteInProcessResult:
    """Make one attempt at the control; ``broken`` takes what could not be told of it.

    The demonstration brings the Jdash files of its own operations, where nobody has.
    """
    from soxauto_assets.automation.dead_runs import process_tag
    from soxauto_assets.automation.summary import summarise_run
    from soxauto_assets.catalog.loader import report_ids
    from soxauto_assets.definitions import CONTROL, RECONCILE_MONTH

    resources = definitions.resources or {}
    if settings.warehouse == "embedded":
        _deposit_demonstration_files(definitions, period)
    result = definitions.resolve_job_def(RECONCILE_MONTH).execute_in_process(
        instance=instance,
        partition_key=str(period),
        raise_on_error=False,
        run_config=QUIET,
        tags=dict(process_tag()),
    )
    try:
        summarise_run(
            resources["state"].store,
            resources["alerts"],
            period,
            result.run_id,
            reports=report_ids(),
            whole_month=False,
            succeeded=result.success,
            failed_steps=() if result.success else (CONTROL,),
            run_url=f"{settings.ui_url}/runs/{result.run_id}",
        )
    except SoxautoError as error:
        broken.append(f"The alert about the control of {period} could not be written: {error}")
    return result


def is_a_finding(outcome: Outcome) -> bool:
    """Whether the control was made soundly, and only what it judges did not pass.

    Differences to investigate and missing inputs are the control's answer, and no fault of it.
    """
    from soxauto_assets.reconciliation.checks import JUDGING

    failed = {check.name for check in outcome.failed_checks}
    return bool(failed) and failed <= set(JUDGING)


def control_status(outcome: Outcome) -> str:
    """The status of the whole control, as its checks decide it."""
    failed = {check.name for check in outcome.failed_checks}
    if not failed:
        return PASSED
    if "complete" in failed:  # what is missing lets other checks fail too
        return "INCOMPLETE"
    return "TO INVESTIGATE" if is_a_finding(outcome) else "NOT SOUND"


def control_said(outcome: Outcome, results: ObjectStore) -> str:
    """The worst status, and how many lines have each: ``EXPLAINED (77 reconciled, 4 explained)``.

    A control that is not sound says so before all; one that ended without lines says its cause.
    """
    import polars as pl

    from soxauto_assets.reconciliation.control import Status, worst

    if outcome.extract is None:
        return f"NOT MADE: {outcome.cause}"
    lines = pl.read_parquet(results.local_path(outcome.extract.key))["status"].to_list()
    counts = [(status, lines.count(status.value)) for status in Status]
    said = control_status(outcome)
    if said == PASSED:
        said = worst([status for status, count in counts if count]).value
    listed = ", ".join(f"{count} {status.value.lower()}" for status, count in counts if count)
    return f"{said} ({listed})"


def controls_of(outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """The outcomes of reports, and those of controls."""
    from soxauto_assets.assets.control_assets import CONTROL

    controls = [one for one in outcomes if one.address.report == CONTROL]
    return [one for one in outcomes if one not in controls], controls


def _deposit_demonstration_files(definitions: dg.Definitions, period: Period) -> None:
    """The Jdash files that the demonstration's operations would export, where none was brought."""
    from soxauto_assets.demo.jdash import jdash_files
    from soxauto_assets.reconciliation.inputs import deposit_jdash, newest_jdash

    resources = definitions.resources or {}
    store, databases = resources["inputs"].store, resources["warehouse"].databases()
    for company, content in jdash_files(databases, period).items():
        if newest_jdash(store, period, company) is None:
            deposit_jdash(store, content, period, company, who="demo@soxauto", at=datetime.now(UTC))
