"""The jobs: closing a month (every report, one step each), and reconciling it (PG-01)."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

CLOSE_MONTH = "close_month"
RECONCILE_MONTH = "reconcile_month"


def close_month_job(steps: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """The job over all reports; a report that fails stops no other, for none depends on it."""
    return dg.define_asset_job(
        CLOSE_MONTH,
        selection=dg.AssetSelection.assets(*steps),
        description="Close a month: extract, check, store and pack every report of PG-01.",
        tags={"control": "C-PG-1"},
    )


def reconcile_month_job(step: dg.AssetsDefinition) -> UnresolvedAssetJobDefinition:
    """The job of the control, to be run after every attempt of the month has ended."""
    return dg.define_asset_job(
        RECONCILE_MONTH,
        selection=dg.AssetSelection.assets(step),
        description="PG-01: reconcile a month from its current reports, explain and pack it.",
        tags={"control": "C-PG-1"},
    )
