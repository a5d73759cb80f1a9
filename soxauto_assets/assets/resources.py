"""The resources that every report asset uses: a warehouse to read, a store for state.

Here: their Dagster forms. Not here: which warehouse it is (``entrypoints/bindings.py`` binds
one) and the results and evidence stores (``io_manager.py``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from soxauto_assets.store.opening import open_store

if TYPE_CHECKING:
    from soxauto_assets.evidence.sealing import Sealing
    from soxauto_assets.store.protocol import ObjectStore
    from soxauto_assets.warehouse.protocol import Warehouse


class WarehouseResource(dg.ConfigurableResource[object], ABC):
    """A source of reports, opened when a step first needs it."""

    @abstractmethod
    def warehouse(self) -> Warehouse:
        """The warehouse; raises SourceUnavailableError or SourceError where it cannot be had."""

    def probe_warehouse(self) -> Warehouse:
        """The same for a question that must be answered soon, within a minute: a schedule's."""
        return self.warehouse()


class StateResource(dg.ConfigurableResource[object]):
    """The state store: attempts, leases, journal, outbox. ``url`` as ``store.opening`` takes it."""

    url: str

    @cached_property
    def store(self) -> ObjectStore:
        """The state store."""
        return open_store(self.url, name="state")


class InputsResource(dg.ConfigurableResource[object]):
    """The store of files that people bring. ``url`` as ``store.opening`` takes it."""

    url: str

    @cached_property
    def store(self) -> ObjectStore:
        """The inputs store."""
        return open_store(self.url, name="inputs")


class AttemptSettings(dg.ConfigurableResource[object]):
    """How an attempt behaves.

    ``source_tries`` bounds the readings of the source where errors are transient;
    ``lease_seconds`` is when an attempt that was not renewed counts as interrupted;
    ``scratch_folder`` is where extracts are spooled; ``shown`` are the settings that the
    evidence names, secrets masked; ``ui_url`` is where runs are looked at, ``pages_url`` where the
    pages of packages are. ``signing_key``,
    ``keys_folder``, ``aws_region``, ``aws_endpoint`` (None: AWS's own) and ``tsa_url`` say what
    packages are sealed with.
    """

    source_tries: int
    lease_seconds: int
    scratch_folder: str
    shown: dict[str, str]
    ui_url: str
    pages_url: str
    signing_key: str
    keys_folder: str
    aws_region: str
    aws_endpoint: str | None = None
    tsa_url: str | None

    @cached_property
    def sealing(self) -> Sealing:
        """The signer and the time stamp authority; neither is asked before it is needed."""
        from soxauto_assets.evidence.sealing import Sealing
        from soxauto_assets.evidence.signing import open_signer
        from soxauto_assets.evidence.timestamping import TimeStampAuthority

        return Sealing(
            open_signer(
                self.signing_key,
                keys_folder=Path(self.keys_folder),
                region=self.aws_region,
                endpoint=self.aws_endpoint,
            ),
            None if self.tsa_url is None else TimeStampAuthority(self.tsa_url),
        )
