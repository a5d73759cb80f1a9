"""The job that closes a month: every report, one step each, in one run."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

CLOSE_MONTH = "close_month"


def close_month_job(steps: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """The job over all reports; a report that fails stops no other, for none depends on it."""
    return dg.define_asset_job(
        CLOSE_MONTH,
        selection=dg.AssetSelection.assets(*steps),
        description="Close a month: extract, check, store and pack every report of PG-01.",
        tags={"control": "C-PG-1"},
    )
