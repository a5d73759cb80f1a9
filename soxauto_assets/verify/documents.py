"""Reading the documents of a package that others must agree with, strictly.

Here: ``checks.json``, ``controls.json``, ``parameters.json``, ``schema.json`` and the form of the
others. Not here: what must agree (``agreement.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from soxauto_assets.verify.manifest import FAIL, INTERRUPTED, NOT_APPLICABLE, PASS
from soxauto_assets.verify.strict_json import (
    UnreadableError,
    count,
    flag,
    items,
    members,
    one_of,
    optional_text,
    read_canonical,
    text,
    texts,
    utc_text,
)

CHECKS, CONTROLS, PARAMETERS, SCHEMA = (
    "checks.json",
    "controls.json",
    "parameters.json",
    "schema.json",
)
FAILING_ROWS, LOG, README = "failing_rows.json", "log.jsonl", "README.txt"
OTHERS = ("environment.json", "lineage.json", "source.json")
EVERY = (CHECKS, CONTROLS, PARAMETERS, SCHEMA, FAILING_ROWS, LOG, README, *OTHERS)
"""The documents that every package has, whatever its verdict."""

_CONTROL_KINDS = ("totals", "witness_inside", "witness_after", "must_be_empty", "noted")


@dataclass(frozen=True)
class Check:
    """One result of ``checks.json``."""

    name: str
    verdict: str


@dataclass(frozen=True)
class Control:
    """One control of ``controls.json``; ``rows`` None: it did not run."""

    name: str
    kind: str
    rows: tuple[dict[str, Any], ...] | None


@dataclass(frozen=True)
class DeclaredColumn:
    """One column of ``schema.json``; ``type`` as ``text``, ``integer(64)``, ``decimal(38,20)``."""

    name: str
    type: str
    nullable: bool
    allowed: tuple[str, ...]
    minimum: str | None
    pattern: str | None
    personal: bool = False


@dataclass(frozen=True)
class Documents:
    """What the documents say; ``report`` None: the report's folder was broken."""

    verdict: str
    cause: str | None
    checks: tuple[Check, ...]
    controls: tuple[Control, ...]
    period: dict[str, Any]
    statements: tuple[str, ...]
    report: dict[str, Any] | None
    columns: tuple[DeclaredColumn, ...]


def read_documents(read: Callable[[str], bytes]) -> Documents:
    """The documents that ``read`` gives by name; raises UnreadableError naming the document."""

    def parsed(name: str) -> Any:
        try:
            return read_canonical(read(name))
        except UnreadableError as error:
            raise UnreadableError(name, error.expected, error.found) from error

    verdict, cause, checks = members(parsed(CHECKS), CHECKS, "verdict", "cause", "checks")
    (controls,) = members(parsed(CONTROLS), CONTROLS, "controls")
    period, _, statements = members(
        parsed(PARAMETERS), PARAMETERS, "period", "values", "statements"
    )
    report, columns = members(parsed(SCHEMA), SCHEMA, "report", "columns")
    members(parsed(FAILING_ROWS), FAILING_ROWS, "masked_columns", "checks")
    for name in OTHERS:
        if not isinstance(parsed(name), dict):
            raise UnreadableError(name, "an object", "something else")
    _check_log(read(LOG))
    return Documents(
        verdict=one_of(verdict, f"{CHECKS}: verdict", PASS, FAIL, INTERRUPTED),
        cause=optional_text(cause, f"{CHECKS}: cause"),
        checks=tuple(_check(item) for item in items(checks, f"{CHECKS}: checks")),
        controls=tuple(_control(item) for item in items(controls, f"{CONTROLS}: controls")),
        period=period,
        statements=tuple(
            text(members(item, PARAMETERS, "file", "name", "bound")[0], f"{PARAMETERS}: file")
            for item in items(statements, f"{PARAMETERS}: statements")
        ),
        report=None if report is None else _report(report),
        columns=tuple(_column(item) for item in items(columns, f"{SCHEMA}: columns")),
    )


def _check(value: Any) -> Check:
    where = f"{CHECKS}: a check"
    name, title, verdict, expected, found, cause, failing = members(
        value, where, "name", "title", "verdict", "expected", "found", "cause", "failing_rows"
    )
    for part in (title, expected, found):
        text(part, where)
    verdict = one_of(verdict, where, PASS, FAIL, NOT_APPLICABLE)
    if verdict == NOT_APPLICABLE:
        text(cause, f"{where}, why it does not apply")
    optional_text(cause, where)
    if failing is not None:
        count(failing, where)
    return Check(text(name, where), verdict)


def _control(value: Any) -> Control:
    where = f"{CONTROLS}: a control"
    name, kind, title, rows = members(value, where, "name", "kind", "title", "rows")
    text(title, where)
    if rows is not None:
        for row in items(rows, where):
            if not isinstance(row, dict):
                raise UnreadableError(where, "rows as objects", "something else")
    return Control(
        text(name, where),
        one_of(kind, where, *_CONTROL_KINDS),
        None if rows is None else tuple(rows),
    )


def _report(value: Any) -> dict[str, Any]:
    where = f"{SCHEMA}: report"
    members(
        value,
        where,
        "id",
        "title",
        "control",
        "purpose",
        "family",
        "group_accounts",
        "sources",
        "parameters",
        "primary_key",
        "amounts",
        "owner",
        "event_date",
        "balance",
        "not_applicable",
        "allow_empty",
        "notes",
    )
    texts(value["primary_key"], where)
    texts(value["amounts"], where)
    flag(value["allow_empty"], where)
    if not isinstance(value["not_applicable"], dict):
        raise UnreadableError(where, "reasons by check", "something else")
    return dict(value)


def _column(value: Any) -> DeclaredColumn:
    where = f"{SCHEMA}: a column"
    name, kind, nullable, allowed, minimum, pattern, personal, *_ = members(
        value,
        where,
        "name",
        "type",
        "nullable",
        "allowed",
        "minimum",
        "pattern",
        "personal",
        "description",
        "source",
        "as_of",
        "clock",
        "empty_means",
    )
    return DeclaredColumn(
        text(name, where),
        text(kind, where),
        flag(nullable, where),
        texts(allowed, where),
        optional_text(minimum, where),
        optional_text(pattern, where),
        flag(personal, where),
    )


def _check_log(content: bytes) -> None:
    *lines, rest = content.split(b"\n")
    if rest:
        raise UnreadableError(LOG, "lines that each end with LF", "a last line without")
    for line in lines:
        at, level, message = members(read_canonical(line), LOG, "at", "level", "message")
        utc_text(at, LOG)
        text(level, LOG)
        text(message, LOG)
