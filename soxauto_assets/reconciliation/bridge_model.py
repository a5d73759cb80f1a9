"""What a bridge is handed and hands back; see ``bridges.py``."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from soxauto_assets.reconciliation.bridge_rules import BridgeRule
from soxauto_assets.reconciliation.collation import AMOUNT
from soxauto_assets.reconciliation.month import Month
from soxauto_assets.reconciliation.rulebook import RuleBook

PROOF = pl.Schema(
    {"company": pl.String(), "pool": pl.String(), "item": pl.String(), "amount": AMOUNT}
)
UNDECIDED = pl.Schema(
    {"company": pl.String(), "item": pl.String(), "amount": AMOUNT, "why": pl.String()}
)


@dataclass(frozen=True)
class Working:
    """What a bridge works with. ``companies`` are those whose inputs are all there.

    ``taken`` are ``company`` and ``item`` of the rows that earlier bridges have used.
    """

    rule: BridgeRule
    month: Month
    classified: pl.DataFrame | None
    book: RuleBook
    companies: tuple[str, ...]
    taken: pl.DataFrame

    def report(self, name: str) -> pl.LazyFrame:
        """The rows of a report that the bridge needs, of all companies."""
        return self.month.reports[name]

    def not_taken(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows that no earlier bridge has used."""
        return rows.join(self.taken, on=["company", "item"], how="anti", maintain_order="left")


@dataclass(frozen=True)
class Found:
    """What a bridge hands back: rows beginning with the columns of PROOF, and of UNDECIDED."""

    proof: pl.DataFrame
    undecided: pl.DataFrame
