"""What IPE_10 is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import CheckKind, Parameter, Report
from soxauto_assets.catalog.scope import PREPAYMENTS

REPORT = Report(
    id="ipe_10",
    title="Customer prepayments held at the cut-off",
    control="C-PG-1",
    purpose=(
        "Shows the money that customers paid in advance and that each company still held at the "
        "end of the month, order item by order item. An item is in when finance verified its "
        "payment before the period ended and when by then it was neither delivered nor refunded. "
        "A later delivery or refund does not take it out, so a closed month keeps its figures. "
        "An item that was cancelled or failed without a refund stays in and carries a flag. "
        "The sum of balance_lcy, with its sign turned, is what the general ledger (CR_04) should "
        "show on 18350."
    ),
    family="prepayments",
    group_accounts=PREPAYMENTS,
    sources=("AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI",),
    parameters=(Parameter.COMPANIES, Parameter.ROSTER, Parameter.NEXT_PERIOD_START),
    primary_key=("id_company", "cod_oms_sales_order_item"),
    amounts=("paid_for_items", "paid_price", "paid_for_shipping", "balance_lcy"),
    owner="team:accounting-excellence",
    event_date="finance_verified_date",
    balance="balance_lcy",
    not_applicable={
        CheckKind.WITHOUT_JOINS: (
            "The query reads one table and joins nothing, so no join can multiply its rows."
        ),
    },
    notes=(
        "Totals add companies of different currencies: they prove that nothing was lost on the "
        "way and are no balance. Balances are added across companies only in USD (D7).",
        "Items cancelled or failed in time and kept are counted, with their balance, by the "
        "control cancelled_or_failed_kept.",
    ),
)
