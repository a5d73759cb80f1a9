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
from soxauto_assets.reconciliation.collation import amount, collected, company, key
from soxauto_assets.reconciliation.mapping import Pool
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


def _check(name: str, problems: Sequence[str], good: str) -> Check:
    shown = "; ".join(problems[:5]) + (f"; {len(problems) - 5} more" if len(problems) > 5 else "")
    return Check(name, not problems, shown or good)


def _one_class(classified: pl.DataFrame | None, entries: pl.LazyFrame | None) -> Check:
    if classified is None or entries is None:
        return Check("one_class", False, "cr_03 is missing, so nothing was classified")
    rows = collected(
        entries.filter(key("group_coa_account_no") == VOUCHER_ACCOUNT).select(
            company(), "entry_no", amount("amount")
        )
    )
    problems = []
    if classified.height != rows.height:
        problems.append(f"{rows.height} entries, {classified.height} classified")
    if classified["amount"].sum() != rows["amount"].sum():
        problems.append("the amounts of the classes do not add up to the entries")
    twice = classified.select("company", "entry_no").is_duplicated().sum()
    if twice:
        problems.append(f"{twice} entries stand there more than once")
    without = classified.select(pl.any_horizontal(pl.col("category", "type", "rule").is_null()))
    if without.to_series().any():
        problems.append(f"{without.to_series().sum()} entries without a class")
    return _check("one_class", problems, f"{rows.height} entries, each in one class")


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
