"""ODBC to Parquet on S3, against the driver's own stream and against pandas; in processes apart.

`python -m benchmarks.odbc [--rows 2000000] [--pandas-rows 2000000]`

The source is a real PostgreSQL over Debian's ODBC driver, the target an emulator of S3 over HTTP;
both run beside what is measured, on the same cores. Three programs read the same query:

- floor: the product's driver client (arrow-odbc) with the product's settings, each batch dropped;
- product: its session's stream, cast to the declared schema, spooled as Parquet with the content
  digest, one PUT with its SHA-256. The checks of a report are not part of it: `make bench` has
  them in the chain;
- pandas: ``read_sql`` over pyodbc and ``to_parquet`` into a local file; nothing goes to S3.

Each reads a few rows first, so that the loading of libraries is in nobody's seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
import warnings
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.peak import peak_mib

ROWS = 2_000_000
FLOOR_LIMIT, PEAK_LIMIT = 1.5, 900
"""Times the floor's seconds, and MiB, at 2 million rows of 25 columns."""
FASTER, SMALLER = 2.5, 1 / 3
"""Than pandas: times as fast at least, and the part of its memory at most."""
QUERY = "SELECT * FROM bench ORDER BY entry_no"
_TEXTS = tuple(f"text_{number:02}" for number in range(1, 11))
_CODES = tuple(f"code_{number}" for number in range(1, 5))
_AMOUNTS = ("amount", "amount_lcy", "rate")
_DAYS = ("posting_date", "document_date", "due_date")
_FLAGS = ("is_open", "is_reversed")


