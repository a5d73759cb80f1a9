"""What IPE_07 is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import Parameter, Report
from soxauto_assets.catalog.scope import CUSTOMER_RECEIVABLES, DOUBTFUL_ALLOWANCE

_ACCOUNTS = CUSTOMER_RECEIVABLES + DOUBTFUL_ALLOWANCE

REPORT = Report(
    id="ipe_07",
    title="Customer balances at the cut-off, with ageing",
    control="C-PG-1",
    purpose=(
        "Shows what customers owed each company at the end of the month, entry by entry. An "
        "entry is in when its movements up to the cut-off leave something open; movements dated "
        "later do not count, so that a closed month gives the same figures whenever it is "
        "extracted. The group account of each row comes from the posting group stamped on the "
        "entry, through the chart of accounts. The amounts of 13003 and 13004 are compared with "
        "the general ledger (CR_04), account by account; 13009, the allowance for doubtful "
        "accounts, is shown for its roll-forward and is no part of that variance. The age of "
        "each entry is counted from its due date to the cut-off."
    ),
    family="customer_receivables",
    group_accounts=_ACCOUNTS,
    sources=(
        "AIG_Nav_DW.dbo.Detailed Customer Ledg_ Entry",
        "AIG_Nav_DW.dbo.Customer Ledger Entries",
        "AIG_Nav_DW.dbo.Customer Posting Group",
        "AIG_Nav_DW.dbo.Customers",
        "AIG_Nav_Jumia_Reconciliation.fdw.Dim_ChartOfAccounts",
        "AIG_Nav_Jumia_Reconciliation.fdw.Dim_Company",
        "AIG_Nav_Jumia_Reconciliation.fdw.Dim_Busline",
    ),
    parameters=(
        Parameter.COMPANIES,
        Parameter.ROSTER,
        Parameter.ACCOUNTS,
        Parameter.NEXT_PERIOD_START,
        Parameter.CUTOFF_DATE,
    ),
    primary_key=("id_company", "entry_no"),
    amounts=("rem_amt_lcy", "original_amount_lcy"),
    owner="team:accounting-excellence",
    event_date="posting_date",
    balance="rem_amt_lcy",
    accounts_parameter=_ACCOUNTS,
    notes=(
        "Totals add companies of different currencies: they prove that nothing was lost on the "
        "way and are no balance. Balances are added across companies only in USD (D7).",
        "A customer whose open entries net to zero stays in (D9).",
        "Open entries on other group accounts are left out and counted by the control "
        "left_out_other_accounts.",
    ),
)
