"""How a terminal shows a run: progress while it works, a table at its end.

Here: what people see. Not here: what is run (``close_month.py``) and the commands (``cli.py``).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from rich import box
from rich.console import Console
from rich.live import Live
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from soxauto_assets.catalog.model import CheckKind
from soxauto_assets.validation.results import CheckResult, Verdict

if TYPE_CHECKING:
    from soxauto_assets.assets.outcome import Outcome
    from soxauto_assets.store.layout import AttemptAddress

_TOTALS = "hash totals, LCY"
_ANY_WIDTH = 1000
TOTALS_CHECKS = (CheckKind.TRANSFER, CheckKind.WITHOUT_JOINS, CheckKind.DRIVING_TABLE)


class ConsoleListener:
    """Shows each attempt while it works: a live line on a terminal, plain lines elsewhere.

    Use as a context manager; ``outcomes`` holds what has ended, in order.
    """

    def __init__(self, console: Console, expected: int) -> None:
        self.outcomes: list[Outcome] = []
        self._console = console
        self._expected = expected
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.description}"),
            TextColumn("{task.fields[stage]}", markup=False),  # it may quote an error
            TimeElapsedColumn(),
            console=console,
        )
        self._live = Live(self._progress, console=console, transient=True)
        self._task = self._progress.add_task("starting", stage="", total=None)
        self._stage = ""

    def __enter__(self) -> ConsoleListener:
        """Start the live line, where there is a terminal to show it."""
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the live line away."""
        self._live.stop()

    def say(self, stage: str) -> None:
        """Something that belongs to no attempt, for example building the demonstration."""
        if self._console.is_terminal:
            self._progress.update(self._task, stage=stage)
        else:
            self._console.print(stage, highlight=False)

    def opened(self, address: AttemptAddress, run_id: str) -> None:
        """An attempt has begun."""
        number = len(self.outcomes) + 1
        self._progress.update(
            self._task,
            description=f"[{number}/{self._expected}] {address.report} {address.period}",
            stage="",
        )

    def stage(self, address: AttemptAddress, stage: str, level: str = "INFO") -> None:
        """The attempt goes on to ``stage``."""
        self._stage = stage
        self._progress.update(self._task, stage=stage)

    def rows(self, address: AttemptAddress, rows: int) -> None:
        """So many rows of the extract have been read by now."""
        self._progress.update(self._task, stage=f"{self._stage}: {rows:,} rows")

    def closed(self, outcome: Outcome) -> None:
        """The attempt has ended: one line that stays."""
        self.outcomes.append(outcome)
        seconds = (outcome.ended - outcome.started).total_seconds()
        rows = "-" if outcome.rows is None else f"{outcome.rows:,}"
        self._console.print(
            Text.assemble(
                f"[{len(self.outcomes):>2}/{self._expected}] ",
                _verdict(outcome.passed),
                f"  {outcome.address.report:<16} {outcome.address.period}  "
                f"{rows:>12} rows  {seconds:6.1f} s",
            )
        )


def _verdict(passed: bool) -> Text:
    return Text("PASS", style="bold green") if passed else Text("FAIL", style="bold red")


def _amounts(totals: Iterable[tuple[str, Decimal]]) -> str:
    return "\n".join(f"{name} {total:,.2f}" for name, total in totals) or "-"


def _control_totals(outcome: Outcome) -> Text:
    """How many of the tested control totals are equal, or the names of those that differ."""
    names = {kind.value for kind in TOTALS_CHECKS}
    tested = [c for c in outcome.applicable if c.name in names]
    if any(_is_unreached(check, outcome) for check in tested):
        return Text("not reached", style="red")
    differ = [check.name for check in tested if check.verdict is Verdict.FAIL]
    if differ:
        return Text("\n".join(f"{name} DIFFERS" for name in differ), style="red")
    return Text(f"{len(tested)} of {len(tested)} equal" if tested else "-")


def _is_unreached(check: CheckResult, outcome: Outcome) -> bool:
    """Whether the check failed for no reason of its own: the attempt ended before it."""
    return check.verdict is Verdict.FAIL and check.cause == outcome.cause


def outcome_tables(outcomes: Sequence[Outcome], console: Console) -> Sequence[Table]:
    """The table at the end of a run: one row an attempt. Totals are rounded for reading only.

    Where the console is too narrow for it, the totals have a table of their own.
    """
    whole = _outcome_table(outcomes, with_totals=True)
    needed = console.measure(whole, options=console.options.update(width=_ANY_WIDTH)).maximum
    if needed <= console.width:
        return (whole,)
    return (_outcome_table(outcomes, with_totals=False), _totals_table(outcomes))


def _outcome_table(outcomes: Sequence[Outcome], *, with_totals: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("report", style="bold", no_wrap=True)
    table.add_column("period", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    if with_totals:
        table.add_column(_TOTALS, justify="right")
    table.add_column("control totals", overflow="fold")
    table.add_column("checks", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("package", overflow="fold")
    for outcome in outcomes:
        table.add_row(
            outcome.address.report,
            str(outcome.address.period),
            "-" if outcome.rows is None else f"{outcome.rows:,}",
            *((_amounts(outcome.totals.items()),) if with_totals else ()),
            _control_totals(outcome),
            f"{outcome.passed_checks}/{len(outcome.applicable)}",
            _verdict(outcome.passed),
            outcome.address.attempt,
        )
    return table


def _totals_table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("report", style="bold", no_wrap=True)
    table.add_column("period", no_wrap=True)
    table.add_column(_TOTALS, justify="right", overflow="fold")
    for outcome in outcomes:
        address = outcome.address
        table.add_row(address.report, str(address.period), _amounts(outcome.totals.items()))
    return table


def _difference(check: CheckResult) -> str:
    """The cause where there is one; expected and found may be long, and are in the package."""
    return check.cause or f"expected {check.expected}, found {check.found}"


def failure_lines(outcomes: Sequence[Outcome]) -> list[Text]:
    """For each report that failed: its cause, the checks that failed, and its package."""
    lines = []
    for outcome in outcomes:
        if outcome.passed:
            continue
        lines.append(
            Text(f"{outcome.address.report} {outcome.address.period} FAIL", style="bold red")
        )
        if outcome.cause is not None:
            lines.append(Text(f"  {outcome.cause}"))
        unreached = [c for c in outcome.failed_checks if _is_unreached(c, outcome)]
        for check in outcome.failed_checks:
            if check not in unreached:
                lines.append(Text(f"  {check.name}: {_difference(check)}"))
        if unreached:
            lines.append(Text(f"  not reached: {', '.join(c.name for c in unreached)}"))
        lines.append(Text(f"  package: {to_verify(outcome)}"))
    return lines


def to_verify(outcome: Outcome) -> str:
    """The package as one types it after `soxauto verify`: its folder, quoted where it must be.

    Its address where it is in no local folder.
    """
    parts = urlsplit(outcome.package.url)
    if parts.scheme != "file":
        return outcome.package.url
    return shlex.quote(unquote(parts.path).rstrip("/"))
