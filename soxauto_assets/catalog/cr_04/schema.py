"""The columns of CR_04, in the order of ``query.sql``: the view's own, less REFRESH_DATE.

REFRESH_DATE changes from run to run; it belongs to the source facts and not to the data (D25).

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import AsOf, Boolean, Column, Date, Numeric, Text
from soxauto_assets.catalog.scope import CONTROL_ACCOUNTS

_VIEW = "AIG_Nav_Jumia_Reconciliation.dbo.V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT"

COLUMNS: tuple[Column, ...] = (
    Column("id_company", Text(), "Company, for example EC_NG.", f"{_VIEW}.ID_COMPANY"),
    Column(
        "company_name",
        Text(),
        "Name of the company.",
        f"{_VIEW}.COMPANY_NAME",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "country_code",
        Text(2),
        "Country of the company.",
        f"{_VIEW}.COUNTRY_CODE",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "country_name",
        Text(),
        "Name of the country.",
        f"{_VIEW}.COUNTRY_NAME",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column("closing_date", Date(), "Day the balance is of.", f"{_VIEW}.CLOSING_DATE"),
    Column(
        "balance_role",
        Text(),
        "closing: the balance at the cut-off, which is reconciled. opening: the balance on the "
        "last day before the year, which the year's movement starts from.",
        f"{_VIEW}.CLOSING_DATE against the first day of the year (D18)",
        allowed=("closing", "opening"),
    ),
    Column(
        "group_coa_account_no",
        Text(),
        "Group account.",
        f"{_VIEW}.GROUP_COA_ACCOUNT_NO",
        allowed=CONTROL_ACCOUNTS,
    ),
    Column(
        "group_coa_account_name",
        Text(),
        "Name of the group account.",
        f"{_VIEW}.GROUP_COA_ACCOUNT_NAME",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "real_coa",
        Text(),
        "Local account.",
        f"{_VIEW}.REAL_COA",
        empty_means="the balance names no local account",
    ),
    Column(
        "currency",
        Text(3),
        "Currency that this part of the balance arose in.",
        f"{_VIEW}.CURRENCY",
        empty_means="the balance names no currency",
    ),
    Column(
        "fx_rate",
        Numeric(18, 8),
        "Rate that the view used for the split; amounts are not converted with it here.",
        f"{_VIEW}.FX_RATE",
        nullable=True,
    ),
    Column(
        "balance_at_date",
        Numeric(38, 20),
        "Balance on closing_date in the company's currency, debit positive. The sum by company "
        "and group account is reconciled.",
        f"{_VIEW}.BALANCE_AT_DATE",
    ),
    Column(
        "busline_code",
        Text(),
        "Business line.",
        f"{_VIEW}.BUSLINE_CODE",
        empty_means="the balance names no business line",
    ),
    Column(
        "reporting_country_code",
        Text(2),
        "Country that the balance is reported under.",
        f"{_VIEW}.REPORTING_COUNTRY_CODE",
        nullable=True,
    ),
    Column(
        "reporting_country_name",
        Text(),
        "Name of the reporting country.",
        f"{_VIEW}.REPORTING_COUNTRY_NAME",
        nullable=True,
    ),
    Column(
        "partner_code",
        Text(),
        "Partner.",
        f"{_VIEW}.PARTNER_CODE",
        empty_means="the balance names no partner",
    ),
    Column(
        "ic_partner_code",
        Text(),
        "Company of the group on the other side.",
        f"{_VIEW}.IC_PARTNER_CODE",
        empty_means="the balance names no company of the group",
    ),
    Column(
        "is_recharge",
        Boolean(),
        "Whether the balance comes from recharges.",
        f"{_VIEW}.IS_RECHARGE",
        nullable=True,
    ),
    Column(
        "is_retained_earnings",
        Boolean(),
        "Whether the account is retained earnings.",
        f"{_VIEW}.IS_RETAINED_EARNINGS",
        nullable=True,
    ),
    Column(
        "conso_account_no",
        Text(),
        "Account in the consolidation.",
        f"{_VIEW}.CONSO_ACCOUNT_NO",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "conso_account_name",
        Text(),
        "Name of the account in the consolidation.",
        f"{_VIEW}.CONSO_ACCOUNT_NAME",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "ifrs_level_1_name",
        Text(),
        "IFRS caption of the account, first level.",
        f"{_VIEW}.IFRS_LEVEL_1_NAME",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "ifrs_level_2_name",
        Text(),
        "IFRS caption of the account, second level.",
        f"{_VIEW}.IFRS_LEVEL_2_NAME",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "ifrs_level_3_name",
        Text(),
        "IFRS caption of the account, third level.",
        f"{_VIEW}.IFRS_LEVEL_3_NAME",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "is_interco",
        Boolean(),
        "Whether the balance is with a company of the group.",
        f"{_VIEW}.IS_INTERCO",
        nullable=True,
    ),
)
