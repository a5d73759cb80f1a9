"""What IPE_31 (open collection items by partner) must hold: the four blocks of section 2.8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from soxauto_assets_tests.support.oracle.collation import (
    NO_ROW,
    Index,
    Row,
    binary,
    blank,
    fold,
    same,
    spellings,
)
from soxauto_assets_tests.support.oracle.scope import Month, after, before, on_roster
from soxauto_assets_tests.support.oracle.source import Source
from soxauto_assets_tests.support.oracle.values import amount, is_set

NAV = "AIG_Nav_DW.dbo"
FINREC = "AIG_Nav_Jumia_Reconciliation"

NOT_OPEN_TYPES = frozenset(
    {
        "payment",
        "collection adjustment (over)",
        "collection adjustment (under)",
        "payment charges",
        "reallocation from",
        "transfer from",
        "payment charges rev",
    }
)
IN_PROGRESS = frozenset({"inprogress", "closed", "waitingconfirmation"})
DEPOSIT_OF = {
    "transfer to": ("Transfer", "OMS_Payment_Date"),
    "third party collection": ("Payment", "OMS_Payment_Date"),
    "payment - rev": ("Payment", "payment_reversal_date"),
}
"""Block 1: the type of deposit that a transaction type joins, and the date taken from it."""


def ipe_31(source: Source, month: Month) -> list[dict[str, Any]]:
    """Open transactions, reallocations, lists and payments in progress (D16, D25, D29)."""
    partners = _Partners(source)
    companies = Index(source.rows(f"{FINREC}.fdw.Dim_Company"), "Company_Code")
    rows = []
    for block, lines in enumerate(
        (
            open_transactions(source, month),
            reallocations(source, month),
            lists_in_progress(source, month),
            payments_in_progress(source, month),
        ),
        start=1,
    ):
        for line in lines:
            company = line["id_company"]
            # D29: line id = block, company and source key, joined by `|`.
            keys = [str(block), company, *line.pop("source_key")]
            rows.append(
                {
                    "line_id": "|".join(keys),
                    "source_block": block,
                    **line,
                    **partners.of(company, line["cp"]),
                    "company_country": companies.one(company)["Company_Country"],
                    "closing_date": month.cutoff_date,  # D29
                }
            )
    return rows


def open_transactions(source: Source, month: Month) -> Iterator[dict[str, Any]]:
    """Block 1."""
    waiting = waiting_lists(source)
    deposits = Index(
        source.rows(f"{FINREC}.dbo.RPT_CASHDEPOSIT"), "ID_Company", "OMS_Payment_No", "OMS_Type"
    )
    for transaction in source.rows(f"{FINREC}.dbo.RPT_CASHREC_TRANSACTION"):
        company = transaction["ID_Company"]
        kind = fold(transaction["Transaction_Type"])
        if not on_roster(company) or kind in NOT_OPEN_TYPES:
            continue
        # Section 2.8: the deposit's date where there is one, else Created_Date.
        event_date = transaction["Created_Date"]
        if kind in DEPOSIT_OF:
            deposit_type, date_column = DEPOSIT_OF[kind]
            deposit = deposits.one(company, transaction["Related_Entity"], deposit_type)
            event_date = deposit[date_column] or event_date
        list_no = transaction["Transaction_List_Nr"]
        # On no list, or on one dated N or later (null is in, D29), or on a waiting list.
        on_open_list = (
            list_no is None
            or after(transaction["Transaction_List_Date"], month.n)
            or (fold(company), fold(list_no)) in waiting
        )
        # Amount <> 0. An unknown amount is not zero: the line stays, and breaks the contract.
        if before(event_date, month.n) and on_open_list and transaction["Amount"] != 0:
            yield {
                "source_key": (transaction["ID_Transaction"],),
                "id_company": company,
                "event_date": event_date,
                "cp": transaction["Collection_Partner"],
                "transaction_type": transaction["Transaction_Type"],
                "related_entity": transaction["Related_Entity"],
                "amount": transaction["Amount"],
                "over_applied": False,
            }


def waiting_lists(source: Source) -> set[tuple[str | None, str | None]]:
    """Helper W of 2.8; its statuses are those of the extraction (D16)."""
    reconciled = {
        (fold(payment["ID_Company"]), fold(payment["OMS_Packlist_No"]))
        for payment in source.rows(f"{FINREC}.dbo.RPT_PACKLIST_PAYMENTS")
        if payment["OMS_Payment_Reconciled_Amount"] is not None
    }
    waiting = set()
    for package in source.rows(f"{FINREC}.dbo.RPT_PACKLIST_PACKAGES"):
        key = (fold(package["ID_Company"]), fold(package["OMS_Packlist_No"]))
        status = package["OMS_Packlist_status"]
        if same(status, "waitingApproval") or (
            same(status, "waitingConfirmation") and key not in reconciled
        ):
            waiting.add(key)
    return waiting


def reallocations(source: Source, month: Month) -> Iterator[dict[str, Any]]:
    """Block 2: made before N, moved on at N or later (a null date is in, D29)."""
    for move in source.rows(f"{FINREC}.dbo.RPT_CASHREC_REALLOCATIONS"):
        if (
            on_roster(move["ID_Company"])
            and before(move["Original_Transaction_date"], month.n)
            and after(move["Reallocated_Transaction_Date"], month.n)
        ):
            yield {
                "source_key": (move["ID_Reallocation"],),
                "id_company": move["ID_Company"],
                "event_date": move["Original_Transaction_date"],
                "cp": move["Collection_Partner_From"],
                "transaction_type": move["Transaction_type"],
                "related_entity": move["Related_Entity"],
                "amount": move["Amount"],
                "over_applied": False,
            }


def _rest(received: Decimal | None, payments: Iterable[Row], month: Month) -> Decimal | None:
    """What is left of an amount after its payments dated before N, charges included.

    Unknown where the amount is unknown: it never counts as zero (as D8 says of inputs).
    """
    if received is None:
        return None
    for payment in payments:
        if before(payment["OMS_Payment_Date"], month.n):
            received -= amount(payment["OMS_Payment_Reconciled_Amount"])
            received -= amount(payment["OMS_Payment_Charges_Reconciled_Amount"])
    return received


def lists_in_progress(source: Source, month: Month) -> Iterator[dict[str, Any]]:
    """Block 3: one line a list (D29); over-applied ones stay in, flagged (D16)."""
    closed = {
        (fold(row["ID_Company"]), fold(row["OMS_Entity_No"]))
        for row in source.rows(f"{FINREC}.dbo.RPT_COLLECTIONADJ")
        if same(row["OMS_Entity_Type"], "packlist")
        and is_set(row["OMS_Force_Closed"])
        and (row["OMS_Close_Date"] is None or row["OMS_Close_Date"] < month.n)
    }
    lists = Index(
        source.rows(f"{FINREC}.dbo.RPT_PACKLIST_PAYMENTS"),
        "ID_Company",
        "OMS_Packlist_No",
        where=lambda payment: (
            on_roster(payment["ID_Company"])
            and before(payment["OMS_Packlist_Created_Date"], month.n)
            and fold(payment["OMS_Packlist_Status"]) in IN_PROGRESS
            and payment["OMS_Payment_Reconciled_Amount"] is not None
        ),
    )
    for payments in lists.groups():
        # D29: its texts from the row with the smallest ID_Packlist_Payment.
        first = min(payments, key=lambda payment: binary(payment["ID_Packlist_Payment"]))
        rest = _rest(first["OMS_Amount_Received"], payments, month)
        key = (fold(first["ID_Company"]), fold(first["OMS_Packlist_No"]))
        if rest != 0 and key not in closed:  # D29: a rest of zero is no line
            yield {
                "source_key": (first["OMS_Packlist_No"],),
                "id_company": first["ID_Company"],
                "event_date": first["OMS_Packlist_Created_Date"],
                "cp": first["OMS_Collection_Partner_Name"],
                "transaction_type": "Translist in progress",
                "related_entity": first["OMS_Packlist_No"],
                "amount": rest,
                "over_applied": rest is not None and rest < 0,
            }


def payments_in_progress(source: Source, month: Month) -> Iterator[dict[str, Any]]:
    """Block 4: minus what a payment or transfer has not applied; over-applied is positive (D29)."""
    # Closed by hand before N. [D] of 3.3: also where OMS_Force_Closed is null.
    closed = {
        (fold(row["ID_Company"]), fold(row["OMS_Entity_No"]))
        for row in source.rows(f"{FINREC}.dbo.RPT_COLLECTIONADJ")
        if row["OMS_Entity_Type"] is not None
        and not same(row["OMS_Entity_Type"], "packlist")
        and (
            before(row["OMS_Close_Date"], month.n)
            or (is_set(row["OMS_Force_Closed"]) and row["OMS_Close_Date"] is None)
        )
    }
    applied = Index(
        source.rows(f"{FINREC}.dbo.RPT_PACKLIST_PAYMENTS"),
        "ID_Company",
        "OMS_Payment_No",
        where=lambda payment: (
            before(payment["OMS_Packlist_Created_Date"], month.n)
            and fold(payment["OMS_Payment_Status"]) in IN_PROGRESS
            and payment["OMS_Payment_Reconciled_Amount"] is not None
        ),
    )
    for deposit in source.rows(f"{FINREC}.dbo.RPT_CASHDEPOSIT"):
        company, number = deposit["ID_Company"], deposit["OMS_Payment_No"]
        if (
            not on_roster(company)
            or not before(deposit["OMS_Payment_Date"], month.n)
            or fold(deposit["OMS_Payment_Status"]) not in IN_PROGRESS
            or (fold(company), fold(number)) in closed
        ):
            continue
        paid = deposit["OMS_Payment_Amount"]
        if paid is not None:
            paid += amount(deposit["OMS_Charges_Amount"])
        rest = _rest(paid, applied.all(company, number), month)
        if rest != 0:  # D29: a rest of zero is no line
            yield {
                "source_key": (number, deposit["OMS_Type"]),
                "id_company": company,
                "event_date": deposit["OMS_Payment_Date"],
                "cp": deposit["OMS_Collection_Partner"],
                "transaction_type": deposit["OMS_Type"],
                "related_entity": number,
                "amount": None if rest is None else -rest,
                "over_applied": rest is not None and rest < 0,
            }


class _Partners:
    """What a partner's name maps to; of several rows the first by name, null last (D16)."""

    def __init__(self, source: Source) -> None:
        self._hubs = Index(source.rows(f"{FINREC}.dbo.RPT_HUBS_3PL_MAPPING"), "ID_COMPANY", "NODE")
        self._partners = Index(
            source.rows(f"{FINREC}.dbo.RPT_COLLECTIONPARTNERS"), "ID_Company", "Name"
        )
        posting_groups = Index(
            source.rows(f"{NAV}.Bank Account Posting Group"), "ID_Company", "Code"
        )
        banks = []
        for account in source.rows(f"{NAV}.Bank Accounts"):
            ledger_account = posting_groups.one(
                account["ID_Company"], account["Bank Account Posting Group"]
            )["G_L Bank Account No_"]
            # D16: bank account 10058 and null ones are left out; 2.8: so are blank providers.
            if (
                not blank(ledger_account)
                and not same(ledger_account, "10058")
                and not blank(account["Service Provider No_"])
            ):
                banks.append({**account, "ledger_account": ledger_account})
        self._banks = Index(banks, "ID_Company", "Service Provider No_")

    def of(self, company: str, partner: str | None) -> Mapping[str, Any]:
        """The output columns that depend on the partner's name."""
        hubs = _in_order(self._hubs.all(company, partner), "SERVICE_PROVIDER")
        partners = _in_order(self._partners.all(company, partner), "Name", "ERP_Name", "Type")
        hub = hubs[0] if hubs else NO_ROW
        chosen = partners[0] if partners else NO_ROW
        banks = _in_order(self._banks.all(company, chosen["ERP_Name"]), "Name", "No_")
        bank = banks[0] if banks else NO_ROW
        # D16: all alternatives in a column, each part only where there is a choice; the shape
        # is the one that the column's description in the catalogue gives.
        choices = (
            ("hub", [row["SERVICE_PROVIDER"] for row in hubs]),
            ("partner", [_partner_text(row) for row in partners]),
            ("bank", [row["ledger_account"] for row in banks]),
        )
        parts = [f"{name} [{listed}]" for name, texts in choices if (listed := _choice(texts))]
        return {
            "service_provider": hub["SERVICE_PROVIDER"],
            "type": chosen["Type"],
            "erp_name": chosen["ERP_Name"],
            "g_l_bank_account_no": bank["ledger_account"],
            "alternatives": " ".join(parts) or None,
        }


def _partner_text(partner: Row) -> str:
    number, kind = partner["ERP_Name"] or "no number", partner["Type"] or "no type"
    return f"{number} ({kind})"


def _choice(texts: Iterable[str | None]) -> str | None:
    """The different texts, sorted, where there is more than one."""
    different = spellings(texts)
    return ", ".join(different) if len(different) > 1 else None


def _in_order(rows: Iterable[Row], *columns: str) -> list[Row]:
    """Rows in binary order of some texts, null last."""
    return sorted(
        rows,
        key=lambda row: [
            (row[column] is None, b"" if row[column] is None else binary(row[column]))
            for column in columns
        ],
    )
