"""What IPE_REC_ERRORS (integration errors, state of now) must hold."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from soxauto_assets_tests.support.oracle.collation import binary, fold
from soxauto_assets_tests.support.oracle.scope import Month, on_roster
from soxauto_assets_tests.support.oracle.source import Source

FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"

# Section 2.10, version b: system, view, id, amount, status and company columns.
# fmt: off
VIEWS = (
    ("3PL Manual Transactions", "V_REC_3PL_MANUAL_TRANSACTIONS_ERRORS",
     "LPMT_Code", "lPmT_Amount", "Nav_Error_Message", "country"),
    ("Cash Deposits", "V_REC_CASHDEPOSIT_ERRORS",
     "Oms_Payment_No", "OMS Payment Amount", "Nav_Error_Message", "country"),
    ("Collection Adjustments", "V_REC_COLLECTIONADJ_ERRORS",
     "NUMBER", "AMOUNT", "ERROR MESSAGE", "Id_Company"),
    ("Delivery Fees", "V_REC_INTERNATIONAL_DELIVERY_FEES_ERRORS",
     "Transaction_No", "OMS_Amount", "Nav_Error_Message", "country"),
    ("Exception Account Statements", "V_REC_EXC_ACCOUNT_STATEMENTS_ERRORS",
     "RING_Transaction_Statement_No", "RING_Closing_Balance", "Nav_Error_Message", "country"),
    ("JForce Payouts", "V_REC_JFORCE_PAYOUTS_ERRORS",
     "Payout_Number", "Payout_Amount", "Nav_Error_Message", "country"),
    ("JPay App Transactions", "V_REC_JPAYAPP_TRANSACTIONS_ERRORS",
     "ring_Transaction_Number", "Ring_Amount", "Nav_Error_Message", "country"),
    ("Marketplace Shipping Fees", "V_REC_SC_TRANSACTIONS_CUSTOMER_ERRORS",
     "transaction_number", "Amount After Discount", "nav_error_message", "country"),
    ("Packlist Payments", "V_REC_PAYMENT_RECONCILES_ERRORS",
     "OMS Pay. Rec N°", "OMS reconciled amount", "Nav Error Message", "country"),
    ("Prepaid Deliveries", "V_REC_PREPAID_DELIVERIES_ERRORS",
     "OMS Package N°", "AR", "Nav Error Message", "country"),
    ("SOI Prepayments", "V_REC_CUSTOMER_PRE_PAYMENTS_ERRORS",
     "OMS_Order_No", "OMS_Pre_payment_Amount", "Nav_Error_Message", "country"),
    ("Refunds", "V_REC_CUSTOMER_REFUNDS_ERRORS",
     "OMS_refund_no", "OMS_Refund_Amount", "Nav_Error_Message", "country"),
    ("Seller Transactions", "V_REC_SC_TRANSACTIONS_ERRORS",
     "transaction_number", "Amount After Discount", "nav_error_message", "country"),
    ("Ring Account Statements", "V_REC_SC_ACCOUNTSTATEMENTS_ERRORS",
     "statement_number", "Total Amount", "nav_error_message", "country"),
    ("Vendor Payments", "V_REC_VENDOR_PAYMENTS_ERRORS",
     "Payout_Number", "Payout_Amount", "Nav_Error_Message", "country"),
)
# fmt: on


def ipe_rec_errors(source: Source, month: Month) -> list[dict[str, Any]]:
    """The fifteen error views in one shape, as of now (D19, D29); the month plays no part."""
    rows: list[dict[str, Any]] = []
    for system, view, identifier, amount, status, company in VIEWS:
        for error in source.rows(f"{FINREC}.{view}"):
            # D19: the country column holds the company code; off the roster is left out.
            if on_roster(error[company]):
                rows.append(
                    {
                        "source_system": system,
                        "id_company": error[company],
                        # D26: a nullable key part is output as ''.
                        "transaction_id": error[identifier] or "",
                        "amount": error[amount],
                        "integration_status": error[status],
                    }
                )
    # D29: rows stay as they are; a repeated key (equal under the collation, D26) is told apart
    # by occurrence 1, 2, ... in order of amount, then status. Null sorts first, as at the source.
    # Where both are the same, spelling decides, so that the same data comes in the same order.
    repeated: dict[tuple[str | None, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        key = (row["source_system"], fold(row["id_company"]), fold(row["transaction_id"]))
        repeated[key].append(row)
    for group in repeated.values():
        group.sort(key=_occurrence_order)
        for occurrence, row in enumerate(group, start=1):
            row["occurrence"] = occurrence
    return rows


def _occurrence_order(row: dict[str, Any]) -> tuple[Any, ...]:
    amount, status = row["amount"], row["integration_status"]
    return (
        amount is not None,
        0 if amount is None else amount,
        status is not None,
        b"" if status is None else binary(status),
        binary(row["transaction_id"]),
        binary(row["id_company"]),
    )
