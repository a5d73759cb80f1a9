"""What a bridge gives: the part of a variance that it explains, the rows that prove it, the rest.

Here: the common form, and running the bridges in order so that a voucher or entry is used once
(D27). Not here: the bridges themselves (``bridge_vouchers.py``, ``bridge_customers.py``,
``bridge_errors.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from soxauto_assets.reconciliation.bridge_customers import business_line, posting_group
from soxauto_assets.reconciliation.bridge_errors import integration_errors
from soxauto_assets.reconciliation.bridge_model import PROOF, UNDECIDED, Found, Working
from soxauto_assets.reconciliation.bridge_rules import (
    BUSINESS_LINE,
    INTEGRATION,
    JDASH,
    POSTING_GROUP,
    TIMING,
    VTC,
    BridgeRule,
)
from soxauto_assets.reconciliation.bridge_vouchers import timing, voucher_to_cash
from soxauto_assets.reconciliation.month import Month
from soxauto_assets.reconciliation.rulebook import RuleBook

_MAKERS: Mapping[str, Callable[[Working], Found]] = {
    TIMING: timing,
    VTC: voucher_to_cash,
    POSTING_GROUP: posting_group,
    BUSINESS_LINE: business_line,
    INTEGRATION: integration_errors,
}


@dataclass(frozen=True)
class Bridge:
    """A bridge of a month.

    ``proof`` begins with ``company``, ``pool``, ``item``, ``amount`` (LCY, the part of variance
    = NAV - expected that the row explains) and goes on with what the bridge saw. ``undecided``
    has ``company``, ``item``, ``amount``, ``why``: rows that it explains nothing by. ``absent``
    says by company why the bridge could not be made; it then explains nothing, and the pools it
    is for are incomplete.
    """

    rule: BridgeRule
    proof: pl.DataFrame
    undecided: pl.DataFrame
    absent: Mapping[str, str]

    def amounts(self) -> dict[tuple[str, str], Decimal]:
        """The amount by company and pool: the sum of its proof."""
        sums = self.proof.group_by("company", "pool").agg(pl.col("amount").sum())
        return {(company, pool): total for company, pool, total in sums.iter_rows()}


def run_bridges(
    month: Month, classified: pl.DataFrame | None, book: RuleBook
) -> tuple[Bridge, ...]:
    """Every bridge of the book, in its order; ``classified`` is None where CR_03 is absent."""
    taken = pl.DataFrame(schema={"company": pl.String, "item": pl.String})
    made = []
    for rule in book.bridges:
        absent = _absent(rule, month, book)
        if all(company in absent for company in book.companies):
            found = Found(pl.DataFrame(schema=PROOF), pl.DataFrame(schema=UNDECIDED))
        else:
            companies = tuple(code for code in book.companies if code not in absent)
            found = _MAKERS[rule.id](Working(rule, month, classified, book, companies, taken))
        taken = pl.concat([taken, found.proof.select("company", "item")])
        made.append(Bridge(rule, found.proof, found.undecided, absent))
    return tuple(made)


def _absent(rule: BridgeRule, month: Month, book: RuleBook) -> dict[str, str]:
    """Why the bridge cannot be made, by company."""
    reasons: dict[str, str] = {}
    for name in rule.needs:
        for company in book.companies:
            why = month.why_no_jdash(company) if name == JDASH else month.why_absent(name)
            if why is not None:
                reasons.setdefault(company, why)
    return reasons
