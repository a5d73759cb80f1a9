-- Controls of CR_04. Each block is one statement, run in the same snapshot as the query.
-- The query joins nothing, so there is no control without joins.

-- name: transfer
-- kind: totals
-- title: Count and total of the very rows that the query selects
-- The query's own text up to its final SELECT, which says why each filter is there.
WITH report AS (
    SELECT
        balance.ID_COMPANY AS id_company,
        balance.COMPANY_NAME AS company_name,
        balance.COUNTRY_CODE AS country_code,
        balance.COUNTRY_NAME AS country_name,
        CAST(balance.CLOSING_DATE AS DATE) AS closing_date,
        CASE WHEN balance.CLOSING_DATE < @year_start THEN 'opening' ELSE 'closing' END
            AS balance_role,
        balance.GROUP_COA_ACCOUNT_NO AS group_coa_account_no,
        balance.GROUP_COA_ACCOUNT_NAME AS group_coa_account_name,
        COALESCE(balance.REAL_COA, '') AS real_coa,
        COALESCE(balance.CURRENCY, '') AS currency,
        CAST(balance.FX_RATE AS DECIMAL(18, 8)) AS fx_rate,
        CAST(balance.BALANCE_AT_DATE AS DECIMAL(38, 20)) AS balance_at_date,
        COALESCE(balance.BUSLINE_CODE, '') AS busline_code,
        balance.REPORTING_COUNTRY_CODE AS reporting_country_code,
        balance.REPORTING_COUNTRY_NAME AS reporting_country_name,
        COALESCE(balance.PARTNER_CODE, '') AS partner_code,
        COALESCE(balance.IC_PARTNER_CODE, '') AS ic_partner_code,
        balance.IS_RECHARGE AS is_recharge,
        balance.IS_RETAINED_EARNINGS AS is_retained_earnings,
        balance.CONSO_ACCOUNT_NO AS conso_account_no,
        balance.CONSO_ACCOUNT_NAME AS conso_account_name,
        balance.IFRS_LEVEL_1_NAME AS ifrs_level_1_name,
        balance.IFRS_LEVEL_2_NAME AS ifrs_level_2_name,
        balance.IFRS_LEVEL_3_NAME AS ifrs_level_3_name,
        balance.IS_INTERCO AS is_interco
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT]
        AS balance
    WHERE
        balance.ID_COMPANY IN (@companies)
        AND balance.GROUP_COA_ACCOUNT_NO IN (@accounts)
        AND (
            (balance.CLOSING_DATE >= @cutoff_date AND balance.CLOSING_DATE < @next_period_start)
            OR (balance.CLOSING_DATE >= @opening_date AND balance.CLOSING_DATE < @year_start)
        )
)

SELECT
    COUNT_BIG(*) AS row_count,
    COALESCE(SUM(balance_at_date), CAST(0 AS DECIMAL(38, 20))) AS sum_balance_at_date,
    MIN(closing_date) AS first_event,
    MAX(closing_date) AS last_event
FROM report

-- name: driving_table
-- kind: totals
-- title: Closing and opening balances, each counted by itself, by predicates of their own
WITH balances AS (
    SELECT
        CAST(balance.CLOSING_DATE AS DATE) AS closing_date,
        CAST(balance.BALANCE_AT_DATE AS DECIMAL(38, 20)) AS balance_at_date
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT]
        AS balance
    -- The scope from the roster's table instead of its list of codes.
    INNER JOIN (VALUES @roster) AS roster (company, country, currency)
        ON roster.company = balance.ID_COMPANY
    WHERE balance.GROUP_COA_ACCOUNT_NO IN (@accounts)
),

both_dates AS (
    -- The two days by name instead of by bounds.
    SELECT COUNT_BIG(*) AS row_count, SUM(balance_at_date) AS balance_at_date, closing_date
    FROM balances
    WHERE closing_date = @cutoff_date
    GROUP BY closing_date
    UNION ALL
    SELECT COUNT_BIG(*) AS row_count, SUM(balance_at_date) AS balance_at_date, closing_date
    FROM balances
    WHERE closing_date = @opening_date
    GROUP BY closing_date
)

SELECT
    COALESCE(SUM(CAST(row_count AS BIGINT)), 0) AS row_count,
    COALESCE(SUM(CAST(balance_at_date AS DECIMAL(38, 20))), CAST(0 AS DECIMAL(38, 20)))
        AS sum_balance_at_date,
    MIN(closing_date) AS first_event,
    MAX(closing_date) AS last_event
FROM both_dates

-- name: witness_inside
-- kind: witness_inside
-- title: The last balance dated before the month's end must be in the extract
SELECT TOP (1)
    balance.ID_COMPANY AS id_company,
    CAST(balance.CLOSING_DATE AS DATE) AS closing_date,
    balance.GROUP_COA_ACCOUNT_NO AS group_coa_account_no,
    COALESCE(balance.REAL_COA, '') AS real_coa,
    COALESCE(balance.CURRENCY, '') AS currency,
    COALESCE(balance.BUSLINE_CODE, '') AS busline_code,
    COALESCE(balance.PARTNER_CODE, '') AS partner_code,
    COALESCE(balance.IC_PARTNER_CODE, '') AS ic_partner_code
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT]
    AS balance
WHERE
    balance.ID_COMPANY IN (@companies)
    AND balance.GROUP_COA_ACCOUNT_NO IN (@accounts)
    -- The query's two days: the later one comes first below.
    AND (
        (balance.CLOSING_DATE >= @cutoff_date AND balance.CLOSING_DATE < @next_period_start)
        OR (balance.CLOSING_DATE >= @opening_date AND balance.CLOSING_DATE < @year_start)
    )
