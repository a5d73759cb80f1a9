"""Properties of every control: nothing is lost, nothing counts twice, order and units say nothing.

Months are drawn whole, with entries, vouchers, Jdash rows, balances and receivables that know
nothing of each other; the control of each must add up all the same.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soxauto_assets.reconciliation.amounts import added, shown
from soxauto_assets.reconciliation.control import Control, Line
from soxauto_assets.reconciliation.month import Month
from soxauto_assets_tests.reconciliation.months import (
    BATCH,
    PERSON,
    Row,
    balance,
    control,
    entry,
    jdash,
    quiet_month,
    report,
    voucher,
)

COMPANIES = ("EC_KE", "EC_NG")
TEXTS = (
    "REFUND 1",
    "EXPR_RFN 1",
    "EXPR_STR CRDT",
    "MANUAL RND 2",
    "PYT_GTB",
    "PYT_PF",
    "VOUCHER ACCRUAL",
    "ITEM PRICE CREDIT",
    "COMMERCIAL GESTURE",
    "anything",
)
VOUCHERS = ("1", "2", "3", "4", "RF-1", "")
MOMENTS = st.datetimes(datetime(2024, 8, 25), datetime(2024, 10, 5)) | st.none()
AMOUNTS = st.decimals(-10_000, 10_000, places=4, allow_nan=False).map(lambda value: value + 0)
POSITIVE = st.decimals(0, 10_000, places=4, allow_nan=False)
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def entries(draw: st.DrawFn) -> list[Row]:
    count = draw(st.integers(0, 12))
    rows = []
    for number in range(1, count + 1):
        link = draw(st.integers(-2, count))
        rows.append(
            entry(
                number,
                draw(st.sampled_from([5, -5, 7, 0]) | AMOUNTS),
                draw(st.sampled_from(TEXTS)),
                id_company=draw(st.sampled_from(COMPANIES)),
                voucher_no=draw(st.sampled_from(VOUCHERS)),
                document_no=draw(st.sampled_from(["NG-1", "END-1"])),
                user_id=draw(st.sampled_from([BATCH, PERSON])),
                group_coa_account_no=draw(st.sampled_from(["18412"] * 4 + ["13009", "18350"])),
                bal_account_type=draw(st.sampled_from(["Bank Account", "G/L Account", None])),
                reversed=draw(st.booleans()),
                reversed_entry_no=link if link > 0 and draw(st.booleans()) else 0,
                reversed_by_entry_no=link if link > 0 and draw(st.booleans()) else None,
            )
        )
    return rows


@st.composite
def vouchers(draw: st.DrawFn) -> list[Row]:
    keys = draw(st.sets(st.tuples(st.sampled_from(COMPANIES), st.sampled_from("1234"))))
    return [
        voucher(
            number,
            draw(POSITIVE),
            draw(POSITIVE),
            id_company=company,
            business_use=draw(st.sampled_from(["refund", "apology_v2", "marketing"])),
            is_active=draw(st.sampled_from([True, False, None])),
            to_date=draw(MOMENTS),
            voucher_inactive_date=draw(MOMENTS),
            template_inactive_date=draw(MOMENTS),
        )
        for company, number in sorted(keys)
    ]


@st.composite
def months(draw: st.DrawFn) -> Month:
    """A month whose ledger rolls forward; everything else is drawn at will."""
    ledger = draw(entries())
    movement: dict[tuple[object, object], Decimal] = {}
    for row in ledger:
        at = (row["id_company"], row["group_coa_account_no"])
        movement[at] = movement.get(at, Decimal(0)) + row["amount"]  # type: ignore[operator]
    balances = []
    for company in COMPANIES:
        for account in ("18412", "13009", "18350", "13003"):
            opening = draw(AMOUNTS)
            closing = opening + movement.get((company, account), Decimal(0))
            balances += [
                balance(account, opening, company, "opening"),
                balance(account, closing, company),
            ]
    month = quiet_month(
        rate=draw(st.decimals(Decimal("0.5"), 2000, places=8)),
        cr_03=ledger,
        cr_04=balances,
        ipe_08=draw(vouchers()),
        ipe_07=[
            {
                "id_company": draw(st.sampled_from(COMPANIES)),
                "entry_no": number,
                "group_account": draw(st.sampled_from(["13003", "13004", "13009"])),
                "customer_no": draw(st.sampled_from(["C1", "C2"])),
                "customer_posting_group": draw(st.sampled_from(["A", "B", None])),
                "busline_code": draw(st.sampled_from(["RTL", "MPL", "", None])),
                "rem_amt_lcy": draw(AMOUNTS),
            }
            for number in range(draw(st.integers(0, 6)))
        ],
        ipe_rec_errors=[
            {
                "id_company": draw(st.sampled_from(COMPANIES)),
                "source_system": draw(st.sampled_from(["Refunds", "Cash Deposits", "Odd"])),
                "transaction_id": "T",
                "occurrence": number,
                "amount": draw(AMOUNTS | st.none()),
            }
            for number in range(draw(st.integers(0, 4)))
        ],
    )
    files = dict(month.jdash)
    for company in COMPANIES:
        uses = st.tuples(st.sampled_from("12345"), POSITIVE, MOMENTS.filter(bool))
        files[company] = jdash(*draw(st.lists(uses, max_size=5)))  # type: ignore[arg-type]
    return replace(month, jdash=files)


def figures(found: Control) -> dict[tuple[str, str], tuple[object, ...]]:
    return {
        (line.company, line.pool.id): (
            line.balance,
            line.expected,
            line.variance,
            dict(line.bridges),
            line.unexplained,
            line.status,
        )
        for line in found.lines
    }


def with_report(month: Month, name: str, rows: pl.DataFrame) -> Month:
    return replace(month, reports={**month.reports, name: rows.lazy()})


@given(months())
@QUICK
def test_nothing_is_lost_and_nothing_counts_twice(month: Month) -> None:
    found = control(month)
    assert [check for check in found.checks if not check.passed] == []
    assert found.classified is not None
    assert found.buckets is not None
    on_account = month.reports["cr_03"].filter(pl.col("group_coa_account_no") == "18412").collect()
    assert sorted(found.classified.select("company", "entry_no").rows()) == sorted(
        on_account.select("id_company", "entry_no").rows()
    )
    assert found.buckets["ledger"].sum() == on_account["amount"].sum()
    assert found.buckets["entries"].sum() == on_account.height
    for line in found.lines:
        assert line.variance == line.explained + line.unexplained  # type: ignore[operator]
    items = [row for b in found.bridges for row in b.proof.select("company", "item").rows()]
    assert len(items) == len(set(items))
    reclass = next(b for b in found.bridges if b.rule.id == "business_line").proof
    assert reclass["reclass"].sum() == 0


@given(months())
@QUICK
def test_companies_add_up_to_the_group_in_usd_within_what_is_shown(month: Month) -> None:
    found = control(month)
    parts = [line.usd(line.variance) for line in found.lines]
    assert added(part for part in parts if part is not None) == found.variance_usd
    rounded = sum(shown(part) for part in parts if part is not None)
    assert abs(rounded - found.variance_usd) <= Decimal("0.005") * len(parts)


@given(months(), st.randoms(use_true_random=False))
@QUICK
def test_the_order_of_rows_says_nothing(month: Month, order: random.Random) -> None:
    def shuffled(rows: pl.LazyFrame) -> pl.LazyFrame:
        whole = rows.collect()
        return whole[order.sample(range(whole.height), whole.height)].lazy()

    other = replace(
        month,
        reports={name: shuffled(rows) for name, rows in month.reports.items()},
        jdash={name: shuffled(rows) for name, rows in month.jdash.items()},
    )
    one, two = control(month), control(other)
    assert figures(one) == figures(two)
    assert one.classified is not None
    assert two.classified is not None
    assert one.classified.equals(two.classified)
    for first, second in zip(one.bridges, two.bridges, strict=True):
        assert first.proof.equals(second.proof)
        assert first.undecided.sort(pl.all()).equals(second.undecided.sort(pl.all()))
    assert one.open_items.collect().equals(two.open_items.collect())


def without_links(month: Month) -> pl.DataFrame:
    """The entries without anything that finds a reversal by one entry's amount."""
    return (
        month.reports["cr_03"]
        .with_columns(
            reversed=pl.lit(False),
            reversed_by_entry_no=pl.lit(None, dtype=pl.Int64),
            reversed_entry_no=pl.lit(None, dtype=pl.Int64),
            document_description=pl.lit("REFUND"),
        )
        .collect()
    )


