"""What breaks such reports is really in the embedded warehouse, in every month.

Each query counts the rows of one peculiarity; a peculiarity that a change of the generator has
lost is found here and not by a report that has become easy to pass.
"""

from __future__ import annotations

import duckdb
import pytest

from soxauto_assets.catalog.scope import CONTROL_ACCOUNTS, ROSTER
from soxauto_assets.demo.months import write_month
from soxauto_assets.demo.plan import Cohort
from soxauto_assets.period import Period
from soxauto_assets_tests.support.demo import SMALL, THROUGH

FINREC = "AIG_Nav_Jumia_Reconciliation.dbo"
RING = "AIG_Nav_Jumia_Reconciliation.RING"
FDW = "AIG_Nav_Jumia_Reconciliation.fdw"
NAV = "AIG_Nav_DW.dbo"
PACKAGES = "STG_AIG_NAV_JUMIA_REC.OMS.PACKAGE_CASHREC"
MONTHS = tuple(SMALL.first.through(THROUGH))

# On both sides of a month's end: table, stamp. The last moment of DATETIME and the first of the
# next month; days for the ledger.
BOUNDS = (
    (f"{FINREC}.RPT_SOI", "FINANCE_VERIFIED_DATE"),
    (f"{FINREC}.RPT_SOI", "DELIVERED_DATE"),
    (f"{FINREC}.RPT_SOI", "PACKAGE_DELIVERY_DATE"),
    (f"{FINREC}.RPT_SOI", "REFUND_DATE"),
    (f"{FINREC}.RPT_SOI", "RETURN_DATE"),
    (f"{FINREC}.RPT_SOI", "ORDER_CREATION_DATE"),
    (f"{FINREC}.RPT_SOI", "CANCELLATION_DATE"),
    (f"{FINREC}.V_STORECREDITVOUCHER_CLOSING", "created_at"),
    (f"{FINREC}.V_STORECREDITVOUCHER_CLOSING", "to_date"),
    (f"{FINREC}.V_STORECREDITVOUCHER_CLOSING", "voucher_inactive_date"),
    (f"{FINREC}.RPT_TRANSACTIONS_SELLER", "Created_Date"),
    (f"{RING}.RPT_ACCOUNTSTATEMENTS", "RING_End_Date"),
    (f"{FINREC}.RPT_CASHREC_TRANSACTION", "Created_Date"),
    (f"{FINREC}.RPT_CASHREC_TRANSACTION", "Transaction_List_Date"),
    (f"{FINREC}.RPT_CASHREC_REALLOCATIONS", "Original_Transaction_date"),
    (f"{FINREC}.RPT_CASHREC_REALLOCATIONS", "Reallocated_Transaction_Date"),
    (PACKAGES, "troubleshoot_resolution_date"),
)
LEDGER_BOUNDS = (
    (f'{NAV}."G_L Entries"', "Posting Date"),
    (f'{NAV}."Detailed G_L Entry"', "Posting Date"),
    (f'{NAV}."Customer Ledger Entries"', "Posting Date"),
    (f'{NAV}."Detailed Customer Ledg_ Entry"', "Posting Date"),
)
COMPANIES = tuple(company.code for company in ROSTER)

