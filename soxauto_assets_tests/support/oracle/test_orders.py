"""The oracle of IPE_10, IPE_12 and IPE_34 against rows written by hand."""

from datetime import datetime
from decimal import Decimal

import pytest

from soxauto_assets_tests.support.oracle import LiteralSource, Month, expected_rows

SEPTEMBER = Month(2024, 9)
INSIDE = datetime(2024, 9, 10)
LAST_MOMENT = datetime(2024, 9, 30, 23, 59, 59, 997000)
N = datetime(2024, 10, 1)
FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"
PACKAGES = "STG_AIG_NAV_JUMIA_REC.OMS.PACKAGE_CASHREC"


def keys(report, items, **tables):
    rows = rows_of(report, items, **tables)
    return [row["cod_oms_sales_order_item"] for row in rows]


def rows_of(report, items, *, packages=(), types=(), refunds=()):
    source = LiteralSource(
        {
            f"{FINREC}.RPT_SOI": items,
            f"{FINREC}.RPT_DIM_BOB_CUSTOMER_TYPE": types,
            f"{FINREC}.RPT_REFUND_NO_RETURN": refunds,
            PACKAGES: packages,
        }
    )
    return expected_rows(report, source, SEPTEMBER)


def prepaid(key, **others):
    return {
        "ID_COMPANY": "EC_NG",
        "COD_OMS_SALES_ORDER_ITEM": key,
        "IS_PREPAYMENT": 1,
        "IS_MARKETPLACE": 0,
        "ORDER_CREATION_DATE": INSIDE,
        "FINANCE_VERIFIED_DATE": INSIDE,
        **others,
    }


def test_a_prepayment_comes_out_whole_with_nulls_as_zero():
    item = prepaid(
        "I1",
        ORDER_NR="N1",
        BOB_ID_CUSTOMER="K1",
        CURRENT_STATUS="Closed ",
        IS_MARKETPLACE=None,
        PAYMENT_METHOD="Card",
        DELIVERY_TYPE=None,
        DELIVERED_DATE=INSIDE,
        PACKAGE_DELIVERY_DATE=N,
        REFUND_COMPLETED=0,
        REFUND_DATE=N,
        FAIL_DATE=LAST_MOMENT,
        CANCELLATION_DATE=N,
        MTR_UNIT_PRICE=Decimal("100"),
        MTR_COUPON_MONEY_VALUE=Decimal("10"),
        MTR_CART_RULE_DISCOUNT=Decimal("1"),
        MTR_PAID_PRICE=Decimal("89"),
        MTR_BASE_SHIPPING_AMOUNT=Decimal("20"),
        MTR_SHIPPING_CART_RULE_DISCOUNT=Decimal("2"),
        MTR_SHIPPING_VOUCHER_DISCOUNT=Decimal("0.2"),
        MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT=Decimal("5"),
        MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT=Decimal("0.5"),
        MTR_INTERNATIONAL_FREIGHT_FEE=Decimal("3"),
        MTR_INTERNATIONAL_DELIVERY_FEE_CART_RULE=Decimal("999"),
    )
    assert rows_of("ipe_10", [item]) == [
        {
            "id_company": "EC_NG",
            "is_prepayment": True,
            "cod_oms_sales_order_item": "I1",
            "order_nr": "N1",
            "bob_id_customer": "K1",
            "current_status": "Closed ",
            "is_closed": True,
            "is_marketplace": False,
            "payment_method": "Card",
            "delivery_type": None,
            "order_creation_date": INSIDE,
            "finance_verified_date": INSIDE,
            "delivered_date": INSIDE,
            "package_delivery_date": N,
            "refund_completed": False,
            "refund_date": N,
            "fail_date": LAST_MOMENT,
            "paid_for_items": Decimal("89"),
            "paid_price": Decimal("89"),
            "paid_for_shipping": Decimal("25.3"),
            "balance_lcy": Decimal("114.3"),
            "cancelled_or_failed_before_cutoff": True,
        }
    ]


def test_prepayments_are_bounded_by_verification_order_and_flag():
    start = datetime(2018, 1, 1)
    early = datetime(2017, 12, 31, 23, 59, 59, 997000)
    items = [
        prepaid("verified last", FINANCE_VERIFIED_DATE=LAST_MOMENT),
        prepaid("verified after", FINANCE_VERIFIED_DATE=N),
        prepaid("never verified", FINANCE_VERIFIED_DATE=None),
        prepaid("ordered first", ORDER_CREATION_DATE=start, FINANCE_VERIFIED_DATE=start),
        prepaid("ordered early", ORDER_CREATION_DATE=early),
        prepaid("verified early", ORDER_CREATION_DATE=start, FINANCE_VERIFIED_DATE=early),
        prepaid("never ordered", ORDER_CREATION_DATE=None),
        prepaid("cash", IS_PREPAYMENT=0),
        prepaid("unknown", IS_PREPAYMENT=None),
        prepaid("off roster", ID_COMPANY="JM_EG_USD"),
    ]
    assert keys("ipe_10", items) == ["verified last", "ordered first"]