@given(months(), st.integers(0, 11), st.decimals(Decimal("0.1"), Decimal("0.9"), places=2))
@QUICK
def test_an_entry_split_in_two_changes_the_count_and_nothing_else(
    month: Month, position: int, part: Decimal
) -> None:
    rows = without_links(month)
    if rows.is_empty():
        return
    chosen = rows[position % rows.height]
    first = chosen.with_columns((pl.col("amount") * part).cast(rows.schema["amount"]))
    rest = chosen.with_columns(
        (pl.col("amount") - first["amount"]).alias("amount"),
        pl.lit(1_000).alias("entry_no").cast(pl.Int64),
    )
    others = rows.filter(pl.int_range(pl.len()) != position % rows.height)
    before = control(with_report(month, "cr_03", rows))
    after = control(with_report(month, "cr_03", pl.concat([others, first, rest])))
    assert figures(before) == figures(after)
    assert before.buckets is not None
    assert after.buckets is not None
    assert before.buckets.drop("entries").equals(after.buckets.drop("entries"))


@given(months(), AMOUNTS.filter(bool))
@QUICK
def test_a_matched_pair_changes_no_balance_variance_or_bridge(month: Month, size: Decimal) -> None:
    pair = [
        entry(2_000, size, "REFUND", voucher_no="pair"),
        entry(2_001, -size, "REFUND", voucher_no="pair", reversed=True, reversed_entry_no=2_000),
    ]
    more = pl.concat([month.reports["cr_03"].collect(), report("cr_03", pair).collect()])
    before, after = control(month), control(with_report(month, "cr_03", more))
    assert figures(before) == figures(after)
    assert before.buckets is not None
    assert after.buckets is not None
    by = ["company", "category", "label"]
    joined = after.buckets.join(before.buckets, on=by, how="left").fill_null(Decimal(0))
    assert (joined["ledger"] - joined["ledger_right"]).abs().sum() == 0


