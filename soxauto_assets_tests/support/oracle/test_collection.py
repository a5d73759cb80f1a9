"""The oracle of IPE_31 against rows written by hand."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from soxauto_assets_tests.support.oracle import LiteralSource, Month, expected_rows

SEPTEMBER = Month(2024, 9)
INSIDE = datetime(2024, 9, 10)
LAST_MOMENT = datetime(2024, 9, 30, 23, 59, 59, 997000)
N = datetime(2024, 10, 1)
FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"
NAV = "AIG_Nav_DW.dbo"


def ipe_31(**tables):
    names = {
        "transactions": f"{FINREC}.RPT_CASHREC_TRANSACTION",
        "reallocations": f"{FINREC}.RPT_CASHREC_REALLOCATIONS",
        "packages": f"{FINREC}.RPT_PACKLIST_PACKAGES",
        "payments": f"{FINREC}.RPT_PACKLIST_PAYMENTS",
        "deposits": f"{FINREC}.RPT_CASHDEPOSIT",
        "adjustments": f"{FINREC}.RPT_COLLECTIONADJ",
        "hubs": f"{FINREC}.RPT_HUBS_3PL_MAPPING",
        "partners": f"{FINREC}.RPT_COLLECTIONPARTNERS",
        "companies": "AIG_Nav_Jumia_Reconciliation.fdw.Dim_Company",
        "banks": f"{NAV}.Bank Accounts",
        "bank_groups": f"{NAV}.Bank Account Posting Group",
    }
    source = LiteralSource({names[name]: rows for name, rows in tables.items()})
    return expected_rows("ipe_31", source, SEPTEMBER)


def lines(**tables):
    return {row["line_id"]: row["amount"] for row in ipe_31(**tables)}


def transaction(key, **others):
    return {
        "ID_Company": "EC_NG",
        "ID_Transaction": key,
        "Transaction_Type": "Cash on delivery",
        "Created_Date": INSIDE,
        "Amount": Decimal(5),
        **others,
    }


def test_open_transactions_are_created_before_the_bound_with_an_amount():
    assert lines(
        transactions=[
            transaction("last", Created_Date=LAST_MOMENT, Amount=Decimal(-3)),
            transaction("after", Created_Date=N),
            transaction("never", Created_Date=None),
            transaction("zero", Amount=Decimal(0)),
            transaction("unknown", Amount=None),
            transaction("off roster", ID_Company="AT_TN"),
        ]
    ) == {"1|EC_NG|last": Decimal(-3), "1|EC_NG|unknown": None}


@pytest.mark.parametrize(
    "kind",
    [
        "Payment",
        "collection adjustment (over)",
        "Collection Adjustment (under)",
        "Payment Charges",
        "Reallocation From",
        "Transfer From ",
        "Payment Charges Rev",
    ],
)
def test_types_that_settle_are_not_open_transactions(kind):
    assert lines(transactions=[transaction("x", Transaction_Type=kind)]) == {}


def test_a_transaction_on_a_list_is_open_while_the_list_is():
    packages = [
        {"ID_Company": "EC_NG", "OMS_Packlist_No": number, "OMS_Packlist_status": status}
        for number, status in (
            ("approval", "waitingapproval"),
            ("confirmation", "waitingConfirmation"),
            ("confirmed", "waitingConfirmation"),
            ("closed", "closed"),
        )
    ]
    payments = [
        payment("1", "confirmed", reconciled="1", OMS_Packlist_Status="x"),
        payment("2", "confirmation", reconciled=None, OMS_Packlist_Status="x"),
    ]
    on_list = {"Transaction_List_Date": LAST_MOMENT}
    found = lines(
        transactions=[
            transaction("closed", Transaction_List_Nr="closed", **on_list),
            transaction("dated next", Transaction_List_Nr="closed", Transaction_List_Date=N),
            transaction("no date", Transaction_List_Nr="closed"),
            transaction("approval", Transaction_List_Nr="APPROVAL", **on_list),
            transaction("confirmation", Transaction_List_Nr="confirmation", **on_list),
            transaction("confirmed", Transaction_List_Nr="confirmed", **on_list),
            transaction("unknown", Transaction_List_Nr="unknown", **on_list),
        ],
        packages=packages,
        payments=payments,
    )
    assert [key.rpartition("|")[2] for key in found] == [
        "dated next",
        "no date",
        "approval",
        "confirmation",
    ]


def test_transfers_and_reversals_take_the_date_of_their_deposit():
    deposits = [
        {
            "ID_Company": "EC_NG",
            "OMS_Payment_No": "D1",
            "OMS_Type": kind,
            "OMS_Payment_Date": paid,
            "payment_reversal_date": reversed_on,
            "OMS_Payment_Status": "cancelled",
        }
        for kind, paid, reversed_on in (
            ("Transfer", datetime(2024, 9, 2), None),
            ("Payment", datetime(2024, 9, 3), datetime(2024, 9, 4)),
        )
    ]
    rows = ipe_31(
        transactions=[
            transaction(kind, Transaction_Type=kind, Related_Entity=entity)
            for kind, entity in (
                ("Transfer to", "d1"),
                ("Third Party Collection", "D1"),
                ("Payment - Rev", "D1"),
                ("Other", "D1"),
                ("transfer to", "none"),
            )
        ],
        deposits=deposits,
    )
    assert {row["transaction_type"]: row["event_date"] for row in rows} == {
        "Transfer to": datetime(2024, 9, 2),
        "Third Party Collection": datetime(2024, 9, 3),
        "Payment - Rev": datetime(2024, 9, 4),
        "Other": INSIDE,
        "transfer to": INSIDE,
    }


def test_reallocations_made_before_the_bound_and_moved_on_after_it_are_lines():
    def move(key, made, moved, amount=Decimal(7)):
        return {
            "ID_Company": "EC_NG",
            "ID_Reallocation": key,
            "Original_Transaction_date": made,
            "Reallocated_Transaction_Date": moved,
            "Amount": amount,
        }

    moves = [
        move("last", LAST_MOMENT, N),
        move("after", N, N),
        move("moved inside", INSIDE, LAST_MOMENT),
        move("never moved", INSIDE, None),
    ]
    assert lines(reallocations=moves) == {
        "2|EC_NG|last": Decimal(7),
        "2|EC_NG|never moved": Decimal(7),
    }


def payment(key, packlist, *, reconciled="0", paid=INSIDE, **others):
    return {
        "ID_Company": "EC_NG",
        "ID_Packlist_Payment": key,
        "OMS_Packlist_No": packlist,
        "OMS_Packlist_Status": "inProgress",
        "OMS_Packlist_Created_Date": INSIDE,
        "OMS_Amount_Received": Decimal(100),
        "OMS_Payment_Date": paid,
        "OMS_Payment_Status": "closed",
        "OMS_Payment_Reconciled_Amount": None if reconciled is None else Decimal(reconciled),
        **others,
    }


def test_a_list_is_one_line_with_what_its_payments_before_the_bound_left_open():
    payments = [
        payment("20", "L1", reconciled="30", OMS_Collection_Partner_Name="second"),
        payment(
            "100",
            "l1 ",
            reconciled="20",
            paid=LAST_MOMENT,
            OMS_Payment_Charges_Reconciled_Amount=Decimal("0.5"),
            OMS_Collection_Partner_Name="first",
            OMS_Packlist_Created_Date=datetime(2024, 9, 9),
        ),
        payment("300", "L1", reconciled="49.5", paid=N),
        payment("400", "L1", reconciled=None, OMS_Payment_Charges_Reconciled_Amount=Decimal(9)),
    ]
    (row,) = ipe_31(payments=payments)
    assert row == {
        "line_id": "3|EC_NG|l1 ",
        "source_block": 3,
        "id_company": "EC_NG",
        "event_date": datetime(2024, 9, 9),
        "cp": "first",
        "transaction_type": "Translist in progress",
        "related_entity": "l1 ",
        "amount": Decimal("49.5"),
        "over_applied": False,
        "service_provider": None,
        "type": None,
        "erp_name": None,
        "alternatives": None,
        "g_l_bank_account_no": None,
        "company_country": None,
        "closing_date": date(2024, 9, 30),
    }


def test_lists_over_applied_stay_settled_ones_and_those_closed_by_hand_do_not():
    adjustments = [
        {
            "ID_Company": "EC_NG",
            "OMS_Entity_No": number,
            "OMS_Entity_Type": kind,
            "OMS_Force_Closed": forced,
            "OMS_Close_Date": closed,
        }
        for number, kind, forced, closed in (
            ("closed", "Packlist", 1, LAST_MOMENT),
            ("closed some day", "packlist", 1, None),
            ("closed after", "packlist", 1, N),
            ("not forced", "packlist", 0, LAST_MOMENT),
            ("forced unknown", "packlist", None, LAST_MOMENT),
            ("other entity", "payment", 1, LAST_MOMENT),
        )
    ]
    payments = [
        payment("1", "settled", reconciled="100"),
        payment("2", "over", reconciled="101"),
        payment("8", "unknown", OMS_Amount_Received=None),
        payment("3", "cancelled", OMS_Packlist_Status="cancelled"),
        payment("4", "created last", OMS_Packlist_Created_Date=LAST_MOMENT),
        payment("5", "created after", OMS_Packlist_Created_Date=N),
        payment("6", "nothing reconciled", reconciled=None),
        *(payment(f"7{n}", row["OMS_Entity_No"]) for n, row in enumerate(adjustments)),
    ]
    rows = ipe_31(payments=payments, adjustments=adjustments)
    assert [(r["related_entity"], r["amount"], r["over_applied"]) for r in rows] == [
        ("over", Decimal(-1), True),
        ("unknown", None, False),
        ("created last", Decimal(100), False),
        ("closed after", Decimal(100), False),
        ("not forced", Decimal(100), False),
        ("forced unknown", Decimal(100), False),
        ("other entity", Decimal(100), False),
    ]


def deposit(number, kind="Payment", **others):
    return {
        "ID_Company": "EC_NG",
        "OMS_Payment_No": number,
        "OMS_Type": kind,
        "OMS_Payment_Date": INSIDE,
        "OMS_Payment_Amount": Decimal(50),
        "OMS_Payment_Status": "inProgress",
        **others,
    }


def test_payments_in_progress_are_negative_and_over_applied_ones_positive():
    def apply(key, number, reconciled, **others):
        # status cancelled: no line of block 3
        return payment(
            key,
            "L" + key,
            reconciled=reconciled,
            **{"OMS_Payment_No": number, "OMS_Packlist_Status": "cancelled", **others},
        )

    payments = [
        apply("1", "part", "10", OMS_Payment_Charges_Reconciled_Amount=Decimal(1)),
        apply("2", "PART ", "5", paid=N),
        apply("3", "part", "5", OMS_Payment_Status="cancelled"),
        apply("4", "part", "5", OMS_Packlist_Created_Date=N),
        apply("5", "full", "52"),
        apply("6", "over", "60"),
    ]
    deposits = [
        deposit("part"),
        deposit("full", OMS_Charges_Amount=Decimal(2)),
        deposit("unknown", OMS_Payment_Amount=None, OMS_Charges_Amount=Decimal(2)),
        deposit("over"),
        deposit("over", "Transfer", OMS_Payment_Amount=Decimal(70)),
        deposit("last", OMS_Payment_Date=LAST_MOMENT, OMS_Payment_Status="WAITINGCONFIRMATION"),
        deposit("after", OMS_Payment_Date=N),
        deposit("cancelled", OMS_Payment_Status="cancelled"),
    ]
    rows = ipe_31(payments=payments, deposits=deposits)
    assert [(r["line_id"], r["amount"], r["over_applied"]) for r in rows] == [
        ("4|EC_NG|part|Payment", Decimal(-39), False),
        ("4|EC_NG|unknown|Payment", None, False),
        ("4|EC_NG|over|Payment", Decimal(10), True),
        ("4|EC_NG|over|Transfer", Decimal(-10), False),
        ("4|EC_NG|last|Payment", Decimal(-50), False),
    ]


def test_a_payment_closed_before_the_bound_is_no_line_whatever_its_flag_says():
    adjustments = [
        {
            "ID_Company": "EC_NG",
            "OMS_Entity_No": number,
            "OMS_Entity_Type": kind,
            "OMS_Force_Closed": forced,
            "OMS_Close_Date": closed,
        }
        for number, kind, forced, closed in (
            ("closed", "payment", 1, LAST_MOMENT),
            ("some day", "payment", 1, None),
            ("unforced", "payment", 0, LAST_MOMENT),
            ("unknown", "payment", None, LAST_MOMENT),
            ("later", "payment", 1, N),
            ("open", "payment", 0, None),
            ("a list", "packlist", 1, LAST_MOMENT),
        )
    ]
    deposits = [deposit(row["OMS_Entity_No"]) for row in adjustments]
    rows = ipe_31(deposits=deposits, adjustments=adjustments)
    assert [row["related_entity"] for row in rows] == ["later", "open", "a list"]


def test_a_partner_with_several_rows_keeps_the_first_by_name_with_null_last():
    rows = ipe_31(
        transactions=[transaction("1", Collection_Partner="hub a ", Related_Entity="E1")],
        companies=[{"Company_Code": "EC_NG", "Company_Country": "NG"}],
        hubs=[
            {"ID_COMPANY": "EC_NG", "NODE": "Hub A", "SERVICE_PROVIDER": name}
            for name in (None, "beta", "Zeta", "zeta")
        ],
        partners=[
            {"ID_Company": "EC_NG", "Name": "Hub A", "Type": "3PL", "ERP_Name": erp}
            for erp in (None, "SP2", "SP1")
        ],
        banks=[
            {
                "ID_Company": "EC_NG",
                "No_": number,
                "Name": name,
                "Service Provider No_": "sp1",
                "Bank Account Posting Group": group,
            }
            for number, name, group in (
                ("B1", None, "G1"),
                ("B2", "Alpha", "OFF"),
                ("B3", "Beta", "NULL"),
                ("B4", "Gamma", "G2"),
                ("B5", "Delta", "G3"),
            )
        ],
        bank_groups=[
            {"ID_Company": "EC_NG", "Code": code, "G_L Bank Account No_": account}
            for code, account in (
                ("G1", "10010"),
                ("OFF", "10058"),
                ("NULL", None),
                ("G2", "10020"),
                ("G3", "10030"),
            )
        ],
    )
    assert [
        {name: row[name] for name in ("service_provider", "erp_name", "cp", "alternatives")}
        | {"bank": row["g_l_bank_account_no"], "country": row["company_country"]}
        for row in rows
    ] == [
        {
            "service_provider": "Zeta",
            "erp_name": "SP1",
            "cp": "hub a ",
            "alternatives": "hub [Zeta, beta] partner [SP1 (3PL), SP2 (3PL), no number (3PL)] "
            "bank [10010, 10020, 10030]",
            "bank": "10030",
            "country": "NG",
        }
    ]
