"""Dimensions of the reconciliation database: companies, accounts, rates, mappings, balances.

Domain reference, section 3.2; the balance view has the columns of CR_04 (section 2.12).
"""

from __future__ import annotations

from soxauto_assets.catalog.source_columns import (
    COUNTRY_CODE,
    CURRENCY_CODE,
    FINREC,
    FLAG,
    NAV_AMOUNT,
    RATE,
    SMALL_WHOLE,
    STAMP,
    TEXT,
    optional,
    required,
)
from soxauto_assets.catalog.source_model import SourceTable

DIMENSION_TABLES: tuple[SourceTable, ...] = (
    SourceTable(
        FINREC,
        "fdw",
        "Dim_Company",
        (
            *required(TEXT, "Company_Code"),
            *optional(TEXT, "Company_Name"),
            *optional(COUNTRY_CODE, "Company_Country"),
            *optional(TEXT, "Opco/Central_?"),
            *optional(FLAG, "Is_Active?", "Flg_In_Conso_Scope"),
        ),
        key=("Company_Code",),
        description="Every company, in scope or not.",
    ),
    SourceTable(
        FINREC,
        "fdw",
        "Dim_Country",
        (*required(COUNTRY_CODE, "Country_Code"), *optional(TEXT, "Country_Name")),
        key=("Country_Code",),
        description="Names of countries.",
    ),
    SourceTable(
        FINREC,
        "fdw",
        "Dim_Busline",
        (
            *required(TEXT, "Company_Code", "Busline_Code"),
            *optional(
                TEXT,
                "Busline_Vertical_Name_1",
                "Busline_Vertical_Name_2",
                "Busline_Vertical_Name_3",
            ),
        ),
        key=("Company_Code", "Busline_Code"),
        description="Business lines and their three levels.",
    ),
    SourceTable(
        FINREC,
        "fdw",
        "Dim_ChartOfAccounts",
        (
            *required(TEXT, "Company_Code", "G/L_Account_No"),
            *optional(TEXT, "Group_COA_Account_no", "Group_COA_Account_Name"),
        ),
        key=("Company_Code", "G/L_Account_No"),
        description="Local accounts and the group accounts they roll up to.",
    ),
    SourceTable(
        FINREC,
        "dbo",
        "GDOC_IFRS_Tabular_Mapping",
        (
            *required(TEXT, "Level_4_Code"),
            *optional(TEXT, "Level_1_Name", "Level_2_Name", "Level_3_Name"),
        ),
        key=("Level_4_Code",),
        description="IFRS levels of each group account (Level_4_Code).",
    ),
    SourceTable(
        FINREC,
        "dbo",
        "RPT_FX_RATES",
        (
            *optional(COUNTRY_CODE, "country_code"),
            *optional(TEXT, "country", "rate_type"),
            *required(SMALL_WHOLE, "year", "cod_month"),
            *optional(CURRENCY_CODE, "base_currency"),
            *optional(RATE, "rate"),
        ),
        # No key: a null or zero rate may stand beside the good one (D7).
        description="Rates by country and month: local currency for one unit of the base currency.",
    ),
    SourceTable(
        FINREC,
        "dbo",
        "RPT_DIM_BOB_CUSTOMER_TYPE",
        (*required(TEXT, "Bob_Customer_Type"), *optional(TEXT, "Customer_Type_L1")),
        key=("Bob_Customer_Type",),
        description="Customer types of the web shop.",
    ),
    SourceTable(
        FINREC,
        "dbo",
        "RPT_VENDORS",
        (*required(TEXT, "ID_company", "BOB_ID_Vendor"), *optional(FLAG, "Is_Global")),
        key=("ID_company", "BOB_ID_Vendor"),
        description="Vendors of the marketplace.",
    ),
    SourceTable(
        FINREC,
        "dbo",
        "GDOC_DIM_ASG_V2",
        (
            *required(TEXT, "ID_Company", "SC_ASG_Name"),
            *optional(TEXT, "ASG_Level_1", "ASG_Level_2", "ASG_Level_3", "ASG_Level_4"),
        ),
        key=("ID_Company", "SC_ASG_Name"),
        description="Account grouping of Seller Center transaction types.",
    ),
    SourceTable(
        FINREC,
        "dbo",
        "V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT",
        (
            *required(TEXT, "ID_COMPANY"),
            *optional(TEXT, "COMPANY_NAME"),
            *optional(COUNTRY_CODE, "COUNTRY_CODE"),
            *optional(TEXT, "COUNTRY_NAME"),
            *required(STAMP, "CLOSING_DATE"),
            *optional(STAMP, "REFRESH_DATE"),
            *required(TEXT, "GROUP_COA_ACCOUNT_NO"),
            *optional(TEXT, "GROUP_COA_ACCOUNT_NAME", "REAL_COA"),
            *optional(CURRENCY_CODE, "CURRENCY"),
            *optional(RATE, "FX_RATE"),
            *optional(NAV_AMOUNT, "BALANCE_AT_DATE"),
            *optional(TEXT, "BUSLINE_CODE"),
            *optional(COUNTRY_CODE, "REPORTING_COUNTRY_CODE"),
            *optional(TEXT, "REPORTING_COUNTRY_NAME", "PARTNER_CODE", "IC_PARTNER_CODE"),
            *optional(FLAG, "IS_RECHARGE", "IS_RETAINED_EARNINGS"),
            *optional(TEXT, "CONSO_ACCOUNT_NO", "CONSO_ACCOUNT_NAME"),
            *optional(TEXT, "IFRS_LEVEL_1_NAME", "IFRS_LEVEL_2_NAME", "IFRS_LEVEL_3_NAME"),
            *optional(FLAG, "IS_INTERCO"),
        ),
        key=(
            "ID_COMPANY",
            "CLOSING_DATE",
            "GROUP_COA_ACCOUNT_NO",
            "REAL_COA",
            "CURRENCY",
            "BUSLINE_CODE",
            "PARTNER_CODE",
            "IC_PARTNER_CODE",
        ),
        description="Ledger balances at each closing date, split by currency and dimensions.",
        is_view=True,
    ),
)
