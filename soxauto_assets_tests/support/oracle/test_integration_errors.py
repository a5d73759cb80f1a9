"""The oracle of IPE_REC_ERRORS against rows written by hand."""

from decimal import Decimal

from soxauto_assets.catalog.sources import table
from soxauto_assets_tests.support.oracle import LiteralSource, Month, expected_rows
from soxauto_assets_tests.support.oracle.integration_errors import VIEWS

FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"


def refund(company, number, amount, status):
    return {
        "country": company,
        "OMS_refund_no": number,
        "OMS_Refund_Amount": None if amount is None else Decimal(amount),
        "Nav_Error_Message": status,
    }


def rec_errors(**views):
    source = LiteralSource({f"{FINREC}.{view}": rows for view, rows in views.items()})
    return expected_rows("ipe_rec_errors", source, Month(2024, 9))


def test_all_fifteen_views_are_read_by_their_own_column_names():
    views = {}
    for system, view, identifier, amount, status, company in VIEWS:
        assert {identifier, amount, status, company} <= {
            column.name for column in table(f"{FINREC}.{view}").columns
        }
        views[view] = [{company: "EC_NG", identifier: view, amount: Decimal(1), status: system}]
    rows = rec_errors(**views)
    assert len(rows) == 15
    assert all(
        row
        == {
            "source_system": row["integration_status"],
            "id_company": "EC_NG",
            "transaction_id": row["transaction_id"],
            "amount": Decimal(1),
            "integration_status": row["source_system"],
            "occurrence": 1,
        }
        for row in rows
    )


def test_companies_off_the_roster_are_left_out():
    rows = rec_errors(
        V_REC_CUSTOMER_REFUNDS_ERRORS=[
            refund("NG", "1", "1", "x"),
            refund(None, "2", "1", "x"),
            refund("ec_ng", "3", "1", "x"),
        ]
    )
    assert [row["transaction_id"] for row in rows] == ["3"]


def test_a_repeated_key_is_told_apart_by_occurrence_in_order_of_amount_then_status():
    rows = rec_errors(
        V_REC_CUSTOMER_REFUNDS_ERRORS=[
            refund("EC_NG", "R1", "10", "b"),
            refund("EC_NG", "r1 ", "10", "B"),
            refund("EC_NG", "R1", "-2", "z"),
            refund("EC_NG", "R1", None, "z"),
            refund("EC_NG", "R1", "10", None),
            refund("EC_KE", "R1", "5", "other company"),
            refund("EC_NG", None, "5", "no number"),
        ],
        V_REC_VENDOR_PAYMENTS_ERRORS=[
            {"country": "EC_NG", "Payout_Number": "R1", "Payout_Amount": Decimal(1)}
        ],
    )
    found = [
        (r["source_system"], r["id_company"], r["transaction_id"], r["occurrence"], r["amount"])
        for r in rows
    ]
    assert sorted(found, key=lambda line: line[:4]) == [
        ("Refunds", "EC_KE", "R1", 1, Decimal(5)),
        ("Refunds", "EC_NG", "", 1, Decimal(5)),
        ("Refunds", "EC_NG", "R1", 1, None),
        ("Refunds", "EC_NG", "R1", 2, Decimal(-2)),
        ("Refunds", "EC_NG", "R1", 3, Decimal(10)),
        ("Refunds", "EC_NG", "R1", 5, Decimal(10)),
        ("Refunds", "EC_NG", "r1 ", 4, Decimal(10)),
        ("Vendor Payments", "EC_NG", "R1", 1, Decimal(1)),
    ]
