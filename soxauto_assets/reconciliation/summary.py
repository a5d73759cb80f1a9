"""The summary of a control as a declared table, and its checks as rows that must be empty.

With these words the control is packed, verified and published like a report: one row a company
and pool, whose figures anybody can recompute from the file.

Here: the declaration and the rows. Not here: how a control comes about (``control.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pyarrow as pa

from soxauto_assets.catalog.model import (
    Boolean,
    CatalogEntry,
    CheckKind,
    Column,
    Control,
    ControlKind,
    Integer,
    Numeric,
    Report,
    Text,
)
from soxauto_assets.catalog.scope import CONTROL_ACCOUNTS
from soxauto_assets.reconciliation import control as controls
from soxauto_assets.reconciliation.amounts import shown
from soxauto_assets.reconciliation.bridge_rules import INTEGRATION, TIMING, VTC
from soxauto_assets.reconciliation.checks import CONSERVATION, JUDGING
from soxauto_assets.warehouse.arrow import arrow_schema

CONTROL_ID = "pg01"
_LCY = Numeric(38, 20)
_USD = Numeric(38, 2)
_BRIDGES = (TIMING, VTC, INTEGRATION)
"""The bridges that have an amount; the other two explain nothing in amount (D27)."""


def _lcy(name: str, description: str, source: str, *, nullable: bool = True) -> Column:
    return Column(name, _LCY, f"{description} LCY, debit positive.", source, nullable=nullable)


COLUMNS: tuple[Column, ...] = (
    Column("company", Text(), "Company of the roster, for example EC_NG.", "D3"),
    Column("pool", Text(), "Group accounts that are compared as one.", "account mapping (D4)"),
    Column("family", Text(), "Family of the pool.", "account mapping (D4)"),
    Column("currency", Text(), "Currency of the company's books.", "D3"),
    Column("sign", Integer(16), "Expected balance = sign x measure.", "D5", allowed=("1", "-1")),
    Column("sign_confirmed", Boolean(), "Whether finance has confirmed the sign.", "D5"),
    _lcy("balance", "Closing balance in the ledger.", "CR_04"),
    _lcy("expected", "What operations say the balance should be.", "sign x measure (D4, D5)"),
    _lcy("variance", "Balance less expected.", "D5"),
    *(
        _lcy(f"bridge_{name}", f"Part of the variance that the bridge {name} explains.", "D27")
        for name in _BRIDGES
    ),
    _lcy("explained", "Sum of the bridges.", "D27", nullable=False),
    _lcy("unexplained", "Variance less explained.", "D27"),
    Column("rate", Numeric(18, 8), "Closing rate, LCY per USD.", "CR_05 (D7)", nullable=True),
    Column("variance_usd", _USD, "Variance in USD, rounded half up.", "D7", nullable=True),
    Column("unexplained_usd", _USD, "Unexplained in USD, rounded half up.", "D7", nullable=True),
    Column("threshold_usd", _USD, "At or over it, to be investigated.", "D22"),
    Column("threshold_rule", Text(), "Id of the threshold that applied.", "D22"),
    Column(
        "status",
        Text(),
        "Status of the line.",
        "D8, D22",
        allowed=tuple(status.value for status in controls.Status),
    ),
    Column("missing", Text(), "What the line lacks.", "D8", nullable=True),
)

_NOT_APPLICABLE = {
    CheckKind.TRANSFER: (
        "The control reads no source: its figures come from packages that proved their transfer."
    ),
    CheckKind.WITHOUT_JOINS: "No query joins anything; conservation is checked by itself.",
    CheckKind.DRIVING_TABLE: "There is no table that drives it: a row is a company and a pool.",
    CheckKind.CUT_OFF: "A line is of the month's end by its making; the reports prove cut-off.",
    CheckKind.WITNESSES: "A row is a company and a pool, not an event.",
    CheckKind.BASELINE: (
        "The control has no query; its rules are validated when loaded, and their version and "
        "digest stand in attachments/rules.json."
    ),
    CheckKind.ROSTER: "Rows are made from the roster, so that none is missing or foreign.",
}
ENTRY = CatalogEntry(
    report=Report(
        id=CONTROL_ID,
        title="PG-01: balances that operations expect against the general ledger",
        control="C-PG-1",
        purpose=(
            "For each company and pool of accounts: the ledger's balance, what operations say it "
            "should be, the variance, what bridges explain of it, and what is left. Signs of "
            "18317 and 18304 are not confirmed by finance."
        ),
        family="control",
        group_accounts=CONTROL_ACCOUNTS,
        sources=(),
        parameters=(),
        primary_key=("company", "pool"),
        amounts=("balance", "expected", "variance", "explained", "unexplained"),
        owner="team:accounting-excellence",
        not_applicable=_NOT_APPLICABLE,
        notes=("Totals add companies of different currencies: they prove the file, no balance.",),
    ),
    columns=COLUMNS,
    query="",
    controls=tuple(
        Control(name, ControlKind.MUST_BE_EMPTY, title, "")
        for name, title in (CONSERVATION | JUDGING).items()
    ),
)


def summary(control: controls.Control) -> pa.RecordBatch:
    """One row a line, in the order of company and pool, typed as declared."""
    lines = sorted(control.lines, key=lambda line: (line.company, line.pool.id))
    return pa.RecordBatch.from_pylist([_row(line) for line in lines], arrow_schema(COLUMNS))


def _row(line: controls.Line) -> dict[str, object]:
    def usd(amount: Decimal | None) -> Decimal | None:
        value = line.usd(amount)
        return None if value is None else shown(value)

    return {
        "company": line.company,
        "pool": line.pool.id,
        "family": line.pool.family,
        "currency": line.currency,
        "sign": line.pool.sign,
        "sign_confirmed": line.pool.confirmed,
        "balance": line.balance,
        "expected": line.expected,
        "variance": line.variance,
        **{f"bridge_{name}": line.bridges.get(name) for name in _BRIDGES},
        "explained": line.explained,
        "unexplained": line.unexplained,
        "rate": line.rate,
        "variance_usd": usd(line.variance),
        "unexplained_usd": usd(line.unexplained),
        "threshold_usd": shown(line.threshold.amount),
        "threshold_rule": line.threshold.id,
        "status": line.status.value,
        "missing": "; ".join(line.missing) or None,
    }


def problems(control: controls.Control) -> dict[str, tuple[Mapping[str, object], ...]]:
    """The rows of every check of ENTRY that must be empty; each names what is wrong."""
    statuses = controls.Status

    def lines(status: controls.Status) -> tuple[Mapping[str, object], ...]:
        return tuple(
            {
                "company": line.company,
                "pool": line.pool.id,
                "problem": "; ".join(line.missing) or f"{line.unexplained} unexplained",
            }
            for line in control.lines
            if line.status is status
        )

    over = control.unexplained_usd >= control.group_threshold.amount
    group = {
        "problem": f"{shown(control.unexplained_usd)} USD unexplained, of "
        f"{control.group_threshold.amount} USD"
    }
    return {
        check.name: () if check.passed else ({"problem": check.found},) for check in control.checks
    } | {
        "complete": lines(statuses.INCOMPLETE),
        "explained": lines(statuses.TO_INVESTIGATE),
        "group_threshold": (group,) if over else (),
    }
