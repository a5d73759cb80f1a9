"""What IPE_08_TIMING is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import Parameter, Report
from soxauto_assets.catalog.scope import VOUCHERS

REPORT = Report(
    id="ipe_08_timing",
    title="Vouchers switched off but not expired, with orders open at the cut-off",
    control="C-PG-1",
    purpose=(
        "Lists the candidates for timing differences on account 18412: vouchers that the voucher "
        "system had switched off, that had not expired at the cut-off, and whose order was placed "
        "by then but neither delivered nor cancelled. Operations see such a voucher as used, the "
        "ledger does not yet. Orders are judged by their dates alone, for today's status would "
        "hide the very orders looked for. A voucher that no order names is listed too, with an "
        "empty item. The report explains a variance and is itself reconciled to no balance."
    ),
    family="vouchers",
    group_accounts=VOUCHERS,
    sources=(
        "AIG_Nav_Jumia_Reconciliation.dbo.V_STORECREDITVOUCHER_CLOSING",
        "AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI",
    ),
    parameters=(
        Parameter.COMPANIES,
        Parameter.ROSTER,
        Parameter.NEXT_PERIOD_START,
        Parameter.CUTOFF_DATE,
    ),
    primary_key=("id_company", "voucher_id", "fk_sales_order_item"),
    # The face value repeats on each item of a voucher: no total over the rows means anything (D29).
    amounts=(),
    owner="team:accounting-excellence",
    event_date="creation_date",
    notes=(
        "The face value stands on each item of a voucher. Its sum, each voucher once, is noted by "
        "the control vouchers_counted_once.",
        "Whether a voucher is switched off is known as of the extraction only (D12, D20): a "
        "voucher switched off after the cut-off is listed as well.",
    ),
)
