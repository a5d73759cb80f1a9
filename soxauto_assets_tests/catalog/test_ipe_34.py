"""IPE_34: what its controls catch that a right query does not show."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from soxauto_assets.period import Period
from soxauto_assets_tests.support.small_warehouse import FINREC, SmallWarehouse

MAY = Period(2024, 5)
ITEMS = f"{FINREC}.dbo.RPT_SOI"
REFUND_LIST = f"{FINREC}.dbo.RPT_REFUND_NO_RETURN"
CUSTOMER_TYPES = f"{FINREC}.dbo.RPT_DIM_BOB_CUSTOMER_TYPE"


def item(number: str, **changes: object) -> dict[str, object]:
    return {
        "ID_COMPANY": "EC_NG",
        "COD_OMS_SALES_ORDER_ITEM": number,
        "ORDER_NR": f"order of {number}",
        "IS_MARKETPLACE": 1,
        "DELIVERED_DATE": datetime(2024, 5, 1),
        "MTR_PRICE_AFTER_DISCOUNT": Decimal("10.0000"),
        "BOB_CUSTOMER_TYPE": "individual",
    } | changes


def test_an_item_that_is_listed_several_times_stays_one_case(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(ITEMS, item("1", REFUND_DATE=datetime(2024, 5, 4)))
    source.put(
        REFUND_LIST,
        *(
            {"ID_Company": "EC_NG", "OMS_ID_Sales_Order_Item": "1", "OMS_Type": refund_type}
            for refund_type in ("wallet", "Wallet", "Bank", None)
        ),
    )

    (row,) = source.extract("ipe_34", MAY)

    assert row["oms_type"] == "Bank,Wallet"
    assert source.total("ipe_34", "transfer", MAY)["row_count"] == 1


def test_a_doubled_customer_type_is_found_by_name_and_by_the_totals(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(ITEMS, item("1", RETURN_DATE=datetime(2024, 5, 4)))
    source.put(
        CUSTOMER_TYPES,
        {"Bob_Customer_Type": "individual", "Customer_Type_L1": "A"},
        {"Bob_Customer_Type": "Individual", "Customer_Type_L1": "B"},
    )

    (found,) = source.control("ipe_34", "duplicate_dimensions", MAY)

    assert (found["table_name"], found["row_count"]) == ("RPT_DIM_BOB_CUSTOMER_TYPE", 2)
    assert source.total("ipe_34", "transfer", MAY)["sum_amounttorefund"] == Decimal("-20.0000")
    for control in ("without_joins", "driving_table"):
        totals = source.total("ipe_34", control, MAY)
        assert (totals["row_count"], totals["sum_amounttorefund"]) == (1, Decimal("-10.0000"))


def test_every_case_is_dated_by_what_happened_in_time(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)
    june = datetime(2024, 6, 1)
    source.put(
        ITEMS,
        item("1", REFUND_DATE=datetime(2024, 5, 4), RETURN_DATE=june),
        item("2", RETURN_DATE=datetime(2024, 5, 5), REFUND_DATE=june),
        item("3", REFUND_DATE=june),
    )

    assert [
        (row["cod_oms_sales_order_item"], row["event_date"], row["amounttorefund"])
        for row in source.extract("ipe_34", MAY)
    ] == [
        ("1", datetime(2024, 5, 4), Decimal("10.0000")),
        ("2", datetime(2024, 5, 5), Decimal("-10.0000")),
    ]
    assert source.control("ipe_34", "witness_inside", MAY) == [
        {
            "id_company": "EC_NG",
            "cod_oms_sales_order_item": "2",
            "case_type": "Returned not yet refunded",
        }
    ]
    # Of the items that June changes, "2" is the first whose goods were back and whose money went.
    assert source.control("ipe_34", "witness_after", MAY) == [
        {
            "id_company": "EC_NG",
            "cod_oms_sales_order_item": "3",
            "case_type": "Refunded not yet returned",
        }
    ]


def test_amounts_are_noted_by_marketplace_flag(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)
    in_time = datetime(2024, 5, 4)
    source.put(
        ITEMS,
        item("1", RETURN_DATE=in_time),
        item("2", REFUND_DATE=in_time, IS_MARKETPLACE=0, MTR_PRICE_AFTER_DISCOUNT=Decimal(3)),
        item("3", RETURN_DATE=in_time, IS_MARKETPLACE=None),
    )

    noted = source.control("ipe_34", "by_marketplace", MAY)

    assert {row["is_marketplace"]: row["amounttorefund"] for row in noted} == {
        None: Decimal("-10.0000"),
        0: Decimal("3.0000"),
        1: Decimal("-10.0000"),
    }
