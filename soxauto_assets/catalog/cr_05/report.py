"""What CR_05 is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import CheckKind, Parameter, Report

REPORT = Report(
    id="cr_05",
    title="Closing exchange rates of the month, one for each company",
    control="C-PG-1",
    purpose=(
        "Gives each company of the roster the rate by which its amounts become US dollars: local "
        "currency for one dollar, on the last day of the month. The rate is that of the company's "
        "country on the roster. A company must have exactly one rate that is not zero; where the "
        "source has none or several, the row stays without a rate and the report fails, naming "
        "the company, because a guessed rate would be wrong in every figure after it. No rate is "
        "ever assumed to be 1 or taken from another table."
    ),
    family="fx_rates",
    group_accounts=(),
    sources=(
        "AIG_Nav_Jumia_Reconciliation.dbo.RPT_FX_RATES",
        "AIG_Nav_Jumia_Reconciliation.fdw.Dim_Company",
        "AIG_Nav_Jumia_Reconciliation.fdw.Dim_Country",
    ),
    parameters=(
        Parameter.ROSTER,
        Parameter.COMPANIES,
        Parameter.COUNTRIES,
        Parameter.YEAR,
        Parameter.MONTH,
    ),
    primary_key=("company_code",),
    amounts=("fx_rate",),
    owner="team:accounting-excellence",
    not_applicable={
        CheckKind.CUT_OFF: (
            "A rate belongs to a year and a month, which the query asks for by number; it has no "
            "date that could lie after the month's end."
        ),
        CheckKind.WITNESSES: (
            "A row is a company of the roster, not an event: no row comes first after the "
            "month's end. That every company has its rate is checked by exactly_one_rate."
        ),
    },
    notes=(
        "The total of fx_rate means nothing by itself; it proves that each rate arrived as the "
        "source has it.",
        "The roster check looks for roster companies without the consolidation flag only: rows "
        "are made from the roster, so a company off it cannot have one.",
    ),
)
