-- Controls of IPE_07. Each block is one statement, run in the same snapshot as the query.

-- name: transfer
-- kind: totals
-- title: Count and totals of the very rows that the query selects
-- The query's own text up to its final SELECT, which says why each filter is there.
WITH open_amounts AS (
    SELECT
        movement.id_company,
        movement.[Cust_ Ledger Entry No_] AS entry_no,
        SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) AS rem_amt_lcy
    FROM [AIG_Nav_DW].[dbo].[Detailed Customer Ledg_ Entry] AS movement
    WHERE
        movement.id_company IN (@companies)
        AND movement.[Posting Date] < @next_period_start
    GROUP BY movement.id_company, movement.[Cust_ Ledger Entry No_]
    HAVING SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) <> 0
),

open_entries AS (
    SELECT
        entry.id_company,
        entry.[Entry No_] AS entry_no,
        entry.[GL Entry No_] AS gl_entry_no,
        entry.[Document No_] AS document_no,
        entry.[Document Type] AS document_type,
        entry.[External Document No_] AS external_document_no,
        CAST(entry.[Posting Date] AS DATE) AS posting_date,
        entry.[Customer No_] AS customer_no,
        entry.[Customer Posting Group] AS customer_posting_group,
        posting_group.[Receivables Account] AS receivables_account,
        chart.Group_COA_Account_no AS group_account,
        entry.[Description] AS [description],
        entry.[Source Code] AS source_code,
        entry.[Reason Code] AS reason_code,
        entry.[Busline Code] AS busline_code,
        entry.[Department Code] AS department_code,
        entry.[Original Amount] AS original_amount,
        entry.[Currency] AS currency,
        entry.[Original Amount (LCY)] AS original_amount_lcy,
        open_amounts.rem_amt_lcy,
        SUM(open_amounts.rem_amt_lcy) OVER (
            PARTITION BY entry.id_company, entry.[Customer No_]
        ) AS customer_balance_lcy,
        entry.[Open] AS [open],
        CAST(entry.[Due Date] AS DATE) AS due_date,
        DATEDIFF(DAY, CAST(entry.[Due Date] AS DATE), @cutoff_date) AS days_overdue,
        entry.[Posted by] AS posted_by,
        entry.[Destination Code] AS destination_code,
        entry.[Partner Code] AS partner_code,
        entry.[IC Partner Code] AS ic_partner_code
    FROM [AIG_Nav_DW].[dbo].[Customer Ledger Entries] AS entry
    INNER JOIN open_amounts
        ON open_amounts.id_company = entry.id_company
        AND open_amounts.entry_no = entry.[Entry No_]
    INNER JOIN [AIG_Nav_DW].[dbo].[Customer Posting Group] AS posting_group
        ON posting_group.id_company = entry.id_company
        AND posting_group.[Code] = entry.[Customer Posting Group]
    INNER JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
        ON chart.Company_Code = entry.id_company
        AND chart.[G/L_Account_No] = posting_group.[Receivables Account]
    WHERE
        entry.[Posting Date] < @next_period_start
        AND chart.Group_COA_Account_no IN (@accounts)
),

report AS (
    SELECT
        open_entries.id_company,
        company.Company_Country AS company_country,
        company.[Opco/Central_?] AS opco_central,
        open_entries.entry_no,
        open_entries.gl_entry_no,
        open_entries.document_no,
        open_entries.document_type,
        open_entries.external_document_no,
        open_entries.posting_date,
        open_entries.customer_no,
        customer.[Name] AS customer_name,
        customer.[Busline Code] AS customer_busline,
        customer.[Automatically integrated] AS automatically_integrated,
        customer.[Customer Posting Group] AS currentpostinggroup,
        customer.[Stream] AS stream,
        open_entries.customer_posting_group,
        open_entries.receivables_account,
        open_entries.group_account,
        open_entries.[description],
        open_entries.source_code,
        open_entries.reason_code,
        open_entries.busline_code,
        busline.Busline_Vertical_Name_1 AS busline_vertical_name_1,
        busline.Busline_Vertical_Name_2 AS busline_vertical_name_2,
        busline.Busline_Vertical_Name_3 AS busline_vertical_name_3,
        open_entries.department_code,
        CAST(open_entries.original_amount AS DECIMAL(38, 20)) AS original_amount,
        open_entries.currency,
        CAST(open_entries.original_amount_lcy AS DECIMAL(38, 20)) AS original_amount_lcy,
        CAST(open_entries.rem_amt_lcy AS DECIMAL(38, 20)) AS rem_amt_lcy,
        CAST(open_entries.customer_balance_lcy AS DECIMAL(38, 20)) AS customer_balance_lcy,
        open_entries.[open],
        open_entries.due_date,
        CASE
            WHEN open_entries.days_overdue IS NULL THEN 'no due date'
            WHEN open_entries.days_overdue <= 0 THEN 'not due'
            WHEN open_entries.days_overdue <= 30 THEN '1-30'
            WHEN open_entries.days_overdue <= 60 THEN '31-60'
            WHEN open_entries.days_overdue <= 90 THEN '61-90'
            WHEN open_entries.days_overdue <= 180 THEN '91-180'
            WHEN open_entries.days_overdue <= 365 THEN '181-365'
            ELSE 'over 365'
        END AS ageing_bucket,
        open_entries.posted_by,
        open_entries.destination_code,
        open_entries.partner_code,
        open_entries.ic_partner_code
    FROM open_entries
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
        ON company.Company_Code = open_entries.id_company
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Busline] AS busline
        ON busline.Company_Code = open_entries.id_company
        AND busline.Busline_Code = open_entries.busline_code
    LEFT JOIN [AIG_Nav_DW].[dbo].[Customers] AS customer
        ON customer.id_company = open_entries.id_company
        AND customer.[No_] = open_entries.customer_no
)

