"""IPE_10: what its controls catch that a right query does not show."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from soxauto_assets.period import Period
from soxauto_assets_tests.support.small_warehouse import COMPANIES, FINREC, SmallWarehouse

MAY = Period(2024, 5)
ITEMS = f"{FINREC}.dbo.RPT_SOI"
LAST_MOMENT = datetime(2024, 5, 31, 23, 59, 59, 997_000)
JUNE = datetime(2024, 6, 1)


def prepaid(company: str, item: str, **changes: object) -> dict[str, object]:
    return {
        "ID_COMPANY": company,
        "COD_OMS_SALES_ORDER_ITEM": item,
        "ORDER_NR": f"order of {item}",
        "IS_PREPAYMENT": 1,
        "ORDER_CREATION_DATE": datetime(2024, 5, 3),
        "FINANCE_VERIFIED_DATE": datetime(2024, 5, 4),
        "MTR_UNIT_PRICE": Decimal("10.0000"),
    } | changes


def test_the_witnesses_are_the_rows_on_both_sides_of_the_cut_off(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(
        ITEMS,
        prepaid("EC_NG", "early"),
        prepaid("EC_NG", "last", FINANCE_VERIFIED_DATE=LAST_MOMENT),
        prepaid("EC_NG", "refunded", FINANCE_VERIFIED_DATE=LAST_MOMENT, REFUND_DATE=LAST_MOMENT),
        prepaid("EC_NG", "first of June", FINANCE_VERIFIED_DATE=JUNE),
    )

    assert source.control("ipe_10", "witness_inside", MAY) == [
        {"id_company": "EC_NG", "cod_oms_sales_order_item": "last"}
    ]
    assert source.control("ipe_10", "witness_after", MAY) == [
        {"id_company": "EC_NG", "cod_oms_sales_order_item": "first of June"}
    ]
    assert [row["cod_oms_sales_order_item"] for row in source.extract("ipe_10", MAY)] == [
        "early",
        "last",
    ]


def test_a_month_without_prepayments_has_totals_of_zero(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)

    nothing = {
        "row_count": 0,
        "sum_paid_for_items": Decimal(0),
        "sum_paid_price": Decimal(0),
        "sum_paid_for_shipping": Decimal(0),
        "sum_balance_lcy": Decimal(0),
        "first_event": None,
        "last_event": None,
    }
    assert source.total("ipe_10", "transfer", MAY) == nothing
    assert source.total("ipe_10", "driving_table", MAY) == nothing


def test_the_roster_names_a_consolidated_company_only_where_it_holds_prepayments(
    tmp_path: Path,
) -> None:
    source = SmallWarehouse(tmp_path, unflagged=("JD_UG",))
    source.put(
        COMPANIES,
        *(
            {"Company_Code": code, "Flg_In_Conso_Scope": flag}
            for code, flag in (("EC_TZ", 1), ("EC_CM", 1), ("EC_NG_USD", 0))
        ),
    )
    source.put(
        ITEMS,
        prepaid("EC_TZ", "held"),
        prepaid("EC_CM", "refunded", REFUND_DATE=datetime(2024, 5, 9)),
        prepaid("EC_NG_USD", "not consolidated"),
    )

    assert source.control("ipe_10", "roster", MAY) == [
        {
            "company": "EC_TZ",
            "problem": "consolidated, with rows in this report, and not on the roster",
        },
        {"company": "JD_UG", "problem": "on the roster and not consolidated"},
    ]


def test_what_is_kept_although_cancelled_or_failed_is_counted(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(
        ITEMS,
        prepaid("EC_NG", "live"),
        prepaid("EC_NG", "cancelled", CANCELLATION_DATE=LAST_MOMENT),
        prepaid("EC_NG", "failed", FAIL_DATE=LAST_MOMENT, MTR_UNIT_PRICE=Decimal("2.5000")),
        prepaid("EC_NG", "cancelled later", CANCELLATION_DATE=JUNE),
    )

    assert source.control("ipe_10", "cancelled_or_failed_kept", MAY) == [
        {"company": "EC_NG", "row_count": 2, "balance_lcy": Decimal("12.5000")}
    ]