EVERY_MONTH = {
    "null delivery type": (f"{FINREC}.RPT_SOI", "ORDER_CREATION_DATE", "DELIVERY_TYPE IS NULL"),
    "null marketplace flag": (
        f"{FINREC}.RPT_SOI",
        "ORDER_CREATION_DATE",
        "IS_MARKETPLACE IS NULL",
    ),
    "null prepayment flag": (f"{FINREC}.RPT_SOI", "ORDER_CREATION_DATE", "IS_PREPAYMENT IS NULL"),
    "null payment method": (f"{FINREC}.RPT_SOI", "DELIVERED_DATE", "PAYMENT_METHOD IS NULL"),
    "digital item without package": (
        f"{FINREC}.RPT_SOI",
        "ORDER_CREATION_DATE",
        "DELIVERY_TYPE = 'gift card' AND PACKAGE_NUMBER IS NULL",
    ),
    "cancelled, refunded only later": (
        f"{FINREC}.RPT_SOI",
        "CANCELLATION_DATE",
        "REFUND_DATE > last_day(CANCELLATION_DATE) + INTERVAL 1 DAY",
    ),
    "zero amount": (f"{FINREC}.RPT_SOI", "ORDER_CREATION_DATE", "MTR_UNIT_PRICE = 0"),
    "negative amount": (f"{FINREC}.RPT_SOI", "ORDER_CREATION_DATE", "MTR_PAID_PRICE < 0"),
    "amounts all null": (
        f"{FINREC}.RPT_SOI",
        "ORDER_CREATION_DATE",
        "MTR_PAID_PRICE IS NULL AND MTR_BASE_SHIPPING_AMOUNT IS NULL",
    ),
    "amount of four decimals": (
        f"{FINREC}.RPT_SOI",
        "ORDER_CREATION_DATE",
        "MTR_PAID_PRICE * 100 % 1 <> 0",
    ),
    "code without voucher": (
        f"{FINREC}.RPT_SOI",
        "PACKAGE_DELIVERY_DATE",
        "VOUCHER_CODE LIKE 'STRAY-%'",
    ),
    "store credit without code": (
        f"{FINREC}.RPT_SOI",
        "PACKAGE_DELIVERY_DATE",
        "VOUCHER_TYPE = 'reusablecredit' AND VOUCHER_CODE IS NULL",
    ),
    "voucher without end": (
        f"{FINREC}.V_STORECREDITVOUCHER_CLOSING",
        "created_at",
        "to_date IS NULL",
    ),
    "voucher of unknown activity": (
        f"{FINREC}.V_STORECREDITVOUCHER_CLOSING",
        "created_at",
        "is_active IS NULL",
    ),
    "voucher without value": (
        f"{FINREC}.V_STORECREDITVOUCHER_CLOSING",
        "created_at",
        "discount_amount IS NULL",
    ),
    "template off, voucher not": (
        f"{FINREC}.V_STORECREDITVOUCHER_CLOSING",
        "created_at",
        "voucher_inactive_date IS NULL AND template_inactive_date IS NOT NULL",
    ),
    "used beyond its value": (
        f"{FINREC}.V_STORECREDITVOUCHER_CLOSING",
        "created_at",
        "used_discount_amount > discount_amount",
    ),
    "package more than collected": (
        PACKAGES,
        "delivery_date",
        "amount_received > amount_expected",
    ),
    "package of unknown expectation": (
        PACKAGES,
        "delivery_date",
        "amount_expected IS NULL AND amount_received IS NOT NULL",
    ),
    "transaction on no statement": (
        f"{FINREC}.RPT_TRANSACTIONS_SELLER",
        "Created_Date",
        "ID_Account_Statement IS NULL",
    ),
    "negative transaction": (
        f"{FINREC}.RPT_TRANSACTIONS_SELLER",
        "Created_Date",
        "Transaction_Amount < 0",
    ),
    "statement without end": (
        f"{RING}.RPT_ACCOUNTSTATEMENTS",
        "RING_Start_Date",
        "RING_End_Date IS NULL",
    ),
    "twenty decimals in the ledger": (
        f'{NAV}."G_L Entries"',
        '"Posting Date"',
        '"Amount" * 10000 % 1 <> 0',
    ),
    "zero in the ledger": (f'{NAV}."G_L Entries"', '"Posting Date"', '"Amount" = 0'),
    "reversed entry with its link": (
        f'{NAV}."G_L Entries"',
        '"Posting Date"',
        '"Reversed" = 1 AND "Reversed by Entry No_" > 0',
    ),
    "entry of an integration user in the other case": (
        f'{NAV}."G_L Entries"',
        '"Posting Date"',
        "\"User ID\" = 'JUMIA/NAV31AFR.BATCH.SRVC'",
    ),
    "smallest amount of the customer ledger": (
        f'{NAV}."Detailed Customer Ledg_ Entry"',
        '"Posting Date"',
        '"Amount (LCY)" = 0.00000000000000000001',
    ),
}

