"""The control as Dagster assets: ``pg01/...``, one step, downstream of every validated report.

Not here: what the step does (``control_attempt.py``). It is imported by the definitions, so it
loads no data library.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

from soxauto_assets.assets.alerts import AlertSink
from soxauto_assets.assets.attempt import RunIdentity
from soxauto_assets.assets.factory import asset_key, surroundings, who
from soxauto_assets.assets.io_manager import ReportIOManager
from soxauto_assets.assets.metadata import outcome_metadata
from soxauto_assets.assets.progress import Listener
from soxauto_assets.assets.resources import (
    AttemptSettings,
    InputsResource,
    StateResource,
    WarehouseResource,
)
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.checks import CONSERVATION, JUDGING

if TYPE_CHECKING:
    from soxauto_assets.assets.control_attempt import ControlMade

CONTROL = "pg01"
GROUP = "pg01"
PARTS: dict[str, str] = {
    "summary": "Ledger, target, variance, bridges and status of each company and pool of accounts; "
    "**read this first**. Published as the month's current data when everything is reconciled or "
    "explained.",
    "classified_vouchers": "Every entry on the voucher account with its class and the rule that "
    "decided (D21).",
    "voucher_buckets": "Category by type, from the ledger and from operations, side by side.",
    "bridge_timing": "Used in operations, delivered after the cut-off (D23).",
    "bridge_vtc": "Refund vouchers switched off whose pay-out is not booked (D24).",
    "bridge_posting_group": "Customers under several posting groups; amount zero (8.3).",
    "bridge_business_line": "Balances on several business lines; nets to zero (8.4).",
    "bridge_integration_errors": "What NAV refused, as it stood at the extraction (D19).",
    "open_items": "Collection lines and prepayments under the label rules (8.6).",
    "evidence": "The package of the control: its figures, its rules, and the manifests of the "
    "packages that it read, under one digest. Verify it with `soxauto verify`.",
}
CHECKS = CONSERVATION | JUDGING


def control_assets(
    partitions: dg.MonthlyPartitionsDefinition, reports: Sequence[str], zone: ZoneInfo
) -> dg.AssetsDefinition:
    """The step that reconciles a month; a missing report makes its families incomplete.

    It never stops for one: dependencies are lineage, and the step reads what is current.
    """
    upstream = [asset_key(report, "validated") for report in reports]

    @dg.multi_asset(
        name=CONTROL,
        specs=[
            dg.AssetSpec(
                dg.AssetKey([CONTROL, part]),
                deps=upstream if part == "summary" else [dg.AssetKey([CONTROL, "summary"])],
                description=text,
                group_name=GROUP,
                owners=["team:accounting-excellence"],
                kinds={"evidence" if part == "evidence" else "parquet"},
                tags={"control": "C-PG-1"},
            )
            for part, text in PARTS.items()
        ],
        check_specs=[
            dg.AssetCheckSpec(name, asset=dg.AssetKey([CONTROL, "summary"]), description=title)
            for name, title in CHECKS.items()
        ],
        partitions_def=partitions,
    )
    def step(
        context: dg.AssetExecutionContext,
        report_io: dg.ResourceParam[ReportIOManager],
        state: StateResource,
        inputs: InputsResource,
        warehouse: WarehouseResource,
        attempt_settings: AttemptSettings,
        alerts: dg.ResourceParam[AlertSink],
        listener: dg.ResourceParam[Listener],
    ) -> Iterator[dg.MaterializeResult[object] | dg.AssetCheckResult]:
        from soxauto_assets.assets.control_attempt import attempt_control

        made = attempt_control(
            Period.parse(context.partition_key),
            surroundings(report_io, state, warehouse, attempt_settings, alerts, None),
            inputs.store,
            zone,
            RunIdentity(
                context.run.run_id, who(), f"{attempt_settings.ui_url}/runs/{context.run.run_id}"
            ),
            listener,
        )
        yield from _events(made)

    return step


def _events(made: "ControlMade") -> Iterator[dg.MaterializeResult[object] | dg.AssetCheckResult]:
    """All parts that were made, the checks, and a failure where the control does not pass."""
    outcome, control = made.outcome, made.control
    facts = outcome_metadata(outcome)
    results = {check.name: check for check in outcome.checks}
    for name in CHECKS:
        check = results[name]
        yield dg.AssetCheckResult(
            asset_key=dg.AssetKey([CONTROL, "summary"]),
            check_name=name,
            passed=check.verdict.value == "PASS",
            severity=dg.AssetCheckSeverity.ERROR,
            description=check.cause or f"expected {check.expected}, found {check.found}",
        )
    if control is not None:
        for part in PARTS:
            rows = _rows(made, part)
            own = {} if rows is None else {"dagster/row_count": rows}
            yield dg.MaterializeResult(
                asset_key=dg.AssetKey([CONTROL, part]), metadata={**facts, **own}
            )
    if not outcome.passed:
        raise dg.Failure(
            f"{CONTROL} {outcome.address.period} does not pass: {outcome.cause}",
            metadata=facts,
            allow_retries=False,
        )


def _rows(made: "ControlMade", part: str) -> int | None:
    control = made.control
    assert control is not None
    if part == "summary":
        return len(control.lines)
    if part == "open_items":
        return control.open_items.height
    if part == "classified_vouchers":
        return None if control.classified is None else control.classified.height
    if part == "voucher_buckets":
        return None if control.buckets is None else control.buckets.height
    for bridge in control.bridges:
        if part == f"bridge_{bridge.rule.id}":
            return bridge.proof.height
    return None
