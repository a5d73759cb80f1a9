"""The ledger's tables: NAV's reporting copy, and the rate table of Business Central.

Domain reference, section 3.1 and the last table of 3.3, with the columns of decision D28.
"""

from __future__ import annotations

from soxauto_assets.catalog.source_columns import (
    BUSINESS_CENTRAL,
    CURRENCY_CODE,
    FLAG,
    NAV_AMOUNT,
    NAV_DW,
    STAMP,
    TEXT,
    WHOLE,
    optional,
    required,
)
from soxauto_assets.catalog.source_model import SourceTable

NAV_TABLES: tuple[SourceTable, ...] = (
    SourceTable(
        NAV_DW,
        "dbo",
        "Customer Ledger Entries",
        (
            *required(TEXT, "id_company"),
            *required(WHOLE, "Entry No_"),
            *optional(WHOLE, "GL Entry No_"),
            *optional(TEXT, "Document No_", "Document Type", "External Document No_"),
            *required(STAMP, "Posting Date"),
            *required(TEXT, "Customer No_", "Customer Posting Group"),
            *optional(TEXT, "Description", "Source Code", "Reason Code"),
            *optional(TEXT, "Busline Code", "Department Code"),
            *optional(NAV_AMOUNT, "Original Amount"),
            *optional(CURRENCY_CODE, "Currency"),
            *optional(NAV_AMOUNT, "Original Amount (LCY)"),
            *optional(FLAG, "Open"),
            *optional(STAMP, "Due Date"),
            *optional(TEXT, "Posted by", "Destination Code", "Partner Code", "IC Partner Code"),
        ),
        key=("id_company", "Entry No_"),
        description="Customer ledger: one row an invoice, credit memo, payment or refund.",
    ),
    SourceTable(
        NAV_DW,
        "dbo",
        "Detailed Customer Ledg_ Entry",
        (
            *required(TEXT, "id_company"),
            *required(WHOLE, "Entry No_"),  # D28: its own number, assumed
            *required(WHOLE, "Cust_ Ledger Entry No_"),
            *required(TEXT, "Customer No_"),
            *required(STAMP, "Posting Date"),
            *optional(TEXT, "Entry Type"),
            *optional(NAV_AMOUNT, "Amount"),
            *required(NAV_AMOUNT, "Amount (LCY)"),
        ),
        key=("id_company", "Entry No_"),
        description="The movements that build and settle a customer ledger entry.",
    ),
    SourceTable(
        NAV_DW,
        "dbo",
        "Customers",
        (
            *required(TEXT, "id_company", "No_"),
            *optional(TEXT, "Name", "Busline Code"),
            *optional(FLAG, "Automatically integrated"),
            *optional(TEXT, "Customer Posting Group", "Stream"),
        ),
        key=("id_company", "No_"),
        description="Customer master, as it is today.",
    ),
    SourceTable(
        NAV_DW,
        "dbo",
        "Customer Posting Group",
        required(TEXT, "id_company", "Code", "Receivables Account"),
        key=("id_company", "Code"),
        description="The local receivables account that each posting group books to.",
    ),
    SourceTable(
        NAV_DW,
        "dbo",
        "G_L Entries",
        (
            *required(TEXT, "id_company"),
            *required(WHOLE, "Entry No_"),
            *optional(TEXT, "Document No_", "External Document No_", "Voucher No_"),
            *required(STAMP, "Posting Date"),
            *optional(STAMP, "Document Date"),
            *optional(TEXT, "Document Type"),
            *required(TEXT, "Chart of Accounts No_"),
            *optional(TEXT, "Account Name", "Document Description"),
            *required(NAV_AMOUNT, "Amount"),
            *optional(TEXT, "Busline Code", "Department Code"),
            *optional(TEXT, "Bal_ Account Type", "Bal_ Account No_", "Bal_ Account Name"),
            *optional(TEXT, "Reason Code", "Source Code"),
            *optional(FLAG, "Reversed"),
            *optional(WHOLE, "Reversed by Entry No_", "Reversed Entry No_"),  # D28: 0/null = none
            *optional(TEXT, "User ID"),
            *optional(STAMP, "G_L Creation Date"),
            *optional(TEXT, "Destination Code", "Partner Code"),
            *optional(FLAG, "System-Created Entry"),
            *optional(TEXT, "Source Type", "Source No", "IC Partner Code"),
            *optional(TEXT, "VendorTag Code", "CustomerTag Code", "Service_Period"),
        ),
        key=("id_company", "Entry No_"),
        description="General ledger entries; amounts are LCY, debit positive.",
    ),
    SourceTable(
        NAV_DW,
        "dbo",
        "Detailed G_L Entry",
        (
            *required(TEXT, "id_company"),
            *required(WHOLE, "Entry No_"),  # D28: its own number, assumed
            *required(WHOLE, "Gen_ Ledger Entry No_"),
            *required(STAMP, "Posting Date"),
            *required(TEXT, "G_L Account No_"),
            *required(NAV_AMOUNT, "Amount"),
        ),
        key=("id_company", "Entry No_"),
        description="The movements that build and settle a general ledger entry.",
    ),
    SourceTable(
        NAV_DW,
        "dbo",
        "Bank Accounts",
        (
            *required(TEXT, "ID_Company", "No_"),  # D28: No_ and Name are assumed
            *optional(TEXT, "Name", "Service Provider No_", "Bank Account Posting Group"),
        ),
        key=("ID_Company", "No_"),
        description="Bank accounts; a service provider may have several.",
    ),
    SourceTable(
        NAV_DW,
        "dbo",
        "Bank Account Posting Group",
        (*required(TEXT, "ID_Company", "Code"), *optional(TEXT, "G_L Bank Account No_")),
        key=("ID_Company", "Code"),
        description="The ledger account that each bank posting group books to.",
    ),
    SourceTable(
        BUSINESS_CENTRAL,
        "dbo",
        "Jade DZ$Currency Exchange Rate",
        (
            *required(CURRENCY_CODE, "Currency Code"),
            *required(STAMP, "Starting Date"),
            *required(NAV_AMOUNT, "Relational Exch_ Rate Amount"),
        ),
        key=("Currency Code", "Starting Date"),
        description="Rates of the Algerian company: DZD for one unit of the currency.",
    ),
)
