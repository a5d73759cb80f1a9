"""`soxauto review`: the workbook of a month's control out, its answers in, and what is left.

Here: the three commands and their tables. Not here: the workbook and the answers
(``reconciliation/review``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from soxauto_assets.errors import PermanentError
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings

if TYPE_CHECKING:
    from soxauto_assets.reconciliation.review.answers import Standing
    from soxauto_assets.reconciliation.review.carry_over import Offer
    from soxauto_assets.store.protocol import ObjectStore

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Review the control of a month: fill in a workbook, and bring it back.",
    epilog="Begin with `soxauto review export 2024-09`; docs/reviewer.md tells the rest.",
)
PeriodArgument = Annotated[str, typer.Argument(metavar="YYYY-MM", show_default=False)]


class WorkbookFileError(PermanentError):
    """The file of a workbook cannot be read or written."""


def _console() -> Console:
    from soxauto_assets.entrypoints.cli import console

    return console


def _store(settings: Settings, name: str) -> ObjectStore:
    from soxauto_assets.entrypoints.bindings import store_url
    from soxauto_assets.store.opening import open_store

    return open_store(store_url(settings, name), name=name)


@app.command()
def export(
    period: PeriodArgument,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Default: pg01-review-YYYY-MM.xlsx."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there.")
    ] = False,
) -> None:
    """Write the review workbook of the newest control of a month, with the answers given so far.

    It is made from the sealed package and names its digest: what is filled in answers that control
    and no other. Answers that were given to an earlier control of the month stand in it where what
    they answer is unchanged, marked, and count once the workbook is brought back.
    """
    from soxauto_assets.reconciliation.review.answers import newest
    from soxauto_assets.reconciliation.review.carry_over import offer
    from soxauto_assets.reconciliation.review.reviewed import read_newest
    from soxauto_assets.reconciliation.review.workbook import workbook

    settings = Settings.load()
    month = Period.parse(period)
    path = output or Path(f"pg01-review-{month}.xlsx")
    reviewed = read_newest(_store(settings, "evidence"), month)
    inputs = _store(settings, "inputs")
    given = newest(inputs, reviewed)
    offered = offer(inputs, _store(settings, "evidence"), reviewed)
    content = workbook(reviewed, {} if given is None else given.answers, offered)
    try:
        with path.open("wb" if force else "xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise WorkbookFileError(
            f"{path} is there already.",
            remedy="Name another file with -o, or give --force to write over it.",
        ) from error
    except OSError as error:
        raise WorkbookFileError(
            f"{path} cannot be written: {error.strerror}.", remedy="Name another file with -o."
        ) from error
    _console().print(
        f"{path}: {month}, control {reviewed.address.attempt}, {len(reviewed.lines)} lines.",
        highlight=False,
        markup=False,
    )
    if offered is not None:
        _console().print(Text(_said(offered)))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
) -> None:
    """Read a filled-in workbook back; keep its answers if it is whole, or refuse all of it.

    Refused, with sheet, row and column: a workbook of another control or version, a row that was
    deleted, a locked cell that was changed, a column that is missing, a due date that is none.
    Every import stays, with who and when; the newest counts. Exit code 0 when it was taken.
    """
    from soxauto_assets.assets.factory import who
    from soxauto_assets.entrypoints.bindings import signer_of
    from soxauto_assets.evidence.log_keeping import keep_log
    from soxauto_assets.reconciliation.review.answers import keep, standing
    from soxauto_assets.reconciliation.review.carry_over import offer
    from soxauto_assets.reconciliation.review.reading import (
        OpenedWorkbook,
        period_of,
        read_answers,
    )
    from soxauto_assets.reconciliation.review.reviewed import read_newest

    settings = Settings.load()
    try:
        content = file.read_bytes()
    except OSError as error:
        raise WorkbookFileError(
            f"{file} cannot be read: {error.strerror}.", remedy="Name the workbook to bring back."
        ) from error
    opened = OpenedWorkbook(content)
    month = period_of(opened)
    reviewed = read_newest(_store(settings, "evidence"), month)
    answers = read_answers(opened, reviewed)
    inputs = _store(settings, "inputs")
    offered = offer(inputs, _store(settings, "evidence"), reviewed)
    made = keep(
        inputs,
        _store(settings, "state"),
        reviewed,
        answers,
        content,
        who=who(),
        at=datetime.now(UTC),
        offered=None if offered is None else offered.answers,
    )
    # Where the log cannot be written the answers stand all the same; the next start enters them.
    keep_log(
        _store(settings, "state"),
        _store(settings, "evidence"),
        signer_of(settings),
        since=made.at,
    )
    console = _console()
    console.print(
        f"{month}: {len(made.answers)} answers of {made.who} kept, for the control {made.attempt}.",
        highlight=False,
        markup=False,
    )
    _show_blockers(standing(inputs, reviewed), console)


@app.command()
def show(
    period: PeriodArgument,
    every: Annotated[
        bool, typer.Option("--all", help="Also rows that need no answer and have none.")
    ] = False,
) -> None:
    """Show what the newest control of a month asks, what was answered, and by whom.

    Exit code 0 when every answer that is needed has an owner and an explanation; else 1.
    """
    from soxauto_assets.reconciliation.review.answers import history, standing
    from soxauto_assets.reconciliation.review.carry_over import offer
    from soxauto_assets.reconciliation.review.reviewed import read_newest

    settings = Settings.load()
    month = Period.parse(period)
    inputs = _store(settings, "inputs")
    reviewed = read_newest(_store(settings, "evidence"), month)
    now = standing(inputs, reviewed)
    console = _console()
    console.print(review_table(now, every=every))
    for made in history(inputs, month):
        counts = "counts" if now.newest is not None and made.stem == now.newest.stem else (
            "replaced" if made.manifest_sha256 == reviewed.manifest_sha256
            else f"for the control {made.attempt}"
        )  # fmt: skip
        console.print(
            Text(
                f"import of {made.at:%Y-%m-%d %H:%M:%S} UTC by {made.who}: {len(made.answers)} "
                f"answers ({len(made.carried)} carried over), workbook "
                f"{made.workbook_sha256[:16]}, {counts}"
            )
        )
    offered = offer(inputs, _store(settings, "evidence"), reviewed)
    if offered is not None:
        console.print(Text(_said(offered), style="yellow"))
    _show_blockers(now, console)
    raise typer.Exit(1 if now.blockers else 0)


def _said(offered: Offer) -> str:
    return (
        f"Carried over: {len(offered.answers)} answers {offered.said}; {offered.asked_again} no "
        "longer fit. To be confirmed: they stand in the exported workbook, and count once it is "
        "brought back."
    )


def review_table(now: Standing, *, every: bool) -> Table:
    """What needs an answer or has one; ``every``: all that there is."""
    reviewed = now.reviewed
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title=f"PG-01 {reviewed.period}, control {reviewed.address.attempt}",
        title_justify="left",
        caption=f"manifest SHA-256 {reviewed.manifest_sha256}",
        caption_justify="left",
    )
    for name in ("company", "accounts", "status"):
        table.add_column(name, no_wrap=True)
    table.add_column("USD", justify="right", no_wrap=True)
    for name in ("owner", "explanation", "action", "due"):
        table.add_column(name, overflow="fold")
    for item, answer in now.answered:
        if not (every or item.needed or not answer.is_empty):
            continue
        amount = "" if item.amount_usd is None else f"{item.amount_usd:,.2f}"
        missing = Text("missing", style="bold red") if item.needed else Text("")
        table.add_row(
            Text(item.company),
            Text(item.accounts),
            Text(item.subject.lower()),
            amount,
            Text(answer.owner) if answer.owner else missing,
            Text(answer.explanation) if answer.explanation else missing,
            Text(answer.action),
            "" if answer.due is None else str(answer.due),
        )
    return table


def _show_blockers(now: Standing, console: Console) -> None:
    if not now.blockers:
        console.print(Text("Nothing is left to be answered.", style="bold green"))
        return
    console.print(Text(f"Not to be signed off yet: {len(now.blockers)} left.", style="bold red"))
    for sentence in now.blockers:
        console.print(Text(f"  {sentence}"))
