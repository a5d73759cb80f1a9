"""The spool: a stream of batches becomes one Parquet file, read once and digested on the way.

Here: the writing, its threads, the SHA-256 of the file and the content digest. Not here: where
the batches come from (``warehouse``), what the observers look for (``validation``), and the
store that the file goes to (``local.py``).

The reader of the stream, the encoder and the observers work at the same time, one block of rows
after the other; at most a few blocks are in memory, whatever the number of rows.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from soxauto_assets.catalog.model import Column
from soxauto_assets.errors import PermanentError
from soxauto_assets.store.content_digest import ContentDigester
from soxauto_assets.store.durable import free_bytes, partial_file, write_all
from soxauto_assets.store.protocol import StoreError, StoreFullError
from soxauto_assets.warehouse.arrow import arrow_schema

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

BLOCK_ROWS = 32_768
"""Rows of a block and of a row group.

Measured with CR_03 (44 columns): 65,536 cost 90 MiB more at the peak and save 4 % of the time;
16,384 save 40 MiB and cost 12 %, for the contract's cost is mostly per block.
"""

NEEDED_BYTES = 64 * 2**20
"""Free space without which a spool is not begun."""

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class UnexpectedSchemaError(PermanentError):
    """A batch has other columns or types than declared; a fault of the warehouse's engine."""


class Observer(Protocol):
    """Whoever looks at the rows while they pass; called by one thread at a time, in order."""

    def observe(self, block: pa.RecordBatch) -> None:
        """Take note of the next rows; whatever it raises ends the spool with that error."""


@dataclass(frozen=True)
class Spooled:
    """A complete spool file: its SHA-256 (hex) and size in bytes, and what it holds.

    ``content_digest`` (hex) is the SHA-256 of ``content_statement``: ``docs/content-digest.md``.
    """

    path: Path
    sha256: str
    size: int
    rows: int
    content_digest: str
    content_statement: str


def spool(
    batches: Iterator[pa.RecordBatch],
    columns: tuple[Column, ...],
    path: Path,
    *,
    observers: Sequence[Observer] = (),
    progress: Callable[[int], None] | None = None,
) -> Spooled:
    """Write the stream to ``path``, whole or not at all, and tell each block to the observers.

    The same rows give the same bytes with the same version of pyarrow, however they are cut into
    batches; the file's metadata holds nothing that changes from run to run. ``progress`` is told
    the rows that have arrived so far.

    Raises whatever the stream or an observer raises, as it is; StoreFullError where there is too
    little space, at the start or later; StoreError where the file cannot be written;
    UnexpectedSchemaError where a batch is not of the declared schema. No file stands at ``path``
    then, nor any other left behind.
    """
    schema = arrow_schema(columns)
    digester = ContentDigester(schema)
    with ExitStack() as stack:
        stack.enter_context(_memory_given_back())
        with _told(path):
            partial, handle = stack.enter_context(partial_file(path.parent))
            _require_space(path)
        sink = _Sink(handle, path)
        encoder = stack.enter_context(_Encoder(sink, schema))
        lanes = (
            stack.enter_context(_Lane("spool encoder", [encoder.write])),
            stack.enter_context(
                _Lane("spool checks", [digester.update, *(each.observe for each in observers)])
            ),
        )
        rows = 0
        for block in _blocks(batches, schema, progress):
            rows += block.num_rows
            for lane in lanes:
                lane.take(block)
        for lane in lanes:
            lane.finish()
        encoder.finish()
        with _told(path):
            os.rename(partial, path)
    content = digester.finish()
    return Spooled(path, sink.sha256, sink.size, rows, content.hexdigest, content.statement)


def _blocks(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema, progress: Callable[[int], None] | None
) -> Iterator[pa.RecordBatch]:
    """The same rows cut anew, each block but the last of BLOCK_ROWS rows in one piece.

    Cut at the same rows whatever the batches, so that the file does not depend on them.
    """
    waiting: list[pa.RecordBatch] = []
    missing, arrived = BLOCK_ROWS, 0
    with _closed_at_the_end(batches):
        for batch in batches:
            if not batch.schema.equals(schema):
                raise UnexpectedSchemaError(
                    f"A batch has the schema {batch.schema.to_string()}, not the declared one.",
                    remedy="Have the engine cast every batch with warehouse.arrow.conform.",
                )
            arrived += batch.num_rows
            while batch.num_rows >= missing:
                yield pa.concat_batches([*waiting, batch[:missing]])
                batch = batch[missing:]
                waiting, missing = [], BLOCK_ROWS
            if batch.num_rows:
                waiting.append(batch)
                missing -= batch.num_rows
            if progress is not None:
                progress(arrived)
    if waiting:
        yield pa.concat_batches(waiting)


@contextmanager
def _memory_given_back() -> Iterator[None]:
    """Let Arrow use the system's allocator meanwhile.

    Its own keeps what it once had: measured, 40 MiB more at the peak of a spool.
    """
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


