"""Which bridges there are, in which order they run, and what each needs (D27, section 8).

Here: the tables and their validation. Not here: the bridges (``bridges.py`` and ``bridge_*.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from soxauto_assets.reconciliation.faults import (
    GapError,
    MalformedRuleError,
    OverlapError,
    UnknownAccountError,
)
from soxauto_assets.reconciliation.mapping import Pool

_TABLE = "reconciliation/bridge_rules.py"
JDASH = "jdash"
"""The input file of use by voucher; named beside reports where a bridge says what it needs."""

TIMING, VTC, POSTING_GROUP, BUSINESS_LINE, INTEGRATION = (
    "timing",
    "vtc",
    "posting_group",
    "business_line",
    "integration_errors",
)


@dataclass(frozen=True)
class BridgeRule:
    """One bridge: the pools it may explain, the reports and files without which it is not made."""

    id: str
    title: str
    pools: tuple[str, ...]
    needs: tuple[str, ...]
    reason: str


BRIDGES: tuple[BridgeRule, ...] = (
    BridgeRule(
        TIMING,
        "Timing: used in operations, delivered after the cut-off",
        ("18412",),
        ("ipe_08", JDASH),
        "D23, 8.1",
    ),
    BridgeRule(
        VTC,
        "Voucher to cash: switched off, the pay-out not booked",
        ("18412",),
        ("ipe_08", "cr_03"),
        "D24, 8.2",
    ),
    BridgeRule(
        POSTING_GROUP,
        "Customers under several posting groups (a finding, amount 0)",
        ("13003", "13004"),
        ("ipe_07",),
        "D27, 8.3",
    ),
    BridgeRule(
        BUSINESS_LINE,
        "Customers with balances on several business lines (nets to zero)",
        ("13003", "13004"),
        ("ipe_07",),
        "D27, 8.4",
    ),
    BridgeRule(
        INTEGRATION,
        "Refused by NAV: in operations, not in the ledger",
        ("18412",),
        ("ipe_rec_errors",),
        "D19, 8.5",
    ),
)
"""In the order in which they run: a voucher or entry is used by the first that takes it."""

BUSINESS_LINE_LEAST = Decimal("0.01")
"""A balance of a customer on a line that is nearer to zero is none (8.4)."""


@dataclass(frozen=True)
class ErrorAccount:
    """Where NAV would have booked what it refused of a source system, and with what sign.

    ``effect`` x amount is what the ledger is too high by (debit positive) while the record is
    missing; where ``account`` is outside the control it explains nothing here.
    """

    source_system: str
    account: str
    effect: int
    reason: str


_OUTSIDE = "8.5: booked outside the accounts of the control, so it explains no variance here."

ERROR_ACCOUNTS: tuple[ErrorAccount, ...] = (
    ErrorAccount("JForce Payouts", "18412", 1, "8.5: the credit of a voucher issued is missing."),
    ErrorAccount("Refunds", "18412", 1, "8.5: the credit of a refund voucher is missing."),
    ErrorAccount("Prepaid Deliveries", "18314", 1, _OUTSIDE),
    ErrorAccount("Cash Deposits", "13012", 1, _OUTSIDE),
    ErrorAccount("Packlist Payments", "13012", 1, _OUTSIDE),
    ErrorAccount("Ring Account Statements", "13023", 1, _OUTSIDE),
)
"""8.5 under the names that IPE_REC_ERRORS gives; a source system off the list is undecided."""

OUTSIDE_ACCOUNTS: tuple[str, ...] = ("13012", "13023", "18314")
"""Accounts that 8.5 names and the control does not reconcile."""


def validate_bridges(
    bridges: Sequence[BridgeRule],
    errors: Sequence[ErrorAccount],
    pools: Sequence[Pool],
    inputs: Collection[str],
) -> None:
    """Raise a RuleError where a bridge or an error's account means nothing.

    OverlapError: a bridge or source system twice. UnknownAccountError: an account or pool that
    is not known. GapError: an account of the control that the integration bridge does not name
    among its pools. MalformedRuleError: an unknown input, a sign that is none.
    """
    of_account = {account: pool.id for pool in pools for account in pool.accounts}
    ids: set[str] = set()
    for bridge in bridges:
        if bridge.id in ids:
            raise OverlapError(_TABLE, f"the bridge {bridge.id} stands there twice.")
        ids.add(bridge.id)
        for pool in bridge.pools:
            if pool not in of_account.values():
                raise UnknownAccountError(_TABLE, f"{pool} of {bridge.id} is no pool.")
        unknown = sorted(set(bridge.needs) - set(inputs))
        if unknown or not bridge.reason.strip():
            raise MalformedRuleError(
                _TABLE, f"{bridge.id} needs known inputs and a reason, but has {unknown}."
            )
    named: Mapping[str, BridgeRule] = {bridge.id: bridge for bridge in bridges}
    systems: set[str] = set()
    for error in errors:
        if error.source_system.upper() in systems:
            raise OverlapError(_TABLE, f"{error.source_system} stands there twice.")
        systems.add(error.source_system.upper())
        if error.effect not in (1, -1) or not error.reason.strip():
            raise MalformedRuleError(
                _TABLE, f"{error.source_system} needs an effect of 1 or -1 and a reason."
            )
        if error.account in of_account:
            if of_account[error.account] not in named[INTEGRATION].pools:
                raise GapError(_TABLE, f"{INTEGRATION} does not name the pool of {error.account}.")
        elif error.account not in OUTSIDE_ACCOUNTS:
            raise UnknownAccountError(
                _TABLE, f"{error.account} of {error.source_system} is no known account."
            )
