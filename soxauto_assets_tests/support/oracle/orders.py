"""What IPE_10 (prepayments), IPE_12 (packages) and IPE_34 (refunds) must hold: order items."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from soxauto_assets_tests.support.oracle.collation import (
    Index,
    Row,
    binary,
    blank,
    fold,
    same,
    sorted_list,
)
from soxauto_assets_tests.support.oracle.scope import Month, after, before, on_roster
from soxauto_assets_tests.support.oracle.source import Source
from soxauto_assets_tests.support.oracle.values import amount, flag, is_set

FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"
ITEMS = f"{FINREC}.RPT_SOI"
CUSTOMER_TYPES = f"{FINREC}.RPT_DIM_BOB_CUSTOMER_TYPE"
PACKAGES = "STG_AIG_NAV_JUMIA_REC.OMS.PACKAGE_CASHREC"


def _since(stamp: datetime | None, first: datetime, month: Month) -> bool:
    """On or after ``first``, and before N (D1)."""
    return before(stamp, month.n) and stamp is not None and stamp >= first


def _shipping(item: Row) -> Decimal:
    """The terms of paid_for_shipping (2.5) and paid_shipping (2.7) that are the same; null 0."""
    return (
        amount(item["MTR_BASE_SHIPPING_AMOUNT"])
        - amount(item["MTR_SHIPPING_CART_RULE_DISCOUNT"])
        - amount(item["MTR_SHIPPING_VOUCHER_DISCOUNT"])
        + amount(item["MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT"])
        - amount(item["MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT"])
        + amount(item["MTR_INTERNATIONAL_FREIGHT_FEE"])
    )


def ipe_10(source: Source, month: Month) -> list[dict[str, Any]]:
    """Paid, finance-verified, neither delivered nor refunded at the cut-off (D13, D25)."""
    first = datetime(2018, 1, 1)
    rows = []
    for item in source.rows(ITEMS):
        ordered = item["ORDER_CREATION_DATE"]
        # D13: roster companies, is_prepayment = 1, order created >= 2018-01-01,
        # finance-verified >= 2018-01-01 and < N.
        if not (on_roster(item["ID_COMPANY"]) and is_set(item["IS_PREPAYMENT"])):
            continue
        if ordered is None or ordered < first:
            continue
        if not _since(item["FINANCE_VERIFIED_DATE"], first, month):
            continue
        # D13: delivery null or >= N; refund null or >= N.
        if not (after(delivery(item), month.n) and after(item["REFUND_DATE"], month.n)):
            continue
        paid_for_items = (
            amount(item["MTR_UNIT_PRICE"])
            - amount(item["MTR_COUPON_MONEY_VALUE"])
            - amount(item["MTR_CART_RULE_DISCOUNT"])
        )
        paid_for_shipping = _shipping(item)
        rows.append(
            {
                "id_company": item["ID_COMPANY"],
                "is_prepayment": True,
                "cod_oms_sales_order_item": item["COD_OMS_SALES_ORDER_ITEM"],
                "order_nr": item["ORDER_NR"],
                "bob_id_customer": item["BOB_ID_CUSTOMER"],
                "current_status": item["CURRENT_STATUS"],
                "is_closed": same(item["CURRENT_STATUS"], "closed"),
                # D10, D29: null counts as retail in this report (it stays null elsewhere).
                "is_marketplace": is_set(item["IS_MARKETPLACE"]),
                "payment_method": item["PAYMENT_METHOD"],
                "delivery_type": item["DELIVERY_TYPE"],  # D25
                "order_creation_date": ordered,
                "finance_verified_date": item["FINANCE_VERIFIED_DATE"],
                "delivered_date": item["DELIVERED_DATE"],
                "package_delivery_date": item["PACKAGE_DELIVERY_DATE"],
                "refund_completed": flag(item["REFUND_COMPLETED"]),
                "refund_date": item["REFUND_DATE"],
                "fail_date": item["FAIL_DATE"],
                "paid_for_items": paid_for_items,
                "paid_price": amount(item["MTR_PAID_PRICE"]),
                "paid_for_shipping": paid_for_shipping,
                "balance_lcy": paid_for_items + paid_for_shipping,  # D13
                # D13: stays in (the money is still held) and carries a flag.
                "cancelled_or_failed_before_cutoff": before(item["CANCELLATION_DATE"], month.n)
                or before(item["FAIL_DATE"], month.n),
            }
        )
    return rows


def delivery(item: Row) -> datetime | None:
    """D13: the date that counts as delivery; a null type is physical, null is retail."""
    if is_set(item["IS_MARKETPLACE"]):
        return item["DELIVERED_DATE"]
    if fold(item["DELIVERY_TYPE"]) in ("digital content", "gift card"):
        return item["DELIVERED_DATE"]
    return item["PACKAGE_DELIVERY_DATE"]


def ipe_12(source: Source, month: Month) -> list[dict[str, Any]]:
    """Delivered cash-on-delivery items whose package is not reconciled (D15, D25, D29)."""
    packages = Index(source.rows(PACKAGES), "ID_COMPANY", "package_nr")
    customer_types = Index(source.rows(CUSTOMER_TYPES), "Bob_Customer_Type")
    rows = []
    package_of: list[tuple[str | None, str | None] | None] = []
    for item in source.rows(ITEMS):
        # D15: roster companies, is_prepayment = 0 (null is neither).
        if not on_roster(item["ID_COMPANY"]) or item["IS_PREPAYMENT"] != 0:
            continue
        # D15: payment method not null and not NoPayment.
        if item["PAYMENT_METHOD"] is None or same(item["PAYMENT_METHOD"], "NoPayment"):
            continue
        # D15: delivered >= 2019-01-01 and < N.
        if not _since(item["DELIVERED_DATE"], datetime(2019, 1, 1), month):
            continue
        # D29: a package is company + PACKAGE_NUMBER.
        number = item["PACKAGE_NUMBER"]
        package = packages.one(item["ID_COMPANY"], number)
        # D15: troubleshoot_resolution_date null or >= N; a package collected in full is out.
        if not after(package["troubleshoot_resolution_date"], month.n):
            continue
        expected, received = package["amount_expected"], package["amount_received"]
        if expected is not None and received is not None and received >= expected:
            continue
        paid_price = amount(item["MTR_PAID_PRICE"])
        paid_shipping = _shipping(item) - amount(item["MTR_INTERNATIONAL_DELIVERY_FEE_CART_RULE"])
        package_of.append(None if blank(number) else (fold(item["ID_COMPANY"]), fold(number)))
        rows.append(
            {
                "id_company": item["ID_COMPANY"],
                "cod_oms_sales_order_item": item["COD_OMS_SALES_ORDER_ITEM"],  # D25
                "cod_oms_id_package": item["COD_OMS_ID_PACKAGE"],
                "payment_method": item["PAYMENT_METHOD"],
                "is_marketplace": flag(item["IS_MARKETPLACE"]),  # D29: null stays null
                "order_nr": item["ORDER_NR"],
                "package_number": number,
                "voucher_type": item["VOUCHER_TYPE"],
                "bob_id_customer": item["BOB_ID_CUSTOMER"],
                "order_creation_date": item["ORDER_CREATION_DATE"],
                "shipped_date": item["SHIPPED_DATE"],
                "delivered_date": item["DELIVERED_DATE"],
                "package_delivery_date": item["PACKAGE_DELIVERY_DATE"],
                "is_prepayment": False,
                "mtr_shipping_fee_modification": item["MTR_SHIPPING_FEE_MODIFICATION"],
                "tracking_number": item["TRACKING_NUMBER"],
                "oms_package_status": item["OMS_PACKAGE_STATUS"],
                "customer_type": customer_types.one(item["BOB_CUSTOMER_TYPE"])["Customer_Type_L1"],
                "amount_expected": expected,
                "amount_received": received,
                "fk_package_status": package["fk_package_status"],
                "delivered_update_date": package["delivered_update_date"],
                "delivery_date": package["delivery_date"],
                "fk_collection_partner": package["fk_collection_partner"],
                "last_mile": package["last_mile"],
                "package_status_cashrec": package["package_status"],
                "payment_method_confirmed": package["payment_method_confirmed"],
                "troubleshoot_resolution_date": package["troubleshoot_resolution_date"],
                "amount_paid": amount(item["MTR_AMOUNT_PAID"]),
                "paid_price": paid_price,
                "paid_shipping": paid_shipping,
                "balance_lcy": paid_price + paid_shipping,  # D15
            }
        )
    # D15: package amounts are output on the package's first item, the smallest item key as
    # text (binary, D29) among the rows selected; null on the others.
    items_of: dict[tuple[str | None, str | None], list[dict[str, Any]]] = defaultdict(list)
    for row, package_key in zip(rows, package_of, strict=True):
        if package_key is None:
            row["amount_expected"] = row["amount_received"] = None
        else:
            items_of[package_key].append(row)
    for items in items_of.values():
        first = min(items, key=lambda row: binary(row["cod_oms_sales_order_item"]))
        for row in items:
            if row is not first:
                row["amount_expected"] = row["amount_received"] = None
    return rows


def ipe_34(source: Source, month: Month) -> list[dict[str, Any]]:
    """Refunds without return, and returns without refund, at the cut-off (D17, D25, D29)."""
    first = datetime(2019, 1, 1)
    refunds = Index(
        source.rows(f"{FINREC}.RPT_REFUND_NO_RETURN"), "ID_Company", "OMS_ID_Sales_Order_Item"
    )
    customer_types = Index(source.rows(CUSTOMER_TYPES), "Bob_Customer_Type")
    rows = []
    for item in source.rows(ITEMS):
        if not on_roster(item["ID_COMPANY"]):
            continue
        returned, refunded = item["RETURN_DATE"], item["REFUND_DATE"]
        if (
            # D29: part 1 needs delivered_date < N.
            before(item["DELIVERED_DATE"], month.n)
            and _since(refunded, first, month)
            and after(returned, month.n)
        ):
            case, sign, event = "Refunded not yet returned", 1, refunded
        elif _since(returned, first, month) and after(refunded, month.n):
            case, sign, event = "Returned not yet refunded", -1, returned
        else:
            continue  # the two cases exclude each other: one asks refund < N, one >= N
        types = refunds.all(item["ID_COMPANY"], item["COD_OMS_SALES_ORDER_ITEM"])
        rows.append(
            {
                "id_company": item["ID_COMPANY"],
                "cod_oms_sales_order_item": item["COD_OMS_SALES_ORDER_ITEM"],  # D25
                "current_status": item["CURRENT_STATUS"],
                "case_type": case,
                "event_date": event,
                "is_marketplace": flag(item["IS_MARKETPLACE"]),  # D29: null stays null
                "order_nr": item["ORDER_NR"],
                "bob_id_customer": item["BOB_ID_CUSTOMER"],
                "return_date": returned,
                "is_global": flag(item["IS_GLOBAL"]),
                "finance_verified_date": item["FINANCE_VERIFIED_DATE"],
                "refund_date": refunded,
                # D17: one row an item, its types as a sorted list.
                "oms_type": sorted_list(row["OMS_Type"] for row in types),
                "customer_type_l1": customer_types.one(item["BOB_CUSTOMER_TYPE"])[
                    "Customer_Type_L1"
                ],
                "amounttorefund": sign * amount_to_refund(item),
            }
        )
    return rows


def amount_to_refund(item: Row) -> Decimal:
    """Section 2.9: the shipping voucher counts only for coupons; nulls are 0."""
    total = (
        amount(item["MTR_PRICE_AFTER_DISCOUNT"])
        + amount(item["MTR_BASE_SHIPPING_AMOUNT"])
        + amount(item["MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT"])
        - amount(item["MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT"])
        - amount(item["MTR_SHIPPING_CART_RULE_DISCOUNT"])
    )
    if same(item["VOUCHER_TYPE"], "coupon"):
        total -= amount(item["MTR_SHIPPING_VOUCHER_DISCOUNT"])
    return total
