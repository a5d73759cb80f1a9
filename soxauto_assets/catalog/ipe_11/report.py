"""What IPE_11 is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import Parameter, Report
from soxauto_assets.catalog.scope import MARKETPLACE_ACCRUED_REVENUE

REPORT = Report(
    id="ipe_11",
    title="Marketplace revenue accrued at the cut-off",
    control="C-PG-1",
    purpose=(
        "Shows the fees and commissions that each company had earned from marketplace sellers by "
        "the end of the month and that no statement had closed by then. A transaction is in when "
        "it was created before the period ended, when the account grouping calls its type "
        "revenue, and when it stands on no statement, on one that ends after the period or has "
        "no end, or on one whose row is missing. The report is cumulative: what earlier months "
        "left open is in as long as it is open. The sum of sc_transaction_amount is compared "
        "with the general ledger (CR_04) on 18304; the sign of that account is not yet confirmed "
        "(D5)."
    ),
    family="marketplace_revenue",
    group_accounts=MARKETPLACE_ACCRUED_REVENUE,
    sources=(
        "AIG_Nav_Jumia_Reconciliation.dbo.RPT_TRANSACTIONS_SELLER",
        "AIG_Nav_Jumia_Reconciliation.dbo.GDOC_DIM_ASG_V2",
        "AIG_Nav_Jumia_Reconciliation.RING.RPT_ACCOUNTSTATEMENTS",
        "AIG_Nav_Jumia_Reconciliation.dbo.RPT_VENDORS",
        "AIG_Nav_Jumia_Reconciliation.RING.RPT_TRANSACTIONS",
    ),
    parameters=(Parameter.COMPANIES, Parameter.ROSTER, Parameter.NEXT_PERIOD_START),
    primary_key=("id_company", "sc_id_transaction"),
    amounts=("sc_transaction_amount",),
    owner="team:accounting-excellence",
    event_date="sc_created_date",
    balance="sc_transaction_amount",
    notes=(
        "Totals add companies of different currencies: they prove that nothing was lost on the "
        "way and are no balance. Balances are added across companies only in USD (D7).",
        "Which statement a transaction stands on is known as of the extraction alone: a "
        "transaction put later on a statement that ended inside the period drops out of a month "
        "that is extracted again.",
        "A transaction of a type without account grouping cannot be in the extract; the control "
        "unmapped fails the report for it, with company, type and amount.",
    ),
)