@pytest.mark.parametrize(
    ("marketplace", "kind", "which"),
    [
        (1, None, "DELIVERED_DATE"),
        (1, "Shipment", "DELIVERED_DATE"),
        (0, "Digital Content", "DELIVERED_DATE"),
        (0, "gift card ", "DELIVERED_DATE"),
        (0, "Shipment", "PACKAGE_DELIVERY_DATE"),
        (0, None, "PACKAGE_DELIVERY_DATE"),
        (None, None, "PACKAGE_DELIVERY_DATE"),
    ],
)
def test_the_delivery_that_counts_depends_on_seller_and_delivery_type(marketplace, kind, which):
    dates = {"DELIVERED_DATE": INSIDE, "PACKAGE_DELIVERY_DATE": INSIDE}
    kinds = {"IS_MARKETPLACE": marketplace, "DELIVERY_TYPE": kind}
    items = [
        prepaid("null", **{**kinds, **dates, which: None}),
        prepaid("after", **{**kinds, **dates, which: N}),
        prepaid("last", **{**kinds, which: LAST_MOMENT}),
        prepaid("refunded last", **kinds, REFUND_DATE=LAST_MOMENT),
        prepaid("refunded after", **kinds, REFUND_DATE=N),
    ]
    assert keys("ipe_10", items) == ["null", "after", "refunded after"]


@pytest.mark.parametrize(
    ("cancelled", "failed", "flagged"),
    [
        (None, None, False),
        (N, N, False),
        (LAST_MOMENT, None, True),
        (None, LAST_MOMENT, True),
    ],
)
def test_a_prepayment_cancelled_or_failed_before_the_bound_stays_with_a_flag(
    cancelled, failed, flagged
):
    (row,) = rows_of("ipe_10", [prepaid("x", CANCELLATION_DATE=cancelled, FAIL_DATE=failed)])
    assert row["cancelled_or_failed_before_cutoff"] is flagged


def cash(key, **others):
    return {
        "ID_COMPANY": "EC_NG",
        "COD_OMS_SALES_ORDER_ITEM": key,
        "IS_PREPAYMENT": 0,
        "PAYMENT_METHOD": "CashOnDelivery",
        "DELIVERED_DATE": INSIDE,
        **others,
    }


def test_packages_are_delivered_items_paid_in_cash_up_to_the_bound():
    items = [
        cash("last", DELIVERED_DATE=LAST_MOMENT),
        cash("after", DELIVERED_DATE=N),
        cash("never", DELIVERED_DATE=None),
        cash("first", DELIVERED_DATE=datetime(2019, 1, 1)),
        cash("early", DELIVERED_DATE=datetime(2018, 12, 31, 23, 59, 59, 997000)),
        cash("prepaid", IS_PREPAYMENT=1),
        cash("unknown", IS_PREPAYMENT=None),
        cash("free", PAYMENT_METHOD="nopayment "),
        cash("no method", PAYMENT_METHOD=None),
        cash("off roster", ID_COMPANY="EC_CM"),
    ]
    assert keys("ipe_12", items) == ["last", "first"]


def test_a_settled_package_leaves_with_its_items_and_an_open_one_stays():
    def package(number, **others):
        return {"ID_COMPANY": "ec_ng", "package_nr": number, **others}

    packages = [
        package("settled", troubleshoot_resolution_date=LAST_MOMENT),
        package("settled later", troubleshoot_resolution_date=N),
        package("collected", amount_expected=Decimal("10"), amount_received=Decimal("10")),
        package("short", amount_expected=Decimal("10"), amount_received=Decimal("9.99")),
        package("no expectation", amount_received=Decimal("10")),
        package("nothing received", amount_expected=Decimal("0")),
    ]
    items = [cash(p["package_nr"], PACKAGE_NUMBER=p["package_nr"].upper()) for p in packages]
    items += [cash("unknown package", PACKAGE_NUMBER="P?"), cash("no package")]
    rows = rows_of("ipe_12", items, packages=packages)
    assert [
        (r["cod_oms_sales_order_item"], r["amount_expected"], r["amount_received"]) for r in rows
    ] == [
        ("settled later", None, None),
        ("short", Decimal("10"), Decimal("9.99")),
        ("no expectation", None, Decimal("10")),
        ("nothing received", Decimal("0"), None),
        ("unknown package", None, None),
        ("no package", None, None),
    ]


