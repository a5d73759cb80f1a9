-- CR_05: the month's closing rate of each company's currency for one US dollar (decision D7).
-- One row is one company of the roster.

WITH good_rates AS (
    -- Countries with exactly one usable rate. Where there are two, nobody can say which one is
    -- right, so the company gets none, and the control "exactly_one_rate" fails the report.
    SELECT
        rate.country_code,
        MIN(CAST(rate.rate AS DECIMAL(18, 8))) AS fx_rate
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_FX_RATES] AS rate
    WHERE
        -- The rates of the month under control.
        rate.[year] = @year
        AND rate.cod_month = @month
        -- Balances are converted at the rate of the last day, not at an average.
        AND rate.rate_type = 'Closing'
        -- Local currency for one US dollar.
        AND rate.base_currency = 'USD'
        -- The countries of the roster; each company's currency is that of its country.
        AND rate.country_code IN (@countries)
        -- A zero cannot convert anything; this also leaves out nulls. Beside one good rate it does
        -- no harm, alone it leaves the company without a rate.
        AND rate.rate <> 0
    GROUP BY rate.country_code
    -- Exactly one, or none at all: two rates are as bad as no rate (D7).
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
        -- What was asked for, also where no rate answered.
        'Closing' AS rate_type,
        CAST(@year AS SMALLINT) AS [year],
        CAST(@month AS SMALLINT) AS cod_month,
        -- Null where there is no single good rate; never 1, and never a rate of another table.
        CAST(good_rates.fx_rate AS DECIMAL(18, 8)) AS fx_rate,
        country.Country_Name AS country_name
    -- The roster itself, so that every company in scope has its row, with or without a rate (D3).
    FROM (VALUES @roster) AS roster (company, country, currency)
    LEFT JOIN good_rates
        ON good_rates.country_code = roster.country
    -- The joins below only describe; "duplicate_dimensions" proves that they add no row.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
        ON company.Company_Code = roster.company
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Country] AS country
        ON country.Country_Code = roster.country
)

SELECT
    company_code,
    company_name,
    opco_central,
    company_country,
    is_active,
    currency,
    rate_type,
    [year],
    cod_month,
    fx_rate,
    country_name
FROM report
ORDER BY company_code