@contextmanager
def _closed_at_the_end(batches: Iterator[pa.RecordBatch]) -> Iterator[None]:
    """A stream that is left half-way keeps its connection busy until it is closed."""
    try:
        yield
    finally:
        close = getattr(batches, "close", None)
        if close is not None:
            close()


class _Lane:
    """A thread that does its steps for each block, at most one block behind its feeder."""

    def __init__(self, name: str, steps: Sequence[Callable[[pa.RecordBatch], None]]) -> None:
        self._steps = steps
        self._blocks: queue.Queue[pa.RecordBatch | None] = queue.Queue(maxsize=1)
        self._error: BaseException | None = None
        self._abandoned = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> _Lane:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let the thread end; blocks that still wait are left out."""
        self._abandoned = True
        self._end()

    def take(self, block: pa.RecordBatch) -> None:
        """Hand over the next block; raises the error of a step that failed before."""
        self._raise()
        self._blocks.put(block)

    def finish(self) -> None:
        """Wait until every block is done; raises the error of a step that failed."""
        self._end()
        self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _end(self) -> None:
        if self._thread.is_alive():
            self._blocks.put(None)
            self._thread.join()

    def _run(self) -> None:
        # After an error the thread goes on taking blocks, so that its feeder never waits for it.
        while (block := self._blocks.get()) is not None:
            try:
                for step in self._steps:
                    if self._error is None and not self._abandoned:
                        step(block)
            except BaseException as error:
                self._error = error
            del block  # not kept in memory while the next one is awaited


class _Encoder:
    """Parquet into the sink, one row group a block, with options that never change."""

    def __init__(self, sink: _Sink, schema: pa.Schema) -> None:
        self._sink = sink
        self._schema = schema
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> _Encoder:
        return self

    def __exit__(self, *_: object) -> None:
        # A writer left open writes its footer when it is collected, and would write it into
        # whatever file has the handle by then.
        self._sink.detach()
        if self._writer is not None:
            with suppress(Exception):
                self._writer.close()

    def write(self, block: pa.RecordBatch) -> None:
        """The block as one row group."""
        writer = self._opened(block)
        with self._sink.errors():
            writer.write_table(pa.Table.from_batches([block]), row_group_size=BLOCK_ROWS)

    def finish(self) -> None:
        """The footer; the file is complete afterwards."""
        writer = self._opened(self._schema.empty_table())
        with self._sink.errors():
            writer.close()

    def _opened(self, first: pa.RecordBatch | pa.Table) -> pq.ParquetWriter:
        if self._writer is None:
            with self._sink.errors():
                self._writer = pq.ParquetWriter(
                    self._sink,
                    self._schema,
                    version="2.6",
                    compression="zstd",
                    compression_level=1,
                    use_dictionary=_repeating(first),
                    # The types of the report are all Parquet's own, so a copy of the Arrow schema
                    # would only add bytes that depend on the library.
                    store_schema=False,
                )
        return self._writer


def _repeating(first: pa.RecordBatch | pa.Table) -> list[str]:
    """The columns worth a dictionary: those with values that repeat in the first block.

    Measured: trying one on the others too costs half as much again and makes larger files.
    """
    return [
        name
        for name in first.schema.names
        if 2 * pc.count_distinct(first[name]).as_py() <= first.num_rows
    ]


class _Sink(io.RawIOBase):
    """The open file ``handle``, with the SHA-256 and the number of the bytes written to it."""

    def __init__(self, handle: int, path: Path) -> None:
        self._handle: int | None = handle
        self._path = path
        self._digest = hashlib.sha256()
        self._error: StoreError | None = None
        self.size = 0

    @property
    def sha256(self) -> str:
        """Of the bytes so far, as hexadecimal digits."""
        return self._digest.hexdigest()

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer, /) -> int:
        octets = memoryview(content)
        if self._handle is not None:
            try:
                with _told(self._path):
                    write_all(self._handle, octets)
            except StoreError as error:
                self._error = error
                raise
            self._digest.update(octets)
            self.size += octets.nbytes
        return octets.nbytes

    def detach(self) -> None:
        """Write nothing any more, whoever still asks for it."""
        self._handle = None

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raise what went wrong while writing as it was, whatever the writer makes of it."""
        try:
            yield
        except Exception:
            if self._error is not None:
                raise self._error from None
            raise


def _require_space(path: Path) -> None:
    free = free_bytes(path.parent)
    if free < NEEDED_BYTES:
        raise _full(path, free)


def _full(path: Path, free: int) -> StoreFullError:
    return StoreFullError(
        f"There is no room to spool {path.name}: {free:,} bytes are free in {path.parent}.",
        remedy=f"Free space there; a spool is begun with {NEEDED_BYTES:,} bytes at least.",
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn an OSError about the file ``path`` into a StoreError."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise _full(path, free_bytes(path.parent)) from error
        raise StoreError(
            f"{path.name} cannot be written in {path.parent}: {error.strerror or error}.",
            remedy="Give the user of the process the right to write there, and check the disk.",
        ) from error