ANYWHERE = {
    "one code under two voucher types": f"""
        SELECT 1 FROM {FINREC}.RPT_SOI WHERE VOUCHER_CODE IS NOT NULL
        GROUP BY ID_COMPANY, VOUCHER_CODE HAVING count(DISTINCT VOUCHER_TYPE) > 1""",
    "one code in two cases, joined all the same": f"""
        SELECT 1 FROM {FINREC}.RPT_SOI AS s JOIN {FINREC}.V_STORECREDITVOUCHER_CLOSING AS v
        ON v.ID_COMPANY = s.ID_COMPANY AND v.code = s.VOUCHER_CODE
        WHERE encode(v.code) <> encode(s.VOUCHER_CODE)""",
    "package numbers in two cases, joined all the same": f"""
        SELECT 1 FROM {FINREC}.RPT_SOI AS s JOIN {PACKAGES} AS p
        ON p.ID_COMPANY = s.ID_COMPANY AND p.package_nr = s.PACKAGE_NUMBER
        WHERE encode(p.package_nr) <> encode(s.PACKAGE_NUMBER)""",
    "a package of several items": f"""
        SELECT 1 FROM {FINREC}.RPT_SOI WHERE PACKAGE_NUMBER IS NOT NULL
        GROUP BY ID_COMPANY, PACKAGE_NUMBER HAVING count(*) > 1""",
    "a delivered package without row": f"""
        SELECT 1 FROM {FINREC}.RPT_SOI AS s ANTI JOIN {PACKAGES} AS p
        ON p.ID_COMPANY = s.ID_COMPANY AND p.package_nr = s.PACKAGE_NUMBER
        WHERE s.IS_PREPAYMENT = 0 AND s.DELIVERED_DATE IS NOT NULL""",
    "an item twice on the refund list": f"""
        SELECT 1 FROM {FINREC}.RPT_REFUND_NO_RETURN
        GROUP BY ID_Company, OMS_ID_Sales_Order_Item HAVING count(*) > 1""",
    "a transaction on a statement that is missing": f"""
        SELECT 1 FROM {FINREC}.RPT_TRANSACTIONS_SELLER AS t
        ANTI JOIN {RING}.RPT_ACCOUNTSTATEMENTS AS st ON st.id_company = t.ID_Company
            AND st.RING_ID_Transaction_Statement = t.ID_Account_Statement
        WHERE t.ID_Account_Statement IS NOT NULL""",
    "a statement without transactions": f"""
        SELECT 1 FROM {RING}.RPT_ACCOUNTSTATEMENTS AS st
        ANTI JOIN {FINREC}.RPT_TRANSACTIONS_SELLER AS t ON st.id_company = t.ID_Company
            AND st.RING_ID_Transaction_Statement = t.ID_Account_Statement""",
    "a transaction type in two cases": f"""
        SELECT 1 FROM {FINREC}.RPT_TRANSACTIONS_SELLER GROUP BY Transaction_Type
        HAVING count(DISTINCT encode(Transaction_Type)) > 1""",
    "a partner with two hubs": f"""
        SELECT 1 FROM {FINREC}.RPT_HUBS_3PL_MAPPING
        GROUP BY ID_COMPANY, NODE HAVING count(*) > 1""",
    "a partner with two rows": f"""
        SELECT 1 FROM {FINREC}.RPT_COLLECTIONPARTNERS GROUP BY ID_Company, Name
        HAVING count(*) > 1""",
    "a provider with two bank accounts": f"""
        SELECT 1 FROM {NAV}."Bank Accounts" GROUP BY ID_Company, "Service Provider No_"
        HAVING count(*) > 1""",
    "bank account 10058": f"""
        SELECT 1 FROM {NAV}."Bank Account Posting Group" WHERE "G_L Bank Account No_" = '10058'""",
    "an over-applied list": f"""
        SELECT 1 FROM {FINREC}.RPT_PACKLIST_PAYMENTS
        GROUP BY ID_Company, OMS_Packlist_No, OMS_Amount_Received
        HAVING sum(OMS_Payment_Reconciled_Amount
            + coalesce(OMS_Payment_Charges_Reconciled_Amount, 0)) > OMS_Amount_Received""",
    "an over-applied payment": f"""
        SELECT 1 FROM {FINREC}.RPT_CASHDEPOSIT AS d JOIN {FINREC}.RPT_PACKLIST_PAYMENTS AS p
            ON p.ID_Company = d.ID_Company AND p.OMS_Payment_No = d.OMS_Payment_No
        GROUP BY d.ID_Company, d.OMS_Payment_No, d.OMS_Payment_Amount, d.OMS_Charges_Amount
        HAVING sum(p.OMS_Payment_Reconciled_Amount) >
            d.OMS_Payment_Amount + coalesce(d.OMS_Charges_Amount, 0)""",
    "a closing row without date": f"""
        SELECT 1 FROM {FINREC}.RPT_COLLECTIONADJ
        WHERE OMS_Force_Closed = 1 AND OMS_Close_Date IS NULL""",
    "a closing row that does not say whether by force": f"""
        SELECT 1 FROM {FINREC}.RPT_COLLECTIONADJ WHERE OMS_Force_Closed IS NULL""",
    "a customer who is open and nets to zero": f"""
        WITH open AS (
            SELECT id_company, "Customer No_", "Cust_ Ledger Entry No_", sum("Amount (LCY)") AS rest
            FROM {NAV}."Detailed Customer Ledg_ Entry" GROUP BY ALL HAVING rest <> 0)
        SELECT 1 FROM open GROUP BY id_company, "Customer No_" HAVING sum(rest) = 0""",
    "a posting group in two cases": f"""
        SELECT 1 FROM {NAV}."Customer Ledger Entries" GROUP BY "Customer Posting Group"
        HAVING count(DISTINCT encode("Customer Posting Group")) > 1""",
    "a customer without master row": f"""
        SELECT 1 FROM {NAV}."Customer Ledger Entries" AS e ANTI JOIN {NAV}."Customers" AS c
        ON c.id_company = e.id_company AND c."No_" = e."Customer No_" """,
    "an entry without due date": f"""
        SELECT 1 FROM {NAV}."Customer Ledger Entries" WHERE "Due Date" IS NULL""",
    "a name in Arabic": f"SELECT 1 FROM {NAV}.Customers WHERE regexp_matches(Name, '[؀-ۿ]')",
    "a name in French": f"SELECT 1 FROM {NAV}.Customers WHERE Name LIKE '%é%'",
    "a comma, a quote and a newline": f"""
        SELECT 1 FROM (SELECT count(*) FILTER (Name LIKE '%,%') AS commas,
            count(*) FILTER (Name LIKE '%"%') AS quotes,
            count(*) FILTER (contains(Name, chr(10))) AS newlines FROM {NAV}.Customers)
        WHERE commas > 0 AND quotes > 0 AND newlines > 0""",
    "a trailing blank in a free text": f"SELECT 1 FROM {NAV}.Customers WHERE Name LIKE '% '",
    "an error row that stands twice": f"""
        SELECT 1 FROM {FINREC}.V_REC_CASHDEPOSIT_ERRORS
        GROUP BY country, Oms_Payment_No, "OMS Payment Amount" HAVING count(*) > 1""",
    "an error row of a company off the roster": f"""
        SELECT 1 FROM {FINREC}.V_REC_CASHDEPOSIT_ERRORS WHERE country = 'EC_CM'""",
    "a rate of nothing beside a good one": f"""
        SELECT 1 FROM {FINREC}.RPT_FX_RATES WHERE country_code = 'MA' AND rate = 0""",
    "books in USD": f"SELECT 1 FROM {FINREC}.RPT_SOI WHERE ID_COMPANY = 'EC_NG_USD'",
    "an inactive company with rows": f"""
        SELECT 1 FROM {FINREC}.RPT_SOI AS s JOIN {FDW}.Dim_Company AS c
        ON c.Company_Code = s.ID_COMPANY WHERE c."Is_Active?" = 0""",
    "a consolidated central company with ledger rows": f"""
        SELECT 1 FROM {NAV}."G_L Entries" AS e JOIN {FDW}.Dim_Company AS c
        ON c.Company_Code = e.id_company
        WHERE c."Opco/Central_?" = 'Central' AND c.Flg_In_Conso_Scope = 1""",
    "a local account that maps to nothing": f"""
        SELECT 1 FROM {FDW}.Dim_ChartOfAccounts WHERE Group_COA_Account_no IS NULL""",
}


