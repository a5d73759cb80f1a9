-- name: transfer
-- kind: totals
-- title: Count and totals of the very rows that the query selects
WITH report AS (
    SELECT
        t.ID_Company AS id_company,
        t.Created_Date AS sc_created_date,
        t.ID_Transaction AS sc_id_transaction,
        t.Transaction_No AS sc_transaction_no,
        rt.Transaction_Type_Name AS sc_transaction_type,
        t.Transaction_Type AS sc_asg_name,
        t.Nav_Type AS sc_nav_type,
        t.ERP_Name AS sc_nav_message,
        CAST(t.Transaction_Amount AS DECIMAL(18, 4)) AS sc_transaction_amount,
        t.Created_Manually AS sc_created_manually,
        t.Vendor_Short_Code AS sc_vendor_no,
        t.BOB_ID_Vendor AS bob_id_vendor,
        t.Vendor_Name AS sc_vendor_name,
        vn.Is_Global AS is_global,
        t.SC_ID_Sales_Order_Item AS sc_id_sales_order_item,
        t.OMS_ID_Sales_Order_Item AS oms_id_sales_order_item,
        t.BOB_ID_Sales_Order_Item AS bob_id_sales_order_item,
        t.Order_Number AS order_nr,
        t.ID_Account_Statement AS sc_id_account_statement,
        st.RING_Transaction_Statement_No AS sc_transaction_statement_no,
        st.RING_Start_Date AS sc_start_date,
        st.RING_End_Date AS sc_end_date,
        st.RING_Paid AS sc_paid,
        st.RING_Paid_Date AS sc_paid_date,
        a.ASG_Level_1 AS asg_level_1,
        a.ASG_Level_2 AS asg_level_2,
        a.ASG_Level_3 AS asg_level_3,
        a.ASG_Level_4 AS asg_level_4,
        CAST(
            CASE
                WHEN t.ID_Account_Statement IS NOT NULL
                    AND st.RING_ID_Transaction_Statement IS NULL THEN 1
                ELSE 0
            END AS SMALLINT
        ) AS statement_missing
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_TRANSACTIONS_SELLER] AS t
    -- The account grouping says what a transaction type is; a type without one cannot be judged
    -- and fails the report through the control "unmapped".
    INNER JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_DIM_ASG_V2] AS a
        ON a.ID_Company = t.ID_Company
        AND a.SC_ASG_Name = t.Transaction_Type
    -- The statement decides whether the amount was closed; its row may be missing, so LEFT.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_ACCOUNTSTATEMENTS] AS st
        ON st.id_company = t.ID_Company
        AND st.RING_ID_Transaction_Statement = t.ID_Account_Statement
    -- Information only: whether the vendor sells across borders.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_VENDORS] AS vn
        ON vn.ID_company = t.ID_Company
        AND vn.BOB_ID_Vendor = t.BOB_ID_Vendor
    -- Information only: the name of the transaction's type.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_TRANSACTIONS] AS rt
        ON rt.ID_Company = t.ID_Company
        AND rt.ID_Transaction = t.ID_Transaction
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        t.ID_Company IN (@companies)
        -- A fixed start, the same for every period: from there on everything still open counts,
        -- not only what arose this month (D14).
        AND t.Created_Date >= CAST('2020-01-01T00:00:00' AS DATETIME)
        -- Earned by the end of the period.
        AND t.Created_Date < @next_period_start
        -- Revenue of the group; sales proceeds, refunds and payouts belong to the seller.
        AND a.ASG_Level_1 = 'Revenues'
        -- Not closed by the period's end: on no statement, on one that ends later or has no end,
        -- or on one whose row is missing (its end is null too; the flag above tells them apart).
        AND (
            t.ID_Account_Statement IS NULL
            OR st.RING_End_Date IS NULL
            OR st.RING_End_Date >= @next_period_start
        )
)

SELECT
    COUNT_BIG(*) AS row_count,
    ISNULL(SUM(CAST(r.sc_transaction_amount AS DECIMAL(38, 4))), 0) AS sum_sc_transaction_amount,
    MIN(r.sc_created_date) AS first_event,
    MAX(r.sc_created_date) AS last_event
FROM report AS r

