"""CR_04: which two days it reads, and what its controls must see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.period import Period
from soxauto_assets_tests.catalog.small_source import (
    COMPANIES,
    FDW,
    FINREC,
    ROSTER_FINDING,
    STRANGER,
    Row,
    SmallSource,
)

MAY = Period(2024, 5)


def balance(day: datetime, **other: object) -> Row:
    return {
        "ID_COMPANY": "EC_NG",
        "CLOSING_DATE": day,
        "GROUP_COA_ACCOUNT_NO": "18412",
        "BALANCE_AT_DATE": Decimal(-10),
        "REFRESH_DATE": datetime(2025, 1, 2),
        **other,
    }


def source(
    folder: Path, balances: Sequence[Row], companies: Sequence[Row] = COMPANIES
) -> SmallSource:
    view = FINREC + "V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT"
    return SmallSource(folder, {view: balances, FDW + "Dim_Company": companies})


@pytest.mark.parametrize(
    ("period", "closing"),
    [
        (Period(2024, 1), date(2024, 1, 31)),
        (MAY, date(2024, 5, 31)),
        (Period(2024, 12), date(2024, 12, 31)),
    ],
    ids=["first month of the year", "middle", "last month of the year"],
)
def test_closing_and_opening_are_told_apart_whatever_time_the_view_stores(
    tmp_path: Path, period: Period, closing: date
) -> None:
    days = [
        datetime(2023, 12, 30, 23, 59, 59, 997000),
        datetime(2023, 12, 31, 23, 59, 59, 997000),
        datetime(closing.year, closing.month, closing.day, 12),
        period.next_start,
    ]
    both = source(tmp_path, [balance(day) for day in days])
    found = [(row["closing_date"], row["balance_role"]) for row in both.extract("cr_04", period)]
    assert found == [(date(2023, 12, 31), "opening"), (closing, "closing")]
    assert both.counts("cr_04", period) == {"transfer": 2, "driving_table": 2}
    (inside,) = both.control("cr_04", "witness_inside", period)
    (after,) = both.control("cr_04", "witness_after", period)
    assert (inside["closing_date"], after["closing_date"]) == (closing, period.next_start.date())


def test_a_company_without_a_balance_is_noted_and_no_finding(tmp_path: Path) -> None:
    closing, opening = datetime(2024, 5, 31), datetime(2023, 12, 31)
    balances = [balance(closing, ID_COMPANY=company.code) for company in ROSTER]
    balances += [balance(opening, ID_COMPANY=company.code) for company in ROSTER[1:]]
    incomplete = source(tmp_path, balances)
    assert incomplete.findings("cr_04", MAY) == {}
    assert incomplete.control("cr_04", "companies_without_balance", MAY) == [
        {"company": "EC_NG", "balance_role": "opening"}
    ]


def test_a_consolidated_company_off_the_roster_is_named_once_it_has_a_balance(
    tmp_path: Path,
) -> None:
    companies = [*COMPANIES, STRANGER]
    sound = balance(datetime(2024, 5, 31))
    june = balance(datetime(2024, 6, 30), ID_COMPANY="EC_TZ")
    assert source(tmp_path / "1", [sound, june], companies).findings("cr_04", MAY) == {}
    may = balance(datetime(2024, 5, 31), ID_COMPANY="EC_TZ")
    assert source(tmp_path / "2", [sound, may], companies).findings("cr_04", MAY) == {
        "roster": [ROSTER_FINDING]
    }


def test_balances_that_were_refreshed_inside_the_month_or_at_no_time_are_findings(
    tmp_path: Path,
) -> None:
    closing, last_moment = datetime(2024, 5, 31), datetime(2024, 5, 31, 23, 59, 59)
    balances = [
        balance(closing, ID_COMPANY="EC_KE", REFRESH_DATE=MAY.next_start),
        balance(closing, ID_COMPANY="EC_NG", REFRESH_DATE=last_moment),
        balance(closing, ID_COMPANY="JD_GH", REFRESH_DATE=None),
        # An opening balance was refreshed long ago, and may have been.
        balance(datetime(2023, 12, 31), ID_COMPANY="EC_KE", REFRESH_DATE=datetime(2024, 1, 2)),
    ]
    mixed = source(tmp_path / "1", balances)
    found = mixed.findings("cr_04", MAY)["refreshed_after_cutoff"]
    assert {row["company"]: row["refreshed"] for row in found} == {
        "EC_NG": last_moment,
        "JD_GH": None,
    }
    noted = mixed.control("cr_04", "refresh_dates", MAY)
    assert {row["company"]: row["last_refresh"] for row in noted} == {
        "EC_KE": MAY.next_start,
        "EC_NG": last_moment,
        "JD_GH": None,
    }
    (nothing,) = source(tmp_path / "2", []).control("cr_04", "refreshed_after_cutoff", MAY)
    assert nothing == {
        "company": "every company",
        "problem": "no balance at the cut-off",
        "balances": 0,
        "refreshed": None,
    }
