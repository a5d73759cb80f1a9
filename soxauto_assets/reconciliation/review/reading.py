"""Reading a review workbook back: the answers, where everything else is as it was written.

A workbook is held against the control that it names, cell by cell: the binding, the headers,
every row and every locked cell of the sheet Review, and the figures of Lines and Summary. It is
refused as a whole, with every fault by sheet, row and column, or taken as a whole.

Here: the reading. Not here: writing (``workbook.py``), keeping the answers (``answers.py``).
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from soxauto_assets.errors import PermanentError
from soxauto_assets.period import InvalidPeriodError, Period
from soxauto_assets.reconciliation.amounts import shown
from soxauto_assets.reconciliation.review.answers import Answer
from soxauto_assets.reconciliation.review.figures import LINES_HEADER
from soxauto_assets.reconciliation.review.items import Item, items
from soxauto_assets.reconciliation.review.layout import (
    BINDING,
    BINDING_FIRST_ROW,
    COLUMNS,
    FORMAT,
    HEADER_ROW,
    LINES,
    LONGEST,
    NOTES,
    REVIEW,
    SUMMARY,
    letter,
    position,
)
from soxauto_assets.reconciliation.review.workbook import binding, workbook

if TYPE_CHECKING:
    from soxauto_assets.reconciliation.review.reviewed import Reviewed

LARGEST_FILE = 50 * 2**20
_LARGEST_UNPACKED = 500 * 2**20
_SHOWN_FAULTS = 20
_COLUMNS_READ = 26
_REMEDY = (
    "Nothing was stored. Export the workbook again with `soxauto review export {period}`, copy "
    "your answers into it, and import that."
)
_LINE_COLUMNS = {
    0: "company",
    2: "pool",
    5: "balance",
    6: "expected",
    7: "variance",
    11: "explained",
    12: "unexplained",
    15: "unexplained_usd",
    17: "status",
}
_TOLERANCE = Decimal("0.005")
"""Half a cent: what may lie between a figure and what another program calculates in doubles."""


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where: ``row`` as Excel counts, ``column`` by letter and header."""

    problem: str
    sheet: str = REVIEW
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        where = self.sheet if self.row is None else f"{self.sheet}, row {self.row}"
        where += f", column {self.column}" if self.column else ""
        return f"{where}: {self.problem}"


class RefusedWorkbookError(PermanentError):
    """A workbook is not taken. ``faults`` are all that was found, in the order of its cells."""

    def __init__(self, faults: tuple[Fault, ...], period: str = "YYYY-MM") -> None:
        shown = [str(fault) for fault in faults[:_SHOWN_FAULTS]]
        if len(faults) > len(shown):
            shown.append(f"and {len(faults) - len(shown)} more faults.")
        super().__init__("\n".join(shown), remedy=_REMEDY.format(period=period))
        self.faults = faults


class ForeignWorkbookError(RefusedWorkbookError):
    """A workbook answers another control, or another month, than the newest one."""


class OpenedWorkbook:
    """A workbook as its cells stand: what was typed, and what formulas last came to.

    Only the sheets that are read back are looked at: those of rows may be long.
    """

    def __init__(self, content: bytes) -> None:
        _require_workbook(content)
        try:
            self._typed, self._names, self._properties = _cells(content, data_only=False)
            self._values, _, _ = _cells(content, data_only=True)
        except Exception as error:  # whatever a malformed file brings about in the library
            raise _no_workbook(f"it cannot be opened ({type(error).__name__})") from error

    def has(self, sheet: str) -> bool:
        """Whether there is a sheet of that name."""
        return sheet in self._names

    def rows(self, sheet: str) -> int:
        """How many rows the sheet has."""
        return len(self._values[sheet])

    def value(self, sheet: str, row: int, column: int) -> Any:
        """The value of a cell, 0-based; of a formula what it last came to (None: unknown)."""
        return _at(self._values[sheet], row, column)[0]

    def is_formula(self, sheet: str, row: int, column: int) -> bool:
        """Whether the cell holds a formula."""
        return bool(_at(self._typed[sheet], row, column)[1] == "f")

    def property(self, name: str) -> str | None:
        """A custom property of the document; None where a program has dropped it."""
        return self._properties.get(name)


_Cells = list[list[tuple[Any, str]]]


def _at(cells: _Cells, row: int, column: int) -> tuple[Any, str]:
    """Value and kind of a cell; nothing where the sheet ends before."""
    if row < len(cells) and column < len(cells[row]):
        return cells[row][column]
    return None, "n"


