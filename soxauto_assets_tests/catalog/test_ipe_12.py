"""IPE_12: what its controls catch that a right query does not show."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from soxauto_assets.period import Period
from soxauto_assets_tests.support.small_warehouse import FINREC, SmallWarehouse

MAY = Period(2024, 5)
ITEMS = f"{FINREC}.dbo.RPT_SOI"
PACKAGES = "STG_AIG_NAV_JUMIA_REC.OMS.PACKAGE_CASHREC"
CUSTOMER_TYPES = f"{FINREC}.dbo.RPT_DIM_BOB_CUSTOMER_TYPE"


def delivered(item: str, package: str | None, **changes: object) -> dict[str, object]:
    return {
        "ID_COMPANY": "EC_NG",
        "COD_OMS_SALES_ORDER_ITEM": item,
        "PACKAGE_NUMBER": package,
        "IS_PREPAYMENT": 0,
        "PAYMENT_METHOD": "CashOnDelivery",
        "DELIVERED_DATE": datetime(2024, 5, 4),
        "MTR_PAID_PRICE": Decimal("10.0000"),
        "BOB_CUSTOMER_TYPE": "individual",
    } | changes


def package(number: str, expected: str, received: str | None) -> dict[str, object]:
    return {
        "ID_COMPANY": "EC_NG",
        "package_nr": number,
        "amount_expected": Decimal(expected),
        "amount_received": None if received is None else Decimal(received),
    }


def test_the_amounts_of_a_package_count_once_whatever_its_items(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(ITEMS, delivered("10", "P1"), delivered("9", "p1"), delivered("2", None))
    source.put(PACKAGES, package("P1", "20.0000", "5.0000"))

    rows = source.extract("ipe_12", MAY)

    # As text "10" comes before "9"; an item without package has no amounts of a package.
    assert [(row["cod_oms_sales_order_item"], row["amount_expected"]) for row in rows] == [
        ("10", Decimal("20.0000")),
        ("2", None),
        ("9", None),
    ]
    for control in ("transfer", "driving_table"):
        totals = source.total("ipe_12", control, MAY)
        assert totals["row_count"] == 3
        assert totals["sum_amount_expected"] == Decimal("20.0000")
        assert totals["sum_amount_received"] == Decimal("5.0000")
        assert totals["sum_balance_lcy"] == Decimal("30.0000")


def test_a_doubled_package_or_customer_type_is_found_by_name_and_by_the_totals(
    tmp_path: Path,
) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(ITEMS, delivered("1", "P1"), delivered("2", "P2", BOB_CUSTOMER_TYPE="corporate"))
    source.put(
        PACKAGES,
        package("P1", "10.0000", None),
        package("p1", "10.0000", "1.0000"),
        package("of nobody", "1.0000", None),
        package("of nobody", "1.0000", None),
    )
    source.put(
        CUSTOMER_TYPES,
        {"Bob_Customer_Type": "corporate", "Customer_Type_L1": "A"},
        {"Bob_Customer_Type": "Corporate", "Customer_Type_L1": "B"},
        {"Bob_Customer_Type": "individual", "Customer_Type_L1": "C"},
    )

    found = source.control("ipe_12", "duplicate_dimensions", MAY)

    assert sorted((row["table_name"], str(row["duplicated_key"]).lower()) for row in found) == [
        ("PACKAGE_CASHREC", "p1"),
        ("RPT_DIM_BOB_CUSTOMER_TYPE", "corporate"),
    ]
    assert source.total("ipe_12", "transfer", MAY)["row_count"] == 4
    for control in ("without_joins", "driving_table"):
        totals = source.total("ipe_12", control, MAY)
        assert (totals["row_count"], totals["sum_balance_lcy"]) == (2, Decimal("20.0000"))


def test_collected_packages_are_left_out_and_counted_with_their_amounts(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(
        ITEMS,
        delivered("1", "full"),
        delivered("2", "full"),
        delivered("3", "partly"),
        delivered("4", "full", DELIVERED_DATE=datetime(2024, 6, 1)),
        delivered("5", "full", PAYMENT_METHOD="NoPayment"),
    )
    source.put(PACKAGES, package("full", "20.0000", "20.5000"), package("partly", "9", "8.9999"))

    assert source.control("ipe_12", "collected_packages", MAY) == [
        {
            "company": "EC_NG",
            "packages": 1,
            "items": 2,
            "amount_expected": Decimal("20.0000"),
            "amount_received": Decimal("20.5000"),
            "balance_lcy": Decimal("20.0000"),
        }
    ]
    assert [row["cod_oms_sales_order_item"] for row in source.extract("ipe_12", MAY)] == ["3"]
