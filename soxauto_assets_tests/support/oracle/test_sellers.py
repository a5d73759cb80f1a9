"""The oracle of IPE_11 against rows written by hand."""

from datetime import datetime
from decimal import Decimal

from soxauto_assets_tests.support.oracle import LiteralSource, Month, expected_rows

SEPTEMBER = Month(2024, 9)
INSIDE = datetime(2024, 9, 10)
LAST_MOMENT = datetime(2024, 9, 30, 23, 59, 59, 997000)
N = datetime(2024, 10, 1)
FINREC = "AIG_Nav_Jumia_Reconciliation"


def transaction(key, **others):
    return {
        "ID_Company": "EC_NG",
        "Created_Date": INSIDE,
        "ID_Transaction": key,
        "Transaction_Type": "Commission",
        **others,
    }


def statement(key, end):
    return {
        "id_company": "EC_NG",
        "RING_ID_Transaction_Statement": key,
        "RING_Transaction_Statement_No": f"No {key}",
        "RING_Start_Date": datetime(2024, 9, 1),
        "RING_End_Date": end,
        "RING_Paid": 0,
        "RING_Paid_Date": datetime(2024, 10, 9),
    }


def ipe_11(transactions, statements=()):
    source = LiteralSource(
        {
            f"{FINREC}.dbo.RPT_TRANSACTIONS_SELLER": transactions,
            f"{FINREC}.RING.RPT_ACCOUNTSTATEMENTS": statements,
            f"{FINREC}.dbo.RPT_VENDORS": [
                {"ID_company": "EC_NG", "BOB_ID_Vendor": "B1", "Is_Global": 1}
            ],
            f"{FINREC}.dbo.GDOC_DIM_ASG_V2": [
                {
                    "ID_Company": "EC_NG",
                    "SC_ASG_Name": "Commission",
                    "ASG_Level_1": "Revenues",
                    "ASG_Level_2": "MPL",
                    "ASG_Level_3": "Fees",
                    "ASG_Level_4": "Commission",
                },
                {"ID_Company": "EC_NG", "SC_ASG_Name": "Payout", "ASG_Level_1": "Other"},
                {"ID_Company": "EC_NG", "SC_ASG_Name": "Fee", "ASG_Level_1": "revenues"},
            ],
            f"{FINREC}.RING.RPT_TRANSACTIONS": [
                {"ID_Company": "EC_NG", "ID_Transaction": "1", "Transaction_Type_Name": "Comm."}
            ],
        }
    )
    return expected_rows("ipe_11", source, SEPTEMBER)


def test_accruals_are_cumulative_from_2020_to_the_last_moment_of_the_month():
    rows = ipe_11(
        [
            transaction("first", Created_Date=datetime(2020, 1, 1)),
            transaction("early", Created_Date=datetime(2019, 12, 31, 23, 59, 59, 997000)),
            transaction("last", Created_Date=LAST_MOMENT),
            transaction("after", Created_Date=N),
            transaction("never", Created_Date=None),
            transaction("off roster", ID_Company="EC_CM"),
        ]
    )
    assert [row["sc_id_transaction"] for row in rows] == ["first", "last"]


def test_only_revenues_count_and_a_type_without_grouping_is_not_one():
    types = ["Commission", "commission ", "Fee", "Payout", "Unknown", None]
    rows = ipe_11([transaction(str(n), Transaction_Type=t) for n, t in enumerate(types)])
    assert [(row["sc_asg_name"], row["asg_level_1"]) for row in rows] == [
        ("Commission", "Revenues"),
        ("commission ", "Revenues"),
        ("Fee", "revenues"),
    ]


def test_a_statement_counts_when_it_ends_before_the_bound_and_a_missing_one_is_flagged():
    statements = [statement("closed", LAST_MOMENT), statement("next", N), statement("open", None)]
    rows = ipe_11(
        [transaction(str(s), ID_Account_Statement=s) for s in ("closed", "NEXT", "open", "lost")]
        + [transaction("on none")],
        statements,
    )
    assert [(row["sc_id_transaction"], row["statement_missing"]) for row in rows] == [
        ("NEXT", False),
        ("open", False),
        ("lost", True),
        ("on none", False),
    ]


def test_a_seller_transaction_comes_out_whole():
    full = transaction(
        "1",
        Transaction_No="T1",
        Nav_Type="Fee",
        ERP_Name="message",
        Transaction_Amount=Decimal("-4.5"),
        Created_Manually=0,
        Vendor_Short_Code="VS",
        BOB_ID_Vendor="b1",
        Vendor_Name="Vendor",
        SC_ID_Sales_Order_Item="S1",
        OMS_ID_Sales_Order_Item="O1",
        BOB_ID_Sales_Order_Item="B2",
        Order_Number="N1",
        ID_Account_Statement="A1",
    )
    assert ipe_11([full], [statement("A1", N)]) == [
        {
            "id_company": "EC_NG",
            "sc_created_date": INSIDE,
            "sc_id_transaction": "1",
            "sc_transaction_no": "T1",
            "sc_transaction_type": "Comm.",
            "sc_asg_name": "Commission",
            "sc_nav_type": "Fee",
            "sc_nav_message": "message",
            "sc_transaction_amount": Decimal("-4.5"),
            "sc_created_manually": False,
            "sc_vendor_no": "VS",
            "bob_id_vendor": "b1",
            "sc_vendor_name": "Vendor",
            "is_global": True,
            "sc_id_sales_order_item": "S1",
            "oms_id_sales_order_item": "O1",
            "bob_id_sales_order_item": "B2",
            "order_nr": "N1",
            "sc_id_account_statement": "A1",
            "sc_transaction_statement_no": "No A1",
            "sc_start_date": datetime(2024, 9, 1),
            "sc_end_date": N,
            "sc_paid": False,
            "sc_paid_date": datetime(2024, 10, 9),
            "statement_missing": False,
            "asg_level_1": "Revenues",
            "asg_level_2": "MPL",
            "asg_level_3": "Fees",
            "asg_level_4": "Commission",
        }
    ]
