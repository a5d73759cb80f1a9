"""Companies a few at a time: every row once, and the same control, wherever tables are kept."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from soxauto_assets.reconciliation import classification, open_items
from soxauto_assets.reconciliation.batches import batches, in_files
from soxauto_assets.reconciliation.control import reconcile
from soxauto_assets_tests.reconciliation.months import BOOK, Row, entry, quiet_month, voucher

COMPANIES = ["EC_KE", "ec_ke ", "JD_UG", None, "EC_NG", "JD_UG", "éa"]


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_every_row_is_in_one_batch_and_a_company_in_one_whatever_its_spelling(most: int) -> None:
    rows = pl.LazyFrame({"id_company": COMPANIES}).with_row_index("row")
    parts = [rows.filter(own).collect() for own in batches([rows, rows.head(2)], most)]
    assert sorted(pl.concat(parts)["row"]) == list(range(len(COMPANIES)))
    (kenya,) = (part for part in parts if "EC_KE" in part["id_company"])
    assert "ec_ke " in kenya["id_company"]
    assert len(parts) == {1: 5, 2: 3, 3: 3, 100: 1}[most]


def test_no_rows_are_one_batch_that_takes_nothing() -> None:
    rows = pl.LazyFrame(schema={"id_company": pl.String})
    assert [rows.filter(own).collect().height for own in batches([rows])] == [0]


def many_companies() -> dict[str, list[Row]]:
    companies = ("JD_UG", "EC_KE", "EC_NG")
    return {
        "cr_03": [
            entry(number, amount, text, id_company=code, voucher_no="1", **more)
            for code in companies
            for number, (amount, text, more) in enumerate(
                [
                    (-5, "REFUND 1", {}),
                    (5, "EXPR_RFN 1", {"reversed": True, "reversed_by_entry_no": 3}),
                    (-5, "EXPR_RFN 1", {"reversed": True, "reversed_entry_no": 2}),
                    (4, "itempricecredit", {}),
                ],
                start=1,
            )
        ],
        "ipe_08": [voucher("1", 5, id_company=code) for code in companies],
        "ipe_31": [
            {"line_id": f"{n}", "id_company": code, "transaction_type": "Payment", "amount": n}
            for code in companies
            for n in range(3)
        ],
    }


def test_batches_and_files_change_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    month = quiet_month(**many_companies())
    whole = reconcile(month, BOOK)
    monkeypatch.setattr(classification, "_BATCH", 1)
    monkeypatch.setattr(open_items, "batches", lambda reports: batches(reports, 1))
    parts = reconcile(month, BOOK, in_files(tmp_path))
    assert whole.classified is not None
    assert parts.classified is not None
    assert parts.classified.equals(whole.classified)
    assert whole.classified.height == 12
    kept = pl.read_parquet(tmp_path / "open_items.parquet")
    assert kept.equals(whole.open_items.collect())
    assert kept.height == 9
    assert parts.lines == whole.lines