-- name: without_joins
-- kind: totals
-- title: The same rows found without joining: no join of the query may multiply them
SELECT
    COUNT_BIG(*) AS row_count,
    ISNULL(SUM(CAST(t.Transaction_Amount AS DECIMAL(38, 4))), 0) AS sum_sc_transaction_amount,
    MIN(t.Created_Date) AS first_event,
    MAX(t.Created_Date) AS last_event
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_TRANSACTIONS_SELLER] AS t
WHERE
    -- The filters of the report, with EXISTS where the query joins: a row counts once, however
    -- often the type or the statement stands in its table.
    t.ID_Company IN (@companies)
    AND t.Created_Date >= CAST('2020-01-01T00:00:00' AS DATETIME)
    AND t.Created_Date < @next_period_start
    -- The type is revenue.
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_DIM_ASG_V2] AS a
        WHERE a.ID_Company = t.ID_Company
            AND a.SC_ASG_Name = t.Transaction_Type
            AND a.ASG_Level_1 = 'Revenues'
    )
    -- No statement closed it in time.
    AND NOT EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_ACCOUNTSTATEMENTS] AS st
        WHERE st.id_company = t.ID_Company
            AND st.RING_ID_Transaction_Statement = t.ID_Account_Statement
            AND st.RING_End_Date < @next_period_start
    )

-- name: driving_table
-- kind: totals
-- title: The seller transactions themselves: all revenue earned less what statements closed
WITH revenue_types AS (
    SELECT DISTINCT
        a.ID_Company AS company,
        a.SC_ASG_Name AS type_code
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_DIM_ASG_V2] AS a
    -- The grouping's own word for income of the group.
    WHERE a.ASG_Level_1 = 'Revenues'
),

closed_statements AS (
    SELECT DISTINCT
        st.id_company AS company,
        st.RING_ID_Transaction_Statement AS statement_id
    FROM [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_ACCOUNTSTATEMENTS] AS st
    -- Closed means: ended before the period's end.
    WHERE st.RING_End_Date < @next_period_start
),

earned AS (
    SELECT
        t.Created_Date AS created_at,
        t.Transaction_Amount AS amount,
        CASE WHEN c.statement_id IS NULL THEN 0 ELSE 1 END AS closed
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_TRANSACTIONS_SELLER] AS t
    INNER JOIN revenue_types AS v
        ON v.company = t.ID_Company
        AND v.type_code = t.Transaction_Type
    LEFT JOIN closed_statements AS c
        ON c.company = t.ID_Company
        AND c.statement_id = t.ID_Account_Statement
    WHERE
        -- The roster as a table here, as a list in the query.
        t.ID_Company IN (SELECT r.company FROM (VALUES @roster) AS r (company, country, currency))
        -- Since 2020, before the period's end.
        AND NOT (t.Created_Date < CAST('2020-01-01T00:00:00' AS DATETIME))
        AND NOT (t.Created_Date >= @next_period_start)
)

SELECT
    COUNT_BIG(*) - ISNULL(SUM(e.closed), 0) AS row_count,
    CAST(
        ISNULL(SUM(CAST(e.amount AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(CASE WHEN e.closed = 1 THEN e.amount END AS DECIMAL(38, 4))), 0)
        AS DECIMAL(38, 4)
    ) AS sum_sc_transaction_amount,
    MIN(CASE WHEN e.closed = 0 THEN e.created_at END) AS first_event,
    MAX(CASE WHEN e.closed = 0 THEN e.created_at END) AS last_event
FROM earned AS e

-- name: witness_inside
-- kind: witness_inside
-- title: The open revenue created last before the period's end must be in the extract
SELECT TOP 1
    t.ID_Company AS id_company,
    t.ID_Transaction AS sc_id_transaction
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_TRANSACTIONS_SELLER] AS t
WHERE
    -- Every filter of the report: the witness must be a row that belongs in.
    t.ID_Company IN (@companies)
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_DIM_ASG_V2] AS a
        WHERE a.ID_Company = t.ID_Company
            AND a.SC_ASG_Name = t.Transaction_Type
            AND a.ASG_Level_1 = 'Revenues'
    )
    -- What a statement closed in time is no witness.
    AND NOT EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_ACCOUNTSTATEMENTS] AS st
        WHERE st.id_company = t.ID_Company
            AND st.RING_ID_Transaction_Statement = t.ID_Account_Statement
            AND st.RING_End_Date < @next_period_start
    )
    -- The last one in time.
    AND t.Created_Date >= CAST('2020-01-01T00:00:00' AS DATETIME)
    AND t.Created_Date < @next_period_start
