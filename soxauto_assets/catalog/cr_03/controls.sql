-- Controls of CR_03. Each block is one statement, run in the same snapshot as the query.

-- name: transfer
-- kind: totals
-- title: Count and totals of the very rows that the query selects
-- The query's own text up to its final SELECT, which says why each filter is there.
WITH remaining AS (
    SELECT
        detail.id_company,
        detail.[Gen_ Ledger Entry No_] AS entry_no,
        SUM(CAST(detail.[Amount] AS DECIMAL(38, 20))) AS remaining_amount
    FROM [AIG_Nav_DW].[dbo].[Detailed G_L Entry] AS detail
    WHERE
        detail.id_company IN (@companies)
        AND detail.[Posting Date] < @next_period_start
    GROUP BY detail.id_company, detail.[Gen_ Ledger Entry No_]
),

report AS (
    SELECT
        entry.id_company,
        company.Company_Country AS company_country,
        company.Flg_In_Conso_Scope AS flg_in_conso_scope,
        company.[Opco/Central_?] AS opco_central,
        entry.[Entry No_] AS entry_no,
        entry.[Document No_] AS document_no,
        entry.[External Document No_] AS external_document_no,
        entry.[Voucher No_] AS voucher_no,
        CAST(entry.[Posting Date] AS DATE) AS posting_date,
        LEFT(CAST(CAST(entry.[Posting Date] AS DATE) AS NVARCHAR(10)), 7) AS posting_period,
        CAST(entry.[Document Date] AS DATE) AS document_date,
        entry.[Document Type] AS document_type,
        entry.[Chart of Accounts No_] AS chart_of_accounts_no,
        entry.[Account Name] AS account_name,
        chart.Group_COA_Account_no AS group_coa_account_no,
        chart.Group_COA_Account_Name AS group_coa_account_name,
        entry.[Document Description] AS document_description,
        CAST(entry.[Amount] AS DECIMAL(38, 20)) AS amount,
        CAST(COALESCE(remaining.remaining_amount, 0) AS DECIMAL(38, 20)) AS remaining_amount,
        entry.[Busline Code] AS busline_code,
        entry.[Department Code] AS department_code,
        entry.[Bal_ Account Type] AS bal_account_type,
        entry.[Bal_ Account No_] AS bal_account_no,
        entry.[Bal_ Account Name] AS bal_account_name,
        entry.[Reason Code] AS reason_code,
        entry.[Source Code] AS source_code,
        entry.[Reversed] AS reversed,
        entry.[Reversed by Entry No_] AS reversed_by_entry_no,
        entry.[Reversed Entry No_] AS reversed_entry_no,
        entry.[User ID] AS user_id,
        entry.[G_L Creation Date] AS g_l_creation_date,
        entry.[Destination Code] AS destination_code,
        entry.[Partner Code] AS partner_code,
        entry.[System-Created Entry] AS system_created_entry,
        entry.[Source Type] AS source_type,
        entry.[Source No] AS source_no,
        entry.[IC Partner Code] AS ic_partner_code,
        entry.[VendorTag Code] AS vendortag_code,
        entry.[CustomerTag Code] AS customertag_code,
        entry.[Service_Period] AS service_period,
        mapping.Level_1_Name AS level_1_name,
        mapping.Level_2_Name AS level_2_name,
        mapping.Level_3_Name AS level_3_name,
        CASE
            WHEN UPPER(entry.[Document Description]) LIKE '%BM%' THEN 'BackMargin'
            WHEN UPPER(entry.[Document Description]) LIKE '%BACKMARGIN%' THEN 'BackMargin'
            ELSE 'Other'
        END AS entrytype
    FROM [AIG_Nav_DW].[dbo].[G_L Entries] AS entry
    INNER JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
        ON chart.Company_Code = entry.id_company
        AND chart.[G/L_Account_No] = entry.[Chart of Accounts No_]
    LEFT JOIN remaining
        ON remaining.id_company = entry.id_company
        AND remaining.entry_no = entry.[Entry No_]
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
        ON company.Company_Code = entry.id_company
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_IFRS_Tabular_Mapping] AS mapping
        ON mapping.Level_4_Code = chart.Group_COA_Account_no
    WHERE
        entry.id_company IN (@companies)
        AND entry.[Posting Date] >= @year_start
        AND entry.[Posting Date] < @next_period_start
        AND chart.Group_COA_Account_no IN (@accounts)
)

SELECT
    COUNT_BIG(*) AS row_count,
    COALESCE(SUM(amount), CAST(0 AS DECIMAL(38, 20))) AS sum_amount,
    COALESCE(SUM(remaining_amount), CAST(0 AS DECIMAL(38, 20))) AS sum_remaining_amount,
    MIN(posting_date) AS first_event,
    MAX(posting_date) AS last_event