_AMOUNTS: Mapping[str, tuple[str, ...]] = {
    "cr_03": ("amount",),
    "cr_04": ("balance_at_date",),
    "ipe_07": ("rem_amt_lcy",),
    "ipe_08": ("discount_amount", "totalamountused", "totalremainingamount"),
    "ipe_rec_errors": ("amount",),
    "cr_05": ("fx_rate",),
}


@given(months())
@QUICK
def test_the_unit_of_a_currency_changes_lcy_and_not_usd(month: Month) -> None:
    """A new unit worth a hundredth: amounts and rate are a hundred times as large."""

    def in_units(rows: pl.LazyFrame, columns: tuple[str, ...]) -> pl.LazyFrame:
        schema = rows.collect_schema()
        return rows.with_columns(
            (pl.col(column).cast(pl.Decimal(38, schema[column].scale)) * 100).alias(column)  # type: ignore[attr-defined]
            for column in columns
        )

    other = replace(
        month,
        reports={
            name: in_units(rows, _AMOUNTS.get(name, ())) for name, rows in month.reports.items()
        },
        jdash={name: in_units(rows, ("amount_used",)) for name, rows in month.jdash.items()},
    )
    one, two = control(month), control(other)

    def usd(line: Line) -> tuple[object, ...]:
        return (line.usd(line.variance), line.usd(line.unexplained), line.status)

    assert [usd(line) for line in one.lines] == [usd(line) for line in two.lines]
    assert [line.variance * 100 for line in one.lines] == [line.variance for line in two.lines]  # type: ignore[operator]
    assert one.classified is not None
    assert two.classified is not None
    assert one.classified.drop("amount").equals(two.classified.drop("amount"))
    assert (one.status, one.unexplained_usd) == (two.status, two.unexplained_usd)


def test_a_wide_year_is_added_up_exactly() -> None:
    """Sums stay exact where a float, or 28 digits, would not."""
    large, small = Decimal("123456789012345.6789"), Decimal("0.00000000000000000001")
    month = quiet_month(
        cr_03=[entry(1, large), entry(2, small), entry(3, -large)],
        cr_04=[balance("18412", large, role="opening"), balance("18412", added((large, small)))],
    )
    found = control(month)
    assert [check for check in found.checks if not check.passed] == []
    assert found.line("EC_KE", "18412").balance == added((large, small))
