"""The companies of the embedded warehouse: the roster, and those that a roster must leave out.

Here: who they are and how large. Not here: their dimension rows (``dimensions.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from soxauto_assets.catalog.scope import ROSTER


@dataclass(frozen=True)
class DemoCompany:
    """A company; ``share`` weighs its rows, ``price`` is a usual price in its currency.

    ``usd_rate`` is about the local currency for one USD.
    """

    code: str
    name: str
    country: str
    country_name: str
    currency: str
    share: int
    price: int
    usd_rate: float
    kind: str = "Opco"
    active: bool = True
    consolidated: bool = True


COMPANIES: tuple[DemoCompany, ...] = (
    DemoCompany("EC_NG", "Marché Nigeria Ltd", "NG", "Nigeria", "NGN", 2600, 15_000, 1550.0),
    DemoCompany("JM_EG", "ماركت مصر ش.م.م", "EG", "Egypt", "EGP", 2000, 600, 48.0),
    DemoCompany("EC_KE", "Marché Kenya Limited", "KE", "Kenya", "KES", 1400, 2_000, 130.0),
    DemoCompany("JD_GH", "Marché Ghana Ltd", "GH", "Ghana", "GHS", 700, 200, 14.5),
    DemoCompany(
        "EC_IC", "Marché Côte d'Ivoire, SARL", "CI", "Cote d'Ivoire", "XOF", 1100, 9_000, 605.0
    ),
    DemoCompany("HF_SN", 'Marché "Sénégal" SARL', "SN", "Senegal", "XOF", 500, 8_000, 605.0),
    DemoCompany("JD_UG", "Marché Uganda Ltd", "UG", "Uganda", "UGX", 400, 55_000, 3700.0),
    DemoCompany("JD_DZ", "ماركت الجزائر", "DZ", "Algeria", "DZD", 300, 3_000, 134.0),
    DemoCompany("EC_MA", "Marché Maroc S.A.R.L.", "MA", "Morocco", "MAD", 1000, 250, 9.9),
    # The rest is out of scope: inactive, foreign, books in USD.
    DemoCompany(
        "AT_TN", "Marché Tunisie", "TN", "Tunisia", "TND", 150, 80, 3.1, "Opco", False, False
    ),
    DemoCompany(
        "EC_CM", "Marché Cameroun", "CM", "Cameroon", "XAF", 80, 9_000, 605.0, "Opco", False, False
    ),
    DemoCompany(
        "JM_ZA",
        "Market South Africa",
        "ZA",
        "South Africa",
        "ZAR",
        60,
        300,
        18.0,
        "Opco",
        True,
        False,
    ),
    DemoCompany(
        "EC_NG_USD",
        "Marché Nigeria (USD)",
        "NG",
        "Nigeria",
        "USD",
        40,
        20,
        1.0,
        "Opco",
        True,
        False,
    ),
    DemoCompany(
        "AI_DE_USD",
        "Market Holding (USD)",
        "DE",
        "Germany",
        "USD",
        20,
        20,
        1.0,
        "Central",
        True,
        False,
    ),
    # Consolidated, but never with rows that a report of this control may select: the holding
    # books to other accounts, Tanzania has rows in the failing month alone (faults.py).
    DemoCompany("AI_DE", "Market Holding SE", "DE", "Germany", "EUR", 0, 20, 0.92, "Central"),
    DemoCompany("EC_TZ", "Market Tanzania Ltd", "TZ", "Tanzania", "TZS", 0, 25_000, 2600.0),
)

ROSTER_SIZE = len(ROSTER)
"""The first companies of COMPANIES are the roster, in its order."""
ROSTER_INDEX: npt.NDArray[np.int64] = np.arange(ROSTER_SIZE)
CODES: tuple[str, ...] = tuple(company.code for company in COMPANIES)
PRICES: npt.NDArray[np.int64] = np.array([company.price for company in COMPANIES], dtype=np.int64)
HOLDING = CODES.index("AI_DE")
OFF_ROSTER = CODES.index("EC_TZ")


@cache
def shares() -> npt.NDArray[np.float64]:
    """The probability of each company to own a drawn row."""
    weights = np.array([company.share for company in COMPANIES], dtype=np.float64)
    return np.asarray(weights / weights.sum(), dtype=np.float64)
