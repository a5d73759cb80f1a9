"""`soxauto doctor`: tries everything that a run needs, and says how to mend what is not well.

Every examination is independent where it can be: what one finds does not keep the next from being
made, and one that cannot be made says so instead of counting as well.

Here: the examinations and their table. Not here: mending (nothing is changed but one small probe
object in the results and state stores).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from soxauto_assets.assets.partitions import last_closed_period
from soxauto_assets.entrypoints.bindings import alert_sink, store_url, warehouse_resource
from soxauto_assets.errors import SoxautoError
from soxauto_assets.settings import InvalidSettingError, Settings

if TYPE_CHECKING:
    from soxauto_assets.period import Period
    from soxauto_assets.warehouse.connection import ConnectionString
    from soxauto_assets.warehouse.protocol import Session, SourceFacts, Statement, Warehouse

LEAST_FREE_GIB = 2
"""Room for the spooled extract of a large report and for what the embedded engine spills."""
CLOCK_SKEW = timedelta(minutes=1)
PROBE = "doctor/probe.json"


class State(Enum):
    """How an examination ended."""

    WELL = "well"
    FAULT = "fault"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Finding:
    """What one examination found. ``remedy`` is set exactly where it is not well."""

    part: str
    subject: str
    state: State
    said: str
    remedy: str = ""


Examination = Callable[[], str]
"""Says what is well; raises a SoxautoError for what is not."""


class NotWellError(SoxautoError):
    """Something that is not well and that no other error stands for."""


def examine(
    environment: Mapping[str, str] | None = None, *, compile_statements: bool = False
) -> Iterator[Finding]:
    """Every finding, one after the other as it is made; the last ones compile, where asked to.

    ``environment`` replaces the process's for the settings.
    """
    try:
        settings = Settings.load(environment)
    except InvalidSettingError as error:
        yield Finding("settings", "environment", State.FAULT, error.problem, error.remedy)
        return
    given = sum(not default for _, _, default, _ in settings.table())
    yield Finding("settings", "environment", State.WELL, f"{given} set, the others at defaults")
    yield _tried("settings", "contract switches", _contract_switches)
    yield _tried("disk", str(settings.home), lambda: _free_space(settings))
    for name in ("results", "evidence", "state"):
        yield _tried("stores", name, partial(_store, settings, name))
    yield _tried("state", "attempts", lambda: _open_attempts(settings))
    yield _tried("state", "outbox", lambda: _outbox(settings))
    sink = alert_sink(settings)
    yield _tried("alerts", sink.name, sink.examine)
    yield from _tables_of_results(settings)
    yield from _warehouse(settings, compile_statements)


def findings_table(findings: list[Finding]) -> Table:
    """The findings for people."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("part", "subject", "", "found", "how to mend it"):
        table.add_column(name, overflow="fold", no_wrap=name in ("part", ""))
    colours = {State.WELL: "green", State.FAULT: "bold red", State.NOT_TRIED: "yellow"}
    part = ""
    for finding in findings:
        table.add_row(
            "" if finding.part == part else finding.part,
            finding.subject,
            Text(finding.state.value, style=colours[finding.state]),
            Text(finding.said),
            Text(finding.remedy),
        )
        part = finding.part
    return table


def _tried(part: str, subject: str, examination: Examination) -> Finding:
    try:
        return Finding(part, subject, State.WELL, examination())
    except SoxautoError as error:
        return Finding(part, subject, State.FAULT, error.problem, error.remedy)


def _contract_switches() -> str:
    from soxauto_assets.validation.switches import require_switched_on

    return ", ".join(f"{name}={value}" for name, value in require_switched_on().items())


def _free_space(settings: Settings) -> str:
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(settings.home).free / 2**30
    except OSError as error:
        raise NotWellError(
            f"The folder cannot be made or read: {error.strerror}.",
            remedy="Set SOXAUTO_HOME to a folder that can be written.",
        ) from error
    if not os.access(settings.home, os.W_OK | os.X_OK):
        raise NotWellError(
            "The folder cannot be written.",
            remedy="Grant the right to write, or set SOXAUTO_HOME to another folder.",
        )
    if free < LEAST_FREE_GIB:
        raise NotWellError(
            f"Only {free:.1f} GiB are free; extracts are spooled here.",
            remedy=f"Free {LEAST_FREE_GIB} GiB, or set SOXAUTO_HOME to a larger disk.",
        )
    return f"{free:.0f} GiB free"


