"""The columns of IPE_34, in the order of ``query.sql``.

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import AsOf, Boolean, Column, Numeric, Text, Timestamp

_ITEM = "AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI"
_LIST = "AIG_Nav_Jumia_Reconciliation.dbo.RPT_REFUND_NO_RETURN"
_CUSTOMER_TYPE = "AIG_Nav_Jumia_Reconciliation.dbo.RPT_DIM_BOB_CUSTOMER_TYPE"

COLUMNS: tuple[Column, ...] = (
    Column(
        "id_company",
        Text(),
        "Company that sold the item, for example EC_NG.",
        f"{_ITEM}.ID_COMPANY",
    ),
    Column(
        "cod_oms_sales_order_item",
        Text(),
        "The order item in the order management system, unique within a company.",
        f"{_ITEM}.COD_OMS_SALES_ORDER_ITEM",
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
        "case_type",
        Text(),
        "What was open at the cut-off: the goods (refunded not yet returned) or the money "
        "(returned not yet refunded).",
        "rule D17",
        allowed=("Refunded not yet returned", "Returned not yet refunded"),
    ),
    Column(
        "event_date",
        Timestamp(),
        "When the case arose: the refund's date where the goods are open, the return's date where "
        "the money is open.",
        f"rule: {_ITEM}.REFUND_DATE or RETURN_DATE, by case_type",
    ),
    Column(
        "is_marketplace",
        Boolean(),
        "Whether a marketplace seller sold the item; empty where the source does not say. Only "
        "marketplace items are compared with 18317 (D4).",
        f"{_ITEM}.IS_MARKETPLACE",
        nullable=True,
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
        "return_date",
        Timestamp(),
        "When the goods came back.",
        f"{_ITEM}.RETURN_DATE",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "is_global",
        Boolean(),
        "Whether the order crossed a border.",
        f"{_ITEM}.IS_GLOBAL",
        nullable=True,
    ),
    Column(
        "finance_verified_date",
        Timestamp(),
        "When finance confirmed the payment of the order.",
        f"{_ITEM}.FINANCE_VERIFIED_DATE",
        nullable=True,
    ),
    Column(
        "refund_date",
        Timestamp(),
        "When the money went back.",
        f"{_ITEM}.REFUND_DATE",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "oms_type",
        Text(),
        "Types under which the list of refunds without return names the item, each once, in "
        "order, joined by a comma; empty where it is not on the list.",
        f"rule D17: {_LIST}.OMS_Type",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "customer_type_l1",
        Text(),
        "Kind of customer, first level.",
        f"{_CUSTOMER_TYPE}.Customer_Type_L1",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "amounttorefund",
        Numeric(18, 4),
        "Amount of the case in local currency and ledger orientation: positive where the goods "
        "are still to come back, negative where the refund is still owed (D5).",
        f"rule: {_ITEM}.MTR_PRICE_AFTER_DISCOUNT + MTR_BASE_SHIPPING_AMOUNT + "
        "MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT - MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT "
        "- MTR_SHIPPING_CART_RULE_DISCOUNT - MTR_SHIPPING_VOUCHER_DISCOUNT where VOUCHER_TYPE is "
        "coupon, empty as 0",
    ),
)
