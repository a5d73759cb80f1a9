"""The source of a measurement: an embedded warehouse with a chosen number of CR_03 rows.

CR_03 is the widest report: 44 columns, of which two DECIMAL(38, 20) and most are texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from soxauto_assets.demo.build import ensure_demo
from soxauto_assets.demo.plan import RECLASSIFICATIONS, DemoPlan
from soxauto_assets.period import Period
from soxauto_assets.warehouse.embedded import EmbeddedWarehouse

REPORT = "cr_03"
PERIOD = Period(2024, 1)
_ROWS_OF_A_PAIR = 1.328
"""Of the two entries of a reclassification, those on the roster and in the report's accounts."""


def build(
    folder: Path, rows: int, progress: Callable[[str], None] | None = None
) -> Mapping[str, Path]:
    """The database files with about ``rows`` rows of CR_03 in ``PERIOD``, built once.

    The month after it is there too, for the witness that comes after the period.
    """
    ledger = {PERIOD: rows / (_ROWS_OF_A_PAIR * RECLASSIFICATIONS)}
    plan = DemoPlan(size=0.1, ledger_sizes=ledger)
    return ensure_demo(folder, through=PERIOD.next, plan=plan, progress=progress)


def warehouse(
    folder: Path, rows: int, spill_folder: Path, memory_mib: int, threads: int
) -> EmbeddedWarehouse:
    """The engine over these files, otherwise as the product configures it."""
    return EmbeddedWarehouse(
        build(folder, rows),
        name="benchmark",
        spill_folder=spill_folder,
        memory_limit_mib=memory_mib,
        threads=threads,
    )
