"""The Excel workpaper of a package: what a reviewer files, each figure with where it comes from.

Amounts are exact text; beside them stands a number only where Excel's own, with its 15 digits, is
that very amount. The same view gives the same bytes: the only moment in the file is the attempt's.

Here: the sheets. Not here: what they show (``view.py``) and how a cell is written (``cells.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING

from soxauto_assets.evidence.papers.cells import Cells
from soxauto_assets.evidence.papers.cited import Cited
from soxauto_assets.evidence.papers.view import DATA, QUERY, Fact, View

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_PROCEDURE = (
    ("1", "The controls were read from the source first: totals, witnesses, findings.", "sql/"),
    ("2", "In the same snapshot the query was read once, row by row, into the extract.", QUERY),
    ("3", "Every row was held against the declared columns; key and cut-off.", "schema.json"),
    ("4", "The controls were compared with the extract (sheet Controls).", "controls.json"),
    ("5", "Every check got its verdict; one that could not run is a failure.", "checks.json"),
    ("6", "Data, documents and this workpaper were listed with their SHA-256.", "manifest.json"),
    ("7", "The list was signed; the seal is never replaced.", "manifest.dsse.json"),
)
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


class _Sheets(Cells):
    """The sheets of one workbook, written from left to right."""

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
        self.fit_rows()

    def _first(self) -> None:
        sheet, view = self.sheet("Workpaper", (30, 62, 20, 52)), self.view
        sheet.write_string(
            0, 0, f"Workpaper {view.report.upper()}, {view.period}", self.style("title")
        )
        self.text(sheet, 1, 0, view.title, "soft", until=2)
        self.text(sheet, 0, 3, view.verdict.text, self._stamp())
        row = 3
        for column, name in enumerate(("item", "value", "as a number", "from")):
            sheet.write_string(row, column, name, self.style("head"))
        row += 1
        for section in view.sections:
            if section.facts:
                row = self._section(sheet, row, section.title, section.facts)
            if section.title == "Source":
                row = self._procedure(sheet, row)
        self._sign_off(sheet, row)

    def _section(self, sheet: Worksheet, row: int, title: str, facts: Iterable[Fact]) -> int:
        sheet.write_string(row, 0, title, self.style("section"))
        row += 1
        for fact in facts:
            self.text(sheet, row, 0, fact.label, "label")
            text = fact.value.text
            self.text(sheet, row, 1, text, text if text in _VERDICTS else "text")
            self.number(sheet, row, 2, fact.value)
            self.source(sheet, row, 3, fact.value)
            row += 1
        return row + 1

    def _procedure(self, sheet: Worksheet, row: int) -> int:
        sheet.write_string(row, 0, "Procedure", self.style("section"))
        row += 1
        for number, words, file in _PROCEDURE:
            self.text(sheet, row, 0, f"Step {number}", "label")
            self.text(sheet, row, 1, words, "text")
            if not file.startswith("sql") or self.view.documents.names_below(file):
                self.source(sheet, row, 3, Cited(None, file, ""))
            row += 1
        return row + 1

    def _sign_off(self, sheet: Worksheet, row: int) -> None:
        sheet.write_string(row, 0, "Sign-off", self.style("section"))
        for column, name in enumerate(("name", "date", "signature"), 1):
            sheet.write_string(row + 1, column, name, self.style("head"))
        sheet.write_string(row + 1, 0, "role", self.style("head"))
        for number, (words, _) in enumerate(_ROLES, row + 2):
            sheet.write_string(number, 0, words, self.style("label"))
            for column in (1, 2, 3):
                sheet.write_blank(number, column, None, self.style("field"))
        commands = " and ".join(
            f"soxauto signoff {self.view.report} {self.view.period} --role {role}"
            for _, role in _ROLES
        )
        self.text(
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
        sheet = self.table("Parameters", (("parameter", 34), ("value", 90), ("from", 52)))
        for row, fact in enumerate(self.view.parameters, 1):
            self.text(sheet, row, 0, fact.label, "code")
            self.text(sheet, row, 1, fact.value.text, "text")
            self.source(sheet, row, 2, fact.value)

    def _controls(self) -> None:
        sheet = self.table(
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
        for row, line in enumerate(self.view.tie_out, 1):
            found = line.found.text if line.figure or line.expected.found else _counted(line.found)
            amount = "amount" if line.figure else "text"
            self.text(sheet, row, 0, line.control, "code")
            self.text(sheet, row, 1, line.kind.replace("_", " "), "text")
            self.text(sheet, row, 2, line.title, "text")
            self.text(sheet, row, 3, line.figure, "text")
            self.text(sheet, row, 4, line.expected.text, amount)
            self.text(sheet, row, 5, found, amount)
            self.text(sheet, row, 6, line.difference_text, "amount")
            equal, words, style = line.equal, "not tested", "text"
            if equal is not None:
                words, style = ("yes", "PASS") if equal else ("NO", "FAIL")
            self.text(sheet, row, 7, words, style)
            self.source(sheet, row, 8, line.expected)
            self.source(sheet, row, 9, line.found)

    def _checks(self) -> None:
        sheet = self.table(
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
        for row, check in enumerate(self.view.checks, 1):
            for column, name in enumerate(names):
                text = check.at(name).text
                self.text(sheet, row, column, text, text if text in _VERDICTS else "text")
            self.number(sheet, row, 6, check.at("failing_rows"))
            self.source(sheet, row, 7, check)

    def _dictionary(self) -> None:
        names = ("name", "type", "nullable", "as_of", "personal", "description", "source")
        sheet = self.table(
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
        for row, column in enumerate(self.view.columns, 1):
            for place, name in enumerate(names):
                self.text(sheet, row, place, column.at(name).text, "text")
            self.source(sheet, row, 7, column)

    def _sample(self) -> None:
        view = self.view
        names = [column.at("name").text for column in view.columns]
        sheet = self.table(
            "Sample", (("row of the data", 14), ("from", 24), *((name, 20) for name in names))
        )
        for row, values in enumerate(view.sample, 1):
            sheet.write_number(row, 0, row, self.style("whole"))
            self.source(sheet, row, 1, Cited(None, DATA, ""))
            for column, name in enumerate(names, 2):
                self.text(sheet, row, column, values.get(name, ""), "text")
        row = len(view.sample) + 2
        for entry in view.failing:
            sample = entry.at("sample")
            if not sample.value:
                continue
            self.text(sheet, row, 0, f"Failing rows of {entry.at('name').text}", "section")
            self.source(sheet, row, 1, entry)
            heads = sample.at(0).names()
            for column, name in enumerate(heads, 2):
                self.text(sheet, row + 1, column, name, "head")
            row += 2
            for shown in sample.items():
                for column, name in enumerate(heads, 2):
                    self.text(sheet, row, column, shown.at(name).text, "text")
                row += 1
            row += 1
        words = ", ".join(view.masked)
        self.text(sheet, row, 0, f"Masked with ***: {words}" if words else "Nothing is masked.")

    def _months(self) -> None:
        amounts = self.view.documents.manifest("report", "amounts").value or []
        sheet = self.table(
            "Twelve months",
            (
                ("month", 12),
                ("rows", 14),
                *((f"total of {name}", 34) for name in amounts),
                ("from", 44),
            ),
        )
        for row, month in enumerate(self.view.months, 1):
            self.text(sheet, row, 0, month.period, "text")
            if month.rows is None:
                self.text(sheet, row, 1, "no current data", "soft")
                continue
            self.number(sheet, row, 1, month.rows)
            for column, name in enumerate(amounts, 2):
                total = month.totals.get(name)
                self.text(sheet, row, column, "" if total is None else total.text, "amount")
            self.source(sheet, row, 2 + len(amounts), month.rows)

    def _lineage(self) -> None:
        sheet = self.table("Lineage", (("column", 28), ("made from", 100), ("from", 44)))
        facts = self.view.lineage
        for row, fact in enumerate(facts, 1):
            self.text(sheet, row, 0, fact.label, "code")
            self.text(sheet, row, 1, fact.value.text or "a constant or a parameter", "text")
            self.source(sheet, row, 2, fact.value)
        for row, name in enumerate(self.view.sources, len(facts) + 2):
            self.text(sheet, row, 0, "read as a source", "label")
            self.text(sheet, row, 1, name, "text")

    def _query(self) -> None:
        sheet = self.table("Query", (("line", 6), ("as it was sent to the source", 130)))
        lines = self.view.documents.lines(QUERY)
        for row, line in enumerate(lines, 1):
            sheet.write_number(row, 0, row, self.style("whole"))
            self.text(sheet, row, 1, line, "code")
        if lines:
            self.source(sheet, len(lines) + 2, 1, Cited(None, QUERY, ""))

    def _stamp(self) -> str:
        return "stamp PASS" if self.view.passed else "stamp FAIL"


def _counted(found: Cited) -> str:
    if found.value is None:
        return "not reached"
    count = len(found.value)
    return f"{count} {'row' if count == 1 else 'rows'}"
