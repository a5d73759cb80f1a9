"""The sheets of rows: what proves each bridge, vouchers, open items, and what moved.

Every table is one of the package; a sheet that cannot take all of its rows shows the greatest and
adds up the rest, by company and pool, so that no total changes.

Here: these sheets. Not here: the figures that they prove (``figures.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from soxauto_assets.reconciliation.amounts import added
from soxauto_assets.reconciliation.review.layout import BRIDGES

if TYPE_CHECKING:
    from soxauto_assets.reconciliation.review.reviewed import Reviewed
    from soxauto_assets.reconciliation.review.sheets import Sheets

MOST_ROWS = 20_000
MOST_OTHERS = 2_000
"""Rows of a sheet: of what proves a bridge, and of any other table."""
_PROOF_HEADER = 2
_SHEETS = {
    "timing": "Timing",
    "vtc": "Voucher to cash",
    "posting_group": "Posting groups",
    "business_line": "Business lines",
    "integration_errors": "Integration errors",
}
_WIDTHS = {"item": 40, "why": 60, "bridge": 44, "company": 10, "pool": 13, "family": 24}
_TABLES = (
    ("movements", "Movements", "Each company and family against the month before and a year ago"),
    (
        "late_posting_months",
        "Late postings",
        "What the ledger shows in closed months beside what their own packages had",
    ),
    (
        "late_postings",
        "Late entries",
        "Entries that closed months show now and their own packages did not have",
    ),
    (
        "open_items_summary",
        "Open items",
        "Open items by label and state; LB-NONE: no rule takes them",
    ),
    ("open_items", "Items", "Open items, the greatest first where they are many"),
)
"""Table of the package, sheet, title."""


def write_bridges(sheets: Sheets) -> None:
    """What each bridge explains by company and pool, against the lines; then its proof rows."""
    reviewed = sheets.reviewed
    sheet = sheets.add(BRIDGES, (46, 12, 14, 12, 20, 20, 16))
    sheet.write_string(0, 0, "What bridges explain, with their proof", sheets.style("title"))
    sheets.text(
        sheet, 1, 0, "The sum of the proof rows must be the amount on the sheet Lines.", "soft"
    )
    names = ("Bridge", "Company", "Accounts", "Proof rows", "Sum of the proof, LCY",
             "On Lines, LCY", "Difference")  # fmt: skip
    sheets.head(sheet, 3, names, 4)
    row = 4
    for rule in reviewed.rules["bridges"]:
        proof = reviewed.table(f"bridge_{rule['id']}")
        if proof is None:
            continue
        kept = _capped(proof)
        for company, pool in _places(reviewed, rule["id"], proof):
            _write_bridge(sheets, row, rule, kept, company, pool)
            row += 1
        if proof.is_empty():
            sheets.text(sheet, row, 0, rule["title"])
            sheets.text(sheet, row, 1, "nothing found", "soft")
            row += 1
    sheet.freeze_panes(4, 1)
    sheet.repeat_rows(3)
    for rule in reviewed.rules["bridges"]:
        proof = reviewed.table(f"bridge_{rule['id']}")
        if proof is not None:
            write_table(sheets, _SHEETS.get(rule["id"], rule["id"][:31]), rule["title"],
                        _capped(proof))  # fmt: skip


def _places(reviewed: Reviewed, bridge: str, proof: pl.DataFrame) -> list[tuple[str, str]]:
    """Every company and pool that the bridge has rows or an amount for."""
    found = set(proof.select("company", "pool").unique().iter_rows())
    column = f"bridge_{bridge}"
    found |= {(ln["company"], ln["pool"]) for ln in reviewed.lines if ln.get(column)}
    return sorted(found)


def _write_bridge(
    sheets: Sheets, row: int, rule: dict[str, str], proof: pl.DataFrame, company: str, pool: str
) -> None:
    sheet = sheets.sheet(BRIDGES)
    name = _SHEETS.get(rule["id"], rule["id"][:31])
    first, last = _PROOF_HEADER + 2, _PROOF_HEADER + 1 + max(proof.height, 1)
    cells = {letter: f"'{name}'!${letter}${first}:${letter}${last}" for letter in "ABD"}
    own = proof.filter(company=company, pool=pool)
    total = added(own["amount"])
    line = next(
        ln for ln in sheets.reviewed.lines if (ln["company"], ln["pool"]) == (company, pool)
    )
    on_lines = line.get(f"bridge_{rule['id']}") or Decimal(0)
    n = row + 1
    where = f"{cells['A']},$B{n},{cells['B']},$C{n}"
    sheets.text(sheet, row, 0, rule["title"])
    sheets.text(sheet, row, 1, company)
    sheets.text(sheet, row, 2, pool)
    sheets.formula(sheet, row, 3, f"=COUNTIFS({where})", own.height, "whole")
    sheets.formula(sheet, row, 4, f"=SUMIFS({cells['D']},{where})", total)
    sheets.amount(sheet, row, 5, on_lines)
    sheets.formula(sheet, row, 6, f"=ROUND(E{n}-F{n},2)", total - on_lines)


def _capped(proof: pl.DataFrame) -> pl.DataFrame:
    """The greatest rows, and a row by company and pool for all others together."""
    if proof.height <= MOST_ROWS:
        return proof
    ordered = proof.sort(pl.col("amount").abs(), descending=True, maintain_order=True)
    rest = (
        ordered[MOST_ROWS:]
        .group_by("company", "pool", maintain_order=True)
        .agg(
            item=pl.format("{} more rows: see the package", pl.len()),
            amount=pl.col("amount").sum().cast(proof.schema["amount"]),
        )
    )
    return pl.concat([ordered[:MOST_ROWS], rest], how="diagonal")


def write_drilldown(sheets: Sheets) -> None:
    """What bridges could not decide, vouchers, and everything that is followed through time."""
    reviewed = sheets.reviewed
    undecided = [
        frame.select(pl.lit(rule["title"]).alias("bridge"), "company", "item", "amount", "why")
        for rule in reviewed.rules["bridges"]
        if (frame := reviewed.table(f"undecided_{rule['id']}")) is not None
    ]
    if undecided:
        rows = pl.concat(undecided)
        write_table(sheets, "Undecided", "What a bridge looked at and could not decide: "
                    "it explains nothing by it", _greatest(rows))  # fmt: skip
    buckets = reviewed.table("buckets")
    if buckets is not None:
        write_table(sheets, "Vouchers", "Voucher account: ledger and operations by category and "
                    "type", buckets)  # fmt: skip
    for table, name, title in _TABLES:
        found = reviewed.greatest(table, MOST_OTHERS)
        if found is not None:
            write_table(sheets, name, title, _with_rest(*found))


def _greatest(rows: pl.DataFrame) -> pl.DataFrame:
    """As many rows as a sheet takes, the greatest amounts first where it does not take all."""
    if rows.height <= MOST_OTHERS:
        return rows
    ordered = rows.sort(pl.col("amount").abs(), descending=True, maintain_order=True)
    return _with_rest(ordered[:MOST_OTHERS], rows.height - MOST_OTHERS)


def _with_rest(rows: pl.DataFrame, left_out: int) -> pl.DataFrame:
    """The rows, and one that says how many more there are."""
    if not left_out:
        return rows
    text = next(name for name, kind in rows.schema.items() if kind == pl.String)
    more = pl.DataFrame({text: [f"{left_out} more rows: see the package"]})
    return pl.concat([rows, more], how="diagonal")


def write_table(sheets: Sheets, name: str, title: str, rows: pl.DataFrame) -> None:
    """A table of the package as a sheet of its own, with a total of each amount as a formula."""
    kinds = [kind.is_decimal() for kind in rows.dtypes]
    widths = [_width(column, amount) for column, amount in zip(rows.columns, kinds, strict=True)]
    sheet = sheets.add(name, widths)
    sheet.write_string(0, 0, title, sheets.style("title"))
    header = _PROOF_HEADER
    for column, (label, amount) in enumerate(zip(rows.columns, kinds, strict=True)):
        style = sheets.style("number head" if amount else "head")
        sheet.write_string(header, column, label.replace("_", " ").capitalize(), style)
    for row, values in enumerate(rows.iter_rows(), header + 1):
        for column, value in enumerate(values):
            sheets.value(sheet, row, column, value)
    last = header + rows.height
    sheet.freeze_panes(header + 1, min(2, len(rows.columns)))
    sheet.repeat_rows(header)
    if rows.is_empty():
        sheets.text(sheet, header + 1, 0, "none", "soft")
        return
    sheet.autofilter(header, 0, last, len(rows.columns) - 1)
    _write_totals(sheets, name, header - 1, rows, kinds)


def _write_totals(
    sheets: Sheets, name: str, row: int, rows: pl.DataFrame, kinds: Sequence[bool]
) -> None:
    """Above the headers, so that a filter leaves them; they add up what a filter shows."""
    sheet = sheets.sheet(name)
    sheet.write_string(row, 0, "Rows shown", sheets.style("label"))
    first, last = row + 3, row + 2 + rows.height
    for column, (label, amount) in enumerate(zip(rows.columns, kinds, strict=True)):
        letter = chr(65 + column)
        cells = f"{letter}{first}:{letter}{last}"
        if amount:
            total = added(value for value in rows[label] if value is not None)
            sheets.formula(sheet, row, column, f"=SUBTOTAL(109,{cells})", total, "total")
        elif column == 1:
            known = rows[label].drop_nulls().len()
            sheets.formula(sheet, row, column, f"=SUBTOTAL(103,{cells})", known, "whole")


def _width(name: str, amount: bool) -> int:
    if amount:
        return 18
    return _WIDTHS.get(name, 18)
