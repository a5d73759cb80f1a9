"""The columns of CR_03, in the order of ``query.sql``.

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import (
    AsOf,
    Boolean,
    Column,
    Date,
    Integer,
    Numeric,
    Text,
    Timestamp,
)
from soxauto_assets.catalog.scope import CONTROL_ACCOUNTS

_ENTRY = "AIG_Nav_DW.dbo.G_L Entries"
_DETAIL = "AIG_Nav_DW.dbo.Detailed G_L Entry"
_FDW = "AIG_Nav_Jumia_Reconciliation.fdw"
_IFRS = "AIG_Nav_Jumia_Reconciliation.dbo.GDOC_IFRS_Tabular_Mapping"
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
        "flg_in_conso_scope",
        Boolean(),
        "Whether the company is consolidated, as the company table has it today; the roster check "
        "fails where a company of the roster is not.",
        f"{_FDW}.Dim_Company.Flg_In_Conso_Scope",
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
        "Number of the general ledger entry, unique within a company.",
        f"{_ENTRY}.Entry No_",
    ),
    Column(
        "document_no", Text(), "Document number in NAV.", f"{_ENTRY}.Document No_", nullable=True
    ),
    Column(
        "external_document_no",
        Text(),
        "Reference that the counterparty gave the document.",
        f"{_ENTRY}.External Document No_",
        nullable=True,
    ),
    Column(
        "voucher_no",
        Text(),
        "Voucher stamped on the entry.",
        f"{_ENTRY}.Voucher No_",
        nullable=True,
    ),
    Column("posting_date", Date(), "Accounting date of the entry.", f"{_ENTRY}.Posting Date"),
    Column(
        "posting_period",
        Text(7),
        "Month of the accounting date, YYYY-MM.",
        f"{_ENTRY}.Posting Date",
        pattern=r"[0-9]{4}-(0[1-9]|1[0-2])",
    ),
    Column(
        "document_date",
        Date(),
        "Date on the document.",
        f"{_ENTRY}.Document Date",
        nullable=True,
    ),
    Column(
        "document_type",
        Text(),
        "Kind of document: invoice, credit memo, payment, or blank.",
        f"{_ENTRY}.Document Type",
        nullable=True,
    ),
    Column(
        "chart_of_accounts_no",
        Text(),
        "Local account that the entry was booked to.",
        f"{_ENTRY}.Chart of Accounts No_",
    ),
    Column(
        "account_name",
        Text(),
        "Name of the local account.",
        f"{_ENTRY}.Account Name",
        nullable=True,
    ),
    Column(
        "group_coa_account_no",
        Text(),
        "Group account that the chart of accounts gives the local account today.",
        f"{_FDW}.Dim_ChartOfAccounts.Group_COA_Account_no",
        as_of=AsOf.EXTRACTION,
        allowed=CONTROL_ACCOUNTS,
    ),
    Column(
        "group_coa_account_name",
        Text(),
        "Name of the group account.",
        f"{_FDW}.Dim_ChartOfAccounts.Group_COA_Account_Name",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "document_description",
        Text(),
        "Text of the entry, by which voucher entries are classified; it may name persons.",
        f"{_ENTRY}.Document Description",
        nullable=True,
        personal=True,
    ),
    Column(
        "amount",
        _NAV_AMOUNT,
        "Amount booked, in the company's currency, debit positive.",
        f"{_ENTRY}.Amount",
    ),
    Column(
        "remaining_amount",
        _NAV_AMOUNT,
        "What the entry's detailed entries up to the cut-off leave of it; zero without any.",
        f"sum of {_DETAIL}.Amount with Posting Date before the end of the month",
    ),
    Column(
        "busline_code",
        Text(),
        "Business line of the entry.",
        f"{_ENTRY}.Busline Code",
        nullable=True,
    ),
    Column(
        "department_code",
        Text(),
        "Department of the entry.",
        f"{_ENTRY}.Department Code",
        nullable=True,
    ),
    Column(
        "bal_account_type",
        Text(),
        "Kind of the balancing account.",
        f"{_ENTRY}.Bal_ Account Type",
        nullable=True,
    ),
    Column(
        "bal_account_no",
        Text(),
        "Balancing account; it may be a customer's number.",
        f"{_ENTRY}.Bal_ Account No_",
        nullable=True,
        personal=True,
    ),
    Column(
        "bal_account_name",
        Text(),
        "Name of the balancing account; it may be a customer's name.",
        f"{_ENTRY}.Bal_ Account Name",
        nullable=True,
        personal=True,
    ),
    Column(
        "reason_code", Text(), "Reason code of the entry.", f"{_ENTRY}.Reason Code", nullable=True
    ),
    Column(
        "source_code",
        Text(),
        "Journal in NAV that the entry came from.",
        f"{_ENTRY}.Source Code",
        nullable=True,
    ),
    Column(
        "reversed",
        Boolean(),
        "Whether the entry was reversed, or reverses another, when the report was extracted.",
        f"{_ENTRY}.Reversed",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "reversed_by_entry_no",
        Integer(64),
        "Entry that reversed this one; 0 or null means none. Classification needs it (D21).",
        f"{_ENTRY}.Reversed by Entry No_",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "reversed_entry_no",
        Integer(64),
        "Entry that this one reverses; 0 or null means none. Classification needs it (D21).",
        f"{_ENTRY}.Reversed Entry No_",
        nullable=True,
    ),
    Column(
        "user_id",
        Text(),
        "User who posted the entry; it tells manual from integrated entries.",
        f"{_ENTRY}.User ID",
        nullable=True,
        personal=True,
    ),
    Column(
        "g_l_creation_date",
        Timestamp(),
        "When the entry was created in NAV.",
        f"{_ENTRY}.G_L Creation Date",
        nullable=True,
    ),
    Column(
        "destination_code",
        Text(),
        "Destination of the entry.",
        f"{_ENTRY}.Destination Code",
        nullable=True,
    ),
    Column(
        "partner_code", Text(), "Partner of the entry.", f"{_ENTRY}.Partner Code", nullable=True
    ),
    Column(
        "system_created_entry",
        Boolean(),
        "Whether NAV made the entry by itself.",
        f"{_ENTRY}.System-Created Entry",
        nullable=True,
    ),
    Column(
        "source_type",
        Text(),
        "What source_no is the number of: a customer, a vendor, or blank.",
        f"{_ENTRY}.Source Type",
        nullable=True,
    ),
    Column(
        "source_no",
        Text(),
        "Number of the customer or vendor behind the entry.",
        f"{_ENTRY}.Source No",
        nullable=True,
        personal=True,
    ),
    Column(
        "ic_partner_code",
        Text(),
        "Company of the group on the other side, where there is one.",
        f"{_ENTRY}.IC Partner Code",
        nullable=True,
    ),
    Column(
        "vendortag_code",
        Text(),
        "Vendor tag of the entry.",
        f"{_ENTRY}.VendorTag Code",
        nullable=True,
    ),
    Column(
        "customertag_code",
        Text(),
        "Customer tag of the entry.",
        f"{_ENTRY}.CustomerTag Code",
        nullable=True,
    ),
    Column(
        "service_period",
        Text(),
        "Period of the service, as the entry has it.",
        f"{_ENTRY}.Service_Period",
        nullable=True,
    ),
    Column(
        "level_1_name",
        Text(),
        "IFRS caption of the group account, first level.",
        f"{_IFRS}.Level_1_Name",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "level_2_name",
        Text(),
        "IFRS caption of the group account, second level.",
        f"{_IFRS}.Level_2_Name",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "level_3_name",
        Text(),
        "IFRS caption of the group account, third level.",
        f"{_IFRS}.Level_3_Name",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "entrytype",
        Text(),
        "BackMargin when the text contains BM or BACKMARGIN in either case, even inside a word; "
        "otherwise Other. A label for readers: nothing is decided by it.",
        f"{_ENTRY}.Document Description",
        allowed=("BackMargin", "Other"),
    ),
)
