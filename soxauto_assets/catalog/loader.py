"""Loading the catalogue: one folder a report, each checked by itself.

A broken folder raises when its own report is loaded and touches no other (design, section 2).

Here: which folders there are, reading one, and the checks that need no SQL parser. Not here: the
SQL rules (``warehouse/lint.py``) and the comparison with the source schema
(``warehouse/contract.py``).
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

from soxauto_assets.catalog.model import (
    CatalogEntry,
    CheckKind,
    Column,
    Control,
    ControlKind,
    Numeric,
    Report,
)
from soxauto_assets.errors import PermanentError

CATALOG_FOLDER = Path(__file__).parent

_FILES = ("query.sql", "controls.sql", "schema.py", "report.py")
_REPORT_ID = re.compile(r"[a-z][a-z0-9_]*")
_NAME_LINE = re.compile(r"^-- name:[ \t]*(?P<name>.*?)[ \t]*$", re.MULTILINE)
_HEADER = re.compile(
    r"-- name:[ \t]*(?P<name>[a-z][a-z0-9_]*)[ \t]*\r?\n"
    r"-- kind:[ \t]*(?P<kind>[a-z_]+)[ \t]*\r?\n"
    r"-- title:[ \t]*(?P<title>\S[^\r\n]*?)[ \t]*(?:\r?\n|$)"
)
_COMMENT = re.compile(r"--[^\r\n]*|/\*.*?\*/", re.DOTALL)

_CONTROLS_OF: dict[CheckKind, tuple[tuple[str, ControlKind], ...]] = {
    CheckKind.TRANSFER: (("transfer", ControlKind.TOTALS),),
    CheckKind.WITHOUT_JOINS: (("without_joins", ControlKind.TOTALS),),
    CheckKind.DRIVING_TABLE: (("driving_table", ControlKind.TOTALS),),
    CheckKind.WITNESSES: (
        ("witness_inside", ControlKind.WITNESS_INSIDE),
        ("witness_after", ControlKind.WITNESS_AFTER),
    ),
    CheckKind.ROSTER: (("roster", ControlKind.MUST_BE_EMPTY),),
}
"""The controls that a check kind needs, under their standard names."""


class BrokenReportError(PermanentError):
    """A folder of the catalogue is no report; only this report is affected."""


def report_ids(folder: Path | None = None) -> tuple[str, ...]:
    """The ids of all reports: the folders that hold any file of a report, sorted.

    A folder that lacks some of its files counts, so that a broken report is a failure and never
    a silent absence. ``folder`` replaces CATALOG_FOLDER (for tests).
    """
    root = CATALOG_FOLDER if folder is None else folder
    return tuple(
        sorted(
            child.name
            for child in root.iterdir()
            if child.is_dir() and any((child / name).exists() for name in _FILES)
        )
    )


def load_entry(report_id: str, folder: Path | None = None) -> CatalogEntry:
    """The report of one folder, checked; read once and kept.

    Raises BrokenReportError, which names the file and the remedy, for anything that is wrong
    with the folder, and for an id without a folder. ``folder`` replaces CATALOG_FOLDER.
    """
    root = CATALOG_FOLDER if folder is None else folder
    if not _REPORT_ID.fullmatch(report_id) or not (root / report_id).is_dir():
        raise BrokenReportError(
            f"The catalogue has no report {report_id!r}.",
            remedy=f"Use one of: {', '.join(report_ids(root))}.",
        )
    return _load(root / report_id)


def clear_cache() -> None:
    """Forget what was loaded, for whoever changed the files of a folder in this process."""
    _load.cache_clear()


@cache
def _load(folder: Path) -> CatalogEntry:
    query = _read(folder / "query.sql")
    controls = parse_controls(_read(folder / "controls.sql"), folder.name)
    columns = _constant(folder / "schema.py", "COLUMNS")
    report = _constant(folder / "report.py", "REPORT")
    if not isinstance(report, Report):
        raise _broken(folder / "report.py", "REPORT is no Report.", "Make it a Report(...).")
    if not isinstance(columns, tuple) or not all(isinstance(c, Column) for c in columns):
        raise _broken(
            folder / "schema.py", "COLUMNS is no tuple of Column.", "Make it tuple[Column, ...]."
        )
    entry = CatalogEntry(report, columns, query, controls)
    _check_report(folder, entry)
    _check_controls(folder, entry)
    return entry


def parse_controls(text: str, report_id: str) -> tuple[Control, ...]:
    """The named SELECTs of a ``controls.sql``, in order.

    Each starts with the three lines ``-- name:``, ``-- kind:``, ``-- title:``; what stands above
    the first is a comment on the file. Raises BrokenReportError for a malformed block, an unknown
    kind, a name used twice, or a block without SQL.
    """
    path = Path(report_id) / "controls.sql"
    starts = [match.start() for match in _NAME_LINE.finditer(text)]
    if not starts:
        raise _broken(
            path, "It holds no control.", "Start each control with -- name:, -- kind:, -- title:."
        )
    if not _is_empty_sql(text[: starts[0]]):
        raise _broken(
            path, "SQL stands above the first -- name: line.", "Give it the three header lines."
        )
    controls: dict[str, Control] = {}
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        header = _HEADER.match(text, start)
        first_line = text[start:end].splitlines()[0]
        if header is None:
            raise _broken(
                path,
                f"The block {first_line!r} has no proper header.",
                "Write the lines -- name: lower_case, -- kind: ..., -- title: ... in this order.",
            )
        control = _control(path, header, text[header.end() : end].strip())
        if control.name in controls:
            raise _broken(
                path, f"Two controls are named {control.name}.", "Give each a name of its own."
            )
        controls[control.name] = control
    return tuple(controls.values())


def _control(path: Path, header: re.Match[str], sql: str) -> Control:
    kinds = {kind.value: kind for kind in ControlKind}
    kind = kinds.get(header["kind"])
    if kind is None:
        raise _broken(
            path,
            f"Control {header['name']} is of unknown kind {header['kind']!r}.",
            f"Use one of: {', '.join(kinds)}.",
        )
    if _is_empty_sql(sql):
        raise _broken(path, f"Control {header['name']} has no SQL.", "Write its SELECT.")
    return Control(header["name"], kind, header["title"], sql)


def _read(path: Path) -> str:
    try:
        # newline="" keeps the file's own bytes: its hash is part of the evidence.
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read()
    except FileNotFoundError as error:
        raise _broken(path, "The file is missing.", "Add it.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(path, f"It cannot be read ({error}).", "Make it a UTF-8 text.") from error
    if _is_empty_sql(text):
        # Decision D19: an empty query file is a configuration error, never an empty report.
        raise _broken(path, "It holds no SQL statement.", "Write its SELECT.")
    return text


def _is_empty_sql(text: str) -> bool:
    return not _COMMENT.sub("", text).strip(" \t\r\n;\ufeff")


def _constant(path: Path, name: str) -> object:
    module = _module(path)
    try:
        value: object = getattr(module, name)
    except AttributeError as error:
        raise _broken(path, f"It defines no {name}.", f"Define {name}.") from error
    return value


def _module(path: Path) -> ModuleType:
    if not path.is_file():
        raise _broken(path, "The file is missing.", "Add it.")
    try:
        if path.parent.parent == Path(__file__).parent:
            return importlib.import_module(f"soxauto_assets.catalog.{path.parent.name}.{path.stem}")
        return _module_elsewhere(path)
    except (Exception, SystemExit) as error:  # whatever its code raises breaks this report only
        raise _broken(
            path, f"It cannot be imported: {type(error).__name__}: {error}.", "Correct the module."
        ) from error


def _module_elsewhere(path: Path) -> ModuleType:
    # Never registered in sys.modules: two folders may hold reports of the same id.
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError("no loader for the file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _check_report(folder: Path, entry: CatalogEntry) -> None:
    report, path = entry.report, folder / "report.py"
    names = [column.name for column in entry.columns]
    declared = set(names)
    if len(declared) != len(names) or not names:
        twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
        raise _broken(
            folder / "schema.py",
            f"Columns are declared twice: {twice}." if names else "COLUMNS is empty.",
            "Declare each output column once.",
        )
    if report.id != folder.name:
        raise _broken(
            path, f"Its id {report.id!r} is not the folder's name.", f"Write id={folder.name!r}."
        )
    for what, value in (("primary_key", report.primary_key), ("sources", report.sources)):
        if not value:
            raise _broken(path, f"{what} is empty.", f"Name the {what.replace('_', ' ')}.")
    named = {
        "primary_key": report.primary_key,
        "amounts": report.amounts,
        "event_date": (report.event_date,) if report.event_date else (),
        "balance": (report.balance,) if report.balance else (),
    }
    for what, columns in named.items():
        unknown = [name for name in columns if name not in declared]
        if unknown:
            raise _broken(
                path,
                f"{what} names {', '.join(unknown)}, which schema.py does not declare.",
                "Use the canonical names of schema.py.",
            )
    for name in (*report.amounts, *named["balance"]):
        if not isinstance(entry.column(name).type, Numeric):
            raise _broken(path, f"Amount {name} is no Numeric.", "Amounts are exact decimals.")
    for name in report.primary_key:
        if entry.column(name).nullable:
            # Decision D26: a nullable key part is output as '' and described by empty_means.
            raise _broken(
                folder / "schema.py", f"Key column {name} is nullable.", "COALESCE it in the query."
            )
    for source in report.sources:
        if len(source.split(".")) < 3:
            raise _broken(
                path,
                f"Source {source!r} is no three-part name.",
                "Write database.schema.table, unquoted.",
            )


def _check_controls(folder: Path, entry: CatalogEntry) -> None:
    """Each check kind either can run or is declared not applicable, and never both."""
    report = entry.report
    kinds = {control.name: control.kind for control in entry.controls}
    for check, needed in _CONTROLS_OF.items():
        excused = check in report.not_applicable
        for name, kind in needed:
            if name not in kinds and not excused:
                raise _broken(
                    folder / "controls.sql",
                    f"Control {name}, which check {check.value} needs, is missing.",
                    "Write it, or declare the check in not_applicable with the reason.",
                )
            if name in kinds and excused:
                raise _broken(
                    folder / "report.py",
                    f"Check {check.value} is declared not applicable, but control {name} exists.",
                    "Remove one of the two.",
                )
            if name in kinds and kinds[name] is not kind:
                raise _broken(
                    folder / "controls.sql",
                    f"Control {name} is of kind {kinds[name].value}.",
                    f"Make it of kind {kind.value}.",
                )
    if (report.event_date is None) != (CheckKind.CUT_OFF in report.not_applicable):
        raise _broken(
            folder / "report.py",
            "event_date and not_applicable disagree about the cut-off check.",
            "Name the event_date, or declare CUT_OFF not applicable with the reason; not both.",
        )
    for check in (CheckKind.PRIMARY_KEY, CheckKind.CONTRACT, CheckKind.BASELINE):
        if check in report.not_applicable:
            raise _broken(
                folder / "report.py",
                f"Check {check.value} cannot be declared not applicable.",
                "Every report has a key, a contract and a baseline.",
            )
    for check, reason in report.not_applicable.items():
        if not reason.strip():
            raise _broken(
                folder / "report.py",
                f"not_applicable gives no reason for {check.value}.",
                "Write the reason an auditor will read.",
            )


def _broken(path: Path, problem: str, remedy: str) -> BrokenReportError:
    return BrokenReportError(f"{path.parent.name}/{path.name}: {problem}", remedy=remedy)
