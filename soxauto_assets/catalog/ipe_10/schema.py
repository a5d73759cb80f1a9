"""The columns of IPE_10, in the order of ``query.sql``.

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import AsOf, Boolean, Column, Numeric, Text, Timestamp

_ITEM = "AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI"
_AMOUNT = Numeric(18, 4)

COLUMNS: tuple[Column, ...] = (
    Column(
        "id_company",
        Text(),
        "Company that sold the item, for example EC_NG.",
        f"{_ITEM}.ID_COMPANY",
    ),
    Column(
        "is_prepayment",
        Boolean(),
        "Whether the order was to be paid before delivery; true on every row of this report.",
        f"{_ITEM}.IS_PREPAYMENT",
    ),
    Column(
        "cod_oms_sales_order_item",
        Text(),
        "The order item in the order management system, unique within a company.",
        f"{_ITEM}.COD_OMS_SALES_ORDER_ITEM",
    ),
    Column("order_nr", Text(), "Order that the item belongs to.", f"{_ITEM}.ORDER_NR"),
    Column(
        "bob_id_customer",
        Text(),
        "The customer's key in the web shop.",
        f"{_ITEM}.BOB_ID_CUSTOMER",
        nullable=True,
        personal=True,
    ),
    Column(
        "current_status",
        Text(),
        "Status of the item on the day of the extraction; it never decides whether a row is in.",
        f"{_ITEM}.CURRENT_STATUS",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "is_closed",
        Boolean(),
        "Whether that status is closed; an item without status is not closed.",
        f"rule: {_ITEM}.CURRENT_STATUS = closed",
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "is_marketplace",
        Boolean(),
        "Whether a marketplace seller sold the item; an item without the flag counts as retail.",
        f"rule D10: {_ITEM}.IS_MARKETPLACE = 1",
    ),
    Column(
        "payment_method",
        Text(),
        "How the customer paid.",
        f"{_ITEM}.PAYMENT_METHOD",
        nullable=True,
    ),
    Column(
        "delivery_type",
        Text(),
        "Kind of delivery; it decides which date is the delivery of a retail item. Empty counts "
        "as a physical delivery.",
        f"{_ITEM}.DELIVERY_TYPE",
        nullable=True,
    ),
    Column(
        "order_creation_date",
        Timestamp(),
        "When the order was placed.",
        f"{_ITEM}.ORDER_CREATION_DATE",
    ),
    Column(
        "finance_verified_date",
        Timestamp(),
        "When finance confirmed the payment: the moment from which the group holds the money.",
        f"{_ITEM}.FINANCE_VERIFIED_DATE",
    ),
    Column(
        "delivered_date",
        Timestamp(),
        "When the item was delivered; ends the liability of a marketplace or digital item.",
        f"{_ITEM}.DELIVERED_DATE",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "package_delivery_date",
        Timestamp(),
        "When the package was delivered; ends the liability of any other retail item.",
        f"{_ITEM}.PACKAGE_DELIVERY_DATE",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "refund_completed",
        Boolean(),
        "Whether a refund is done, on the day of the extraction.",
        f"{_ITEM}.REFUND_COMPLETED",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "refund_date",
        Timestamp(),
        "When the money went back; on a row of this report empty or after the period.",
        f"{_ITEM}.REFUND_DATE",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "fail_date",
        Timestamp(),
        "When the delivery failed.",
        f"{_ITEM}.FAIL_DATE",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "paid_for_items",
        _AMOUNT,
        "Price of the item less coupon and cart rule discount, in local currency.",
        f"rule: {_ITEM}.MTR_UNIT_PRICE - MTR_COUPON_MONEY_VALUE - MTR_CART_RULE_DISCOUNT, "
        "empty as 0",
    ),
    Column(
        "paid_price",
        _AMOUNT,
        "The paid price as the order management system keeps it, in local currency; shown for "
        "comparison, not part of the balance.",
        f"{_ITEM}.MTR_PAID_PRICE, empty as 0",
    ),
    Column(
        "paid_for_shipping",
        _AMOUNT,
        "Shipping, customs and freight charged less their discounts, in local currency.",
        f"rule: {_ITEM}.MTR_BASE_SHIPPING_AMOUNT - MTR_SHIPPING_CART_RULE_DISCOUNT - "
        "MTR_SHIPPING_VOUCHER_DISCOUNT + MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT - "
        "MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT + MTR_INTERNATIONAL_FREIGHT_FEE, "
        "empty as 0",
    ),
    Column(
        "balance_lcy",
        _AMOUNT,
        "What the customer handed over for the item and the group still holds, in local currency.",
        "rule D13: paid_for_items + paid_for_shipping",
    ),
    Column(
        "cancelled_or_failed_before_cutoff",
        Boolean(),
        "Whether the item was cancelled or its delivery failed before the period ended; not being "
        "refunded, it stays in: the money is still held.",
        f"rule D13: {_ITEM}.CANCELLATION_DATE or FAIL_DATE before the next period",
    ),
)