SELECT
    COUNT_BIG(*) AS row_count,
    COALESCE(SUM(rem_amt_lcy), CAST(0 AS DECIMAL(38, 20))) AS sum_rem_amt_lcy,
    COALESCE(SUM(original_amount_lcy), CAST(0 AS DECIMAL(38, 20))) AS sum_original_amount_lcy,
    MIN(posting_date) AS first_event,
    MAX(posting_date) AS last_event
FROM report

-- name: without_joins
-- kind: totals
-- title: Count and totals of the open entries, with no table joined that could multiply them
WITH open_amounts AS (
    SELECT
        movement.id_company,
        movement.[Cust_ Ledger Entry No_] AS entry_no,
        SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) AS rem_amt_lcy
    FROM [AIG_Nav_DW].[dbo].[Detailed Customer Ledg_ Entry] AS movement
    WHERE
        -- The filters are the query's own; only the joins differ.
        movement.id_company IN (@companies)
        AND movement.[Posting Date] < @next_period_start
    GROUP BY movement.id_company, movement.[Cust_ Ledger Entry No_]
    HAVING SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) <> 0
)

SELECT
    COUNT_BIG(*) AS row_count,
    COALESCE(SUM(CAST(open_amounts.rem_amt_lcy AS DECIMAL(38, 20))), CAST(0 AS DECIMAL(38, 20)))
        AS sum_rem_amt_lcy,
    COALESCE(
        SUM(CAST(entry.[Original Amount (LCY)] AS DECIMAL(38, 20))), CAST(0 AS DECIMAL(38, 20))
    ) AS sum_original_amount_lcy,
    MIN(CAST(entry.[Posting Date] AS DATE)) AS first_event,
    MAX(CAST(entry.[Posting Date] AS DATE)) AS last_event
FROM [AIG_Nav_DW].[dbo].[Customer Ledger Entries] AS entry
-- One open amount an entry, by its grouping: this join cannot multiply.
INNER JOIN open_amounts
    ON open_amounts.id_company = entry.id_company
    AND open_amounts.entry_no = entry.[Entry No_]
WHERE
    entry.[Posting Date] < @next_period_start
    -- The account is asked for, not joined: a posting group or an account that stands twice in
    -- its table doubles the extract, but not this count.
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_DW].[dbo].[Customer Posting Group] AS posting_group
        INNER JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
            ON chart.Company_Code = posting_group.id_company
            AND chart.[G/L_Account_No] = posting_group.[Receivables Account]
        WHERE
            posting_group.id_company = entry.id_company
            AND posting_group.[Code] = entry.[Customer Posting Group]
            AND chart.Group_COA_Account_no IN (@accounts)
    )

-- name: driving_table
-- kind: totals
-- title: Count and totals from the entries and their movements, by predicates of their own
WITH receivable_groups AS (
    -- Starting at the chart: which posting groups of which company book to the accounts.
    SELECT DISTINCT posting_group.id_company, posting_group.[Code] AS code
    FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
    INNER JOIN [AIG_Nav_DW].[dbo].[Customer Posting Group] AS posting_group
        ON posting_group.id_company = chart.Company_Code
        AND posting_group.[Receivables Account] = chart.[G/L_Account_No]
    WHERE chart.Group_COA_Account_no IN (@accounts)
),