def main() -> int:
    """Start both servers, measure by turns, and print the figures against their limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--pandas-rows", type=int, help="fewer rows for pandas, by default as many")
    arguments = parser.parse_args()
    return bench(arguments.rows, Console(), arguments.pandas_rows)


def bench(rows: int, console: Console, pandas_rows: int | None = None) -> int:
    """The figures at ``rows``; 0 where every limit is kept.

    With ``pandas_rows`` pandas and the product are compared at that many.
    """
    from soxauto_assets_tests.support.postgres import postgres_server
    from soxauto_assets_tests.support.s3_server import s3_server

    compared = pandas_rows or rows
    with tempfile.TemporaryDirectory() as folder, s3_server() as s3:
        os.chmod(folder, 0o755)  # the server runs as somebody else
        home = Path(folder) / "postgres"
        home.mkdir()
        with postgres_server(home) as server:
            with console.status(f"building {rows:,} rows of 25 columns"):
                server.psql(_table_of(rows))
            how = {
                "odbc": server.connection_string(),
                "endpoint": s3.endpoint,
                "bucket": s3.bucket(),
                "folder": folder,
            }
            measured = {}
            for name, count in (
                ("floor", rows),
                ("product", rows),
                ("pandas", compared),
                *((("product", compared),) if compared != rows else ()),
            ):
                with console.status(f"{name} of {count:,} rows"):
                    measured[name, count] = _run(name, how | {"rows": count})
    console.print(_shown(measured))
    floor, product = measured["floor", rows], measured["product", rows]
    beside, pandas = measured["product", compared], measured["pandas", compared]
    times = product["seconds"] / floor["seconds"]
    faster = pandas["seconds"] / beside["seconds"]
    part = beside["peak"] / pandas["peak"]
    kept = {
        f"{times:.2f} times the driver's stream alone at {rows:,} rows (limit {FLOOR_LIMIT})": (
            times <= FLOOR_LIMIT
        ),
        f"{product['peak']:.0f} MiB at {rows:,} rows (limit {PEAK_LIMIT})": (
            product["peak"] <= PEAK_LIMIT
        ),
        f"{faster:.1f} times as fast as pandas at {compared:,} rows (limit {FASTER})": (
            faster >= FASTER
        ),
        f"{part:.2f} of the memory of pandas at {compared:,} rows (limit {SMALLER:.2f})": (
            part <= SMALLER
        ),
    }
    for text, holds in kept.items():
        console.print(f"{'kept  ' if holds else 'BROKEN'} {text}", highlight=False)
    return 0 if all(kept.values()) else 1


def _table_of(rows: int) -> str:
    """25 columns as NAV has them: keys, texts that vary and that repeat, amounts, days, flags."""
    columns = [
        "n AS entry_no",
        "n / 7 AS transaction_no",
        "TIMESTAMP '2024-09-01' + n % 2500000 * INTERVAL '1 second' AS changed_at",
        *(f"'customer ' || n * {at} % 90000 AS {name}" for at, name in enumerate(_TEXTS, 3)),
        *(f"'code ' || n % {at * 9} AS {name}" for at, name in enumerate(_CODES, 1)),
        *(f"CAST(n % 99991 * 1.37 AS NUMERIC(38, 20)) AS {name}" for name in _AMOUNTS),
        *(
            f"DATE '2024-09-01' + CAST(n % {at} AS INTEGER) AS {name}"
            for at, name in enumerate(_DAYS, 28)
        ),
        *(f"CAST(n % 2 AS SMALLINT) AS {name}" for name in _FLAGS),
    ]
    assert len(columns) == 25
    typed = ", ".join(f"{name} VARCHAR(60)" for name in (*_TEXTS, *_CODES))
    amounts = ", ".join(f"{name} NUMERIC(38, 20)" for name in _AMOUNTS)
    days = ", ".join(f"{name} DATE" for name in _DAYS)
    flags = ", ".join(f"{name} SMALLINT" for name in _FLAGS)
    return (
        "CREATE UNLOGGED TABLE bench (entry_no BIGINT, transaction_no BIGINT, changed_at TIMESTAMP,"
        f" {typed}, {amounts}, {days}, {flags});\n"
        f"INSERT INTO bench SELECT {', '.join(columns)}"
        f" FROM generate_series(1::BIGINT, {rows}) AS n;\n"
        "CREATE UNIQUE INDEX ON bench (entry_no);\nANALYZE bench;\n"
    )


def _columns():  # type: ignore[no-untyped-def]
    from soxauto_assets.catalog.model import (
        Boolean,
        Column,
        Date,
        Integer,
        Numeric,
        Text,
        Timestamp,
    )

    kinds = {
        "entry_no": Integer(64),
        "transaction_no": Integer(64),
        "changed_at": Timestamp(),
        **dict.fromkeys((*_TEXTS, *_CODES), Text(60)),
        **dict.fromkeys(_AMOUNTS, Numeric(38, 20)),
        **dict.fromkeys(_DAYS, Date()),
        **dict.fromkeys(_FLAGS, Boolean()),
    }
    return tuple(Column(name, kind, name, name) for name, kind in kinds.items())


def _run(program: str, how: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.odbc", program, json.dumps(how)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _sql(how: dict[str, Any]) -> str:
    return f"{QUERY} LIMIT {how['rows']}"


def _connection(how: dict[str, Any]):  # type: ignore[no-untyped-def]
    from soxauto_assets.warehouse.odbc import OdbcConnection

    return OdbcConnection(
        how["odbc"], judge=lambda name, diagnosis: None, login_seconds=5, statement_seconds=600
    )


def _floor(how: dict[str, Any]) -> int:
    from soxauto_assets.warehouse.rereading import BATCH_ROWS

    batches = _connection(how).batches(
        "floor", _sql(how), batch_rows=BATCH_ROWS, columns=_columns(), ahead=True
    )
    return sum(batch.num_rows for batch in batches)


def _product(how: dict[str, Any]) -> int:
    from soxauto_assets.store.s3 import S3Store
    from soxauto_assets.store.s3_address import S3Address, S3Options
    from soxauto_assets.store.spool import spool
    from soxauto_assets.warehouse.protocol import Purpose, Statement
    from soxauto_assets.warehouse.rereading import BATCH_ROWS
    from soxauto_assets_tests.support.postgres import PostgresSession
    from soxauto_assets_tests.support.s3_server import REGION

    options = S3Options(region=REGION, endpoint=how["endpoint"])
    store = S3Store(S3Address(how["bucket"], "results", options), name="results")
    session = PostgresSession(_connection(how), Purpose("bench", "2024-09", "bench"))
    statement = Statement("bench/query", _tsql(how), {})
    columns = _columns()
    with tempfile.TemporaryDirectory(dir=how["folder"]) as scratch:
        spooled = spool(
            session.stream(statement, columns, batch_rows=BATCH_ROWS),
            columns,
            Path(scratch) / "extract.parquet",
        )
        receipt = store.create(f"extract-{uuid.uuid4()}", spooled.path)
    assert (receipt.sha256, receipt.size) == (spooled.sha256, spooled.size)
    return spooled.rows


def _tsql(how: dict[str, Any]) -> str:
    return f"SELECT TOP ({how['rows']}) * FROM bench ORDER BY entry_no"


def _pandas(how: dict[str, Any]) -> int:
    import pandas as pd
    import pyodbc

    # It would rather have SQLAlchemy, which knows no PostgreSQL over ODBC and is no faster.
    warnings.filterwarnings("ignore", message="pandas only supports SQLAlchemy")
    with tempfile.TemporaryDirectory(dir=how["folder"]) as scratch:
        frame = pd.read_sql(_sql(how), pyodbc.connect(how["odbc"]))
        frame.to_parquet(Path(scratch) / "extract.parquet", compression="zstd")
    return len(frame)


def _measure(program: str, how: dict[str, Any]) -> dict[str, Any]:
    read = {"floor": _floor, "product": _product, "pandas": _pandas}[program]
    read(how | {"rows": 10})
    began, cpu = time.perf_counter(), time.process_time()
    assert read(how) == how["rows"]
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak": peak_mib(),
    }


def _shown(measured: dict[tuple[str, int], dict[str, Any]]) -> Table:
    table = Table(title="ODBC to Parquet on S3, 25 columns")
    for heading in ("program", "rows", "s", "rows/s", "CPU s", "peak, MiB"):
        table.add_column(heading, justify="left" if heading == "program" else "right")
    for (name, rows), found in measured.items():
        table.add_row(
            name,
            f"{rows:,}",
            f"{found['seconds']:.1f}",
            f"{rows / found['seconds']:,.0f}",
            f"{found['cpu']:.1f}",
            f"{found['peak']:.0f}",
        )
    return table


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in ("floor", "product", "pandas"):
        print(json.dumps(_measure(sys.argv[1], json.loads(sys.argv[2]))))
    else:
        sys.exit(main())
