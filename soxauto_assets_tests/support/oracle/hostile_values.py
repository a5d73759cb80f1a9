"""The values that the hostile source tables are drawn from, column by column.

Here: pools of values and rows that a report lets in. Not here: the drawing (``hostile.py``).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

Draw = Callable[[random.Random], Any]

_COMPANIES = ("EC_NG", "EC_NG", "ec_ng", "EC_IC", "EC_IC", "JM_EG", "AT_TN", "EC_NG_USD")
_ACCOUNTS = ("13003", "13004", "13009", "18412", "18350", "13006", "18397")
TEXTS = ("a", "A", "Ünï", "عربي", 'comma, "quote"\nnew line', "O'Hara", "Submit", "bm 3")


def _any(*values: Any) -> Draw:
    return lambda rng: rng.choice(values)


def _code(prefix: str, count: int) -> Draw:
    """A code among few, in one of two cases, at times with a blank behind."""

    def draw(rng: random.Random) -> str:
        code = f"{prefix}{rng.randrange(count)}"
        return rng.choice((code, code, code.lower(), code + " "))

    return draw


_IN_PROGRESS = ("inProgress", "closed", "waitingConfirmation", "WAITINGCONFIRMATION", "cancelled")
DRAWS: dict[str, Draw] = {
    # Companies, countries, accounts
    "id_company": _any(*_COMPANIES),
    "company_code": _any(*_COMPANIES),
    "country": _any(*_COMPANIES),
    "company_country": _any("NG", "CI", "EG", "TN"),
    "country_code": _any("NG", "CI", "ng", "EG", "TN"),
    "flg_in_conso_scope": _any(1, 1, 0),
    "group_coa_account_no": _any(*_ACCOUNTS),
    "level_4_code": _any(*_ACCOUNTS[1:]),  # one account without IFRS levels
    "document description": _any(*TEXTS, "backmargin of May", "BackMargin"),
    "g/l_account_no": _code("L", 8),
    "receivables account": _code("L", 10),
    "chart of accounts no_": _code("L", 10),
    "code": _code("G", 6),
    "customer posting group": _code("G", 7),
    "customer no_": _code("C", 5),
    "busline_code": _code("B", 4),
    "busline code": _code("B", 6),
    "cust_ ledger entry no_": lambda rng: rng.randrange(1, 120),
    "gen_ ledger entry no_": lambda rng: rng.randrange(1, 120),
    "currency code": _any("USD", "usd", "NGN", "XOF", "EUR", "EGP"),
    "currency": _any("USD", "NGN", "EUR"),
    "rate_type": _any("Closing", "closing", "Average"),
    "base_currency": _any("USD", "USD", "usd", "EUR"),
    "rate": _any(Decimal(0), Decimal("1600.12345678"), Decimal("600.5")),
    # Vouchers and items
    "voucher_code": _code("V", 50),
    "voucher_type": _any("reusablecredit", "ReusableCredit", "coupon", "COUPON"),
    "business_use": _any("jpay_store_credit", "JPAY_STORE_CREDIT", "refund", "marketing"),
    "cod_oms_sales_order_item": lambda rng: str(rng.randrange(1, 400)),
    "package_number": _code("P", 60),
    "package_nr": _code("P", 60),
    "bob_customer_type": _code("T", 4),
    "payment_method": _any("COD", "NoPayment", "nopayment", "Card"),
    "delivery_type": _any("Digital Content", "gift card", "Shipment"),
    "current_status": _any("closed", "Closed", "delivered", "cancelled"),
    "oms_id_sales_order_item": lambda rng: str(rng.randrange(1, 400)),
    "oms_type": _any("Payment", "Transfer", "transfer", "Lost", "damaged", "Damaged"),
    # Sellers
    "transaction_type": _any(
        *("Transfer to", "Third Party Collection", "payment - rev", "Cash", "transfer from"),
        *("Payment", "Collection Adjustment (over)", "collection adjustment (under)"),
        *("Payment Charges", "payment charges rev", "Reallocation From"),
    ),
    "sc_asg_name": _any("Commission", "Fee", "Payout", "Unused"),
    "asg_level_1": _any("Revenues", "revenues", "Other"),
    "bob_id_vendor": _code("N", 6),
    "id_account_statement": _code("S", 20),
    "ring_id_transaction_statement": _code("S", 15),
    # Collection
    "related_entity": _code("D", 25),
    "oms_payment_no": _code("D", 25),
    "oms_entity_no": _any(*(f"D{n}" for n in range(10)), *(f"K{n}" for n in range(10))),
    "oms_entity_type": _any("packlist", "Packlist", "payment"),
    "transaction_list_nr": _code("K", 20),
    "oms_packlist_no": _code("K", 20),
    "oms_packlist_status": _any(*_IN_PROGRESS, "waitingApproval", "waitingapproval"),
    "oms_payment_status": _any(*_IN_PROGRESS),
    "collection_partner": _code("H", 6),
    "collection_partner_from": _code("H", 6),
    "oms_collection_partner": _code("H", 6),
    "oms_collection_partner_name": _code("H", 6),
    "node": _code("H", 5),
    "service_provider": _any("Alpha", "alpha", "Beta", "zeta"),
    "erp_name": _code("E", 4),
    "service provider no_": _code("E", 4),
    "bank account posting group": _code("G", 7),
    "g_l bank account no_": _any("10010", "10020", "10058"),
    # Integration errors: few numbers, so that keys repeat
    **{
        name: _code("R", 3)
        for name in (
            *("lpmt_code", "number", "transaction_no", "ring_transaction_statement_no"),
            *("payout_number", "ring_transaction_number", "transaction_number"),
            *("oms pay. rec n°", "oms package n°", "oms_order_no", "oms_refund_no"),
            "statement_number",
        )
    },
}
IN_TABLE: dict[tuple[str, str], Draw] = {
    ("V_STORECREDITVOUCHER_CLOSING", "code"): _any(
        *(f"V{n}" for n in range(30)),
        *(f"v{n}" for n in range(30, 50)),
        *("GC1", "gc2", "GC3", "JP1", "jp2", "JP3"),
    ),
    ("V_STORECREDITVOUCHER_CLOSING", "id"): lambda rng: str(rng.randrange(1, 500)),
    ("StoreCreditVoucher", "id"): lambda rng: str(rng.randrange(1, 500)),
    ("RPT_COLLECTIONPARTNERS", "name"): _code("H", 5),
    ("Dim_Company", "company_code"): _any(*_COMPANIES[:-3], "AT_TN"),  # one is not listed
    ("Bank Accounts", "no_"): lambda rng: str(rng.randrange(1, 1000)),
    ("Customers", "no_"): _code("C", 4),
    ("Dim_Country", "country_code"): _any("NG", "CI", "EG"),
    ("RPT_FX_RATES", "country"): _any("Nigeria", "Egypt"),
    ("Customer Ledger Entries", "entry no_"): lambda rng: rng.randrange(1, 120),
    ("G_L Entries", "entry no_"): lambda rng: rng.randrange(1, 120),
    ("Detailed Customer Ledg_ Entry", "entry no_"): lambda rng: rng.randrange(1, 10_000),
    ("Detailed G_L Entry", "entry no_"): lambda rng: rng.randrange(1, 10_000),
    ("RPT_TRANSACTIONS_SELLER", "transaction_type"): _any(
        *("Commission", "commission", "Fee", "FEE", "Payout", "Unknown")
    ),
    ("RPT_CASHREC_TRANSACTION", "id_transaction"): lambda rng: str(rng.randrange(1, 10_000)),
    ("RPT_CASHREC_REALLOCATIONS", "id_reallocation"): lambda rng: str(rng.randrange(1, 10_000)),
    ("RPT_PACKLIST_PAYMENTS", "id_packlist_payment"): lambda rng: str(rng.randrange(1, 10_000)),
    ("RPT_COLLECTIONADJ", "id_adjustment"): lambda rng: str(rng.randrange(1, 10_000)),
    ("RPT_TRANSACTIONS_SELLER", "id_transaction"): lambda rng: str(rng.randrange(1, 400)),
    ("RPT_TRANSACTIONS", "id_transaction"): lambda rng: str(rng.randrange(1, 400)),
    ("RPT_CASHDEPOSIT", "oms_type"): _any("Payment", "Transfer"),
    ("RPT_SOI", "is_prepayment"): _any(0, 1, 1, None),
}
UNIQUE_WHERE_GIVEN = {
    # Not a declared key: the code of a voucher is unique in its company (section 3.3).
    "V_STORECREDITVOUCHER_CLOSING": ("ID_COMPANY", "code"),
}

EARLIER = object()
"""Some day before N; a mark that is replaced by one."""
LATER = object()

NEARLY: dict[str, tuple[dict[str, Any], ...]] = {
    # What rows of each report look like, so that all but one column let a row in.
    "RPT_SOI": (
        {
            "IS_PREPAYMENT": 1,
            "ORDER_CREATION_DATE": EARLIER,
            "FINANCE_VERIFIED_DATE": EARLIER,
            "DELIVERED_DATE": None,
            "PACKAGE_DELIVERY_DATE": LATER,
            "REFUND_DATE": None,
        },
        {
            "IS_PREPAYMENT": 0,
            "PAYMENT_METHOD": "COD",
            "DELIVERED_DATE": EARLIER,
            "PACKAGE_NUMBER": None,
        },
        {"DELIVERED_DATE": EARLIER, "REFUND_DATE": EARLIER, "RETURN_DATE": None},
        {"REFUND_DATE": LATER, "RETURN_DATE": EARLIER},
        {"ORDER_CREATION_DATE": EARLIER, "DELIVERED_DATE": None, "CANCELLATION_DATE": None},
        {"VOUCHER_TYPE": "reusablecredit", "PACKAGE_DELIVERY_DATE": EARLIER},
    ),
    "V_STORECREDITVOUCHER_CLOSING": (
        {"created_at": EARLIER, "is_active": 0, "to_date": LATER},
        {"created_at": EARLIER, "business_use": "jpay_store_credit"},
    ),
    "Customer Ledger Entries": ({"Posting Date": EARLIER, "Customer Posting Group": "G1"},),
    "Customer Posting Group": ({"Code": "G1", "Receivables Account": "L1"},),
    "Detailed Customer Ledg_ Entry": ({"Posting Date": EARLIER},),
    "Dim_ChartOfAccounts": (
        {"G/L_Account_No": "L1", "Group_COA_Account_no": "13003"},
        {"Group_COA_Account_no": "13009"},
    ),
    "G_L Entries": ({"Posting Date": EARLIER, "Chart of Accounts No_": "L1"},),
    "RPT_TRANSACTIONS_SELLER": (
        {"Created_Date": EARLIER, "Transaction_Type": "Commission", "ID_Account_Statement": None},
        {"Created_Date": EARLIER, "Transaction_Type": "Fee"},
    ),
    "RPT_ACCOUNTSTATEMENTS": ({"RING_End_Date": EARLIER}, {"RING_End_Date": LATER}),
    "PACKAGE_CASHREC": (
        {"troubleshoot_resolution_date": None, "amount_expected": Decimal(10)}
        | {"amount_received": Decimal(10)},
        {"troubleshoot_resolution_date": None, "amount_received": Decimal(10)},
        {"troubleshoot_resolution_date": LATER, "amount_received": None},
    ),
    "RPT_CASHREC_TRANSACTION": (
        {"Transaction_Type": "Cash", "Created_Date": EARLIER, "Transaction_List_Nr": None},
        {"Transaction_Type": "Transfer to", "Transaction_List_Date": LATER},
        {"Transaction_Type": "Third Party Collection", "Transaction_List_Date": LATER},
        {"Transaction_Type": "Payment - Rev", "Transaction_List_Date": LATER},
        {"Created_Date": EARLIER, "Transaction_List_Date": EARLIER},
    ),
    "RPT_PACKLIST_PACKAGES": (
        {"OMS_Packlist_status": "waitingApproval"},
        {"OMS_Packlist_status": "waitingConfirmation"},
    ),
    "RPT_CASHREC_REALLOCATIONS": (
        {"Original_Transaction_date": EARLIER, "Reallocated_Transaction_Date": LATER},
    ),
    "RPT_PACKLIST_PAYMENTS": (
        {
            "OMS_Packlist_Created_Date": EARLIER,
            "OMS_Packlist_Status": "inProgress",
            "OMS_Payment_Date": EARLIER,
            "OMS_Payment_Status": "closed",
            "OMS_Payment_Reconciled_Amount": Decimal(10),
        },
    ),
    "RPT_CASHDEPOSIT": ({"OMS_Payment_Date": EARLIER, "OMS_Payment_Status": "inProgress"},),
    "RPT_COLLECTIONADJ": (
        {"OMS_Entity_Type": "packlist", "OMS_Force_Closed": 1},
        {"OMS_Entity_Type": "payment", "OMS_Close_Date": EARLIER},
    ),
}
