"""`soxauto baseline show|diff|approve`: arguments, printing and exit codes.

Not here: what the commands do (``baselines.py``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from soxauto_assets.settings import Settings

baseline_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="What was tested and approved of each report, what changed since, and approving it.",
)
Reports = Annotated[
    list[str] | None,
    typer.Argument(metavar="[REPORT]...", show_default=False, help="All where none is named."),
]


@baseline_app.command()
def show(reports: Reports = None) -> None:
    """Show each report's baseline and whether the report is still what was approved.

    *approved*: unchanged. *reworded*: comments, layout or descriptions changed, no meaning.
    *outdated*: changed in meaning, expired, none, or approved by the key `demonstration` for a
    source that is no demonstration; its attempts fail. Exit code 0 when none is outdated, 1 else.
    """
    from soxauto_assets.entrypoints.baselines import standing_table, standings
    from soxauto_assets.entrypoints.choices import chosen_reports

    settings = Settings.load()
    found = list(
        standings(
            chosen_reports(reports),
            demonstration=settings.warehouse == "embedded",
            today=datetime.now(UTC).date(),
        )
    )
    console, errors = _consoles()
    console.print(standing_table(found))
    outdated = [one for one in found if one.judgement.problems]
    for one in outdated:
        errors.print(f"{one.report}: {' '.join(one.judgement.problems)}", markup=False)
    if outdated:
        names = " ".join(one.report for one in outdated)
        errors.print(
            f"See what changed: soxauto baseline diff {names}\n"
            f"Have another person than its author approve it in a checkout:\n"
            f'  soxauto baseline approve {names} --approver "Name <e-mail>" --tester "Name '
            f'<e-mail>" --note "what was tested" --key <folder of the key>\n'
            "For the demonstration alone: make baselines",
            markup=False,
            highlight=False,
        )
    raise typer.Exit(1 if outdated else 0)


@baseline_app.command()
def diff(reports: Reports = None) -> None:
    """Say what changed since the baseline, clause by clause, one line each.

    Lines that begin with `!` change the meaning and must be approved; those with `~` only the
    wording. Exit code 0 when no meaning changed, 1 else.
    """
    from soxauto_assets.entrypoints.baselines import standings
    from soxauto_assets.entrypoints.choices import chosen_reports

    console, _ = _consoles()
    meant = False
    for one in standings(
        chosen_reports(reports), demonstration=True, today=datetime.now(UTC).date()
    ):
        judgement = one.judgement
        if judgement.baseline is None:
            meant = True
            line = " ".join(judgement.problems)
        elif not judgement.differences:
            line = judgement.words
        else:
            line = f"changed since {judgement.baseline.named}"
        console.print(f"{one.report}: {line}", markup=False, highlight=False)
        for difference in judgement.differences:
            meant = meant or difference.of_meaning
            mark = "!" if difference.of_meaning else "~"
            console.print(f"  {mark} {difference.words}", markup=False, highlight=False)
    raise typer.Exit(1 if meant else 0)


@baseline_app.command()
def approve(
    reports: Reports = None,
    approver: Annotated[
        str | None, typer.Option(metavar='"NAME <E-MAIL>"', help="You, as git would write it.")
    ] = None,
    tester: Annotated[
        str | None, typer.Option(metavar='"NAME <E-MAIL>"', help="Who tested it.")
    ] = None,
    note: Annotated[str, typer.Option(help="What was tested, and how.")] = "",
    key: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER|kms:ARN",
            help="Your signing key: its folder (made there on first use), or a key of KMS.",
        ),
    ] = None,
    demonstration: Annotated[
        bool,
        typer.Option(
            "--demonstration",
            help="With the public key `demonstration`; SQL Server refuses what it approves.",
        ),
    ] = False,
    years: Annotated[int, typer.Option(min=1, max=10, help="How long it counts.")] = 3,
    renew: Annotated[
        bool, typer.Option("--renew", help="Also reports that are as they were approved.")
    ] = False,
) -> None:
    """Approve reports as they stand in this checkout: write and sign their baselines.

    Writes `baseline.json` and `baseline.dsse.json` into each report's folder, to be committed and
    reviewed like code. Refused where the approver is an author of a change since the last
    baseline, by git, or where the change is not committed. Give the auditor your public key for
    the trust file, with the role `approver`.
    """
    from soxauto_assets.entrypoints.baselines import Request, approve_reports
    from soxauto_assets.entrypoints.choices import chosen_reports
    from soxauto_assets.evidence.demonstration_key import DEMONSTRATION, DemonstrationSigner
    from soxauto_assets.evidence.signing import Signer, open_signer

    console, _ = _consoles()
    signer: Signer
    if demonstration:
        if approver or key:
            raise typer.BadParameter("--demonstration approves for nobody: no --approver, --key.")
        signer = DemonstrationSigner()
        approver = tester = DEMONSTRATION
        note = note or "Approved by nobody: the public key of the demonstration."
    else:
        if not (approver and tester and note and key):
            raise typer.BadParameter("Give --approver, --tester, --note and --key.")
        settings = Settings.load()
        local = not key.startswith("kms:")
        signer = open_signer(
            "local" if local else key,
            keys_folder=Path(key).absolute(),
            region=settings.aws_region,
            endpoint=settings.aws_endpoint,
        )
    assert approver is not None
    assert tester is not None
    request = Request(approver, tester, note, years, renew)
    written = approve_reports(
        chosen_reports(reports), request, signer, today=datetime.now(UTC).date()
    )
    for report in written:
        console.print(f"{report}: baseline written; commit it and have it reviewed.")
    if not written:
        console.print("Nothing to approve: every report is as it was approved.")


def _consoles() -> tuple[Console, Console]:
    from soxauto_assets.entrypoints import cli

    return cli.console, cli.errors
