"""What IPE_11 (marketplace accrued revenue) must hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from soxauto_assets_tests.support.oracle.collation import NO_ROW, Index, same
from soxauto_assets_tests.support.oracle.scope import Month, after, before, on_roster
from soxauto_assets_tests.support.oracle.source import Source
from soxauto_assets_tests.support.oracle.values import flag

FINREC = "AIG_Nav_Jumia_Reconciliation"


def ipe_11(source: Source, month: Month) -> list[dict[str, Any]]:
    """Seller revenues on no statement closed before the cut-off, cumulative (D14, D25, D29)."""
    statements = Index(
        source.rows(f"{FINREC}.RING.RPT_ACCOUNTSTATEMENTS"),
        "id_company",
        "RING_ID_Transaction_Statement",
    )
    vendors = Index(source.rows(f"{FINREC}.dbo.RPT_VENDORS"), "ID_company", "BOB_ID_Vendor")
    groupings = Index(source.rows(f"{FINREC}.dbo.GDOC_DIM_ASG_V2"), "ID_Company", "SC_ASG_Name")
    types = Index(source.rows(f"{FINREC}.RING.RPT_TRANSACTIONS"), "ID_Company", "ID_Transaction")
    rows = []
    for transaction in source.rows(f"{FINREC}.dbo.RPT_TRANSACTIONS_SELLER"):
        company, created = transaction["ID_Company"], transaction["Created_Date"]
        # D14: roster companies, created >= 2020-01-01 and < N (cumulative).
        if not (on_roster(company) and before(created, month.n)):
            continue
        if created < datetime(2020, 1, 1):
            continue
        # D14: ASG level 1 = Revenues. A type without ASG row fails the report (D29).
        grouping = groupings.one(company, transaction["Transaction_Type"])
        if not same(grouping["ASG_Level_1"], "Revenues"):
            continue
        # D14: on no statement, or end date >= N (null is in, D29), or statement row missing.
        statement = statements.one(company, transaction["ID_Account_Statement"])
        missing = transaction["ID_Account_Statement"] is not None and statement is NO_ROW
        if not after(statement["RING_End_Date"], month.n):
            continue
        rows.append(
            {
                "id_company": company,
                "sc_created_date": created,
                "sc_id_transaction": transaction["ID_Transaction"],
                "sc_transaction_no": transaction["Transaction_No"],
                "sc_transaction_type": types.one(company, transaction["ID_Transaction"])[
                    "Transaction_Type_Name"
                ],
                "sc_asg_name": transaction["Transaction_Type"],
                "sc_nav_type": transaction["Nav_Type"],
                "sc_nav_message": transaction["ERP_Name"],
                "sc_transaction_amount": transaction["Transaction_Amount"],
                "sc_created_manually": flag(transaction["Created_Manually"]),
                "sc_vendor_no": transaction["Vendor_Short_Code"],
                "bob_id_vendor": transaction["BOB_ID_Vendor"],
                "sc_vendor_name": transaction["Vendor_Name"],
                "is_global": flag(vendors.one(company, transaction["BOB_ID_Vendor"])["Is_Global"]),
                "sc_id_sales_order_item": transaction["SC_ID_Sales_Order_Item"],
                "oms_id_sales_order_item": transaction["OMS_ID_Sales_Order_Item"],
                "bob_id_sales_order_item": transaction["BOB_ID_Sales_Order_Item"],
                "order_nr": transaction["Order_Number"],
                "sc_id_account_statement": transaction["ID_Account_Statement"],
                "sc_transaction_statement_no": statement["RING_Transaction_Statement_No"],
                "sc_start_date": statement["RING_Start_Date"],
                "sc_end_date": statement["RING_End_Date"],
                "sc_paid": flag(statement["RING_Paid"]),
                "sc_paid_date": statement["RING_Paid_Date"],
                "statement_missing": missing,  # D25
                "asg_level_1": grouping["ASG_Level_1"],
                "asg_level_2": grouping["ASG_Level_2"],
                "asg_level_3": grouping["ASG_Level_3"],
                "asg_level_4": grouping["ASG_Level_4"],
            }
        )
    return rows
