"""What IPE_REC_ERRORS is for, what it reads, and which checks it answers for."""

from __future__ import annotations

from soxauto_assets.catalog.model import CheckKind, Parameter, Report

_FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"

REPORT = Report(
    id="ipe_rec_errors",
    title="Records refused by the ledger, as of the extraction",
    control="C-PG-1",
    purpose=(
        "Shows the records that operational systems sent to NAV and that NAV refused, for "
        "fifteen kinds of record. They explain differences between the operational reports and "
        "the general ledger; they are not a balance and are compared with no account. The error "
        "views hold what is open now and no date: the report shows the state at the moment of "
        "its extraction and explains only a period that was the last closed one at that moment. "
        "An empty report means that NAV refuses nothing at present."
    ),
    family="integration_errors",
    group_accounts=(),
    sources=(
        f"{_FINREC}.V_REC_3PL_MANUAL_TRANSACTIONS_ERRORS",
        f"{_FINREC}.V_REC_CASHDEPOSIT_ERRORS",
        f"{_FINREC}.V_REC_COLLECTIONADJ_ERRORS",
        f"{_FINREC}.V_REC_INTERNATIONAL_DELIVERY_FEES_ERRORS",
        f"{_FINREC}.V_REC_EXC_ACCOUNT_STATEMENTS_ERRORS",
        f"{_FINREC}.V_REC_JFORCE_PAYOUTS_ERRORS",
        f"{_FINREC}.V_REC_JPAYAPP_TRANSACTIONS_ERRORS",
        f"{_FINREC}.V_REC_SC_TRANSACTIONS_CUSTOMER_ERRORS",
        f"{_FINREC}.V_REC_PAYMENT_RECONCILES_ERRORS",
        f"{_FINREC}.V_REC_PREPAID_DELIVERIES_ERRORS",
        f"{_FINREC}.V_REC_CUSTOMER_PRE_PAYMENTS_ERRORS",
        f"{_FINREC}.V_REC_CUSTOMER_REFUNDS_ERRORS",
        f"{_FINREC}.V_REC_SC_TRANSACTIONS_ERRORS",
        f"{_FINREC}.V_REC_SC_ACCOUNTSTATEMENTS_ERRORS",
        f"{_FINREC}.V_REC_VENDOR_PAYMENTS_ERRORS",
    ),
    parameters=(Parameter.COMPANIES, Parameter.ROSTER),
    primary_key=("source_system", "id_company", "transaction_id", "occurrence"),
    amounts=("amount",),
    owner="team:accounting-excellence",
    not_applicable={
        CheckKind.WITHOUT_JOINS: (
            "The query puts fifteen views one under the other and joins nothing, so no join can "
            "multiply its rows."
        ),
        CheckKind.CUT_OFF: (
            "The error views hold no date of any kind: the report is the state at its "
            "extraction, and no row can be said to lie before or after a cut-off (D19)."
        ),
        CheckKind.WITNESSES: (
            "A witness is the last row before and the first row after a cut-off; without any "
            "date at the source there is neither (D19)."
        ),
    },
    allow_empty=True,
    notes=(
        "State at extraction: whatever the period, the rows are those of the moment at which the "
        "source was read (D19, D20).",
        "Fifteen kinds of record are covered; the project's material announces thirty-six "
        "sources and gives the views of these (2.10).",
        "Records whose company is not on the roster are left out and counted by the control "
        "off_roster.",
        "Totals add companies of different currencies: they prove that nothing was lost on the "
        "way and are no balance.",
    ),
)
