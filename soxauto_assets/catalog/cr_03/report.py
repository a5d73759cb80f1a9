"""What CR_03 is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import Parameter, Report
from soxauto_assets.catalog.scope import CONTROL_ACCOUNTS

REPORT = Report(
    id="cr_03",
    title="General ledger entries of the year on the controlled accounts",
    control="C-PG-1",
    purpose=(
        "Lists every general ledger entry posted from 1 January to the end of the month on the "
        "accounts of the control, whether open or settled, one row each. The accounts are group "
        "accounts; each entry's local account is looked up in the chart of accounts. The entries "
        "of a company and account add up to the movement between its opening and its closing "
        "balance in CR_04, which proves both reports against each other. The entries on 18412 are "
        "classified by their text to explain the voucher account."
    ),
    family="general_ledger",
    group_accounts=CONTROL_ACCOUNTS,
    sources=(
        "AIG_Nav_DW.dbo.G_L Entries",
        "AIG_Nav_DW.dbo.Detailed G_L Entry",
        "AIG_Nav_Jumia_Reconciliation.fdw.Dim_ChartOfAccounts",
        "AIG_Nav_Jumia_Reconciliation.fdw.Dim_Company",
        "AIG_Nav_Jumia_Reconciliation.dbo.GDOC_IFRS_Tabular_Mapping",
    ),
    parameters=(
        Parameter.COMPANIES,
        Parameter.ROSTER,
        Parameter.ACCOUNTS,
        Parameter.YEAR_START,
        Parameter.NEXT_PERIOD_START,
        Parameter.CUTOFF_DATE,
        Parameter.OPENING_DATE,
        Parameter.YEAR,
    ),
    primary_key=("id_company", "entry_no"),
    amounts=("amount", "remaining_amount"),
    owner="team:accounting-excellence",
    event_date="posting_date",
    accounts_parameter=CONTROL_ACCOUNTS,
    notes=(
        "The rows are the movement of the year, not the balance: entries of earlier years are in "
        "the opening balance of CR_04.",
        "remaining_amount is proved by the transfer total only; the other totals leave the "
        "detailed entries out, so that they cannot share a fault with them.",
        "Totals add companies of different currencies: they prove that nothing was lost on the "
        "way and are no balance.",
    ),
)
