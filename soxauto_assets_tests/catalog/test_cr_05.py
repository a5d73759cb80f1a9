"""CR_05 and CR_05a: which rate is taken, and when there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.period import Period
from soxauto_assets_tests.catalog.small_source import FINREC, Row, SmallSource

MAY = Period(2024, 5)
GOOD = "1500.12345678"


def rate(value: str | None, country: str = "NG", **other: object) -> Row:
    return {
        "country_code": country,
        "rate_type": "Closing",
        "year": 2024,
        "cod_month": 5,
        "base_currency": "USD",
        "rate": None if value is None else Decimal(value),
        **other,
    }


def source(folder: Path, nigerian: Sequence[Row]) -> SmallSource:
    others = [rate("2", company.country) for company in ROSTER if company.country != "NG"]
    return SmallSource(folder, {FINREC + "RPT_FX_RATES": [*nigerian, *others]})


@pytest.mark.parametrize(
    "rates",
    [
        [rate(GOOD)],
        [rate(GOOD), rate("0"), rate(None)],
        [rate(GOOD), rate("9", rate_type="Average"), rate("9", base_currency="EUR")],
        [rate(GOOD), rate("9", cod_month=4), rate("9", year=2023)],
        [rate(GOOD, "ng", rate_type="CLOSING", base_currency="usd")],
    ],
    ids=["alone", "beside zero and null", "beside other kinds", "beside other months", "any case"],
)
def test_a_company_with_one_good_rate_gets_it(tmp_path: Path, rates: Sequence[Row]) -> None:
    sound = source(tmp_path, rates)
    found = {row["company_code"]: row["fx_rate"] for row in sound.extract("cr_05", MAY)}
    assert found == {c.code: Decimal(2) for c in ROSTER} | {"EC_NG": Decimal(GOOD)}
    assert sound.findings("cr_05", MAY) == {}
    assert sound.counts("cr_05", MAY) == {"transfer": 9, "without_joins": 9, "driving_table": 9}


@pytest.mark.parametrize(
    ("rates", "problem", "number"),
    [
        ([], "no rate", 0),
        ([rate("0"), rate(None)], "no rate", 0),
        ([rate(GOOD), rate("9")], "more than one rate", 2),
        ([rate(GOOD), rate(GOOD)], "more than one rate", 2),
    ],
    ids=["none", "zero and null only", "two", "the same twice"],
)
def test_a_company_without_exactly_one_good_rate_gets_none_and_is_named(
    tmp_path: Path, rates: Sequence[Row], problem: str, number: int
) -> None:
    faulty = source(tmp_path, rates)
    found = {row["company_code"]: row["fx_rate"] for row in faulty.extract("cr_05", MAY)}
    assert found == {c.code: Decimal(2) for c in ROSTER} | {"EC_NG": None}
    assert faulty.findings("cr_05", MAY) == {
        "exactly_one_rate": [
            {
                "company": "EC_NG",
                "country": "NG",
                "currency": "NGN",
                "problem": problem,
                "rates": number,
            }
        ]
    }
    # The fault is the source's, not one of the way to the extract: only its own control fails.
    totals = {
        tuple(faulty.control("cr_05", name, MAY)[0].items())
        for name in ("transfer", "without_joins", "driving_table")
    }
    assert totals == {(("row_count", 9), ("sum_fx_rate", Decimal(16)))}


def of_table(*rates: tuple[str, datetime, str]) -> dict[str, Sequence[Row]]:
    return {
        "D365BC14_DZ.dbo.Jade DZ$Currency Exchange Rate": [
            {
                "Currency Code": currency,
                "Starting Date": day,
                "Relational Exch_ Rate Amount": Decimal(amount),
            }
            for currency, day, amount in rates
        ]
    }


def test_the_latest_rate_that_started_by_the_cut_off_is_taken(tmp_path: Path) -> None:
    table = SmallSource(
        tmp_path,
        of_table(
            ("USD", datetime(2024, 2, 29), "134"),
            ("USD", datetime(2024, 5, 31), "135"),
            ("USD", datetime(2024, 6, 1), "136"),
            ("NGN", datetime(2023, 12, 31), "0.1"),
            ("EUR", datetime(2024, 5, 31), "145"),
        ),
    )
    found = [tuple(row.values()) for row in table.extract("cr_05a", MAY)]
    assert found == [("NGN", 2023, 12, Decimal("0.1")), ("USD", 2024, 5, Decimal(135))]
    (after,) = table.control("cr_05a", "witness_after", MAY)
    assert after == {"currency_code": "USD", "year": 2024, "month": 6}
    noted = [row["currency"] for row in table.control("cr_05a", "currencies_without_rate", MAY)]
    assert noted == sorted({c.currency for c in ROSTER} - {"NGN"})


def test_two_rates_of_one_day_both_come_out_for_the_key_check_to_find(tmp_path: Path) -> None:
    day = datetime(2024, 5, 31)
    table = SmallSource(tmp_path, of_table(("USD", day, "135"), ("usd", day, "136")))
    assert len(table.extract("cr_05a", MAY)) == 2
    assert table.counts("cr_05a", MAY) == {"transfer": 2, "driving_table": 2}
