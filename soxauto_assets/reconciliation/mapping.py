"""Account mapping: which balance is compared with which measure, and with what sign (D4 to D6).

Here: the table and its validation. Not here: adding up (``positions.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

from soxauto_assets.catalog import scope
from soxauto_assets.reconciliation.faults import (
    GapError,
    MalformedRuleError,
    OverlapError,
    UnknownAccountError,
)

_TABLE = "reconciliation/mapping.py"


class RowFilter(Enum):
    """Which rows of a report count; ``positions.py`` says each as an expression."""

    ALL = "all rows"
    OF_THE_ACCOUNT = "rows whose group_account is of the pool"
    MARKETPLACE = "rows with is_marketplace = 1"
    LIABLE_VOUCHERS = "vouchers that are a liability at the cut-off (D6)"


@dataclass(frozen=True)
class Pool:
    """Group accounts that are compared as one with one measure, by company.

    ``report`` and ``measure`` are None where no operational target exists; the balance is then
    held against its own roll-forward. Expected balance = ``sign`` x sum of ``measure`` (debit
    positive). ``confirmed`` False: finance has not confirmed the sign, and every page says so.
    """

    id: str
    family: str
    accounts: tuple[str, ...]
    report: str | None
    measure: str | None
    rows: RowFilter
    sign: int
    confirmed: bool
    reason: str

    @property
    def title(self) -> str:
        """The family and its accounts, for people."""
        return f"{FAMILIES[self.family]} ({'+'.join(self.accounts)})"


FAMILIES: dict[str, str] = {
    "customer_receivables": "Customer receivables",
    "allowance": "Allowance for doubtful accounts",
    "packages": "Packages not reconciled",
    "collections": "Collection receivables",
    "vouchers": "Voucher liability",
    "prepayments": "Customer prepayments",
    "marketplace_refunds": "Marketplace refunds",
    "accrued_revenue": "Marketplace accrued revenue",
}

MAPPING: tuple[Pool, ...] = (
    Pool(
        "13003",
        "customer_receivables",
        ("13003",),
        "ipe_07",
        "rem_amt_lcy",
        RowFilter.OF_THE_ACCOUNT,
        1,
        True,
        "D4: customer receivables are compared account by account; D5: a claim is a debit.",
    ),
    Pool(
        "13004",
        "customer_receivables",
        ("13004",),
        "ipe_07",
        "rem_amt_lcy",
        RowFilter.OF_THE_ACCOUNT,
        1,
        True,
        "D4: customer receivables are compared account by account; D5: a claim is a debit.",
    ),
    Pool(
        "13009",
        "allowance",
        scope.DOUBTFUL_ALLOWANCE,
        None,
        None,
        RowFilter.ALL,
        1,
        True,
        "D4: an allowance has no operational target; its own line, judged by roll-forward, never "
        "inside the variance of the receivables.",
    ),
    Pool(
        "13005+13024",
        "packages",
        scope.PACKAGES_NOT_RECONCILED,
        "ipe_12",
        "balance_lcy",
        RowFilter.ALL,
        1,
        True,
        "D4: IPE_12 does not say which of the two accounts an item is on, so they are one pool.",
    ),
    Pool(
        "13001+13002",
        "collections",
        scope.COLLECTIONS,
        "ipe_31",
        "amount",
        RowFilter.ALL,
        1,
        True,
        "D4: collection lines of both accounts; D5: IPE_31 is in ledger orientation.",
    ),
    Pool(
        "18412",
        "vouchers",
        scope.VOUCHERS,
        "ipe_08",
        "totalremainingamount",
        RowFilter.LIABLE_VOUCHERS,
        -1,
        True,
        "D4, D6: what is left of live vouchers that are no marketing; D5: a liability is a credit.",
    ),
    Pool(
        "18350",
        "prepayments",
        scope.PREPAYMENTS,
        "ipe_10",
        "balance_lcy",
        RowFilter.ALL,
        -1,
        True,
        "D4: paid and not delivered nor refunded; D5: money held is a credit.",
    ),
    Pool(
        "18317",
        "marketplace_refunds",
        scope.MARKETPLACE_REFUNDS,
        "ipe_34",
        "amounttorefund",
        RowFilter.MARKETPLACE,
        1,
        False,
        "D4: marketplace items only; D5: IPE_34 is in ledger orientation, to be confirmed.",
    ),
    Pool(
        "18304",
        "accrued_revenue",
        scope.MARKETPLACE_ACCRUED_REVENUE,
        "ipe_11",
        "sc_transaction_amount",
        RowFilter.ALL,
        1,
        False,
        "D4; D5: an accrued claim against sellers is a debit, to be confirmed.",
    ),
)

NON_MARKETING_USES: tuple[str, ...] = (
    "apology_v2",
    "jforce",
    "refund",
    "store_credit",
    "jpay_store_credit",
    "jpay_store_credit_gift",
    "jpay_store_credit_ds",
    "jpay_store_credit_other",
)
"""Uses that make a voucher a liability, in lower case, compared without case (D6)."""


def validate_mapping(
    pools: Sequence[Pool], accounts: Collection[str] = scope.CONTROL_ACCOUNTS
) -> None:
    """Raise a RuleError where the mapping is not a partition of the control's accounts.

    OverlapError: an account or id twice. UnknownAccountError: an account off the control.
    GapError: an account of the control in no pool. MalformedRuleError: a sign that is none, a
    report without measure, an unknown family, no reason.
    """
    seen: dict[str, str] = {}
    ids: set[str] = set()
    for pool in pools:
        if pool.id in ids:
            raise OverlapError(_TABLE, f"the pool {pool.id} stands there twice.")
        ids.add(pool.id)
        if not pool.reason.strip() or pool.family not in FAMILIES or not pool.accounts:
            raise MalformedRuleError(
                _TABLE, f"the pool {pool.id} needs accounts, a known family and a reason."
            )
        if pool.sign not in (1, -1) or (pool.report is None) != (pool.measure is None):
            raise MalformedRuleError(
                _TABLE, f"the pool {pool.id} needs a sign of 1 or -1, and report with measure."
            )
        for account in pool.accounts:
            if account not in accounts:
                raise UnknownAccountError(
                    _TABLE, f"{account} of the pool {pool.id} is no account of the control."
                )
            if account in seen:
                raise OverlapError(
                    _TABLE, f"the account {account} is in the pools {seen[account]} and {pool.id}."
                )
            seen[account] = pool.id
    missing = sorted(set(accounts) - set(seen))
    if missing:
        raise GapError(_TABLE, f"no pool has the accounts {', '.join(missing)}.")
