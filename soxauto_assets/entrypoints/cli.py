"""The command line: what a SOX engineer, a reviewer and an auditor type.

Here: arguments, exit codes and printing. Not here: what the commands do (``close_month.py``,
``evidence``, ``verify``). Exit codes: 0 all is well; 1 a report failed or a package differs;
2 the command was not understood or could not run; 5 a re-performance found differences; 75 a
month waits for its source.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from soxauto_assets.entrypoints.baseline_command import baseline_app
from soxauto_assets.entrypoints.log_commands import log_app
from soxauto_assets.entrypoints.month_commands import add_commands, package_folder
from soxauto_assets.entrypoints.review_month import app as review_app
from soxauto_assets.entrypoints.serve_commands import app as serve_app
from soxauto_assets.errors import SoxautoError
from soxauto_assets.period import Period
from soxauto_assets.settings import PROJECT_FOLDER, Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Close a month of SOX control C-PG-1: extract each report, check it, and pack evidence.",
    epilog="Begin with `soxauto run`; then `soxauto status`, `soxauto ui`, `soxauto verify`.",
)
app.add_typer(baseline_app, name="baseline")
app.add_typer(review_app, name="review")
app.add_typer(serve_app, name="serve")
# Where nobody sits at a terminal (CI, a log) lines may be long; a terminal keeps its own width.
console = Console(width=None if sys.stdout.isatty() else 160)
errors = Console(stderr=True, width=None if sys.stderr.isatty() else 160)

PeriodOption = Annotated[
    str | None, typer.Option("--period", "-p", metavar="YYYY-MM", help="The month to close.")
]
ReportOption = Annotated[
    list[str] | None,
    typer.Option("--report", "-r", metavar="ID", help="Only this report; may be given again."),
]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="YYYY-MM", help="First month of a range.")
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="YYYY-MM", help="Last month of a range.")
]


def main() -> None:
    """Run the command line; an error of the product becomes one clear line and exit code 2."""
    try:
        app()
    except SoxautoError as error:
        errors.print(f"[bold red]{type(error).__name__}[/]: ", end="")
        errors.print(error.problem, markup=False, highlight=False)
        errors.print(f"  {error.remedy}", markup=False, highlight=False)
        sys.exit(2)


@app.command()
def run(
    period: PeriodOption = None,
    report: ReportOption = None,
    first: FromOption = None,
    last: ToOption = None,
    cutoff_date: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help="The month by its cut-off: its last day, or the first day after it.",
        ),
    ] = None,
) -> None:
    """Close a month: extract, check, store and pack every report (or those named).

    Without a period it closes the last month that has ended. Every attempt leaves a package,
    also a failed one. A whole month ends with its control, as `soxauto pg01` makes it.

    Exit code 0 only when every report passed and the control was made; what the control found is
    shown, alerted, and told by the exit code of `soxauto pg01`. 75 when the source is not ready
    for the month and its heartbeat day has not come: nothing was begun, run it again tomorrow.
    """
    from soxauto_assets.entrypoints import choices, close_month

    settings = Settings.load()
    periods = choices.chosen_periods(
        settings, period=period, first=first, last=last, cutoff_date=cutoff_date
    )
    reports = choices.chosen_reports(report)
    raise typer.Exit(close_month.close(periods, reports, settings, console, errors))


@app.command()
def pg01(period: PeriodOption = None) -> None:
    """Reconcile a month: balances against what operations expect, explained, packed.

    Reads the month's current reports; run `soxauto run` first. A missing report or file makes
    its families INCOMPLETE. Exit code 0 only when everything is reconciled or explained.
    """
    from soxauto_assets.entrypoints import choices
    from soxauto_assets.entrypoints.reconcile_month import reconcile_month

    settings = Settings.load()
    (chosen,) = choices.chosen_periods(
        settings, period=period, first=None, last=None, cutoff_date=None
    )
    raise typer.Exit(reconcile_month(chosen, settings, console, errors))


@app.command()
def status(period: PeriodOption = None, first: FromOption = None, last: ToOption = None) -> None:
    """Show each report's current and latest attempt, for the last three months or a range.

    *Current* is the passed attempt whose data is published; *latest* is the newest attempt of
    any verdict. A later failure never changes what is current, but the month is red until a
    newer attempt passes. Below the table stands who signed what, and what is suspended.
    """
    from soxauto_assets.entrypoints import choices
    from soxauto_assets.entrypoints.overview import standing_warnings, status_table
    from soxauto_assets.entrypoints.signing_off import sign_off_lines

    settings = Settings.load()
    periods = choices.status_periods(settings, period=period, first=first, last=last)
    table, all_green = status_table(periods, settings)
    console.print(table)
    for line in sign_off_lines(periods, settings):
        console.print(line, markup=False, highlight=False)
    warnings = standing_warnings(settings)
    for line in warnings:
        errors.print(line, style="bold red", markup=False, highlight=False)
    raise typer.Exit(0 if all_green and not warnings else 1)


def _folder_or_zip(text: str) -> Path:
    """The same, or the ZIP of a package."""
    return Path(text) if Path(text).is_file() else package_folder(text)


@app.command()
def verify(
    package: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            parser=_folder_or_zip,
            help="The folder of a package (its file:// address will do), or a ZIP of it.",
            show_default=False,
        ),
    ],
    trust: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Your trust file: whose signatures and times count."),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="A checkpoint of the log that you kept; may be given again."
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Today's log, for --checkpoint; else the one that stands above the package.",
        ),
    ] = None,
    sign_off: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A sign-off that is to be about this package; may be given again.",
        ),
    ] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print the findings as JSON.")
    ] = False,
) -> None:
    """Recompute everything that a package claims, from its own files alone.

    Signature, time stamp, digests, row count, totals, key, cut-off, schema, content digest and
    verdict. Exit code 0 when all of it holds; 1 names the first thing that differs; 3 integrity
    holds, but nothing was recomputed (duckdb is not installed); 4 its time stamp is pending.
    Without a trust file the key that signed it vouches for itself. With a checkpoint that you kept
    it also asks whether today's log extends it.
    """
    from soxauto_assets.entrypoints.log_commands import kept_checkpoints, trusted_by
    from soxauto_assets.verify.archive import verify_zip
    from soxauto_assets.verify.findings import VerificationReport
    from soxauto_assets.verify.package import verify_package
    from soxauto_assets.verify.report import EXIT_CODES, as_json, as_text

    trusted, kept = trusted_by(trust), kept_checkpoints(checkpoint, log, package)

    def verified(folder: Path) -> VerificationReport:
        return verify_package(folder, trusted, sign_offs=sign_off or (), kept=kept)

    report = verify_zip(package, verified) if package.is_file() else verified(package)
    if json_output:
        sys.stdout.write(json.dumps(as_json(report), indent=2) + "\n")
    else:
        console.print(as_text(report), markup=False, highlight=False)
    raise typer.Exit(EXIT_CODES[report.verdict])


@app.command()
def sql(
    text: Annotated[
        str,
        typer.Argument(
            metavar="REPORT | QUESTION",
            help="The id of a report, with a month after it; or one SELECT in quotes.",
            show_default=False,
        ),
    ],
    period: Annotated[
        str | None,
        typer.Argument(metavar="YYYY-MM", help="The month, after a report.", show_default=False),
    ] = None,
    ssms: Annotated[
        bool, typer.Option("--ssms", help="With DECLAREs and lists written out, ready for SSMS.")
    ] = False,
    control: Annotated[
        str | None, typer.Option(metavar="NAME", help="A control of the report, not its query.")
    ] = None,
    rows: Annotated[
        int, typer.Option(min=1, help="The most rows of an answer that are shown.")
    ] = 200,
) -> None:
    """Print the query of a report for a month, or ask a question of the published results.

    `soxauto sql ipe_07 2024-09` prints what is run at the source, for a person to run by hand.
    `soxauto sql "select count(*) from ipe_07 where month = '2024-09'"` answers from the current
    results: each report is a table with its columns and the month (`month`; in cr_05a `period`).
    Athena answers where SOXAUTO_TABLES=athena, else DuckDB over the local store.
    """
    from soxauto_assets.tables.question import looks_like_a_question

    if looks_like_a_question(text):
        if period is not None or ssms or control is not None:
            raise typer.BadParameter("A question takes no month, --ssms or --control.")
        from soxauto_assets.entrypoints.question import answer_table, ask

        console.print(answer_table(ask(text, Settings.load(), most_rows=rows)))
        return
    if period is None:
        raise typer.BadParameter(
            f"After a report comes a month: soxauto sql {text} 2024-09. A question is one SELECT "
            "in quotes."
        )
    from soxauto_assets.entrypoints.statements import printed_statement

    sys.stdout.write(
        printed_statement(text, Period.parse(period), control=control, for_ssms=ssms) + "\n"
    )


@app.command()
def doctor(
    compile_statements: Annotated[
        bool,
        typer.Option(
            "--compile", help="Also have the server compile every query and control; none is run."
        ),
    ] = False,
) -> None:
    """Try everything that a run needs, and say how to mend what is not well.

    Settings, disk, stores, outbox; driver, secret, login, isolation, and every table and column
    against the declared schema. Exit code 0 when all is well, 1 when something is not.
    """
    from soxauto_assets.entrypoints.doctor import State, examine, findings_table

    findings = list(examine(compile_statements=compile_statements))
    console.print(findings_table(findings))
    raise typer.Exit(0 if all(finding.state is State.WELL for finding in findings) else 1)


deployment = typer.Typer(no_args_is_help=True, help="The AWS account that docs/deploy.md makes.")
app.add_typer(deployment, name="deploy")


@deployment.command("verify")
def verify_deployment(
    stack: Annotated[str, typer.Option(metavar="NAME", help="The CloudFormation stack.")] = (
        "soxauto"
    ),
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The template of the release; by default the one beside this code.",
            show_default=False,
        ),
    ] = None,
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence/--no-evidence",
            help="Sign what was found and put it into the evidence bucket; an auditor may not.",
        ),
    ] = True,
) -> None:
    """Read every promised setting of the account back, and compare it with the template.

    Buckets, keys, roles, secret, topic, functions, tasks, network, alarms and all the rest, as
    CloudFormation says they should be with the parameters of the stack. A setting that cannot be
    read does not count as well. Exit code 0 only when nothing differs, 1 when something does.
    """
    from soxauto_assets.entrypoints.account import TEMPLATE, verify_account

    settings = Settings.load()
    raise typer.Exit(
        verify_account(settings, stack, template or TEMPLATE, console, evidence=evidence)
    )


@app.command("settings")
def show_settings() -> None:
    """List every environment variable of the product, its value, and what it means."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("variable", "value", "", "meaning"):
        table.add_column(name, overflow="fold")
    for variable, value, is_default, meaning in Settings.load().table():
        table.add_row(variable, value or "-", "default" if is_default else "set", meaning)
    console.print(table)


