-- Controls of CR_05a. Each block is one statement, run in the same snapshot as the query.
-- The query joins nothing and its rows are currencies, so there are neither a control without
-- joins nor one of the roster.

-- name: transfer
-- kind: totals
-- title: Count of the very rows that the query selects, and their rates added up
-- The query's own text up to its final SELECT, which says why each filter is there.
WITH rates AS (
    SELECT
        rate.[Currency Code] AS currency_code,
        rate.[Starting Date] AS starting_date,
        rate.[Relational Exch_ Rate Amount] AS rate_amount,
        RANK() OVER (PARTITION BY rate.[Currency Code] ORDER BY rate.[Starting Date] DESC)
            AS latest_first
    FROM [D365BC14_DZ].[dbo].[Jade DZ$Currency Exchange Rate] AS rate
    WHERE
        rate.[Currency Code] IN (@currencies)
        AND rate.[Starting Date] < @next_period_start
),

report AS (
    SELECT
        rates.currency_code,
        CAST(YEAR(rates.starting_date) AS SMALLINT) AS [year],
        CAST(MONTH(rates.starting_date) AS SMALLINT) AS [month],
        CAST(rates.rate_amount AS DECIMAL(38, 20)) AS relational_exch_rate_amount
    FROM rates
    WHERE rates.latest_first = 1
)

SELECT
    COUNT_BIG(*) AS row_count,
    COALESCE(SUM(relational_exch_rate_amount), CAST(0 AS DECIMAL(38, 20)))
        AS sum_relational_exch_rate_amount
FROM report

-- name: driving_table
-- kind: totals
-- title: Rates that no later rate has replaced by the cut-off, by predicates of their own
SELECT
    COUNT_BIG(*) AS row_count,
    COALESCE(
        SUM(CAST(rate.[Relational Exch_ Rate Amount] AS DECIMAL(38, 20))),
        CAST(0 AS DECIMAL(38, 20))
    ) AS sum_relational_exch_rate_amount
FROM [D365BC14_DZ].[dbo].[Jade DZ$Currency Exchange Rate] AS rate
WHERE
    -- The currencies from the roster's table, and the US dollar by name.
    (
        rate.[Currency Code] = 'USD'
        OR EXISTS (
            SELECT 1
            FROM (VALUES @roster) AS roster (company, country, currency)
            WHERE roster.currency = rate.[Currency Code]
        )
    )
    -- The bound by whole days instead of moments, and no ranking.
    AND CAST(rate.[Starting Date] AS DATE) <= @cutoff_date
    AND NOT EXISTS (
        SELECT 1
        FROM [D365BC14_DZ].[dbo].[Jade DZ$Currency Exchange Rate] AS later
        WHERE
            later.[Currency Code] = rate.[Currency Code]
            AND later.[Starting Date] > rate.[Starting Date]
            AND CAST(later.[Starting Date] AS DATE) <= @cutoff_date
    )

-- name: witness_inside
-- kind: witness_inside
-- title: The last rate that started before the month's end must be in the extract
SELECT TOP (1)
    rate.[Currency Code] AS currency_code,
    CAST(YEAR(rate.[Starting Date]) AS SMALLINT) AS [year],
    CAST(MONTH(rate.[Starting Date]) AS SMALLINT) AS [month]
FROM [D365BC14_DZ].[dbo].[Jade DZ$Currency Exchange Rate] AS rate
WHERE
    -- Every filter of the query holds for the witness; as the last of all it is also the last of
    -- its currency.
    rate.[Currency Code] IN (@currencies)
    AND rate.[Starting Date] < @next_period_start
ORDER BY rate.[Starting Date] DESC, rate.[Currency Code] DESC

-- name: witness_after
-- kind: witness_after
-- title: The first rate that started after the month's end must not be in the extract
SELECT TOP (1)
    rate.[Currency Code] AS currency_code,
    CAST(YEAR(rate.[Starting Date]) AS SMALLINT) AS [year],
    CAST(MONTH(rate.[Starting Date]) AS SMALLINT) AS [month]
FROM [D365BC14_DZ].[dbo].[Jade DZ$Currency Exchange Rate] AS rate
WHERE
    -- Only the time filter is turned round.
    rate.[Currency Code] IN (@currencies)
    AND rate.[Starting Date] >= @next_period_start
ORDER BY rate.[Starting Date], rate.[Currency Code]

-- name: currencies_without_rate
-- kind: noted
-- title: Currencies of the roster for which the table has no rate up to the cut-off
SELECT DISTINCT roster.currency AS currency
FROM (VALUES @roster) AS roster (company, country, currency)
WHERE
    -- Not judged: the dinar, the currency of the table itself, has no rate in it.
    NOT EXISTS (
        SELECT 1
        FROM [D365BC14_DZ].[dbo].[Jade DZ$Currency Exchange Rate] AS rate
        WHERE
            rate.[Currency Code] = roster.currency
            AND rate.[Starting Date] < @next_period_start
    )
ORDER BY currency
