"""Through time: open items, movements and late postings, against months that are there or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soxauto_assets.period import Period
from soxauto_assets.reconciliation.mapping import FAMILIES
from soxauto_assets.reconciliation.month import Month, Past, earlier_reports
from soxauto_assets_tests.reconciliation.months import (
    BOOK,
    PERIOD,
    Row,
    balance,
    control,
    entry,
    quiet_month,
    report,
    without,
)
from soxauto_assets_tests.reconciliation.test_conservation import QUICK

AUGUST, JULY, YEAR_AGO, DECEMBER = (
    PERIOD.previous,
    Period(2024, 7),
    Period(2023, 9),
    Period(2023, 12),
)


def after(month: Month, past: Mapping[tuple[str, Period], Iterable[Row]]) -> Month:
    """The month with these reports of earlier months."""
    reports = {(name, period): report(name, rows) for (name, period), rows in past.items()}
    return replace(month, past=Past(reports))


def line(item: str, amount: object = 10, **more: object) -> Row:
    return {
        "id_company": "EC_KE",
        "line_id": item,
        "transaction_type": "Payment",
        "event_date": datetime(2024, 9, 20, 8),
        "amount": Decimal(str(amount)),
        **more,
    }


def states(month: Month) -> list[tuple[object, ...]]:
    columns = ("item", "state", "amount_before", "amount")
    return list(
        control(month).open_items.select(columns).cast({"state": pl.String}).collect().iter_rows()
    )


def failed(month: Month) -> list[str]:
    return [check.name for check in control(month).checks if not check.passed]


def test_an_open_item_is_new_carried_cleared_or_reopened_with_its_age() -> None:
    month = after(
        quiet_month(ipe_31=[line("new"), line("carried", 7), line("back")]),
        {
            ("ipe_31", AUGUST): [line("carried", 9), line("paid", 4)],
            ("ipe_31", Period(2024, 3)): [line("back")],
        },
    )
    assert states(month) == [
        ("back", "reopened", None, 10),
        ("carried", "carried", 9, 7),
        ("new", "new", None, 10),
        ("paid", "cleared", 4, 0),
    ]
    made = control(month)
    items = made.open_items.collect()
    assert items.select("since", "age_days").unique().rows() == [(date(2024, 9, 20), 10)]
    assert set(items["rule"]) == {"LB-CASH-DEPOSITS"}
    summary = made.open_items_summary
    assert summary.filter(pl.col("state") == "cleared").select("items", "amount_before").rows() == [
        (1, 4)
    ]
    assert failed(month) == []


def test_without_the_month_before_nothing_is_said_to_be_new() -> None:
    month = quiet_month(ipe_31=[line("a")])
    items = control(month).open_items.collect()
    assert items.select(pl.col("state").cast(pl.String), "amount_before", "why").rows() == [
        ("not comparable", None, "ipe_31 2024-08 has no current data")
    ]


def test_items_of_two_companies_under_one_key_are_two_items() -> None:
    month = after(quiet_month(ipe_12=[item("EC_NG")]), {("ipe_12", AUGUST): [item("EC_KE")]})
    assert states(month) == [("1", "cleared", 5, 0), ("1", "new", None, 5)]


def item(company: str) -> Row:
    return {
        "id_company": company,
        "cod_oms_sales_order_item": "1",
        "balance_lcy": Decimal(5),
        "delivered_date": datetime(2024, 9, 1),
    }


ITEMS = st.sets(st.sampled_from("abcdef"))


@given(ITEMS, ITEMS, ITEMS)
@QUICK
def test_new_carried_and_reopened_are_what_is_open_and_cleared_and_carried_what_was(
    now: set[str], before: set[str], earlier: set[str]
) -> None:
    month = after(
        quiet_month(ipe_31=[line(name) for name in sorted(now)]),
        {
            ("ipe_31", AUGUST): [line(name) for name in sorted(before)],
            ("ipe_31", JULY): [line(name) for name in sorted(earlier)],
        },
    )
    assert {(name, state) for name, state, *_ in states(month)} == {
        *((name, "carried") for name in now & before),
        *((name, "reopened") for name in (now & earlier) - before),
        *((name, "new") for name in now - before - earlier),
        *((name, "cleared") for name in before - now),
    }
    assert "open_items" not in failed(month)


def all_balances(amount: object = 0) -> list[Row]:
    return [
        balance(account, amount, company)
        for company in BOOK.companies
        for pool in BOOK.mapping
        for account in pool.accounts
    ]


def moved(month: Month, against: str, company: str = "EC_KE", family: str = "prepayments") -> Row:
    (row,) = (
        control(month)
        .movements.filter(
            (pl.col("company") == company)
            & (pl.col("family") == family)
            & (pl.col("against") == against)
        )
        .to_dicts()
    )
    return row


def test_every_company_and_family_has_a_verdict_against_both_months() -> None:
    found = control(quiet_month()).movements
    assert found.height == len(BOOK.companies) * len(FAMILIES) * 2
    assert set(found.select("verdict", "why").rows()) == {
        ("NOT COMPARABLE", "cr_04 2024-08 has no current data"),
        ("NOT COMPARABLE", "cr_04 2023-09 has no current data"),
    }
    assert found.select("balance_before", "moved", "moved_usd").null_count().row(0) == (144,) * 3


@pytest.mark.parametrize(
    ("amount", "verdict"),
    [("999999.99", "WITHIN THRESHOLD"), (1_000_000, "TO EXPLAIN"), (-1_000_000, "TO EXPLAIN")],
)
def test_a_balance_that_moved_by_its_threshold_wants_an_explanation(
    amount: object, verdict: str
) -> None:
    month = after(
        quiet_month(rate=100, cr_04=[balance("18350", amount)]),
        {("cr_04", AUGUST): all_balances(), ("cr_04", YEAR_AGO): all_balances(amount)},
    )
    before, year = moved(month, "month before"), moved(month, "year before")
    assert (before["moved"], before["verdict"]) == (Decimal(str(amount)), verdict)
    assert (before["threshold_usd"], before["threshold_rule"]) == (10_000, "TH-MOVEMENT")
    assert (year["moved"], year["verdict"]) == (0, "WITHIN THRESHOLD")
    assert moved(month, "month before", "JM_EG")["threshold_rule"] == "TH-MOVEMENT-EG"


def test_a_family_is_compared_as_a_whole_or_not_at_all() -> None:
    listed = [row for row in all_balances() if row["group_coa_account_no"] != "13004"]
    # Without the entries of that year nobody can say that there was nothing on the account.
    month = after(quiet_month(), {("cr_04", AUGUST): listed})
    found = moved(month, "month before", family="customer_receivables")
    assert (found["verdict"], found["why"]) == (
        "NOT COMPARABLE",
        "cr_04 2024-08 has no balance on 13004",
    )
    month = after(quiet_month(), {("cr_04", AUGUST): listed, ("cr_03", AUGUST): []})
    assert moved(month, "month before", family="customer_receivables")["moved"] == 0


def test_without_a_rate_or_a_balance_nothing_is_within_a_threshold() -> None:
    past = {("cr_04", AUGUST): all_balances()}
    no_rate = moved(after(without(quiet_month(), "cr_05"), past), "month before")
    assert (no_rate["moved"], no_rate["moved_usd"], no_rate["verdict"], no_rate["why"]) == (
        0,
        None,
        "NOT COMPARABLE",
        "no closing rate",
    )
    no_balance = moved(after(without(quiet_month(), "cr_04"), past), "month before")
    assert (no_balance["balance"], no_balance["moved"], no_balance["verdict"]) == (
        None,
        None,
        "NOT COMPARABLE",
    )


def posted(number: int, amount: object, day: date, **more: object) -> Row:
    return entry(number, amount, posting_date=day, **more)


def test_what_a_closed_month_shows_and_its_package_did_not_is_found_and_valued() -> None:
    old, august = date(2024, 7, 31), date(2024, 8, 5)
    ledger = [
        posted(1, 100, old),
        posted(2, 250, old),  # posted after July was packed, and in August's package
        posted(3, 40, august),
        posted(4, "-75.50", august),  # posted after August was packed
        posted(5, 12, august),  # another amount than the package has
        posted(7, 1, date(2024, 9, 1)),
    ]
    month = after(
        quiet_month(rate=10, cr_03=ledger),
        {
            ("cr_03", JULY): [posted(1, 100, old)],
            ("cr_03", AUGUST): [
                *ledger[:3],
                posted(5, 11, august),
                posted(6, 9, august),
            ],
        },
    )
    late = control(month).late
    assert late.entries.select(
        "into_period", "what", "entry_no", "amount_before", "amount", "effect_usd", "known_before"
    ).rows() == [
        ("2024-07", "late", 2, None, 250, 25, True),
        ("2024-08", "late", 4, None, Decimal("-75.5"), Decimal("-7.55"), False),
        ("2024-08", "changed", 5, 11, 12, Decimal("0.1"), False),
        ("2024-08", "no longer there", 6, 9, None, Decimal("-0.9"), False),
    ]
    own = late.months.filter(pl.col("company") == "EC_KE")
    assert own.select("into_period", "verdict", "found", "found_new", "effect").rows()[-2:] == [
        ("2024-07", "COMPARED", 1, 0, 250),
        ("2024-08", "COMPARED", 3, 3, Decimal("-83.5")),
    ]
    assert set(own.filter(pl.col("verdict") != "COMPARED")["why"]) == {
        *(f"cr_03 2024-{number:02} has no current data" for number in range(1, 7)),
        "cr_04 2023-12 has no current data",
    }
    assert own.filter(pl.col("verdict") != "COMPARED").select("found", "effect").null_count().row(
        0
    ) == (7, 7)
    assert "late_postings" not in failed(month)


def test_a_late_posting_into_the_year_before_shows_in_the_opening_balance() -> None:
    month = after(
        quiet_month(rate=10, cr_04=[balance("18412", -500, role="opening")]),
        {("cr_04", DECEMBER): all_balances()},
    )
    late = control(month).late
    assert late.entries.select(
        "into_period", "what", "entry_no", "account", "effect", "effect_usd", "known_before"
    ).rows() == [("2023-12", "opening balance", None, "18412", -500, -50, None)]
    assert "late_postings" not in failed(month)


def test_without_its_own_entries_the_control_compares_no_month() -> None:
    month = after(without(quiet_month(), "cr_03"), {("cr_03", AUGUST): [entry(1, 5)]})
    months = control(month).late.months
    assert set(months["verdict"]) == {"NOT COMPARABLE"}
    assert months["effect"].null_count() == months.height


def test_what_is_compared_with_is_named_with_its_reports() -> None:
    wanted = set(earlier_reports(Period(2025, 2)))
    assert {period for name, period in wanted if name == "cr_03"} == {
        Period(2025, 1), Period(2024, 2), Period(2024, 12),
    }  # fmt: skip
    assert {period for name, period in wanted if name == "cr_04"} == {
        Period(2025, 1), Period(2024, 2), Period(2024, 12),
    }  # fmt: skip
    assert len({period for name, period in wanted if name == "ipe_31"}) == 12
