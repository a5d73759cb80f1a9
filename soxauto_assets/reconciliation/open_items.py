"""Open items of collections and prepayments under the label rules (8.6).

Here: applying the table, over whole columns. Not here: the rules (``labels.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from soxauto_assets.reconciliation.collation import amount, collected, company, key
from soxauto_assets.reconciliation.labels import LabelRule
from soxauto_assets.reconciliation.rulebook import RuleBook

_ITEM: Mapping[str, tuple[str, str]] = {
    "ipe_31": ("line_id", "amount"),
    "ipe_10": ("cod_oms_sales_order_item", "balance_lcy"),
}
"""The key of an open item, besides its company, and its amount, by report."""
UNLABELLED = "LB-NONE"


def label_open_items(reports: Mapping[str, pl.LazyFrame], book: RuleBook) -> pl.DataFrame:
    """Every open item of the reports that are there, with exactly one label.

    Columns: ``report``, ``company``, ``item``, ``kind`` (the text that decided), ``amount``
    (LCY), ``rule``, ``debit``, ``credit``. What no rule takes has the rule LB-NONE.
    """
    labelled = [
        _labelled(report, reports[report], [r for r in book.labels if r.report == report])
        for report in _ITEM
        if report in reports
    ]
    if not labelled:
        return pl.DataFrame(
            schema=dict.fromkeys(("report", "company", "item", "kind", "rule"), pl.String)
        )
    return pl.concat(labelled).sort("report", "company", "item")


def _labelled(report: str, rows: pl.LazyFrame, rules: list[LabelRule]) -> pl.DataFrame:
    item, measure = _ITEM[report]
    columns = {rule.column for rule in rules}
    assert len(columns) == 1, f"the label rules of {report} look at one column"
    (column,) = columns
    flat = [(value, rule) for rule in rules for value in rule.values]
    table = pl.LazyFrame(
        {
            "kind": [value for value, _ in flat],
            "rule": [rule.id for _, rule in flat],
            "debit": [rule.debit for _, rule in flat],
            "credit": [rule.credit for _, rule in flat],
        }
    )
    kind = (
        pl.col(column).cast(pl.String).str.to_uppercase()
        if column.startswith("is_")
        else key(column)
    )
    return collected(
        rows.select(
            report=pl.lit(report),
            company=company(),
            item=item,
            kind=kind,
            amount=amount(measure),
        )
        .join(table, on="kind", how="left")
        .with_columns(pl.col("rule").fill_null(UNLABELLED))
    )
