"""The columns of IPE_11, in the order of ``query.sql``.

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import AsOf, Boolean, Column, Numeric, Text, Timestamp

_TRANSACTION = "AIG_Nav_Jumia_Reconciliation.dbo.RPT_TRANSACTIONS_SELLER"
_STATEMENT = "AIG_Nav_Jumia_Reconciliation.RING.RPT_ACCOUNTSTATEMENTS"
_TYPE_NAME = "AIG_Nav_Jumia_Reconciliation.RING.RPT_TRANSACTIONS"
_VENDOR = "AIG_Nav_Jumia_Reconciliation.dbo.RPT_VENDORS"
_GROUPING = "AIG_Nav_Jumia_Reconciliation.dbo.GDOC_DIM_ASG_V2"

COLUMNS: tuple[Column, ...] = (
    Column(
        "id_company",
        Text(),
        "Company that earned the revenue, for example EC_NG.",
        f"{_TRANSACTION}.ID_Company",
    ),
    Column(
        "sc_created_date",
        Timestamp(),
        "When the transaction was created in Seller Center: the moment it was earned.",
        f"{_TRANSACTION}.Created_Date",
    ),
    Column(
        "sc_id_transaction",
        Text(),
        "The transaction in Seller Center, unique within a company.",
        f"{_TRANSACTION}.ID_Transaction",
    ),
    Column(
        "sc_transaction_no",
        Text(),
        "Number of the transaction as people see it.",
        f"{_TRANSACTION}.Transaction_No",
        nullable=True,
    ),
    Column(
        "sc_transaction_type",
        Text(),
        "Name of the transaction's type.",
        f"{_TYPE_NAME}.Transaction_Type_Name",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "sc_asg_name",
        Text(),
        "Type of the transaction by which the account grouping knows it.",
        f"{_TRANSACTION}.Transaction_Type",
    ),
    Column(
        "sc_nav_type",
        Text(),
        "Kind of the transaction for the ledger: fee, commission and the like.",
        f"{_TRANSACTION}.Nav_Type",
        nullable=True,
    ),
    Column(
        "sc_nav_message",
        Text(),
        "Name of the transaction for the ledger.",
        f"{_TRANSACTION}.ERP_Name",
        nullable=True,
    ),
    Column(
        "sc_transaction_amount",
        Numeric(18, 4),
        "Amount of the transaction in local currency, as it stands in Seller Center.",
        f"{_TRANSACTION}.Transaction_Amount",
    ),
    Column(
        "sc_created_manually",
        Boolean(),
        "Whether a person made the transaction.",
        f"{_TRANSACTION}.Created_Manually",
        nullable=True,
    ),
    Column(
        "sc_vendor_no",
        Text(),
        "Short code of the seller.",
        f"{_TRANSACTION}.Vendor_Short_Code",
        nullable=True,
    ),
    Column(
        "bob_id_vendor",
        Text(),
        "The seller's key in the web shop.",
        f"{_TRANSACTION}.BOB_ID_Vendor",
        nullable=True,
    ),
    Column(
        "sc_vendor_name",
        Text(),
        "Name of the seller, who may be a natural person.",
        f"{_TRANSACTION}.Vendor_Name",
        nullable=True,
        as_of=AsOf.EXTRACTION,
        personal=True,
    ),
    Column(
        "is_global",
        Boolean(),
        "Whether the seller sells across borders.",
        f"{_VENDOR}.Is_Global",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "sc_id_sales_order_item",
        Text(),
        "The order item in Seller Center.",
        f"{_TRANSACTION}.SC_ID_Sales_Order_Item",
        nullable=True,
    ),
    Column(
        "oms_id_sales_order_item",
        Text(),
        "The order item in the order management system.",
        f"{_TRANSACTION}.OMS_ID_Sales_Order_Item",
        nullable=True,
    ),
    Column(
        "bob_id_sales_order_item",
        Text(),
        "The order item in the web shop.",
        f"{_TRANSACTION}.BOB_ID_Sales_Order_Item",
        nullable=True,
    ),
    Column(
        "order_nr",
        Text(),
        "Order that the transaction belongs to.",
        f"{_TRANSACTION}.Order_Number",
        nullable=True,
    ),
    Column(
        "sc_id_account_statement",
        Text(),
        "Statement on which the transaction stands, on the day of the extraction; empty where it "
        "stands on none.",
        f"{_TRANSACTION}.ID_Account_Statement",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "sc_transaction_statement_no",
        Text(),
        "Number of that statement.",
        f"{_STATEMENT}.RING_Transaction_Statement_No",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "sc_start_date",
        Timestamp(),
        "When that statement starts.",
        f"{_STATEMENT}.RING_Start_Date",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "sc_end_date",
        Timestamp(),
        "When that statement ends; on a row of this report empty or after the period.",
        f"{_STATEMENT}.RING_End_Date",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "sc_paid",
        Boolean(),
        "Whether that statement is paid, on the day of the extraction.",
        f"{_STATEMENT}.RING_Paid",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "sc_paid_date",
        Timestamp(),
        "When that statement was paid.",
        f"{_STATEMENT}.RING_Paid_Date",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "asg_level_1",
        Text(),
        "First level of the account grouping; Revenues on every row of this report.",
        f"{_GROUPING}.ASG_Level_1",
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "asg_level_2",
        Text(),
        "Second level of the account grouping.",
        f"{_GROUPING}.ASG_Level_2",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "asg_level_3",
        Text(),
        "Third level of the account grouping.",
        f"{_GROUPING}.ASG_Level_3",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "asg_level_4",
        Text(),
        "Fourth level of the account grouping.",
        f"{_GROUPING}.ASG_Level_4",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "statement_missing",
        Boolean(),
        "Whether the transaction names a statement that does not exist at the source; it stays "
        "in, for nothing shows that it was closed.",
        f"rule D14: {_TRANSACTION}.ID_Account_Statement without a row in {_STATEMENT}",
        as_of=AsOf.EXTRACTION,
    ),
)
