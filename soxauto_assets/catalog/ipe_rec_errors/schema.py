"""The columns of IPE_REC_ERRORS, in the order of ``query.sql``.

Here: what each column is, where it comes from, and what may stand in it. Not here: which rows
(``query.sql``) and what is done with the report (``report.py``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import AsOf, Column, Integer, Numeric, Text

_VIEWS = "the fifteen views AIG_Nav_Jumia_Reconciliation.dbo.V_REC_*_ERRORS"

COLUMNS: tuple[Column, ...] = (
    Column(
        "source_system",
        Text(),
        "What kind of record was refused; each kind is one error view.",
        "rule: a name for each view, decision D19",
        as_of=AsOf.EXTRACTION,
        allowed=(
            "3PL Manual Transactions",
            "Cash Deposits",
            "Collection Adjustments",
            "Delivery Fees",
            "Exception Account Statements",
            "JForce Payouts",
            "JPay App Transactions",
            "Marketplace Shipping Fees",
            "Packlist Payments",
            "Prepaid Deliveries",
            "SOI Prepayments",
            "Refunds",
            "Seller Transactions",
            "Ring Account Statements",
            "Vendor Payments",
        ),
    ),
    Column(
        "id_company",
        Text(),
        "Company of the record, for example EC_NG. Most views call the column country, yet it "
        "holds the company's code.",
        f"country, or Id_Company, of {_VIEWS}",
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "transaction_id",
        Text(),
        "Number of the record in the operational system.",
        f"the number column of {_VIEWS}",
        as_of=AsOf.EXTRACTION,
        empty_means="The view gives no number for the record.",
    ),
    Column(
        "occurrence",
        Integer(64),
        "Tells apart records with the same number: 1, 2 and so on, in the order of amount, then "
        "message; 1 where the number stands once.",
        "rule D29",
        as_of=AsOf.EXTRACTION,
        minimum="1",
    ),
    Column(
        "amount",
        Numeric(18, 4),
        "Amount of the record in local currency; empty where the view gives none.",
        f"the amount column of {_VIEWS}",
        nullable=True,
        as_of=AsOf.EXTRACTION,
    ),
    Column(
        "integration_status",
        Text(),
        "Message with which NAV refused the record; free text that may name persons.",
        f"the error message column of {_VIEWS}",
        nullable=True,
        as_of=AsOf.EXTRACTION,
        personal=True,
    ),
)
