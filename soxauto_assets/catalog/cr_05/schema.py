"""The columns of CR_05, in the order of ``query.sql``.

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import AsOf, Boolean, Column, Integer, Numeric, Text
from soxauto_assets.catalog.scope import ROSTER

_FDW = "AIG_Nav_Jumia_Reconciliation.fdw"
_RATE = "AIG_Nav_Jumia_Reconciliation.dbo.RPT_FX_RATES"
_ROSTER = "roster of the control (D3)"

COLUMNS: tuple[Column, ...] = (
    Column(
        "company_code",
        Text(),
        "Company of the roster, for example EC_NG.",
        _ROSTER,
        allowed=tuple(company.code for company in ROSTER),
    ),
    Column(
        "company_name",
        Text(),
        "Name of the company.",
        f"{_FDW}.Dim_Company.Company_Name",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "opco_central",
        Text(),
        "Whether the company is an operating company or a central one.",
        f"{_FDW}.Dim_Company.Opco/Central_?",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "company_country",
        Text(2),
        "Country of the company; its rate is taken.",
        _ROSTER,
        allowed=tuple(company.country for company in ROSTER),
    ),
    Column(
        "is_active",
        Boolean(),
        "Whether the company is active when the report is extracted.",
        f"{_FDW}.Dim_Company.Is_Active?",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "currency",
        Text(3),
        "Currency of the company's books.",
        _ROSTER,
        allowed=tuple(sorted({company.currency for company in ROSTER})),
    ),
    Column(
        "rate_type",
        Text(),
        "Kind of rate asked for: the closing rate.",
        f"{_RATE}.rate_type",
        allowed=("Closing",),
    ),
    Column("year", Integer(16), "Year under control, asked for.", f"{_RATE}.year"),
    Column(
        "cod_month",
        Integer(16),
        "Month under control, asked for, 1 to 12.",
        f"{_RATE}.cod_month",
        minimum="1",
    ),
    Column(
        "fx_rate",
        Numeric(18, 8),
        "Local currency for one US dollar: USD = amount / rate. Null when the source has not "
        "exactly one rate other than zero, and then the report fails.",
        f"{_RATE}.rate",
        nullable=True,
        minimum="0",
    ),
    Column(
        "country_name",
        Text(),
        "Name of the country.",
        f"{_FDW}.Dim_Country.Country_Name",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
)
