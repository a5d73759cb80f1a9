"""`soxauto sql "select ..."`: a question to the current results, answered as a table.

Here: who answers (Athena where the results are tables there, else DuckDB over the local store),
and how the answer looks. Not here: the engines (``tables``).
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from rich import box
from rich.table import Table
from rich.text import Text

from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.entrypoints.bindings import athena_tables, store_url
from soxauto_assets.errors import PermanentError
from soxauto_assets.settings import Settings
from soxauto_assets.tables.athena import Answer, QueryFailedError
from soxauto_assets.tables.local import QuestionError, ask_locally
from soxauto_assets.tables.question import tables_named

_NUMBERS = ("int", "decimal", "double", "float", "real", "hugeint", "numeric")


class NoTablesError(PermanentError):
    """The results are in S3, and the setting that makes them tables is off."""


def ask(question: str, settings: Settings, *, most_rows: int) -> Answer:
    """The answer of Athena or DuckDB, at most ``most_rows`` rows of it.

    Raises NotAQuestionError, NoTablesError, QuestionError, and what Athena raises.
    """
    if settings.store == "local":
        named = tables_named(question, "duckdb")
        entries = {report: load_entry(report) for report in report_ids() if report in named}
        folder = Path(unquote(urlsplit(store_url(settings, "results")).path))
        return ask_locally(
            question,
            folder,
            entries,
            named,
            most_rows=most_rows,
            memory_mib=settings.engine_memory_mib,
        )
    place = athena_tables(settings)
    if place is None:
        raise NoTablesError(
            "The results are in S3, and no tables are made of them.",
            remedy="Set SOXAUTO_TABLES=athena (docs/aws.md), then `soxauto run`.",
        )
    tables_named(question, "trino")
    try:
        return place.athena.ask(question, most_rows=most_rows)
    except QueryFailedError as error:
        raise QuestionError(f"{error.problem} {error.reason}", remedy=error.remedy) from error


def answer_table(answer: Answer) -> Table:
    """The answer for people: numbers to the right, null as a dim dash, counts below."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left")
    for name, kind in zip(answer.columns, answer.types, strict=True):
        is_number = any(word in kind for word in _NUMBERS)
        table.add_column(Text(name), justify="right" if is_number else "left", overflow="fold")
    for row in answer.rows:
        table.add_row(*(Text("-", style="dim") if v is None else Text(v) for v in row))
    rows = f"{len(answer.rows):,} row" + ("" if len(answer.rows) == 1 else "s")
    notes = [f"the first {rows}; there are more (--rows)" if answer.truncated else rows]
    if answer.scanned_bytes is not None:
        notes.append(f"{answer.scanned_bytes / 2**20:,.1f} MiB read")
    if answer.query is not None:
        notes.append(f"query {answer.query}")
    table.caption = Text(", ".join(notes), style="dim")
    return table
