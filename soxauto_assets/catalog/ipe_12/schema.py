"""The columns of IPE_12, in the order of ``query.sql``.

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import AsOf, Boolean, Column, Numeric, Text, Timestamp

_ITEM = "AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI"
_PACKAGE = "STG_AIG_NAV_JUMIA_REC.OMS.PACKAGE_CASHREC"
_CUSTOMER_TYPE = "AIG_Nav_Jumia_Reconciliation.dbo.RPT_DIM_BOB_CUSTOMER_TYPE"
_AMOUNT = Numeric(18, 4)

COLUMNS: tuple[Column, ...] = (
    Column(
        "id_company",
        Text(),
        "Company that delivered the item, for example EC_NG.",
        f"{_ITEM}.ID_COMPANY",
    ),
    Column(
        "cod_oms_sales_order_item",
        Text(),
        "The order item in the order management system, unique within a company.",
        f"{_ITEM}.COD_OMS_SALES_ORDER_ITEM",
    ),
    Column(
        "cod_oms_id_package",
        Text(),
        "The package in the order management system; empty where the item has none.",
        f"{_ITEM}.COD_OMS_ID_PACKAGE",
        nullable=True,
    ),
    Column("payment_method", Text(), "How the customer is to pay.", f"{_ITEM}.PAYMENT_METHOD"),
    Column(
        "is_marketplace",
        Boolean(),
        "Whether a marketplace seller sold the item; empty where the source does not say (D29).",
        f"{_ITEM}.IS_MARKETPLACE",
        nullable=True,
    ),
    Column(
        "order_nr",
        Text(),
        "Order that the item belongs to.",
        f"{_ITEM}.ORDER_NR",
        nullable=True,
    ),
    Column(
        "package_number",
        Text(),
        "Number of the package; with the company it names the package in the cash reconciliation.",
        f"{_ITEM}.PACKAGE_NUMBER",
        nullable=True,
    ),
    Column(
        "voucher_type",
        Text(),
        "Kind of voucher used on the item, if any.",
        f"{_ITEM}.VOUCHER_TYPE",
        nullable=True,
    ),
    Column(
        "bob_id_customer",
        Text(),
        "The customer's key in the web shop.",
        f"{_ITEM}.BOB_ID_CUSTOMER",
        nullable=True,
        personal=True,
    ),
    Column(
        "order_creation_date",
        Timestamp(),
        "When the order was placed.",
        f"{_ITEM}.ORDER_CREATION_DATE",
        nullable=True,
    ),
    Column(
        "shipped_date",
        Timestamp(),
        "When the item was shipped.",
        f"{_ITEM}.SHIPPED_DATE",
        nullable=True,
    ),
    Column(
        "delivered_date",
        Timestamp(),
        "When the item was delivered: the moment from which its price is owed.",
        f"{_ITEM}.DELIVERED_DATE",
    ),
    Column(
        "package_delivery_date",
        Timestamp(),
        "When the package was delivered.",
        f"{_ITEM}.PACKAGE_DELIVERY_DATE",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "is_prepayment",
        Boolean(),
        "Whether the order was to be paid before delivery; false on every row of this report.",
        f"{_ITEM}.IS_PREPAYMENT",
    ),
    Column(
        "mtr_shipping_fee_modification",
        _AMOUNT,
        "Later change of the shipping fee, in local currency; not part of the balance.",
        f"{_ITEM}.MTR_SHIPPING_FEE_MODIFICATION",
        nullable=True,
    ),
    Column(
        "tracking_number",
        Text(),
        "Number under which the carrier tracks the package to the customer.",
        f"{_ITEM}.TRACKING_NUMBER",
        nullable=True,
        personal=True,
    ),
    Column(
        "oms_package_status",
        Text(),
        "Status of the package in the order management system, on the day of the extraction.",
        f"{_ITEM}.OMS_PACKAGE_STATUS",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "customer_type",
        Text(),
        "Kind of customer, first level.",
        f"{_CUSTOMER_TYPE}.Customer_Type_L1",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "amount_expected",
        _AMOUNT,
        "What was to be collected for the whole package, in local currency; on the package's "
        "first item of this report, empty on its other items, so that the column adds up.",
        f"{_PACKAGE}.amount_expected; rule D15: first item by code as text",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "amount_received",
        _AMOUNT,
        "What had been collected for the whole package, on the day of the extraction; on the "
        "package's first item of this report, empty on its other items.",
        f"{_PACKAGE}.amount_received; rule D15: first item by code as text",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "fk_package_status",
        Text(),
        "Key of the package's status in the cash reconciliation.",
        f"{_PACKAGE}.fk_package_status",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "delivered_update_date",
        Timestamp(),
        "When the package's status last changed to delivered.",
        f"{_PACKAGE}.delivered_update_date",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "delivery_date",
        Timestamp(),
        "When the package was delivered, by the cash reconciliation.",
        f"{_PACKAGE}.delivery_date",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "fk_collection_partner",
        Text(),
        "Key of the partner who collects.",
        f"{_PACKAGE}.fk_collection_partner",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "last_mile",
        Text(),
        "Who carries the package on its last mile.",
        f"{_PACKAGE}.last_mile",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "package_status_cashrec",
        Text(),
        "Status of the package in the cash reconciliation.",
        f"{_PACKAGE}.package_status",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "payment_method_confirmed",
        Text(),
        "How the customer paid at the door.",
        f"{_PACKAGE}.payment_method_confirmed",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "troubleshoot_resolution_date",
        Timestamp(),
        "When a missing collection was settled by hand; on a row of this report empty or after "
        "the period.",
        f"{_PACKAGE}.troubleshoot_resolution_date",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "amount_paid",
        _AMOUNT,
        "What the order management system says was paid for the item, in local currency; shown "
        "for comparison, not part of the balance.",
        f"{_ITEM}.MTR_AMOUNT_PAID, empty as 0",
    ),
    Column(
        "paid_price",
        _AMOUNT,
        "Price to be paid for the item, in local currency.",
        f"{_ITEM}.MTR_PAID_PRICE, empty as 0",
    ),
    Column(
        "paid_shipping",
        _AMOUNT,
        "Shipping, customs and freight to be paid less their discounts, in local currency.",
        f"rule: {_ITEM}.MTR_BASE_SHIPPING_AMOUNT - MTR_SHIPPING_CART_RULE_DISCOUNT - "
        "MTR_SHIPPING_VOUCHER_DISCOUNT + MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT - "
        "MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT + MTR_INTERNATIONAL_FREIGHT_FEE - "
        "MTR_INTERNATIONAL_DELIVERY_FEE_CART_RULE, empty as 0",
    ),
    Column(
        "balance_lcy",
        _AMOUNT,
        "What is owed for the item, in local currency.",
        "rule D15: paid_price + paid_shipping",
    ),
)
