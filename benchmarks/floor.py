"""The floor: the same engine streams the same query to one zstd Parquet file, nothing else.

The query is CR_03's own with its ORDER BY, bound and rendered as the product does it; engine,
memory limit and threads are the same; the rows go from the engine's Arrow reader straight into
pyarrow's Parquet writer with zstd and otherwise its defaults. No control, no check, no digest,
no package, no Dagster.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import source
from benchmarks.peak import peak_mib
from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.parameters import values_for
from soxauto_assets.warehouse.binding import bind_named, markers
from soxauto_assets.warehouse.protocol import Purpose, Statement
from soxauto_assets.warehouse.rendering import render

ROW_GROUP = 65_536


def main(folder: Path, rows: int, memory_mib: int, threads: int) -> None:
    """Measure in this process and print the figures as JSON."""
    entry = load_entry(source.REPORT)
    values = values_for(entry.report, source.PERIOD)
    named = {name: values[name] for name in markers(entry.query)}
    bound = bind_named(Statement("floor", entry.query, named))
    sql = render("floor", bound.text, bound.parameters)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        target = Path(scratch) / "floor.parquet"
        engine = source.warehouse(folder, rows, Path(scratch), memory_mib, threads)
        began = time.perf_counter()
        with engine.open(Purpose("floor", str(source.PERIOD), "floor")) as session:
            connection = session._connection  # type: ignore[attr-defined]
            reader = connection.sql(sql, params=dict(bound.parameters)).to_arrow_reader(ROW_GROUP)
            count = _write(reader, target)
        seconds = time.perf_counter() - began
        figures = {
            "seconds": seconds,
            "cpu": time.process_time(),
            "rows": count,
            "peak": peak_mib(),
            "bytes": target.stat().st_size,
        }
    print(json.dumps(figures))


def _write(reader: pa.RecordBatchReader, target: Path) -> int:
    count = 0
    with pq.ParquetWriter(target, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
