"""Thresholds in USD: from which amount on a difference is looked into (D22, section 6.6).

Here: the table, its validation, and which rule applies. Not here: comparing (``control.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from soxauto_assets.catalog.scope import CONTROL_ACCOUNTS, ROSTER
from soxauto_assets.reconciliation.faults import (
    GapError,
    MalformedRuleError,
    MissingCurrencyError,
    OverlapError,
    UnknownAccountError,
)

_TABLE = "reconciliation/thresholds.py"
COMPARED_IN = "USD"
"""Companies are compared and added up in this currency only (D7)."""


class Level(Enum):
    """What a threshold judges."""

    GROUP = "the sum of all unexplained amounts, absolute"
    ACCOUNT = "the unexplained amount of a company and pool of accounts"
    BUCKET = "the difference of a voucher category and type"
    LINE = "a single voucher or entry"
    MOVEMENT = "how far the balance of a company and family moved since another month"


@dataclass(frozen=True)
class Threshold:
    """An amount at or over which to investigate, and the scope it is for (None: any).

    A rule with a scope applies only where the context names it; a context that does not know
    its company, account, category or type never meets a rule that asks for it.
    """

    id: str
    level: Level
    amount: Decimal
    currency: str
    reason: str
    company: str | None = None
    account: str | None = None
    category: str | None = None
    type: str | None = None

    @property
    def scope(self) -> tuple[str | None, str | None, str | None, str | None]:
        """Company, account, category, type: the order of precedence."""
        return (self.company, self.account, self.category, self.type)

    @property
    def rank(self) -> tuple[bool, bool, bool, bool]:
        """The greater wins: a rule of a company before all others, then of an account, ..."""
        company, account, category, kind = self.scope
        return (company is not None, account is not None, category is not None, kind is not None)


THRESHOLDS: tuple[Threshold, ...] = (
    Threshold(
        "TH-GROUP",
        Level.GROUP,
        Decimal(10_000),
        "USD",
        "D22: what stays unexplained, taken together, is under the group threshold.",
    ),
    Threshold(
        "TH-ACCOUNT", Level.ACCOUNT, Decimal(1_000), "USD", "D22: 1000 USD per account and company."
    ),
    Threshold("TH-BUCKET", Level.BUCKET, Decimal(1_000), "USD", "6.6, DEFAULT v1."),
    Threshold("TH-LINE", Level.LINE, Decimal(500), "USD", "6.6, DEFAULT v1."),
    Threshold(
        "TH-MOVEMENT",
        Level.MOVEMENT,
        Decimal(10_000),
        "USD",
        "6.6, DEFAULT v1: a country's materiality, not confirmed by finance for movements.",
    ),
    Threshold(
        "TH-MOVEMENT-EG",
        Level.MOVEMENT,
        Decimal(22_000),
        "USD",
        "6.6, Egypt v1: the materiality of the country.",
        company="JM_EG",
    ),
    Threshold(
        "TH-BUCKET-EG",
        Level.BUCKET,
        Decimal(1_000),
        "USD",
        "6.6, Egypt v1.",
        company="JM_EG",
        account="18412",
    ),
    Threshold(
        "TH-LINE-EG",
        Level.LINE,
        Decimal(5_000),
        "USD",
        "6.6, Egypt v1: single vouchers are larger there.",
        company="JM_EG",
        account="18412",
    ),
)


def validate_thresholds(thresholds: Sequence[Threshold]) -> None:
    """Raise a RuleError where a threshold cannot be applied, or two are of equal rank.

    MissingCurrencyError: no currency, or another than USD. OverlapError: one level and scope
    twice. UnknownAccountError. GapError: no rule without scope at a level. MalformedRuleError:
    an amount that is not over zero, an unknown company, no reason.
    """
    companies = {company.code for company in ROSTER}
    ids: set[str] = set()
    scopes: dict[tuple[Level, tuple[str | None, ...]], str] = {}
    for rule in thresholds:
        if not rule.currency.strip():
            raise MissingCurrencyError(_TABLE, f"{rule.id} has an amount without currency.")
        if rule.currency != COMPARED_IN:
            raise MissingCurrencyError(
                _TABLE, f"{rule.id} is in {rule.currency}; companies compare in {COMPARED_IN} only."
            )
        if not rule.amount.is_finite() or rule.amount <= 0 or not rule.reason.strip():
            raise MalformedRuleError(_TABLE, f"{rule.id} needs an amount over 0 and a reason.")
        if rule.company is not None and rule.company not in companies:
            raise MalformedRuleError(_TABLE, f"{rule.id}: {rule.company} is not on the roster.")
        if rule.account is not None and rule.account not in CONTROL_ACCOUNTS:
            raise UnknownAccountError(
                _TABLE, f"{rule.account} of {rule.id} is no account of the control."
            )
        if rule.id in ids:
            raise OverlapError(_TABLE, f"the id {rule.id} stands there twice.")
        ids.add(rule.id)
        other = scopes.setdefault((rule.level, rule.scope), rule.id)
        if other != rule.id:
            raise OverlapError(_TABLE, f"{other} and {rule.id} claim the same cases.")
    for level in Level:
        if (level, (None, None, None, None)) not in scopes:
            raise GapError(_TABLE, f"no rule without scope judges {level.value}.")


def threshold_for(
    thresholds: Sequence[Threshold],
    level: Level,
    *,
    company: str | None = None,
    account: str | None = None,
    category: str | None = None,
    type: str | None = None,
) -> Threshold:
    """The rule that applies: of those whose scope the context meets, the one of highest rank.

    ``thresholds`` are validated, so there is always one and never two of equal rank.
    """
    context = (company, account, category, type)
    return max(
        (
            rule
            for rule in thresholds
            if rule.level is level
            and all(
                wanted in (None, given) for wanted, given in zip(rule.scope, context, strict=True)
            )
        ),
        key=lambda rule: rule.rank,
    )
