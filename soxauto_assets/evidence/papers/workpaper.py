"""The Excel workpaper of a package: what a reviewer files, each figure with where it comes from.

Amounts are exact text; beside them stands a number only where Excel's own, with its 15 digits, is
that very amount. Every text is written as text, so nothing that a source holds can become a
formula or a link. The same view gives the same bytes: the only moment in the file is the attempt's.

Here: sheets and cells. Not here: what they show (``view.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from math import ceil
from typing import TYPE_CHECKING, Any

from soxauto_assets.evidence.papers.cited import Cited
from soxauto_assets.evidence.papers.view import DATA, QUERY, Fact, View

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_LONGEST_CELL = 32_767
_CUT = " … (cut here: Excel holds no more; the file has it all)"
_DIGITS = 15
"""Excel keeps numbers in binary with 15 decimal digits; more would be another number."""
_PROCEDURE = (
    ("1", "The controls were read from the source first: totals, witnesses, findings.", "sql/"),
    ("2", "In the same snapshot the query was read once, row by row, into the extract.", QUERY),
    ("3", "Every row was held against the declared columns; key and cut-off.", "schema.json"),
    ("4", "The controls were compared with the extract (sheet Controls).", "controls.json"),
    ("5", "Every check got its verdict; one that could not run is a failure.", "checks.json"),
    ("6", "Data, documents and this workpaper were listed with their SHA-256.", "manifest.json"),
    ("7", "The list was signed; the seal is never replaced.", "manifest.dsse.json"),
)
_LINE_HEIGHT, _HIGHEST_ROW, _LETTERS = 13.5, 409, 1.05
"""Points of a line; the most that a row may have; letters of this font to a unit of width."""
_ONE_LINE = ("title", "section", "amount")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_VERDICTS = ("PASS", "FAIL")
_ROLES = (("Prepared by", "preparer"), ("Reviewed by", "reviewer"))


def workpaper(view: View, ended: datetime) -> bytes:
    """The workbook; ``ended`` (aware) is when the attempt ended, and the date of the file."""
    from xlsxwriter.workbook import Workbook

    content = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with Workbook(content, options) as book:
        book.set_properties(
            {
                "title": f"Workpaper {view.report} {view.period}",
                "subject": f"Attempt {view.attempt}",
                "author": "SOXauto PG-01",
                "created": ended.replace(tzinfo=None),
            }
        )
        _Sheets(book, view).write()
    return content.getvalue()


class _Sheets:
    """The sheets of one workbook, written from left to right."""

    def __init__(self, book: Workbook, view: View) -> None:
        self._book = book
        self._view = view
        self._widths: dict[str, Sequence[float]] = {}
        self._lines: dict[tuple[str, int], int] = {}
        plain: dict[str, Any] = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
        text = plain | {"text_wrap": True, "quote_prefix": True}
        good, bad = "#0A7A52", "#B3261E"
        self._formats = {
            name: book.add_format(plain | extra)
            for name, extra in {
                "text": text,
                "code": text | {"font_name": "Consolas", "font_size": 9},
                "amount": plain | {"align": "right", "quote_prefix": True},
                "number": plain | {"num_format": "#,##0.00##########"},
                "whole": plain | {"num_format": "#,##0"},
                "from": {"font_size": 9, "font_color": "#1F5FBF", "underline": 1},
                "head": {
                    "bold": True,
                    "bg_color": "#E8EDF3",
                    "bottom": 1,
                    "text_wrap": True,
                    "valign": "vcenter",
                },
                "label": {"font_color": "#5B6876"} | {"text_wrap": True},
                "section": {"bold": True, "font_size": 12, "bottom": 1, "font_color": "#16202B"},
                "title": {"bold": True, "font_size": 16},
                "soft": {"font_color": "#5B6876", "italic": True, "text_wrap": True},
                "field": {"bottom": 1, "bg_color": "#FBFCFD"},
                "PASS": {"bold": True, "font_color": good, "bg_color": "#E4F4EC"},
                "FAIL": {"bold": True, "font_color": bad, "bg_color": "#FBE9E7"},
                "stamp PASS": {"bold": True, "font_size": 14, "font_color": "#FFFFFF"}
                | {"bg_color": good, "align": "center"},
                "stamp FAIL": {"bold": True, "font_size": 14, "font_color": "#FFFFFF"}
                | {"bg_color": bad, "align": "center"},
            }.items()
        }

    def write(self) -> None:
        """All sheets; one for which the attempt has nothing is there with its head."""
        self._first()
        self._parameters()
        self._controls()
        self._checks()
        self._dictionary()
        self._sample()
        self._months()
        self._lineage()
        self._query()
        # Excel fits a row to its text on typing, not on opening; other programs at neither.
        for (name, row), lines in self._lines.items():
            if lines > 1:
                height = min(lines * _LINE_HEIGHT, _HIGHEST_ROW)
                self._book.get_worksheet_by_name(name).set_row(row, height)

    def _first(self) -> None:
        sheet, view = self._sheet("Workpaper", (30, 62, 20, 52)), self._view
        sheet.write_string(
            0, 0, f"Workpaper {view.report.upper()}, {view.period}", self._of("title")
        )
        self._text(sheet, 1, 0, view.title, "soft", until=2)
        self._text(sheet, 0, 3, view.verdict.text, self._stamp())
        row = 3
        for column, name in enumerate(("item", "value", "as a number", "from")):
            sheet.write_string(row, column, name, self._of("head"))
        row += 1
        for section in view.sections:
            if section.facts:
                row = self._section(sheet, row, section.title, section.facts)
            if section.title == "Source":
                row = self._procedure(sheet, row)
        self._sign_off(sheet, row)

    def _section(self, sheet: Worksheet, row: int, title: str, facts: Iterable[Fact]) -> int:
        sheet.write_string(row, 0, title, self._of("section"))
        row += 1
        for fact in facts:
            self._text(sheet, row, 0, fact.label, "label")
            text = fact.value.text
            self._text(sheet, row, 1, text, text if text in _VERDICTS else "text")
            self._number(sheet, row, 2, fact.value)
            self._from(sheet, row, 3, fact.value)
            row += 1
        return row + 1

    def _procedure(self, sheet: Worksheet, row: int) -> int:
        sheet.write_string(row, 0, "Procedure", self._of("section"))
        row += 1
        for number, words, file in _PROCEDURE:
            self._text(sheet, row, 0, f"Step {number}", "label")
            self._text(sheet, row, 1, words, "text")
            if not file.startswith("sql") or self._view.documents.names_below(file):
                self._from(sheet, row, 3, Cited(None, file, ""))
            row += 1
        return row + 1

    def _sign_off(self, sheet: Worksheet, row: int) -> None:
        sheet.write_string(row, 0, "Sign-off", self._of("section"))
        for column, name in enumerate(("name", "date", "signature"), 1):
            sheet.write_string(row + 1, column, name, self._of("head"))
        sheet.write_string(row + 1, 0, "role", self._of("head"))
        for number, (words, _) in enumerate(_ROLES, row + 2):
            sheet.write_string(number, 0, words, self._of("label"))
            for column in (1, 2, 3):
                sheet.write_blank(number, column, None, self._of("field"))
        commands = " and ".join(
            f"soxauto signoff {self._view.report} {self._view.period} --role {role}"
            for _, role in _ROLES
        )
        self._text(
            sheet,
            row + 5,
            0,
            "A sign-off that counts is a signed statement over this package's digest "
            f"({commands}). It is stored beside the package, never in it, and is suspended when "
            "a newer attempt exists. The lines above are for a printed copy.",
            "soft",
            until=3,
        )

    def _parameters(self) -> None:
        sheet = self._table("Parameters", (("parameter", 34), ("value", 90), ("from", 52)))
        for row, fact in enumerate(self._view.parameters, 1):
            self._text(sheet, row, 0, fact.label, "code")
            self._text(sheet, row, 1, fact.value.text, "text")
            self._from(sheet, row, 2, fact.value)

    def _controls(self) -> None:
        sheet = self._table(
            "Controls",
            (
                ("control", 20),
                ("kind", 15),
                ("what it proves", 44),
                ("figure", 22),
                ("expected (source)", 34),
                ("found (extract)", 34),
                ("difference", 16),
                ("ties out", 10),
                ("expected from", 44),
                ("found from", 44),
            ),
        )
        for row, line in enumerate(self._view.tie_out, 1):
            found = line.found.text if line.figure or line.expected.found else _counted(line.found)
            amount = "amount" if line.figure else "text"
            self._text(sheet, row, 0, line.control, "code")
            self._text(sheet, row, 1, line.kind.replace("_", " "), "text")
            self._text(sheet, row, 2, line.title, "text")
            self._text(sheet, row, 3, line.figure, "text")
            self._text(sheet, row, 4, line.expected.text, amount)
            self._text(sheet, row, 5, found, amount)
            self._text(sheet, row, 6, line.difference_text, "amount")
            equal, words, style = line.equal, "not tested", "text"
            if equal is not None:
                words, style = ("yes", "PASS") if equal else ("NO", "FAIL")
            self._text(sheet, row, 7, words, style)
            self._from(sheet, row, 8, line.expected)
            self._from(sheet, row, 9, line.found)

    def _checks(self) -> None:
        sheet = self._table(
            "Checks",
            (
                ("check", 20),
                ("what it proves", 40),
                ("verdict", 16),
                ("expected", 50),
                ("found", 50),
                ("cause", 44),
                ("failing rows", 12),
                ("from", 34),
            ),
        )
        names = ("name", "title", "verdict", "expected", "found", "cause")
        for row, check in enumerate(self._view.checks, 1):
            for column, name in enumerate(names):
                text = check.at(name).text
                self._text(sheet, row, column, text, text if text in _VERDICTS else "text")
            self._number(sheet, row, 6, check.at("failing_rows"))
            self._from(sheet, row, 7, check)

    def _dictionary(self) -> None:
        names = ("name", "type", "nullable", "as_of", "personal", "description", "source")
        sheet = self._table(
            "Data dictionary",
            (
                ("column", 26),
                ("type", 16),
                ("may be null", 11),
                ("state at", 11),
                ("personal data", 13),
                ("meaning", 60),
                ("source", 50),
                ("from", 28),
            ),
        )
        for row, column in enumerate(self._view.columns, 1):
            for place, name in enumerate(names):
                self._text(sheet, row, place, column.at(name).text, "text")
            self._from(sheet, row, 7, column)

    def _sample(self) -> None:
        view = self._view
        names = [column.at("name").text for column in view.columns]
        sheet = self._table(
            "Sample", (("row of the data", 14), ("from", 24), *((name, 20) for name in names))
        )
        for row, values in enumerate(view.sample, 1):
            sheet.write_number(row, 0, row, self._of("whole"))
            self._from(sheet, row, 1, Cited(None, DATA, ""))
            for column, name in enumerate(names, 2):
                self._text(sheet, row, column, values.get(name, ""), "text")
        row = len(view.sample) + 2
        for entry in view.failing:
            sample = entry.at("sample")
            if not sample.value:
                continue
            self._text(sheet, row, 0, f"Failing rows of {entry.at('name').text}", "section")
            self._from(sheet, row, 1, entry)
            heads = sample.at(0).names()
            for column, name in enumerate(heads, 2):
                self._text(sheet, row + 1, column, name, "head")
            row += 2
            for shown in sample.items():
                for column, name in enumerate(heads, 2):
                    self._text(sheet, row, column, shown.at(name).text, "text")
                row += 1
            row += 1
        words = ", ".join(view.masked)
        self._text(sheet, row, 0, f"Masked with ***: {words}" if words else "Nothing is masked.")

    def _months(self) -> None:
        amounts = self._view.documents.manifest("report", "amounts").value or []
        sheet = self._table(
            "Twelve months",
            (
                ("month", 12),
                ("rows", 14),
                *((f"total of {name}", 34) for name in amounts),
                ("from", 44),
            ),
        )
        for row, month in enumerate(self._view.months, 1):
            self._text(sheet, row, 0, month.period, "text")
            if month.rows is None:
                self._text(sheet, row, 1, "no current data", "soft")
                continue
            self._number(sheet, row, 1, month.rows)
            for column, name in enumerate(amounts, 2):
                total = month.totals.get(name)
                self._text(sheet, row, column, "" if total is None else total.text, "amount")
            self._from(sheet, row, 2 + len(amounts), month.rows)

    def _lineage(self) -> None:
        sheet = self._table("Lineage", (("column", 28), ("made from", 100), ("from", 44)))
        facts = self._view.lineage
        for row, fact in enumerate(facts, 1):
            self._text(sheet, row, 0, fact.label, "code")
            self._text(sheet, row, 1, fact.value.text or "a constant or a parameter", "text")
            self._from(sheet, row, 2, fact.value)
        for row, name in enumerate(self._view.sources, len(facts) + 2):
            self._text(sheet, row, 0, "read as a source", "label")
            self._text(sheet, row, 1, name, "text")

    def _query(self) -> None:
        sheet = self._table("Query", (("line", 6), ("as it was sent to the source", 130)))
        lines = self._view.documents.lines(QUERY)
        for row, line in enumerate(lines, 1):
            sheet.write_number(row, 0, row, self._of("whole"))
            self._text(sheet, row, 1, line, "code")
        if lines:
            self._from(sheet, len(lines) + 2, 1, Cited(None, QUERY, ""))

    def _sheet(self, name: str, widths: Sequence[float]) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        self._widths[name] = widths
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        view = self._view
        sheet.set_footer(f"&L{view.report} {view.period}&C{view.attempt}&R&A, page &P of &N")
        return sheet

    def _table(self, name: str, columns: Sequence[tuple[str, float]]) -> Worksheet:
        sheet = self._sheet(name, [width for _, width in columns])
        for column, (head, _) in enumerate(columns):
            sheet.write_string(0, column, head, self._of("head"))
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        return sheet

    def _text(
        self,
        sheet: Worksheet,
        row: int,
        column: int,
        text: str,
        style: str = "text",
        until: int = 0,
    ) -> None:
        if len(text) > _LONGEST_CELL:
            text = text[: _LONGEST_CELL - len(_CUT)] + _CUT
        if until:
            sheet.merge_range(row, column, row, until, "", self._of(style))
        sheet.write_string(row, column, text, self._of(style))
        if style not in _ONE_LINE:
            name = sheet.get_name()
            width = sum(self._widths[name][column : max(until, column) + 1]) * _LETTERS
            lines = sum(max(1, ceil(len(line) / width)) for line in text.splitlines())
            self._lines[name, row] = max(self._lines.get((name, row), 1), lines)

    def _number(self, sheet: Worksheet, row: int, column: int, cited: Cited) -> None:
        """The value as a number, where Excel's number is that very value."""
        number = exact_number(cited.value)
        if number is not None:
            whole = number == number.to_integral_value()
            sheet.write_number(row, column, float(number), self._of("whole" if whole else "number"))

    def _from(self, sheet: Worksheet, row: int, column: int, cited: Cited) -> None:
        if cited.found:
            link = _relative_link(self._view.documents.link(cited.file), cited.origin)
            sheet.write_url(row, column, link, self._of("from"))

    def _stamp(self) -> str:
        return "stamp PASS" if self._view.passed else "stamp FAIL"

    def _of(self, name: str) -> Format:
        return self._formats[name]


def _relative_link(address: str, text: str) -> Any:
    """A link to a file beside the workbook, as an address.

    XlsxWriter writes such links with the separator of Windows, which other programs do not follow.
    """
    from xlsxwriter.url import Url

    class RelativeLink(Url):  # type: ignore[misc]
        def _target(self) -> str:
            return address

    link = RelativeLink(f"external:{address}")
    link.text = text
    return link


def exact_number(value: object) -> Decimal | None:
    """The value, a number or an amount as text, where Excel keeps it exactly; else None."""
    if isinstance(value, bool) or not _NUMBER.fullmatch(str(value)):
        return None
    number = Decimal(str(value))
    if len(number.normalize().as_tuple().digits) > _DIGITS:
        return None
    return number if Decimal(repr(float(number))) == number else None


def _counted(found: Cited) -> str:
    if found.value is None:
        return "not reached"
    count = len(found.value)
    return f"{count} {'row' if count == 1 else 'rows'}"