def _store(settings: Settings, name: str) -> str:
    from soxauto_assets.store.opening import open_store

    store = open_store(store_url(settings, name), name=name)
    found = store.info(PROBE)
    if name == "evidence":
        # Whatever is written there stays for years, so the doctor writes nothing.
        return f"{store.url} answers; nothing was written to it"
    content = json.dumps({"doctor": datetime.now(UTC).isoformat()}).encode()
    version = None if found is None else found.version
    receipt = store.replace(PROBE, content, expected_version=version)
    if store.read(receipt.key) != content:
        raise NotWellError(
            f"{store.url} gives back something else than was written.",
            remedy="Try again; if it stays so, do not use this store.",
        )
    return f"{store.url} can be written and read"


def _open_attempts(settings: Settings) -> str:
    from soxauto_assets.evidence.lifecycle import open_attempts
    from soxauto_assets.store.opening import open_store

    state = open_store(store_url(settings, "state"), name="state")
    attempts = open_attempts(state)
    return (
        "none is open"
        if not attempts
        else f"{len(attempts)} open: running now, or closed as interrupted by the next run"
    )


def _outbox(settings: Settings) -> str:
    from soxauto_assets.evidence.outbox import unsent
    from soxauto_assets.store.opening import open_store

    waiting = unsent(open_store(store_url(settings, "state"), name="state"))
    if waiting:
        raise NotWellError(
            f"{len(waiting)} alerts wait to be sent, the oldest since "
            f"{waiting[0].created_at:%Y-%m-%d %H:%M} UTC.",
            remedy="The next run or the daemon sends them; if they stay, see what the sink says.",
        )
    return "every alert was sent"


def _tables_of_results(settings: Settings) -> Iterator[Finding]:
    """Glue, Athena and Redshift, where the settings make tables there; a question is asked."""
    from soxauto_assets.catalog.loader import BrokenReportError, load_entry, report_ids
    from soxauto_assets.entrypoints.bindings import athena_tables, redshift_tables

    athena, redshift = athena_tables(settings), redshift_tables(settings)
    if athena is not None:
        entries = []
        for report in report_ids():
            with suppress(BrokenReportError):  # told where the report is looked at
                entries.append(load_entry(report))

        def asked() -> str:
            answer = athena.athena.ask("SELECT 1 AS answered")
            place = settings.athena_output_location
            return f"answered {answer.rows[0][0]}; {place} takes the answers"

        yield _tried("result tables", "glue", lambda: athena.glue.examine(entries))
        yield _tried("result tables", "athena workgroup", athena.athena.examine)
        yield _tried("result tables", "athena question", asked)
    if redshift is not None:
        yield _tried("result tables", "redshift", redshift.examine)


def _warehouse(settings: Settings, compile_statements: bool) -> Iterator[Finding]:
    if settings.warehouse == "sqlserver":
        yield from _before_the_session(settings)
    period = last_closed_period(settings)
    with ExitStack() as stack:
        try:
            warehouse = warehouse_resource(settings).warehouse()
            session, facts = _opened(stack, warehouse, period)
        except SoxautoError as error:
            yield Finding("warehouse", "session", State.FAULT, error.problem, error.remedy)
            for subject in ("tables", *(("statements",) if compile_statements else ())):
                yield Finding("warehouse", subject, State.NOT_TRIED, "there is no session")
            return
        yield _session_finding(warehouse, facts)
        yield _tried("warehouse", "clock", lambda: _clock(facts))
        yield from _tables(session)
        if compile_statements:
            yield from _compiled(session, period)


