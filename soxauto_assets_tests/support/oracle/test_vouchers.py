"""The oracle of IPE_08, IPE_08_USAGE and IPE_08_TIMING against rows written by hand."""

from datetime import datetime
from decimal import Decimal

import pytest

from soxauto_assets_tests.support.oracle import LiteralSource, Month, expected_rows

SEPTEMBER = Month(2024, 9)
LAST_MOMENT = datetime(2024, 9, 30, 23, 59, 59, 997000)
N = datetime(2024, 10, 1)
FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"


def voucher(identifier="V1", *, code="RF001", created=datetime(2024, 9, 1), **others):
    return {
        "ID_COMPANY": "EC_NG",
        "id": identifier,
        "code": code,
        "created_at": created,
        **others,
    }


def item(key, *, code="RF001", delivered=datetime(2024, 9, 20), **others):
    return {
        "ID_COMPANY": "EC_NG",
        "COD_OMS_SALES_ORDER_ITEM": key,
        "VOUCHER_CODE": code,
        "PACKAGE_DELIVERY_DATE": delivered,
        **others,
    }


def rows_of(report, vouchers=(), items=(), templates=(), month=SEPTEMBER):
    source = LiteralSource(
        {
            f"{FINREC}.V_STORECREDITVOUCHER_CLOSING": vouchers,
            f"{FINREC}.RPT_SOI": items,
            f"{FINREC}.StoreCreditVoucher": templates,
        }
    )
    return expected_rows(report, source, month)


def test_a_voucher_comes_out_whole_with_the_use_of_both_types_in_one_row():
    full = voucher(
        code="GC-1",
        created=LAST_MOMENT,
        business_use="JPAY_STORE_CREDIT",
        description="gift",
        is_active=1,
        type="fixed",
        Template_status="active",
        discount_amount=Decimal("100"),
        from_date=datetime(2024, 9, 1),
        to_date=N,
        updated_at=datetime(2024, 9, 30, 8),
        last_time_used=datetime(2024, 9, 29),
        snapshot_date=datetime(2024, 10, 2),
        voucher_inactive_date=None,
        template_inactive_date=datetime(2024, 10, 5),
        reason="r",
        fk_customer="K1",
        used_discount_amount=Decimal("11"),
        times_used=2,
        remaining_amount=Decimal("89"),
    )
    items = [
        item(
            "1",
            code="gc-1 ",
            VOUCHER_TYPE="reusablecredit",
            IS_MARKETPLACE=1,
            MTR_COUPON_MONEY_VALUE=Decimal("7"),
            MTR_SHIPPING_VOUCHER_DISCOUNT=Decimal("1.5"),
            MTR_SHIPPING_DISCOUNT_AMOUNT=Decimal("0.25"),
        ),
        item("2", code="GC-1", VOUCHER_TYPE="coupon", MTR_COUPON_MONEY_VALUE=Decimal("2")),
        item("3", code="GC-1", IS_MARKETPLACE=0, MTR_COUPON_MONEY_VALUE=Decimal("0.5")),
        item("4", code="GC-1", VOUCHER_TYPE="Coupon", delivered=LAST_MOMENT),
        item("5", code="GC-1", delivered=N, MTR_COUPON_MONEY_VALUE=Decimal("999")),
        item("6", code="GC-1", delivered=None, MTR_COUPON_MONEY_VALUE=Decimal("999")),
    ]
    templates = [{"ID_COMPANY": "ec_ng", "id": "v1", "template_id": "T1", "template_name": "Gift"}]
    assert rows_of("ipe_08", [full], items, templates) == [
        {
            "id_company": "EC_NG",
            "id": "V1",
            "code": "GC-1",
            "business_use": "JPAY_STORE_CREDIT",
            "business_use_formatted": "jpay_store_credit_gift",
            "template_id": "T1",
            "template_name": "Gift",
            "description": "gift",
            "is_active": True,
            "type": "fixed",
            "template_status": "active",
            "discount_amount": Decimal("100"),
            "from_date": datetime(2024, 9, 1),
            "to_date": N,
            "expiration_ym": "2024-10",
            "is_valid": "valid",
            "created_at": LAST_MOMENT,
            "creation_ym": "2024-09",
            "last_update_ym": "2024-09",
            "last_time_used": datetime(2024, 9, 29),
            "voucher_inactive_date": None,
            "template_inactive_date": datetime(2024, 10, 5),
            "codeinactive_ym": None,
            "templateinactive_ym": "2024-10",
            "reason": "r",
            "updated_at": datetime(2024, 9, 30, 8),
            "fk_customer": "K1",
            "used_discount_amount": Decimal("11"),
            "times_used": 2,
            "remaining_amount": Decimal("89"),
            "voucher_types": "Coupon,reusablecredit",
            "shipping_discount": Decimal("0.25"),
            "shipping_storecredit": Decimal("1.5"),
            "mpl_storecredit": Decimal("7"),
            "rtl_storecredit": Decimal("2.5"),
            "totalamountused": Decimal("11"),
            "totalremainingamount": Decimal("89"),
            "min_inactive_date": N,
        }
    ]


