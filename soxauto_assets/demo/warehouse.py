"""The embedded warehouse as the product opens it: built where needed, with its planted faults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from soxauto_assets.demo.build import ensure_demo
from soxauto_assets.demo.faults import FaultyWarehouse
from soxauto_assets.demo.plan import DEFAULT_PLAN, DemoPlan
from soxauto_assets.period import Period
from soxauto_assets.warehouse.embedded import EmbeddedWarehouse
from soxauto_assets.warehouse.protocol import Warehouse

NAME = "embedded demonstration"


def demo_warehouse(
    folder: Path,
    *,
    through: Period,
    plan: DemoPlan = DEFAULT_PLAN,
    progress: Callable[[str], None] | None = None,
    memory_limit_mib: int = 300,
) -> Warehouse:
    """The embedded warehouse with all months up to ``through``, built in ``folder`` once.

    ``memory_limit_mib`` bounds the engine's memory; beyond it, it sorts on disk.

    Raises DemoBuildError.
    """
    databases = ensure_demo(folder, through=through, plan=plan, progress=progress)
    spill = folder / "spill"
    spill.mkdir(exist_ok=True)
    return FaultyWarehouse(
        EmbeddedWarehouse(
            databases, name=NAME, spill_folder=spill, memory_limit_mib=memory_limit_mib
        )
    )