entries AS (
    SELECT
        MIN(CAST(entry.[Posting Date] AS DATE)) AS posting_date,
        MIN(CAST(entry.[Original Amount (LCY)] AS DECIMAL(38, 20))) AS original_amount_lcy,
        SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) AS rem_amt_lcy
    FROM [AIG_Nav_DW].[dbo].[Customer Ledger Entries] AS entry
    INNER JOIN receivable_groups
        ON receivable_groups.id_company = entry.id_company
        AND receivable_groups.code = entry.[Customer Posting Group]
    INNER JOIN [AIG_Nav_DW].[dbo].[Detailed Customer Ledg_ Entry] AS movement
        ON movement.id_company = entry.id_company
        AND movement.[Cust_ Ledger Entry No_] = entry.[Entry No_]
    WHERE
        -- The scope from the roster's table instead of its list of codes.
        EXISTS (
            SELECT 1
            FROM (VALUES @roster) AS roster (company, country, currency)
            WHERE roster.company = entry.id_company
        )
        -- The bound by whole days instead of moments: neither entry nor movement is of a day
        -- after the cut-off.
        AND CAST(entry.[Posting Date] AS DATE) <= @cutoff_date
        AND CAST(movement.[Posting Date] AS DATE) <= @cutoff_date
    GROUP BY entry.id_company, entry.[Entry No_]
)

SELECT
    COUNT_BIG(*) AS row_count,
    COALESCE(SUM(rem_amt_lcy), CAST(0 AS DECIMAL(38, 20))) AS sum_rem_amt_lcy,
    COALESCE(SUM(original_amount_lcy), CAST(0 AS DECIMAL(38, 20))) AS sum_original_amount_lcy,
    MIN(posting_date) AS first_event,
    MAX(posting_date) AS last_event
FROM entries
-- Entries that their movements settled by the cut-off are not open.
WHERE rem_amt_lcy < 0 OR rem_amt_lcy > 0

-- name: witness_inside
-- kind: witness_inside
-- title: The last open entry posted inside the month's end must be in the extract
WITH open_amounts AS (
    SELECT
        movement.id_company,
        movement.[Cust_ Ledger Entry No_] AS entry_no
    FROM [AIG_Nav_DW].[dbo].[Detailed Customer Ledg_ Entry] AS movement
    WHERE
        -- Every filter of the query holds for the witness, so that it has to be there.
        movement.id_company IN (@companies)
        AND movement.[Posting Date] < @next_period_start
    GROUP BY movement.id_company, movement.[Cust_ Ledger Entry No_]
    HAVING SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) <> 0
)

SELECT TOP (1)
    entry.id_company,
    entry.[Entry No_] AS entry_no
FROM [AIG_Nav_DW].[dbo].[Customer Ledger Entries] AS entry
INNER JOIN open_amounts
    ON open_amounts.id_company = entry.id_company
    AND open_amounts.entry_no = entry.[Entry No_]
WHERE
    entry.[Posting Date] < @next_period_start
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_DW].[dbo].[Customer Posting Group] AS posting_group
        INNER JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
            ON chart.Company_Code = posting_group.id_company
            AND chart.[G/L_Account_No] = posting_group.[Receivables Account]
        WHERE
            posting_group.id_company = entry.id_company
            AND posting_group.[Code] = entry.[Customer Posting Group]
            AND chart.Group_COA_Account_no IN (@accounts)
    )
-- The latest posting; company and number decide between entries of one day.
ORDER BY entry.[Posting Date] DESC, entry.id_company DESC, entry.[Entry No_] DESC

-- name: witness_after
-- kind: witness_after
-- title: The first entry posted after the month's end must not be in the extract
WITH open_amounts AS (
    -- Only the time filter is widened: an entry of next month has its movements from then on.
    SELECT
        movement.id_company,
        movement.[Cust_ Ledger Entry No_] AS entry_no
    FROM [AIG_Nav_DW].[dbo].[Detailed Customer Ledg_ Entry] AS movement
    WHERE
        movement.id_company IN (@companies)
        AND movement.[Posting Date] >= @next_period_start
    GROUP BY movement.id_company, movement.[Cust_ Ledger Entry No_]
    HAVING SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) <> 0
)

SELECT TOP (1)
    entry.id_company,
    entry.[Entry No_] AS entry_no
FROM [AIG_Nav_DW].[dbo].[Customer Ledger Entries] AS entry
INNER JOIN open_amounts
    ON open_amounts.id_company = entry.id_company
    AND open_amounts.entry_no = entry.[Entry No_]