def _cells(
    content: bytes, *, data_only: bool
) -> tuple[dict[str, _Cells], list[str], dict[str, str]]:
    """The cells of the sheets that are read back, the names of all, and the properties."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=data_only)
    properties = {
        name: str(book.custom_doc_props[name].value) for name in book.custom_doc_props.names
    }
    found: dict[str, _Cells] = {}
    for name in (NOTES, REVIEW, LINES, SUMMARY):
        if name in book.sheetnames:
            sheet = book[name]
            sheet.reset_dimensions()  # what a program says of its size may be wrong
            found[name] = [
                [(cell.value, cell.data_type) for cell in row]
                for row in sheet.iter_rows(max_col=_COLUMNS_READ)
            ]
    return found, list(book.sheetnames), properties


def _require_workbook(content: bytes) -> None:
    """A zip of bearable size: a small one may unpack to more than the machine has."""
    if len(content) > LARGEST_FILE:
        raise _no_workbook(f"it has {len(content):,} bytes, more than a review ever has")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise _no_workbook("it is no Excel workbook (.xlsx)") from error
    if unpacked > _LARGEST_UNPACKED:
        raise _no_workbook(f"it unpacks to {unpacked:,} bytes")


def _no_workbook(problem: str) -> RefusedWorkbookError:
    return RefusedWorkbookError((Fault(f"{problem}.", sheet="The file"),))


def period_of(opened: OpenedWorkbook) -> Period:
    """The month that the workbook says it is of; raises RefusedWorkbookError."""
    if not opened.has(NOTES):
        raise RefusedWorkbookError((Fault("there is no such sheet.", sheet=NOTES),))
    row = BINDING_FIRST_ROW + [name for _, name in BINDING].index("period")
    text = str(opened.value(NOTES, row, 1))
    try:
        return Period.parse(text)
    except InvalidPeriodError as error:
        raise RefusedWorkbookError(
            (Fault(f"{text[:40]!r} is no month.", NOTES, row + 1, "B"),)
        ) from error


def read_answers(opened: OpenedWorkbook, reviewed: Reviewed) -> dict[str, Answer]:
    """The answers by the item's id, empty ones too.

    Raises ForeignWorkbookError where it answers another control than ``reviewed``, and
    RefusedWorkbookError where anything but an answer was changed, or an answer is malformed.
    """
    period = str(reviewed.period)
    faults = tuple(_binding_faults(opened, reviewed))
    if faults:
        raise ForeignWorkbookError(faults, period)
    faults = tuple(_sheet_faults(opened))
    if faults:
        raise RefusedWorkbookError(faults, period)
    asked = {item.id: item for item in items(reviewed)}
    rows, found = _rows(opened, asked)
    answers: dict[str, Answer] = {}
    for row, item in rows.items():
        found += _locked_faults(opened, row, item)
        answers[item.id] = _answer(opened, row, reviewed, found)
    # Figures need comparing only where the rows are whole: a fault there would repeat itself.
    if not found:
        found += _figure_faults(opened, reviewed)
    if not found and all(answer.is_empty for answer in answers.values()):
        found.append(Fault("there is no answer in it.", row=HEADER_ROW + 2))
    if found:
        raise RefusedWorkbookError(tuple(found), period)
    return answers


def workbook_faults(content: bytes, reviewed: Reviewed) -> Iterator[str]:
    """What is wrong with a workbook that nobody has filled in: none is expected.

    It reads back whole, and the figures that stand in its cells are those of the summary.
    """
    opened = OpenedWorkbook(content)
    yield from map(str, _binding_faults(opened, reviewed))
    yield from map(str, _sheet_faults(opened))
    rows, faults = _rows(opened, {item.id: item for item in items(reviewed)})
    yield from map(str, faults)
    for row, item in rows.items():
        yield from map(str, _locked_faults(opened, row, item))
    yield from _sum_faults(opened, reviewed)


def _sum_faults(opened: OpenedWorkbook, reviewed: Reviewed) -> Iterator[str]:
    """Lines and totals against the summary itself, not against what the writer says of it."""
    first = LINES_HEADER + 1
    for row, line in enumerate(reviewed.lines, first):
        for column, name in _LINE_COLUMNS.items():
            seen = opened.value(LINES, row, column)
            if not _same(seen, line[name]):
                yield f"{LINES}, row {row + 1}: {name} is {line[name]}, and {seen} stands there."
    if opened.value(LINES, first + len(reviewed.lines), 0) is not None:
        yield f"{LINES} has more rows than the summary."
    total = shown(reviewed.unexplained_usd)
    totals = [
        opened.value(SUMMARY, row, 1)
        for row in range(opened.rows(SUMMARY))
        if opened.value(SUMMARY, row, 0) == "Unexplained, absolute, USD"
    ]
    if len(totals) != 1 or not _same(totals[0], total):
        yield f"{SUMMARY}: {total} USD are unexplained, and {totals} stands there."


def _binding_faults(opened: OpenedWorkbook, reviewed: Reviewed) -> Iterator[Fault]:
    expected = binding(reviewed)
    for number, ((label, name), value) in enumerate(zip(BINDING, expected, strict=True)):
        row = BINDING_FIRST_ROW + number
        seen = opened.value(NOTES, row, 1)
        hidden = opened.property(f"soxauto.{name}")
        if opened.value(NOTES, row, 0) != label:
            yield Fault(f"{label!r} stood here.", NOTES, row + 1, "A")
        elif seen != value:
            yield Fault(_foreign(name, seen, value), NOTES, row + 1, "B")
        elif hidden is not None and hidden != value:
            yield Fault(
                f"the document's property soxauto.{name} says {hidden[:70]!r}.", NOTES, row + 1, "B"
            )


def _foreign(name: str, seen: object, value: str) -> str:
    said = repr(str(seen)[:70])
    if name == "format":
        return f"{said} is another version of the workbook; this one reads {FORMAT}."
    if name == "manifest_sha256":
        return f"it answers the control with the manifest {said}, and the newest one is {value}."
    return f"{said} is not {value}, the newest control of the month."


def _sheet_faults(opened: OpenedWorkbook) -> Iterator[Fault]:
    """Sheets and headers that are not there."""
    for sheet in (REVIEW, LINES, SUMMARY):
        if not opened.has(sheet):
            yield Fault("there is no such sheet.", sheet=sheet)
    if not opened.has(REVIEW):
        return
    for number, column in enumerate(COLUMNS):
        seen = opened.value(REVIEW, HEADER_ROW, number)
        if seen != column.header:
            yield Fault(
                f"the column {column.header!r} is missing; {_said(seen)} stands in its place.",
                row=HEADER_ROW + 1,
                column=letter(column.name),
            )


def _rows(opened: OpenedWorkbook, asked: Mapping[str, Item]) -> tuple[dict[int, Item], list[Fault]]:
    """The item of each row, wherever it was moved to; faults where one is gone or there twice."""
    rows: dict[int, Item] = {}
    seen: dict[str, int] = {}
    faults: list[Fault] = []
    own = f"{letter('id')} ({COLUMNS[position('id')].header})"
    for row in range(HEADER_ROW + 1, opened.rows(REVIEW)):
        id = opened.value(REVIEW, row, position("id"))
        if id is None and not _has_answers(opened, row):
            continue
        if id not in asked:
            faults.append(Fault(f"{_said(id)} is no item of this review.", row=row + 1, column=own))
        elif id in seen:
            first = seen[id]
            faults.append(Fault(f"{id} stands in row {first} too.", row=row + 1, column=own))
        else:
            seen[id] = row + 1
            rows[row] = asked[id]
    place = {id: number for number, id in enumerate(asked, HEADER_ROW + 2)}
    for id, item in asked.items():
        if id not in seen:
            faults.append(
                Fault(
                    f"the row of {item.company} {item.accounts} ({item.subject}) was deleted.",
                    row=place[id],
                    column=own,
                )
            )
    return rows, faults


def _has_answers(opened: OpenedWorkbook, row: int) -> bool:
    return any(
        column.input and opened.value(REVIEW, row, number) not in (None, "")
        for number, column in enumerate(COLUMNS)
    )


def _locked_faults(opened: OpenedWorkbook, row: int, item: Item) -> Iterator[Fault]:
    """Locked cells of a row that are not as they were written."""
    expected: dict[str, object] = {
        **item.texts,
        "amount_usd": item.amount_usd,
        "threshold_usd": item.threshold_usd,
    }
    for name, value in expected.items():
        column = position(name)
        seen = opened.value(REVIEW, row, column)
        if opened.is_formula(REVIEW, row, column) or not _same(seen, value):
            yield Fault(
                f"this cell is locked; it held {_said(value)}, and now {_said(seen)}.",
                row=row + 1,
                column=_named(name),
            )


def _answer(opened: OpenedWorkbook, row: int, reviewed: Reviewed, faults: list[Fault]) -> Answer:
    texts = {name: _text(opened, row, name, faults) for name in LONGEST}
    due = _due(opened, row, reviewed, faults)
    return Answer(texts["owner"], texts["explanation"], texts["action"], due)


def _text(opened: OpenedWorkbook, row: int, name: str, faults: list[Fault]) -> str:
    """What was typed, without blanks around it; numbers are text that looks like one."""
    column = position(name)
    if opened.is_formula(REVIEW, row, column):
        faults.append(_fault("holds a formula; type text.", row, name))
        return ""
    seen = opened.value(REVIEW, row, column)
    text = "" if seen is None else str(seen).replace("\r\n", "\n").replace("_x000D_", "").strip()
    if len(text) > LONGEST[name]:
        faults.append(_fault(f"has {len(text)} characters; {LONGEST[name]} fit.", row, name))
    if any(unicodedata.category(one) in ("Cc", "Cs") and one not in "\n\t" for one in text):
        faults.append(_fault("holds a control character; type it again.", row, name))
    return text


def _due(opened: OpenedWorkbook, row: int, reviewed: Reviewed, faults: list[Fault]) -> date | None:
    """The due date: a date of Excel, or text as 2024-10-31, not before the month's end."""
    column = position("due")
    if opened.is_formula(REVIEW, row, column):
        faults.append(_fault("holds a formula; type a date.", row, "due"))
        return None
    seen = opened.value(REVIEW, row, column)
    if seen is None or (isinstance(seen, str) and not seen.strip()):
        return None
    day: date | None = None
    if isinstance(seen, datetime):
        day = seen.date()
    elif isinstance(seen, date):
        day = seen
    elif isinstance(seen, str):
        try:
            day = date.fromisoformat(seen.strip())
        except ValueError:
            day = None
    if day is None:
        faults.append(_fault(f"{_said(seen)} is no date; type it as 2024-10-31.", row, "due"))
    elif day < reviewed.period.cutoff_date:
        faults.append(_fault(f"{day} is before the month's end.", row, "due"))
    return day