def test_vouchers_are_those_created_from_2017_to_the_last_moment_of_the_month():
    created = {
        "before": datetime(2016, 12, 31, 23, 59, 59, 997000),
        "first": datetime(2017, 1, 1),
        "last": LAST_MOMENT,
        "next": N,
        "never": None,
    }
    vouchers = [voucher(name, created=stamp, code=name) for name, stamp in created.items()]
    vouchers.append({**voucher("central"), "ID_COMPANY": "EC_CM"})
    assert [row["id"] for row in rows_of("ipe_08", vouchers)] == ["first", "last"]


@pytest.mark.parametrize(
    ("to_date", "label"), [(LAST_MOMENT, "expired"), (N, "valid"), (None, "valid")]
)
def test_a_voucher_is_expired_when_it_ends_before_the_bound(to_date, label):
    (row,) = rows_of("ipe_08", [voucher(to_date=to_date)])
    assert row["is_valid"] == label


@pytest.mark.parametrize(
    ("dates", "earliest"),
    [
        ((None, None, None), None),
        ((None, datetime(2024, 3, 1), datetime(2024, 4, 1)), datetime(2024, 3, 1)),
        ((datetime(2024, 5, 1), None, None), datetime(2024, 5, 1)),
    ],
)
def test_the_earliest_end_of_life_ignores_nulls(dates, earliest):
    names = ("voucher_inactive_date", "template_inactive_date", "to_date")
    (row,) = rows_of("ipe_08", [voucher(**dict(zip(names, dates, strict=True)))])
    assert row["min_inactive_date"] == earliest


def test_an_unused_voucher_has_sums_of_zero_and_no_types():
    (row,) = rows_of("ipe_08", [voucher(code=None, discount_amount=None)], [item("1", code=None)])
    assert (row["voucher_types"], row["totalamountused"], row["totalremainingamount"]) == (
        None,
        Decimal(0),
        Decimal(0),
    )


@pytest.mark.parametrize(
    ("code", "use", "formatted"),
    [
        ("jp1", "jpay_store_credit", "jpay_store_credit_DS"),
        ("X1", "jpay_store_credit", "jpay_store_credit_other"),
        (None, "jpay_store_credit", "jpay_store_credit_other"),
        ("GC1", "Refund", "Refund"),
        ("GC1", None, None),
    ],
)
def test_only_jpay_store_credit_is_split_by_its_code(code, use, formatted):
    (row,) = rows_of("ipe_08", [voucher(code=code, business_use=use)])
    assert row["business_use_formatted"] == formatted


def test_usage_is_grouped_by_code_in_any_spelling_and_month_of_delivery():
    credit = {"VOUCHER_TYPE": "reusablecredit"}
    items = [
        item("1", code="rf001", MTR_COUPON_MONEY_VALUE=Decimal("1"), **credit),
        item("2", code="RF001 ", MTR_COUPON_MONEY_VALUE=Decimal("2"), IS_MARKETPLACE=1, **credit),
        item("3", code="RF001", delivered=LAST_MOMENT, VOUCHER_TYPE="REUSABLECREDIT"),
        item(
            "4",
            delivered=datetime(2024, 8, 31),
            MTR_SHIPPING_VOUCHER_DISCOUNT=Decimal("3"),
            **credit,
        ),
        item("5", delivered=N, **credit),
        item("6", delivered=None, **credit),
        item("7", VOUCHER_TYPE="coupon"),
        item("8"),
        item("9", code=None, **credit),
        item("10", code="NOBODY", MTR_COUPON_MONEY_VALUE=Decimal("4"), **credit),
        {**item("11", **credit), "ID_COMPANY": "AT_TN"},
    ]
    vouchers = [voucher(business_use="refund", created=datetime(2016, 1, 1))]
    rows = rows_of("ipe_08_usage", vouchers, items)
    assert sorted(rows, key=lambda row: (row["code"], row["delivery_mth"])) == [
        {
            "id_company": "EC_NG",
            "code": "NOBODY",
            "id": None,
            "voucher_type": "reusablecredit",
            "business_use": None,
            "creation_year": None,
            "delivery_mth": 202409,
            "shipping_storecredit": Decimal(0),
            "mpl_storecredit": Decimal(0),
            "rtl_storecredit": Decimal(4),
            "totalamountused": Decimal(4),
        },
        {
            "id_company": "EC_NG",
            "code": "RF001",
            "id": "V1",
            "voucher_type": "reusablecredit",
            "business_use": "refund",
            "creation_year": 2016,
            "delivery_mth": 202408,
            "shipping_storecredit": Decimal(3),
            "mpl_storecredit": Decimal(0),
            "rtl_storecredit": Decimal(0),
            "totalamountused": Decimal(3),
        },
        {
            "id_company": "EC_NG",
            "code": "RF001",
            "id": "V1",
            "voucher_type": "REUSABLECREDIT",
            "business_use": "refund",
            "creation_year": 2016,
            "delivery_mth": 202409,
            "shipping_storecredit": Decimal(0),
            "mpl_storecredit": Decimal(2),
            "rtl_storecredit": Decimal(1),
            "totalamountused": Decimal(3),
        },
    ]


