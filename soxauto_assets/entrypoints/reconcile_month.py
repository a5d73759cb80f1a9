"""`soxauto pg01`: the control of a month, as a real Dagster run, and its table.

Here: the run and what a person sees of it. Not here: the control (``reconciliation``), its
attempt (``assets/control_attempt.py``).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from soxauto_assets.entrypoints.close_month import prepare
from soxauto_assets.entrypoints.console import ConsoleListener
from soxauto_assets.entrypoints.control_run import control_said, run_control
from soxauto_assets.entrypoints.instance import dagster_home, opened_instance
from soxauto_assets.errors import SoxautoError

if TYPE_CHECKING:
    from pathlib import Path

    from soxauto_assets.assets.outcome import Outcome
    from soxauto_assets.period import Period
    from soxauto_assets.settings import Settings
    from soxauto_assets.store.protocol import ObjectStore

_STYLES = {
    "RECONCILED": "green",
    "EXPLAINED": "yellow",
    "TO INVESTIGATE": "bold red",
    "INCOMPLETE": "magenta",
}


def reconcile_month(period: Period, settings: Settings, console: Console, errors: Console) -> int:
    """Make one attempt at the control of the month; print its table; the exit code.

    0: everything is reconciled or explained. 1: anything else, with a package all the same.
    """
    os.environ["DAGSTER_HOME"] = str(dagster_home(settings))
    from soxauto_assets.automation.alerting import deliver
    from soxauto_assets.definitions import build

    broken: list[str] = []
    with ConsoleListener(console, 1) as listener:
        definitions = build(settings, listener)
        with opened_instance() as instance:
            prepare(definitions, instance, listener, errors, broken)
            result = run_control(definitions, instance, period, settings, broken)
    resources = definitions.resources or {}
    report_io = resources["report_io"]
    for outcome in listener.outcomes:
        show(outcome, report_io.results, report_io.evidence, console)
    for problem in broken:
        errors.print(problem, style="bold red", markup=False, highlight=False)
    if not listener.outcomes:
        errors.print("The control could not be made; see the run in the UI.", style="bold red")
    try:
        deliver(resources["state"].store, resources["alerts"])
    except (SoxautoError, OSError) as error:
        broken.append(str(error))
        errors.print(f"Alerts wait in the outbox: {error}", style="bold red", markup=False)
    passed = bool(listener.outcomes) and all(outcome.passed for outcome in listener.outcomes)
    return 0 if passed and result.success and not broken else 1


def show(outcome: Outcome, results: ObjectStore, evidence: ObjectStore, console: Console) -> None:
    """The table of the stored summary, what asks for attention, and where the package is."""
    import polars as pl

    from soxauto_assets.entrypoints.through_time import through_time

    if outcome.extract is not None:
        path: Path = results.local_path(outcome.extract.key)
        lines = pl.read_parquet(path).to_dicts()
        console.print(summary_table(lines))
        for text in attention(lines):
            console.print(text, highlight=False)
        for text in through_time(outcome.address, evidence):
            console.print(text, highlight=False)
    word, style = ("PASS", "bold green") if outcome.passed else ("FAIL", "bold red")
    said = Text(f"{outcome.address.period} PG-01: ").append(word, style=style)
    console.print(said.append(f", {control_said(outcome, results)}"))
    if outcome.cause is not None:
        console.print(Text(f"  {outcome.cause}"))
    console.print(Text(f"  package: {outcome.package.url}"), soft_wrap=True)


def summary_table(lines: Sequence[dict[str, object]]) -> Table:
    """Company by pool: the status, and what is unexplained in USD where that is not zero."""
    pools = list(dict.fromkeys(str(line["pool"]) for line in lines))
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        caption="status, and USD unexplained; * sign not confirmed by finance",
    )
    table.add_column("company", style="bold", no_wrap=True)
    unconfirmed = {str(line["pool"]) for line in lines if not line["sign_confirmed"]}
    for pool in pools:
        table.add_column(pool + ("*" if pool in unconfirmed else ""), justify="right")
    by_place = {(line["company"], line["pool"]): line for line in lines}
    for company in dict.fromkeys(line["company"] for line in lines):
        table.add_row(str(company), *(_cell(by_place[company, pool]) for pool in pools))
    return table


def _cell(line: dict[str, object]) -> Text:
    status, left = str(line["status"]), line["unexplained_usd"]
    text = Text(status.lower(), style=_STYLES[status])
    return text.append(f"\n{left:,.2f}") if left else text


def attention(lines: Sequence[dict[str, object]]) -> list[Text]:
    """One line for each company and pool that is not simply reconciled."""
    texts = []
    for line in lines:
        status = str(line["status"])
        if status == "RECONCILED":
            continue
        text = Text(f"{line['company']} {line['pool']} ").append(status, style=_STYLES[status])
        if line["missing"]:
            text.append(f": {line['missing']}")
        elif line["variance"] is not None:
            bridges = ", ".join(
                f"{name.removeprefix('bridge_')} {amount:,.2f}"
                for name, amount in line.items()
                if name.startswith("bridge_") and amount
            )
            text.append(
                f": variance {line['variance']:,.2f} {line['currency']}; "
                f"{bridges or 'no bridge'}; unexplained {line['unexplained']:,.2f}"
            )
        texts.append(text)
    return texts
