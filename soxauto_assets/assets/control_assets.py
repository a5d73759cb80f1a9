"""The control as Dagster assets: ``pg01/...``, one step, downstream of every validated report.

Not here: what the step does (``control_attempt.py``). It is imported by the definitions, so it
loads no data library.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

from soxauto_assets.assets.alerts import AlertSink
from soxauto_assets.assets.control_review import (
    REVIEW_CHECKS,
    ReviewMade,
    make_review,
    tell_of_faults,
)
from soxauto_assets.assets.factory import asset_key, surroundings, who
from soxauto_assets.assets.io_manager import ReportIOManager
from soxauto_assets.assets.metadata import location, outcome_metadata
from soxauto_assets.assets.progress import Listener
from soxauto_assets.assets.resources import (
    AttemptSettings,
    InputsResource,
    StateResource,
    WarehouseResource,
)
from soxauto_assets.assets.surroundings import RunIdentity
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.checks import CONSERVATION, JUDGING

if TYPE_CHECKING:
    from soxauto_assets.assets.control_attempt import ControlMade

CONTROL = "pg01"
GROUP = "pg01"
REVIEW = "review"


@dataclass(frozen=True)
class Part:
    """One asset of the control: what it shows, the reports and parts that it is made of.

    ``table`` is its table in the package (``attachments/tables/<table>.parquet``); None where it
    is none.
    """

    text: str
    reports: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    table: str | None = None


_MEASURED = ("ipe_07", "ipe_08", "ipe_10", "ipe_11", "ipe_12", "ipe_31", "ipe_34")
_BRIDGES = {
    "timing": Part(
        "Used in operations, delivered after the cut-off (D23).", ("ipe_08",), table="bridge_timing"
    ),
    "vtc": Part(
        "Refund vouchers switched off whose pay-out is not booked (D24).",
        ("ipe_08",),
        ("classified_vouchers",),
        "bridge_vtc",
    ),
    "posting_group": Part(
        "Customers under several posting groups; amount zero (8.3).",
        ("ipe_07",),
        table="bridge_posting_group",
    ),
    "business_line": Part(
        "Balances on several business lines; nets to zero (8.4).",
        ("ipe_07",),
        table="bridge_business_line",
    ),
    "integration_errors": Part(
        "What NAV refused, as it stood at the extraction (D19).",
        ("ipe_rec_errors",),
        table="bridge_integration_errors",
    ),
}
PARTS: dict[str, Part] = {
    "ledger": Part(
        "Opening, movement and closing balance of each company and account.",
        ("cr_03", "cr_04"),
        table="ledger",
    ),
    "targets": Part(
        "What operations say each balance should be: sign x measure of its report (D4 to D6).",
        _MEASURED,
        ("ledger",),
        "targets",
    ),
    "fx": Part(
        "The closing rate of each company; what is missing or double is no rate (D7).",
        ("cr_05",),
        table="fx",
    ),
    "variance": Part(
        "Ledger less target, in LCY and USD (D5, D7).",
        parts=("ledger", "targets", "fx"),
        table="variance",
    ),
    "classified_vouchers": Part(
        "Every entry on the voucher account with its class and the rule that decided (D21).",
        ("cr_03", "ipe_08"),
        table="classified",
    ),
    "voucher_buckets": Part(
        "Category by type, from the ledger and from operations, side by side.",
        ("ipe_08", "ipe_08_usage"),
        ("classified_vouchers",),
        "buckets",
    ),
    **{f"bridge_{name}": part for name, part in _BRIDGES.items()},
    "open_items": Part(
        "Every open item under its label (8.6), followed from the month before: new, carried, "
        "reopened, cleared, with its age.",
        ("ipe_07", "ipe_10", "ipe_12", "ipe_31", "ipe_34"),
        table="open_items",
    ),
    "movements": Part(
        "Each company and family against the month before and a year ago: what moved more than "
        "its threshold wants an explanation.",
        parts=("ledger", "fx"),
        table="movements",
    ),
    "late_postings": Part(
        "Entries that closed months show now and their own packages did not have, valued.",
        ("cr_03", "cr_04"),
        ("fx",),
        "late_postings",
    ),
    "summary": Part(
        "Ledger, target, variance, bridges and status of each company and pool of accounts; "
        "**read this first**. Published as the month's current data when everything is "
        "reconciled or explained.",
        parts=("variance", *(f"bridge_{name}" for name in _BRIDGES)),
    ),
    "evidence": Part(
        "The package of the control: its figures, its rules, and the manifests of the packages "
        "that it read, under one digest. Verify it with `soxauto verify`.",
        ("cr_05a", "ipe_08_timing"),
        ("summary", "voucher_buckets", "open_items", "movements", "late_postings"),
    ),
    REVIEW: Part(
        "The workbook for the person who reviews: summary with live totals, what needs an owner "
        "and an explanation, and every row behind it. `soxauto review export` writes it to a "
        "file, `soxauto review import` takes the answers back.",
        parts=("evidence",),
    ),
}
"""In the order of their making; what an asset depends on stands before it."""
CHECKS = CONSERVATION | JUDGING
_KINDS = {"evidence": "evidence", REVIEW: "excel"}


def control_assets(
    partitions: dg.MonthlyPartitionsDefinition, reports: Sequence[str], zone: ZoneInfo
) -> dg.AssetsDefinition:
    """The step that reconciles a month; a missing report makes its families incomplete.

    It never stops for one: dependencies are lineage, and the step reads what is current. Every
    report of ``reports`` leads to the package, for its manifest is in there.
    """
    named = {report for part in PARTS.values() for report in part.reports}
    others = tuple(report for report in reports if report not in named)

    @dg.multi_asset(
        name=CONTROL,
        specs=[
            dg.AssetSpec(
                dg.AssetKey([CONTROL, name]),
                deps=[
                    *(
                        asset_key(report, "validated")
                        for report in (*part.reports, *(others if name == "evidence" else ()))
                        if report in reports
                    ),
                    *(dg.AssetKey([CONTROL, other]) for other in part.parts),
                ],
                description=part.text,
                group_name=GROUP,
                owners=["team:accounting-excellence"],
                kinds={_KINDS.get(name, "parquet")},
                skippable=name == REVIEW,  # its check tells where it could not be made
                tags={"control": "C-PG-1"},
            )
            for name, part in PARTS.items()
        ],
        check_specs=[
            dg.AssetCheckSpec(name, asset=dg.AssetKey([CONTROL, "summary"]), description=title)
            for name, title in CHECKS.items()
        ]
        + [
            dg.AssetCheckSpec(name, asset=dg.AssetKey([CONTROL, REVIEW]), description=title)
            for name, title in REVIEW_CHECKS.items()
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

        run_id = context.run.run_id
        run = RunIdentity(run_id, who(), f"{attempt_settings.ui_url}/runs/{run_id}")
        made = attempt_control(
            Period.parse(context.partition_key),
            surroundings(report_io, state, warehouse, attempt_settings, alerts, None),
            inputs.store,
            zone,
            run,
            listener,
        )
        review = make_review(
            made.outcome.address, report_io.results, report_io.evidence, inputs.store
        )
        if review.faults:
            tell_of_faults(review, made.outcome.address, state.store, alerts, run.url)
        yield from _events(made, review, report_io.results.url)

    return step


def _events(
    made: "ControlMade", review: ReviewMade, results_url: str
) -> Iterator[dg.MaterializeResult[object] | dg.AssetCheckResult]:
    """All parts that were made, the checks, and a failure where the control does not pass."""
    from soxauto_assets.reconciliation.review.page import PAGE
    from soxauto_assets.reconciliation.tables import row_counts

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
        if outcome.page_url is not None:
            address = f"{outcome.page_url.rpartition('/')[0]}/attachments/{PAGE}"
            facts["page of the control"] = dg.MetadataValue.url(address)
        heights = row_counts(control)
        for name, part in PARTS.items():
            if name == REVIEW:
                continue
            rows = len(control.lines) if name == "summary" else None
            if part.table is not None:
                rows = heights.get(part.table)
            own = {} if rows is None else {"dagster/row_count": rows}
            yield dg.MaterializeResult(
                asset_key=dg.AssetKey([CONTROL, name]), metadata={**facts, **own}
            )
    # After the parts that it is made of: Dagster takes the assets of a step in their order only.
    yield from _review_checks(review)
    if review.receipt is not None:
        yield dg.MaterializeResult(
            asset_key=dg.AssetKey([CONTROL, REVIEW]),
            metadata={
                **facts,
                "workbook": location(f"{results_url}/{review.receipt.key}"),
                "workbook SHA-256": review.receipt.sha256,
                "answers needed": len(review.waiting),
            },
        )
    if not outcome.passed:
        raise dg.Failure(
            f"{CONTROL} {outcome.address.period} does not pass: {outcome.cause}",
            metadata=facts,
            allow_retries=False,
        )
    if review.faults:
        raise dg.Failure(
            f"The review workbook of {outcome.address.period} is not to be used: "
            f"{'; '.join(review.faults)}",
            metadata=facts,
            allow_retries=False,
        )


def _review_checks(review: ReviewMade) -> Iterator[dg.AssetCheckResult]:
    key = dg.AssetKey([CONTROL, REVIEW])
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name="workbook",
        passed=not review.faults,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(review.faults) or "It reads back whole; its totals agree.",
    )
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name="answered",
        passed=not review.waiting,
        severity=dg.AssetCheckSeverity.WARN,
        description="\n".join(review.waiting) or "Nothing waits.",
    )
