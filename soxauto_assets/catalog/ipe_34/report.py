"""What IPE_34 is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import Parameter, Report
from soxauto_assets.catalog.scope import MARKETPLACE_REFUNDS

REPORT = Report(
    id="ipe_34",
    title="Refunds and returns that do not match at the cut-off",
    control="C-PG-1",
    purpose=(
        "Shows the order items of which, at the end of the month, either the money had gone back "
        "and the goods had not, or the goods had come back and the money had not. A refund or "
        "return dated after the period does not count, so a closed month keeps its figures. "
        "Amounts are in ledger orientation: a refund still owed to a customer is negative. "
        "Retail items are in the report as well; the sum of amounttorefund of the marketplace "
        "items alone is compared with the general ledger (CR_04) on 18317. The sign of that "
        "account is not yet confirmed (D5)."
    ),
    family="marketplace_refunds",
    group_accounts=MARKETPLACE_REFUNDS,
    sources=(
        "AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI",
        "AIG_Nav_Jumia_Reconciliation.dbo.RPT_REFUND_NO_RETURN",
        "AIG_Nav_Jumia_Reconciliation.dbo.RPT_DIM_BOB_CUSTOMER_TYPE",
    ),
    parameters=(Parameter.COMPANIES, Parameter.ROSTER, Parameter.NEXT_PERIOD_START),
    primary_key=("id_company", "cod_oms_sales_order_item", "case_type"),
    amounts=("amounttorefund",),
    owner="team:accounting-excellence",
    event_date="event_date",
    balance="amounttorefund",
    notes=(
        "Totals add companies of different currencies: they prove that nothing was lost on the "
        "way and are no balance. Balances are added across companies only in USD (D7).",
        "event_date is the refund's or the return's date, whichever made the case: without it no "
        "single column could show that nothing of a later period is in.",
        "The control by_marketplace notes count and amount by marketplace flag.",
    ),
)
