"""What CR_05a is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import CheckKind, Parameter, Report

REPORT = Report(
    id="cr_05a",
    title="Exchange rates of the fixed-asset table at the cut-off",
    control="C-FA-12",
    purpose=(
        "Shows, for each currency of the roster and the US dollar, the rate that the Algerian "
        "company's books hold at the end of the month: the latest one that started by then. The "
        "rates are Algerian dinars for one unit of the currency and serve the fixed assets "
        "(control C-FA-12). They never stand in for a missing rate of CR_05, which would turn "
        "local amounts into wrong dollars. A currency that the table does not know has no row."
    ),
    family="fx_rates",
    group_accounts=(),
    sources=("D365BC14_DZ.dbo.Jade DZ$Currency Exchange Rate",),
    parameters=(
        Parameter.CURRENCIES,
        Parameter.ROSTER,
        Parameter.NEXT_PERIOD_START,
        Parameter.CUTOFF_DATE,
    ),
    primary_key=("currency_code", "year", "month"),
    amounts=("relational_exch_rate_amount",),
    owner="team:accounting-excellence",
    not_applicable={
        CheckKind.WITHOUT_JOINS: (
            "The query reads one table and joins nothing, so no join can multiply its rows."
        ),
        CheckKind.CUT_OFF: (
            "A row shows year and month of the rate's start, not the day, so there is no date to "
            "hold against the month's end. That no later rate is taken is shown by the witness "
            "after the month's end and by the total of the driving table."
        ),
        CheckKind.ROSTER: (
            "The rows are currencies and belong to no company; the currencies are those of the "
            "roster by construction."
        ),
    },
    notes=(
        "The total of the rates means nothing by itself; it proves that each rate arrived as the "
        "source has it.",
        "Currencies of the roster without a rate are noted by the control "
        "currencies_without_rate; the dinar is always one of them.",
    ),
)
