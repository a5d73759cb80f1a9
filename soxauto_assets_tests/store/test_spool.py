"""The spool: one pass, whole files, errors as they were raised."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets.catalog.model import Boolean, Column, Integer, Numeric, Text
from soxauto_assets.errors import TransientError
from soxauto_assets.store import spool as spool_module
from soxauto_assets.store.content_digest import ContentDigester
from soxauto_assets.store.protocol import StoreError, StoreFullError
from soxauto_assets.store.spool import BLOCK_ROWS, Spooled, UnexpectedSchemaError, spool
from soxauto_assets.warehouse.arrow import arrow_schema

COLUMNS = (
    Column("key", Integer(64), "A key.", "none"),
    Column("name", Text(), "A name.", "none", nullable=True),
    Column("amount", Numeric(38, 20), "An amount.", "none"),
    Column("flag", Boolean(), "A flag.", "none"),
)
SCHEMA = arrow_schema(COLUMNS)
ROWS = 4 * BLOCK_ROWS + 1000


class SourceLostError(TransientError):
    """What an engine raises in the middle of a stream."""


def table_of(rows: int) -> pa.Table:
    keys = pa.array(range(rows), pa.int64())
    names = pa.array([None if i % 7 == 0 else f"name {i % 50}" for i in range(rows)])
    amounts = pa.array([Decimal(i).scaleb(-20) for i in range(rows)], pa.decimal128(38, 20))
    flags = pa.array([i % 2 == 0 for i in range(rows)])
    return pa.table([keys, names, amounts, flags], schema=SCHEMA)


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return table_of(ROWS)


def batches_of(table: pa.Table, batch_rows: int) -> Iterator[pa.RecordBatch]:
    return iter(table.to_batches(max_chunksize=batch_rows))


def lost_after(table: pa.Table, batches: int) -> Iterator[pa.RecordBatch]:
    for number, batch in enumerate(batches_of(table, 10_000)):
        if number == batches:
            raise SourceLostError("The connection broke.", remedy="Try again.")
        yield batch


class Remembers:
    """An observer that keeps what it saw."""

    def __init__(self) -> None:
        self.blocks: list[pa.RecordBatch] = []

    def observe(self, block: pa.RecordBatch) -> None:
        self.blocks.append(block)


class Breaks:
    """An observer that fails at the second block."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.seen = 0

    def observe(self, block: pa.RecordBatch) -> None:
        self.seen += 1
        if self.seen == 2:
            raise self.error


def digest_of(table: pa.Table) -> tuple[str, str]:
    digester = ContentDigester(table.schema)
    for batch in table.to_batches():
        digester.update(batch)
    digest = digester.finish()
    return digest.hexdigest, digest.statement


def test_the_file_holds_the_rows_and_is_described_exactly(table: pa.Table, tmp_path: Path) -> None:
    path, arrived = tmp_path / "extract.parquet", list[int]()

    spooled = spool(batches_of(table, 50_000), COLUMNS, path, progress=arrived.append)

    content = path.read_bytes()
    assert spooled == Spooled(
        path, hashlib.sha256(content).hexdigest(), len(content), ROWS, *digest_of(table)
    )
    assert pq.read_table(path).equals(table)
    assert arrived == [50_000, 100_000, ROWS]
    assert os.listdir(tmp_path) == ["extract.parquet"]


@pytest.mark.parametrize("batch_rows", [ROWS, BLOCK_ROWS, 65_535, 7_001])
def test_the_same_rows_give_the_same_bytes_however_they_are_cut(
    table: pa.Table, tmp_path: Path, batch_rows: int
) -> None:
    seen = Remembers()

    once = spool(batches_of(table, 20_480), COLUMNS, tmp_path / "once.parquet")
    again = spool(
        batches_of(table, batch_rows), COLUMNS, tmp_path / "again.parquet", observers=[seen]
    )

    assert (again.sha256, again.content_digest) == (once.sha256, once.content_digest)
    assert [block.num_rows for block in seen.blocks] == [BLOCK_ROWS] * 4 + [1000]
    assert pa.Table.from_batches(seen.blocks).equals(table)


def test_a_stream_without_rows_gives_a_file_with_the_declared_columns(tmp_path: Path) -> None:
    spooled = spool(iter(()), COLUMNS, tmp_path / "empty.parquet")

    assert spooled.rows == 0
    assert pq.read_schema(spooled.path).equals(SCHEMA)
    assert pq.read_metadata(spooled.path).metadata is None


def test_an_error_of_the_stream_comes_out_as_it_was_and_leaves_no_file(
    table: pa.Table, tmp_path: Path
) -> None:
    with pytest.raises(SourceLostError, match=r"^The connection broke\. Try again\.$"):
        spool(lost_after(table, 8), COLUMNS, tmp_path / "extract.parquet")

    assert os.listdir(tmp_path) == []
    assert [t.name for t in threading.enumerate() if t.name.startswith("spool")] == []


@pytest.mark.parametrize("error", [SourceLostError("a", remedy="b"), KeyboardInterrupt()])
def test_an_error_of_an_observer_ends_the_spool_as_it_was(
    table: pa.Table, tmp_path: Path, error: BaseException
) -> None:
    with pytest.raises(type(error)) as caught:
        spool(
            batches_of(table, 10_000),
            COLUMNS,
            tmp_path / "extract.parquet",
            observers=[Breaks(error)],
        )

    assert caught.value is error
    assert os.listdir(tmp_path) == []


def test_an_interruption_closes_the_stream_and_leaves_what_stood_there_before(
    table: pa.Table, tmp_path: Path
) -> None:
    path, closed = tmp_path / "extract.parquet", threading.Event()
    path.write_bytes(b"before")

    def stream() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches_of(table, 10_000)
        finally:
            closed.set()

    def interrupt(rows: int) -> None:
        if rows > BLOCK_ROWS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spool(stream(), COLUMNS, path, progress=interrupt)

    assert closed.is_set()
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["extract.parquet"]


def test_a_batch_of_another_schema_is_refused(tmp_path: Path) -> None:
    wrong = pa.record_batch([pa.array([1])], names=["key"])

    with pytest.raises(UnexpectedSchemaError):
        spool(iter([wrong]), COLUMNS, tmp_path / "extract.parquet")


def test_a_disk_that_fills_up_on_the_way_is_a_full_store(
    table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int, content: Sequence[int]) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(spool_module, "write_all", full)

    with pytest.raises(StoreFullError, match=r"no room to spool extract\.parquet"):
        spool(batches_of(table, 10_000), COLUMNS, tmp_path / "extract.parquet")

    assert os.listdir(tmp_path) == []


def test_a_disk_without_room_is_told_before_the_stream_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread() -> Iterator[pa.RecordBatch]:
        raise AssertionError("the stream was read")
        yield

    monkeypatch.setattr(spool_module, "free_bytes", lambda folder: 1000)

    with pytest.raises(StoreFullError, match="1,000 bytes are free"):
        spool(unread(), COLUMNS, tmp_path / "extract.parquet")

    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there_is_an_error_of_the_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"extract\.parquet cannot be written"):
        spool(iter(()), COLUMNS, tmp_path / "missing" / "extract.parquet")