ORDER BY t.Created_Date DESC, t.ID_Company, t.ID_Transaction

-- name: witness_after
-- kind: witness_after
-- title: The open revenue created first after the period's end must not be in the extract
SELECT TOP 1
    t.ID_Company AS id_company,
    t.ID_Transaction AS sc_id_transaction
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_TRANSACTIONS_SELLER] AS t
WHERE
    -- Every filter of the report but the one on time: only the cut-off keeps this row out.
    t.ID_Company IN (@companies)
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_DIM_ASG_V2] AS a
        WHERE a.ID_Company = t.ID_Company
            AND a.SC_ASG_Name = t.Transaction_Type
            AND a.ASG_Level_1 = 'Revenues'
    )
    -- A closed statement would keep it out for another reason.
    AND NOT EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_ACCOUNTSTATEMENTS] AS st
        WHERE st.id_company = t.ID_Company
            AND st.RING_ID_Transaction_Statement = t.ID_Account_Statement
            AND st.RING_End_Date < @next_period_start
    )
    -- The filter on time, turned round.
    AND t.Created_Date >= @next_period_start
ORDER BY t.Created_Date, t.ID_Company, t.ID_Transaction

-- name: roster
-- kind: must_be_empty
-- title: No consolidated company off the roster has open revenue; no roster company lacks the flag
WITH earning_companies AS (
    SELECT DISTINCT t.ID_Company AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_TRANSACTIONS_SELLER] AS t
    WHERE
        -- Every filter of the report but the one on companies (D3, D29).
        t.Created_Date >= CAST('2020-01-01T00:00:00' AS DATETIME)
        AND t.Created_Date < @next_period_start
        -- The type is revenue.
        AND EXISTS (
            SELECT 1
            FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_DIM_ASG_V2] AS a
            WHERE a.ID_Company = t.ID_Company
                AND a.SC_ASG_Name = t.Transaction_Type
                AND a.ASG_Level_1 = 'Revenues'
        )
        -- No statement closed it in time.
        AND NOT EXISTS (
            SELECT 1
            FROM [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_ACCOUNTSTATEMENTS] AS st
            WHERE st.id_company = t.ID_Company
                AND st.RING_ID_Transaction_Statement = t.ID_Account_Statement
                AND st.RING_End_Date < @next_period_start
        )
)

SELECT
    c.company,
    'consolidated, with rows in this report, and not on the roster' AS problem
FROM earning_companies AS c
WHERE
    -- Consolidated by the group's own list of companies ...
    EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS d
        WHERE d.Company_Code = c.company
            AND d.Flg_In_Conso_Scope = 1
    )
    -- ... and unknown to this control.
    AND c.company NOT IN (@companies)
UNION ALL
SELECT
    k.company,
    'on the roster and not consolidated' AS problem
FROM (VALUES @roster) AS k (company, country, currency)
-- Missing from the group's list of companies, or there without the flag.
WHERE NOT EXISTS (
    SELECT 1
    FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS d
    WHERE d.Company_Code = k.company
        AND d.Flg_In_Conso_Scope = 1
)
ORDER BY company, problem

-- name: unmapped
-- kind: must_be_empty
-- title: No open transaction is of a type that the account grouping does not know
SELECT
    t.ID_Company AS company,
    t.Transaction_Type AS transaction_type,
    COUNT_BIG(*) AS row_count,
    SUM(CAST(t.Transaction_Amount AS DECIMAL(38, 4))) AS sc_transaction_amount
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_TRANSACTIONS_SELLER] AS t
WHERE
    -- The filters of the report but the one on the grouping (D29).
    t.ID_Company IN (@companies)
    AND t.Created_Date >= CAST('2020-01-01T00:00:00' AS DATETIME)
    AND t.Created_Date < @next_period_start
    AND NOT EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_ACCOUNTSTATEMENTS] AS st
        WHERE st.id_company = t.ID_Company
            AND st.RING_ID_Transaction_Statement = t.ID_Account_Statement
            AND st.RING_End_Date < @next_period_start
    )
    -- Without a grouping, or with one that leaves its first level empty, nobody can say whether
    -- the amount is revenue. A transaction without a type is unmapped too.
    AND NOT EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_DIM_ASG_V2] AS a
        WHERE a.ID_Company = t.ID_Company
            AND a.SC_ASG_Name = t.Transaction_Type
            AND a.ASG_Level_1 IS NOT NULL
    )