WHERE
    entry.[Posting Date] >= @next_period_start
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_DW].[dbo].[Customer Posting Group] AS posting_group
        INNER JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
            ON chart.Company_Code = posting_group.id_company
            AND chart.[G/L_Account_No] = posting_group.[Receivables Account]
        WHERE
            posting_group.id_company = entry.id_company
            AND posting_group.[Code] = entry.[Customer Posting Group]
            AND chart.Group_COA_Account_no IN (@accounts)
    )
-- The earliest posting; company and number decide between entries of one day.
ORDER BY entry.[Posting Date], entry.id_company, entry.[Entry No_]

-- name: roster
-- kind: must_be_empty
-- title: Consolidated companies with open entries and the roster agree (D3)
WITH off_roster AS (
    -- Consolidated, but nobody put it on the roster.
    SELECT company.Company_Code AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
    WHERE company.Flg_In_Conso_Scope = 1 AND company.Company_Code NOT IN (@companies)
),

open_amounts AS (
    -- Every filter of the query but the roster: such a company matters only with open entries.
    SELECT
        movement.id_company,
        movement.[Cust_ Ledger Entry No_] AS entry_no
    FROM [AIG_Nav_DW].[dbo].[Detailed Customer Ledg_ Entry] AS movement
    INNER JOIN off_roster
        ON off_roster.company = movement.id_company
    WHERE movement.[Posting Date] < @next_period_start
    GROUP BY movement.id_company, movement.[Cust_ Ledger Entry No_]
    HAVING SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) <> 0
)

SELECT
    off_roster.company AS company,
    'consolidated, has rows for this report, and is not on the roster' AS problem
FROM off_roster
WHERE
    EXISTS (
        SELECT 1
        FROM [AIG_Nav_DW].[dbo].[Customer Ledger Entries] AS entry
        INNER JOIN open_amounts
            ON open_amounts.id_company = entry.id_company
            AND open_amounts.entry_no = entry.[Entry No_]
        INNER JOIN [AIG_Nav_DW].[dbo].[Customer Posting Group] AS posting_group
            ON posting_group.id_company = entry.id_company
            AND posting_group.[Code] = entry.[Customer Posting Group]
        INNER JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
            ON chart.Company_Code = entry.id_company
            AND chart.[G/L_Account_No] = posting_group.[Receivables Account]
        WHERE
            entry.id_company = off_roster.company
            AND entry.[Posting Date] < @next_period_start
            AND chart.Group_COA_Account_no IN (@accounts)
    )
UNION ALL
SELECT
    roster.company AS company,
    'on the roster, but not flagged as consolidated' AS problem
FROM (VALUES @roster) AS roster (company, country, currency)
WHERE
    NOT EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
        WHERE company.Company_Code = roster.company AND company.Flg_In_Conso_Scope = 1
    )

-- name: unmapped
-- kind: must_be_empty
-- title: Open entries whose posting group leads to no group account (D29)
WITH open_amounts AS (
    SELECT
        movement.id_company,
        movement.[Cust_ Ledger Entry No_] AS entry_no,
        SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) AS rem_amt_lcy
    FROM [AIG_Nav_DW].[dbo].[Detailed Customer Ledg_ Entry] AS movement
    WHERE
        -- Every filter that comes before the account; nobody can say whether an entry without
        -- account belongs into the balance, so none may be there.
        movement.id_company IN (@companies)
        AND movement.[Posting Date] < @next_period_start
    GROUP BY movement.id_company, movement.[Cust_ Ledger Entry No_]
    HAVING SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) <> 0
)

SELECT
    entry.id_company AS company,
    entry.[Customer Posting Group] AS posting_group,
    posting_group.[Receivables Account] AS receivables_account,
    COUNT_BIG(*) AS entries,
    SUM(CAST(open_amounts.rem_amt_lcy AS DECIMAL(38, 20))) AS rem_amt_lcy
FROM [AIG_Nav_DW].[dbo].[Customer Ledger Entries] AS entry
INNER JOIN open_amounts
    ON open_amounts.id_company = entry.id_company
    AND open_amounts.entry_no = entry.[Entry No_]
LEFT JOIN [AIG_Nav_DW].[dbo].[Customer Posting Group] AS posting_group
    ON posting_group.id_company = entry.id_company
    AND posting_group.[Code] = entry.[Customer Posting Group]
LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
    ON chart.Company_Code = entry.id_company
    AND chart.[G/L_Account_No] = posting_group.[Receivables Account]
