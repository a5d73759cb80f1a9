"""Transactions of cash reconciliation and their reallocations, and what they book.

Here: the two tables. Not here: how the rows are drawn (``collections.py``), the deposits that
transactions name (``deposits.py``).
"""

from __future__ import annotations

from soxauto_assets.demo.companies import CODES
from soxauto_assets.demo.deposits import SPELLINGS, Deposits
from soxauto_assets.demo.drawing import (
    MISSING,
    Mask,
    Whole,
    amounts,
    choose,
    keep,
    numbered,
    stamps,
    texts,
    where,
)
from soxauto_assets.demo.ledger import ACCOUNT, Postings
from soxauto_assets.demo.rows import FINREC, Sink

TRANSACTION_TYPES = (
    "Transfer to",
    "Third Party Collection",
    "Payment - Rev",
    "Cash Collection",
    "Charge Back",
    # Left out by the report, in whatever case.
    "Payment",
    "Collection Adjustment (over)",
    "collection adjustment (under)",
    "Payment Charges",
    "Reallocation From",
    "Transfer From",
    "Payment Charges Rev ",
)
_TRANSFER_TO, _THIRD_PARTY, _REVERSAL, CASH = 0, 1, 2, 3
_LEFT_OUT = 5


def write_transactions(
    *,
    number: Whole,
    kind: Whole,
    created: Whole,
    deposit: Whole,
    deposits: Deposits,
    units: Whole,
    listed: Whole,
    on_list: Mask,
    waiting: Mask,
    sink: Sink,
    postings: Postings,
) -> None:
    """Write transactions of the deposits' companies and book them until their list's date.

    A transaction takes the date of the deposit that it names only where the deposit is of the
    kind that its type asks for.
    """
    company, partner = deposits.company[deposit], deposits.partner[deposit]
    moment, payment = deposits.moment[deposit], deposits.kind[deposit] == 0
    by_deposit = ((kind == _TRANSFER_TO) & ~payment) | ((kind == _THIRD_PARTY) & payment)
    by_reversal = (kind == _REVERSAL) & payment & (deposits.reversed[deposit] != MISSING)
    event = where(by_deposit, moment, where(by_reversal, deposits.reversed[deposit], created))
    own_list = numbered("TL-", keep(number // 4, on_list))
    sink.add(
        FINREC + "RPT_CASHREC_TRANSACTION",
        {
            "ID_Company": texts(CODES, company),
            "ID_Transaction": numbered("", number),
            "Transaction_Type": texts(TRANSACTION_TYPES, kind),
            "Created_Date": stamps(created),
            "Collection_Partner": texts(SPELLINGS, partner),
            "Related_Entity": choose(
                kind < CASH,
                numbered("PAY-", deposits.number[deposit]),
                numbered("ORD, ", number),
            ),
            "Amount": amounts(units),
            "Transaction_List_Nr": choose(
                waiting, numbered("PL-", deposits.number[deposit]), own_list
            ),
            "Transaction_List_Date": stamps(keep(listed, on_list | waiting)),
        },
    )
    leaves = keep(listed, on_list & ~waiting)
    postings.open_between(company, ACCOUNT["13001"], keep(event, kind < _LEFT_OUT), leaves, units)


def write_reallocations(
    *,
    number: Whole,
    company: Whole,
    original: Whole,
    moved: Whole,
    units: Whole,
    sink: Sink,
    postings: Postings,
) -> None:
    """Write reallocations and book them until the other partner has them (null: never)."""
    sink.add(
        FINREC + "RPT_CASHREC_REALLOCATIONS",
        {
            "ID_Company": texts(CODES, company),
            "ID_Reallocation": numbered("", number),
            "Original_Transaction_date": stamps(original),
            "Reallocated_Transaction_Date": stamps(moved),
            "Collection_Partner_From": texts(SPELLINGS, number % len(SPELLINGS)),
            "Transaction_type": texts(("Cash Collection", "Transfer to"), number % 2),
            "Related_Entity": numbered("RE ", number),
            "Amount": amounts(units),
        },
    )
    postings.open_between(company, ACCOUNT["13001"], original, moved, units)