@pytest.mark.parametrize(("table", "stamp"), BOUNDS)
@pytest.mark.parametrize("period", MONTHS, ids=str)
def test_rows_stand_in_the_last_and_the_first_moment_around_every_month_end(
    source: duckdb.DuckDBPyConnection, table: str, stamp: str, period: Period
) -> None:
    last = f"TIMESTAMP '{period.next_start}' - INTERVAL 3 MILLISECOND"
    found = source.execute(
        f"""
        SELECT count(*) FILTER ({stamp} = {last}) > 0,
            count(*) FILTER ({stamp} = TIMESTAMP '{period.next_start}') > 0
        FROM {table}
        """
    ).fetchall()
    assert found == [(True, True)]


@pytest.mark.parametrize(("table", "day"), LEDGER_BOUNDS)
@pytest.mark.parametrize("period", MONTHS, ids=str)
def test_every_company_books_on_the_last_and_the_first_day_around_every_month_end(
    source: duckdb.DuckDBPyConnection, table: str, day: str, period: Period
) -> None:
    for moment in (period.cutoff_date, period.next_start):
        found = source.execute(
            f'SELECT count(DISTINCT id_company) FROM {table} WHERE "{day}" = ? '
            f"AND id_company IN (SELECT unnest(?))",
            [moment, list(COMPANIES)],
        ).fetchall()
        assert found == [(len(COMPANIES),)]


