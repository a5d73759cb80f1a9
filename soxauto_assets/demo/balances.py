"""The balance view: what the ledger's entries add up to at the end of each month.

Here: the view CR_04 reads, made from the general ledger by one statement. Not here: the entries.
"""

from __future__ import annotations

import duckdb

from soxauto_assets.demo.companies import COMPANIES
from soxauto_assets.period import Period

_VIEW = "AIG_Nav_Jumia_Reconciliation.dbo.V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT"
# A local account of variant 1 is kept in USD, of variant 0 in the company's currency.
_BALANCES = f"""
INSERT INTO {_VIEW}
WITH movement AS (
    SELECT
        id_company, "Chart of Accounts No_" AS real_coa,
        -- One spelling, whatever order the entries come in.
        upper(nullif("Busline Code", '')) AS busline, upper(nullif("Partner Code", '')) AS partner,
        nullif("IC Partner Code", '') AS ic_partner,
        last_day("Posting Date") AS month_end, sum("Amount") AS amount
    FROM AIG_Nav_DW.dbo."G_L Entries"
    WHERE "Posting Date" < $end
    GROUP BY ALL
),
closing AS (
    SELECT last_day(month)::TIMESTAMP AS closing_date
    FROM generate_series($first::TIMESTAMP, $last::TIMESTAMP, INTERVAL 1 MONTH) AS months (month)
),
balance AS (
    SELECT
        closing_date, min(id_company) AS id_company, min(real_coa) AS real_coa,
        min(busline) AS busline, min(partner) AS partner, min(ic_partner) AS ic_partner,
        sum(amount) AS amount
    FROM movement JOIN closing ON month_end <= closing_date
    GROUP BY closing_date, movement.id_company, movement.real_coa, movement.busline,
        movement.partner, movement.ic_partner
)
SELECT
    b.id_company, c.name, c.country, c.country_name, b.closing_date,
    b.closing_date + INTERVAL 54 HOUR, a."Group_COA_Account_no", a."Group_COA_Account_Name",
    b.real_coa,
    CASE WHEN right(b.real_coa, 1) = '1' THEN 'USD' ELSE c.currency END, c.rate,
    b.amount, b.busline, c.country, c.country_name, b.partner, b.ic_partner,
    0, 0, a."Group_COA_Account_no", a."Group_COA_Account_Name",
    m."Level_1_Name", m."Level_2_Name", m."Level_3_Name",
    CASE WHEN b.ic_partner IS NULL THEN 0 ELSE 1 END
FROM balance AS b
JOIN demo_companies AS c ON c.code = b.id_company
JOIN AIG_Nav_Jumia_Reconciliation.fdw.Dim_ChartOfAccounts AS a
    ON a."Company_Code" = b.id_company AND a."G/L_Account_No" = b.real_coa
JOIN AIG_Nav_Jumia_Reconciliation.dbo.GDOC_IFRS_Tabular_Mapping AS m
    ON m."Level_4_Code" = a."Group_COA_Account_no"
"""


def write_balances(connection: duckdb.DuckDBPyConnection, first: Period, through: Period) -> None:
    """Fill the balance view with one closing a month, from ``first`` to ``through``.

    A balance is the sum of all entries up to the closing date, so that opening and movement of
    any span add up to its closing exactly (decision D18).
    """
    connection.execute(
        "CREATE TEMP TABLE demo_companies (code VARCHAR COLLATE NOCASE, name VARCHAR, "
        "country VARCHAR, country_name VARCHAR, currency VARCHAR, rate DECIMAL(18, 8))"
    )
    connection.executemany(
        "INSERT INTO demo_companies VALUES (?, ?, ?, ?, ?, ?)",
        [(c.code, c.name, c.country, c.country_name, c.currency, c.usd_rate) for c in COMPANIES],
    )
    connection.execute(
        _BALANCES,
        {"first": first.start, "last": through.start, "end": through.next_start},
    )
    connection.execute("DROP TABLE demo_companies")
