"""CR_03: what its controls must see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.period import Period
from soxauto_assets_tests.catalog.small_source import (
    COMPANIES,
    FDW,
    FINREC,
    NAV,
    ROSTER_FINDING,
    STRANGER,
    Row,
    SmallSource,
)

MAY = Period(2024, 5)
ACCOUNT: Row = {
    "Company_Code": "EC_NG",
    "G/L_Account_No": "51841",
    "Group_COA_Account_no": "18412",
}
LEVELS: Row = {"Level_4_Code": "18412", "Level_1_Name": "Liabilities"}


def entry(number: int, day: datetime, **other: object) -> Row:
    return {
        "id_company": "EC_NG",
        "Entry No_": number,
        "Posting Date": day,
        "Chart of Accounts No_": "51841",
        "Amount": Decimal(10),
        **other,
    }


def balance(day: datetime, amount: int) -> Row:
    return {
        "ID_COMPANY": "EC_NG",
        "CLOSING_DATE": day,
        "GROUP_COA_ACCOUNT_NO": "18412",
        "BALANCE_AT_DATE": Decimal(amount),
    }


def source(
    folder: Path,
    entries: Sequence[Row] = (entry(1, datetime(2024, 5, 31)),),
    chart: Sequence[Row] = (ACCOUNT,),
    levels: Sequence[Row] = (LEVELS,),
    companies: Sequence[Row] = COMPANIES,
    balances: Sequence[Row] = (balance(datetime(2024, 5, 31), 10),),
) -> SmallSource:
    return SmallSource(
        folder,
        {
            NAV + "G_L Entries": entries,
            FDW + "Dim_ChartOfAccounts": chart,
            FINREC + "GDOC_IFRS_Tabular_Mapping": levels,
            FDW + "Dim_Company": companies,
            FINREC + "V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT": balances,
        },
    )


def test_the_year_to_date_is_in_and_the_days_around_it_are_out(tmp_path: Path) -> None:
    days = [datetime(2023, 12, 31), datetime(2024, 1, 1), datetime(2024, 5, 31)]
    around = source(
        tmp_path,
        [entry(n, day) for n, day in enumerate([*days, datetime(2024, 6, 1)])],
        balances=[balance(datetime(2023, 12, 31), 10), balance(datetime(2024, 5, 31), 30)],
    )
    found = [(row["entry_no"], row["posting_period"]) for row in around.extract("cr_03", MAY)]
    assert found == [(1, "2024-01"), (2, "2024-05")]
    assert around.counts("cr_03", MAY) == {"transfer": 2, "without_joins": 2, "driving_table": 2}
    assert around.findings("cr_03", MAY) == {}
    inside, after = (
        around.control("cr_03", name, MAY) for name in ("witness_inside", "witness_after")
    )
    assert inside == [{"id_company": "EC_NG", "entry_no": 2}]
    assert after == [{"id_company": "EC_NG", "entry_no": 3}]


def test_a_group_account_with_two_ifrs_captions_doubles_the_extract_and_is_caught(
    tmp_path: Path,
) -> None:
    doubled = source(tmp_path, levels=[LEVELS, {**LEVELS, "Level_1_Name": "Assets"}])
    assert doubled.counts("cr_03", MAY) == {"transfer": 2, "without_joins": 1, "driving_table": 1}
    assert doubled.findings("cr_03", MAY) == {
        "duplicate_dimensions": [
            {
                "dimension": "GDOC_IFRS_Tabular_Mapping",
                "company": "every company",
                "code": "18412",
                "copies": 2,
            }
        ]
    }


def test_an_opening_and_a_movement_that_miss_the_closing_balance_are_named_to_the_last_decimal(
    tmp_path: Path,
) -> None:
    short = [balance(datetime(2023, 12, 31), 5), balance(datetime(2024, 5, 31), 14)]
    assert source(tmp_path / "1", balances=short).findings("cr_03", MAY) == {
        "roll_forward": [
            {
                "company": "EC_NG",
                "group_account": "18412",
                "opening": Decimal(5),
                "movement": Decimal(10),
                "closing": Decimal(14),
            }
        ]
    }
    unbalanced = source(tmp_path / "2", balances=()).findings("cr_03", MAY)
    assert [row["closing"] for row in unbalanced["roll_forward"]] == [Decimal(0)]


@pytest.mark.parametrize(
    "chart",
    [
        (),
        ({**ACCOUNT, "Company_Code": "JM_EG"},),
        ({**ACCOUNT, "Group_COA_Account_no": None},),
        ({**ACCOUNT, "Group_COA_Account_no": ""},),
    ],
    ids=["no chart", "another company's chart", "null group account", "blank group account"],
)
def test_entries_on_an_account_off_the_chart_are_listed_with_their_amount(
    tmp_path: Path, chart: Sequence[Row]
) -> None:
    off_chart = source(tmp_path, chart=chart, balances=())
    assert off_chart.extract("cr_03", MAY) == []
    assert off_chart.findings("cr_03", MAY) == {
        "unmapped": [
            {"company": "EC_NG", "local_account": "51841", "entries": 1, "amount": Decimal(10)}
        ]
    }


def test_a_consolidated_company_off_the_roster_is_named_once_it_has_entries(
    tmp_path: Path,
) -> None:
    companies, chart = [*COMPANIES, STRANGER], [{**ACCOUNT, "Company_Code": "EC_TZ"}]
    stranger = entry(1, datetime(2024, 5, 31), id_company="EC_TZ")
    last_year = {**stranger, "Posting Date": datetime(2023, 12, 31)}
    silent = source(tmp_path / "1", [last_year], chart, companies=companies, balances=())
    assert silent.findings("cr_03", MAY) == {}
    loud = source(tmp_path / "2", [stranger], chart, companies=companies, balances=())
    assert loud.findings("cr_03", MAY) == {"roster": [ROSTER_FINDING]}
    assert loud.extract("cr_03", MAY) == [], "the extract stays with the roster"
