"""Posting and label rules: which open items are of one kind, and what would book them (8.6).

A value is claimed by one rule only. What 8.6 lists besides can never fire and is left out:
PAYMENT_RECONCILES and the Payment of JFORCE_PAYOUTS (CASH_DEPOSITS takes all of it),
PREPAID_DELIVERIES (PREPAYMENTS takes all of it), and the rules on columns that no report has.

Here: the table and its validation. Not here: applying it (``open_items.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from soxauto_assets.reconciliation.faults import (
    MalformedRuleError,
    OverlapError,
    UnreachableRuleError,
)

_TABLE = "reconciliation/labels.py"


@dataclass(frozen=True)
class LabelRule:
    """Items of ``report`` whose ``column`` is one of ``values`` (upper case, compared without).

    ``debit`` and ``credit`` are the accounts that the journal of such an item would touch.
    The lower ``rank`` is asked first.
    """

    id: str
    report: str
    column: str
    values: tuple[str, ...]
    debit: str
    credit: str
    rank: int
    reason: str


_BANK = "13011, 13012, 10590"

LABEL_RULES: tuple[LabelRule, ...] = (
    LabelRule(
        "LB-CASH-DEPOSITS",
        "ipe_31",
        "transaction_type",
        (
            "TRANSFER TO",
            "THIRD PARTY COLLECTION",
            "PAYMENT - REV",
            "TRANSLIST IN PROGRESS",
            "PAYMENT",
            "TRANSFER",
        ),
        "100XX",
        _BANK,
        1,
        "8.6 CASH_DEPOSITS: money on its way to the bank.",
    ),
    LabelRule(
        "LB-SALES-DELIVERIES",
        "ipe_31",
        "transaction_type",
        ("DELIVERY", "DELIVERED"),
        "13005",
        "300XX",
        1,
        "8.6 SALES_DELIVERIES: delivered and not collected.",
    ),
    LabelRule(
        "LB-DEPOSITS-CANCELLED",
        "ipe_31",
        "transaction_type",
        ("PAYMENT CHARGES REV", "TRANSFER FROM", "REALLOCATION FROM"),
        _BANK,
        "100XX",
        2,
        "8.6 CASH_DEPOSITS_CANCEL: a deposit taken back.",
    ),
    LabelRule(
        "LB-JFORCE-PAYOUTS",
        "ipe_31",
        "transaction_type",
        ("JFORCE PAYOUT", "JFORCE PAYOUTS"),
        "18307",
        "18412",
        2,
        "8.6 JFORCE_PAYOUTS: an agent paid by voucher.",
    ),
    LabelRule(
        "LB-REFUNDS",
        "ipe_31",
        "transaction_type",
        ("REFUND", "REFUNDS"),
        "100XX, 18412",
        "13005 (retail), 18317 (marketplace)",
        2,
        "8.6 REFUNDS.",
    ),
    LabelRule(
        "LB-SALES-CREDIT-MEMOS",
        "ipe_31",
        "transaction_type",
        ("SALES CREDIT MEMO",),
        "30101, 30102",
        "13005",
        3,
        "8.6 SALES_CREDIT_MEMOS.",
    ),
    LabelRule(
        "LB-PREPAYMENTS",
        "ipe_10",
        "is_prepayment",
        ("1", "TRUE", "YES"),
        "13012, 13030",
        "18350",
        2,
        "8.6 PREPAYMENTS: paid before delivery.",
    ),
)


def validate_labels(rules: Sequence[LabelRule], columns: Mapping[str, Sequence[str]]) -> None:
    """Raise a RuleError where two rules claim a value, or a rule has none left.

    ``columns`` are the columns of each report. UnreachableRuleError: every value of a rule is
    claimed by an earlier one, or the report has no such column. OverlapError: some are.
    """
    ids: set[str] = set()
    claimed: dict[tuple[str, str, str], str] = {}
    for rule in sorted(rules, key=lambda rule: rule.rank):
        if rule.id in ids:
            raise OverlapError(_TABLE, f"the id {rule.id} stands there twice.")
        ids.add(rule.id)
        if not rule.values or not rule.reason.strip() or not rule.debit or not rule.credit:
            raise MalformedRuleError(
                _TABLE, f"{rule.id} needs values, a debit, a credit and a reason."
            )
        if any(value != value.strip().upper() for value in rule.values):
            raise MalformedRuleError(_TABLE, f"the values of {rule.id} are to be upper case.")
        if rule.column not in columns.get(rule.report, ()):
            raise UnreachableRuleError(
                _TABLE, f"{rule.id} can never fire: {rule.report} has no column {rule.column}."
            )
        others = {
            value: claimed[key]
            for value in rule.values
            if (key := (rule.report, rule.column, value)) in claimed
        }
        if len(others) == len(rule.values):
            raise UnreachableRuleError(
                _TABLE,
                f"{rule.id} can never fire: {', '.join(sorted(set(others.values())))} "
                "takes all of its values.",
            )
        if others:
            value, other = next(iter(others.items()))
            raise OverlapError(_TABLE, f"{other} and {rule.id} both claim {value!r}.")
        claimed |= {(rule.report, rule.column, value): rule.id for value in rule.values}
