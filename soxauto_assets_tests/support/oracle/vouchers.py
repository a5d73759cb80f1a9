"""What IPE_08, IPE_08_USAGE and IPE_08_TIMING (vouchers) must hold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from soxauto_assets_tests.support.oracle.collation import (
    NO_ROW,
    Index,
    Row,
    blank,
    fold,
    same,
    smallest,
    sorted_list,
)
from soxauto_assets_tests.support.oracle.scope import Month, after, before, on_roster
from soxauto_assets_tests.support.oracle.source import Source
from soxauto_assets_tests.support.oracle.values import ZERO, amount, flag, is_set, month_text

FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"
VOUCHERS = f"{FINREC}.V_STORECREDITVOUCHER_CLOSING"
ITEMS = f"{FINREC}.RPT_SOI"


def ipe_08(source: Source, month: Month) -> list[dict[str, Any]]:
    """Every voucher created from 2017 to the cut-off, with its use (D10, D25, D29)."""
    # D10, D29: package_delivery_date < N is the only date test of usage, and every item with
    # the code counts, whatever its voucher type, null included.
    used = Index(
        source.rows(ITEMS),
        "ID_COMPANY",
        "VOUCHER_CODE",
        where=lambda item: before(item["PACKAGE_DELIVERY_DATE"], month.n),
    )
    templates = Index(source.rows(f"{FINREC}.StoreCreditVoucher"), "ID_COMPANY", "id")
    rows = []
    for voucher in source.rows(VOUCHERS):
        company, created = voucher["ID_COMPANY"], voucher["created_at"]
        # D10: roster companies, created_at >= 2017-01-01 and < N.
        if not (on_roster(company) and before(created, month.n)):
            continue
        if created < datetime(2017, 1, 1):
            continue
        items = [] if blank(voucher["code"]) else used.all(company, voucher["code"])
        use = usage(items)
        template = templates.one(company, voucher["id"])
        dates = ("voucher_inactive_date", "template_inactive_date", "to_date")
        rows.append(
            {
                "id_company": company,
                "id": voucher["id"],
                "code": voucher["code"],  # D25
                "business_use": voucher["business_use"],
                "business_use_formatted": business_use_formatted(voucher),
                "template_id": template["template_id"],
                "template_name": template["template_name"],
                "description": voucher["description"],
                "is_active": flag(voucher["is_active"]),
                "type": voucher["type"],
                "template_status": voucher["Template_status"],
                "discount_amount": voucher["discount_amount"],
                "from_date": voucher["from_date"],
                "to_date": voucher["to_date"],
                "expiration_ym": month_text(voucher["to_date"]),
                # D10: expired when to_date < N, else valid.
                "is_valid": "expired" if before(voucher["to_date"], month.n) else "valid",
                "created_at": created,
                "creation_ym": month_text(created),
                "last_update_ym": month_text(voucher["updated_at"]),
                "last_time_used": voucher["last_time_used"],
                "voucher_inactive_date": voucher["voucher_inactive_date"],
                "template_inactive_date": voucher["template_inactive_date"],
                "codeinactive_ym": month_text(voucher["voucher_inactive_date"]),
                "templateinactive_ym": month_text(voucher["template_inactive_date"]),
                "reason": voucher["reason"],
                "updated_at": voucher["updated_at"],
                "fk_customer": voucher["fk_customer"],
                "used_discount_amount": voucher["used_discount_amount"],
                "times_used": voucher["times_used"],
                "remaining_amount": voucher["remaining_amount"],
                # D10: the types as a sorted list, comma; null where no item names one.
                "voucher_types": sorted_list(item["VOUCHER_TYPE"] for item in items),
                "shipping_discount": sum(
                    (amount(item["MTR_SHIPPING_DISCOUNT_AMOUNT"]) for item in items), ZERO
                ),
                **use,
                # Section 2.2: face value (null 0) less what was used.
                "totalremainingamount": amount(voucher["discount_amount"]) - use["totalamountused"],
                # D10: the earliest of those that are not null.
                "min_inactive_date": min(
                    (voucher[name] for name in dates if voucher[name] is not None), default=None
                ),
            }
        )
    return rows


def usage(items: Iterable[Row]) -> dict[str, Decimal]:
    """The sums of 2.2; an item with a null is_marketplace counts as retail (D10)."""
    shipping = marketplace = retail = ZERO
    for item in items:
        shipping += amount(item["MTR_SHIPPING_VOUCHER_DISCOUNT"])
        if is_set(item["IS_MARKETPLACE"]):
            marketplace += amount(item["MTR_COUPON_MONEY_VALUE"])
        else:
            retail += amount(item["MTR_COUPON_MONEY_VALUE"])
    return {
        "shipping_storecredit": shipping,
        "mpl_storecredit": marketplace,
        "rtl_storecredit": retail,
        "totalamountused": shipping + marketplace + retail,
    }


def business_use_formatted(voucher: Row) -> str | None:
    """Section 2.2: jpay_store_credit is split by the first letters of the code."""
    if not same(voucher["business_use"], "jpay_store_credit"):
        return voucher["business_use"]
    prefix = (fold(voucher["code"]) or "")[:2]
    return {"gc": "jpay_store_credit_gift", "jp": "jpay_store_credit_DS"}.get(
        prefix, "jpay_store_credit_other"
    )


def ipe_08_usage(source: Source, month: Month) -> list[dict[str, Any]]:
    """Use of reusable credit by voucher code and month of delivery (D11, D25)."""
    vouchers = Index(source.rows(VOUCHERS), "ID_COMPANY", "code")
    groups: dict[tuple[str | None, str | None, int], list[Row]] = {}
    for item in source.rows(ITEMS):
        delivered = item["PACKAGE_DELIVERY_DATE"]
        # D11: type reusablecredit, with a code, delivered before N, roster companies.
        if (
            on_roster(item["ID_COMPANY"])
            and same(item["VOUCHER_TYPE"], "reusablecredit")
            and not blank(item["VOUCHER_CODE"])
            and before(delivered, month.n)
        ):
            key = (
                fold(item["ID_COMPANY"]),
                fold(item["VOUCHER_CODE"]),
                delivered.year * 100 + delivered.month,  # D11: YYYYMM
            )
            groups.setdefault(key, []).append(item)
    rows = []
    for (company, code, delivery_month), items in groups.items():
        voucher = vouchers.one(company, code)
        created = voucher["created_at"]
        rows.append(
            {
                # D29: where several spellings meet in one group, the smallest is output.
                "id_company": smallest(item["ID_COMPANY"] for item in items),
                "code": smallest(item["VOUCHER_CODE"] for item in items),
                "id": voucher["id"],
                "voucher_type": smallest(item["VOUCHER_TYPE"] for item in items),
                "business_use": voucher["business_use"],
                "creation_year": None if created is None else created.year,
                "delivery_mth": delivery_month,
                **usage(items),
            }
        )
    return rows


def ipe_08_timing(source: Source, month: Month) -> list[dict[str, Any]]:
    """Inactive vouchers that are still valid at the cut-off, with open orders (D12, D29)."""
    items_of = Index(source.rows(ITEMS), "ID_COMPANY", "VOUCHER_CODE")
    rows = []
    for voucher in source.rows(VOUCHERS):
        company = voucher["ID_COMPANY"]
        # D12: roster companies, created_at < N, is_active 0 or null, to_date >= N;
        # D29: a null to_date is out.
        if (
            not on_roster(company)
            or not before(voucher["created_at"], month.n)
            or is_set(voucher["is_active"])
            or voucher["to_date"] is None
            or voucher["to_date"] < month.n
        ):
            continue
        items = [] if blank(voucher["code"]) else items_of.all(company, voucher["code"])
        if items:
            # D12: judged by dates only. A voucher none of whose items qualifies is out.
            # D29: an item without order date does not qualify.
            chosen = [
                item
                for item in items
                if before(item["ORDER_CREATION_DATE"], month.n)
                and after(item["DELIVERED_DATE"], month.n)
                and after(item["CANCELLATION_DATE"], month.n)
            ]
        else:
            chosen = [NO_ROW]  # D12: one with no item at all stays, with an empty item key
        for item in chosen:
            rows.append(
                {
                    "id_company": company,
                    "voucher_id": voucher["id"],
                    "code": voucher["code"],
                    "amount": voucher["discount_amount"],
                    "business_use": voucher["business_use"],
                    "origin": voucher["type"],
                    "status": "inactive",
                    "creation_date": voucher["created_at"],
                    "start_date": voucher["from_date"],
                    "end_date": voucher["to_date"],
                    "fk_sales_order_item": item["COD_OMS_SALES_ORDER_ITEM"] or "",
                    "id_sales_order_item": item["ID_SALES_ORDER_ITEM"],
                    "order_nr": item["ORDER_NR"],
                    "order_creation_date": item["ORDER_CREATION_DATE"],
                    "order_delivery_date": item["DELIVERED_DATE"],
                    "order_cancellation_date": item["CANCELLATION_DATE"],
                    "order_item_status": item["CURRENT_STATUS"],
                    "payment_method": item["PAYMENT_METHOD"],
                    "fk_customer": voucher["fk_customer"],
                    "fk_sales_order": item["COD_OMS_SALES_ORDER"],
                    "comment": voucher["description"],
                }
            )
    return rows
