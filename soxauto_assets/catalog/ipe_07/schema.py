"""The columns of IPE_07, in the order of ``query.sql``.

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import AsOf, Boolean, Column, Date, Integer, Numeric, Text

_ENTRY = "AIG_Nav_DW.dbo.Customer Ledger Entries"
_MOVEMENT = "AIG_Nav_DW.dbo.Detailed Customer Ledg_ Entry"
_CUSTOMER = "AIG_Nav_DW.dbo.Customers"
_GROUP = "AIG_Nav_DW.dbo.Customer Posting Group"
_FDW = "AIG_Nav_Jumia_Reconciliation.fdw"
_NAV_AMOUNT = Numeric(38, 20)

COLUMNS: tuple[Column, ...] = (
    Column(
        "id_company",
        Text(),
        "Company whose ledger holds the entry, for example EC_NG.",
        f"{_ENTRY}.id_company",
    ),
    Column(
        "company_country",
        Text(2),
        "Country of the company, as the company table has it today.",
        f"{_FDW}.Dim_Company.Company_Country",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "opco_central",
        Text(),
        "Whether the company is an operating company or a central one.",
        f"{_FDW}.Dim_Company.Opco/Central_?",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "entry_no",
        Integer(64),
        "Number of the customer ledger entry, unique within a company.",
        f"{_ENTRY}.Entry No_",
    ),
    Column(
        "gl_entry_no",
        Integer(64),
        "General ledger entry that was booked together with this entry.",
        f"{_ENTRY}.GL Entry No_",
        nullable=True,
    ),
    Column(
        "document_no", Text(), "Document number in NAV.", f"{_ENTRY}.Document No_", nullable=True
    ),
    Column(
        "document_type",
        Text(),
        "Kind of document: invoice, credit memo, payment, or blank.",
        f"{_ENTRY}.Document Type",
        nullable=True,
    ),
    Column(
        "external_document_no",
        Text(),
        "Reference that the counterparty gave the document.",
        f"{_ENTRY}.External Document No_",
        nullable=True,
    ),
    Column("posting_date", Date(), "Accounting date of the entry.", f"{_ENTRY}.Posting Date"),
    Column(
        "customer_no",
        Text(),
        "Customer's number in NAV.",
        f"{_ENTRY}.Customer No_",
        personal=True,
    ),
    Column(
        "customer_name",
        Text(),
        "Customer's name in the customer master today.",
        f"{_CUSTOMER}.Name",
        nullable=True,
        as_of=AsOf.EXTRACTION,
        personal=True,
    ),
    Column(
        "customer_busline",
        Text(),
        "Business line in the customer master today.",
        f"{_CUSTOMER}.Busline Code",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "automatically_integrated",
        Boolean(),
        "Whether an integration created the customer in the master.",
        f"{_CUSTOMER}.Automatically integrated",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "currentpostinggroup",
        Text(),
        "Posting group in the customer master today; the entry may carry another one.",
        f"{_CUSTOMER}.Customer Posting Group",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "stream",
        Text(),
        "Customer stream in the customer master today.",
        f"{_CUSTOMER}.Stream",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "customer_posting_group",
        Text(),
        "Posting group stamped on the entry when it was booked; it leads to the account.",
        f"{_ENTRY}.Customer Posting Group",
    ),
    Column(
        "receivables_account",
        Text(),
        "Local account that the posting group books receivables to, by today's set-up.",
        f"{_GROUP}.Receivables Account",
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "group_account",
        Text(),
        "Group account of the local account: 13003 trade, 13004 other, 13009 allowance.",
        f"{_FDW}.Dim_ChartOfAccounts.Group_COA_Account_no",
        as_of=AsOf.EXTRACTION,
        allowed=("13003", "13004", "13009"),
    ),
    Column(
        "description",
        Text(),
        "Free text of the entry; it may name persons.",
        f"{_ENTRY}.Description",
        nullable=True,
        personal=True,
    ),
    Column(
        "source_code",
        Text(),
        "Journal in NAV that the entry came from.",
        f"{_ENTRY}.Source Code",
        nullable=True,
    ),
    Column(
        "reason_code",
        Text(),
        "Reason code of the entry.",
        f"{_ENTRY}.Reason Code",
        nullable=True,
    ),
    Column(
        "busline_code",
        Text(),
        "Business line of the entry.",
        f"{_ENTRY}.Busline Code",
        nullable=True,
    ),
    Column(
        "busline_vertical_name_1",
        Text(),
        "Name of the business line, first level.",
        f"{_FDW}.Dim_Busline.Busline_Vertical_Name_1",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "busline_vertical_name_2",
        Text(),
        "Name of the business line, second level.",
        f"{_FDW}.Dim_Busline.Busline_Vertical_Name_2",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "busline_vertical_name_3",
        Text(),
        "Name of the business line, third level.",
        f"{_FDW}.Dim_Busline.Busline_Vertical_Name_3",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "department_code",
        Text(),
        "Department of the entry.",
        f"{_ENTRY}.Department Code",
        nullable=True,
    ),
    Column(
        "original_amount",
        _NAV_AMOUNT,
        "Amount of the entry when it was booked, in the currency of the transaction.",
        f"{_ENTRY}.Original Amount",
        nullable=True,
    ),
    Column(
        "currency",
        Text(3),
        "Currency of the transaction; blank in NAV stands for the company's own currency.",
        f"{_ENTRY}.Currency",
        nullable=True,
    ),
    Column(
        "original_amount_lcy",
        _NAV_AMOUNT,
        "Amount of the entry when it was booked, in the company's currency.",
        f"{_ENTRY}.Original Amount (LCY)",
        nullable=True,
    ),
    Column(
        "rem_amt_lcy",
        _NAV_AMOUNT,
        "Amount open at the cut-off in the company's currency, debit positive: the entry's "
        "movements up to the cut-off, added up. This amount is reconciled; it is never zero.",
        f"sum of {_MOVEMENT}.Amount (LCY) with Posting Date before the end of the month",
    ),
    Column(
        "customer_balance_lcy",
        _NAV_AMOUNT,
        "The customer's open amounts of this report, added up; the same on each of the "
        "customer's rows, so never to be added up itself.",
        "sum of rem_amt_lcy over the rows of the same company and customer",
    ),
    Column(
        "open",
        Boolean(),
        "NAV's flag for an open entry as it stood when the report was extracted.",
        f"{_ENTRY}.Open",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column("due_date", Date(), "Date the entry is due.", f"{_ENTRY}.Due Date", nullable=True),
    Column(
        "ageing_bucket",
        Text(),
        "Days overdue at the cut-off (cut-off less due date), as a range.",
        f"{_ENTRY}.Due Date against the cut-off date (D9)",
        allowed=(
            "not due",
            "1-30",
            "31-60",
            "61-90",
            "91-180",
            "181-365",
            "over 365",
            "no due date",
        ),
    ),
    Column(
        "posted_by",
        Text(),
        "User who posted the entry.",
        f"{_ENTRY}.Posted by",
        nullable=True,
        personal=True,
    ),
    Column(
        "destination_code",
        Text(),
        "Destination of the entry.",
        f"{_ENTRY}.Destination Code",
        nullable=True,
    ),
    Column(
        "partner_code",
        Text(),
        "Partner of the entry.",
        f"{_ENTRY}.Partner Code",
        nullable=True,
    ),
    Column(
        "ic_partner_code",
        Text(),
        "Company of the group on the other side, where there is one.",
        f"{_ENTRY}.IC Partner Code",
        nullable=True,
    ),
)