def test_package_amounts_stand_on_the_smallest_item_selected_compared_as_text():
    packages = [
        {
            "ID_COMPANY": "EC_NG",
            "package_nr": "P1",
            "amount_expected": Decimal("30"),
            "amount_received": Decimal("1"),
        }
    ]
    items = [
        cash("9", PACKAGE_NUMBER="P1"),
        cash("10", PACKAGE_NUMBER="p1 "),
        cash("1", PACKAGE_NUMBER="P1", DELIVERED_DATE=N),  # smaller, but not selected
        cash("11", PACKAGE_NUMBER="P1", ID_COMPANY="EC_KE"),  # another company's package
    ]
    rows = rows_of("ipe_12", items, packages=packages)
    assert [
        (r["cod_oms_sales_order_item"], r["amount_expected"], r["amount_received"]) for r in rows
    ] == [("9", None, None), ("10", Decimal("30"), Decimal("1")), ("11", None, None)]


def test_a_package_item_comes_out_whole():
    item = cash(
        "I1",
        COD_OMS_ID_PACKAGE="77",
        IS_MARKETPLACE=None,
        ORDER_NR="N1",
        PACKAGE_NUMBER="P1",
        VOUCHER_TYPE="coupon",
        BOB_ID_CUSTOMER="K1",
        BOB_CUSTOMER_TYPE="b2c",
        ORDER_CREATION_DATE=INSIDE,
        SHIPPED_DATE=INSIDE,
        PACKAGE_DELIVERY_DATE=N,
        MTR_SHIPPING_FEE_MODIFICATION=None,
        TRACKING_NUMBER="T1",
        OMS_PACKAGE_STATUS="delivered",
        MTR_AMOUNT_PAID=None,
        MTR_PAID_PRICE=Decimal("50"),
        MTR_BASE_SHIPPING_AMOUNT=Decimal("8"),
        MTR_SHIPPING_CART_RULE_DISCOUNT=Decimal("1"),
        MTR_SHIPPING_VOUCHER_DISCOUNT=Decimal("0.5"),
        MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT=Decimal("4"),
        MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT=Decimal("0.25"),
        MTR_INTERNATIONAL_FREIGHT_FEE=Decimal("2"),
        MTR_INTERNATIONAL_DELIVERY_FEE_CART_RULE=Decimal("0.125"),
    )
    packages = [
        {
            "ID_COMPANY": "EC_NG",
            "package_nr": "P1",
            "amount_expected": Decimal("62"),
            "amount_received": Decimal("0"),
            "fk_package_status": "3",
            "delivered_update_date": LAST_MOMENT,
            "delivery_date": INSIDE,
            "fk_collection_partner": "CP1",
            "last_mile": "LM",
            "package_status": "open",
            "payment_method_confirmed": "cash",
            "order_nr": "another",
            "troubleshoot_resolution_date": N,
        }
    ]
    types = [{"Bob_Customer_Type": "B2C", "Customer_Type_L1": "Consumer"}]
    assert rows_of("ipe_12", [item], packages=packages, types=types) == [
        {
            "id_company": "EC_NG",
            "cod_oms_sales_order_item": "I1",
            "cod_oms_id_package": "77",
            "payment_method": "CashOnDelivery",
            "is_marketplace": None,
            "order_nr": "N1",
            "package_number": "P1",
            "voucher_type": "coupon",
            "bob_id_customer": "K1",
            "order_creation_date": INSIDE,
            "shipped_date": INSIDE,
            "delivered_date": INSIDE,
            "package_delivery_date": N,
            "is_prepayment": False,
            "mtr_shipping_fee_modification": None,
            "tracking_number": "T1",
            "oms_package_status": "delivered",
            "customer_type": "Consumer",
            "amount_expected": Decimal("62"),
            "amount_received": Decimal("0"),
            "fk_package_status": "3",
            "delivered_update_date": LAST_MOMENT,
            "delivery_date": INSIDE,
            "fk_collection_partner": "CP1",
            "last_mile": "LM",
            "package_status_cashrec": "open",
            "payment_method_confirmed": "cash",
            "troubleshoot_resolution_date": N,
            "amount_paid": Decimal("0"),
            "paid_price": Decimal("50"),
            "paid_shipping": Decimal("12.125"),
            "balance_lcy": Decimal("62.125"),
        }
    ]