def _figure_faults(opened: OpenedWorkbook, reviewed: Reviewed) -> Iterator[Fault]:
    """Figures of Lines and Summary that are not those of the control.

    What is compared is what stands in the cells, formulas by what they last came to; a program
    that did not calculate leaves nothing to compare, and then shows nothing wrong either.
    """
    own = OpenedWorkbook(workbook(reviewed, {}))
    for sheet in (LINES, SUMMARY):
        for row in range(own.rows(sheet)):
            for column in range(_COLUMNS_READ):
                expected = own.value(sheet, row, column)
                if expected is None or _counts_answers(own, sheet, row):
                    continue
                seen = opened.value(sheet, row, column)
                unknown = seen is None and opened.is_formula(sheet, row, column)
                if not unknown and not _same(seen, expected):
                    yield Fault(
                        f"this cell is locked; it held {_said(expected)}, and now {_said(seen)}.",
                        sheet,
                        row + 1,
                        chr(ord("A") + column),
                    )


def _counts_answers(own: OpenedWorkbook, sheet: str, row: int) -> bool:
    return sheet == SUMMARY and own.value(sheet, row, 0) == "Answers still needed"


def _same(seen: object, expected: object) -> bool:
    """Whether a cell holds what was written: numbers to half a cent, nothing as nothing."""
    numbers = (int, float, Decimal)
    if isinstance(expected, numbers) and not isinstance(expected, bool):
        if not isinstance(seen, numbers) or isinstance(seen, bool):
            return False
        return abs(Decimal(str(seen)) - Decimal(str(expected))) <= _TOLERANCE
    nothing = (None, "")
    if expected in nothing or seen in nothing:
        return seen in nothing and expected in nothing
    return str(seen) == str(expected)


def _said(value: object) -> str:
    """A value in a message, short; nothing as nothing."""
    if value is None or value == "":
        return "nothing"
    text = str(value)
    return repr(text if len(text) <= 60 else text[:60] + "…")


def _named(name: str) -> str:
    return f"{letter(name)} ({COLUMNS[position(name)].header})"


def _fault(problem: str, row: int, name: str) -> Fault:
    return Fault(problem, row=row + 1, column=_named(name))
