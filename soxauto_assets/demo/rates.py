"""Exchange rates: the closing rates of FinRec, and the rate table of the Algerian company.

Here: rates by month. Not here: anything else.
"""

from __future__ import annotations

from decimal import Context, Decimal

import numpy as np
import pyarrow as pa

from soxauto_assets.demo.companies import COMPANIES
from soxauto_assets.demo.drawing import DAY, stamps
from soxauto_assets.demo.faults import COUNTRY_WITHOUT_RATE, PLANTED_PERIOD
from soxauto_assets.demo.plan import Cohort
from soxauto_assets.demo.rows import FINREC, Sink

_JADE = "D365BC14_DZ.dbo.Jade DZ$Currency Exchange Rate"
_MILLION = 10**8
_FROM_THE_15TH = ("EGP", "USD")


def write_rates(cohort: Cohort, sink: Sink) -> None:
    """Write the month's rates."""
    random = cohort.random("rates")
    usd: dict[str, tuple[str, int]] = {}
    for company in COMPANIES:
        rate = round(company.usd_rate * (1 + (random.random() - 0.5) / 20) * _MILLION)
        if not company.code.endswith("_USD"):
            usd[company.country] = (company.country_name, rate)
    rows: list[tuple[str | None, str | None, str, str, int | None]] = []
    for country, (name, rate) in usd.items():
        if (cohort.period, country) != (PLANTED_PERIOD, COUNTRY_WITHOUT_RATE):
            rows.append((country, name, "Closing", "USD", rate))
        rows.append((country, name, "Average", "USD", rate - rate // 200))
        rows.append((country, name, "Closing", "EUR", rate + rate // 11))
    # What stands beside one good rate and does no harm: a null and a zero rate; and rates of
    # countries that no company is in.
    rows.append(("KE", "Kenya", "Closing", "USD", None))
    rows.append(("MA", "Morocco", "closing", "usd", 0))
    rows.append(("AE", "United arab emirates (the)", "Closing", "USD", 367_250_000))
    rows.append((None, None, "Closing", "USD", _MILLION))
    rows.append(("US", "United States of America", "Closing", "USD", _MILLION))
    write_closing_rates(cohort, rows, sink)
    _write_jade(cohort, random, sink)


def write_closing_rates(
    cohort: Cohort,
    rows: list[tuple[str | None, str | None, str, str, int | None]],
    sink: Sink,
) -> None:
    """Write rates: country code and name, type, base currency, rate in hundred-millionths."""
    sink.add(
        FINREC + "RPT_FX_RATES",
        {
            "country_code": pa.array([row[0] for row in rows], pa.string()),
            "country": pa.array([row[1] for row in rows], pa.string()),
            "rate_type": pa.array([row[2] for row in rows], pa.string()),
            "year": pa.array([cohort.period.year] * len(rows)),
            "cod_month": pa.array([cohort.period.month] * len(rows)),
            "base_currency": pa.array([row[3] for row in rows], pa.string()),
            "rate": _exact([row[4] for row in rows], 18, 8),
        },
    )


def _write_jade(cohort: Cohort, random: np.random.Generator, sink: Sink) -> None:
    """DZD for a unit of each currency, from the 15th for some, from the first for the others.

    The rates of the next month's first day belong to this month's rows, so that the last month
    too has rates after its cut-off. The opening month also has those of its own first day.
    """
    dinars = {"DZD": 1.0, "USD": 134.0, "EUR": 146.0}
    for company in COMPANIES:
        dinars.setdefault(company.currency, 134.0 / company.usd_rate)
    codes: list[str] = []
    days: list[int] = []
    rates: list[int] = []
    for currency, rate in dinars.items():
        drawn = 1.0 if currency == "DZD" else rate * (1 + (random.random() - 0.5) / 20)
        starts = [cohort.start + 14 * DAY if currency in _FROM_THE_15TH else cohort.next_start]
        if cohort.period == cohort.plan.first and currency not in _FROM_THE_15TH:
            starts.append(cohort.start)
        for start in starts:
            codes.append(currency)
            days.append(start)
            rates.append(round(drawn * 10**12) * 10**8 + (7 if currency != "DZD" else 0))
    sink.add(
        _JADE,
        {
            "Currency Code": pa.array(codes, pa.string()),
            "Starting Date": stamps(np.array(days, dtype=np.int64)),
            "Relational Exch_ Rate Amount": _exact(list(rates), 38, 20),
        },
    )


def _exact(unscaled: list[int] | list[int | None], precision: int, scale: int) -> pa.Array:
    context = Context(prec=60)
    return pa.array(
        [None if value is None else Decimal(value).scaleb(-scale, context) for value in unscaled],
        pa.decimal128(precision, scale),
    )
