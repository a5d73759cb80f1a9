"""The tables behind the summary, by name: what the package of a control holds beside it.

Here: their shapes. Not here: how they come about (``control.py``) and where they are written
(``assets/control_attempt.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl

from soxauto_assets.reconciliation.amounts import shown
from soxauto_assets.reconciliation.collation import AMOUNT
from soxauto_assets.reconciliation.control import Control
from soxauto_assets.reconciliation.open_items import OPEN_ITEMS_TABLE

_USD = pl.Decimal(38, 2)
_PLACE = {"company": pl.String, "currency": pl.String, "family": pl.String, "pool": pl.String}


def control_tables(control: Control) -> Mapping[str, pl.DataFrame | pl.LazyFrame]:
    """Every table of the control, by its name (``tables/<name>.parquet`` in the package).

    ``ledger``, ``targets``, ``fx``, ``variance``: see the functions below. ``classified``,
    ``buckets`` (where CR_03 is there), ``bridge_<id>`` and ``undecided_<id>``, ``open_items``,
    ``open_items_summary``, ``movements``, ``late_postings`` and ``late_posting_months``.
    """
    tables: dict[str, pl.DataFrame | pl.LazyFrame] = {
        "ledger": ledger(control),
        "targets": targets(control),
        "fx": fx(control),
        "variance": variance(control),
        OPEN_ITEMS_TABLE: control.open_items,
        "open_items_summary": control.open_items_summary,
        "movements": control.movements,
        "late_postings": control.late.entries,
        "late_posting_months": control.late.months,
    }
    for bridge in control.bridges:
        tables[f"bridge_{bridge.rule.id}"] = bridge.proof
        tables[f"undecided_{bridge.rule.id}"] = bridge.undecided
    if control.classified is not None and control.buckets is not None:
        tables |= {"classified": control.classified, "buckets": control.buckets}
    return tables


def row_counts(control: Control) -> Mapping[str, int]:
    """How many rows each of the tables has."""
    return {
        name: rows.height
        if isinstance(rows, pl.DataFrame)
        else int(control.open_items_summary["items"].sum())
        for name, rows in control_tables(control).items()
    }


def ledger(control: Control) -> pl.DataFrame:
    """``opening``, ``movement`` and ``closing`` by company and group account.

    LCY, debit positive; null where the ledger's reports list nothing.
    """
    positions = control.positions
    rows = [
        (
            company.code,
            company.currency,
            pool.family,
            pool.id,
            account,
            *(
                None if sums is None else sums.get((company.code, account))
                for sums in (positions.opening, positions.movement, positions.closing)
            ),
        )
        for company in control.book.roster
        for pool in control.book.mapping
        for account in pool.accounts
    ]
    amounts = {"opening": AMOUNT, "movement": AMOUNT, "closing": AMOUNT}
    return _frame(rows, {**_PLACE, "account": pl.String, **amounts})


def targets(control: Control) -> pl.DataFrame:
    """``report``, ``measure``, ``sign`` and ``expected`` balance by company and pool.

    LCY, debit positive; null where the report is absent. ``report`` is null where the expected
    balance is the account's own roll-forward.
    """
    rows = [
        (
            line.company,
            line.currency,
            line.pool.family,
            line.pool.id,
            line.pool.report,
            line.pool.measure,
            line.pool.sign,
            line.pool.confirmed,
            line.expected,
        )
        for line in control.lines
    ]
    return _frame(
        rows,
        {
            **_PLACE,
            "report": pl.String,
            "measure": pl.String,
            "sign": pl.Int16,
            "sign_confirmed": pl.Boolean,
            "expected": AMOUNT,
        },
    )


def fx(control: Control) -> pl.DataFrame:
    """``rate`` (LCY per USD) by company; null with its ``problem`` where there is not one."""
    rates = control.positions.rates
    rows = [
        (
            company.code,
            company.currency,
            None if rates is None else rates.by_company.get(company.code),
            control.month.why_absent("cr_05")
            if rates is None
            else rates.problems.get(company.code),
        )
        for company in control.book.roster
    ]
    return _frame(
        rows,
        {
            "company": pl.String,
            "currency": pl.String,
            "rate": pl.Decimal(38, 8),
            "problem": pl.String,
        },
    )


def variance(control: Control) -> pl.DataFrame:
    """``balance``, ``expected`` and ``variance`` (LCY) and ``variance_usd`` by company and pool."""
    rows = [
        (
            line.company,
            line.currency,
            line.pool.family,
            line.pool.id,
            line.balance,
            line.expected,
            line.variance,
            _shown(line.usd(line.variance)),
        )
        for line in control.lines
    ]
    amounts = {"balance": AMOUNT, "expected": AMOUNT, "variance": AMOUNT, "variance_usd": _USD}
    return _frame(rows, {**_PLACE, **amounts})


def _shown(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else shown(amount)


def _frame(rows: Sequence[tuple[object, ...]], schema: Mapping[str, object]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema), orient="row")  # type: ignore[arg-type]
