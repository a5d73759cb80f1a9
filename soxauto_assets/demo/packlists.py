"""Packlists: batches of packages whose cash is handed in together, and what they book.

Here: the tables of lists and of the payments that settle them. Not here: how they are drawn
(``collections.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from soxauto_assets.demo.companies import CODES
from soxauto_assets.demo.drawing import (
    MISSING,
    Mask,
    Whole,
    amounts,
    constant,
    flags,
    keep,
    numbered,
    stamps,
    texts,
    where,
)
from soxauto_assets.demo.ledger import ACCOUNT, Postings
from soxauto_assets.demo.rows import FINREC, Sink

LIST_STATUSES = (
    "inProgress",
    "closed",
    "waitingConfirmation",
    "waitingApproval",
    "cancelled",
    "InProgress",
)
DEPOSIT_STATUSES = ("inProgress", "closed", "waitingConfirmation", "cancelled", "Closed")
_WAITING_CONFIRMATION, _WAITING_APPROVAL, _CANCELLED = 2, 3, 4


@dataclass
class Lists:
    """Packlists, a column each; ``closing``: 0 open, 1 closed by force, 2 so without a date.

    ``settled`` says whether any payment of the list has a reconciled amount.
    """

    company: Whole
    number: Whole
    partner: Whole
    created: Whole
    received: Whole
    status: Whole
    closing: Whole
    closes: Whole
    settled: Mask

    @property
    def waits(self) -> Mask:
        """Whether the list waits for approval or a first payment: its transactions stay open."""
        unsettled = (self.status == _WAITING_CONFIRMATION) & ~self.settled
        return np.asarray((self.status == _WAITING_APPROVAL) | unsettled)

    @property
    def counts(self) -> Mask:
        """Whether the list can be open: in progress, settled in part, not closed for ever."""
        in_progress = ~np.isin(self.status, (_WAITING_APPROVAL, _CANCELLED))
        return np.asarray(in_progress & self.settled & (self.closing != 2))


@dataclass
class Settlements:
    """Payments of lists, a column each; ``listing`` and ``deposit`` are positions of theirs."""

    number: Whole
    company: Whole
    listing: Whole
    deposit: Whole
    moment: Whole
    status: Whole
    reconciled: Whole
    charges: Whole
    deposit_number: Whole

    @property
    def total(self) -> Whole:
        """What is reconciled, charges included; nothing where no amount is."""
        charges = where(self.charges == MISSING, 0, self.charges)
        return where(self.reconciled == MISSING, 0, self.reconciled + charges)


def write_lists(
    lists: Lists,
    settlements: Settlements,
    partners: Sequence[str | None],
    sink: Sink,
    postings: Postings,
) -> None:
    """Write the lists with their packages, settlements and closing rows, and book them."""
    _write_packages(lists, sink)
    of = settlements.listing
    sink.add(
        FINREC + "RPT_PACKLIST_PAYMENTS",
        {
            "ID_Company": texts(CODES, settlements.company),
            "ID_Packlist_Payment": numbered("", settlements.number),
            "OMS_Collection_Partner_Name": texts(partners, lists.partner[of]),
            "OMS_Packlist_No": numbered("PL-", lists.number[of]),
            "OMS_Packlist_Status": texts(LIST_STATUSES, lists.status[of]),
            "OMS_Packlist_Created_Date": stamps(lists.created[of]),
            "OMS_Amount_Received": amounts(lists.received[of]),
            "OMS_Payment_No": numbered("PAY-", settlements.deposit_number),
            "OMS_Payment_Date": stamps(settlements.moment),
            "OMS_Payment_Status": texts(DEPOSIT_STATUSES, settlements.status),
            "OMS_Payment_Reconciled_Amount": amounts(settlements.reconciled),
            "OMS_Payment_Charges_Reconciled_Amount": amounts(settlements.charges),
        },
    )
    _write_closings(lists, sink)
    account = ACCOUNT["13002"]
    postings.open_between(
        lists.company, account, keep(lists.created, lists.counts), lists.closes, lists.received
    )
    postings.open_between(
        settlements.company,
        account,
        keep(np.maximum(lists.created[of], settlements.moment), lists.counts[of]),
        lists.closes[of],
        -settlements.total,
    )


def _write_packages(lists: Lists, sink: Sink) -> None:
    count = lists.number % 3 + 1
    of = np.repeat(np.arange(len(count), dtype=np.int64), count)
    sink.add(
        FINREC + "RPT_PACKLIST_PACKAGES",
        {
            "ID_Company": texts(CODES, lists.company[of]),
            "OMS_Packlist_No": numbered("PL-", lists.number[of]),
            "OMS_Package_No": numbered("PKG-", 1 + np.arange(len(of), dtype=np.int64)),
            "OMS_Packlist_status": texts(LIST_STATUSES, lists.status[of]),
        },
    )


def _write_closings(lists: Lists, sink: Sink) -> None:
    closed = np.flatnonzero(lists.closing != 0)
    if len(closed) == 0:
        return
    number = lists.number[closed]
    sink.add(
        FINREC + "RPT_COLLECTIONADJ",
        {
            "ID_Company": texts(CODES, lists.company[closed]),
            "ID_Adjustment": numbered("L", number),
            "OMS_Entity_No": numbered("PL-", number),
            "OMS_Entity_Type": texts(("packlist", "Packlist"), number % 2),
            "OMS_Force_Closed": flags(constant(len(closed), 1)),
            "OMS_Close_Date": stamps(lists.closes[closed]),
        },
    )
