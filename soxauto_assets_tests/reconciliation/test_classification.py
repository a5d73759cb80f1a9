"""Every entry on the voucher account is in one class, by a rule with an id (D21, section 7)."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from soxauto_assets.reconciliation.classification import classify
from soxauto_assets_tests.reconciliation.months import BATCH, BOOK, Row, entry, report, voucher


def classes(*rows: Row, vouchers: tuple[Row, ...] = ()) -> list[tuple[str, str, str]]:
    found = classify(report("cr_03", rows), report("ipe_08", vouchers), BOOK)
    assert found["entry_no"].to_list() == [row["entry_no"] for row in rows]
    return list(found.select(pl.col("rule", "category", "type").cast(pl.String)).iter_rows())


@pytest.mark.parametrize(
    ("amount", "text", "more", "expected"),
    [
        (5, "x", {"bal_account_type": "Bank Account"}, ("CL-VTC-BANK", "VTC", "Refund")),
        (-5, "Refund order 7", {"user_id": BATCH}, ("CL-ISS-INT-REFUND", "Issuance", "Refund")),
        (-5, "rf_7", {"user_id": BATCH}, ("CL-ISS-INT-REFUND", "Issuance", "Refund")),
        (
            -5,
            "commercial  gesture",
            {"user_id": BATCH},
            ("CL-ISS-INT-APOLOGY", "Issuance", "Apology"),
        ),
        (-5, "PYT_PF_1", {"user_id": BATCH}, ("CL-ISS-INT-JFORCE", "Issuance", "JForce")),
        (-5, "x", {"user_id": BATCH}, ("CL-ISS-INT-OTHER", "Issuance", "Unknown")),
        (-5, "RFN 7", {}, ("CL-ISS-MAN-REFUND", "Issuance", "Refund")),
        (-5, "CXP", {}, ("CL-ISS-MAN-APOLOGY", "Issuance", "Apology")),
        (-5, "PYT_9", {}, ("CL-ISS-MAN-JFORCE", "Issuance", "JForce")),
        (
            -5,
            "Jumia JP app_store credit 7",
            {"document_no": "NG-1"},
            ("CL-ISS-MAN-JPAY", "Issuance", "Jpay Store Credit"),
        ),
        (-5, "x", {"document_no": "ic-9"}, ("CL-ISS-MAN-STORE", "Issuance", "Store Credit")),
        (-5, "x", {"document_no": "NG123"}, ("CL-ISS-MAN-STORE", "Issuance", "Store Credit")),
        (-5, "x", {}, ("CL-ISS-MAN-OTHER", "Issuance", "Unknown")),
        (5, "Voucher Accrual", {"user_id": BATCH}, ("CL-CAN-INT", "Cancellation", "Apology")),
        (5, "x", {"user_id": BATCH}, ("CL-USE-INT", "Usage", "Unknown")),
        (5, "EXPR_APLGY 1", {}, ("CL-EXP-APOLOGY", "Expired", "Apology")),
        (5, "expr_apology 1", {}, ("CL-EXP-APOLOGY", "Expired", "Apology")),
        (5, "EXPR_JFORCE", {}, ("CL-EXP-JFORCE", "Expired", "JForce")),
        (5, "EXPR_STR CRDT", {}, ("CL-EXP-STORE", "Expired", "Store Credit")),
        (5, "EXPR_STR_CREDIT", {}, ("CL-EXP-STORE", "Expired", "Store Credit")),
        (5, "EXPR_RFN 8", {}, ("CL-EXP-REFUND", "Expired", "Refund")),
        (5, "EXPR 8", {}, ("CL-EXP-OTHER", "Expired", "Unknown")),
        (5, "manual rnd 8", {}, ("CL-VTC-RND", "VTC", "Refund")),
        (5, "PYT_GTB 8", {}, ("CL-VTC-GTB", "VTC", "Refund")),
        (5, "GTB, then PYT", {}, ("CL-VTC-GTB", "VTC", "Refund")),
        (
            5,
            "x",
            {"document_type": "Credit Memo "},
            ("CL-CAN-MEMO", "Cancellation", "Store Credit"),
        ),
        (5, "ITEMPRICECREDIT", {}, ("CL-USE-MAN", "Usage", "Unknown")),
        (5, "x", {}, ("CL-NONE", "Unclassified", "Unknown")),
        (0, "REFUND", {}, ("CL-ZERO", "Unclassified", "Unknown")),
        (5, "x", {"user_id": None}, ("CL-NONE", "Unclassified", "Unknown")),
    ],
)
def test_each_rule_takes_its_entries(
    amount: int, text: str, more: dict[str, object], expected: tuple[str, str, str]
) -> None:
    assert classes(entry(1, amount, text, **more)) == [expected]


@pytest.mark.parametrize(
    ("amount", "text", "document", "expected"),
    [
        (-5, "PERF REVIEW", "X-1", "CL-ISS-MAN-OTHER"),
        (-5, "SURF_BOARD", "X-1", "CL-ISS-MAN-OTHER"),
        (-5, "NON-REFUNDABLE", "X-1", "CL-ISS-MAN-OTHER"),
        (5, "EXPRESS delivery", "X-1", "CL-NONE"),
        (-5, "x", "MANUAL-7", "CL-ISS-MAN-OTHER"),
        (-5, "x", "GHOST", "CL-ISS-MAN-OTHER"),
        (-5, "x", "SNAPSHOT", "CL-ISS-MAN-OTHER"),
        (-5, "x", "CIT-5", "CL-ISS-MAN-OTHER"),
        (-5, "REFUND", "NG-7", "CL-ISS-MAN-REFUND"),
        (-5, "éRFé", "X-1", "CL-ISS-MAN-OTHER"),
    ],
)
def test_a_part_of_a_word_is_not_the_word(
    amount: int, text: str, document: str, expected: str
) -> None:
    assert classes(entry(1, amount, text, document_no=document))[0][0] == expected


def test_the_type_of_a_use_is_that_of_its_voucher_by_id_then_by_code() -> None:
    vouchers = (
        voucher("7", 10, business_use="Jpay_Store_Credit"),
        voucher("8", 10, code="AP-8", business_use="apology_v2 "),
        voucher("7", 10, id_company="EC_NG", business_use="jforce"),
        voucher("9", 10, code="TWO"),
        voucher("10", 10, code="two", business_use="jforce"),
        voucher("11", 10, business_use="marketing"),
    )
    uses = [
        entry(number, 1, user_id=BATCH, voucher_no=name)
        for number, name in enumerate(["7", "ap-8 ", "TWO", "11", "404", None], start=1)
    ]
    found = classes(*uses, vouchers=vouchers)
    assert [kind for _, _, kind in found] == [
        "Jpay Store Credit",
        "Apology",
        "Unknown",  # one code, two types
        "Unknown",
        "Unknown",
        "Unknown",
    ]


def test_a_reversal_has_the_class_of_what_it_reverses_from_either_side_of_the_link() -> None:
    found = classes(
        entry(1, 5, "EXPR_RFN 7", reversed=True, reversed_by_entry_no=2),
        entry(2, -5, "REFUND", reversed=True, reversed_entry_no=1),
        entry(3, 6, "MANUAL RND", reversed=True, reversed_by_entry_no=4),
        entry(4, -6, "x", reversed=True),
        # A reversal of a reversal.
        entry(5, 5, "again", reversed=True, reversed_entry_no=2),
    )
    assert found == [
        ("CL-EXP-REFUND", "Expired", "Refund"),
        ("CL-REV-LINK", "Expired", "Refund"),
        ("CL-VTC-RND", "VTC", "Refund"),
        ("CL-REV-LINK", "VTC", "Refund"),
        ("CL-REV-LINK", "Expired", "Refund"),
    ]


def test_a_reversal_without_link_is_known_by_its_opposite_amount() -> None:
    same = {"voucher_no": "7", "document_no": "END-7"}
    found = classes(
        entry(1, 5, "EXPR_RFN 7", **same),
        entry(2, 5, "EXPR_RFN 7", **same),
        entry(3, -5, "EXPR_RFN 7", **same),  # two of one class: the class is known
        entry(4, -5, "EXPR_RFN 7", voucher_no="8", document_no="END-7"),  # another voucher
        entry(5, -5, "EXPR_RFN 7", voucher_no="7", document_no="END-8"),  # another document
        entry(6, -4, "EXPR_RFN 7", **same),  # another amount
        entry(7, -5, "EXPR_RFN 7", id_company="EC_NG", **same),  # another company
    )
    assert [rule for rule, _, _ in found[2:]] == ["CL-REV-AMOUNT", *["CL-REV-NONE"] * 4]
    assert found[2][1:] == ("Expired", "Refund")
    assert found[3][1:] == ("Unclassified", "Unknown")


def test_opposite_amounts_of_two_classes_decide_nothing() -> None:
    same = {"voucher_no": "7", "document_no": "END-7"}
    found = classes(
        entry(1, 5, "EXPR_RFN 7", **same),
        entry(2, 5, "MANUAL RND 7", **same),
        entry(3, -5, "EXPR_RFN 7", **same),
    )
    assert found[2][0] == "CL-REV-NONE"


def test_an_entry_that_is_only_marked_is_taken_back_by_the_later_one() -> None:
    same = {"voucher_no": "7", "document_no": "D", "reversed": True}
    found = classes(entry(1, -5, "REFUND", **same), entry(2, 5, "x", **same))
    assert [rule for rule, _, _ in found] == ["CL-ISS-MAN-REFUND", "CL-REV-AMOUNT"]
    assert found[1][1:] == ("Issuance", "Refund")
    alone = classes(entry(1, -5, "REFUND", **same))
    assert alone == [("CL-REV-NONE", "Unclassified", "Unknown")]


def test_links_that_lead_nowhere_decide_nothing() -> None:
    found = classes(
        entry(1, -5, "REFUND", reversed=True, reversed_entry_no=99),  # of an earlier year
        entry(2, 5, "EXPR", reversed=True, reversed_by_entry_no=98),  # reversed after the cut-off
        entry(3, 5, "EXPR", reversed=True, reversed_entry_no=4),  # a ring
        entry(4, -5, "EXPR", reversed=True, reversed_entry_no=3),
    )
    assert [rule for rule, _, _ in found] == [
        "CL-REV-NONE",
        "CL-EXP-OTHER",
        "CL-REV-NONE",
        "CL-REV-NONE",
    ]


def test_entries_of_other_accounts_are_not_classified_and_amounts_stay_exact() -> None:
    smallest = Decimal("0.00000000000000000001")
    rows = [entry(1, smallest), entry(2, 5, group_coa_account_no="18350")]
    found = classify(report("cr_03", rows), None, BOOK)
    assert found["entry_no"].to_list() == [1]
    assert found["amount"].to_list() == [smallest]
    assert found["reason"].null_count() == 0
