"""IPE_11: what its controls catch that a right query does not show."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from soxauto_assets.period import Period
from soxauto_assets_tests.support.small_warehouse import FINREC, SmallWarehouse

MAY = Period(2024, 5)
TRANSACTIONS = f"{FINREC}.dbo.RPT_TRANSACTIONS_SELLER"
GROUPING = f"{FINREC}.dbo.GDOC_DIM_ASG_V2"
STATEMENTS = f"{FINREC}.RING.RPT_ACCOUNTSTATEMENTS"
VENDORS = f"{FINREC}.dbo.RPT_VENDORS"
TYPE_NAMES = f"{FINREC}.RING.RPT_TRANSACTIONS"


def fee(number: str, **changes: object) -> dict[str, object]:
    return {
        "ID_Company": "EC_NG",
        "ID_Transaction": number,
        "Created_Date": datetime(2024, 5, 4),
        "Transaction_Type": "commission",
        "Transaction_Amount": Decimal("10.0000"),
    } | changes


def source_with(tmp_path: Path, *transactions: dict[str, object]) -> SmallWarehouse:
    source = SmallWarehouse(tmp_path)
    source.put(
        GROUPING,
        {"ID_Company": "EC_NG", "SC_ASG_Name": "commission", "ASG_Level_1": "Revenues"},
        {"ID_Company": "EC_NG", "SC_ASG_Name": "payout", "ASG_Level_1": "Payouts"},
        {"ID_Company": "EC_NG", "SC_ASG_Name": "ungrouped", "ASG_Level_1": None},
    )
    source.put(TRANSACTIONS, *transactions)
    return source


def test_open_transactions_of_an_unknown_type_fail_the_report_by_name(tmp_path: Path) -> None:
    closed = {"ID_Account_Statement": "S1"}
    source = source_with(
        tmp_path,
        fee("known"),
        fee("no revenue", Transaction_Type="payout"),
        fee("unknown 1", Transaction_Type="novelty"),
        fee("unknown 2", Transaction_Type="Novelty", Transaction_Amount=Decimal("-0.5000")),
        fee("without level", Transaction_Type="ungrouped"),
        fee("without type", Transaction_Type=None),
        fee("unknown but closed", Transaction_Type="novelty", **closed),
        fee("unknown but later", Transaction_Type="novelty", Created_Date=datetime(2024, 6, 1)),
    )
    source.put(
        STATEMENTS,
        {
            "id_company": "EC_NG",
            "RING_ID_Transaction_Statement": "S1",
            "RING_End_Date": datetime(2024, 5, 31),
        },
    )

    found = source.control("ipe_11", "unmapped", MAY)

    assert [(str(row["transaction_type"]).lower(), row["row_count"]) for row in found] == [
        ("none", 1),
        ("novelty", 2),
        ("ungrouped", 1),
    ]
    assert found[1]["sc_transaction_amount"] == Decimal("9.5000")
    assert [row["sc_id_transaction"] for row in source.extract("ipe_11", MAY)] == ["known"]


def test_a_doubled_vendor_or_type_name_is_found_by_name_and_by_the_totals(tmp_path: Path) -> None:
    source = source_with(tmp_path, fee("T1", BOB_ID_Vendor="V1"), fee("T2", BOB_ID_Vendor="V2"))
    source.put(
        VENDORS,
        {"ID_company": "EC_NG", "BOB_ID_Vendor": "V1", "Is_Global": 0},
        {"ID_company": "EC_NG", "BOB_ID_Vendor": "v1", "Is_Global": 1},
        {"ID_company": "EC_NG", "BOB_ID_Vendor": "V2", "Is_Global": 1},
    )
    source.put(
        TYPE_NAMES,
        {"ID_Company": "EC_NG", "ID_Transaction": "T2", "Transaction_Type_Name": "a"},
        {"ID_Company": "EC_NG", "ID_Transaction": "T2", "Transaction_Type_Name": "b"},
        {"ID_Company": "EC_NG", "ID_Transaction": "unused", "Transaction_Type_Name": "a"},
        {"ID_Company": "EC_NG", "ID_Transaction": "unused", "Transaction_Type_Name": "b"},
    )

    found = source.control("ipe_11", "duplicate_dimensions", MAY)

    assert sorted((row["table_name"], str(row["duplicated_key"]).upper()) for row in found) == [
        ("RPT_TRANSACTIONS", "T2"),
        ("RPT_VENDORS", "V1"),
    ]
    assert source.total("ipe_11", "transfer", MAY)["row_count"] == 4
    for control in ("without_joins", "driving_table"):
        totals = source.total("ipe_11", control, MAY)
        assert (totals["row_count"], totals["sum_sc_transaction_amount"]) == (2, Decimal(20))


def test_a_statement_that_is_both_open_and_closed_is_found(tmp_path: Path) -> None:
    source = source_with(tmp_path, fee("T1", ID_Account_Statement="S1"))
    source.put(
        STATEMENTS,
        *(
            {
                "id_company": "EC_NG",
                "RING_ID_Transaction_Statement": "S1",
                "RING_End_Date": end,
            }
            for end in (datetime(2024, 5, 31), datetime(2024, 6, 1))
        ),
    )

    (found,) = source.control("ipe_11", "duplicate_dimensions", MAY)

    assert (found["table_name"], found["duplicated_key"]) == ("RPT_ACCOUNTSTATEMENTS", "S1")
    assert source.total("ipe_11", "transfer", MAY)["row_count"] == 1
    assert source.total("ipe_11", "without_joins", MAY)["row_count"] == 0


def test_transactions_whose_statement_is_missing_are_kept_and_counted(tmp_path: Path) -> None:
    source = source_with(tmp_path, fee("none"), fee("missing", ID_Account_Statement="S9"))

    assert source.control("ipe_11", "statements_missing", MAY) == [
        {"company": "EC_NG", "row_count": 1, "sc_transaction_amount": Decimal("10.0000")}
    ]
    assert [
        (row["sc_id_transaction"], row["statement_missing"])
        for row in source.extract("ipe_11", MAY)
    ] == [("missing", True), ("none", False)]
