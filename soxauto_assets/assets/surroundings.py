"""What an attempt works with: its run, and the stores, source, keys and clock around it.

Here: the two records that whoever starts an attempt fills in. Not here: what the attempt does
with them (``attempt.py``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.evidence.lease import Clock, utc_now
from soxauto_assets.evidence.papers.making import PaperMaker, papers
from soxauto_assets.evidence.personal_data import AS_GIVEN, PersonalData

if TYPE_CHECKING:
    from soxauto_assets.assets.alerts import AlertSink
    from soxauto_assets.evidence.sealing import Sealing
    from soxauto_assets.store.layout import AttemptAddress
    from soxauto_assets.store.protocol import ObjectStore, Receipt
    from soxauto_assets.store.spool import Spooled
    from soxauto_assets.warehouse.protocol import Warehouse


@dataclass(frozen=True)
class RunIdentity:
    """Which Dagster run makes the attempt, who started it (``user@host``), and its page."""

    run_id: str
    who: str
    url: str


@dataclass(frozen=True)
class Surroundings:
    """Everything that an attempt works with.

    ``warehouse`` is called when the source is first needed. ``store`` puts a spooled file into
    the results store under a name of the attempt. ``scratch_folder`` takes the spooled extract.
    ``settings`` are shown in the evidence, secrets masked. ``sealing`` gives what packages are
    signed and stamped with. ``alerts`` takes alerts while the outbox cannot be written (None:
    nobody does). ``catalog`` replaces the product's own catalogue folder (for tests).
    ``personal`` is what becomes of personal data in packages. ``pages_url`` is where the pages of
    packages are shown (None: nowhere). ``now`` is the clock of everything that the attempt writes
    and decides, ``pause`` waits so many seconds between two readings of the source, and ``papers``
    makes a package's papers.
    """

    warehouse: Callable[[], Warehouse]
    store: Callable[[Spooled, AttemptAddress, str], Receipt]
    results: ObjectStore
    evidence: ObjectStore
    state: ObjectStore
    scratch_folder: Path
    source_tries: int
    lease_seconds: int
    settings: Mapping[str, str]
    sealing: Callable[[], Sealing]
    alerts: AlertSink | None = None
    catalog: Path | None = None
    personal: PersonalData = AS_GIVEN
    pages_url: str | None = None
    now: Clock = utc_now
    pause: Callable[[float], None] = time.sleep
    papers: PaperMaker = papers
