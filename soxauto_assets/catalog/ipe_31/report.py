"""What IPE_31 is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import Parameter, Report
from soxauto_assets.catalog.scope import COLLECTIONS

_FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"

REPORT = Report(
    id="ipe_31",
    title="Open collection items by partner at the cut-off",
    control="C-PG-1",
    purpose=(
        "Shows the cash that collection partners owed each company at the end of the month, line "
        "by line. Four blocks make it up: transactions not yet handed in on a list; items that "
        "were moved to another partner only later; packlists handed in and not fully settled; "
        "and, with a negative sign, payments received and not fully applied. Applications, lists "
        "and closings dated after the period do not count, but the statuses of lists and payments "
        "are those of the day of the extraction, so an old month cannot be reproduced exactly. "
        "Lists and payments with more applied than they hold stay in, flagged. The sum of amount "
        "is compared with the general ledger (CR_04) on 13001 and 13002 together."
    ),
    family="collections",
    group_accounts=COLLECTIONS,
    sources=(
        f"{_FINREC}.RPT_CASHREC_TRANSACTION",
        f"{_FINREC}.RPT_CASHREC_REALLOCATIONS",
        f"{_FINREC}.RPT_PACKLIST_PACKAGES",
        f"{_FINREC}.RPT_PACKLIST_PAYMENTS",
        f"{_FINREC}.RPT_CASHDEPOSIT",
        f"{_FINREC}.RPT_COLLECTIONADJ",
        f"{_FINREC}.RPT_HUBS_3PL_MAPPING",
        f"{_FINREC}.RPT_COLLECTIONPARTNERS",
        "AIG_Nav_Jumia_Reconciliation.fdw.Dim_Company",
        "AIG_Nav_DW.dbo.Bank Accounts",
        "AIG_Nav_DW.dbo.Bank Account Posting Group",
    ),
    parameters=(
        Parameter.COMPANIES,
        Parameter.ROSTER,
        Parameter.NEXT_PERIOD_START,
        Parameter.CUTOFF_DATE,
    ),
    primary_key=("line_id",),
    amounts=("amount",),
    owner="team:accounting-excellence",
    event_date="event_date",
    balance="amount",
    notes=(
        "Totals add companies of different currencies: they prove that nothing was lost on the "
        "way and are no balance. Balances are added across companies only in USD (D7).",
        "Statuses of lists and payments, providers, partner rows and bank accounts are as of the "
        "extraction (D16, D20).",
        "Where a partner maps to several hubs, partner rows or bank accounts the first is shown, "
        "all stand in alternatives, and the control alternatives counts them (D16).",
    ),
)
