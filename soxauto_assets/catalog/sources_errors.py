"""The fifteen integration error views of section 2.10, version b, under their exact names.

``°`` in two column names is the degree sign (U+00B0), as the material gives it; it is to be
confirmed at the source, like the columns of decision D28.
"""

from __future__ import annotations

from soxauto_assets.catalog.source_columns import AMOUNT, FINREC, TEXT, optional
from soxauto_assets.catalog.source_model import SourceTable


def _error_view(
    name: str, identifier: str, amount: str, status: str, company: str = "country"
) -> SourceTable:
    return SourceTable(
        FINREC,
        "dbo",
        name,
        (
            *optional(TEXT, company, identifier),
            *optional(AMOUNT, amount),
            *optional(TEXT, status),
        ),
        description="Records that NAV refused, as of now, with NAV's message.",
        is_view=True,
    )


ERROR_VIEWS: tuple[SourceTable, ...] = (
    _error_view(
        "V_REC_3PL_MANUAL_TRANSACTIONS_ERRORS", "LPMT_Code", "lPmT_Amount", "Nav_Error_Message"
    ),
    _error_view(
        "V_REC_CASHDEPOSIT_ERRORS", "Oms_Payment_No", "OMS Payment Amount", "Nav_Error_Message"
    ),
    _error_view("V_REC_COLLECTIONADJ_ERRORS", "NUMBER", "AMOUNT", "ERROR MESSAGE", "Id_Company"),
    _error_view(
        "V_REC_INTERNATIONAL_DELIVERY_FEES_ERRORS",
        "Transaction_No",
        "OMS_Amount",
        "Nav_Error_Message",
    ),
    _error_view(
        "V_REC_EXC_ACCOUNT_STATEMENTS_ERRORS",
        "RING_Transaction_Statement_No",
        "RING_Closing_Balance",
        "Nav_Error_Message",
    ),
    _error_view(
        "V_REC_JFORCE_PAYOUTS_ERRORS", "Payout_Number", "Payout_Amount", "Nav_Error_Message"
    ),
    _error_view(
        "V_REC_JPAYAPP_TRANSACTIONS_ERRORS",
        "ring_Transaction_Number",
        "Ring_Amount",
        "Nav_Error_Message",
    ),
    _error_view(
        "V_REC_SC_TRANSACTIONS_CUSTOMER_ERRORS",
        "transaction_number",
        "Amount After Discount",
        "nav_error_message",
    ),
    _error_view(
        "V_REC_PAYMENT_RECONCILES_ERRORS",
        "OMS Pay. Rec N°",
        "OMS reconciled amount",
        "Nav Error Message",
    ),
    _error_view("V_REC_PREPAID_DELIVERIES_ERRORS", "OMS Package N°", "AR", "Nav Error Message"),
    _error_view(
        "V_REC_CUSTOMER_PRE_PAYMENTS_ERRORS",
        "OMS_Order_No",
        "OMS_Pre_payment_Amount",
        "Nav_Error_Message",
    ),
    _error_view(
        "V_REC_CUSTOMER_REFUNDS_ERRORS", "OMS_refund_no", "OMS_Refund_Amount", "Nav_Error_Message"
    ),
    _error_view(
        "V_REC_SC_TRANSACTIONS_ERRORS",
        "transaction_number",
        "Amount After Discount",
        "nav_error_message",
    ),
    _error_view(
        "V_REC_SC_ACCOUNTSTATEMENTS_ERRORS",
        "statement_number",
        "Total Amount",
        "nav_error_message",
    ),
    _error_view(
        "V_REC_VENDOR_PAYMENTS_ERRORS", "Payout_Number", "Payout_Amount", "Nav_Error_Message"
    ),
)