ORDER BY
    balance.CLOSING_DATE DESC,
    balance.ID_COMPANY DESC,
    balance.GROUP_COA_ACCOUNT_NO DESC,
    COALESCE(balance.REAL_COA, '') DESC,
    COALESCE(balance.CURRENCY, '') DESC,
    COALESCE(balance.BUSLINE_CODE, '') DESC,
    COALESCE(balance.PARTNER_CODE, '') DESC,
    COALESCE(balance.IC_PARTNER_CODE, '') DESC

-- name: witness_after
-- kind: witness_after
-- title: The first balance dated after the month's end must not be in the extract
SELECT TOP (1)
    balance.ID_COMPANY AS id_company,
    CAST(balance.CLOSING_DATE AS DATE) AS closing_date,
    balance.GROUP_COA_ACCOUNT_NO AS group_coa_account_no,
    COALESCE(balance.REAL_COA, '') AS real_coa,
    COALESCE(balance.CURRENCY, '') AS currency,
    COALESCE(balance.BUSLINE_CODE, '') AS busline_code,
    COALESCE(balance.PARTNER_CODE, '') AS partner_code,
    COALESCE(balance.IC_PARTNER_CODE, '') AS ic_partner_code
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT]
    AS balance
WHERE
    -- Only the time filter is turned round.
    balance.ID_COMPANY IN (@companies)
    AND balance.GROUP_COA_ACCOUNT_NO IN (@accounts)
    AND balance.CLOSING_DATE >= @next_period_start
ORDER BY
    balance.CLOSING_DATE,
    balance.ID_COMPANY,
    balance.GROUP_COA_ACCOUNT_NO,
    COALESCE(balance.REAL_COA, ''),
    COALESCE(balance.CURRENCY, ''),
    COALESCE(balance.BUSLINE_CODE, ''),
    COALESCE(balance.PARTNER_CODE, ''),
    COALESCE(balance.IC_PARTNER_CODE, '')

-- name: roster
-- kind: must_be_empty
-- title: Consolidated companies with balances and the roster agree (D3)
SELECT
    company.Company_Code AS company,
    'consolidated, has rows for this report, and is not on the roster' AS problem
FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
WHERE
    company.Flg_In_Conso_Scope = 1
    AND company.Company_Code NOT IN (@companies)
    -- Every filter of the query but the roster: such a company matters only with balances.
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT]
            AS balance
        WHERE
            balance.ID_COMPANY = company.Company_Code
            AND balance.GROUP_COA_ACCOUNT_NO IN (@accounts)
            AND (
                (balance.CLOSING_DATE >= @cutoff_date AND balance.CLOSING_DATE < @next_period_start)
                OR (balance.CLOSING_DATE >= @opening_date AND balance.CLOSING_DATE < @year_start)
            )
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

-- name: refreshed_after_cutoff
-- kind: must_be_empty
-- title: The balances of the cut-off are there, and the source refreshed them after the month
WITH closing AS (
    -- The query's rows of the month's last day.
    SELECT balance.ID_COMPANY AS company, balance.REFRESH_DATE AS refreshed
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT]
        AS balance
    WHERE
        balance.ID_COMPANY IN (@companies)
        AND balance.GROUP_COA_ACCOUNT_NO IN (@accounts)
        AND balance.CLOSING_DATE >= @cutoff_date
        AND balance.CLOSING_DATE < @next_period_start
)

SELECT
    'every company' AS company,
    'no balance at the cut-off' AS problem,
    COUNT_BIG(*) AS balances,
    MAX(closing.refreshed) AS refreshed
FROM closing
HAVING COUNT_BIG(*) = 0
UNION ALL
SELECT
    closing.company AS company,
    'balances not refreshed after the cut-off' AS problem,
    COUNT_BIG(*) AS balances,
    MAX(closing.refreshed) AS refreshed
FROM closing
-- What was refreshed inside the month lacks its last bookings; what has no date shows nothing.
WHERE closing.refreshed < @next_period_start OR closing.refreshed IS NULL
GROUP BY closing.company

-- name: refresh_dates
-- kind: noted
-- title: When the source refreshed the balances of the cut-off, by company
SELECT
    balance.ID_COMPANY AS company,
    COUNT_BIG(*) AS balances,
    MIN(balance.REFRESH_DATE) AS first_refresh,
    MAX(balance.REFRESH_DATE) AS last_refresh
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT]
    AS balance
-- The query's rows of the month's last day.
WHERE
    balance.ID_COMPANY IN (@companies)
    AND balance.GROUP_COA_ACCOUNT_NO IN (@accounts)
    AND balance.CLOSING_DATE >= @cutoff_date
    AND balance.CLOSING_DATE < @next_period_start
GROUP BY balance.ID_COMPANY

-- name: companies_without_balance
-- kind: noted
-- title: Companies of the roster without any balance at the cut-off, or at the year's opening
SELECT roster.company AS company, 'closing' AS balance_role
FROM (VALUES @roster) AS roster (company, country, currency)
WHERE
    -- Not judged here: the reconciliation calls such a family INCOMPLETE, never zero (D8).
    NOT EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT]
            AS balance
        WHERE
            balance.ID_COMPANY = roster.company
            AND balance.GROUP_COA_ACCOUNT_NO IN (@accounts)
            AND balance.CLOSING_DATE >= @cutoff_date
            AND balance.CLOSING_DATE < @next_period_start
    )
UNION ALL
SELECT roster.company AS company, 'opening' AS balance_role
FROM (VALUES @roster) AS roster (company, country, currency)
WHERE
    NOT EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT]
            AS balance
        WHERE
            balance.ID_COMPANY = roster.company
            AND balance.GROUP_COA_ACCOUNT_NO IN (@accounts)
            AND balance.CLOSING_DATE >= @opening_date
            AND balance.CLOSING_DATE < @year_start
    )
