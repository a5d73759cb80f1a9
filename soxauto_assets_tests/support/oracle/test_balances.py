"""The oracle of CR_04, CR_05 and CR_05a against rows written by hand."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from soxauto_assets_tests.support.oracle import LiteralSource, Month, expected_rows

SEPTEMBER = Month(2024, 9)
LAST_MOMENT = datetime(2024, 9, 30, 23, 59, 59, 997000)
N = datetime(2024, 10, 1)
FINREC = "AIG_Nav_Jumia_Reconciliation"
VIEW = f"{FINREC}.dbo.V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT"
RATES = "D365BC14_DZ.dbo.Jade DZ$Currency Exchange Rate"


def balance(closing, account="18412", **others):
    return {
        "ID_COMPANY": "EC_NG",
        "CLOSING_DATE": closing,
        "GROUP_COA_ACCOUNT_NO": account,
        "BALANCE_AT_DATE": Decimal("-1"),
        **others,
    }


def cr_04(rows, month=SEPTEMBER):
    return expected_rows("cr_04", LiteralSource({VIEW: rows}), month)


def test_one_extract_holds_the_closing_and_the_opening_balances():
    rows = cr_04(
        [
            balance(datetime(2024, 9, 30)),
            balance(LAST_MOMENT),  # the view may keep a time: the day decides
            balance(datetime(2023, 12, 31)),
            balance(N),
            balance(datetime(2024, 8, 31)),
            balance(datetime(2024, 1, 1)),
        ]
    )
    assert [(row["balance_role"], row["closing_date"]) for row in rows] == [
        ("closing", date(2024, 9, 30)),
        ("closing", date(2024, 9, 30)),
        ("opening", date(2023, 12, 31)),
    ]


def test_the_opening_of_january_is_the_day_before_its_year():
    closings = [datetime(2023, 12, 31), datetime(2024, 12, 31), datetime(2025, 1, 31)]
    rows = cr_04([balance(day) for day in closings], Month(2025, 1))
    assert [(row["balance_role"], row["closing_date"]) for row in rows] == [
        ("opening", date(2024, 12, 31)),
        ("closing", date(2025, 1, 31)),
    ]


def test_balances_are_those_of_the_roster_on_the_accounts_of_the_control():
    inside = ["13001", "13002", "13003", "13004", "13005", "13009", "13024"]
    inside += ["18304", "18317", "18350", "18412"]
    outside = ["13006", "13010", "13011", "18397", "18650", "15010"]
    day = datetime(2024, 9, 30)
    rows = cr_04(
        [balance(day, account) for account in inside + outside]
        + [
            balance(day, "13003", ID_COMPANY="EC_NG_USD"),
            balance(day, "13003 ", ID_COMPANY="hf_sn"),
        ]
    )
    assert [row["group_coa_account_no"] for row in rows] == [*inside, "13003 "]


def test_a_balance_comes_out_whole_with_empty_text_for_null_dimensions():
    full = balance(
        datetime(2024, 9, 30),
        COMPANY_NAME="Nigeria Ltd",
        COUNTRY_CODE="NG",
        COUNTRY_NAME="Nigeria",
        REFRESH_DATE=N,
        GROUP_COA_ACCOUNT_NAME="Voucher liabilities",
        REAL_COA="441200",
        FX_RATE=Decimal("1600.5"),
        BALANCE_AT_DATE=Decimal("-12345.00000000000000000001"),
        BUSLINE_CODE=None,
        REPORTING_COUNTRY_CODE="NG",
        REPORTING_COUNTRY_NAME="Nigeria",
        IS_RECHARGE=0,
        IS_RETAINED_EARNINGS=None,
        CONSO_ACCOUNT_NO="C1",
        CONSO_ACCOUNT_NAME="Conso",
        IFRS_LEVEL_1_NAME="L1",
        IFRS_LEVEL_2_NAME="L2",
        IFRS_LEVEL_3_NAME="L3",
        IS_INTERCO=1,
    )
    assert cr_04([full]) == [
        {
            "id_company": "EC_NG",
            "company_name": "Nigeria Ltd",
            "country_code": "NG",
            "country_name": "Nigeria",
            "closing_date": date(2024, 9, 30),
            "balance_role": "closing",
            "group_coa_account_no": "18412",
            "group_coa_account_name": "Voucher liabilities",
            "real_coa": "441200",
            "currency": "",
            "busline_code": "",
            "partner_code": "",
            "ic_partner_code": "",
            "fx_rate": Decimal("1600.5"),
            "balance_at_date": Decimal("-12345.00000000000000000001"),
            "reporting_country_code": "NG",
            "reporting_country_name": "Nigeria",
            "is_recharge": False,
            "is_retained_earnings": None,
            "conso_account_no": "C1",
            "conso_account_name": "Conso",
            "ifrs_level_1_name": "L1",
            "ifrs_level_2_name": "L2",
            "ifrs_level_3_name": "L3",
            "is_interco": True,
        }
    ]


def rate(country, value, **others):
    return {
        "country_code": country,
        "country": "some name",
        "rate_type": "Closing",
        "year": 2024,
        "cod_month": 9,
        "base_currency": "USD",
        "rate": None if value is None else Decimal(value),
        **others,
    }


def cr_05(rates):
    source = LiteralSource(
        {
            f"{FINREC}.dbo.RPT_FX_RATES": rates,
            f"{FINREC}.fdw.Dim_Company": [
                {
                    "Company_Code": "EC_IC",
                    "Company_Name": "Ivoire",
                    "Company_Country": "CI",
                    "Opco/Central_?": "Opco",
                    "Is_Active?": 1,
                },
                {"Company_Code": "EC_NG_USD", "Company_Country": "NG"},
            ],
            f"{FINREC}.fdw.Dim_Country": [
                {"Country_Code": "CI", "Country_Name": "Cote d'Ivoire"},
                {"Country_Code": "NG", "Country_Name": "Nigeria"},
            ],
        }
    )
    return {row["company_code"]: row for row in expected_rows("cr_05", source, SEPTEMBER)}


def test_every_roster_company_has_one_row_whole_from_roster_and_dimensions():
    rows = cr_05([rate("CI", "600.125")])
    assert sorted(rows) == [
        *("EC_IC", "EC_KE", "EC_MA", "EC_NG", "HF_SN", "JD_DZ", "JD_GH", "JD_UG", "JM_EG")
    ]
    assert rows["EC_IC"] == {
        "company_code": "EC_IC",
        "company_name": "Ivoire",
        "opco_central": "Opco",
        "company_country": "CI",
        "is_active": True,
        "rate_type": "Closing",
        "year": 2024,
        "cod_month": 9,
        "fx_rate": Decimal("600.125"),
        "country_name": "Cote d'Ivoire",
        "currency": "XOF",
    }
    assert {row["currency"] for row in rows.values()} == {
        *("NGN", "EGP", "KES", "GHS", "XOF", "UGX", "DZD", "MAD")
    }


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ([], None),
        ([rate("NG", "0")], None),
        ([rate("NG", None)], None),
        ([rate("NG", "1600"), rate("NG", "1601")], None),
        ([rate("NG", "1600"), rate("NG", "1600")], None),
        ([rate("NG", "1600"), rate("NG", None), rate("NG", "0")], Decimal(1600)),
        ([rate("ng", "1600", rate_type="closing", base_currency="usd")], Decimal(1600)),
        ([rate("NG", "1600", rate_type="Average")], None),
        ([rate("NG", "1600", base_currency="EUR")], None),
        ([rate("NG", "1600", cod_month=8)], None),
        ([rate("NG", "1600", year=2023)], None),
    ],
)
def test_a_rate_is_used_only_where_it_is_the_only_one(rates, expected):
    assert cr_05(rates)["EC_NG"]["fx_rate"] == expected


def test_each_currency_takes_its_latest_rate_that_starts_before_the_bound():
    def starting(currency, start, value):
        return {
            "Currency Code": currency,
            "Starting Date": start,
            "Relational Exch_ Rate Amount": Decimal(value),
        }

    rates = [
        starting("USD", datetime(2024, 9, 1), "132"),
        starting("USD", datetime(2024, 9, 30), "133.00000000000000000001"),
        starting("USD", N, "134"),
        starting("NGN", datetime(2021, 2, 1), "0.3"),
        starting("EUR", datetime(2024, 9, 30), "148"),
        starting("KES", N, "1"),
    ]
    rows = expected_rows("cr_05a", LiteralSource({RATES: rates}), SEPTEMBER)
    assert sorted(rows, key=lambda row: row["currency_code"]) == [
        {
            "currency_code": "NGN",
            "year": 2021,
            "month": 2,
            "relational_exch_rate_amount": Decimal("0.3"),
        },
        {
            "currency_code": "USD",
            "year": 2024,
            "month": 9,
            "relational_exch_rate_amount": Decimal("133.00000000000000000001"),
        },
    ]
