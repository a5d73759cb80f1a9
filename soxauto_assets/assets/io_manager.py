"""The IO manager of the reports: a record is a claim about a stored object, so check the object.

The step stores its files itself (``store``), so that an error of the store ends in a package
too. ``handle_output`` then gets only the Receipt, reads the stored object back and adds what is
shown in the UI. ``load_input`` serves a validated report to downstream assets by the type that
they ask for.

Not here: the stores (``store/``) and the order in which a step stores things (``attempt.py``).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg

from soxauto_assets.assets.metadata import location
from soxauto_assets.errors import PermanentError
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress, current_key
from soxauto_assets.store.opening import open_store
from soxauto_assets.store.protocol import ObjectDamagedError, ObjectMissingError, Receipt

if TYPE_CHECKING:
    from pathlib import Path

    from soxauto_assets.store.protocol import ObjectStore
    from soxauto_assets.store.spool import Spooled


class UnknownInputTypeError(PermanentError):
    """A downstream asset asks for a report as a type that the IO manager cannot give."""


class ReportIOManager(dg.ConfigurableIOManager):
    """Stores and serves reports in the results and evidence stores.

    ``results_url`` and ``evidence_url`` are addresses as ``store.opening`` takes them.
    """

    results_url: str
    evidence_url: str

    @cached_property
    def results(self) -> ObjectStore:
        """The results store."""
        return open_store(self.results_url, name="results")

    @cached_property
    def evidence(self) -> ObjectStore:
        """The evidence store."""
        return open_store(self.evidence_url, name="evidence")

    def store(self, spooled: Spooled, address: AttemptAddress, name: str) -> Receipt:
        """Store a spooled file as the attempt's object ``name`` of the results store.

        Raises StoreError; the object is there whole or not at all.
        """
        return self.results.create(
            address.key(name),
            spooled.path,
            metadata={"content-digest": spooled.content_digest, "rows": str(spooled.rows)},
        )

    def handle_output(self, context: dg.OutputContext, obj: Receipt) -> None:
        """Read the object of the receipt back; raises StoreError where it is not as promised."""
        evidence = context.asset_key.path[-1] == "evidence"
        store = self.evidence if evidence else self.results
        info = store.verify(obj)
        context.add_output_metadata(
            {
                "stored object": location(f"{store.url}/{info.key}"),
                "SHA-256": info.sha256,
                "bytes": info.size,
                "version": info.version,
            }
        )

    def load_input(self, context: dg.InputContext) -> Any:
        """The *current* data of the upstream report and partition, by the annotated type.

        ``pyarrow.dataset.Dataset`` (also where nothing is annotated), ``pandas.DataFrame`` or
        ``polars.LazyFrame``. Every byte is compared with the digest that the object got when it
        became current. Raises ObjectMissingError where no attempt of that month has passed,
        ObjectDamagedError where the data is not what passed, and UnknownInputTypeError for any
        other type.
        """
        report, period = context.asset_key.path[0], Period.parse(context.asset_partition_key)
        path = self._verified_current(report, period)
        wanted = context.dagster_type.typing_type
        name = f"{wanted.__module__.split('.')[0]}.{wanted.__qualname__}"
        if name == "pandas.DataFrame":
            import pandas as pd

            return pd.read_parquet(path, dtype_backend="pyarrow")
        if name == "polars.LazyFrame":
            import polars as pl

            return pl.scan_parquet(path)
        if wanted is Any or name in ("typing.Any", "builtins.object", "pyarrow.Dataset"):
            import pyarrow.dataset as ds

            return ds.dataset(path, format="parquet")
        raise UnknownInputTypeError(
            f"{context.asset_key.to_user_string()} cannot be given as {name}.",
            remedy="Annotate pyarrow.dataset.Dataset, pandas.DataFrame or polars.LazyFrame.",
        )

    def _verified_current(self, report: str, period: Period) -> Path:
        """The file of the current data, after reading it back."""
        key = current_key(report, period)
        info = self.results.info(key)
        if info is None:
            raise ObjectMissingError(
                f"{report} {period} has no current data: no attempt has passed yet.",
                remedy=f"Run `soxauto run --period {period} --report {report}` first.",
            )
        # The digest in the metadata, not the one of the description: a file that was replaced by
        # hand describes itself truly, but it is not what passed.
        promised = info.metadata.get("sha256")
        if promised is None or promised != info.sha256:
            raise ObjectDamagedError(
                f"The current data of {report} {period} is not what an attempt has stored.",
                remedy=f"Find out who or what changed {key}; run the month again.",
            )
        self.results.verify(Receipt(key, info.version, promised, info.size))
        return self.results.local_path(key)
