"""IPE_07: what its controls must see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from soxauto_assets.period import Period
from soxauto_assets_tests.catalog.small_source import (
    COMPANIES,
    FDW,
    NAV,
    ROSTER_FINDING,
    STRANGER,
    Row,
    SmallSource,
)

MAY = Period(2024, 5)
GROUP: Row = {"id_company": "EC_NG", "Code": "NAT", "Receivables Account": "41100"}
ACCOUNT: Row = {
    "Company_Code": "EC_NG",
    "G/L_Account_No": "41100",
    "Group_COA_Account_no": "13003",
}
BUSLINE: Row = {"Company_Code": "EC_NG", "Busline_Code": "RTL", "Busline_Vertical_Name_1": "Retail"}
CUSTOMER: Row = {"id_company": "EC_NG", "No_": "C1", "Name": "Ada"}


def entry(number: int, day: date, **other: object) -> Row:
    return {
        "id_company": "EC_NG",
        "Entry No_": number,
        "Posting Date": datetime(day.year, day.month, day.day),
        "Customer No_": "C1",
        "Customer Posting Group": "NAT",
        "Busline Code": "RTL",
        **other,
    }


def movement(of: int, day: date, amount: str, company: str = "EC_NG") -> Row:
    return {
        "id_company": company,
        "Cust_ Ledger Entry No_": of,
        "Customer No_": "C1",
        "Posting Date": datetime(day.year, day.month, day.day),
        "Amount (LCY)": Decimal(amount),
    }


def source(folder: Path, **changed: Sequence[Row]) -> SmallSource:
    rows: Mapping[str, Sequence[Row]] = {
        "Customer Ledger Entries": [entry(1, date(2024, 5, 31)), entry(2, date(2024, 6, 1))],
        "Detailed Customer Ledg_ Entry": [
            movement(1, date(2024, 5, 31), "100"),
            # Paid in June: at the end of May the entry was open.
            movement(1, date(2024, 6, 1), "-100"),
            movement(2, date(2024, 6, 1), "7"),
        ],
        "Customer Posting Group": [GROUP],
        "Customers": [CUSTOMER],
        **{name.replace("_", " "): value for name, value in changed.items() if name in _IN_NAV},
    }
    dimensions: Mapping[str, Sequence[Row]] = {
        "Dim_ChartOfAccounts": [ACCOUNT],
        "Dim_Busline": [BUSLINE],
        **{name: value for name, value in changed.items() if name not in _IN_NAV},
    }
    return SmallSource(
        folder,
        {NAV + name: value for name, value in rows.items()}
        | {FDW + name: value for name, value in dimensions.items()},
    )


_IN_NAV = {"Customers", "Customer_Posting_Group", "Customer_Ledger_Entries"}


def test_a_payment_of_next_month_leaves_the_entry_open_and_every_control_agrees(
    tmp_path: Path,
) -> None:
    sound = source(tmp_path)
    found = [
        (row["entry_no"], row["rem_amt_lcy"], row["group_account"], row["customer_name"])
        for row in sound.extract("ipe_07", MAY)
    ]
    assert found == [(1, Decimal(100), "13003", "Ada")]
    assert sound.counts("ipe_07", MAY) == {"transfer": 1, "without_joins": 1, "driving_table": 1}
    assert sound.findings("ipe_07", MAY) == {}
    after = sound.control("ipe_07", "witness_after", MAY)
    assert after == [{"id_company": "EC_NG", "entry_no": 2}]


def test_a_business_line_that_stands_twice_doubles_the_extract_and_is_caught(
    tmp_path: Path,
) -> None:
    doubled = source(tmp_path, Dim_Busline=[BUSLINE, {**BUSLINE, "Busline_Code": "rtl"}])
    assert len(doubled.extract("ipe_07", MAY)) == 2
    assert doubled.counts("ipe_07", MAY) == {"transfer": 2, "without_joins": 1, "driving_table": 1}
    found = doubled.findings("ipe_07", MAY)
    assert [(row["dimension"], row["copies"]) for row in found["duplicate_dimensions"]] == [
        ("Dim_Busline", 2)
    ]
    assert list(found) == ["duplicate_dimensions"]


def test_an_account_that_stands_twice_on_the_chart_is_caught(tmp_path: Path) -> None:
    doubled = source(tmp_path, Dim_ChartOfAccounts=[ACCOUNT, ACCOUNT])
    assert doubled.counts("ipe_07", MAY) == {"transfer": 2, "without_joins": 1, "driving_table": 1}
    assert doubled.findings("ipe_07", MAY)["duplicate_dimensions"] == [
        {"dimension": "Dim_ChartOfAccounts", "company": "EC_NG", "code": "41100", "copies": 2}
    ]


def test_a_customer_that_stands_twice_is_counted_but_not_named(tmp_path: Path) -> None:
    doubled = source(tmp_path, Customers=[CUSTOMER, CUSTOMER, {**CUSTOMER, "No_": "C2"}])
    assert doubled.findings("ipe_07", MAY)["duplicate_dimensions"] == [
        {
            "dimension": "Customers",
            "company": "EC_NG",
            "code": "customer numbers that stand more than once",
            "copies": 1,
        }
    ]


def test_open_entries_that_lead_to_no_group_account_are_listed_with_their_amount(
    tmp_path: Path,
) -> None:
    without_group = source(tmp_path / "1", Customer_Posting_Group=[])
    assert without_group.extract("ipe_07", MAY) == []
    assert without_group.findings("ipe_07", MAY)["unmapped"] == [
        {
            "company": "EC_NG",
            "posting_group": "NAT",
            "receivables_account": None,
            "entries": 1,
            "rem_amt_lcy": Decimal(100),
        }
    ]
    for number, blank in enumerate(("", None), start=2):
        unmapped = source(
            tmp_path / str(number),
            Dim_ChartOfAccounts=[{**ACCOUNT, "Group_COA_Account_no": blank}],
        )
        assert list(unmapped.findings("ipe_07", MAY)) == ["unmapped"]


def test_entries_on_accounts_of_others_are_noted_and_no_finding(tmp_path: Path) -> None:
    other = source(tmp_path, Dim_ChartOfAccounts=[{**ACCOUNT, "Group_COA_Account_no": "13006"}])
    assert other.extract("ipe_07", MAY) == []
    assert other.findings("ipe_07", MAY) == {}
    assert other.control("ipe_07", "left_out_other_accounts", MAY) == [
        {
            "company": "EC_NG",
            "group_account": "13006",
            "entries": 1,
            "rem_amt_lcy": Decimal(100),
        }
    ]


def test_a_consolidated_company_off_the_roster_is_named_once_it_has_open_entries(
    tmp_path: Path,
) -> None:
    companies = [*COMPANIES, STRANGER]
    assert source(tmp_path / "1", Dim_Company=companies).findings("ipe_07", MAY) == {}
    of_stranger = {
        NAV + "Customer Ledger Entries": [
            {**entry(9, date(2024, 5, 3)), "id_company": "EC_TZ"},
        ],
        NAV + "Detailed Customer Ledg_ Entry": [movement(9, date(2024, 5, 3), "5", "EC_TZ")],
        NAV + "Customer Posting Group": [{**GROUP, "id_company": "EC_TZ"}],
        FDW + "Dim_ChartOfAccounts": [{**ACCOUNT, "Company_Code": "EC_TZ"}],
        FDW + "Dim_Company": companies,
    }
    with_rows = SmallSource(tmp_path / "2", of_stranger)
    assert with_rows.findings("ipe_07", MAY) == {"roster": [ROSTER_FINDING]}
    assert with_rows.extract("ipe_07", MAY) == [], "the extract stays with the roster"


def test_a_roster_company_that_is_not_consolidated_or_not_known_is_named(tmp_path: Path) -> None:
    companies = [{**COMPANIES[0], "Flg_In_Conso_Scope": 0}, *COMPANIES[2:]]
    found = source(tmp_path, Dim_Company=companies).findings("ipe_07", MAY)
    assert sorted(row["company"] for row in found["roster"]) == ["EC_NG", "JM_EG"]