def _before_the_session(settings: Settings) -> Iterator[Finding]:
    """Driver, secret and login, each by itself, so that the first fault is told as what it is."""
    from soxauto_assets.entrypoints.bindings import secret_of
    from soxauto_assets.warehouse.connection import choose_driver, registered_drivers, understand
    from soxauto_assets.warehouse.login import try_login

    kept: dict[str, ConnectionString] = {}

    def manager() -> str:
        return f"knows: {', '.join(registered_drivers()) or 'no driver'}"

    def secret() -> str:
        kept["target"] = understand(secret_of(settings)())
        return f"server {kept['target'].server}, login {kept['target'].login}"

    def driver() -> str:
        named = kept["target"].keywords.get("driver") if kept else None
        chosen = choose_driver(named, settings.odbc_driver_path)
        if kept:
            kept["target"] = kept["target"].with_keywords(driver=chosen, app="soxauto doctor")
        return f"{chosen} (the connection string names {named or 'none'})"

    yield _tried("warehouse", "driver manager", manager)
    yield _tried("warehouse", "secret", secret)
    found = _tried("warehouse", "driver", driver)
    yield found
    if not kept or found.state is not State.WELL:
        yield Finding("warehouse", "login", State.NOT_TRIED, "there is no driver or no secret")
        return

    def login() -> str:
        seconds = settings.login_timeout_seconds
        told = try_login(kept["target"], login_seconds=seconds)
        return f"{told['login']} on {told['server']}, by {told['driver']}"

    yield _tried("warehouse", "login", login)


def _opened(stack: ExitStack, warehouse: Warehouse, period: Period) -> tuple[Session, SourceFacts]:
    from soxauto_assets.warehouse.protocol import Purpose

    session = stack.enter_context(warehouse.open(Purpose("doctor", str(period), "doctor")))
    return session, session.facts()


def _session_finding(warehouse: Warehouse, facts: SourceFacts) -> Finding:
    said = f"{warehouse.name}: {facts.engine}, login {facts.login}, isolation {facts.isolation}"
    proof = facts.details.get("read_only_login")
    return Finding("warehouse", "session", State.WELL, f"{said}; {proof}" if proof else said)


def _clock(facts: SourceFacts) -> str:
    apart = abs(facts.source_clock - facts.product_clock)
    if apart > CLOCK_SKEW:
        raise NotWellError(
            f"The clocks of server and product are {apart.total_seconds():.0f} s apart.",
            remedy="Let both follow a time server (chrony).",
        )
    return f"{apart.total_seconds():.1f} s apart from ours"


def _tables(session: Session) -> Iterator[Finding]:
    """One finding a table that differs, and one for all the others."""
    from soxauto_assets.catalog.sources import TABLES
    from soxauto_assets.warehouse.contract import compare_table

    sound = 0
    for declared in TABLES:
        names = [column.name for column in declared.columns]
        try:
            missing, different = compare_table(session, declared, names)
        except SoxautoError as error:
            yield Finding("tables", declared.full_name, State.FAULT, error.problem, error.remedy)
            continue
        if not missing and not different:
            sound += 1
            continue
        lacks = f"missing: {', '.join(missing)}. " if missing else ""
        other = f"of another type: {'; '.join(different)}." if different else ""
        yield Finding(
            "tables",
            declared.full_name,
            State.FAULT,
            (lacks + other).strip(),
            "Create it or grant access to it; or correct soxauto_assets/catalog/sources_*.py.",
        )
    if sound:
        yield Finding(
            "tables", "as declared", State.WELL, f"{sound} of {len(TABLES)} tables and views"
        )


def _compiled(session: Session, period: Period) -> Iterator[Finding]:
    """One finding a report: its query and all its controls are compiled, nothing is run."""
    from soxauto_assets.catalog.loader import report_ids

    for report in report_ids():
        yield _tried("statements", report, partial(_compile, session, report, period))


def _compile(session: Session, report: str, period: Period) -> str:
    from soxauto_assets.assets.reading import statement
    from soxauto_assets.catalog.loader import load_entry
    from soxauto_assets.catalog.parameters import values_for

    entry = load_entry(report)
    values = values_for(entry.report, period)
    texts: list[Statement] = [
        statement(f"{report}/controls/{control.name}", control.sql, values)
        for control in entry.controls
    ]
    for text in texts:
        session.compile(text)
    found = [name for name, _ in session.compile(statement(f"{report}/query", entry.query, values))]
    declared = [column.name for column in entry.columns]
    if found != declared:
        raise NotWellError(
            f"The query gives the columns {', '.join(found)}, not those declared.",
            remedy="Make the final SELECT and schema.py name the same columns in the same order.",
        )
    return f"the query and {len(texts)} controls compile"
