"""IPE_REC_ERRORS: what its controls catch that a right query does not show."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.sources import TABLES
from soxauto_assets.period import Period
from soxauto_assets_tests.support.small_warehouse import COMPANIES, FINREC, SmallWarehouse

MAY = Period(2024, 5)
DEPOSITS = f"{FINREC}.dbo.V_REC_CASHDEPOSIT_ERRORS"
ADJUSTMENTS = f"{FINREC}.dbo.V_REC_COLLECTIONADJ_ERRORS"


def refused(company: str | None, number: str | None, amount: str | None) -> dict[str, object]:
    return {
        "country": company,
        "Oms_Payment_No": number,
        "OMS Payment Amount": None if amount is None else Decimal(amount),
        "Nav_Error_Message": "no such dimension",
    }


def test_every_declared_error_view_is_a_source_with_a_name_of_its_own() -> None:
    entry = load_entry("ipe_rec_errors")
    views = [view.full_name for view in TABLES if view.name.startswith("V_REC_")]

    assert sorted(entry.report.sources) == sorted(views)
    assert len(entry.column("source_system").allowed) == len(views) == 15


def test_records_that_look_alike_are_numbered_and_none_is_merged(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(
        DEPOSITS,
        refused("EC_NG", "D1", "5.0000"),
        refused("EC_NG", "D1", "5.0000"),
        refused("EC_NG", "D1", None),
        refused("EC_NG", None, "1.0000"),
    )

    assert [
        (row["transaction_id"], row["occurrence"], row["amount"])
        for row in source.extract("ipe_rec_errors", MAY)
    ] == [
        ("", 1, Decimal("1.0000")),
        ("D1", 1, None),
        ("D1", 2, Decimal("5.0000")),
        ("D1", 3, Decimal("5.0000")),
    ]
    for control in ("transfer", "driving_table"):
        assert source.total("ipe_rec_errors", control, MAY) == {
            "row_count": 4,
            "sum_amount": Decimal("11.0000"),
        }


def test_records_off_the_roster_are_counted_and_a_consolidated_company_fails(
    tmp_path: Path,
) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(COMPANIES, {"Company_Code": "EC_TZ", "Flg_In_Conso_Scope": 1})
    source.put(DEPOSITS, refused("NG", "D1", "5.0000"), refused(None, "D2", "2.0000"))
    source.put(ADJUSTMENTS, {"Id_Company": "EC_TZ", "NUMBER": "A1", "AMOUNT": Decimal(7)})

    assert source.control("ipe_rec_errors", "off_roster", MAY) == [
        {
            "source_system": "Cash Deposits",
            "company": "",
            "row_count": 1,
            "amount": Decimal("2.0000"),
        },
        {
            "source_system": "Cash Deposits",
            "company": "NG",
            "row_count": 1,
            "amount": Decimal("5.0000"),
        },
        {
            "source_system": "Collection Adjustments",
            "company": "EC_TZ",
            "row_count": 1,
            "amount": Decimal("7.0000"),
        },
    ]
    assert [row["company"] for row in source.control("ipe_rec_errors", "roster", MAY)] == ["EC_TZ"]
    assert source.extract("ipe_rec_errors", MAY) == []
