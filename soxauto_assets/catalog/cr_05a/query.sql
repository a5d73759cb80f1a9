-- CR_05a: the latest rate up to the cut-off of each currency of the group, as the Algerian company
-- keeps it for its fixed assets (decision D7). One row is one currency.

WITH rates AS (
    SELECT
        rate.[Currency Code] AS currency_code,
        rate.[Starting Date] AS starting_date,
        rate.[Relational Exch_ Rate Amount] AS rate_amount,
        -- Two rates of one day both rank first and so both come out: which one is right is not
        -- for a query to guess, and the key check finds them.
        RANK() OVER (PARTITION BY rate.[Currency Code] ORDER BY rate.[Starting Date] DESC)
            AS latest_first
    FROM [D365BC14_DZ].[dbo].[Jade DZ$Currency Exchange Rate] AS rate
    WHERE
        -- The currencies of the roster, and the US dollar.
        rate.[Currency Code] IN (@currencies)
        -- A rate that starts after the month's end does not hold at the cut-off (D1).
        AND rate.[Starting Date] < @next_period_start
),

report AS (
    SELECT
        rates.currency_code,
        CAST(YEAR(rates.starting_date) AS SMALLINT) AS [year],
        CAST(MONTH(rates.starting_date) AS SMALLINT) AS [month],
        CAST(rates.rate_amount AS DECIMAL(38, 20)) AS relational_exch_rate_amount
    FROM rates
    -- A rate holds from its starting date until the next one starts, so the latest one holds.
    -- Asking for a rate that starts on the cut-off itself would mostly find none.
    WHERE rates.latest_first = 1
)

SELECT
    currency_code,
    [year],
    [month],
    relational_exch_rate_amount
FROM report
ORDER BY currency_code, [year], [month]
