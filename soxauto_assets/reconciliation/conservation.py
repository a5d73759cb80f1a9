"""The proof that nothing was lost or counted twice on the way, as checks of every control.

Here: what must add up whatever the data is. Not here: whether the balances agree, which is the
control's own question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from soxauto_assets.reconciliation.amounts import added, difference
from soxauto_assets.reconciliation.bridges import Bridge
from soxauto_assets.reconciliation.checks import CONSERVATION
from soxauto_assets.reconciliation.classification import VOUCHER_ACCOUNT
from soxauto_assets.reconciliation.collation import amount, collected, key
from soxauto_assets.reconciliation.late_postings import (
    COMPARED,
    LatePostings,
    closed_months,
    unbalanced,
)
from soxauto_assets.reconciliation.mapping import FAMILIES, Pool
from soxauto_assets.reconciliation.month import Month
from soxauto_assets.reconciliation.movements import AGAINST, MovementVerdict
from soxauto_assets.reconciliation.open_items import ItemState, item_reports, item_rows
from soxauto_assets.reconciliation.positions import Sums
from soxauto_assets.reconciliation.rulebook import RuleBook


@dataclass(frozen=True)
class Check:
    """One check; ``found`` says what does not add up. Not able to run is not passed."""

    name: str
    passed: bool
    found: str

    @property
    def title(self) -> str:
        """What the check asks."""
        return CONSERVATION[self.name]


def prove(
    *,
    classified: pl.DataFrame | None,
    opening: Sums | None,
    movement: Sums | None,
    closing: Sums | None,
    entries: pl.LazyFrame | None,
    lines: Sequence[tuple[str, Pool, Decimal | None, Decimal | None]],
    bridges: Sequence[Bridge],
    book: RuleBook,
) -> tuple[Check, ...]:
    """All checks. ``lines`` are company, pool, variance and unexplained of each line."""
    return (
        _one_class(classified, entries),
        _roll_forward(opening, movement, closing, book),
        _buckets(classified, opening, closing, book),
        _bridges(lines, bridges),
        _one_bridge(bridges),
    )


def prove_through_time(
    month: Month,
    open_items: pl.LazyFrame,
    movements: pl.DataFrame,
    late: LatePostings,
    book: RuleBook,
) -> tuple[Check, ...]:
    """All checks of what is followed through time."""
    return (
        _open_items(month, open_items, book),
        _movements(movements, book),
        _late_postings(month, late, book),
    )


def _check(name: str, problems: Sequence[str], good: str) -> Check:
    shown = "; ".join(problems[:5]) + (f"; {len(problems) - 5} more" if len(problems) > 5 else "")
    return Check(name, not problems, shown or good)


def _one_class(classified: pl.DataFrame | None, entries: pl.LazyFrame | None) -> Check:
    if classified is None or entries is None:
        return Check("one_class", False, "cr_03 is missing, so nothing was classified")
    on_account = entries.filter(key("group_coa_account_no") == VOUCHER_ACCOUNT)
    counted, total = collected(on_account.select(pl.len(), amount("amount").sum())).row(0)
    problems = []
    if classified.height != counted:
        problems.append(f"{counted} entries, {classified.height} classified")
    if classified["amount"].sum() != total:
        problems.append("the amounts of the classes do not add up to the entries")
    # They stand in the order of company and number, so that equal ones are neighbours.
    same = pl.all_horizontal(
        pl.col(name) == pl.col(name).shift() for name in ("company", "entry_no")
    )
    twice = int(classified.select(same.sum()).item() or 0)
    if twice:
        problems.append(f"{twice} entries stand there more than once")
    without = classified.select(pl.any_horizontal(pl.col("category", "type", "rule").is_null()))
    if without.to_series().any():
        problems.append(f"{without.to_series().sum()} entries without a class")
    return _check("one_class", problems, f"{counted} entries, each in one class")


def _roll_forward(
    opening: Sums | None, movement: Sums | None, closing: Sums | None, book: RuleBook
) -> Check:
    if opening is None or movement is None or closing is None:
        return Check("roll_forward", False, "cr_03 or cr_04 is missing")
    problems = []
    for code in book.companies:
        for pool in book.mapping:
            for account in pool.accounts:
                at = (code, account)
                # Here an absent row adds nothing, so that what is absent on one side only shows.
                left = added(sums[at] for sums in (opening, movement) if at in sums)
                apart = difference(closing.get(at, Decimal(0)), left)
                if apart != 0:
                    problems.append(f"{code} {account}: {apart:f}")
    return _check("roll_forward", problems, "each account of each company")


def _buckets(
    classified: pl.DataFrame | None, opening: Sums | None, closing: Sums | None, book: RuleBook
) -> Check:
    if classified is None or opening is None or closing is None:
        return Check("buckets", False, "cr_03 or cr_04 is missing")
    sums = dict(classified.group_by("company").agg(pl.col("amount").sum()).iter_rows())
    problems = []
    for code in book.companies:
        at = (code, VOUCHER_ACCOUNT)
        left = added((opening.get(at, Decimal(0)), sums.get(code, Decimal(0))))
        apart = difference(closing.get(at, Decimal(0)), left)
        if apart != 0:
            problems.append(f"{code}: {apart:f}")
    return _check("buckets", problems, "each company")


def _bridges(
    lines: Sequence[tuple[str, Pool, Decimal | None, Decimal | None]], bridges: Sequence[Bridge]
) -> Check:
    proofs = [bridge.amounts() for bridge in bridges]
    problems = []
    for code, pool, variance, unexplained in lines:
        if variance is None or unexplained is None:
            continue
        explained = added(proof[code, pool.id] for proof in proofs if (code, pool.id) in proof)
        apart = difference(variance, added((explained, unexplained)))
        if apart != 0:
            problems.append(f"{code} {pool.id}: {apart:f}")
    claimed = {at for proof in proofs for at in proof} - {
        (code, pool.id) for code, pool, _, _ in lines
    }
    problems += [f"{code} {pool} is no line" for code, pool in sorted(claimed)]
    return _check("bridges", problems, "each line")


def _one_bridge(bridges: Sequence[Bridge]) -> Check:
    proofs = [bridge.proof.select("company", "item") for bridge in bridges]
    items = pl.concat(proofs) if proofs else pl.DataFrame(schema={"company": pl.String})
    twice = int(items.is_duplicated().sum()) if items.height else 0
    problems = [f"{twice} of them in more than one"] if twice else []
    return _check("one_bridge", problems, f"{items.height} proofs")


def _open_items(month: Month, items: pl.LazyFrame, book: RuleBook) -> Check:
    """Counted against the reports of both months, which the followed items came from."""
    problems, compared, said = [], 0, 0
    counts: dict[str, dict[str, int]] = {}
    unsaid: dict[str, int] = {}
    counted = collected(
        items.group_by("report", "state").agg(pl.len(), without=pl.col("why").is_null().sum())
    )
    for name, state, count, without in counted.cast({"report": pl.String}).iter_rows():
        counts.setdefault(name, {})[state] = count
        unsaid[name] = unsaid.get(name, 0) + without
    cleared, carried = ItemState.CLEARED.value, ItemState.CARRIED.value
    for name in item_reports():
        if name not in month.reports:
            continue
        own = counts.get(name, {})
        if sum(own.values()) - own.get(cleared, 0) != _rows(name, month.reports[name], book):
            problems.append(f"{name}: not every open item is followed")
        before = month.past.report(name, month.period.previous)
        if before is None:
            said += 1
            if unsaid.get(name):
                problems.append(f"{name}: items without a month before, and without a reason")
            continue
        compared += 1
        if own.get(cleared, 0) + own.get(carried, 0) != _rows(name, before, book):
            problems.append(f"{name}: not every item of the month before is followed")
    total = sum(count for own in counts.values() for count in own.values())
    good = f"{total} items; {compared} reports followed, {said} without a month before"
    return _check("open_items", problems, good)


def _rows(name: str, rows: pl.LazyFrame, book: RuleBook) -> int:
    counted = collected(item_rows(name, rows, book).select(pl.len()))
    return int(counted.item())


def _movements(movements: pl.DataFrame, book: RuleBook) -> Check:
    places = ["company", "family", "against"]
    expected = {
        (code, family, against)
        for code in book.companies
        for family in FAMILIES
        for against in AGAINST
    }
    rows = list(movements.select(places).iter_rows())
    problems = [] if len(rows) == len(expected) and set(rows) == expected else ["rows are missing"]
    unsaid = movements.filter(
        (pl.col("verdict") == MovementVerdict.NOT_COMPARABLE.value) != pl.col("why").is_not_null()
    )
    if unsaid.height:
        problems.append(f"{unsaid.height} without a verdict or a reason")
    counts = dict(movements["verdict"].value_counts().iter_rows())
    said = ", ".join(f"{counts.get(v.value, 0)} {v.value.lower()}" for v in MovementVerdict)
    return _check("movements", problems, said)


def _late_postings(month: Month, late: LatePostings, book: RuleBook) -> Check:
    expected = {
        (str(closed), code) for closed in closed_months(month.period) for code in book.companies
    }
    rows = list(late.months.select("into_period", "company").iter_rows())
    problems = (
        [] if len(rows) == len(expected) and set(rows) == expected else ["months are missing"]
    )
    problems += unbalanced(late.months)
    compared = late.months.filter(pl.col("verdict") == COMPARED)["into_period"].n_unique()
    others = len(closed_months(month.period)) - compared
    return _check(
        "late_postings",
        problems,
        f"{compared} closed months compared, {others} without current data to compare with",
    )
