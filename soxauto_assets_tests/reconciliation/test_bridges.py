"""Bridges: the amount, the rows that prove it, and what could not be decided (D23, D24, D27)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import polars as pl

from soxauto_assets.period import Period
from soxauto_assets.reconciliation.bridges import Bridge
from soxauto_assets.reconciliation.month import Month
from soxauto_assets_tests.reconciliation.months import (
    Row,
    control,
    entry,
    jdash,
    quiet_month,
    voucher,
    without,
)

IN_MONTH = datetime(2024, 9, 12)


def bridge(month: Month, name: str) -> Bridge:
    return next(b for b in control(month).bridges if b.rule.id == name)


def proof(found: Bridge) -> list[tuple[object, ...]]:
    return list(found.proof.select("company", "pool", "item", "amount").iter_rows())


def undecided(found: Bridge) -> list[tuple[object, ...]]:
    return list(found.undecided.select("item", "amount").iter_rows())


def timing_month(*vouchers: Row, used: pl.LazyFrame) -> Month:
    month = quiet_month(ipe_08=vouchers)
    return replace(month, jdash={**month.jdash, "EC_KE": used})


def test_use_that_delivery_does_not_show_yet_is_a_timing_difference() -> None:
    found = bridge(
        timing_month(
            voucher("1", 100, 0, is_active=False),
            voucher("2", 100, 40, is_active=False),
            voucher("3", 100, 40, is_active=False),
            used=jdash(
                ("1", "60.25", IN_MONTH),
                (" 1 ", "39.75", IN_MONTH),
                ("2", 40, IN_MONTH),
                ("3", 15, IN_MONTH),
            ),
        ),
        "timing",
    )
    assert proof(found) == [
        ("EC_KE", "18412", "voucher 1", Decimal(100)),
        ("EC_KE", "18412", "voucher 3", Decimal(-25)),
    ]
    assert undecided(found) == []


def test_the_window_of_jdash_is_the_year_before_the_next_month() -> None:
    last, after = datetime(2024, 9, 30, 23, 59, 59, 999999), datetime(2024, 10, 1)
    first, before = datetime(2023, 10, 1), datetime(2023, 9, 30, 23, 59, 59, 999999)
    moments = (last, after, first, before)
    numbers = [str(number) for number in range(4)]
    month = timing_month(
        *(voucher(n, 10, is_active=False, created_at=first) for n in numbers),
        voucher("older", 10, is_active=False, created_at=before),
        used=jdash(
            *((n, 10, at) for n, at in zip(numbers, moments, strict=True)), ("older", 10, last)
        ),
    )
    assert [row[2] for row in proof(bridge(month, "timing"))] == ["voucher 0", "voucher 2"]


def test_only_what_the_target_counts_explains_a_variance() -> None:
    """A voucher that is active, for marketing, expired, or not known explains nothing."""
    found = bridge(
        timing_month(
            voucher("active", 10),
            voucher("marketing", 10, is_active=False, business_use="marketing"),
            voucher("expired", 10, is_active=False, to_date=datetime(2024, 9, 20)),
            voucher("unclear", 10, is_active=None),
            used=jdash(
                *(
                    (name, 10, IN_MONTH)
                    for name in ("active", "marketing", "expired", "unclear", "strange")
                )
            ),
        ),
        "timing",
    )
    assert proof(found) == []
    assert undecided(found) == [
        ("voucher EXPIRED", Decimal(10)),
        ("voucher STRANGE", Decimal(10)),
        ("voucher UNCLEAR", Decimal(10)),
    ]


def test_a_company_without_its_jdash_file_has_no_timing_bridge() -> None:
    month = timing_month(voucher("1", 10, 4, is_active=False), used=jdash())
    month = replace(month, jdash={k: v for k, v in month.jdash.items() if k != "EC_KE"})
    found = bridge(month, "timing")
    assert proof(found) == []
    assert found.absent == {"EC_KE": "no Jdash file of EC_KE"}


def off(day: int = 10, **more: object) -> Row:
    return {"voucher_inactive_date": datetime(2024, 9, day), "is_active": False, **more}


def test_a_pay_out_that_is_not_booked_is_a_voucher_to_cash() -> None:
    found = bridge(
        quiet_month(
            ipe_08=[
                voucher("1", 100, "30.05", **off()),
                voucher("2", 100, 0, **off()),
                voucher("3", 100, 0, **off()),
                voucher("4", 100, 0, **off()),
            ],
            cr_03=[
                entry(1, 60, "MANUAL RND 2", voucher_no="2"),
                entry(2, 100, "x", voucher_no="rf-3", bal_account_type="Bank Account"),
                # The pay-out was booked and taken back.
                entry(3, 100, "MANUAL RND 4", voucher_no="4", reversed_by_entry_no=4),
                entry(4, -100, "MANUAL RND 4", voucher_no="4", reversed_entry_no=3),
                # An expiry clears no pay-out, nor does the same number in another company.
                entry(5, 70, "EXPR_RFN 1", voucher_no="1"),
                entry(6, 70, "MANUAL RND 1", voucher_no="1", id_company="EC_NG"),
            ],
        ),
        "vtc",
    )
    assert proof(found) == [
        ("EC_KE", "18412", "voucher 1", Decimal("-69.95")),
        ("EC_KE", "18412", "voucher 2", Decimal(-40)),
        ("EC_KE", "18412", "voucher 4", Decimal(-100)),
    ]


def test_voucher_to_cash_asks_for_refunds_switched_off_in_the_month_and_not_expired() -> None:
    last, after = datetime(2024, 9, 30, 23, 59, 59, 999999), datetime(2024, 10, 1)
    found = bridge(
        quiet_month(
            ipe_08=[
                voucher("last", 10, voucher_inactive_date=last),
                voucher("after", 10, voucher_inactive_date=after),
                voucher("earlier", 10, voucher_inactive_date=datetime(2024, 8, 31)),
                voucher("template", 10, template_inactive_date=datetime(2024, 9, 1)),
                voucher("expired", 10, **off(to_date=last)),
                voucher("endless", 10, **off(to_date=None)),
                voucher("apology", 10, **off(business_use="apology_v2")),
                voucher("used up", 10, 10, **off()),
                voucher("capital", 10, **off(business_use="Refund ")),
            ]
        ),
        "vtc",
    )
    assert [row[2] for row in proof(found)] == [
        "voucher CAPITAL",
        "voucher ENDLESS",
        "voucher LAST",
        "voucher TEMPLATE",
    ]


def customer(number: int, amount: object, **more: object) -> Row:
    return {
        "id_company": "EC_KE",
        "entry_no": number,
        "group_account": "13003",
        "customer_no": "C1",
        "customer_posting_group": "B2C-NAT",
        "busline_code": "RTL",
        "posting_date": date(2024, 9, 1),
        "rem_amt_lcy": Decimal(str(amount)),
        **more,
    }


def test_customers_under_several_posting_groups_are_listed_with_amount_zero() -> None:
    found = bridge(
        quiet_month(
            ipe_07=[
                customer(1, 50),
                customer(2, 20, customer_posting_group="LOAN", group_account="13004"),
                customer(3, 5, customer_no="c2 ", customer_posting_group="b2c-nat "),
                customer(4, 5, customer_no="C2"),
                # The same number in another company is another customer.
                customer(5, 5, id_company="EC_NG", customer_posting_group="LOAN"),
                customer(6, 5, customer_posting_group="ALLOW", group_account="13009"),
                customer(7, 5, customer_posting_group=None),
            ]
        ),
        "posting_group",
    )
    assert proof(found) == [
        ("EC_KE", "13003", "C1 under B2C-NAT", Decimal(0)),
        ("EC_KE", "13004", "C1 under LOAN", Decimal(0)),
    ]
    assert found.proof["balance"].to_list() == [Decimal(50), Decimal(20)]
    assert undecided(found) == [("entry 7", Decimal(5))]


def test_a_business_line_reclass_nets_to_zero_for_each_customer() -> None:
    found = bridge(
        quiet_month(
            ipe_07=[
                customer(1, 500, busline_code="MPL"),
                customer(2, -500, busline_code="FOOD"),
                customer(3, 30),
                customer(4, "0.009", busline_code="DUST"),
                customer(5, 1, customer_no="C2"),
                customer(6, 2, customer_no="C2", busline_code="rtl "),
                customer(7, 3, customer_no="C3", busline_code=""),
                customer(8, 2, customer_no="C3"),
                customer(9, 2, customer_no="C4", busline_code=None),
            ]
        ),
        "business_line",
    )
    assert list(found.proof.select("item", "primary", "reclass", "amount").iter_rows()) == [
        ("C1 on FOOD", True, Decimal(530), Decimal(0)),
        ("C1 on MPL", False, Decimal(-500), Decimal(0)),
        ("C1 on RTL", False, Decimal(-30), Decimal(0)),
        ("C3 on ", True, Decimal(2), Decimal(0)),
        ("C3 on RTL", False, Decimal(-2), Decimal(0)),
    ]
    assert undecided(found) == [("entry 9", Decimal(2))]


def refused(number: int, system: str, amount: object, **more: object) -> Row:
    value = None if amount is None else Decimal(str(amount))
    return {
        "id_company": "EC_KE",
        "source_system": system,
        "transaction_id": f"T{number}",
        "occurrence": 1,
        "amount": value,
        **more,
    }


def test_what_nav_refused_explains_the_account_it_would_be_booked_on() -> None:
    month = quiet_month(
        ipe_rec_errors=[
            refused(1, "Refunds", "12.34"),
            refused(2, "JFORCE payouts", -5),
            refused(3, "Cash Deposits", 7),
            refused(4, "Vendor Payments", 8),
            refused(5, "Refunds", None),
        ]
    )
    found = bridge(month, "integration_errors")
    assert proof(found) == [
        ("EC_KE", "18412", "JFORCE payouts T2 #1", Decimal(-5)),
        ("EC_KE", "18412", "Refunds T1 #1", Decimal("12.34")),
    ]
    assert list(found.undecided.select("item", "why").iter_rows()) == [
        ("Cash Deposits T3 #1", "booked outside the accounts of the control, on 13012"),
        ("Refunds T5 #1", "the record has no amount"),
        ("Vendor Payments T4 #1", "no rule says where NAV books this source system"),
    ]


def test_an_error_list_explains_only_the_month_that_was_the_last_closed_one() -> None:
    month = quiet_month(ipe_rec_errors=[refused(1, "Refunds", 10)])
    for state in (Period(2024, 10), None):
        found = bridge(replace(month, errors_state=state), "integration_errors")
        assert proof(found) == []
        assert undecided(found) == [("Refunds T1 #1", Decimal(10))]


def test_a_bridge_whose_report_is_missing_is_not_made() -> None:
    month = quiet_month(ipe_08=[voucher("1", 10, **off())])
    for name in ("ipe_08", "cr_03"):
        found = bridge(without(month, name), "vtc")
        assert proof(found) == []
        assert set(found.absent.values()) == {f"{name} has no current data"}
