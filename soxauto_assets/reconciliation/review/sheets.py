"""The workbook under way: its styles, its sheets, and writing a cell the one safe way.

Here: what all sheets have in common. Not here: what stands in them (``workbook.py``,
``figures.py``, ``drilldown.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from soxauto_assets.reconciliation.review.reviewed import Reviewed

_LONGEST_CELL = 32_767
_CUT = " … (cut here; the package has it all)"
_MONEY = '#,##0.00;[Red]-#,##0.00;"-"'
_PLAIN: dict[str, Any] = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
_TEXT = _PLAIN | {"text_wrap": True, "quote_prefix": True}
_HEAD: dict[str, Any] = {
    "font_size": 10,
    "bold": True,
    "bg_color": "#E8EDF3",
    "bottom": 1,
    "text_wrap": True,
    "valign": "vcenter",
}
COLOURS = {
    "RECONCILED": ("#0A7A52", "#E4F4EC"),
    "EXPLAINED": ("#1F5FBF", "#E3EDFA"),
    "TO INVESTIGATE": ("#B3261E", "#FBE9E7"),
    "INCOMPLETE": ("#8A5A00", "#FDF3DC"),
}
"""Ink and ground of each status; the page of the control uses the same."""
_STYLES: dict[str, dict[str, Any]] = {
    "text": _TEXT,
    "code": _TEXT | {"font_name": "Consolas", "font_size": 9},
    "money": _PLAIN | {"num_format": _MONEY},
    "total": _PLAIN | {"num_format": _MONEY, "bold": True, "top": 1},
    "rate": _PLAIN | {"num_format": "#,##0.00000000"},
    "whole": _PLAIN | {"num_format": "#,##0"},
    "count": _PLAIN | {"num_format": "#,##0", "bold": True, "font_size": 12, "align": "left"},
    "day": _PLAIN | {"num_format": "yyyy-mm-dd"},
    "head": _HEAD,
    "number head": _HEAD | {"align": "right"},
    "input head": _HEAD | {"bg_color": "#FFE699"},
    "label": _PLAIN | {"font_color": "#5B6876", "text_wrap": True},
    "name": _PLAIN | {"bold": True, "quote_prefix": True},
    "section": _PLAIN | {"bold": True, "font_size": 12, "bottom": 1, "font_color": "#16202B"},
    "title": {"font_name": "Calibri", "bold": True, "font_size": 16},
    "soft": _PLAIN | {"font_color": "#5B6876", "italic": True},
    "input": _TEXT | {"locked": False, "bg_color": "#FFFBEB", "border": 1,
                      "border_color": "#E6D9A8", "quote_prefix": False, "num_format": "@"},
    "input date": _PLAIN | {"locked": False, "bg_color": "#FFFBEB", "border": 1,
                            "border_color": "#E6D9A8", "num_format": "yyyy-mm-dd"},
    "carried": _TEXT | {"locked": False, "bg_color": "#FCE4D6", "border": 1, "italic": True,
                        "border_color": "#E6B8A2", "quote_prefix": False, "num_format": "@"},
    "carried date": _PLAIN | {"locked": False, "bg_color": "#FCE4D6", "border": 1, "italic": True,
                              "border_color": "#E6B8A2", "num_format": "yyyy-mm-dd"},
    "wanted": {"bg_color": "#FFD966"},
    "stamp": {"font_name": "Calibri", "bold": True, "font_size": 14, "align": "center"},
}  # fmt: skip


class Sheets:
    """The workbook that is being written for a control."""

    def __init__(self, book: Workbook, reviewed: Reviewed) -> None:
        self._book = book
        self.reviewed = reviewed
        self._styles = {name: book.add_format(style) for name, style in _STYLES.items()}
        for status, (ink, ground) in COLOURS.items():
            self._styles[status] = book.add_format(
                {"bold": True, "font_color": ink, "bg_color": ground}
            )

    def style(self, name: str) -> Format:
        """The format of that name, or of that status."""
        return self._styles[name]

    def add(self, name: str, widths: Sequence[float], *, input: bool = False) -> Worksheet:
        """A locked sheet, set up for a landscape page; ``input``: with filters to be used."""
        sheet = self._book.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.protect(
            "",
            {
                "autofilter": True,
                "format_columns": True,
                "format_rows": True,
                "select_locked_cells": True,
                "select_unlocked_cells": True,
            },
        )
        if input:
            sheet.set_tab_color("#FFC000")
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        reviewed = self.reviewed
        sheet.set_footer(
            f"&L&8PG-01 {reviewed.period}, control {reviewed.address.attempt}, "
            f"manifest {reviewed.manifest_sha256[:16]}&C&8&A&R&8&P of &N"
        )
        return sheet

    def sheet(self, name: str) -> Worksheet:
        """A sheet that was added before."""
        found = self._book.get_worksheet_by_name(name)
        assert found is not None
        return found

    def head(self, sheet: Worksheet, row: int, names: Sequence[str], numbers: int = 0) -> None:
        """A line of headers; the last ``numbers`` of them stand over numbers."""
        for column, name in enumerate(names):
            right = column >= len(names) - numbers
            sheet.write_string(row, column, name, self.style("number head" if right else "head"))

    def text(self, sheet: Worksheet, row: int, column: int, text: str, style: str = "text") -> None:
        """A text, never anything else; one that Excel could not hold is cut, and says so."""
        shown_text = text.translate(_UNWRITABLE)
        if len(shown_text) > _LONGEST_CELL:
            shown_text = shown_text[: _LONGEST_CELL - len(_CUT)] + _CUT
        sheet.write_string(row, column, shown_text, self.style(style))

    def amount(
        self,
        sheet: Worksheet,
        row: int,
        column: int,
        amount: Decimal | None,
        style: str = "money",
    ) -> None:
        """A number as Excel holds it (15 digits); nothing where it cannot be known."""
        if amount is None:
            sheet.write_blank(row, column, None, self.style(style))
        else:
            sheet.write_number(row, column, float(amount), self.style(style))

    def formula(
        self,
        sheet: Worksheet,
        row: int,
        column: int,
        formula: str,
        value: Decimal | int | str | None,
        style: str = "money",
    ) -> None:
        """A live formula, with the product's own figure as the value stored beside it."""
        stored = float(value) if isinstance(value, Decimal) else value
        result = "" if stored is None else stored
        sheet.write_formula(row, column, formula, self.style(style), result)

    def value(self, sheet: Worksheet, row: int, column: int, value: object) -> None:
        """A value of a table: amounts and counts as numbers, days as days, the rest as text."""
        if isinstance(value, Decimal):
            self.amount(sheet, row, column, value)
        elif isinstance(value, bool):
            self.text(sheet, row, column, "yes" if value else "no")
        elif isinstance(value, int):
            sheet.write_number(row, column, value, self.style("whole"))
        elif isinstance(value, datetime):
            self.text(sheet, row, column, f"{value:%Y-%m-%d %H:%M}")
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, self.style("day"))
        elif value is not None:
            self.text(sheet, row, column, str(value))

    def status_colours(
        self, sheet: Worksheet, row: int, column: int, last_row: int, last_column: int
    ) -> None:
        """Colour the cells of a range by the status that they hold."""
        for status in COLOURS:
            sheet.conditional_format(
                row,
                column,
                last_row,
                last_column,
                {
                    "type": "cell",
                    "criteria": "==",
                    "value": f'"{status}"',
                    "format": self.style(status),
                },
            )


_UNWRITABLE = {number: "�" for number in range(32) if number not in (9, 10)}
