"""The values that the parameters of the catalogue take for a period (decisions D1, D3, D4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from soxauto_assets.catalog.model import Parameter, Report
from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.period import Period

Scalar = str | int | date | datetime
Value = Scalar | tuple[Scalar, ...] | tuple[tuple[Scalar, ...], ...]
"""A scalar, a list (expanded to ``?, ?``) or a table (expanded to ``(?, ?), (?, ?)``)."""


def values_for(report: Report, period: Period) -> Mapping[str, Value]:
    """The values of exactly the parameters that ``report`` declares, by name without ``@``."""
    every: dict[Parameter, Value] = {
        Parameter.PERIOD_START: period.start,
        Parameter.CUTOFF_DATE: period.cutoff_date,
        Parameter.NEXT_PERIOD_START: period.next_start,
        Parameter.YEAR_START: period.year_start,
        Parameter.OPENING_DATE: period.opening_date,
        Parameter.YEAR: period.year,
        Parameter.MONTH: period.month,
        Parameter.COMPANIES: tuple(company.code for company in ROSTER),
        Parameter.COUNTRIES: tuple(company.country for company in ROSTER),
        Parameter.CURRENCIES: tuple(sorted({company.currency for company in ROSTER} | {"USD"})),
        Parameter.ROSTER: tuple((c.code, c.country, c.currency) for c in ROSTER),
        Parameter.ACCOUNTS: report.accounts_parameter,
    }
    return {parameter.value: every[parameter] for parameter in report.parameters}
