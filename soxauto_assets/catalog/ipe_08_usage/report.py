"""What IPE_08_USAGE is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import CheckKind, Parameter, Report
from soxauto_assets.catalog.scope import VOUCHERS

REPORT = Report(
    id="ipe_08_usage",
    title="Store credit used, by voucher code and month of delivery",
    control="C-PG-1",
    purpose=(
        "Shows when the store credit of vouchers was used: for each company, voucher code and "
        "month, what delivered items paid with it, from the first delivery to the end of the "
        "month under control. It explains the use side of account 18412 month by month and is "
        "read beside IPE_08, which shows the same vouchers once each. The two do not tie out: "
        "this report counts the type reusablecredit only, IPE_08 counts every type (D11). A code "
        "that no voucher is known for stays in, with its amounts and without a voucher number."
    ),
    family="vouchers",
    group_accounts=VOUCHERS,
    sources=(
        "AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI",
        "AIG_Nav_Jumia_Reconciliation.dbo.V_STORECREDITVOUCHER_CLOSING",
    ),
    parameters=(
        Parameter.COMPANIES,
        Parameter.ROSTER,
        Parameter.NEXT_PERIOD_START,
        Parameter.CUTOFF_DATE,
    ),
    primary_key=("id_company", "code", "delivery_mth"),
    amounts=("totalamountused", "shipping_storecredit", "mpl_storecredit", "rtl_storecredit"),
    owner="team:accounting-excellence",
    not_applicable={
        CheckKind.CUT_OFF: (
            "A row is a whole month of deliveries and carries no date of its own. That no later "
            "delivery is counted is shown by the total of the driving table, which bounds the "
            "deliveries by day, and by the witness after the month's end."
        ),
    },
    notes=(
        "Items with store credit but without a code are left out and counted by the control "
        "left_out_without_code.",
        "Totals add companies of different currencies: they prove that nothing was lost on the "
        "way and are no balance.",
    ),
)
