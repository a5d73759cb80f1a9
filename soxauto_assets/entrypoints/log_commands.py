"""The commands of the evidence log: ``soxauto log show``, ``checkpoint`` and ``verify``.

Here: arguments, tables and exit codes. Not here: the log (``evidence/log.py``), what is asked of
it (``verify/log.py``).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from soxauto_assets.evidence.log import EvidenceLog
    from soxauto_assets.verify.kept import KeptCheckpoints
    from soxauto_assets.verify.log import LogReport
    from soxauto_assets.verify.trust import Trust

log_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="The evidence log: what happened to every attempt, in an order that nobody can change.",
)

TrustOption = Annotated[
    Path | None,
    typer.Option("--trust", metavar="FILE", help="Your trust file; keys of the role `log` count."),
]
CheckpointOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--checkpoint", metavar="FILE", help="A checkpoint that you kept; may be given again."
    ),
]
MonthOption = Annotated[
    str | None,
    typer.Option(metavar="YYYY-MM", help="Bound of the months expected; else those attempted."),
]


@log_app.command()
def show(
    report: Annotated[
        str | None, typer.Option("--report", "-r", metavar="ID", help="Only this report.")
    ] = None,
    period: Annotated[
        str | None, typer.Option("--period", "-p", metavar="YYYY-MM", help="Only this month.")
    ] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print the entries as they are, one a line.")
    ] = False,
) -> None:
    """List the entries of the log in their order; the last may wait for their checkpoint."""
    from rich import box
    from rich.table import Table

    from soxauto_assets.verify.log_records import read_record

    entries = _configured().entries()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("entry", "at (UTC)", "kind", "report", "period", "attempt", "says"):
        table.add_column(name, overflow="fold")
    for number, entry in enumerate(entries):
        record = read_record(entry, number)
        about = record.about
        if (report not in (None, about[0])) or (period not in (None, about[1])):
            continue
        if json_output:
            sys.stdout.write(entry.decode() + "\n")
            continue
        says = record.fields.get("verdict") or record.fields.get("reason") or ""
        table.add_row(
            str(number),
            f"{record.at:%Y-%m-%d %H:%M:%S}",
            record.kind,
            *about,
            str(record.fields.get("attempt", "-")),
            str(says),
        )
    if not json_output:
        _console().print(table)


@log_app.command()
def checkpoint(
    to: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Write it there; never over a file.")
    ] = None,
) -> None:
    """Print today's checkpoint of the log, for you to keep.

    Whoever keeps one can prove later that nothing of what was logged until today was changed,
    left out or put in another order: `soxauto log verify --checkpoint FILE`.
    """
    head = _configured().cover()
    if head is None:
        _errors().print("The log has no entry yet; run a report first.")
        raise typer.Exit(1)
    if to is None:
        sys.stdout.write(head.note.decode())
        return
    try:
        with to.open("xb") as file:
            file.write(head.note)
    except OSError as error:
        raise typer.BadParameter(f"{to} cannot be written: {error.strerror}.") from error
    _console().print(
        f"{to}: {head.checkpoint.size} entries of {head.checkpoint.origin}", highlight=False
    )


@log_app.command()
def verify(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]",
            help="A copy of the evidence store, or of its log; else the store of the settings.",
            show_default=False,
        ),
    ] = None,
    trust: TrustOption = None,
    checkpoint: CheckpointOption = None,
    first: MonthOption = None,
    last: MonthOption = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print findings and story as JSON.")
    ] = False,
) -> None:
    """Verify the whole log, from its own files alone, and say what it tells.

    Signature and root of the checkpoint, every entry and tile; that today's log extends the
    checkpoints that you kept; that every attempt opened is closed with a package, which package
    is current and why, and that no expected month is missing. In a copy of the evidence store
    also that its packages are those of the log. Exit code 0 when all of it holds, else 1.
    """
    from soxauto_assets.verify.log import LOG_FOLDER, folder_reader, keys_in, verify_log
    from soxauto_assets.verify.report import EXIT_CODES, as_json, as_text

    trusted, kept = trusted_by(trust), _notes(checkpoint or [])
    if folder is None:
        from soxauto_assets.evidence.log import KEYS

        log = _configured()
        keys = [log.read(name) for name in log.names(KEYS)]
        result = verify_log(log.read, trusted, keys=keys, kept=kept, first=first, last=last)
    else:
        root = folder / LOG_FOLDER if (folder / LOG_FOLDER).is_dir() else folder
        if not root.is_dir():
            raise typer.BadParameter(f"There is no folder {folder}; nothing was verified.")
        result = verify_log(
            folder_reader(root),
            trusted,
            keys=keys_in(root),
            kept=kept,
            packages=root.parent if (root.parent / "attempts").is_dir() else None,
            first=first,
            last=last,
        )
    if json_output:
        document = {**as_json(result.report), "log": _story(result)}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        _console().print(as_text(result.report), markup=False, highlight=False)
        _print_story(result)
    raise typer.Exit(EXIT_CODES[result.report.verdict])


def trusted_by(path: Path | None) -> Trust | None:
    """The trust file at ``path``; exit code 2 where it cannot be used."""
    from soxauto_assets.verify.trust import TrustFileError, read_trust

    try:
        return None if path is None else read_trust(path)
    except TrustFileError as error:
        _errors().print(f"The trust file cannot be used: {error}.", markup=False, highlight=False)
        raise typer.Exit(2) from error


def kept_checkpoints(
    paths: list[Path] | None, log: Path | None, package: Path
) -> KeptCheckpoints | None:
    """The checkpoints that were kept, with the log that must extend them; None where none was."""
    from soxauto_assets.verify import kept

    try:
        return kept.kept_checkpoints(paths or [], log, package)
    except kept.NotGivenError as error:
        raise typer.BadParameter(str(error)) from error


def _notes(paths: list[Path]) -> list[bytes]:
    from soxauto_assets.verify.kept import NotGivenError, read_notes

    try:
        return read_notes(paths)
    except NotGivenError as error:
        raise typer.BadParameter(str(error)) from error


def _configured() -> EvidenceLog:
    """The log of the settings' evidence store."""
    from soxauto_assets.entrypoints.bindings import store_url
    from soxauto_assets.evidence.log import EvidenceLog
    from soxauto_assets.evidence.signing import open_signer
    from soxauto_assets.settings import Settings
    from soxauto_assets.store.opening import open_store

    settings = Settings.load()
    signer = open_signer(
        settings.signing_key,
        keys_folder=settings.home / "keys",
        region=settings.aws_region,
        endpoint=settings.aws_endpoint,
    )
    return EvidenceLog(open_store(store_url(settings, "evidence"), name="evidence"), signer)


def _story(result: LogReport) -> dict[str, object] | None:
    story = result.story
    if story is None or result.checkpoint is None:
        return None
    return {
        "origin": result.checkpoint.origin,
        "size": result.checkpoint.size,
        "current": [vars(one) for one in story.current],
        "expected": [list(one) for one in story.expected],
        "missing": [list(one) for one in story.missing],
        "attempts": [
            {
                "report": attempt.report,
                "period": attempt.period,
                "attempt": attempt.attempt,
                "opened": None if attempt.opened is None else attempt.opened.number,
                "closed": [closed.number for closed in attempt.closed],
                "verdict": attempt.verdict,
            }
            for attempt in story.attempts
        ],
    }


def _print_story(result: LogReport) -> None:
    from rich import box
    from rich.table import Table

    if result.story is None:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("report", "period", "current package", "why"):
        table.add_column(name, overflow="fold")
    for one in result.story.current:
        table.add_row(one.report, one.period, one.attempt or "none", one.why)
    _console().print(table)


def _console() -> Console:
    from soxauto_assets.entrypoints.cli import console

    return console


def _errors() -> Console:
    from soxauto_assets.entrypoints.cli import errors

    return errors
