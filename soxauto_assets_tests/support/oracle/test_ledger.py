"""The oracle of IPE_07 and CR_03 against rows written by hand."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from soxauto_assets_tests.support.oracle import LiteralSource, Month, expected_rows
from soxauto_assets_tests.support.oracle.collation import DuplicateDimensionError
from soxauto_assets_tests.support.oracle.ledger import ageing_bucket, entry_type

SEPTEMBER = Month(2024, 9)
LAST_MOMENT = datetime(2024, 9, 30, 23, 59, 59, 997000)
N = datetime(2024, 10, 1)

NAV = "AIG_Nav_DW.dbo"
FINREC = "AIG_Nav_Jumia_Reconciliation"

DIMENSIONS = {
    f"{FINREC}.fdw.Dim_Company": [
        {
            "Company_Code": "EC_NG",
            "Company_Country": "NG",
            "Opco/Central_?": "Opco",
            "Flg_In_Conso_Scope": 1,
        }
    ],
    f"{FINREC}.fdw.Dim_Busline": [
        {
            "Company_Code": "EC_NG",
            "Busline_Code": "BL1",
            "Busline_Vertical_Name_1": "Retail",
            "Busline_Vertical_Name_2": "Phones",
            "Busline_Vertical_Name_3": "Cases",
        }
    ],
    f"{FINREC}.fdw.Dim_ChartOfAccounts": [
        {
            "Company_Code": "EC_NG",
            "G/L_Account_No": "411000",
            "Group_COA_Account_no": "13003",
            "Group_COA_Account_Name": "Customer AR - Trade",
        },
        {"Company_Code": "EC_NG", "G/L_Account_No": "412000", "Group_COA_Account_no": "13009"},
        {"Company_Code": "EC_NG", "G/L_Account_No": "413000", "Group_COA_Account_no": "13006"},
        {"Company_Code": "EC_NG", "G/L_Account_No": "414000", "Group_COA_Account_no": None},
    ],
    f"{FINREC}.dbo.GDOC_IFRS_Tabular_Mapping": [
        {
            "Level_4_Code": "13003",
            "Level_1_Name": "Assets",
            "Level_2_Name": "Current assets",
            "Level_3_Name": "Receivables",
        }
    ],
    f"{NAV}.Customer Posting Group": [
        {"id_company": "EC_NG", "Code": "B2C-NG-NAT", "Receivables Account": "411000"},
        {"id_company": "EC_NG", "Code": "DOUBTFUL", "Receivables Account": "412000"},
        {"id_company": "EC_NG", "Code": "LOAN", "Receivables Account": "413000"},
        {"id_company": "EC_NG", "Code": "OFF-GROUP", "Receivables Account": "414000"},
    ],
    f"{NAV}.Customers": [
        {
            "id_company": "EC_NG",
            "No_": "C1",
            "Name": "Amina",
            "Busline Code": "BL9",
            "Automatically integrated": 1,
            "Customer Posting Group": "B2B-NG-NAT",
            "Stream": "B2C",
        }
    ],
}


def entry(number, *, company="EC_NG", posted=datetime(2024, 9, 15), customer="C1", **others):
    return {
        "id_company": company,
        "Entry No_": number,
        "Posting Date": posted,
        "Customer No_": customer,
        "Customer Posting Group": "B2C-NG-NAT",
        **others,
    }


def detail(number, amount, *, company="EC_NG", posted=datetime(2024, 9, 15)):
    return {
        "id_company": company,
        "Cust_ Ledger Entry No_": number,
        "Posting Date": posted,
        "Amount (LCY)": Decimal(amount),
    }


def ipe_07(entries, details, month=SEPTEMBER):
    source = LiteralSource(
        {
            **DIMENSIONS,
            f"{NAV}.Customer Ledger Entries": entries,
            f"{NAV}.Detailed Customer Ledg_ Entry": details,
        }
    )
    rows = expected_rows("ipe_07", source, month)
    return sorted(rows, key=lambda row: (row["id_company"], row["entry_no"]))


def test_an_open_entry_comes_out_whole():
    full = entry(
        7,
        **{
            "GL Entry No_": 70,
            "Document No_": "INV-7",
            "Document Type": "Invoice",
            "External Document No_": "X7",
            "Description": "text",
            "Source Code": "SALES",
            "Reason Code": "R",
            "Busline Code": "bl1 ",
            "Department Code": "DEP",
            "Original Amount": Decimal("10"),
            "Currency": "USD",
            "Original Amount (LCY)": Decimal("15000.00000000000000000001"),
            "Open": 0,
            "Due Date": datetime(2024, 8, 31),
            "Posted by": "JUMIA/ANA",
            "Destination Code": "DE",
            "Partner Code": "PA",
            "IC Partner Code": "IC",
        },
    )
    details = [detail(7, "15000.00000000000000000001"), detail(7, "-5000")]
    assert ipe_07([full], details) == [
        {
            "id_company": "EC_NG",
            "company_country": "NG",
            "opco_central": "Opco",
            "entry_no": 7,
            "gl_entry_no": 70,
            "document_no": "INV-7",
            "document_type": "Invoice",
            "external_document_no": "X7",
            "posting_date": date(2024, 9, 15),
            "customer_no": "C1",
            "customer_name": "Amina",
            "customer_busline": "BL9",
            "automatically_integrated": True,
            "currentpostinggroup": "B2B-NG-NAT",
            "stream": "B2C",
            "customer_posting_group": "B2C-NG-NAT",
            "receivables_account": "411000",
            "group_account": "13003",
            "description": "text",
            "source_code": "SALES",
            "reason_code": "R",
            "busline_code": "bl1 ",
            "busline_vertical_name_1": "Retail",
            "busline_vertical_name_2": "Phones",
            "busline_vertical_name_3": "Cases",
            "department_code": "DEP",
            "original_amount": Decimal("10"),
            "currency": "USD",
            "original_amount_lcy": Decimal("15000.00000000000000000001"),
            "rem_amt_lcy": Decimal("10000.00000000000000000001"),
            "open": False,
            "due_date": date(2024, 8, 31),
            "ageing_bucket": "1-30",
            "posted_by": "JUMIA/ANA",
            "destination_code": "DE",
            "partner_code": "PA",
            "ic_partner_code": "IC",
            "customer_balance_lcy": Decimal("10000.00000000000000000001"),
        }
    ]


def test_posting_dates_are_in_up_to_the_last_moment_of_the_month_and_no_further():
    entries = [entry(1, posted=LAST_MOMENT), entry(2, posted=N), entry(3)]
    details = [
        detail(1, "5", posted=LAST_MOMENT),
        detail(1, "-5", posted=N),  # settled after the cut-off: still open at it
        detail(2, "9", posted=N),
        detail(3, "4", posted=N),  # its own movement comes later: zero at the cut-off
    ]
    assert [(r["entry_no"], r["rem_amt_lcy"]) for r in ipe_07(entries, details)] == [
        (1, Decimal(5))
    ]


def test_an_entry_settled_to_zero_is_out_but_a_customer_that_nets_to_zero_stays():
    entries = [entry(1), entry(2), entry(3, customer="c1 ")]
    details = [
        detail(1, "8"),
        detail(1, "-8"),
        detail(2, "100.5"),
        detail(3, "-100.5"),
    ]
    rows = ipe_07(entries, details)
    assert [(r["entry_no"], r["rem_amt_lcy"], r["customer_balance_lcy"]) for r in rows] == [
        (2, Decimal("100.5"), Decimal(0)),
        (3, Decimal("-100.5"), Decimal(0)),
    ]


def test_the_account_decides_not_the_posting_group_and_unmapped_rows_have_none():
    groups = ["B2C-NG-NAT", "doubtful ", "LOAN", "OFF-GROUP", "UNKNOWN"]
    entries = [entry(n, **{"Customer Posting Group": g}) for n, g in enumerate(groups)]
    rows = ipe_07(entries, [detail(n, "1") for n in range(len(groups))])
    assert [(r["entry_no"], r["group_account"]) for r in rows] == [(0, "13003"), (1, "13009")]


def test_companies_are_those_of_the_roster_in_any_spelling():
    companies = ["ec_ng ", "EC_NG_USD", "AT_TN"]
    entries = [entry(1, company=company) for company in companies]
    details = [detail(1, "1", company=company) for company in companies]
    assert [r["id_company"] for r in ipe_07(entries, details)] == ["ec_ng "]


@pytest.mark.parametrize(
    ("due", "label"),
    [
        (None, "no due date"),
        (date(2024, 10, 1), "not due"),
        (date(2024, 9, 30), "not due"),
        (date(2024, 9, 29), "1-30"),
        (date(2024, 8, 31), "1-30"),
        (date(2024, 8, 30), "31-60"),
        (date(2024, 8, 1), "31-60"),
        (date(2024, 7, 31), "61-90"),
        (date(2024, 7, 2), "61-90"),
        (date(2024, 7, 1), "91-180"),
        (date(2024, 4, 3), "91-180"),
        (date(2024, 4, 2), "181-365"),
        (date(2023, 10, 1), "181-365"),
        (date(2023, 9, 30), "over 365"),
    ],
)
def test_the_ageing_bucket_counts_days_from_the_cut_off(due, label):
    assert ageing_bucket(due, date(2024, 9, 30)) == label


def test_a_duplicated_dimension_row_is_refused_rather_than_multiplied():
    source = LiteralSource(
        {
            **DIMENSIONS,
            f"{NAV}.Customers": [
                {"id_company": "EC_NG", "No_": "C1"},
                {"id_company": "ec_ng", "No_": "c1"},
            ],
            f"{NAV}.Customer Ledger Entries": [entry(1)],
            f"{NAV}.Detailed Customer Ledg_ Entry": [detail(1, "1")],
        }
    )
    with pytest.raises(DuplicateDimensionError):
        expected_rows("ipe_07", source, SEPTEMBER)


def gl_entry(number, *, posted=datetime(2024, 9, 15), account="411000", **others):
    return {
        "id_company": "EC_NG",
        "Entry No_": number,
        "Posting Date": posted,
        "Chart of Accounts No_": account,
        "Amount": Decimal("1"),
        **others,
    }


def cr_03(entries, details=(), month=SEPTEMBER):
    source = LiteralSource(
        {
            **DIMENSIONS,
            f"{NAV}.G_L Entries": entries,
            f"{NAV}.Detailed G_L Entry": [
                {
                    "id_company": "EC_NG",
                    "Gen_ Ledger Entry No_": number,
                    "Posting Date": posted,
                    "Amount": Decimal(amount),
                }
                for number, posted, amount in details
            ],
        }
    )
    return sorted(expected_rows("cr_03", source, month), key=lambda row: row["entry_no"])


def test_the_movement_runs_from_the_first_of_january_to_the_last_moment_of_the_month():
    entries = [
        gl_entry(1, posted=datetime(2023, 12, 31)),
        gl_entry(2, posted=datetime(2024, 1, 1)),
        gl_entry(3, posted=LAST_MOMENT),
        gl_entry(4, posted=N),
    ]
    assert [(r["entry_no"], r["posting_period"]) for r in cr_03(entries)] == [
        (2, "2024-01"),
        (3, "2024-09"),
    ]


def test_closed_entries_stay_and_remaining_is_what_was_detailed_before_the_bound():
    details = [
        (1, datetime(2024, 9, 1), "1"),
        (1, LAST_MOMENT, "-1"),
        (2, LAST_MOMENT, "1.00000000000000000001"),
        (2, N, "-1"),
        # entry 3 has no detailed entry
    ]
    rows = cr_03([gl_entry(1), gl_entry(2), gl_entry(3)], details)
    assert [(r["entry_no"], r["remaining_amount"]) for r in rows] == [
        (1, Decimal(0)),
        (2, Decimal("1.00000000000000000001")),
        (3, Decimal(0)),
    ]


def test_entries_off_the_scope_of_the_control_or_off_the_chart_are_not_in():
    entries = [gl_entry(1), gl_entry(2, account="413000"), gl_entry(3, account="999999")]
    assert [r["entry_no"] for r in cr_03(entries)] == [1]


def test_a_ledger_entry_comes_out_whole():
    full = gl_entry(
        5,
        **{
            "Document No_": "D5",
            "External Document No_": "X5",
            "Voucher No_": "V5",
            "Document Date": datetime(2024, 9, 14),
            "Document Type": "Invoice",
            "Account Name": "Receivables",
            "Document Description": "submit",
            "Amount": Decimal("-3.25"),
            "Busline Code": "BL1",
            "Department Code": "DEP",
            "Bal_ Account Type": "Bank Account",
            "Bal_ Account No_": "B1",
            "Bal_ Account Name": "Bank",
            "Reason Code": "R",
            "Source Code": "S",
            "Reversed": 1,
            "Reversed by Entry No_": 6,
            "Reversed Entry No_": 0,
            "User ID": "JUMIA/NAV31AFR.BATCH.SRVC",
            "G_L Creation Date": LAST_MOMENT,
            "Destination Code": "DE",
            "Partner Code": "PA",
            "System-Created Entry": 0,
            "Source Type": "Customer",
            "Source No": "C1",
            "IC Partner Code": "IC",
            "VendorTag Code": "VT",
            "CustomerTag Code": "CT",
            "Service_Period": "202409",
        },
    )
    assert cr_03([full], [(5, datetime(2024, 9, 15), "-3.25")]) == [
        {
            "id_company": "EC_NG",
            "company_country": "NG",
            "flg_in_conso_scope": True,
            "opco_central": "Opco",
            "entry_no": 5,
            "document_no": "D5",
            "external_document_no": "X5",
            "voucher_no": "V5",
            "posting_date": date(2024, 9, 15),
            "posting_period": "2024-09",
            "document_date": date(2024, 9, 14),
            "document_type": "Invoice",
            "chart_of_accounts_no": "411000",
            "account_name": "Receivables",
            "group_coa_account_no": "13003",
            "group_coa_account_name": "Customer AR - Trade",
            "document_description": "submit",
            "amount": Decimal("-3.25"),
            "remaining_amount": Decimal("-3.25"),
            "busline_code": "BL1",
            "department_code": "DEP",
            "bal_account_type": "Bank Account",
            "bal_account_no": "B1",
            "bal_account_name": "Bank",
            "reason_code": "R",
            "source_code": "S",
            "reversed": True,
            "reversed_by_entry_no": 6,
            "reversed_entry_no": 0,
            "user_id": "JUMIA/NAV31AFR.BATCH.SRVC",
            "g_l_creation_date": LAST_MOMENT,
            "destination_code": "DE",
            "partner_code": "PA",
            "system_created_entry": False,
            "source_type": "Customer",
            "source_no": "C1",
            "ic_partner_code": "IC",
            "vendortag_code": "VT",
            "customertag_code": "CT",
            "service_period": "202409",
            "level_1_name": "Assets",
            "level_2_name": "Current assets",
            "level_3_name": "Receivables",
            "entrytype": "BackMargin",
        }
    ]


@pytest.mark.parametrize(
    ("text", "label"),
    [(None, "Other"), ("bonus", "Other"), ("BM March", "BackMargin"), ("backmargin", "BackMargin")],
)
def test_the_entry_type_reads_the_description_without_case(text, label):
    assert entry_type(text) == label
