"""Statuses: each is reached, equal is over, and nothing missing turns into zero (D7, D8, D22)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest

from soxauto_assets.reconciliation.amounts import shown
from soxauto_assets.reconciliation.control import Status
from soxauto_assets.reconciliation.month import Month
from soxauto_assets_tests.reconciliation.months import (
    BOOK,
    balance,
    control,
    entry,
    jdash,
    quiet_month,
    report,
    voucher,
    without,
)


def booked(amount: object, account: str = "18350", company: str = "EC_KE") -> dict[str, object]:
    """An entry on ``account`` and the balance that it makes: a variance of ``amount``."""
    return {
        "cr_03": [entry(1, amount, group_coa_account_no=account, id_company=company)],
        "cr_04": [balance(account, amount, company)],
    }


def test_a_month_in_which_all_agrees_is_reconciled() -> None:
    found = control(quiet_month())
    assert {line.status for line in found.lines} == {Status.RECONCILED}
    assert (found.status, found.passes) == (Status.RECONCILED, True)
    assert len(found.lines) == len(BOOK.companies) * len(BOOK.mapping)


@pytest.mark.parametrize(
    ("amount", "status"),
    [
        ("99999.99", Status.RECONCILED),
        (100_000, Status.TO_INVESTIGATE),
        (-100_000, Status.TO_INVESTIGATE),
    ],
)
def test_equal_to_the_threshold_is_to_be_investigated(amount: object, status: Status) -> None:
    found = control(quiet_month(rate=100, **booked(amount)))  # type: ignore[arg-type]
    line = found.line("EC_KE", "18350")
    assert (line.variance, line.unexplained) == (Decimal(str(amount)),) * 2
    assert line.status is status
    assert found.passes is (status is Status.RECONCILED)


def late_delivery() -> Month:
    month = quiet_month(rate=1, ipe_08=[voucher("1", 5000, 0, is_active=False)])
    return replace(month, jdash={**month.jdash, "EC_KE": jdash(("1", 5000, datetime(2024, 9, 12)))})


def test_a_variance_that_bridges_explain_is_explained() -> None:
    found = control(late_delivery())
    line = found.line("EC_KE", "18412")
    assert (line.expected, line.variance, line.unexplained) == (-5000, 5000, 0)
    assert line.bridges == {"timing": 5000, "vtc": 0, "integration_errors": 0}
    assert line.status is Status.EXPLAINED
    assert (found.status, found.passes) == (Status.EXPLAINED, True)


def test_a_bridge_that_explains_more_than_there_is_is_to_be_investigated() -> None:
    month = late_delivery()
    errors = report(
        "ipe_rec_errors",
        [
            {
                "id_company": "EC_KE",
                "source_system": "Refunds",
                "transaction_id": "1",
                "occurrence": 1,
                "amount": Decimal(5000),
            }
        ],
    )
    found = control(replace(month, reports={**month.reports, "ipe_rec_errors": errors}))
    assert found.line("EC_KE", "18412").unexplained == -5000
    assert found.line("EC_KE", "18412").status is Status.TO_INVESTIGATE


def test_what_stays_under_each_threshold_may_be_too_much_together() -> None:
    def month(companies: int) -> Month:
        chosen = BOOK.companies[:companies]
        accounts = ("18350", "18317")
        pairs = [(company, account) for company in chosen for account in accounts]
        return quiet_month(
            rate=1,
            cr_03=[
                entry(number, 999 if number % 2 else -999, group_coa_account_no=a, id_company=c)
                for number, (c, a) in enumerate(pairs)
            ],
            cr_04=[
                balance(a, 999 if number % 2 else -999, c) for number, (c, a) in enumerate(pairs)
            ],
        )

    under, over = control(month(5)), control(month(6))
    assert (under.unexplained_usd, under.status) == (9990, Status.RECONCILED)
    assert (over.unexplained_usd, over.status) == (11988, Status.TO_INVESTIGATE)
    assert {line.status for line in over.lines} == {Status.RECONCILED}
    assert over.variance_usd == 0


@pytest.mark.parametrize(
    ("missing", "pools"),
    [
        ("ipe_07", {"13003", "13004"}),
        ("ipe_08", {"18412"}),
        ("ipe_10", {"18350"}),
        ("ipe_11", {"18304"}),
        ("ipe_12", {"13005+13024"}),
        ("ipe_31", {"13001+13002"}),
        ("ipe_34", {"18317"}),
        ("cr_03", {"13009", "18412"}),
        ("ipe_rec_errors", {"18412"}),
        ("cr_04", {pool.id for pool in BOOK.mapping}),
        ("cr_05", {pool.id for pool in BOOK.mapping}),
    ],
)
def test_a_missing_report_makes_its_lines_incomplete_and_no_figure_of_it_zero(
    missing: str, pools: set[str]
) -> None:
    found = control(without(quiet_month(), missing))
    incomplete = {line.pool.id for line in found.lines if line.status is Status.INCOMPLETE}
    assert incomplete == pools
    assert (found.status, found.passes) == (Status.INCOMPLETE, False)
    for line in found.lines:
        if line.pool.id in pools:
            assert line.missing == (f"{missing} has no current data",)
        if missing == "cr_04":
            assert (line.balance, line.variance, line.unexplained) == (None, None, None)
        if missing == "cr_05":
            assert (line.rate, line.usd(line.variance)) == (None, None)
        if line.pool.report == missing or (missing == "cr_03" and line.pool.report is None):
            assert (line.expected, line.variance) == (None, None)


def test_a_missing_jdash_file_makes_the_vouchers_of_its_company_incomplete() -> None:
    month = quiet_month()
    found = control(replace(month, jdash={k: v for k, v in month.jdash.items() if k != "EC_KE"}))
    assert [
        (line.company, line.pool.id, line.missing)
        for line in found.lines
        if line.status is Status.INCOMPLETE
    ] == [("EC_KE", "18412", ("no Jdash file of EC_KE",))]
    assert "timing" not in found.line("EC_KE", "18412").bridges


def test_a_balance_that_the_ledger_does_not_list_is_missing() -> None:
    month = quiet_month(cr_03=[entry(1, 5, group_coa_account_no="13024")])
    rows = month.reports["cr_04"].filter(
        ~(
            (pl.col("id_company") == "EC_KE")
            & (pl.col("balance_role") == "closing")
            & pl.col("group_coa_account_no").is_in(["13024", "18350"])
        )
    )
    found = control(replace(month, reports={**month.reports, "cr_04": rows}))
    assert {(line.company, line.pool.id): line.missing for line in found.lines if line.missing} == {
        ("EC_KE", "13005+13024"): ("cr_04 has no balance on 13024",),
        ("EC_KE", "18350"): ("cr_04 has no balance on 18350",),
    }


def test_a_pool_that_no_side_has_ever_had_anything_on_is_known_to_be_nothing() -> None:
    """Three complete reports say so; where one of them is missing, or speaks, it is missing."""

    def status(month: Month, pool: str) -> Status:
        rows = month.reports["cr_04"].filter(
            (pl.col("id_company") != "EC_KE") | (pl.col("group_coa_account_no") != pool)
        )
        reports = {**month.reports, "cr_04": rows}
        return control(replace(month, reports=reports)).line("EC_KE", pool).status

    open_item = {"id_company": "EC_KE", "cod_oms_sales_order_item": "1", "balance_lcy": Decimal(1)}
    assert status(quiet_month(), "18350") is Status.RECONCILED
    assert status(quiet_month(), "13009") is Status.RECONCILED
    assert status(without(quiet_month(), "cr_03"), "18350") is Status.INCOMPLETE
    assert status(without(quiet_month(), "ipe_10"), "18350") is Status.INCOMPLETE
    assert status(quiet_month(ipe_10=[open_item]), "18350") is Status.INCOMPLETE


@pytest.mark.parametrize(
    ("rates", "why"),
    [
        ([], "no closing rate"),
        ([None], "no closing rate"),
        ([0], "a closing rate of 0.00000000"),
        ([-3], "a closing rate of -3.00000000"),
        ([100, 101], "2 closing rates"),
        ([100, 100], "2 closing rates"),
    ],
)
def test_a_rate_that_is_not_exactly_one_is_an_error_of_its_company_alone(
    rates: list[object], why: str
) -> None:
    month = quiet_month(
        cr_05=[{"company_code": c, "fx_rate": Decimal(1)} for c in BOOK.companies if c != "EC_KE"]
        + [
            {"company_code": "EC_KE", "fx_rate": None if r is None else Decimal(str(r))}
            for r in rates
        ],
        **booked(7),  # type: ignore[arg-type]
    )
    found = control(month)
    incomplete = {line.company for line in found.lines if line.status is Status.INCOMPLETE}
    assert incomplete == {"EC_KE"}
    line = found.line("EC_KE", "18350")
    assert (line.variance, line.usd(line.variance), line.missing) == (7, None, (why,))


def test_the_allowance_is_judged_by_its_own_roll_forward_and_not_among_the_receivables() -> None:
    month = quiet_month(
        rate=1,
        cr_03=[entry(1, -30, group_coa_account_no="13009")],
        cr_04=[balance("13009", -5, role="opening"), balance("13009", -2035)],
        ipe_07=[
            {
                "id_company": "EC_KE",
                "entry_no": 1,
                "group_account": "13009",
                "customer_no": "C1",
                "rem_amt_lcy": Decimal(-2035),
            }
        ],
    )
    found = control(month)
    line = found.line("EC_KE", "13009")
    assert (line.expected, line.variance, line.status) == (-35, -2000, Status.TO_INVESTIGATE)
    assert found.line("EC_KE", "13003").variance == 0
    failed = [check.name for check in found.checks if not check.passed]
    assert failed == ["roll_forward"]


def test_only_marketplace_items_are_compared_with_the_refund_account() -> None:
    rows = [
        {
            "id_company": "EC_KE",
            "cod_oms_sales_order_item": str(number),
            "is_marketplace": flag,
            "amounttorefund": Decimal(10),
        }
        for number, flag in enumerate((True, False, None))
    ]
    assert control(quiet_month(ipe_34=rows)).line("EC_KE", "18317").expected == 10


def test_usd_is_rounded_half_up_and_only_for_output() -> None:
    found = control(quiet_month(rate=3, **booked(1)))  # type: ignore[arg-type]
    usd = found.line("EC_KE", "18350").usd(Decimal(1))
    assert str(usd).startswith("0.33333333333333333333")
    assert (shown(Decimal("0.005")), shown(Decimal("-0.005")), shown(Decimal("0.00499"))) == (
        Decimal("0.01"),
        Decimal("-0.01"),
        Decimal("0.00"),
    )


def test_a_check_that_cannot_run_has_not_passed() -> None:
    found = control(without(quiet_month(), "cr_03"))
    assert {check.name for check in found.checks if not check.passed} == {
        "one_class",
        "roll_forward",
        "buckets",
    }