def inactive(identifier, **others):
    return voucher(identifier, **{"code": identifier, "to_date": N, "is_active": 0, **others})


def test_candidates_for_timing_are_inactive_and_valid_at_the_cut_off():
    vouchers = [
        inactive("a"),
        inactive("b", is_active=None),
        inactive("c", is_active=1),
        inactive("d", to_date=LAST_MOMENT),
        inactive("e", to_date=None),
        inactive("f", created=N),
        inactive("g", created=datetime(2010, 1, 1)),
        inactive("h", code=None),
        {**inactive("i"), "ID_COMPANY": "EC_CM"},
    ]
    rows = rows_of("ipe_08_timing", vouchers)
    assert [(r["voucher_id"], r["fk_sales_order_item"]) for r in rows] == [
        ("a", ""),
        ("b", ""),
        ("g", ""),
        ("h", ""),
    ]


def test_orders_of_a_voucher_are_judged_by_dates_alone():
    def order(key, code, ordered=datetime(2024, 9, 1), **others):
        return {
            "ID_COMPANY": "EC_NG",
            "COD_OMS_SALES_ORDER_ITEM": key,
            "VOUCHER_CODE": code,
            "ORDER_CREATION_DATE": ordered,
            **others,
        }

    items = [
        order("open", "A"),
        order("delivered after", "A", DELIVERED_DATE=N, CURRENT_STATUS="delivered"),
        order("delivered inside", "A", DELIVERED_DATE=LAST_MOMENT),
        order("cancelled after", "A", CANCELLATION_DATE=N),
        order("cancelled inside", "A", CANCELLATION_DATE=LAST_MOMENT),
        order("ordered last", "A", ordered=LAST_MOMENT),
        order("ordered after", "A", ordered=N),
        order("never ordered", "A", ordered=None),
        order("only item", "B", DELIVERED_DATE=LAST_MOMENT),
    ]
    rows = rows_of("ipe_08_timing", [inactive("a"), inactive("b")], items)
    assert [(r["voucher_id"], r["fk_sales_order_item"]) for r in rows] == [
        ("a", "open"),
        ("a", "delivered after"),
        ("a", "cancelled after"),
        ("a", "ordered last"),
    ]


def test_a_timing_row_comes_out_whole():
    vouchers = [
        inactive(
            "V9",
            discount_amount=Decimal("12.5"),
            business_use="refund",
            type="fixed",
            from_date=datetime(2024, 9, 2),
            fk_customer="K9",
            description="text",
        )
    ]
    items = [
        {
            "ID_COMPANY": "EC_NG",
            "COD_OMS_SALES_ORDER_ITEM": "I9",
            "VOUCHER_CODE": "v9",
            "ID_SALES_ORDER_ITEM": "B9",
            "COD_OMS_SALES_ORDER": "O9",
            "ORDER_NR": "N9",
            "ORDER_CREATION_DATE": LAST_MOMENT,
            "DELIVERED_DATE": N,
            "CANCELLATION_DATE": None,
            "CURRENT_STATUS": "shipped",
            "PAYMENT_METHOD": "COD",
        }
    ]
    assert rows_of("ipe_08_timing", vouchers, items) == [
        {
            "id_company": "EC_NG",
            "voucher_id": "V9",
            "code": "V9",
            "amount": Decimal("12.5"),
            "business_use": "refund",
            "origin": "fixed",
            "status": "inactive",
            "creation_date": datetime(2024, 9, 1),
            "start_date": datetime(2024, 9, 2),
            "end_date": N,
            "fk_sales_order_item": "I9",
            "id_sales_order_item": "B9",
            "order_nr": "N9",
            "order_creation_date": LAST_MOMENT,
            "order_delivery_date": N,
            "order_cancellation_date": None,
            "order_item_status": "shipped",
            "payment_method": "COD",
            "fk_customer": "K9",
            "fk_sales_order": "O9",
            "comment": "text",
        }
    ]
