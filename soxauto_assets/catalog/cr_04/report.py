"""What CR_04 is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import CheckKind, Parameter, Report
from soxauto_assets.catalog.scope import CONTROL_ACCOUNTS

REPORT = Report(
    id="cr_04",
    title="General ledger balances at the cut-off and at the opening of the year",
    control="C-PG-1",
    purpose=(
        "Gives the general ledger's side of the control: the balance of every controlled account "
        "in every company on the last day of the month, debit positive, in the company's own "
        "currency. The other reports say what each balance should be; the difference is the "
        "variance of the control. The same extract holds the balances of the last day before the "
        "year, marked opening, so that opening plus the movement of CR_03 can be compared with "
        "closing. The source splits a balance by local account, currency, business line and "
        "partner; rows are added up by company and group account."
    ),
    family="general_ledger",
    group_accounts=CONTROL_ACCOUNTS,
    sources=("AIG_Nav_Jumia_Reconciliation.dbo.V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT",),
    parameters=(
        Parameter.COMPANIES,
        Parameter.ROSTER,
        Parameter.ACCOUNTS,
        Parameter.CUTOFF_DATE,
        Parameter.NEXT_PERIOD_START,
        Parameter.OPENING_DATE,
        Parameter.YEAR_START,
    ),
    primary_key=(
        "id_company",
        "closing_date",
        "group_coa_account_no",
        "real_coa",
        "currency",
        "busline_code",
        "partner_code",
        "ic_partner_code",
    ),
    amounts=("balance_at_date",),
    owner="team:accounting-excellence",
    event_date="closing_date",
    accounts_parameter=CONTROL_ACCOUNTS,
    not_applicable={
        CheckKind.WITHOUT_JOINS: (
            "The query reads one view and joins nothing, so no join can multiply its rows."
        ),
    },
    notes=(
        "balance_at_date is taken as the company's currency whatever currency the row is split "
        "by (D7); to be confirmed at the source.",
        "The total adds closing and opening balances of different currencies: it proves that "
        "nothing was lost on the way and is no balance.",
        "The view's REFRESH_DATE is no column: it changes without the balances (D25). The control "
        "refreshed_after_cutoff judges it, refresh_dates keeps it in the package.",
    ),
)
