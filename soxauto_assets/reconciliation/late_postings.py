"""Late postings: what the ledger shows in a closed month that the month's own package did not.

Each earlier month of the year is compared, entry by entry, with the data that was published for
it; the December before by its balances, for its entries are in no report of this year. A month
without current data cannot be compared, and says so.

Here: finding and valuing. Not here: who answers for it (the review).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from soxauto_assets.period import Period
from soxauto_assets.reconciliation.amounts import added, difference, in_usd, shown
from soxauto_assets.reconciliation.collation import AMOUNT, amount, collected, company, key
from soxauto_assets.reconciliation.month import Month
from soxauto_assets.reconciliation.positions import balances
from soxauto_assets.reconciliation.rulebook import RuleBook

LATE, CHANGED, GONE, OPENING = "late", "changed", "no longer there", "opening balance"
COMPARED, NOT_COMPARABLE = "COMPARED", "NOT COMPARABLE"
ENTRIES = pl.Schema(
    {
        "company": pl.String(),
        "into_period": pl.String(),
        "what": pl.String(),
        "entry_no": pl.Int64(),
        "account": pl.String(),
        "posting_date": pl.Date(),
        "created": pl.Datetime("us"),
        "amount_before": AMOUNT,
        "amount": AMOUNT,
        "effect": AMOUNT,
        "effect_usd": pl.Decimal(38, 2),
        "known_before": pl.Boolean(),
    }
)
MONTHS = pl.Schema(
    {
        "into_period": pl.String(),
        "company": pl.String(),
        "verdict": pl.String(),
        "why": pl.String(),
        "found": pl.Int64(),
        "found_new": pl.Int64(),
        "package_had": AMOUNT,
        "ledger_has": AMOUNT,
        "effect": AMOUNT,
        "effect_usd": pl.Decimal(38, 2),
    }
)
_ENTRY = ["company", "entry_no"]


@dataclass(frozen=True)
class LatePostings:
    """Late postings into the closed months of the year, and into the December before.

    ``entries`` (ENTRIES), one row each: ``into_period`` (the closed month), ``what`` (late,
    changed, no longer there; opening balance for the December before, by account),
    ``amount_before`` (LCY, as the package of that month has it; null: it had none), ``amount``
    (as the ledger has it now; null: it has none), ``effect`` = now less before, ``effect_usd`` at
    this month's closing rate, ``known_before`` (whether the control of the month before saw the
    same; null where that cannot be known), ``created`` (when NAV made the entry).

    ``months`` (MONTHS), one row for each closed month and company, complete by construction:
    ``verdict`` COMPARED or NOT COMPARABLE with ``why``; ``found`` entries, ``found_new`` of them
    not known before; ``package_had`` and ``ledger_has`` (sums of LCY over that month),
    ``effect``, ``effect_usd``. What is not known is null.
    """

    entries: pl.DataFrame
    months: pl.DataFrame


def closed_months(period: Period) -> tuple[Period, ...]:
    """The months that are compared: the December before, and those of the year."""
    return tuple(Period(period.year - 1, 12).through(period.previous))


def late_postings(month: Month, rates: Mapping[str, Decimal], book: RuleBook) -> LatePostings:
    """Compare every closed month; ``rates`` are LCY per USD, of the companies that have one."""
    found: list[pl.DataFrame] = []
    sums: dict[tuple[Period, str], tuple[Decimal, Decimal]] = {}
    absent: dict[Period, str] = {}
    for closed in closed_months(month.period):
        name = "cr_04" if closed.year < month.period.year else "cr_03"
        then = month.past.report(name, closed)
        why = month.why_absent(name) or month.past.why_absent(name, closed)
        if why is not None or then is None:
            absent[closed] = str(why)
            continue
        compare = _openings if name == "cr_04" else _entries
        rows, had, has = compare(month.reports[name], then, closed)
        found.append(rows.filter(pl.col("company").is_in(list(book.companies))))
        for code in book.companies:
            sums[closed, code] = had.get(code, Decimal(0)), has.get(code, Decimal(0))
    rows = pl.concat(found) if found else pl.DataFrame(schema=ENTRIES)
    entries = _valued(_known(rows, month), rates)
    return LatePostings(entries, _months(entries, sums, absent, month.period, rates, book))


_Compared = tuple[pl.DataFrame, Mapping[str, Decimal], Mapping[str, Decimal]]


def _entries(now: pl.LazyFrame, then: pl.LazyFrame, closed: Period) -> _Compared:
    """Entries posted in the closed month that differ, and the sums of both sides by company."""

    def posted(rows: pl.LazyFrame) -> pl.LazyFrame:
        day = pl.col("posting_date")
        return rows.filter((day >= closed.start.date()) & (day < closed.next_start.date())).select(
            company(),
            "entry_no",
            amount("amount"),
            "posting_date",
            account=key("group_coa_account_no"),
            created="g_l_creation_date",
        )

    differs = (
        pl.col("amount").ne_missing(pl.col("amount_before"))
        | pl.col("account").ne_missing(pl.col("account_before"))
    )  # fmt: skip
    rows = collected(
        posted(now)
        .join(
            posted(then).rename(
                {
                    name: f"{name}_before"
                    for name in ("amount", "posting_date", "account", "created")
                }
            ),
            on=_ENTRY,
            how="full",
            coalesce=True,
        )
        .filter(differs)
        .with_columns(
            what=pl.when(pl.col("amount_before").is_null())
            .then(pl.lit(LATE))
            .when(pl.col("amount").is_null())
            .then(pl.lit(GONE))
            .otherwise(pl.lit(CHANGED)),
            account=pl.coalesce("account", "account_before"),
            posting_date=pl.coalesce("posting_date", "posting_date_before"),
            created=pl.coalesce("created", "created_before"),
        )
    )
    return _shaped(rows, closed), _by_company(posted(then)), _by_company(posted(now))


def _openings(now: pl.LazyFrame, then: pl.LazyFrame, closed: Period) -> _Compared:
    """Opening balances of this year against the closing balances of the December before."""
    has, had = balances(now, "opening"), balances(then, "closing")
    rows = pl.DataFrame(
        [
            {
                "company": code,
                "account": account,
                "what": OPENING,
                "posting_date": closed.cutoff_date,
                "amount_before": had.get((code, account)),
                "amount": has.get((code, account)),
            }
            for code, account in sorted({*has, *had})
            if has.get((code, account), Decimal(0)) != had.get((code, account), Decimal(0))
        ],
        schema={name: ENTRIES[name] for name in ("company", "account", "what", "posting_date")}
        | {"amount_before": AMOUNT, "amount": AMOUNT},
    ).with_columns(
        entry_no=pl.lit(None, dtype=pl.Int64), created=pl.lit(None, dtype=pl.Datetime("us"))
    )
    return _shaped(rows, closed), _company_sums(had), _company_sums(has)


def _shaped(rows: pl.DataFrame, closed: Period) -> pl.DataFrame:
    zero = pl.lit(0).cast(AMOUNT)
    whole = rows.with_columns(
        into_period=pl.lit(str(closed)),
        effect=pl.col("amount").fill_null(zero) - pl.col("amount_before").fill_null(zero),
        effect_usd=pl.lit(None),
        known_before=pl.lit(None),
    )
    return whole.select(pl.col(name).cast(kind) for name, kind in ENTRIES.items())


def _by_company(rows: pl.LazyFrame) -> Mapping[str, Decimal]:
    return dict(collected(rows.group_by("company").agg(pl.col("amount").sum())).iter_rows())


def _company_sums(sums: Mapping[tuple[str, str], Decimal]) -> Mapping[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for (code, _), value in sums.items():
        totals[code] = added((totals.get(code, Decimal(0)), value))
    return totals


def _known(rows: pl.DataFrame, month: Month) -> pl.DataFrame:
    """``known_before``: whether the data of the month before shows the same amount already.

    What came into the month before itself cannot have been known then.
    """
    last = month.period.previous
    of_last = pl.col("into_period") == str(last)
    seen = pl.concat([_entries_of(last, rows, month), _openings_of(last, month)])
    on = [*_ENTRY, "account"]
    return (
        rows.join(seen, on=on, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            known_before=pl.when(of_last)
            .then(pl.lit(False))
            .when(_can_be_known(last, month))
            .then(pl.col("seen").eq_missing(pl.col("amount")))
        )
        .drop("seen")
    )


def _can_be_known(last: Period, month: Month) -> pl.Expr:
    opening = pl.col("what") == OPENING
    same_year = last.year == month.period.year
    cr_03, cr_04 = (
        same_year and month.past.report(name, last) is not None for name in ("cr_03", "cr_04")
    )
    return pl.when(opening).then(pl.lit(cr_04)).otherwise(pl.lit(cr_03))


_SEEN = pl.Schema(
    {"company": pl.String(), "entry_no": pl.Int64(), "account": pl.String(), "seen": AMOUNT}
)


def _entries_of(last: Period, rows: pl.DataFrame, month: Month) -> pl.DataFrame:
    before = month.past.report("cr_03", last)
    if before is None or rows.is_empty():
        return pl.DataFrame(schema=_SEEN)
    wanted = rows.select(_ENTRY).drop_nulls().unique().lazy()
    return collected(
        before.select(
            company(), "entry_no", account=key("group_coa_account_no"), seen=amount("amount")
        ).join(wanted, on=_ENTRY, how="semi")
    )


def _openings_of(last: Period, month: Month) -> pl.DataFrame:
    before = month.past.report("cr_04", last)
    if before is None or last.year != month.period.year:
        return pl.DataFrame(schema=_SEEN)
    openings = balances(before, "opening")
    rows = [(code, None, account, value) for (code, account), value in openings.items()]
    return pl.DataFrame(rows, schema=_SEEN, orient="row")


def _valued(rows: pl.DataFrame, rates: Mapping[str, Decimal]) -> pl.DataFrame:
    """Late entries are few: each is divided exactly, as every other amount of the control."""
    values = [
        shown(in_usd(effect, rates[code])) if code in rates else None
        for code, effect in rows.select("company", "effect").iter_rows()
    ]
    usd = pl.Series("effect_usd", values, dtype=pl.Decimal(38, 2))
    return rows.with_columns(usd).sort("into_period", "company", "entry_no", "account")


def _months(
    entries: pl.DataFrame,
    sums: Mapping[tuple[Period, str], tuple[Decimal, Decimal]],
    absent: Mapping[Period, str],
    period: Period,
    rates: Mapping[str, Decimal],
    book: RuleBook,
) -> pl.DataFrame:
    by_month = {
        (into, code): (found, new, effect)
        for into, code, found, new, effect in entries.group_by("into_period", "company")
        .agg(
            pl.len(),
            pl.when(pl.col("known_before").is_not_null().all()).then(
                (~pl.col("known_before")).sum()
            ),
            pl.col("effect").sum(),
        )
        .iter_rows()
    }
    rows: list[Mapping[str, object]] = []
    for closed in closed_months(period):
        for code in book.companies:
            row: dict[str, object] = {"into_period": str(closed), "company": code}
            if closed in absent:
                rows.append(row | {"verdict": NOT_COMPARABLE, "why": absent[closed]})
                continue
            had, has = sums[closed, code]
            found, new, effect = by_month.get((str(closed), code), (0, 0, Decimal(0)))
            rows.append(
                row
                | {
                    "verdict": COMPARED,
                    "found": found,
                    "found_new": new,
                    "package_had": had,
                    "ledger_has": has,
                    "effect": effect,
                    "effect_usd": shown(in_usd(effect, rates[code])) if code in rates else None,
                }
            )
    return pl.DataFrame(rows, schema=MONTHS, orient="row")


def unbalanced(months: pl.DataFrame) -> list[str]:
    """Months and companies where what the package had and what came late are not the ledger."""
    return [
        f"{into} {code}"
        for into, code, had, has, effect in months.filter(pl.col("verdict") == COMPARED)
        .select("into_period", "company", "package_had", "ledger_has", "effect")
        .iter_rows()
        if difference(has, added((had, effect))) != 0
    ]
