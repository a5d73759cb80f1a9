"""A downstream asset gets the current data by the type it asks for, or a clear error."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from soxauto_assets.assets.io_manager import ReportIOManager, UnknownInputTypeError
from soxauto_assets.assets.partitions import monthly_partitions
from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.settings import Settings
from soxauto_assets.store.layout import current_key
from soxauto_assets.store.protocol import (
    ObjectDamagedError,
    ObjectMissingError,
    Receipt,
    StoreError,
)
from soxauto_assets_tests.support.workshop import MAY, REPORT, Workshop, small_source

PARTITIONS = monthly_partitions(Settings.load({}))
VALIDATED = dg.AssetKey([REPORT, "validated"])


@pytest.fixture
def workshop(new_folder: Callable[[], Path]) -> Workshop:
    """A month that passed, with 2.5 as the rate of every company."""
    folder = new_folder()
    made = Workshop(folder, small_source(folder / "source").warehouse)
    assert made.attempt().passed
    return made


def manager(workshop: Workshop) -> ReportIOManager:
    return ReportIOManager(
        results_url=workshop.results.url,
        evidence_url=workshop.evidence.url,
    )


def downstream(workshop: Workshop, wanted: type | None, use: Callable[[Any], None]) -> None:
    """Materialize an asset that takes the validated report as ``wanted`` and uses it."""

    def body(rates):  # type: ignore[no-untyped-def]
        use(rates)

    if wanted is not None:
        body.__annotations__["rates"] = wanted
    asset = dg.asset(
        name="reader",
        ins={"rates": dg.AssetIn(VALIDATED, input_manager_key="report_io")},
        partitions_def=PARTITIONS,
    )(body)
    upstream = dg.AssetSpec(VALIDATED, partitions_def=PARTITIONS)
    dg.materialize(
        [asset, upstream],
        selection=[asset],
        partition_key=str(MAY),
        resources={"report_io": manager(workshop)},
    )


@pytest.mark.parametrize("wanted", [None, ds.Dataset], ids=["not annotated", "Dataset"])
def test_a_report_comes_as_an_arrow_dataset(workshop: Workshop, wanted: type | None) -> None:
    def use(rates: ds.Dataset) -> None:
        assert isinstance(rates, ds.Dataset)
        table = rates.to_table(columns=["company_code", "fx_rate"])
        assert table.schema.field("fx_rate").type == pa.decimal128(18, 8)
        assert table.to_pydict() == {
            "company_code": sorted(company.code for company in ROSTER),
            "fx_rate": [Decimal("2.5")] * len(ROSTER),
        }

    downstream(workshop, wanted, use)


def test_a_report_comes_as_pandas_with_exact_amounts(workshop: Workshop) -> None:
    def use(rates: pd.DataFrame) -> None:
        assert isinstance(rates, pd.DataFrame)
        assert rates["fx_rate"].tolist() == [Decimal("2.5")] * len(ROSTER)
        assert rates["fx_rate"].sum() == Decimal("22.5")
        assert str(rates["fx_rate"].dtype) == "decimal128(18, 8)[pyarrow]"
        assert rates["country_name"].isna().all()

    downstream(workshop, pd.DataFrame, use)


def test_a_report_comes_as_a_lazy_polars_frame_with_exact_amounts(workshop: Workshop) -> None:
    def use(rates: pl.LazyFrame) -> None:
        assert isinstance(rates, pl.LazyFrame)
        assert rates.collect_schema()["fx_rate"] == pl.Decimal(18, 8)
        total = rates.select(pl.col("fx_rate").sum()).collect().item()
        assert total == Decimal("22.5")

    downstream(workshop, pl.LazyFrame, use)


def loaded(workshop: Workshop, wanted: type = ds.Dataset, period: str = str(MAY)) -> Any:
    """What load_input gives; what it raises comes out as it is."""
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_input_context(
            asset_key=VALIDATED,
            partition_key=period,
            asset_partitions_def=PARTITIONS,
            asset_partition_key_range=dg.PartitionKeyRange(period, period),
            dagster_type=dg.PythonObjectDagsterType(wanted),
            instance=instance,
        ) as context,
    ):
        return manager(workshop).load_input(context)


def test_a_type_that_it_cannot_give_is_refused_with_those_it_can(workshop: Workshop) -> None:
    with pytest.raises(UnknownInputTypeError, match=r"cannot be given as builtins\.list") as error:
        loaded(workshop, list)
    assert "pyarrow.dataset.Dataset, pandas.DataFrame or polars.LazyFrame" in error.value.remedy


def test_a_month_that_never_passed_has_no_data(workshop: Workshop) -> None:
    with pytest.raises(ObjectMissingError, match="cr_05 2024-06 has no current data") as error:
        loaded(workshop, period="2024-06")
    assert "soxauto run --period 2024-06 --report cr_05" in error.value.remedy


def one_byte(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def another_table(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"company_code": ["EC_NG"]}), sink)
    return bytes(sink.getvalue())


DAMAGES = [one_byte, half, another_table, lambda content: b""]
NAMES = ["one byte", "half written", "another table", "empty"]


@pytest.mark.parametrize("damage", DAMAGES, ids=NAMES)
def test_damaged_current_data_is_given_to_nobody(
    workshop: Workshop, damage: Callable[[bytes], bytes]
) -> None:
    path = workshop.results.local_path(current_key(REPORT, MAY))
    content = damage(path.read_bytes())
    path.chmod(0o644)
    path.write_bytes(content)
    with pytest.raises(ObjectDamagedError):
        loaded(workshop)


def test_data_that_somebody_put_in_place_of_the_current_is_given_to_nobody(
    workshop: Workshop,
) -> None:
    """A file of its own, whole and readable, in a store that keeps no record of it."""
    path = workshop.results.local_path(current_key(REPORT, MAY))
    content = another_table(b"")
    path.unlink()
    path.write_bytes(content)
    with pytest.raises(ObjectDamagedError, match="is not what an attempt has stored") as error:
        loaded(workshop)
    assert "run the month again" in error.value.remedy


def handled(workshop: Workshop, stage: str, receipt: Receipt) -> dict[str, Any]:
    with dg.build_output_context(asset_key=dg.AssetKey([REPORT, stage])) as context:
        manager(workshop).handle_output(context, receipt)
        return dict(context.get_logged_metadata())


def test_a_record_of_an_output_is_made_of_the_object_that_is_there(workshop: Workshop) -> None:
    (outcome,) = workshop.told.outcomes
    for stage, receipt, store in (
        ("extract", outcome.extract, workshop.results),
        ("validated", outcome.validated, workshop.results),
        ("evidence", outcome.package.manifest, workshop.evidence),
    ):
        assert receipt is not None
        facts = handled(workshop, stage, receipt)
        found = [facts[name].value for name in ("SHA-256", "bytes", "version")]
        assert found == [receipt.sha256, receipt.size, receipt.version]
        assert str(store.local_path(receipt.key)) in str(facts["stored object"].value)


@pytest.mark.parametrize("damage", DAMAGES, ids=NAMES)
@pytest.mark.parametrize("stage", ["extract", "evidence"])
def test_an_output_whose_object_is_not_as_it_was_stored_gets_no_record(
    workshop: Workshop, stage: str, damage: Callable[[bytes], bytes]
) -> None:
    (outcome,) = workshop.told.outcomes
    store = workshop.evidence if stage == "evidence" else workshop.results
    receipt = outcome.package.manifest if stage == "evidence" else outcome.extract
    assert receipt is not None
    path = store.local_path(receipt.key)
    content = damage(path.read_bytes())
    path.chmod(0o644)
    path.write_bytes(content)
    with pytest.raises(StoreError):
        handled(workshop, stage, receipt)


def test_an_output_whose_object_is_gone_gets_no_record(workshop: Workshop) -> None:
    (outcome,) = workshop.told.outcomes
    assert outcome.extract is not None
    workshop.results.local_path(outcome.extract.key).unlink()
    with pytest.raises(ObjectMissingError):
        handled(workshop, "extract", outcome.extract)
