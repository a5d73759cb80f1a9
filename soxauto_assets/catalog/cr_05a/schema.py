"""The columns of CR_05a, in the order of ``query.sql``.

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import Column, Integer, Numeric, Text

_RATE = "D365BC14_DZ.dbo.Jade DZ$Currency Exchange Rate"

COLUMNS: tuple[Column, ...] = (
    Column("currency_code", Text(3), "Currency.", f"{_RATE}.Currency Code"),
    Column(
        "year",
        Integer(16),
        "Year in which the rate started.",
        f"{_RATE}.Starting Date",
    ),
    Column(
        "month",
        Integer(16),
        "Month in which the rate started, 1 to 12; it may lie before the month under control.",
        f"{_RATE}.Starting Date",
        minimum="1",
    ),
    Column(
        "relational_exch_rate_amount",
        Numeric(38, 20),
        "Algerian dinars for one unit of the currency. Not a rate of any other company's books.",
        f"{_RATE}.Relational Exch_ Rate Amount",
        minimum="0",
    ),
)
