"""What IPE_08 is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import Parameter, Report
from soxauto_assets.catalog.scope import VOUCHERS

REPORT = Report(
    id="ipe_08",
    title="Vouchers issued up to the cut-off, and what is left of them",
    control="C-PG-1",
    purpose=(
        "Lists every voucher that the companies of the roster issued since 2017 and up to the end "
        "of the month, one row each, with the store credit that delivered orders had used of it "
        "by then. Face value less use is what the company still owes. Which vouchers are a "
        "liability is not decided here: the account mapping keeps those that were neither expired "
        "nor switched off at the cut-off and whose purpose is not marketing, and compares their "
        "sum with account 18412. Amounts of the voucher system's own snapshot are shown for "
        "information; they move with every later use and are never reconciled."
    ),
    family="vouchers",
    group_accounts=VOUCHERS,
    sources=(
        "AIG_Nav_Jumia_Reconciliation.dbo.V_STORECREDITVOUCHER_CLOSING",
        "AIG_Nav_Jumia_Reconciliation.dbo.StoreCreditVoucher",
        "AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI",
    ),
    parameters=(
        Parameter.COMPANIES,
        Parameter.ROSTER,
        Parameter.NEXT_PERIOD_START,
        Parameter.CUTOFF_DATE,
    ),
    primary_key=("id_company", "id"),
    amounts=(
        "totalremainingamount",
        "totalamountused",
        "discount_amount",
        "shipping_discount",
        "shipping_storecredit",
        "mpl_storecredit",
        "rtl_storecredit",
    ),
    owner="team:accounting-excellence",
    event_date="created_at",
    balance="totalremainingamount",
    notes=(
        "Use is matched by company and code, without regard to case and trailing blanks (D29).",
        "The total of totalremainingamount is over all vouchers; the liability is the part of "
        "them that decision D6 selects.",
        "Totals add companies of different currencies: they prove that nothing was lost on the "
        "way and are no balance.",
    ),
)