def refunded(key, **others):
    return {
        "ID_COMPANY": "EC_NG",
        "COD_OMS_SALES_ORDER_ITEM": key,
        "DELIVERED_DATE": INSIDE,
        "REFUND_DATE": INSIDE,
        "MTR_PRICE_AFTER_DISCOUNT": Decimal("10"),
        **others,
    }


def returned(key, **others):
    return {**refunded(key), "REFUND_DATE": None, "RETURN_DATE": INSIDE, **others}


def test_refunds_without_return_and_returns_without_refund_have_opposite_signs():
    items = [
        refunded("refunded last", REFUND_DATE=LAST_MOMENT),
        refunded("refunded after", REFUND_DATE=N),
        refunded("returned later", RETURN_DATE=N),
        refunded("both", RETURN_DATE=LAST_MOMENT),
        refunded("never delivered", DELIVERED_DATE=None),
        refunded("delivered after", DELIVERED_DATE=N),
        refunded("too old", REFUND_DATE=datetime(2018, 12, 31, 23, 59, 59, 997000)),
        refunded("oldest", REFUND_DATE=datetime(2019, 1, 1)),
        returned("returned last", RETURN_DATE=LAST_MOMENT),
        returned("returned after", RETURN_DATE=N),
        returned("refund later", REFUND_DATE=N),
        returned("undelivered return", DELIVERED_DATE=None),
        returned("old return", RETURN_DATE=datetime(2018, 12, 31)),
        refunded("off roster", ID_COMPANY="AT_TN"),
    ]
    rows = rows_of("ipe_34", items)
    assert [(r["cod_oms_sales_order_item"], r["case_type"], r["amounttorefund"]) for r in rows] == [
        ("refunded last", "Refunded not yet returned", Decimal("10")),
        ("returned later", "Refunded not yet returned", Decimal("10")),
        ("oldest", "Refunded not yet returned", Decimal("10")),
        ("returned last", "Returned not yet refunded", Decimal("-10")),
        ("refund later", "Returned not yet refunded", Decimal("-10")),
        ("undelivered return", "Returned not yet refunded", Decimal("-10")),
    ]


@pytest.mark.parametrize(
    ("voucher_type", "amount"),
    [
        ("Coupon", Decimal("117.3")),
        ("reusablecredit", Decimal("117.55")),
        (None, Decimal("117.55")),
    ],
)
def test_the_shipping_voucher_counts_only_for_coupons(voucher_type, amount):
    (row,) = rows_of(
        "ipe_34",
        [
            refunded(
                "x",
                VOUCHER_TYPE=voucher_type,
                MTR_PRICE_AFTER_DISCOUNT=Decimal("100"),
                MTR_BASE_SHIPPING_AMOUNT=Decimal("15"),
                MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT=Decimal("4"),
                MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT=Decimal("0.45"),
                MTR_SHIPPING_CART_RULE_DISCOUNT=Decimal("1"),
                MTR_SHIPPING_VOUCHER_DISCOUNT=Decimal("0.25"),
            )
        ],
    )
    assert row["amounttorefund"] == amount


def test_a_refund_comes_out_whole_once_with_its_types_as_a_sorted_list():
    item = refunded(
        "I1",
        CURRENT_STATUS="delivered",
        IS_MARKETPLACE=None,
        ORDER_NR="N1",
        BOB_ID_CUSTOMER="K1",
        IS_GLOBAL=1,
        FINANCE_VERIFIED_DATE=INSIDE,
        BOB_CUSTOMER_TYPE="B2B",
    )
    refunds = [
        {"ID_Company": "EC_NG", "OMS_ID_Sales_Order_Item": "i1", "OMS_Type": kind}
        for kind in ("lost", "Damaged", "damaged ", None, "lost")
    ]
    types = [{"Bob_Customer_Type": "B2B", "Customer_Type_L1": "Corporate"}]
    assert rows_of("ipe_34", [item], refunds=refunds, types=types) == [
        {
            "id_company": "EC_NG",
            "cod_oms_sales_order_item": "I1",
            "current_status": "delivered",
            "case_type": "Refunded not yet returned",
            "event_date": INSIDE,
            "is_marketplace": None,
            "order_nr": "N1",
            "bob_id_customer": "K1",
            "return_date": None,
            "is_global": True,
            "finance_verified_date": INSIDE,
            "refund_date": INSIDE,
            "oms_type": "Damaged,lost",
            "customer_type_l1": "Corporate",
            "amounttorefund": Decimal("10"),
        }
    ]