@pytest.mark.parametrize("name", EVERY_MONTH)
def test_the_peculiarity_is_there_in_every_month(
    source: duckdb.DuckDBPyConnection, name: str
) -> None:
    table, stamp, condition = EVERY_MONTH[name]
    found = source.execute(
        f"SELECT DISTINCT strftime({stamp}, '%Y-%m') FROM {table} WHERE {condition}"
    ).fetchall()
    assert {str(period) for period in MONTHS} <= {month for (month,) in found}


@pytest.mark.parametrize("name", ANYWHERE)
def test_the_peculiarity_is_there(source: duckdb.DuckDBPyConnection, name: str) -> None:
    assert source.execute(f"SELECT count(*) > 0 FROM ({ANYWHERE[name]})").fetchall() == [(True,)]


def test_no_text_that_is_compared_ends_with_a_blank(source: duckdb.DuckDBPyConnection) -> None:
    # SQL Server ignores trailing blanks in comparisons and DuckDB does not (D29).
    codes = (
        (f"{FINREC}.RPT_SOI", "VOUCHER_CODE"),
        (PACKAGES, "package_nr"),
        (f'{NAV}."Customer Ledger Entries"', '"Customer No_"'),
        (f'{NAV}."Customer Ledger Entries"', '"Customer Posting Group"'),
        (f"{FINREC}.RPT_TRANSACTIONS_SELLER", "Transaction_Type"),
        (f"{FINREC}.RPT_CASHDEPOSIT", "OMS_Collection_Partner"),
    )
    for table, column in codes:
        found = source.execute(
            f"SELECT count(*) FROM {table} WHERE {column} <> rtrim({column})"
        ).fetchall()
        assert found == [(0,)], column


def test_consolidated_companies_off_the_roster_have_no_rows_on_the_controls_accounts(
    source: duckdb.DuckDBPyConnection,
) -> None:
    found = source.execute(
        f"""
        SELECT DISTINCT e.id_company FROM {NAV}."G_L Entries" AS e
        JOIN {FDW}.Dim_ChartOfAccounts AS a
            ON a.Company_Code = e.id_company AND a."G/L_Account_No" = e."Chart of Accounts No_"
        JOIN {FDW}.Dim_Company AS c ON c.Company_Code = e.id_company
        WHERE c.Flg_In_Conso_Scope = 1 AND a.Group_COA_Account_no IN (SELECT unnest(?))
        ORDER BY ALL
        """,
        [list(CONTROL_ACCOUNTS)],
    ).fetchall()
    assert found == [(code,) for code in sorted(COMPANIES)]


def test_generated_codes_do_hold_blanks_before_they_are_loaded() -> None:
    class Collecting:
        def __init__(self) -> None:
            self.codes: list[str] = []

        def add(self, full_name: str, columns: object) -> None:
            if full_name.endswith("RPT_SOI"):
                self.codes += [
                    code
                    for code in columns["VOUCHER_CODE"].to_pylist()  # type: ignore[index]
                    if code is not None and code.endswith(" ")
                ]

    sink = Collecting()
    write_month(Cohort(SMALL, SMALL.first), sink)
    assert len(sink.codes) >= len(COMPANIES)
