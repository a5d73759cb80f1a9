"""IPE_31: what its controls catch that a right query does not show."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.period import Period
from soxauto_assets_tests.support.small_warehouse import COMPANIES, FINREC, SmallWarehouse

MAY = Period(2024, 5)
TRANSACTIONS = f"{FINREC}.dbo.RPT_CASHREC_TRANSACTION"
DEPOSITS = f"{FINREC}.dbo.RPT_CASHDEPOSIT"
LIST_PAYMENTS = f"{FINREC}.dbo.RPT_PACKLIST_PAYMENTS"
HUBS = f"{FINREC}.dbo.RPT_HUBS_3PL_MAPPING"
PARTNERS = f"{FINREC}.dbo.RPT_COLLECTIONPARTNERS"
BANKS = "AIG_Nav_DW.dbo.Bank Accounts"
BANK_GROUPS = "AIG_Nav_DW.dbo.Bank Account Posting Group"


def transaction(number: str, **changes: object) -> dict[str, object]:
    return {
        "ID_Company": "EC_NG",
        "ID_Transaction": number,
        "Transaction_Type": "Third Party Collection",
        "Created_Date": datetime(2024, 5, 4),
        "Collection_Partner": "Swift",
        "Related_Entity": "D1",
        "Amount": Decimal("10.0000"),
    } | changes


def deposit(number: str, **changes: object) -> dict[str, object]:
    return {
        "ID_Company": "EC_NG",
        "OMS_Payment_No": number,
        "OMS_Type": "Payment",
        "OMS_Payment_Date": datetime(2024, 5, 6),
        "OMS_Collection_Partner": "Swift",
        "OMS_Payment_Amount": Decimal("4.0000"),
        "OMS_Payment_Status": "closed",
    } | changes


def test_a_partner_with_several_hubs_rows_and_banks_keeps_one_line_and_is_counted(
    tmp_path: Path,
) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(TRANSACTIONS, transaction("1"))
    source.put(
        HUBS,
        *(
            {"ID_COMPANY": "EC_NG", "NODE": "Swift", "SERVICE_PROVIDER": name}
            for name in ("swift", "Zoom", "ZOOM", None)
        ),
    )
    source.put(
        PARTNERS,
        {"ID_Company": "EC_NG", "Name": "Swift", "Type": "3PL", "ERP_Name": "V1"},
        {"ID_Company": "EC_NG", "Name": "Swift", "Type": None, "ERP_Name": None},
    )
    source.put(
        BANKS,
        *(
            {
                "ID_Company": "EC_NG",
                "No_": number,
                "Name": name,
                "Service Provider No_": "V1",
                "Bank Account Posting Group": group,
            }
            for number, name, group in (
                ("B1", "Zenith", "Z"),
                ("B2", "Access", "A"),
                ("B3", "Aardvark", "X"),
                ("B4", None, "Z"),
            )
        ),
    )
    source.put(
        BANK_GROUPS,
        *(
            {"ID_Company": "EC_NG", "Code": code, "G_L Bank Account No_": account}
            for code, account in (("Z", "10011"), ("A", "10012"), ("X", "10058"))
        ),
    )

    (row,) = source.extract("ipe_31", MAY)

    assert {
        name: row[name]
        for name in ("service_provider", "type", "erp_name", "g_l_bank_account_no", "alternatives")
    } == {
        "service_provider": "ZOOM",
        "type": "3PL",
        "erp_name": "V1",
        "g_l_bank_account_no": "10012",
        "alternatives": "hub [ZOOM, swift] partner [V1 (3PL), no number (no type)] "
        "bank [10011, 10012]",
    }
    assert [
        (found["kind"], found["company"], found["name"], found["choices"])
        for found in source.control("ipe_31", "alternatives", MAY)
    ] == [
        ("bank", "EC_NG", "V1", 2),
        ("hub", "EC_NG", "Swift", 2),
        ("partner", "EC_NG", "Swift", 2),
    ]
    for control in ("transfer", "without_joins", "driving_table"):
        assert source.total("ipe_31", control, MAY)["row_count"] == 1


def test_a_company_that_stands_twice_multiplies_lines_and_is_found(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(TRANSACTIONS, transaction("1"))
    source.put(COMPANIES, {"Company_Code": "ec_ng", "Company_Country": "XX"})

    (found,) = source.control("ipe_31", "duplicate_dimensions", MAY)

    assert (found["table_name"], found["row_count"]) == ("Dim_Company", 2)
    assert source.total("ipe_31", "transfer", MAY)["row_count"] == 2
    assert source.total("ipe_31", "without_joins", MAY)["row_count"] == 1
    assert source.total("ipe_31", "driving_table", MAY)["row_count"] == 1


def test_a_deposit_that_stands_twice_multiplies_its_transaction_and_is_found(
    tmp_path: Path,
) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(TRANSACTIONS, transaction("1"))
    source.put(DEPOSITS, deposit("D1", OMS_Payment_Status="open"))
    source.put(DEPOSITS, deposit("d1", OMS_Payment_Status="open"))

    assert source.total("ipe_31", "transfer", MAY)["row_count"] == 2
    assert source.total("ipe_31", "without_joins", MAY)["row_count"] == 1
    assert source.total("ipe_31", "driving_table", MAY)["row_count"] == 1


@pytest.mark.parametrize("control", ["transfer", "without_joins", "driving_table"])
def test_over_applied_lists_and_payments_stay_in_every_total(tmp_path: Path, control: str) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(DEPOSITS, deposit("D1"))
    source.put(
        LIST_PAYMENTS,
        {
            "ID_Company": "EC_NG",
            "ID_Packlist_Payment": "1",
            "OMS_Packlist_No": "L1",
            "OMS_Packlist_Status": "inProgress",
            "OMS_Packlist_Created_Date": datetime(2024, 5, 5),
            "OMS_Amount_Received": Decimal("5.0000"),
            "OMS_Payment_No": "D1",
            "OMS_Payment_Date": datetime(2024, 5, 6),
            "OMS_Payment_Status": "closed",
            "OMS_Payment_Reconciled_Amount": Decimal("6.0000"),
            "OMS_Payment_Charges_Reconciled_Amount": Decimal("0.5000"),
        },
    )

    assert [
        (row["line_id"], row["amount"], row["over_applied"])
        for row in source.extract("ipe_31", MAY)
    ] == [
        ("3|EC_NG|L1", Decimal("-1.5000"), True),
        ("4|EC_NG|D1|Payment", Decimal("2.5000"), True),
    ]
    totals = source.total("ipe_31", control, MAY)
    assert (totals["row_count"], totals["sum_amount"]) == (2, Decimal("1.0000"))


def test_the_witnesses_follow_the_date_of_the_deposit(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(TRANSACTIONS, transaction("1", Related_Entity="D1"))
    source.put(TRANSACTIONS, transaction("2", Related_Entity="D2"))
    source.put(
        DEPOSITS,
        deposit("D1", OMS_Payment_Date=datetime(2024, 5, 31, 23, 59, 59, 997_000)),
        deposit("D2", OMS_Payment_Date=datetime(2024, 6, 1), OMS_Payment_Status="open"),
        deposit("D3", OMS_Payment_Date=datetime(2024, 5, 30)),
    )

    assert source.control("ipe_31", "witness_inside", MAY) == [{"line_id": "1|EC_NG|1"}]
    assert source.control("ipe_31", "witness_after", MAY) == [{"line_id": "1|EC_NG|2"}]


def test_the_roster_looks_at_all_four_blocks(tmp_path: Path) -> None:
    source = SmallWarehouse(tmp_path)
    source.put(
        COMPANIES,
        {"Company_Code": "EC_TZ", "Flg_In_Conso_Scope": 1},
        {"Company_Code": "EC_CM", "Flg_In_Conso_Scope": 1},
    )
    source.put(DEPOSITS, deposit("D1", ID_Company="EC_TZ"))
    source.put(DEPOSITS, deposit("D2", ID_Company="EC_CM", OMS_Payment_Status="cancelled"))

    assert [row["company"] for row in source.control("ipe_31", "roster", MAY)] == ["EC_TZ"]