WHERE
    entry.[Posting Date] < @next_period_start
    -- No posting group, no such account on the chart, or a chart row that names no group account.
    AND (chart.Group_COA_Account_no IS NULL OR chart.Group_COA_Account_no = '')
GROUP BY
    entry.id_company, entry.[Customer Posting Group], posting_group.[Receivables Account]

-- name: duplicate_dimensions
-- kind: must_be_empty
-- title: No joined table holds a key twice for a company of the roster (D29)
SELECT
    'Dim_Company' AS dimension,
    company.Company_Code AS company,
    company.Company_Code AS code,
    COUNT_BIG(*) AS copies
FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
-- Only rows of the roster are joined, so only those can multiply; so in each part below.
WHERE company.Company_Code IN (@companies)
GROUP BY company.Company_Code
HAVING COUNT_BIG(*) > 1
UNION ALL
SELECT
    'Dim_ChartOfAccounts' AS dimension,
    chart.Company_Code AS company,
    chart.[G/L_Account_No] AS code,
    COUNT_BIG(*) AS copies
FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
WHERE chart.Company_Code IN (@companies)
GROUP BY chart.Company_Code, chart.[G/L_Account_No]
HAVING COUNT_BIG(*) > 1
UNION ALL
SELECT
    'Customer Posting Group' AS dimension,
    posting_group.id_company AS company,
    posting_group.[Code] AS code,
    COUNT_BIG(*) AS copies
FROM [AIG_Nav_DW].[dbo].[Customer Posting Group] AS posting_group
WHERE posting_group.id_company IN (@companies)
GROUP BY posting_group.id_company, posting_group.[Code]
HAVING COUNT_BIG(*) > 1
UNION ALL
SELECT
    'Dim_Busline' AS dimension,
    busline.Company_Code AS company,
    busline.Busline_Code AS code,
    COUNT_BIG(*) AS copies
FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Busline] AS busline
WHERE busline.Company_Code IN (@companies)
GROUP BY busline.Company_Code, busline.Busline_Code
HAVING COUNT_BIG(*) > 1
UNION ALL
-- Customers are counted by company and not listed by number: the number identifies a person.
SELECT
    'Customers' AS dimension,
    repeated.company AS company,
    'customer numbers that stand more than once' AS code,
    COUNT_BIG(*) AS copies
FROM (
    SELECT customer.id_company AS company
    FROM [AIG_Nav_DW].[dbo].[Customers] AS customer
    WHERE customer.id_company IN (@companies)
    GROUP BY customer.id_company, customer.[No_]
    HAVING COUNT_BIG(*) > 1
) AS repeated
GROUP BY repeated.company

-- name: left_out_other_accounts
-- kind: noted
-- title: Open entries on other group accounts, which this report does not explain
WITH open_amounts AS (
    SELECT
        movement.id_company,
        movement.[Cust_ Ledger Entry No_] AS entry_no,
        SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) AS rem_amt_lcy
    FROM [AIG_Nav_DW].[dbo].[Detailed Customer Ledg_ Entry] AS movement
    WHERE
        -- Every filter of the query but the account, so that the rest of the ledger is seen.
        movement.id_company IN (@companies)
        AND movement.[Posting Date] < @next_period_start
    GROUP BY movement.id_company, movement.[Cust_ Ledger Entry No_]
    HAVING SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) <> 0
)

SELECT
    entry.id_company AS company,
    chart.Group_COA_Account_no AS group_account,
    COUNT_BIG(*) AS entries,
    SUM(CAST(open_amounts.rem_amt_lcy AS DECIMAL(38, 20))) AS rem_amt_lcy
FROM [AIG_Nav_DW].[dbo].[Customer Ledger Entries] AS entry
INNER JOIN open_amounts
    ON open_amounts.id_company = entry.id_company
    AND open_amounts.entry_no = entry.[Entry No_]
INNER JOIN [AIG_Nav_DW].[dbo].[Customer Posting Group] AS posting_group
    ON posting_group.id_company = entry.id_company
    AND posting_group.[Code] = entry.[Customer Posting Group]
INNER JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
    ON chart.Company_Code = entry.id_company
    AND chart.[G/L_Account_No] = posting_group.[Receivables Account]
WHERE
    entry.[Posting Date] < @next_period_start
    AND chart.Group_COA_Account_no <> ''
    AND chart.Group_COA_Account_no NOT IN (@accounts)
GROUP BY entry.id_company, chart.Group_COA_Account_no
ORDER BY company, group_account
