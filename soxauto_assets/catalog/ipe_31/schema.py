"""The columns of IPE_31, in the order of ``query.sql``.

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

_FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"
_BLOCKS = (
    f"{_FINREC}.RPT_CASHREC_TRANSACTION, RPT_CASHREC_REALLOCATIONS, RPT_PACKLIST_PAYMENTS, "
    "RPT_CASHDEPOSIT"
)

COLUMNS: tuple[Column, ...] = (
    Column(
        "line_id",
        Text(),
        "Stable name of the line: block, company and the source's own key, joined by |. Block 1: "
        "transaction; 2: reallocation; 3: packlist; 4: payment and its kind.",
        f"rule D29: {_FINREC}.RPT_CASHREC_TRANSACTION.ID_Transaction, "
        "RPT_CASHREC_REALLOCATIONS.ID_Reallocation, RPT_PACKLIST_PAYMENTS.OMS_Packlist_No, "
        "RPT_CASHDEPOSIT.OMS_Payment_No and OMS_Type",
        pattern=r"[1-4]\|[^|]+\|.+",
    ),
    Column(
        "source_block",
        Integer(16),
        "1 open transaction, 2 reallocation, 3 packlist in progress, 4 payment in progress.",
        "rule D16",
        minimum="1",
    ),
    Column(
        "id_company",
        Text(),
        "Company to which the cash is owed, for example EC_NG.",
        f"ID_Company of {_BLOCKS}",
    ),
    Column(
        "event_date",
        Timestamp(),
        "When the item arose: for transfers, third party collections and reversals the date of "
        "their deposit where there is one, else the transaction's; the original transaction's "
        "date of a reallocation; the creation of a list; the date of a payment.",
        f"{_FINREC}.RPT_CASHREC_TRANSACTION.Created_Date, RPT_CASHDEPOSIT.OMS_Payment_Date and "
        "payment_reversal_date, RPT_CASHREC_REALLOCATIONS.Original_Transaction_date, "
        "RPT_PACKLIST_PAYMENTS.OMS_Packlist_Created_Date",
    ),
    Column(
        "cp",
        Text(),
        "Collection partner or delivery hub that holds the cash.",
        f"collection partner of {_BLOCKS}",
        nullable=True,
    ),
    Column(
        "transaction_type",
        Text(),
        "Type of the transaction or of the payment; Translist in progress for a packlist.",
        f"{_FINREC}.RPT_CASHREC_TRANSACTION.Transaction_Type, "
        "RPT_CASHREC_REALLOCATIONS.Transaction_type, RPT_CASHDEPOSIT.OMS_Type",
    ),
    Column(
        "related_entity",
        Text(),
        "Payment, packlist or other entity that the item belongs to.",
        f"{_FINREC}.RPT_CASHREC_TRANSACTION.Related_Entity, "
        "RPT_CASHREC_REALLOCATIONS.Related_Entity, RPT_PACKLIST_PAYMENTS.OMS_Packlist_No, "
        "RPT_CASHDEPOSIT.OMS_Payment_No",
        nullable=True,
    ),
    Column(
        "amount",
        Numeric(38, 4),
        "Open amount in local currency: transactions, reallocations and lists as owed by the "
        "partner, payments not yet applied as negative.",
        "rule D16: Amount; amount received less applied; applied less payment and charges",
    ),
    Column(
        "over_applied",
        Boolean(),
        "Whether more was applied than the list or the payment holds, so that the amount has the "
        "sign opposite to its block's.",
        "rule D16: block 3 below zero, block 4 above zero",
    ),
    Column(
        "service_provider",
        Text(),
        "Provider of the hub; the first by name where a hub has several.",
        f"{_FINREC}.RPT_HUBS_3PL_MAPPING.SERVICE_PROVIDER",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "type",
        Text(),
        "Kind of collection partner.",
        f"{_FINREC}.RPT_COLLECTIONPARTNERS.Type",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "erp_name",
        Text(),
        "Number of the partner as a provider in NAV.",
        f"{_FINREC}.RPT_COLLECTIONPARTNERS.ERP_Name",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "company_country",
        Text(2),
        "Country of the company.",
        "AIG_Nav_Jumia_Reconciliation.fdw.Dim_Company.Company_Country",
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "closing_date",
        Date(),
        "Day of the balance: the last day of the period.",
        "parameter cutoff_date",
    ),
    Column(
        "g_l_bank_account_no",
        Text(),
        "Ledger account of the provider's bank account, the first bank account by name; account "
        "10058 and unknown accounts are left out.",
        "AIG_Nav_DW.dbo.Bank Account Posting Group.G_L Bank Account No_",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "alternatives",
        Text(),
        "All choices where the partner maps to more than one: hub [provider, ...] partner [number "
        "(kind), ...] bank [account, ...], each part only where there is a choice, parts in this "
        "order with a blank between; inside a part each choice once, in binary text order. A "
        "number or kind left empty reads no number, no type. Empty where there is no choice.",
        f"rule D16: {_FINREC}.RPT_HUBS_3PL_MAPPING, RPT_COLLECTIONPARTNERS, "
        "AIG_Nav_DW.dbo.Bank Accounts",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
)
