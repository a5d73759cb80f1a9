-- Controls of CR_05. Each block is one statement, run in the same snapshot as the query.
-- A rate is no event, so there is no witness on either side of the month's end.

-- name: transfer
-- kind: totals
-- title: Count of the very rows that the query selects, and their rates added up
-- The query's own text up to its final SELECT, which says why each filter is there.
WITH good_rates AS (
    SELECT
        rate.country_code,
        MIN(CAST(rate.rate AS DECIMAL(18, 8))) AS fx_rate
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_FX_RATES] AS rate
    WHERE
        rate.[year] = @year
        AND rate.cod_month = @month
        AND rate.rate_type = 'Closing'
        AND rate.base_currency = 'USD'
        AND rate.country_code IN (@countries)
        AND rate.rate <> 0
    GROUP BY rate.country_code
    HAVING COUNT_BIG(*) = 1
),

report AS (
    SELECT
        roster.company AS company_code,
        company.Company_Name AS company_name,
        company.[Opco/Central_?] AS opco_central,
        roster.country AS company_country,
        company.[Is_Active?] AS is_active,
        roster.currency AS currency,
        'Closing' AS rate_type,
        CAST(@year AS SMALLINT) AS [year],
        CAST(@month AS SMALLINT) AS cod_month,
        CAST(good_rates.fx_rate AS DECIMAL(18, 8)) AS fx_rate,
        country.Country_Name AS country_name
    FROM (VALUES @roster) AS roster (company, country, currency)
    LEFT JOIN good_rates
        ON good_rates.country_code = roster.country
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
        ON company.Company_Code = roster.company
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Country] AS country
        ON country.Country_Code = roster.country
)

SELECT
    COUNT_BIG(*) AS row_count,
    COALESCE(SUM(CAST(fx_rate AS DECIMAL(38, 8))), CAST(0 AS DECIMAL(38, 8))) AS sum_fx_rate
FROM report

-- name: without_joins
-- kind: totals
-- title: Companies of the roster, and the rates of their countries, with nothing joined
WITH good_rates AS (
    SELECT MIN(CAST(rate.rate AS DECIMAL(18, 8))) AS fx_rate
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_FX_RATES] AS rate
    WHERE
        -- The filters are the query's own. No two companies of the roster share a country, so
        -- each country's rate belongs to one row.
        rate.[year] = @year
        AND rate.cod_month = @month
        AND rate.rate_type = 'Closing'
        AND rate.base_currency = 'USD'
        AND rate.country_code IN (@countries)
        AND rate.rate <> 0
    GROUP BY rate.country_code
    HAVING COUNT_BIG(*) = 1
),

companies AS (
    SELECT COUNT_BIG(*) AS row_count
    FROM (VALUES @roster) AS roster (company, country, currency)
),

rates AS (
    SELECT
        COALESCE(SUM(CAST(fx_rate AS DECIMAL(38, 8))), CAST(0 AS DECIMAL(38, 8))) AS sum_fx_rate
    FROM good_rates
)

SELECT
    companies.row_count,
    rates.sum_fx_rate
FROM companies
CROSS JOIN rates

-- name: driving_table
-- kind: totals
-- title: Companies from the company table, rates from the rate table, by predicates of their own
WITH companies AS (
    SELECT COUNT_BIG(*) AS row_count
    FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
    WHERE company.Company_Code IN (@companies)
),

rates AS (
    SELECT
        CAST(rate.rate AS DECIMAL(38, 8)) AS fx_rate,
        COUNT_BIG(*) OVER (PARTITION BY rate.country_code) AS rates_of_country
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_FX_RATES] AS rate
    INNER JOIN (VALUES @roster) AS roster (company, country, currency)
        ON roster.country = rate.country_code
    WHERE
        -- The month as one number.
        rate.[year] * 100 + rate.cod_month = @year * 100 + @month
        AND LOWER(rate.rate_type) = 'closing'
        AND LOWER(rate.base_currency) = 'usd'
        -- Usable is what is over or under zero.
        AND (rate.rate > 0 OR rate.rate < 0)
),

single_rates AS (
    SELECT COALESCE(SUM(fx_rate), CAST(0 AS DECIMAL(38, 8))) AS sum_fx_rate
    FROM rates
    WHERE rates_of_country = 1
)

SELECT
    companies.row_count,
    single_rates.sum_fx_rate
FROM companies
CROSS JOIN single_rates

-- name: roster
-- kind: must_be_empty
-- title: Every company of the roster is flagged as consolidated (D3)
-- Rows are made from the roster, so no other company can have one; half of D3 is left to check.
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

-- name: exactly_one_rate
-- kind: must_be_empty
-- title: Every company of the roster has exactly one closing rate that is not zero (D7)
SELECT
    roster.company AS company,
    roster.country AS country,
    roster.currency AS currency,
    CASE WHEN COUNT_BIG(rate.rate) = 0 THEN 'no rate' ELSE 'more than one rate' END AS problem,
    COUNT_BIG(rate.rate) AS rates
FROM (VALUES @roster) AS roster (company, country, currency)
LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_FX_RATES] AS rate
    ON rate.country_code = roster.country
    -- The query's own filters, in the join, so that a company without any rate is counted too.
    AND rate.[year] = @year
    AND rate.cod_month = @month
    AND rate.rate_type = 'Closing'
    AND rate.base_currency = 'USD'
    AND rate.rate <> 0
GROUP BY roster.company, roster.country, roster.currency
HAVING COUNT_BIG(rate.rate) <> 1

-- name: duplicate_dimensions
-- kind: must_be_empty
-- title: No company of the roster, and none of its countries, stands twice in its table (D29)
SELECT
    'Dim_Company' AS dimension,
    company.Company_Code AS code,
    COUNT_BIG(*) AS copies
FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
-- Only rows of the roster are joined, so only those can multiply.
WHERE company.Company_Code IN (@companies)
GROUP BY company.Company_Code
HAVING COUNT_BIG(*) > 1
UNION ALL
SELECT
    'Dim_Country' AS dimension,
    country.Country_Code AS code,
    COUNT_BIG(*) AS copies
FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Country] AS country
WHERE country.Country_Code IN (@countries)
GROUP BY country.Country_Code
HAVING COUNT_BIG(*) > 1

-- name: other_country_than_roster
-- kind: noted
-- title: Companies whose country in the company table is not that of the roster
SELECT
    roster.company AS company,
    roster.country AS roster_country,
    company.Company_Country AS company_country
FROM (VALUES @roster) AS roster (company, country, currency)
INNER JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
    ON company.Company_Code = roster.company
-- The roster's country decides the rate (D29); a reader should know where the source disagrees.
WHERE company.Company_Country IS NULL OR company.Company_Country <> roster.country
