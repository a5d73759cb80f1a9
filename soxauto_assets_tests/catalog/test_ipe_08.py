"""IPE_08, IPE_08_USAGE and IPE_08_TIMING: what their controls must see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.period import Period
from soxauto_assets_tests.catalog.small_source import (
    COMPANIES,
    FDW,
    FINREC,
    ROSTER_FINDING,
    STRANGER,
    Row,
    SmallSource,
)

MAY = Period(2024, 5)
VOUCHERS, TEMPLATES, ITEMS, COMPANY_TABLE = (
    FINREC + "V_STORECREDITVOUCHER_CLOSING",
    FINREC + "StoreCreditVoucher",
    FINREC + "RPT_SOI",
    FDW + "Dim_Company",
)


def voucher(number: str, code: str | None, **other: object) -> Row:
    return {
        "ID_COMPANY": "EC_NG",
        "id": number,
        "code": code,
        "discount_amount": Decimal(100),
        "created_at": datetime(2024, 5, 31, 23, 59, 59, 997000),
        "to_date": datetime(2025, 1, 1),
        "is_active": 0,
        **other,
    }


def item(number: str, code: str | None, **other: object) -> Row:
    return {
        "ID_COMPANY": "EC_NG",
        "COD_OMS_SALES_ORDER_ITEM": number,
        "VOUCHER_CODE": code,
        "VOUCHER_TYPE": "reusablecredit",
        "ORDER_CREATION_DATE": datetime(2024, 5, 2),
        "PACKAGE_DELIVERY_DATE": datetime(2024, 5, 31, 23, 59, 59, 997000),
        "MTR_COUPON_MONEY_VALUE": Decimal(30),
        **other,
    }


def source(
    folder: Path,
    vouchers: Sequence[Row] = (),
    items: Sequence[Row] = (),
    templates: Sequence[Row] = (),
    companies: Sequence[Row] = COMPANIES,
) -> SmallSource:
    return SmallSource(
        folder,
        {VOUCHERS: vouchers, ITEMS: items, TEMPLATES: templates, COMPANY_TABLE: companies},
    )


def test_a_voucher_used_under_two_types_stays_one_row_and_is_counted_once(tmp_path: Path) -> None:
    used_twice = source(
        tmp_path,
        [voucher("1", "GC1")],
        [item("1", "GC1"), item("2", "gc1", VOUCHER_TYPE="coupon"), item("3", "GC1")],
    )
    (row,) = used_twice.extract("ipe_08", MAY)
    assert row["voucher_types"] == "coupon,reusablecredit"
    assert row["totalamountused"] == Decimal(90)
    assert row["totalremainingamount"] == Decimal(10)
    assert used_twice.counts("ipe_08", MAY) == {
        "transfer": 1,
        "without_joins": 1,
        "driving_table": 1,
    }
    assert used_twice.findings("ipe_08", MAY) == {}


def test_a_voucher_with_two_templates_doubles_the_extract_and_is_caught(tmp_path: Path) -> None:
    template = {"ID_COMPANY": "EC_NG", "id": "1", "template_name": "Gift"}
    doubled = source(tmp_path, [voucher("1", "GC1")], templates=[template, template])
    assert doubled.counts("ipe_08", MAY) == {"transfer": 2, "without_joins": 1, "driving_table": 1}
    assert doubled.findings("ipe_08", MAY) == {
        "duplicate_dimensions": [
            {"dimension": "StoreCreditVoucher", "company": "EC_NG", "code": "1", "copies": 2}
        ]
    }


def test_one_code_of_two_vouchers_counts_its_use_twice_and_is_caught(tmp_path: Path) -> None:
    shared = source(tmp_path, [voucher("1", "GC1"), voucher("2", "gc1")], [item("1", "GC1")])
    rows = shared.extract("ipe_08", MAY)
    assert [row["totalamountused"] for row in rows] == [Decimal(30), Decimal(30)]
    assert shared.findings("ipe_08", MAY) == {
        "shared_codes": [{"company": "EC_NG", "code": "GC1", "vouchers": 2}]
    }
    (total,) = shared.control("ipe_08", "driving_table", MAY)
    assert total["sum_totalamountused"] == Decimal(30)


def test_vouchers_without_code_share_nothing_and_use_nothing(tmp_path: Path) -> None:
    blank = source(
        tmp_path,
        [voucher("1", None), voucher("2", ""), voucher("3", "")],
        [item("1", ""), item("2", None)],
    )
    rows = blank.extract("ipe_08", MAY)
    assert [(row["id"], row["totalamountused"]) for row in rows] == [
        ("1", Decimal(0)),
        ("2", Decimal(0)),
        ("3", Decimal(0)),
    ]
    assert blank.findings("ipe_08", MAY) == {}


def test_use_of_codes_that_no_voucher_has_is_noted(tmp_path: Path) -> None:
    strange = source(tmp_path, [voucher("1", "GC1")], [item("1", "GC1"), item("2", "SALE")])
    assert strange.control("ipe_08", "left_out_use_without_voucher", MAY) == [
        {
            "company": "EC_NG",
            "items": 1,
            "shipping_storecredit": Decimal(0),
            "coupon_storecredit": Decimal(30),
        }
    ]


def test_a_code_of_two_vouchers_doubles_its_use_and_is_caught(tmp_path: Path) -> None:
    shared = source(tmp_path, [voucher("1", "GC1"), voucher("2", "gc1")], [item("1", "GC1")])
    assert len(shared.extract("ipe_08_usage", MAY)) == 2
    assert shared.counts("ipe_08_usage", MAY) == {
        "transfer": 2,
        "without_joins": 1,
        "driving_table": 1,
    }
    assert shared.findings("ipe_08_usage", MAY) == {
        "duplicate_dimensions": [
            {
                "dimension": "V_STORECREDITVOUCHER_CLOSING",
                "company": "EC_NG",
                "code": "GC1",
                "copies": 2,
            }
        ]
    }


def test_store_credit_without_a_code_is_left_out_and_noted(tmp_path: Path) -> None:
    nameless = source(tmp_path, items=[item("1", None), item("2", ""), item("3", "GC1")])
    (row,) = nameless.extract("ipe_08_usage", MAY)
    assert (row["code"], row["id"], row["delivery_mth"]) == ("GC1", None, 202405)
    assert nameless.control("ipe_08_usage", "left_out_without_code", MAY) == [
        {
            "company": "EC_NG",
            "items": 2,
            "shipping_storecredit": Decimal(0),
            "coupon_storecredit": Decimal(60),
        }
    ]


def test_a_voucher_of_two_open_items_is_two_rows_and_its_amount_is_noted_once(
    tmp_path: Path,
) -> None:
    open_items = source(
        tmp_path, [voucher("1", "GC1"), voucher("2", "GC2")], [item("1", "GC1"), item("2", "GC1")]
    )
    rows = open_items.extract("ipe_08_timing", MAY)
    assert [(row["voucher_id"], row["fk_sales_order_item"], row["amount"]) for row in rows] == [
        ("1", "1", Decimal(100)),
        ("1", "2", Decimal(100)),
        ("2", "", Decimal(100)),
    ]
    assert open_items.control("ipe_08_timing", "vouchers_counted_once", MAY) == [
        {"company": "EC_NG", "vouchers": 2, "amount": Decimal(200)}
    ]


def test_an_item_that_two_vouchers_claim_is_caught(tmp_path: Path) -> None:
    shared = source(tmp_path, [voucher("1", "GC1"), voucher("2", "gc1")], [item("1", "GC1")])
    assert shared.counts("ipe_08_timing", MAY) == {
        "transfer": 2,
        "without_joins": 1,
        "driving_table": 2,
    }


@pytest.mark.parametrize("report", ["ipe_08", "ipe_08_usage", "ipe_08_timing"])
def test_a_consolidated_company_off_the_roster_is_named_once_it_has_rows(
    tmp_path: Path, report: str
) -> None:
    companies = [*COMPANIES, STRANGER]
    june = datetime(2024, 6, 1)
    too_late = source(
        tmp_path / "1",
        [voucher("1", "GC1", ID_COMPANY="EC_TZ", created_at=june)],
        [item("1", "GC1", ID_COMPANY="EC_TZ", PACKAGE_DELIVERY_DATE=june)],
        companies=companies,
    )
    assert too_late.findings(report, MAY) == {}
    in_time = source(
        tmp_path / "2",
        [voucher("1", "GC1", ID_COMPANY="EC_TZ")],
        [item("1", "GC1", ID_COMPANY="EC_TZ")],
        companies=companies,
    )
    assert in_time.findings(report, MAY) == {"roster": [ROSTER_FINDING]}
    assert in_time.extract(report, MAY) == [], "the extract stays with the roster"
