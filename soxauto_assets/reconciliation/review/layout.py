"""How the review workbook is laid out: what its writer and its reader must agree on.

Here: names of sheets, columns, and the lines that bind a workbook to what was reviewed. Not here:
writing (``workbook.py``), reading (``reading.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

FORMAT = "soxauto-review-1"
"""Raised when a workbook of before could no longer be read back."""
SUMMARY, REVIEW, LINES, BRIDGES, NOTES = "Summary", "Review", "Lines", "Bridges", "Notes"

BINDING: tuple[tuple[str, str], ...] = (
    ("Format", "format"),
    ("Period", "period"),
    ("Attempt", "attempt"),
    ("Manifest SHA-256", "manifest_sha256"),
)
"""Label on the sheet Notes, and name in the document's properties (``soxauto.<name>``)."""
BINDING_FIRST_ROW = 3
"""0-based row of the first label, in column A of the sheet Notes; values stand in column B."""


@dataclass(frozen=True)
class ReviewColumn:
    """A column of the sheet Review; an ``input`` is what the reviewer fills in."""

    name: str
    header: str
    width: int
    input: bool = False


COLUMNS: tuple[ReviewColumn, ...] = (
    ReviewColumn("needed", "Answer needed", 9),
    ReviewColumn("company", "Company", 10),
    ReviewColumn("accounts", "Accounts", 13),
    ReviewColumn("family", "Family", 24),
    ReviewColumn("subject", "Status", 17),
    ReviewColumn("why", "What the figures say", 48),
    ReviewColumn("amount_usd", "Amount, USD", 15),
    ReviewColumn("threshold_usd", "Threshold, USD", 12),
    ReviewColumn("owner", "Owner", 22, input=True),
    ReviewColumn("explanation", "Explanation", 48, input=True),
    ReviewColumn("action", "Action", 32, input=True),
    ReviewColumn("due", "Due date", 12, input=True),
    ReviewColumn("id", "Id", 24),
)
HEADER_ROW = 4
"""0-based row of the headers of the sheet Review; the items follow below it."""
LONGEST = {"owner": 120, "explanation": 4000, "action": 1000}
"""Characters that an answer may have."""


def position(name: str) -> int:
    """The 0-based column of the sheet Review; KeyError where there is none."""
    for number, column in enumerate(COLUMNS):
        if column.name == name:
            return number
    raise KeyError(name)


def letter(name: str) -> str:
    """The same column as Excel names it."""
    return chr(ord("A") + position(name))


def answer_range(name: str, count: int, sheet: str = "") -> str:
    """The cells of a column of the sheet Review that has ``count`` items, for a formula."""
    first = HEADER_ROW + 2
    cells = f"${letter(name)}${first}:${letter(name)}${first + count - 1}"
    return f"{sheet}!{cells}" if sheet else cells


def still_needed(count: int, sheet: str = "") -> str:
    """The formula of how many needed answers lack an owner or an explanation."""
    needed, owner, why = (
        answer_range(name, count, sheet) for name in ("needed", "owner", "explanation")
    )
    return f'COUNTIF({needed},"yes")-COUNTIFS({needed},"yes",{owner},"?*",{why},"?*")'
