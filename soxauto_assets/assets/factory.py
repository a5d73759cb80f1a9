"""From the catalogue to Dagster: each report becomes one step that makes three assets.

``<id>/extract`` -> ``<id>/validated`` -> ``<id>/evidence``, with the warehouse's tables as
external assets upstream and one asset check for each check that applies to the report. A report
whose folder is broken becomes a step too: it fails by itself, with a package and an alert.

Not here: what the step does (``attempt.py``).
"""

import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from soxauto_assets.assets.alerts import AlertSink
from soxauto_assets.assets.attempt import attempt
from soxauto_assets.assets.io_manager import ReportIOManager
from soxauto_assets.assets.metadata import (
    check_metadata,
    definition_metadata,
    extract_metadata,
    outcome_metadata,
    source_key,
    source_schema,
)
from soxauto_assets.assets.outcome import Outcome
from soxauto_assets.assets.progress import Listener
from soxauto_assets.assets.resources import AttemptSettings, StateResource, WarehouseResource
from soxauto_assets.assets.surroundings import RunIdentity, Surroundings
from soxauto_assets.catalog.loader import BrokenReportError, load_entry, report_ids
from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.catalog.sources import table
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings
from soxauto_assets.validation.plan import check_names
from soxauto_assets.validation.results import Verdict

if TYPE_CHECKING:
    from soxauto_assets.evidence.personal_data import PersonalData
    from soxauto_assets.warehouse.lineage import Lineage

STAGES = ("extract", "validated", "evidence")
SOURCE_POOL = "nav_bi"
"""The pool that bounds how many steps read the source server at once."""
BROKEN_GROUP = "broken"
_STAGE_TEXT = {
    "extract": "What the source gave, row for row, as stored in the results store.",
    "validated": "The extract after every check passed; published as the month's current data.",
    "evidence": "The package of the attempt: a manifest and all that it proves. Verify it with "
    "`soxauto verify`.",
}


def asset_key(report_id: str, stage: str) -> dg.AssetKey:
    """The key of one of a report's three assets."""
    return dg.AssetKey([report_id, stage])


def report_assets(
    partitions: dg.MonthlyPartitionsDefinition, catalog: Path | None = None
) -> tuple[Sequence[dg.AssetsDefinition], Sequence[dg.AssetSpec]]:
    """The step of every report of the catalogue, and the external assets of their sources.

    ``catalog`` replaces the product's own catalogue folder (for tests).
    """
    steps: list[dg.AssetsDefinition] = []
    sources: set[str] = set()
    for report_id in report_ids(catalog):
        try:
            entry = load_entry(report_id, catalog)
        except BrokenReportError as error:
            steps.append(_step(report_id, None, str(error), partitions, catalog))
        else:
            sources.update(entry.report.sources)
            steps.append(_step(report_id, entry, None, partitions, catalog))
    return steps, [_source_spec(name) for name in sorted(sources)]


def _source_spec(full_name: str) -> dg.AssetSpec:
    source = table(full_name)
    return dg.AssetSpec(
        source_key(full_name),
        description=f"{source.description} Source table `{full_name}`, read and never written.",
        # No prefix: the graph shows some 28 characters of a group's name.
        group_name=source.database.lower(),
        kinds={"sqlserver", "view" if source.is_view else "table"},
        metadata={
            "dagster/table_name": full_name,
            "dagster/column_schema": source_schema(source),
        },
    )


def _specs(report_id: str, entry: CatalogEntry | None, problem: str | None) -> list[dg.AssetSpec]:
    specs = []
    for stage in STAGES:
        if entry is None:
            specs.append(
                dg.AssetSpec(
                    asset_key(report_id, stage),
                    description=f"The report's folder is broken: {problem}",
                    group_name=BROKEN_GROUP,
                )
            )
            continue
        report = entry.report
        specs.append(
            dg.AssetSpec(
                asset_key(report_id, stage),
                description=f"**{report.title}**. {_STAGE_TEXT[stage]}\n\n{report.purpose}",
                group_name=report.family,
                owners=[report.owner],
                # The graph shows a node's last word and its kinds: `extract` alone says too little.
                kinds={"evidence" if stage == "evidence" else "parquet", report.id},
                tags={"control": report.control, "report": report.id}
                | {f"account/{account}": "" for account in report.group_accounts},
                metadata=definition_metadata(entry, stage),
            )
        )
    return specs


