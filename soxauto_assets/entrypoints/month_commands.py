"""`soxauto period`, `signoff`, `reperform`, `package zip`, `pages`: a month's evidence, for people.

Here: arguments and printing. Not here: the page (``month_page.py``), the sign-off
(``signing_off.py``) and the server (``pages_server.py``).
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from soxauto_assets.period import Period
from soxauto_assets.settings import Settings

package_app = typer.Typer(no_args_is_help=True, help="Handle the folder of a package.")


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the product's."""
    app.command()(pages)
    app.command("period")(month_overview)
    app.command()(signoff)
    app.command()(reperform)
    app.add_typer(package_app, name="package")


def _console(*, stderr: bool = False) -> Console:
    from soxauto_assets.entrypoints import cli

    return cli.errors if stderr else cli.console


def package_folder(text: str) -> Path:
    """The folder that was typed, or copied as an address from an alert; it must be there.

    A mistyped one is no package that differs.
    """
    parts = urlsplit(text)
    folder = Path(unquote(parts.path) if parts.scheme == "file" else text)
    if not folder.is_dir():
        raise typer.BadParameter(f"There is no folder {folder}; nothing was verified.")
    return folder


def pages(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3001,
    listener: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve the pages of packages and months on this machine, until Ctrl-C.

    `soxauto ui` does it too. Nothing but this machine reaches it, and no rows are served.
    """
    from soxauto_assets.entrypoints.pages_server import serve
    from soxauto_assets.entrypoints.ui import HOST, listen_for_pages

    settings = Settings.load()
    if listener is not None:  # handed over by `soxauto ui`, whose end is this one's
        serve(socket.socket(fileno=listener), settings, parent=os.getppid())
        return
    opened = listen_for_pages(port)
    _console().print(
        f"Pages: http://{HOST}:{opened.getsockname()[1]}; Ctrl-C ends it.", highlight=False
    )
    serve(opened, settings)


def month_overview(
    period: Annotated[str, typer.Argument(metavar="YYYY-MM", show_default=False)],
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write the page; default SOXAUTO_HOME/pages."),
    ] = None,
) -> None:
    """Write the page of a month: every report, current and latest, and who signed what.

    Prints where it is, and what stands in the way of each sign-off. Exit code 0 when every
    report and the control passed and both roles have signed; 1 otherwise.
    """
    from soxauto_assets.entrypoints.month_page import lines_of, month_page, write_pages

    settings = Settings.load()
    month = Period.parse(period)
    if html is None:
        html = write_pages([month], settings)[0]
    else:
        html.write_text(month_page(month, settings), "utf-8")
    lines = lines_of(month, settings)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("report", "latest", "signed", "what stands in the way"):
        table.add_column(name, overflow="fold")
    for line in lines:
        signed = ", ".join(role for role, one in line.signed.items() if one.counts) or "-"
        suspended = f"suspended: {len(line.suspended)}. " if line.suspended else ""
        table.add_row(line.report, line.verdict, signed, suspended + " ".join(line.open_points))
    _console().print(table)
    _console().print(f"Page: {html}", highlight=False, soft_wrap=True)
    raise typer.Exit(0 if all(line.signed_off and line.tone == "good" for line in lines) else 1)


def signoff(
    report: Annotated[str, typer.Argument(metavar="REPORT", show_default=False)],
    period: Annotated[str, typer.Argument(metavar="YYYY-MM", show_default=False)],
    role: Annotated[str, typer.Option(metavar="preparer|reviewer", show_default=False)],
    key: Annotated[
        Path, typer.Option(metavar="FILE", help="Your own private key (P-256, PEM, mode 0600).")
    ],
    trust: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Trust file; default SOXAUTO_TRUST_FILE."),
    ] = None,
    note: Annotated[
        str | None, typer.Option(help="What you want to say with it; signed with the rest.")
    ] = None,
) -> None:
    """Sign the newest package of a report (or of `pg01`) off, as its preparer or reviewer.

    The signature is over the digest of the package, by your own key; the trust file says whose it
    is. The preparer signs first, and the reviewer is somebody else. A newer attempt suspends both,
    whatever its verdict. Exit code 2 where it is refused, with the reason.
    """
    from soxauto_assets.entrypoints.signing_off import sign, words
    from soxauto_assets.verify.sign_offs import ROLES

    if role not in ROLES:
        raise typer.BadParameter(f"--role is {' or '.join(ROLES)}, not {role}.")
    made = sign(
        report, Period.parse(period), role, key, Settings.load(), trust_file=trust, note=note
    )
    _console().print(f"{report} {period}: {words(made)}", markup=False, highlight=False)
    _console().print(f"Stored as {made.key}", markup=False, highlight=False, soft_wrap=True)


def reperform(
    report: Annotated[str, typer.Argument(metavar="REPORT", show_default=False)],
    period: Annotated[str, typer.Argument(metavar="YYYY-MM", show_default=False)],
) -> None:
    """Run the query of a month's current package again, and explain every row that differs.

    The query and the parameters are those of the package, not of today's catalogue. Each row that
    differs was added since (a late posting), removed, or changed (in which columns), and the
    amounts of the three add up exactly to the change of each total. The answer is a signed folder
    of its own in the evidence store; `soxauto verify` takes it. Exit code 0 when nothing differs,
    5 when differences were found and explained, 2 when it could not be done: that is on record
    in the evidence log, and alerted, once it was begun.
    """
    from soxauto_assets.entrypoints.reperforming import reperform_month

    raise typer.Exit(reperform_month(report, Period.parse(period), Settings.load(), _console()))


@package_app.command("zip")
def package_zip(
    package: Annotated[
        Path, typer.Argument(metavar="FOLDER", parser=package_folder, show_default=False)
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="A new file.")],
) -> None:
    """Put a package into one ZIP: the same package gives the same bytes.

    `soxauto verify` takes it as it is, and a folder that any program unpacked it to.
    """
    from soxauto_assets.evidence.zipped import zip_package

    try:
        count = zip_package(package, output)
    except OSError as error:
        _console(stderr=True).print(
            f"{output} cannot be written: {error.strerror}.", highlight=False
        )
        raise typer.Exit(2) from error
    _console().print(f"{output}: {count} files", highlight=False, soft_wrap=True)
