"""Deposits: what collection partners pay in or transfer, and what it books.

Here: partner names, the table of deposits, and the closing rows of deposits. Not here: how they
are drawn (``collections.py``), the lists that they settle (``packlists.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from soxauto_assets.demo.companies import CODES
from soxauto_assets.demo.drawing import (
    MISSING,
    Mask,
    Whole,
    amounts,
    flags,
    keep,
    numbered,
    stamps,
    texts,
    where,
)
from soxauto_assets.demo.ledger import ACCOUNT, Postings
from soxauto_assets.demo.packlists import DEPOSIT_STATUSES
from soxauto_assets.demo.rows import FINREC, Sink

PARTNERS: tuple[str, ...] = (
    "Hub Centre, Zone 1",
    "DHL Express",
    'Poste "Colis"',
    "شركة التوصيل",
    "Hub Nord",
    "AGS Logistics",
    "Wallet Partner",
    "Two Hubs Ltd",
    "Deux Banques SA",
    "No Bank Co",
)
"""Partner names, as they stand in every company."""
SPELLINGS = (*PARTNERS, "hub nord ", "Unknown Node", None)
DEPOSIT_TYPES = ("Payment", "Transfer")
CANCELLED = 3


@dataclass
class Deposits:
    """Payments and transfers, a column each; ``closes`` is when a closing row ends them.

    ``closing`` says which closing row there is: 0 none, 1 forced with a date, 2 forced without
    (closed for ever), 3 a date alone.
    """

    company: Whole
    number: Whole
    kind: Whole
    moment: Whole
    reversed: Whole
    partner: Whole
    units: Whole
    charges: Whole
    status: Whole
    closing: Whole
    closes: Whole

    @property
    def counts(self) -> Mask:
        """Whether the deposit can be open: status in progress, and not closed for ever."""
        return np.asarray((self.status != CANCELLED) & (self.closing != 2))


def write_deposits(deposits: Deposits, sink: Sink, postings: Postings) -> None:
    """Write deposits with their closing rows and book what is in progress of them."""
    sink.add(
        FINREC + "RPT_CASHDEPOSIT",
        {
            "ID_Company": texts(CODES, deposits.company),
            "OMS_Payment_No": numbered("PAY-", deposits.number),
            "OMS_Type": texts(DEPOSIT_TYPES, deposits.kind),
            "OMS_Payment_Date": stamps(deposits.moment),
            "payment_reversal_date": stamps(deposits.reversed),
            "OMS_Collection_Partner": texts(SPELLINGS, deposits.partner),
            "OMS_Payment_Amount": amounts(deposits.units),
            "OMS_Charges_Amount": amounts(deposits.charges),
            "OMS_Payment_Status": texts(DEPOSIT_STATUSES, deposits.status),
        },
    )
    adjusted = np.flatnonzero(deposits.closing != 0)
    if len(adjusted):
        closing = deposits.closing[adjusted]
        sink.add(
            FINREC + "RPT_COLLECTIONADJ",
            {
                "ID_Company": texts(CODES, deposits.company[adjusted]),
                "ID_Adjustment": numbered("P", deposits.number[adjusted]),
                "OMS_Entity_No": numbered("PAY-", deposits.number[adjusted]),
                "OMS_Entity_Type": texts(("payment", "Payment"), closing % 2),
                "OMS_Force_Closed": flags(
                    where(closing < 3, 1, keep(closing - 3, deposits.number[adjusted] % 2 == 0))
                ),
                "OMS_Close_Date": stamps(deposits.closes[adjusted]),
            },
        )
    total = deposits.units + where(deposits.charges == MISSING, 0, deposits.charges)
    postings.open_between(
        deposits.company,
        ACCOUNT["13002"],
        keep(deposits.moment, deposits.counts),
        deposits.closes,
        -total,
    )