def _step(
    report_id: str,
    entry: CatalogEntry | None,
    problem: str | None,
    partitions: dg.MonthlyPartitionsDefinition,
    catalog: Path | None,
) -> dg.AssetsDefinition:
    specs = _specs(report_id, entry, problem)
    upstream = [] if entry is None else [source_key(name) for name in entry.report.sources]
    keys = [spec.key for spec in specs]
    checks = [] if entry is None else check_names(entry)

    @dg.multi_asset(
        name=report_id,
        outs={
            stage: dg.AssetOut.from_spec(spec, io_manager_key="report_io")
            for stage, spec in zip(STAGES, specs, strict=True)
        },
        deps=upstream,
        internal_asset_deps={
            "extract": set(upstream),
            "validated": {keys[0]},
            "evidence": {keys[1]},
        },
        check_specs=[
            dg.AssetCheckSpec(name, asset=keys[1], description=title, blocking=True)
            for name, title in checks
        ],
        partitions_def=partitions,
        pool=SOURCE_POOL,
        op_tags={"soxauto/report": report_id},
    )
    def step(
        context: dg.AssetExecutionContext,
        report_io: dg.ResourceParam[ReportIOManager],
        state: StateResource,
        warehouse: WarehouseResource,
        attempt_settings: AttemptSettings,
        alerts: dg.ResourceParam[AlertSink],
        listener: dg.ResourceParam[Listener],
    ) -> Iterator[dg.Output[object] | dg.AssetCheckResult | dg.AssetObservation]:
        outcome = attempt(
            report_id,
            Period.parse(context.partition_key),
            surroundings(report_io, state, warehouse, attempt_settings, alerts, catalog),
            RunIdentity(
                context.run.run_id, who(), f"{attempt_settings.ui_url}/runs/{context.run.run_id}"
            ),
            listener,
        )
        yield from _events(outcome)

    return step


def surroundings(
    report_io: ReportIOManager,
    state: StateResource,
    warehouse: WarehouseResource,
    settings: AttemptSettings,
    alerts: AlertSink,
    catalog: Path | None,
) -> Surroundings:
    """What an attempt works with, from Dagster's resources."""
    return Surroundings(
        warehouse=warehouse.warehouse,
        store=report_io.store,
        results=report_io.results,
        evidence=report_io.evidence,
        state=state.store,
        scratch_folder=Path(settings.scratch_folder),
        source_tries=settings.source_tries,
        lease_seconds=settings.lease_seconds,
        settings=settings.shown,
        sealing=lambda: settings.sealing,
        alerts=alerts,
        catalog=catalog,
        pages_url=settings.pages_url,
        personal=personal_data_of(Settings.load()),
    )


def personal_data_of(settings: Settings) -> "PersonalData":
    """What becomes of personal data in packages; the key is no configuration of a resource."""
    from soxauto_assets.evidence.personal_data import PersonalData

    key = settings.pseudonym_key
    return PersonalData(
        settings.personal_data, None if key is None else key.get_secret_value().encode()
    )


def who() -> str:
    """``user@host`` of this process."""
    from soxauto_assets.evidence.environment import user_name

    return f"{user_name()}@{socket.gethostname()}"


def _events(
    outcome: Outcome,
) -> Iterator[dg.Output[object] | dg.AssetCheckResult | dg.AssetObservation]:
    """The outcome as Dagster's events; raises dg.Failure at the end of a failed attempt's."""
    report_id, period = outcome.address.report, str(outcome.address.period)
    for check in outcome.applicable if outcome.entry is not None else ():
        yield dg.AssetCheckResult(
            asset_key=asset_key(report_id, "validated"),
            check_name=check.name,
            passed=check.verdict is Verdict.PASS,
            severity=dg.AssetCheckSeverity.ERROR,
            description=check.cause or f"expected {check.expected}, found {check.found}",
            metadata=check_metadata(check, outcome),
        )
    facts = outcome_metadata(outcome)
    if not outcome.passed:
        yield dg.AssetObservation(
            asset_key=asset_key(report_id, "evidence"), partition=period, metadata=facts
        )
        raise dg.Failure(
            f"{report_id} {period} failed: {outcome.cause}", metadata=facts, allow_retries=False
        )
    yield dg.Output(
        outcome.extract, "extract", metadata=extract_metadata(outcome, _lineage(outcome))
    )
    yield dg.Output(outcome.validated, "validated", metadata=facts)
    yield dg.Output(outcome.package.manifest, "evidence", metadata=facts)


def _lineage(outcome: Outcome) -> "Lineage | None":
    from soxauto_assets.warehouse.lineage import lineage_of

    return None if outcome.entry is None else lineage_of(outcome.entry)
