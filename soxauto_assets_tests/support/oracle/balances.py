"""What CR_04 (ledger balances), CR_05 and CR_05a (rates) must hold."""

from __future__ import annotations

from typing import Any

from soxauto_assets_tests.support.oracle.collation import Index, fold, same
from soxauto_assets_tests.support.oracle.scope import (
    ACCOUNTS_OF_D4,
    CURRENCIES,
    ROSTER,
    Month,
    before,
    on_roster,
)
from soxauto_assets_tests.support.oracle.source import Source
from soxauto_assets_tests.support.oracle.values import day, flag

FINREC = "AIG_Nav_Jumia_Reconciliation"


def cr_04(source: Source, month: Month) -> list[dict[str, Any]]:
    """Closing and opening balances of the accounts of D4 (D18, D25, D26, D29)."""
    # D29: one extract holds both; the day decides, though the view keeps a DATETIME.
    role_of = {month.cutoff_date: "closing", month.opening_date: "opening"}
    rows = []
    for balance in source.rows(f"{FINREC}.dbo.V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT"):
        role = role_of.get(balance["CLOSING_DATE"].date())
        if (
            role is None
            or not on_roster(balance["ID_COMPANY"])
            or fold(balance["GROUP_COA_ACCOUNT_NO"]) not in ACCOUNTS_OF_D4
        ):
            continue
        rows.append(
            {
                "id_company": balance["ID_COMPANY"],
                "company_name": balance["COMPANY_NAME"],
                "country_code": balance["COUNTRY_CODE"],
                "country_name": balance["COUNTRY_NAME"],
                "closing_date": day(balance["CLOSING_DATE"]),
                "balance_role": role,
                "group_coa_account_no": balance["GROUP_COA_ACCOUNT_NO"],
                "group_coa_account_name": balance["GROUP_COA_ACCOUNT_NAME"],
                # D26: a nullable key part is output as ''.
                "real_coa": balance["REAL_COA"] or "",
                "currency": balance["CURRENCY"] or "",
                "busline_code": balance["BUSLINE_CODE"] or "",
                "partner_code": balance["PARTNER_CODE"] or "",
                "ic_partner_code": balance["IC_PARTNER_CODE"] or "",
                "fx_rate": balance["FX_RATE"],
                "balance_at_date": balance["BALANCE_AT_DATE"],
                "reporting_country_code": balance["REPORTING_COUNTRY_CODE"],
                "reporting_country_name": balance["REPORTING_COUNTRY_NAME"],
                "is_recharge": flag(balance["IS_RECHARGE"]),
                "is_retained_earnings": flag(balance["IS_RETAINED_EARNINGS"]),
                "conso_account_no": balance["CONSO_ACCOUNT_NO"],
                "conso_account_name": balance["CONSO_ACCOUNT_NAME"],
                "ifrs_level_1_name": balance["IFRS_LEVEL_1_NAME"],
                "ifrs_level_2_name": balance["IFRS_LEVEL_2_NAME"],
                "ifrs_level_3_name": balance["IFRS_LEVEL_3_NAME"],
                "is_interco": flag(balance["IS_INTERCO"]),
            }
        )
    return rows


def cr_05(source: Source, month: Month) -> list[dict[str, Any]]:
    """One row a roster company with its closing rate (D7, D25, D29)."""
    rates = [
        rate
        for rate in source.rows(f"{FINREC}.dbo.RPT_FX_RATES")
        if same(rate["rate_type"], "Closing")
        and same(rate["base_currency"], "USD")
        and (rate["year"], rate["cod_month"]) == (month.year, month.number)
    ]
    by_country = Index(rates, "country_code")
    companies = Index(source.rows(f"{FINREC}.fdw.Dim_Company"), "Company_Code")
    countries = Index(source.rows(f"{FINREC}.fdw.Dim_Country"), "Country_Code")
    rows = []
    for company in ROSTER:
        dim_company = companies.one(company.code)
        # D29: rate by the roster's country; without exactly one non-zero rate it is null (a
        # null or zero rate beside one good rate does no harm).
        good = [r["rate"] for r in by_country.all(company.country) if r["rate"]]
        rows.append(
            {
                "company_code": company.code,
                "company_name": dim_company["Company_Name"],
                "opco_central": dim_company["Opco/Central_?"],
                "company_country": company.country,
                "is_active": flag(dim_company["Is_Active?"]),
                "rate_type": "Closing",
                "year": month.year,
                "cod_month": month.number,
                "fx_rate": good[0] if len(good) == 1 else None,
                "country_name": countries.one(company.country)["Country_Name"],
                "currency": company.currency,  # D25: from the roster
            }
        )
    return rows


def cr_05a(source: Source, month: Month) -> list[dict[str, Any]]:
    """For each currency the latest rate that starts up to the cut-off (D7, D29)."""
    latest: dict[str | None, Any] = {}
    for rate in source.rows("D365BC14_DZ.dbo.Jade DZ$Currency Exchange Rate"):
        currency = fold(rate["Currency Code"])
        # D29: Starting Date < N; currencies = the roster's and USD.
        if currency not in CURRENCIES or not before(rate["Starting Date"], month.n):
            continue
        known = latest.get(currency)
        if known is None or known["Starting Date"] < rate["Starting Date"]:
            latest[currency] = rate
    return [
        {
            "currency_code": rate["Currency Code"],
            "year": rate["Starting Date"].year,
            "month": rate["Starting Date"].month,
            "relational_exch_rate_amount": rate["Relational Exch_ Rate Amount"],
        }
        for rate in latest.values()
    ]