GROUP BY t.ID_Company, t.Transaction_Type
ORDER BY t.ID_Company, t.Transaction_Type

-- name: duplicate_dimensions
-- kind: must_be_empty
-- title: Every type, vendor, statement and type name that the report can meet stands once
WITH transactions AS (
    SELECT DISTINCT
        t.ID_Company AS company,
        t.ID_Transaction AS transaction_id,
        t.ID_Account_Statement AS statement_id
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_TRANSACTIONS_SELLER] AS t
    WHERE
        -- The transactions whose statement and type name the query looks up.
        t.ID_Company IN (@companies)
        AND t.Created_Date >= CAST('2020-01-01T00:00:00' AS DATETIME)
        AND t.Created_Date < @next_period_start
),

statements_met AS (
    SELECT DISTINCT
        t.company,
        t.statement_id
    FROM transactions AS t
    -- A transaction on no statement looks none up.
    WHERE t.statement_id IS NOT NULL
)

SELECT
    'GDOC_DIM_ASG_V2' AS table_name,
    a.ID_Company AS company,
    a.SC_ASG_Name AS duplicated_key,
    COUNT_BIG(*) AS row_count
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_DIM_ASG_V2] AS a
-- Other companies never reach this report.
WHERE a.ID_Company IN (@companies)
GROUP BY a.ID_Company, a.SC_ASG_Name
HAVING COUNT_BIG(*) > 1
UNION ALL
SELECT
    'RPT_VENDORS' AS table_name,
    vn.ID_company AS company,
    vn.BOB_ID_Vendor AS duplicated_key,
    COUNT_BIG(*) AS row_count
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_VENDORS] AS vn
-- Other companies never reach this report.
WHERE vn.ID_company IN (@companies)
GROUP BY vn.ID_company, vn.BOB_ID_Vendor
HAVING COUNT_BIG(*) > 1
UNION ALL
SELECT
    'RPT_ACCOUNTSTATEMENTS' AS table_name,
    st.id_company AS company,
    st.RING_ID_Transaction_Statement AS duplicated_key,
    COUNT_BIG(*) AS row_count
FROM [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_ACCOUNTSTATEMENTS] AS st
INNER JOIN statements_met AS m
    ON m.company = st.id_company
    AND m.statement_id = st.RING_ID_Transaction_Statement
GROUP BY st.id_company, st.RING_ID_Transaction_Statement
HAVING COUNT_BIG(*) > 1
UNION ALL
SELECT
    'RPT_TRANSACTIONS' AS table_name,
    rt.ID_Company AS company,
    rt.ID_Transaction AS duplicated_key,
    COUNT_BIG(*) AS row_count
FROM [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_TRANSACTIONS] AS rt
-- Only a transaction of this report can be multiplied by its type name.
WHERE EXISTS (
    SELECT 1
    FROM transactions AS t
    WHERE t.company = rt.ID_Company
        AND t.transaction_id = rt.ID_Transaction
)
GROUP BY rt.ID_Company, rt.ID_Transaction
HAVING COUNT_BIG(*) > 1
ORDER BY table_name, company, duplicated_key

-- name: statements_missing
-- kind: noted
-- title: Transactions on a statement whose row is missing: kept as open, for nothing shows a closing
SELECT
    t.ID_Company AS company,
    COUNT_BIG(*) AS row_count,
    SUM(CAST(t.Transaction_Amount AS DECIMAL(38, 4))) AS sc_transaction_amount
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_TRANSACTIONS_SELLER] AS t
WHERE
    -- The filters of the report.
    t.ID_Company IN (@companies)
    AND t.Created_Date >= CAST('2020-01-01T00:00:00' AS DATETIME)
    AND t.Created_Date < @next_period_start
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_DIM_ASG_V2] AS a
        WHERE a.ID_Company = t.ID_Company
            AND a.SC_ASG_Name = t.Transaction_Type
            AND a.ASG_Level_1 = 'Revenues'
    )
    -- A statement is named, and there is none.
    AND t.ID_Account_Statement IS NOT NULL
    AND NOT EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_ACCOUNTSTATEMENTS] AS st
        WHERE st.id_company = t.ID_Company
            AND st.RING_ID_Transaction_Statement = t.ID_Account_Statement
    )
GROUP BY t.ID_Company
ORDER BY t.ID_Company
