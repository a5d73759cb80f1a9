"""The columns of IPE_08_USAGE, in the order of ``query.sql``.

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import AsOf, Column, Integer, Numeric, Text

_FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"
_VOUCHER = f"{_FINREC}.V_STORECREDITVOUCHER_CLOSING"
_ITEM = f"{_FINREC}.RPT_SOI"
_SUM = Numeric(38, 4)

COLUMNS: tuple[Column, ...] = (
    Column(
        "id_company",
        Text(),
        "Company that delivered the items, for example EC_NG.",
        f"{_ITEM}.ID_COMPANY",
    ),
    Column(
        "id",
        Text(),
        "Number of the voucher; null when no voucher of the company has this code.",
        f"{_VOUCHER}.id",
        nullable=True,
    ),
    Column(
        "code",
        Text(),
        "Voucher code that the items name; of several spellings the first in binary order.",
        f"{_ITEM}.VOUCHER_CODE",
    ),
    Column(
        "voucher_type",
        Text(),
        "Type of use; always reusablecredit, in whatever case the items write it.",
        f"{_ITEM}.VOUCHER_TYPE",
    ),
    Column(
        "business_use",
        Text(),
        "Purpose of the voucher.",
        f"{_VOUCHER}.business_use",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "creation_year",
        Integer(16),
        "Year the voucher was issued; null when the code is unknown.",
        f"{_VOUCHER}.created_at",
        nullable=True,
    ),
    Column(
        "delivery_mth",
        Integer(32),
        "Month the packages arrived, as the number YYYYMM.",
        f"{_ITEM}.PACKAGE_DELIVERY_DATE",
        minimum="190001",
    ),
    Column(
        "shipping_storecredit",
        _SUM,
        "Store credit spent on shipping.",
        f"sum of {_ITEM}.MTR_SHIPPING_VOUCHER_DISCOUNT",
    ),
    Column(
        "mpl_storecredit",
        _SUM,
        "Store credit spent on goods of the marketplace.",
        f"sum of {_ITEM}.MTR_COUPON_MONEY_VALUE where IS_MARKETPLACE = 1",
    ),
    Column(
        "rtl_storecredit",
        _SUM,
        "Store credit spent on goods of the own shop; items that do not say count here.",
        f"sum of {_ITEM}.MTR_COUPON_MONEY_VALUE where IS_MARKETPLACE = 0 or null",
    ),
    Column(
        "totalamountused",
        _SUM,
        "Store credit used in the month, in the company's currency.",
        "shipping_storecredit + mpl_storecredit + rtl_storecredit",
    ),
)
