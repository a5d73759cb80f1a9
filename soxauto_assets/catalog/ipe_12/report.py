"""What IPE_12 is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import Parameter, Report
from soxauto_assets.catalog.scope import PACKAGES_NOT_RECONCILED

REPORT = Report(
    id="ipe_12",
    title="Packages delivered and not reconciled at the cut-off",
    control="C-PG-1",
    purpose=(
        "Shows what was delivered against payment at the door and whose collection was not "
        "settled by the end of the month, order item by order item. An item is in when it was "
        "delivered before the period ended, when its order was not prepaid and has a payment to "
        "collect, and when nobody had settled a missing collection by then. A package of which "
        "all that was expected has been received is out; the source keeps no date of that, so "
        "this is the state at extraction, and the packages left out are counted with their "
        "amounts. The sum of balance_lcy is compared with the general ledger (CR_04) on 13005 "
        "and 13024 together."
    ),
    family="packages_not_reconciled",
    group_accounts=PACKAGES_NOT_RECONCILED,
    sources=(
        "AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI",
        "STG_AIG_NAV_JUMIA_REC.OMS.PACKAGE_CASHREC",
        "AIG_Nav_Jumia_Reconciliation.dbo.RPT_DIM_BOB_CUSTOMER_TYPE",
    ),
    parameters=(Parameter.COMPANIES, Parameter.ROSTER, Parameter.NEXT_PERIOD_START),
    primary_key=("id_company", "cod_oms_sales_order_item"),
    amounts=(
        "mtr_shipping_fee_modification",
        "amount_expected",
        "amount_received",
        "amount_paid",
        "paid_price",
        "paid_shipping",
        "balance_lcy",
    ),
    owner="team:accounting-excellence",
    event_date="delivered_date",
    balance="balance_lcy",
    notes=(
        "Totals add companies of different currencies: they prove that nothing was lost on the "
        "way and are no balance. Balances are added across companies only in USD (D7).",
        "Packages left out as collected are counted, with their amounts, by the control "
        "collected_packages. Extracted later, a month may hold fewer packages (D15, D20).",
        "amount_expected and amount_received are amounts of a package and stand on its first "
        "item in this report alone.",
    ),
)
