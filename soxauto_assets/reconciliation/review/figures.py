"""The sheets of figures: Lines, one row a company and pool, and the Summary that adds them up.

On Lines only balance, expected, bridges, rate and threshold are values; variance, what is left,
USD and status are formulas. On Summary everything is.

Here: these two sheets. Not here: what proves a bridge (``drilldown.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.reconciliation.amounts import added, in_usd, shown
from soxauto_assets.reconciliation.control import Status, worst
from soxauto_assets.reconciliation.mapping import FAMILIES
from soxauto_assets.reconciliation.review.items import Item
from soxauto_assets.reconciliation.review.layout import (
    LINES,
    REVIEW,
    SUMMARY,
    answer_range,
    still_needed,
)
from soxauto_assets.reconciliation.review.reviewed import Reviewed, Row

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from soxauto_assets.reconciliation.review.sheets import Sheets

LINES_HEADER = 2
"""0-based row of the headers of Lines."""
COUNTRIES = {company.code: company.country_name for company in ROSTER}


@dataclass(frozen=True)
class _Letters:
    """Where each figure of a line stands, as Excel names its column."""

    company: str = "A"
    country: str = "B"
    pool: str = "C"
    family: str = "D"
    currency: str = "E"
    balance: str = "F"
    expected: str = "G"
    variance: str = "H"
    first_bridge: str = "I"
    last_bridge: str = "K"
    explained: str = "L"
    unexplained: str = "M"
    rate: str = "N"
    variance_usd: str = "O"
    unexplained_usd: str = "P"
    threshold: str = "Q"
    status: str = "R"
    missing: str = "S"
    exact: str = "T"
    exact_variance: str = "U"
    exact_left: str = "V"


L = _Letters()
BRIDGE_COLUMNS = ("bridge_timing", "bridge_vtc", "bridge_integration_errors")
_HEADERS = (
    "Company", "Country", "Accounts", "Family", "Currency", "Ledger", "Expected", "Variance",
    "Timing", "Voucher to cash", "Integration errors", "Explained", "Unexplained",
    "Closing rate", "Variance, USD", "Unexplained, USD", "Threshold, USD", "Status", "Missing",
    "Unexplained, USD, absolute, not rounded", "Variance, USD, not rounded",
    "Unexplained, USD, not rounded",
)  # fmt: skip
_WIDTHS = (10, 13, 13, 26, 9, 18, 18, 16, 15, 15, 15, 15, 15, 14, 15, 15, 12, 17, 44, 12, 12, 12)


def column_range(letter: str, reviewed: Reviewed) -> str:
    """The cells of a column of Lines, for a formula of any sheet."""
    first, last = LINES_HEADER + 2, LINES_HEADER + 1 + len(reviewed.lines)
    return f"{LINES}!${letter}${first}:${letter}${last}"


def write_lines(sheets: Sheets) -> None:
    """Every line with its figures in LCY and USD, and its status."""
    sheet = sheets.add(LINES, _WIDTHS)
    lines = sheets.reviewed.lines
    sheet.write_string(0, 0, "Every company and pool of accounts", sheets.style("title"))
    sheets.text(sheet, 1, 0, "Local currency, debit positive; USD by closing rate.", "soft")
    for column, name in enumerate(_HEADERS):
        number = L.balance <= chr(65 + column) <= L.threshold
        style = sheets.style("number head" if number else "head")
        sheet.write_string(LINES_HEADER, column, name, style)
    for row, line in enumerate(lines, LINES_HEADER + 1):
        _write_line(sheets, sheet, row, line)
    sheet.set_column("T:V", 12, None, {"hidden": True})
    sheet.freeze_panes(LINES_HEADER + 1, 4)
    last = LINES_HEADER + len(lines)
    sheet.autofilter(LINES_HEADER, 0, last, len(_HEADERS) - 4)
    sheet.repeat_rows(LINES_HEADER)
    status = ord(L.status) - 65
    sheets.status_colours(sheet, LINES_HEADER + 1, status, last, status)


def _write_line(sheets: Sheets, sheet: Worksheet, row: int, line: Row) -> None:
    n = row + 1
    confirmed = "" if line["sign_confirmed"] else "*"
    texts = (
        line["company"],
        COUNTRIES.get(line["company"], ""),
        line["pool"],
        FAMILIES[line["family"]] + confirmed,
        line["currency"],
    )
    for column, text in enumerate(texts):
        sheets.text(sheet, row, column, str(text))
    sheets.amount(sheet, row, 5, line["balance"])
    sheets.amount(sheet, row, 6, line["expected"])
    for column, name in enumerate(BRIDGE_COLUMNS, 8):
        sheets.amount(sheet, row, column, line[name])
    sheets.amount(sheet, row, 13, line["rate"], "rate")
    sheets.amount(sheet, row, 16, line["threshold_usd"])
    sheets.text(sheet, row, 18, line["missing"] or "")
    formulas = {
        # Rounded where doubles have nothing more to say, so that no residue looks like a figure.
        "variance": f'=IF(OR(F{n}="",G{n}=""),"",ROUND(F{n}-G{n},4))',
        "explained": f"=SUM(I{n}:K{n})",
        "unexplained": f'=IF(H{n}="","",ROUND(H{n}-L{n},4))',
        "variance_usd": f'=IF(OR(H{n}="",N{n}=""),"",ROUND(H{n}/N{n},2))',
        "unexplained_usd": f'=IF(OR(M{n}="",N{n}=""),"",ROUND(M{n}/N{n},2))',
    }
    for name, formula in formulas.items():
        sheets.formula(sheet, row, ord(getattr(L, name)) - 65, formula, line[name])
    status = (
        f'=IF(OR(S{n}<>"",P{n}=""),"INCOMPLETE",IF(ROUND(ABS(M{n}/N{n}),6)>=Q{n},"TO INVESTIGATE",'
        f'IF(ROUND(ABS(H{n}/N{n}),6)<Q{n},"RECONCILED","EXPLAINED")))'
    )
    sheets.formula(sheet, row, 17, status, line["status"], "name")
    # Totals add these up, for rounded lines would not add up to the rounded total.
    for column, formula, value in (
        (19, f'=IF(P{n}="",0,ABS(M{n}/N{n}))', absolute_usd([line])),
        (20, f'=IF(O{n}="",0,H{n}/N{n})', exact_usd([line], "variance")),
        (21, f'=IF(P{n}="",0,M{n}/N{n})', exact_usd([line], "unexplained")),
    ):
        sheets.formula(sheet, row, column, formula, value)


def absolute_usd(lines: Iterable[Row]) -> Decimal:
    """What is unexplained of the lines in USD, each absolute; not rounded."""
    return added(
        abs(in_usd(line["unexplained"], line["rate"]))
        for line in lines
        if line["unexplained"] is not None and line["rate"] is not None
    )


def exact_usd(lines: Iterable[Row], name: str) -> Decimal:
    """The sum of an amount of the lines in USD, of those that can be known; not rounded."""
    return added(
        in_usd(line[name], line["rate"])
        for line in lines
        if line[name] is not None and line["rate"] is not None
    )


_STATUSES = tuple(status.value for status in Status)
_TOTALS = ("Lines", "Reconciled", "Explained", "To investigate", "Incomplete")
_AMOUNTS = ("Variance, USD", "Unexplained, USD", "Unexplained, absolute, USD")


def write_summary(sheets: Sheets, asked: Sequence[Item]) -> None:
    """The first page: how the month stands, where, and how much."""
    reviewed = sheets.reviewed
    pools = list(dict.fromkeys(str(line["pool"]) for line in reviewed.lines))
    sheet = sheets.add(SUMMARY, (30, 15, *(14 for _ in range(max(len(pools), 8) + 1))))
    period = reviewed.period
    sheet.write_string(0, 0, f"PG-01 review, {period}", sheets.style("title"))
    sheets.text(
        sheet,
        1,
        0,
        f"Balances that operations expect against the ledger. Control {reviewed.address.attempt}, "
        f"manifest SHA-256 {reviewed.manifest_sha256}.",
        "soft",
    )
    row = _write_standing(sheets, sheet, 3, asked)
    row = _write_heat(sheets, sheet, row + 1, pools)
    families = list(dict.fromkeys(str(line["family"]) for line in reviewed.lines))
    names = {
        FAMILIES[f] + ("" if _confirmed(reviewed, f) else "*"): _lines(reviewed, "family", f)
        for f in families
    }
    row = _write_group(sheets, sheet, row + 1, "By family", L.family, names)
    countries = {
        COUNTRIES.get(code, code): _lines(reviewed, "company", code)
        for code in dict.fromkeys(str(line["company"]) for line in reviewed.lines)
    }
    _write_group(sheets, sheet, row + 1, "By country", L.country, countries)
    sheet.freeze_panes(2, 1)


def _confirmed(reviewed: Reviewed, family: str) -> bool:
    return all(line["sign_confirmed"] for line in _lines(reviewed, "family", family))


def _lines(reviewed: Reviewed, name: str, value: str) -> list[Row]:
    return [line for line in reviewed.lines if line[name] == value]


def _write_standing(sheets: Sheets, sheet: Worksheet, row: int, asked: Sequence[Item]) -> int:
    """Status of the whole, totals, and how many answers are still needed."""
    reviewed = sheets.reviewed
    status = column_range(L.status, reviewed)
    exact = column_range(L.exact, reviewed)
    total, threshold = reviewed.unexplained_usd, reviewed.group_threshold
    whole = worst([Status(line["status"]) for line in reviewed.lines])
    if total >= threshold:
        whole = worst([whole, Status.TO_INVESTIGATE])
    labels = (
        "Status of the month", "Variance, USD", "Unexplained, absolute, USD",
        "Group threshold, USD", "Answers needed", "Answers still needed",
    )  # fmt: skip
    for number, label in enumerate(labels):
        sheet.write_string(row + number, 0, label, sheets.style("label"))
    stamp = (
        f'=IF(COUNTIF({status},"INCOMPLETE")>0,"INCOMPLETE",'
        f'IF(OR(COUNTIF({status},"TO INVESTIGATE")>0,B{row + 3}>=B{row + 4}),"TO INVESTIGATE",'
        f'IF(COUNTIF({status},"EXPLAINED")>0,"EXPLAINED","RECONCILED")))'
    )
    sheets.formula(sheet, row, 1, stamp, whole.value, "name")
    sheets.status_colours(sheet, row, 1, row, 1)
    sheets.formula(
        sheet,
        row + 1,
        1,
        f"=ROUND(SUM({column_range(L.exact_variance, reviewed)}),2)",
        shown(exact_usd(reviewed.lines, "variance")),
    )
    sheets.formula(sheet, row + 2, 1, f"=ROUND(SUM({exact}),2)", shown(total))
    sheets.amount(sheet, row + 3, 1, threshold)
    wanted = sum(item.needed for item in asked)
    sheets.formula(
        sheet,
        row + 4,
        1,
        f'=COUNTIF({answer_range("needed", len(asked), REVIEW)},"yes")',
        wanted,
        "whole",
    )
    sheets.formula(
        sheet,
        row + 5,
        1,
        f"={still_needed(len(asked), REVIEW)}",
        wanted,
        "whole",
    )
    return row + len(labels)


def _write_heat(sheets: Sheets, sheet: Worksheet, row: int, pools: Sequence[str]) -> int:
    """Company by accounts: what is unexplained in USD, on the colour of its status."""
    reviewed = sheets.reviewed
    title = "Unexplained in USD, company by accounts"
    for column in range(len(pools) + 3):
        sheet.write_blank(row, column, None, sheets.style("section"))
    sheet.write_string(row, 0, title, sheets.style("section"))
    head = row + 1
    family = {line["pool"]: FAMILIES[line["family"]] for line in reviewed.lines}
    sheets.head(sheet, head, ["", "Accounts", *pools, "All, absolute"], len(pools) + 1)
    sheets.head(sheet, head + 1, ["Country", "Company", *(family[p] for p in pools), ""], 0)
    sheet.set_row(head + 1, 42)
    company, pool, left, exact = (
        column_range(letter, reviewed) for letter in (L.company, L.pool, L.unexplained_usd, L.exact)
    )
    codes = list(dict.fromkeys(str(line["company"]) for line in reviewed.lines))
    first = head + 2
    for number, code in enumerate(codes, first):
        sheets.text(sheet, number, 0, COUNTRIES.get(code, ""), "name")
        sheets.text(sheet, number, 1, code)
        for column, one in enumerate(pools, 2):
            letter = chr(65 + column)
            sheets.formula(
                sheet,
                number,
                column,
                f"=SUMIFS({left},{company},$B{number + 1},{pool},{letter}${head + 1})",
                _sum([ln for ln in _lines(reviewed, "company", code) if ln["pool"] == one],
                     "unexplained_usd"),
            )  # fmt: skip
        sheets.formula(
            sheet,
            number,
            2 + len(pools),
            f"=ROUND(SUMIFS({exact},{company},$B{number + 1}),2)",
            shown(absolute_usd(_lines(reviewed, "company", code))),
        )
    last = first + len(codes) - 1
    status = column_range(L.status, reviewed)
    for name in reversed(_STATUSES):
        sheet.conditional_format(
            first,
            2,
            last,
            1 + len(pools),
            {
                "type": "formula",
                "criteria": f"=COUNTIFS({company},$B{first + 1},{pool},C${head + 1},"
                f'{status},"{name}")>0',
                "format": sheets.style(name),
            },
        )
    sheet.write_string(last + 1, 0, "All companies", sheets.style("name"))
    sheet.write_blank(last + 1, 1, None, sheets.style("total"))
    for column, one in enumerate(pools, 2):
        letter = chr(65 + column)
        sheets.formula(
            sheet,
            last + 1,
            column,
            f"=ROUND(SUMIFS({column_range(L.exact_left, reviewed)},{pool},{letter}${head + 1}),2)",
            shown(exact_usd(_lines(reviewed, "pool", one), "unexplained")),
            "total",
        )
    sheets.formula(
        sheet,
        last + 1,
        2 + len(pools),
        f"=ROUND(SUM({exact}),2)",
        shown(reviewed.unexplained_usd),
        "total",
    )
    return last + 2


def _write_group(
    sheets: Sheets,
    sheet: Worksheet,
    row: int,
    title: str,
    letter: str,
    groups: dict[str, list[Row]],
) -> int:
    """Counts by status, and amounts, of each group of lines; and of all."""
    reviewed = sheets.reviewed
    for column in range(1 + len(_TOTALS) + len(_AMOUNTS)):
        sheet.write_blank(row, column, None, sheets.style("section"))
    sheet.write_string(row, 0, title, sheets.style("section"))
    sheets.head(sheet, row + 1, ["", *_TOTALS, *_AMOUNTS], len(_TOTALS) + len(_AMOUNTS))
    sheet.set_row(row + 1, 30)
    key, status = column_range(letter, reviewed), column_range(L.status, reviewed)
    sums = [column_range(c, reviewed) for c in (L.exact_variance, L.exact_left, L.exact)]
    first = row + 2
    for number, (name, lines) in enumerate(groups.items(), first):
        # An asterisk in a criterion means anything: it is marked as itself.
        own = f'SUBSTITUTE($A{number + 1},"*","~*")'
        sheets.text(sheet, number, 0, name, "name")
        sheets.formula(sheet, number, 1, f"=COUNTIFS({key},{own})", len(lines), "whole")
        for column, one in enumerate(_STATUSES, 2):
            count = sum(line["status"] == one for line in lines)
            formula = f'=COUNTIFS({key},{own},{status},"{one}")'
            sheets.formula(sheet, number, column, formula, count, "whole")
        values = _amounts(lines)
        for column, (cells, value) in enumerate(zip(sums, values, strict=True), 6):
            formula = f"=ROUND(SUMIFS({cells},{key},{own}),2)"
            sheets.formula(sheet, number, column, formula, shown(value))
    last = first + len(groups) - 1
    every = reviewed.lines
    sheet.write_string(last + 1, 0, "All", sheets.style("name"))
    counts = [len(every), *(sum(ln["status"] == one for ln in every) for one in _STATUSES)]
    for column, value in enumerate(counts, 1):
        cells = f"{chr(65 + column)}{first + 1}:{chr(65 + column)}{last + 1}"
        sheets.formula(sheet, last + 1, column, f"=SUM({cells})", value, "whole")
    totals = _amounts(every)
    for column, (cells, total) in enumerate(zip(sums, totals, strict=True), 6):
        sheets.formula(sheet, last + 1, column, f"=ROUND(SUM({cells}),2)", shown(total), "total")
    return last + 2


def _amounts(lines: Sequence[Row]) -> tuple[Decimal, Decimal, Decimal]:
    """Variance, unexplained, and the latter absolute, in USD and not rounded."""
    return exact_usd(lines, "variance"), exact_usd(lines, "unexplained"), absolute_usd(lines)


def _sum(lines: Iterable[Row], name: str) -> Decimal:
    """The sum of the known amounts of that name."""
    return added(line[name] for line in lines if line[name] is not None)
