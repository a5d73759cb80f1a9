"""What IPE_07 (customer ledger) and CR_03 (general ledger entries) must hold."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from soxauto_assets_tests.support.oracle.collation import Index, fold
from soxauto_assets_tests.support.oracle.scope import (
    ACCOUNTS_OF_D4,
    CUSTOMER_LEDGER_ACCOUNTS,
    Month,
    before,
    on_roster,
)
from soxauto_assets_tests.support.oracle.source import Source
from soxauto_assets_tests.support.oracle.values import ZERO, day, flag, month_text

NAV = "AIG_Nav_DW.dbo"
FINREC = "AIG_Nav_Jumia_Reconciliation"


def ipe_07(source: Source, month: Month) -> list[dict[str, Any]]:
    """Open customer ledger entries at the cut-off (D9, D25, D29)."""
    # D9: the detailed entries with posting date < N sum up to the open amount of an entry.
    rest: dict[tuple[str | None, int], Decimal] = defaultdict(lambda: ZERO)
    for detail in source.rows(f"{NAV}.Detailed Customer Ledg_ Entry"):
        if before(detail["Posting Date"], month.n):
            rest[fold(detail["id_company"]), detail["Cust_ Ledger Entry No_"]] += detail[
                "Amount (LCY)"
            ]
    companies = Index(source.rows(f"{FINREC}.fdw.Dim_Company"), "Company_Code")
    lines = Index(source.rows(f"{FINREC}.fdw.Dim_Busline"), "Company_Code", "Busline_Code")
    accounts = Index(
        source.rows(f"{FINREC}.fdw.Dim_ChartOfAccounts"), "Company_Code", "G/L_Account_No"
    )
    groups = Index(source.rows(f"{NAV}.Customer Posting Group"), "id_company", "Code")
    customers = Index(source.rows(f"{NAV}.Customers"), "id_company", "No_")

    rows: list[dict[str, Any]] = []
    for entry in source.rows(f"{NAV}.Customer Ledger Entries"):
        company = entry["id_company"]
        open_amount = rest.get((fold(company), entry["Entry No_"]), ZERO)
        # D9: roster companies, posting date < N, a sum other than zero. A customer whose
        # entries net to zero stays in: nothing here looks at the customer.
        if not (on_roster(company) and before(entry["Posting Date"], month.n) and open_amount):
            continue
        # D9: posting group of the entry -> receivables account -> group account.
        receivables = groups.one(company, entry["Customer Posting Group"])["Receivables Account"]
        group_account = accounts.one(company, receivables)["Group_COA_Account_no"]
        # D9: these accounts are kept. A row that maps to nothing fails the report with a list
        # (D29); having no account it is not one of these rows.
        if fold(group_account) not in CUSTOMER_LEDGER_ACCOUNTS:
            continue
        customer = customers.one(company, entry["Customer No_"])
        line = lines.one(company, entry["Busline Code"])
        dim_company = companies.one(company)
        due = day(entry["Due Date"])
        rows.append(
            {
                "id_company": company,
                "company_country": dim_company["Company_Country"],
                "opco_central": dim_company["Opco/Central_?"],
                "entry_no": entry["Entry No_"],
                "gl_entry_no": entry["GL Entry No_"],
                "document_no": entry["Document No_"],
                "document_type": entry["Document Type"],
                "external_document_no": entry["External Document No_"],
                "posting_date": day(entry["Posting Date"]),
                "customer_no": entry["Customer No_"],
                "customer_name": customer["Name"],
                "customer_busline": customer["Busline Code"],
                "automatically_integrated": flag(customer["Automatically integrated"]),
                "currentpostinggroup": customer["Customer Posting Group"],
                "stream": customer["Stream"],
                "customer_posting_group": entry["Customer Posting Group"],
                "receivables_account": receivables,
                "group_account": group_account,
                "description": entry["Description"],
                "source_code": entry["Source Code"],
                "reason_code": entry["Reason Code"],
                "busline_code": entry["Busline Code"],
                "busline_vertical_name_1": line["Busline_Vertical_Name_1"],
                "busline_vertical_name_2": line["Busline_Vertical_Name_2"],
                "busline_vertical_name_3": line["Busline_Vertical_Name_3"],
                "department_code": entry["Department Code"],
                "original_amount": entry["Original Amount"],
                "currency": entry["Currency"],
                "original_amount_lcy": entry["Original Amount (LCY)"],
                "rem_amt_lcy": open_amount,
                "open": flag(entry["Open"]),
                "due_date": due,
                "ageing_bucket": ageing_bucket(due, month.cutoff_date),
                "posted_by": entry["Posted by"],
                "destination_code": entry["Destination Code"],
                "partner_code": entry["Partner Code"],
                "ic_partner_code": entry["IC Partner Code"],
            }
        )
    # D29: the customer's balance = sum over the rows of this report, by company and customer.
    balance: dict[tuple[str | None, str | None], Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        balance[fold(row["id_company"]), fold(row["customer_no"])] += row["rem_amt_lcy"]
    for row in rows:
        key = (fold(row["id_company"]), fold(row["customer_no"]))
        row["customer_balance_lcy"] = balance[key]
    return rows


def ageing_bucket(due: date | None, cutoff: date) -> str:
    """D9: days overdue = cutoff_date - due date; a null due date has a label of its own."""
    if due is None:
        return "no due date"
    overdue = (cutoff - due).days
    for last_day, label in (
        (0, "not due"),
        (30, "1-30"),
        (60, "31-60"),
        (90, "61-90"),
        (180, "91-180"),
        (365, "181-365"),
    ):
        if overdue <= last_day:
            return label
    return "over 365"


def cr_03(source: Source, month: Month) -> list[dict[str, Any]]:
    """Entries of the year up to the cut-off on the accounts of D4 (D18, D25, D29)."""
    # D18, D29: remaining amount = its detailed entries with posting date < N, 0 when none.
    rest: dict[tuple[str | None, int], Decimal] = defaultdict(lambda: ZERO)
    for detail in source.rows(f"{NAV}.Detailed G_L Entry"):
        if before(detail["Posting Date"], month.n):
            rest[fold(detail["id_company"]), detail["Gen_ Ledger Entry No_"]] += detail["Amount"]
    companies = Index(source.rows(f"{FINREC}.fdw.Dim_Company"), "Company_Code")
    accounts = Index(
        source.rows(f"{FINREC}.fdw.Dim_ChartOfAccounts"), "Company_Code", "G/L_Account_No"
    )
    levels = Index(source.rows(f"{FINREC}.dbo.GDOC_IFRS_Tabular_Mapping"), "Level_4_Code")

    rows = []
    for entry in source.rows(f"{NAV}.G_L Entries"):
        company, posted = entry["id_company"], entry["Posting Date"]
        # D18: roster companies, posting date >= year_start and < N, open or not.
        if not on_roster(company) or not month.year_start <= posted < month.n:
            continue
        # D29: the account is `Chart of Accounts No_`; D18: by group account.
        account = accounts.one(company, entry["Chart of Accounts No_"])
        if fold(account["Group_COA_Account_no"]) not in ACCOUNTS_OF_D4:
            continue
        dim_company = companies.one(company)
        level = levels.one(account["Group_COA_Account_no"])
        rows.append(
            {
                "id_company": company,
                "company_country": dim_company["Company_Country"],
                "flg_in_conso_scope": flag(dim_company["Flg_In_Conso_Scope"]),
                "opco_central": dim_company["Opco/Central_?"],
                "entry_no": entry["Entry No_"],
                "document_no": entry["Document No_"],
                "external_document_no": entry["External Document No_"],
                "voucher_no": entry["Voucher No_"],
                "posting_date": day(posted),
                "posting_period": month_text(posted),  # D25
                "document_date": day(entry["Document Date"]),
                "document_type": entry["Document Type"],
                "chart_of_accounts_no": entry["Chart of Accounts No_"],
                "account_name": entry["Account Name"],
                "group_coa_account_no": account["Group_COA_Account_no"],
                "group_coa_account_name": account["Group_COA_Account_Name"],
                "document_description": entry["Document Description"],
                "amount": entry["Amount"],
                "remaining_amount": rest.get((fold(company), entry["Entry No_"]), ZERO),
                "busline_code": entry["Busline Code"],
                "department_code": entry["Department Code"],
                "bal_account_type": entry["Bal_ Account Type"],
                "bal_account_no": entry["Bal_ Account No_"],
                "bal_account_name": entry["Bal_ Account Name"],
                "reason_code": entry["Reason Code"],
                "source_code": entry["Source Code"],
                "reversed": flag(entry["Reversed"]),
                "reversed_by_entry_no": entry["Reversed by Entry No_"],
                "reversed_entry_no": entry["Reversed Entry No_"],
                "user_id": entry["User ID"],
                "g_l_creation_date": entry["G_L Creation Date"],
                "destination_code": entry["Destination Code"],
                "partner_code": entry["Partner Code"],
                "system_created_entry": flag(entry["System-Created Entry"]),
                "source_type": entry["Source Type"],
                "source_no": entry["Source No"],
                "ic_partner_code": entry["IC Partner Code"],
                "vendortag_code": entry["VendorTag Code"],
                "customertag_code": entry["CustomerTag Code"],
                "service_period": entry["Service_Period"],
                "level_1_name": level["Level_1_Name"],
                "level_2_name": level["Level_2_Name"],
                "level_3_name": level["Level_3_Name"],
                "entrytype": entry_type(entry["Document Description"]),
            }
        )
    return rows


def entry_type(description: str | None) -> str:
    """Section 2.11: BackMargin where the text contains BM or BACKMARGIN, without case (D29)."""
    text = (description or "").lower()
    return "BackMargin" if "bm" in text or "backmargin" in text else "Other"