FROM report

-- name: without_joins
-- kind: totals
-- title: Count and total of the ledger entries alone, with no table joined
SELECT
    COUNT_BIG(*) AS row_count,
    COALESCE(SUM(CAST(entry.[Amount] AS DECIMAL(38, 20))), CAST(0 AS DECIMAL(38, 20)))
        AS sum_amount,
    MIN(CAST(entry.[Posting Date] AS DATE)) AS first_event,
    MAX(CAST(entry.[Posting Date] AS DATE)) AS last_event
FROM [AIG_Nav_DW].[dbo].[G_L Entries] AS entry
WHERE
    -- The filters are the query's own; the account is asked for, not joined.
    entry.id_company IN (@companies)
    AND entry.[Posting Date] >= @year_start
    AND entry.[Posting Date] < @next_period_start
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
        WHERE
            chart.Company_Code = entry.id_company
            AND chart.[G/L_Account_No] = entry.[Chart of Accounts No_]
            AND chart.Group_COA_Account_no IN (@accounts)
    )

-- name: driving_table
-- kind: totals
-- title: Count and total of the accounts, one by one, by predicates of their own
WITH accounts AS (
    -- Starting at the chart and the roster's table: which local accounts are asked for.
    SELECT DISTINCT chart.Company_Code AS company, chart.[G/L_Account_No] AS account
    FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
    INNER JOIN (VALUES @roster) AS roster (company, country, currency)
        ON roster.company = chart.Company_Code
    WHERE chart.Group_COA_Account_no IN (@accounts)
),

totals AS (
    SELECT
        COUNT_BIG(*) AS row_count,
        SUM(CAST(entry.[Amount] AS DECIMAL(38, 20))) AS amount,
        MIN(CAST(entry.[Posting Date] AS DATE)) AS first_event,
        MAX(CAST(entry.[Posting Date] AS DATE)) AS last_event
    FROM accounts
    INNER JOIN [AIG_Nav_DW].[dbo].[G_L Entries] AS entry
        ON entry.id_company = accounts.company
        AND entry.[Chart of Accounts No_] = accounts.account
    WHERE
        -- The bounds by year and whole days instead of moments.
        YEAR(entry.[Posting Date]) = @year
        AND CAST(entry.[Posting Date] AS DATE) <= @cutoff_date
    -- By account, so that the figures are added up in another order than the query's.
    GROUP BY accounts.company, accounts.account
)

SELECT
    COALESCE(SUM(CAST(row_count AS BIGINT)), 0) AS row_count,
    COALESCE(SUM(amount), CAST(0 AS DECIMAL(38, 20))) AS sum_amount,
    MIN(first_event) AS first_event,
    MAX(last_event) AS last_event
FROM totals

-- name: witness_inside
-- kind: witness_inside
-- title: The last entry posted before the month's end must be in the extract
SELECT TOP (1)
    entry.id_company,
    entry.[Entry No_] AS entry_no
FROM [AIG_Nav_DW].[dbo].[G_L Entries] AS entry
WHERE
    -- Every filter of the query holds for the witness, so that it has to be there.
    entry.id_company IN (@companies)
    AND entry.[Posting Date] >= @year_start
    AND entry.[Posting Date] < @next_period_start
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
        WHERE
            chart.Company_Code = entry.id_company
            AND chart.[G/L_Account_No] = entry.[Chart of Accounts No_]
            AND chart.Group_COA_Account_no IN (@accounts)
    )
ORDER BY entry.[Posting Date] DESC, entry.id_company DESC, entry.[Entry No_] DESC

-- name: witness_after
-- kind: witness_after
-- title: The first entry posted after the month's end must not be in the extract
SELECT TOP (1)
    entry.id_company,
    entry.[Entry No_] AS entry_no
FROM [AIG_Nav_DW].[dbo].[G_L Entries] AS entry
WHERE
    -- Only the time filter is turned round.
    entry.id_company IN (@companies)
    AND entry.[Posting Date] >= @next_period_start
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
        WHERE
            chart.Company_Code = entry.id_company
            AND chart.[G/L_Account_No] = entry.[Chart of Accounts No_]
            AND chart.Group_COA_Account_no IN (@accounts)
    )
ORDER BY entry.[Posting Date], entry.id_company, entry.[Entry No_]

-- name: roster
-- kind: must_be_empty
-- title: Consolidated companies with such entries and the roster agree (D3)
SELECT
    company.Company_Code AS company,
    'consolidated, has rows for this report, and is not on the roster' AS problem
FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
WHERE
    company.Flg_In_Conso_Scope = 1
    AND company.Company_Code NOT IN (@companies)
    -- Every filter of the query but the roster: such a company matters only with entries.
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_DW].[dbo].[G_L Entries] AS entry
        INNER JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
            ON chart.Company_Code = entry.id_company
            AND chart.[G/L_Account_No] = entry.[Chart of Accounts No_]
        WHERE
            entry.id_company = company.Company_Code
            AND entry.[Posting Date] >= @year_start
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
-- title: Entries of the year whose local account leads to no group account (D29)
SELECT
    entry.id_company AS company,
    entry.[Chart of Accounts No_] AS local_account,
    COUNT_BIG(*) AS entries,
    SUM(CAST(entry.[Amount] AS DECIMAL(38, 20))) AS amount
FROM [AIG_Nav_DW].[dbo].[G_L Entries] AS entry
WHERE
    -- Every filter that comes before the account; nobody can say whether an entry without group
    -- account belongs to the control, so none may be there.
    entry.id_company IN (@companies)
    AND entry.[Posting Date] >= @year_start
    AND entry.[Posting Date] < @next_period_start
    AND NOT EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
        WHERE
            chart.Company_Code = entry.id_company
            AND chart.[G/L_Account_No] = entry.[Chart of Accounts No_]
            AND chart.Group_COA_Account_no <> ''
    )
GROUP BY entry.id_company, entry.[Chart of Accounts No_]

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
    'GDOC_IFRS_Tabular_Mapping' AS dimension,
    'every company' AS company,
    mapping.Level_4_Code AS code,
    COUNT_BIG(*) AS copies
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_IFRS_Tabular_Mapping] AS mapping
WHERE mapping.Level_4_Code IN (@accounts)
GROUP BY mapping.Level_4_Code
HAVING COUNT_BIG(*) > 1

-- name: roll_forward
-- kind: must_be_empty
-- title: Opening balance plus this movement gives the closing balance, for each company and account
WITH movement AS (
    -- The very entries of the report, by group account.
    SELECT
        entry.id_company AS company,
        chart.Group_COA_Account_no AS group_account,
        SUM(CAST(entry.[Amount] AS DECIMAL(38, 20))) AS amount
    FROM [AIG_Nav_DW].[dbo].[G_L Entries] AS entry
    INNER JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
        ON chart.Company_Code = entry.id_company
        AND chart.[G/L_Account_No] = entry.[Chart of Accounts No_]
    WHERE
        -- The bounds and the scope of the report itself (D18).
        entry.[Posting Date] >= @year_start
        AND entry.[Posting Date] < @next_period_start
        AND entry.id_company IN (@companies)
        AND chart.Group_COA_Account_no IN (@accounts)
    GROUP BY entry.id_company, chart.Group_COA_Account_no
),

balances AS (
    -- The balances that CR_04 reports, read in the same snapshot: only so can they be compared.
    SELECT
        balance.ID_COMPANY AS company,
        balance.GROUP_COA_ACCOUNT_NO AS group_account,
        SUM(CASE
            WHEN balance.CLOSING_DATE >= @cutoff_date
                THEN CAST(balance.BALANCE_AT_DATE AS DECIMAL(38, 20))
            ELSE CAST(0 AS DECIMAL(38, 20))
        END) AS closing,
        SUM(CASE
            WHEN balance.CLOSING_DATE < @year_start
                THEN CAST(balance.BALANCE_AT_DATE AS DECIMAL(38, 20))
            ELSE CAST(0 AS DECIMAL(38, 20))
        END) AS opening
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT]
        AS balance
    WHERE
        -- The scope of CR_04: roster and controlled accounts, at its two dates (D18).
        balance.ID_COMPANY IN (@companies)
        AND balance.GROUP_COA_ACCOUNT_NO IN (@accounts)
        AND (
            (balance.CLOSING_DATE >= @cutoff_date AND balance.CLOSING_DATE < @next_period_start)
            OR (balance.CLOSING_DATE >= @opening_date AND balance.CLOSING_DATE < @year_start)
        )
    GROUP BY balance.ID_COMPANY, balance.GROUP_COA_ACCOUNT_NO
)

SELECT
    COALESCE(balances.company, movement.company) AS company,
    COALESCE(balances.group_account, movement.group_account) AS group_account,
    CAST(COALESCE(balances.opening, 0) AS DECIMAL(38, 20)) AS opening,
    CAST(COALESCE(movement.amount, 0) AS DECIMAL(38, 20)) AS movement,
    CAST(COALESCE(balances.closing, 0) AS DECIMAL(38, 20)) AS closing
FROM balances
-- Both sides are kept: a movement without any balance is a difference too.
FULL OUTER JOIN movement
    ON movement.company = balances.company
    AND movement.group_account = balances.group_account
WHERE
    -- To the last decimal: the ledger is exact, so is this.
    COALESCE(balances.opening, 0) + COALESCE(movement.amount, 0) <> COALESCE(balances.closing, 0)
