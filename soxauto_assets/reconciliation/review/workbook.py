"""The review workbook: what the accounting manager reads, and fills in.

Totals are live formulas over the rows that they add up, each with the product's own figure as the
value stored beside it, so that a viewer that does not calculate shows the same. Every text is
written as text and marked as such: nothing that a source holds can become a formula or a link.
Only the four answer columns of the sheet Review are unlocked. The same control and answers give
the same bytes.

Here: the workbook as a whole, the sheets Review and Notes. Not here: sheets of figures
(``figures.py``) and of rows (``drilldown.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING

from soxauto_assets.evidence.canonical import parse_utc
from soxauto_assets.reconciliation.review.answers import Answer
from soxauto_assets.reconciliation.review.drilldown import write_bridges, write_drilldown
from soxauto_assets.reconciliation.review.figures import write_lines, write_summary
from soxauto_assets.reconciliation.review.items import Item, items
from soxauto_assets.reconciliation.review.layout import (
    BINDING,
    BINDING_FIRST_ROW,
    COLUMNS,
    FORMAT,
    HEADER_ROW,
    LONGEST,
    NOTES,
    REVIEW,
    letter,
    position,
    still_needed,
)
from soxauto_assets.reconciliation.review.sheets import Sheets

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from soxauto_assets.reconciliation.review.carry_over import Offer
    from soxauto_assets.reconciliation.review.reviewed import Reviewed

_LINE_HEIGHT, _LETTERS_A_LINE = 14, 52
_STATUSES = (
    ("RECONCILED", "Ledger and operations agree, or differ by less than the threshold."),
    ("EXPLAINED", "They differ by the threshold or more, but bridges explain it."),
    ("TO INVESTIGATE", "What no bridge explains is at or over the threshold. It needs an answer."),
    ("INCOMPLETE", "A report, balance, rate or file is missing. It needs an answer; no figure "
     "that is missing counts as zero."),
)  # fmt: skip
_HOW = (
    "Go to the sheet Review. Rows that say yes under Answer needed are yours to answer; filter "
    "for them with the arrow in the header.",
    "Fill in Owner and Explanation (both are needed), Action and Due date. Other cells are locked; "
    "a row must not be deleted, and no figure changed: the import refuses the file then.",
    "Save, and bring it back: soxauto review import FILE. It counts for this control only, as "
    "named above. After the control is run again, export a new workbook: answers to what has not "
    "changed stand in it, in orange, to be confirmed.",
    "Amounts are debit positive. Variance = ledger less expected. USD = local currency by closing "
    "rate, rounded half up. An asterisk marks accounts whose sign finance has not confirmed.",
    "Totals are formulas. The complete tables stand in the package of the control under "
    "attachments/tables; a sheet that could not take all rows says so in its last one.",
)


def workbook(
    reviewed: Reviewed, answers: Mapping[str, Answer], offered: Offer | None = None
) -> bytes:
    """The workbook of a control, with the answers that were given before, by the item's id.

    What is ``offered`` of an earlier control stands there too, marked, where there is no answer.
    """
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
                "title": f"PG-01 review {reviewed.period}",
                "subject": f"Control {reviewed.address.attempt}",
                "author": "SOXauto PG-01",
                "created": parse_utc(reviewed.ended).replace(tzinfo=None),
            }
        )
        for (_, name), value in zip(BINDING, binding(reviewed), strict=True):
            book.set_custom_property(f"soxauto.{name}", value, "text")
        book.set_calc_mode("auto")
        sheets = Sheets(book, reviewed)
        asked = items(reviewed)
        write_summary(sheets, asked)
        _write_review(sheets, asked, answers, offered)
        write_lines(sheets)
        write_bridges(sheets)
        write_drilldown(sheets)
        _write_notes(sheets)
    return content.getvalue()


def binding(reviewed: Reviewed) -> tuple[str, ...]:
    """The values of BINDING for a control."""
    return (FORMAT, str(reviewed.period), reviewed.address.attempt, reviewed.manifest_sha256)


def _write_review(
    sheets: Sheets,
    asked: tuple[Item, ...],
    answers: Mapping[str, Answer],
    offered: Offer | None,
) -> None:
    carried = {} if offered is None else {**offered.answers}
    answers = {**carried, **answers}
    sheet = sheets.add(REVIEW, [column.width for column in COLUMNS], input=True)
    period = sheets.reviewed.period
    first, last = HEADER_ROW + 1, HEADER_ROW + len(asked)
    sheet.write_string(0, 0, f"Review of PG-01, {period}", sheets.style("title"))
    sheets.text(
        sheet,
        1,
        0,
        "Fill in the yellow columns of every row that says yes. Owner and explanation are needed; "
        "without them the month cannot be signed off."
        + (
            ""
            if offered is None
            else f" Answers in orange are carried over ({offered.said}): "
            "look at them; bringing the workbook back confirms them."
        ),
        "soft",
    )
    open_now = sum(item.needed and bool(answers.get(item.id, Answer()).lacks) for item in asked)
    sheet.write_string(2, 0, "Answers still needed", sheets.style("label"))
    sheet.write_formula(
        2,
        1,
        f"={still_needed(len(asked))}",
        sheets.style("count"),
        open_now,
    )
    for number, column in enumerate(COLUMNS):
        kind = "input head" if column.input else "head"
        sheet.write_string(HEADER_ROW, number, column.header, sheets.style(kind))
    for row, item in enumerate(asked, first):
        answer = answers.get(item.id, Answer())
        _write_item(sheets, sheet, row, item)
        if offered is not None and answer == carried.get(item.id):
            _write_answer(sheets, sheet, row, answer, "carried")
            sheet.write_comment(
                row,
                position("owner"),
                f"Carried over: {offered.said}. To be confirmed: it counts once this workbook is "
                "brought back.",
                {"author": "SOXauto PG-01"},
            )
        else:
            _write_answer(sheets, sheet, row, answer)
    own = position("id")
    sheet.set_column(own, own, COLUMNS[own].width, None, {"hidden": True})
    sheet.freeze_panes(HEADER_ROW + 1, position("family"))
    sheet.set_row(HEADER_ROW, 30)
    sheet.autofilter(HEADER_ROW, 0, last, len(COLUMNS) - 1)
    sheet.repeat_rows(HEADER_ROW)
    _validate(sheets, sheet, first, last)
    due, blank = position("due"), sheets.style("wanted")
    sheet.conditional_format(
        first,
        position("owner"),
        last,
        position("explanation"),
        {
            "type": "formula",
            "criteria": f'=AND(${letter("needed")}{first + 1}="yes",'
            f'TRIM({letter("owner")}{first + 1})="")',
            "format": blank,
        },
    )
    sheets.status_colours(sheet, first, position("subject"), last, position("subject"))
    sheet.set_selection(first, position("owner"), first, due)


def _write_item(sheets: Sheets, sheet: Worksheet, row: int, item: Item) -> None:
    for name, text in {"id": item.id, **item.texts}.items():
        sheets.text(sheet, row, position(name), text)
    sheet.set_row(row, _LINE_HEIGHT * max(1, -(-len(item.why) // _LETTERS_A_LINE)))
    sheets.amount(sheet, row, position("amount_usd"), item.amount_usd)
    sheets.amount(sheet, row, position("threshold_usd"), item.threshold_usd)


def _write_answer(
    sheets: Sheets, sheet: Worksheet, row: int, answer: Answer, style: str = "input"
) -> None:
    texts = {
        "owner": answer.owner,
        "explanation": answer.explanation,
        "action": answer.action,
    }
    for name, text in texts.items():
        if text:
            sheets.text(sheet, row, position(name), text, style)
        else:
            sheet.write_blank(row, position(name), None, sheets.style(style))
    if answer.due is None:
        sheet.write_blank(row, position("due"), None, sheets.style(f"{style} date"))
    else:
        sheet.write_datetime(row, position("due"), answer.due, sheets.style(f"{style} date"))


def _validate(sheets: Sheets, sheet: Worksheet, first: int, last: int) -> None:
    """What Excel itself refuses while it is typed; the import asks the same again."""
    for name, most in LONGEST.items():
        column = position(name)
        sheet.data_validation(
            first,
            column,
            last,
            column,
            {
                "validate": "length",
                "criteria": "<=",
                "value": most,
                "error_title": "Too long",
                "error_message": f"At most {most} characters, please.",
            },
        )
    due = position("due")
    sheet.data_validation(
        first,
        due,
        last,
        due,
        {
            "validate": "date",
            "criteria": ">=",
            "value": sheets.reviewed.period.cutoff_date,
            "input_title": "Due date",
            "input_message": "The day by which the action is done, for example 2024-10-31.",
            "error_title": "No due date",
            "error_message": "A date that is not before the month's end, please.",
        },
    )


def _write_notes(sheets: Sheets) -> None:
    sheet = sheets.add(NOTES, (24, 110))
    reviewed = sheets.reviewed
    sheet.write_string(0, 0, "What was reviewed, and how to read it", sheets.style("title"))
    sheets.text(sheet, 1, 0, "Answers bind to this control and to no other:", "soft")
    for row, ((label, _), value) in enumerate(
        zip(BINDING, binding(reviewed), strict=True), BINDING_FIRST_ROW
    ):
        sheet.write_string(row, 0, label, sheets.style("label"))
        sheets.text(sheet, row, 1, value, "code")
    row = BINDING_FIRST_ROW + len(BINDING)
    for label, value in (
        ("Verdict", reviewed.verdict + (f": {reviewed.cause}" if reviewed.cause else "")),
        ("Made", f"{reviewed.ended[:16].replace('T', ' ')} UTC by {reviewed.who}"),
        ("Rules", f"version {reviewed.rules['version']}, SHA-256 {reviewed.rules_digest}"),
    ):
        sheet.write_string(row, 0, label, sheets.style("label"))
        sheets.text(sheet, row, 1, value)
        row += 1
    sections = (
        ("How to fill it in", [(str(number), text) for number, text in enumerate(_HOW, 1)]),
        ("What the statuses mean", list(_STATUSES)),
        (
            "Checks of the control",
            [
                (check["name"], f"{check['verdict']}: {check['title']}."
                 + (f" {check['cause']}" if check["cause"] else ""))
                for check in reviewed.checks
                if check["verdict"] != "NOT_APPLICABLE"
            ],
        ),
        ("What the control has read", sorted(reviewed.sources.items())),
    )  # fmt: skip
    for title, entries in sections:
        row += 1
        sheet.write_string(row, 0, title, sheets.style("section"))
        sheet.write_blank(row, 1, None, sheets.style("section"))
        for label, text in entries:
            row += 1
            kind = label if label in dict(_STATUSES) else "label"
            sheet.write_string(row, 0, label, sheets.style(kind))
            sheets.text(sheet, row, 1, text)
