"""Cells of a workpaper: text as text, numbers only where Excel holds them exactly, links to files.

Every text is written as text, so nothing that a source holds can become a formula or a link.

Here: styles, sheets, cells. Not here: what stands in them (``workpaper.py``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING, Any

from soxauto_assets.evidence.papers.cited import Cited
from soxauto_assets.evidence.papers.view import View

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_LONGEST_CELL = 32_767
_CUT = " … (cut here: Excel holds no more; the file has it all)"
_DIGITS = 15
"""Excel keeps numbers in binary with 15 decimal digits; more would be another number."""
_LINE_HEIGHT, _HIGHEST_ROW, _LETTERS = 13.5, 409, 1.05
"""Points of a line; the most that a row may have; letters of this font to a unit of width."""
_ONE_LINE = ("title", "section", "amount")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Cells:
    """Writes the cells of one workbook, in the styles of a workpaper."""

    def __init__(self, book: Workbook, view: View) -> None:
        self._book = book
        self.view = view
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

    def fit_rows(self) -> None:
        """Give each row the height of its longest text; to be called last.

        Excel fits a row to its text on typing, not on opening; other programs at neither.
        """
        for (name, row), lines in self._lines.items():
            if lines > 1:
                height = min(lines * _LINE_HEIGHT, _HIGHEST_ROW)
                self._book.get_worksheet_by_name(name).set_row(row, height)

    def sheet(self, name: str, widths: Sequence[float]) -> Worksheet:
        """A new sheet whose columns have these widths, laid out for A4."""
        sheet = self._book.add_worksheet(name)
        self._widths[name] = widths
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        view = self.view
        sheet.set_footer(f"&L{view.report} {view.period}&C{view.attempt}&R&A, page &P of &N")
        return sheet

    def table(self, name: str, columns: Sequence[tuple[str, float]]) -> Worksheet:
        """A new sheet that begins with a row of heads; ``columns``: each head with its width."""
        sheet = self.sheet(name, [width for _, width in columns])
        for column, (head, _) in enumerate(columns):
            sheet.write_string(0, column, head, self.style("head"))
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        return sheet

    def text(
        self,
        sheet: Worksheet,
        row: int,
        column: int,
        text: str,
        style: str = "text",
        until: int = 0,
    ) -> None:
        """A text as a text, whatever it looks like; ``until`` merges the cells to that column."""
        if len(text) > _LONGEST_CELL:
            text = text[: _LONGEST_CELL - len(_CUT)] + _CUT
        if until:
            sheet.merge_range(row, column, row, until, "", self.style(style))
        sheet.write_string(row, column, text, self.style(style))
        if style not in _ONE_LINE:
            name = sheet.get_name()
            width = sum(self._widths[name][column : max(until, column) + 1]) * _LETTERS
            lines = sum(max(1, ceil(len(line) / width)) for line in text.splitlines())
            self._lines[name, row] = max(self._lines.get((name, row), 1), lines)

    def number(self, sheet: Worksheet, row: int, column: int, cited: Cited) -> None:
        """The value as a number, where Excel's number is that very value."""
        number = exact_number(cited.value)
        if number is not None:
            whole = number == number.to_integral_value()
            sheet.write_number(
                row, column, float(number), self.style("whole" if whole else "number")
            )

    def source(self, sheet: Worksheet, row: int, column: int, cited: Cited) -> None:
        """A link to where the value comes from."""
        if cited.found:
            link = _relative_link(self.view.documents.link(cited.file), cited.origin)
            sheet.write_url(row, column, link, self.style("from"))

    def style(self, name: str) -> Format:
        """The format of that name."""
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
