"""The scope of control C-PG-1 as data: the roster (decision D3) and the accounts (decision D4).

Here: which companies and group accounts are in scope. Not here: how a report is reconciled
to an account.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Company:
    """A company of the roster: code, ISO country, name of the country, and its LCY."""

    code: str
    country: str
    country_name: str
    currency: str


ROSTER: tuple[Company, ...] = (
    Company("EC_NG", "NG", "Nigeria", "NGN"),
    Company("JM_EG", "EG", "Egypt", "EGP"),
    Company("EC_KE", "KE", "Kenya", "KES"),
    Company("JD_GH", "GH", "Ghana", "GHS"),
    Company("EC_IC", "CI", "Cote d'Ivoire", "XOF"),
    Company("HF_SN", "SN", "Senegal", "XOF"),
    Company("JD_UG", "UG", "Uganda", "UGX"),
    Company("JD_DZ", "DZ", "Algeria", "DZD"),
    Company("EC_MA", "MA", "Morocco", "MAD"),
)
"""Table 1.3 of the domain reference. In scope means on this list, never a text pattern."""

CUSTOMER_RECEIVABLES = ("13003", "13004")
DOUBTFUL_ALLOWANCE = ("13009",)
PACKAGES_NOT_RECONCILED = ("13005", "13024")
COLLECTIONS = ("13001", "13002")
VOUCHERS = ("18412",)
PREPAYMENTS = ("18350",)
MARKETPLACE_REFUNDS = ("18317",)
MARKETPLACE_ACCRUED_REVENUE = ("18304",)

CONTROL_ACCOUNTS: tuple[str, ...] = tuple(
    sorted(
        CUSTOMER_RECEIVABLES
        + DOUBTFUL_ALLOWANCE
        + PACKAGES_NOT_RECONCILED
        + COLLECTIONS
        + VOUCHERS
        + PREPAYMENTS
        + MARKETPLACE_REFUNDS
        + MARKETPLACE_ACCRUED_REVENUE
    )
)
"""The union of the accounts of decision D4: the scope of CR_03 and CR_04."""
