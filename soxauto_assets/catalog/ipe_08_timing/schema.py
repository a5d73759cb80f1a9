"""The columns of IPE_08_TIMING, in the order of ``query.sql`` (decision D29).

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import AsOf, Column, Numeric, Text, Timestamp

_FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"
_VOUCHER = f"{_FINREC}.V_STORECREDITVOUCHER_CLOSING"
_ITEM = f"{_FINREC}.RPT_SOI"

COLUMNS: tuple[Column, ...] = (
    Column(
        "id_company",
        Text(),
        "Company that issued the voucher, for example EC_NG.",
        f"{_VOUCHER}.ID_COMPANY",
    ),
    Column(
        "voucher_id", Text(), "Number of the voucher, unique within a company.", f"{_VOUCHER}.id"
    ),
    Column(
        "code",
        Text(),
        "Code by which order items name the voucher.",
        f"{_VOUCHER}.code",
        nullable=True,
    ),
    Column(
        "amount",
        Numeric(18, 4),
        "Face value of the voucher in the company's currency. It stands on each of the voucher's "
        "items and must not be added up over them.",
        f"{_VOUCHER}.discount_amount",
        nullable=True,
    ),
    Column(
        "business_use",
        Text(),
        "Purpose of the voucher.",
        f"{_VOUCHER}.business_use",
        nullable=True,
    ),
    Column("origin", Text(), "Kind of voucher.", f"{_VOUCHER}.type", nullable=True),
    Column(
        "status",
        Text(),
        "State of the voucher when the report was extracted; always inactive here.",
        f"{_VOUCHER}.is_active, 0 or null",
        as_of=AsOf.EXTRACTION,
        allowed=("inactive",),
    ),
    Column("creation_date", Timestamp(), "When the voucher was issued.", f"{_VOUCHER}.created_at"),
    Column(
        "start_date",
        Timestamp(),
        "From when the voucher can be used.",
        f"{_VOUCHER}.from_date",
        nullable=True,
    ),
    Column(
        "end_date",
        Timestamp(),
        "Until when the voucher can be used; always after the cut-off.",
        f"{_VOUCHER}.to_date",
    ),
    Column(
        "fk_sales_order_item",
        Text(),
        "Key of the order item in OMS.",
        f"{_ITEM}.COD_OMS_SALES_ORDER_ITEM",
        empty_means="no order item names the voucher",
    ),
    Column(
        "id_sales_order_item",
        Text(),
        "Number of the order item.",
        f"{_ITEM}.ID_SALES_ORDER_ITEM",
        nullable=True,
    ),
    Column("order_nr", Text(), "Number of the order.", f"{_ITEM}.ORDER_NR", nullable=True),
    Column(
        "order_creation_date",
        Timestamp(),
        "When the order was placed; by the cut-off.",
        f"{_ITEM}.ORDER_CREATION_DATE",
        nullable=True,
    ),
    Column(
        "order_delivery_date",
        Timestamp(),
        "When the item was delivered; after the cut-off, or not yet.",
        f"{_ITEM}.DELIVERED_DATE",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "order_cancellation_date",
        Timestamp(),
        "When the item was cancelled; after the cut-off, or not.",
        f"{_ITEM}.CANCELLATION_DATE",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "order_item_status",
        Text(),
        "State of the item when the report was extracted; it decides nothing here.",
        f"{_ITEM}.CURRENT_STATUS",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "payment_method",
        Text(),
        "How the order was paid.",
        f"{_ITEM}.PAYMENT_METHOD",
        nullable=True,
    ),
    Column(
        "fk_customer",
        Text(),
        "Customer's key in the web shop.",
        f"{_VOUCHER}.fk_customer",
        nullable=True,
        personal=True,
    ),
    Column(
        "fk_sales_order",
        Text(),
        "Key of the order in OMS.",
        f"{_ITEM}.COD_OMS_SALES_ORDER",
        nullable=True,
    ),
    Column(
        "comment",
        Text(),
        "Free text of the voucher; it may name persons.",
        f"{_VOUCHER}.description",
        nullable=True,
        as_of=AsOf.EXTRACTION,
        personal=True,
    ),
)
