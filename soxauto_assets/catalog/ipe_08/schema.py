"""The columns of IPE_08, in the order of ``query.sql``.

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import AsOf, Boolean, Column, Integer, Numeric, Text, Timestamp

_FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"
_VOUCHER = f"{_FINREC}.V_STORECREDITVOUCHER_CLOSING"
_TEMPLATE = f"{_FINREC}.StoreCreditVoucher"
_ITEM = f"{_FINREC}.RPT_SOI"
_AMOUNT = Numeric(18, 4)
_SUM = Numeric(38, 4)
_MONTH = r"[0-9]{4}-(0[1-9]|1[0-2])"
_DELIVERED = "over items with this code whose package was delivered before the end of the month"

COLUMNS: tuple[Column, ...] = (
    Column(
        "id_company",
        Text(),
        "Company that issued the voucher, for example EC_NG.",
        f"{_VOUCHER}.ID_COMPANY",
    ),
    Column("id", Text(), "Number of the voucher, unique within a company.", f"{_VOUCHER}.id"),
    Column(
        "code",
        Text(),
        "Code that the customer enters; order items name the voucher by it.",
        f"{_VOUCHER}.code",
        nullable=True,
    ),
    Column(
        "business_use",
        Text(),
        "Purpose of the voucher; it decides whether the voucher is a liability (D6).",
        f"{_VOUCHER}.business_use",
        nullable=True,
    ),
    Column(
        "business_use_formatted",
        Text(),
        "The same, with Jpay store credit split by the first two letters of the code: GC is a "
        "gift, JP is DS, anything else is other.",
        f"{_VOUCHER}.business_use and .code",
        nullable=True,
    ),
    Column(
        "template_id",
        Text(),
        "Template that the voucher was made from.",
        f"{_TEMPLATE}.template_id",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "template_name",
        Text(),
        "Name of the template today.",
        f"{_TEMPLATE}.template_name",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "description",
        Text(),
        "Free text of the voucher; it may name persons.",
        f"{_VOUCHER}.description",
        nullable=True,
        as_of=AsOf.EXTRACTION,
        personal=True,
    ),
    Column(
        "is_active",
        Boolean(),
        "Whether the voucher can be used; false when it was cancelled or used up.",
        f"{_VOUCHER}.is_active",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column("type", Text(), "Kind of voucher.", f"{_VOUCHER}.type", nullable=True),
    Column(
        "template_status",
        Text(),
        "State of the template.",
        f"{_VOUCHER}.Template_status",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "discount_amount",
        _AMOUNT,
        "Face value issued, in the company's currency.",
        f"{_VOUCHER}.discount_amount",
        nullable=True,
    ),
    Column(
        "from_date",
        Timestamp(),
        "From when the voucher can be used.",
        f"{_VOUCHER}.from_date",
        nullable=True,
    ),
    Column(
        "to_date",
        Timestamp(),
        "Until when the voucher can be used; null means without end.",
        f"{_VOUCHER}.to_date",
        nullable=True,
    ),
    Column(
        "expiration_ym",
        Text(7),
        "Month of to_date, YYYY-MM.",
        f"{_VOUCHER}.to_date",
        nullable=True,
        pattern=_MONTH,
    ),
    Column(
        "is_valid",
        Text(),
        "Expired when to_date lies before the end of the month, otherwise valid.",
        f"{_VOUCHER}.to_date against the cut-off (D10)",
        allowed=("expired", "valid"),
    ),
    Column("created_at", Timestamp(), "When the voucher was issued.", f"{_VOUCHER}.created_at"),
    Column(
        "creation_ym",
        Text(7),
        "Month of created_at, YYYY-MM.",
        f"{_VOUCHER}.created_at",
        pattern=_MONTH,
    ),
    Column(
        "last_update_ym",
        Text(7),
        "Month of updated_at, YYYY-MM.",
        f"{_VOUCHER}.updated_at",
        nullable=True,
        as_of=AsOf.EXTRACTION,
        pattern=_MONTH,
    ),
    Column(
        "last_time_used",
        Timestamp(),
        "When the voucher was last used.",
        f"{_VOUCHER}.last_time_used",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "voucher_inactive_date",
        Timestamp(),
        "When the voucher was switched off, as known at extraction.",
        f"{_VOUCHER}.voucher_inactive_date",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "template_inactive_date",
        Timestamp(),
        "When the template was switched off, as known at extraction.",
        f"{_VOUCHER}.template_inactive_date",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "codeinactive_ym",
        Text(7),
        "Month of voucher_inactive_date, YYYY-MM.",
        f"{_VOUCHER}.voucher_inactive_date",
        nullable=True,
        as_of=AsOf.EXTRACTION,
        pattern=_MONTH,
    ),
    Column(
        "templateinactive_ym",
        Text(7),
        "Month of template_inactive_date, YYYY-MM.",
        f"{_VOUCHER}.template_inactive_date",
        nullable=True,
        as_of=AsOf.EXTRACTION,
        pattern=_MONTH,
    ),
    Column(
        "reason",
        Text(),
        "Why the voucher was issued, as free text; it may name persons.",
        f"{_VOUCHER}.reason",
        nullable=True,
        as_of=AsOf.EXTRACTION,
        personal=True,
    ),
    Column(
        "updated_at",
        Timestamp(),
        "When the voucher was last changed.",
        f"{_VOUCHER}.updated_at",
        nullable=True,
        as_of=AsOf.EXTRACTION,
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
        "used_discount_amount",
        _AMOUNT,
        "Amount used by the voucher system's own count; it moves with every use.",
        f"{_VOUCHER}.used_discount_amount",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "times_used",
        Integer(32),
        "How often the voucher was used.",
        f"{_VOUCHER}.times_used",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "remaining_amount",
        _AMOUNT,
        "Amount left by the voucher system's own count. Not the liability: it shows the snapshot, "
        "not the cut-off.",
        f"{_VOUCHER}.remaining_amount",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "voucher_types",
        Text(),
        "Types under which items used the voucher, sorted, with commas between; null without use.",
        f"{_ITEM}.VOUCHER_TYPE, {_DELIVERED}",
        nullable=True,
    ),
    Column(
        "shipping_discount",
        _SUM,
        "Shipping discounts on items with this code; not store credit, so in no total.",
        f"sum of {_ITEM}.MTR_SHIPPING_DISCOUNT_AMOUNT {_DELIVERED}",
    ),
    Column(
        "shipping_storecredit",
        _SUM,
        "Store credit spent on shipping.",
        f"sum of {_ITEM}.MTR_SHIPPING_VOUCHER_DISCOUNT {_DELIVERED}",
    ),
    Column(
        "mpl_storecredit",
        _SUM,
        "Store credit spent on goods of the marketplace.",
        f"sum of {_ITEM}.MTR_COUPON_MONEY_VALUE {_DELIVERED}, IS_MARKETPLACE = 1",
    ),
    Column(
        "rtl_storecredit",
        _SUM,
        "Store credit spent on goods of the own shop; items that do not say count here.",
        f"sum of {_ITEM}.MTR_COUPON_MONEY_VALUE {_DELIVERED}, IS_MARKETPLACE = 0 or null",
    ),
    Column(
        "totalamountused",
        _SUM,
        "Store credit used by the cut-off.",
        "shipping_storecredit + mpl_storecredit + rtl_storecredit",
    ),
    Column(
        "totalremainingamount",
        _SUM,
        "What was left at the cut-off, in the company's currency. Over the vouchers that D6 calls "
        "a liability, this amount is reconciled.",
        "discount_amount (null as 0) less totalamountused",
    ),
    Column(
        "min_inactive_date",
        Timestamp(),
        "The first end of the voucher's life; null when none is known.",
        "earliest of voucher_inactive_date, template_inactive_date and to_date",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
)