@app.command()
def hold(
    report: Annotated[str, typer.Argument(metavar="REPORT", show_default=False)],
    period: Annotated[str, typer.Argument(metavar="YYYY-MM", show_default=False)],
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why, for the record: the matter, the request.")
    ],
    release: Annotated[bool, typer.Option("--release", help="Lift the hold instead.")] = False,
) -> None:
    """Put all packages of a report and month under a legal hold, failed attempts too.

    Nobody can remove them until the hold is released, whatever their retention. Needs S3 with
    Object Lock and the rights of the records manager. Recorded with its reason.
    """
    from soxauto_assets.entrypoints.holding import put_hold

    put_hold(report, Period.parse(period), Settings.load(), console, on=not release, reason=reason)


@app.command()
def docs(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 where a page is out of date.")
    ] = False,
) -> None:
    """Write the page of each report to docs/reports, from the catalogue."""
    from soxauto_assets.entrypoints.report_pages import outdated_pages, write_pages

    folder = PROJECT_FOLDER / "docs" / "reports"
    if not check:
        write_pages(folder)
        return
    outdated = outdated_pages(folder)
    for path in outdated:
        errors.print(f"{path} differs from the catalogue; run `make docs`.", highlight=False)
    raise typer.Exit(1 if outdated else 0)


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
    pages_port: Annotated[
        int | None,
        typer.Option(help="Port of the pages of packages and months; by default the next one."),
    ] = None,
) -> None:
    """Open the Dagster UI and its daemon on this machine, until Ctrl-C.

    Beside it the pages of packages and months are served, which the UI links to.
    """
    from soxauto_assets.entrypoints.ui import HOST, listen_for_pages, open_ui, require_free

    settings = Settings.load()
    require_free(port)
    listener = listen_for_pages(port + 1 if pages_port is None else pages_port)
    console.print(
        f"Dagster UI: http://{HOST}:{port}  in some seconds; Ctrl-C ends it. "
        f"Pages: http://{HOST}:{listener.getsockname()[1]}",
        highlight=False,
    )
    open_ui(settings, port, listener)


app.add_typer(log_app, name="log")
add_commands(app)

if __name__ == "__main__":
    main()
