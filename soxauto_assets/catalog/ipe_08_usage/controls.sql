-- Controls of IPE_08_USAGE. Each block is one statement, run in the same snapshot as the query.

-- name: transfer
-- kind: totals
-- title: Count and totals of the very rows that the query selects
-- The query's own text up to its final SELECT, which says why each filter is there.
WITH used AS (
    SELECT
        item.ID_COMPANY AS company,
        item.VOUCHER_CODE AS code,
        MIN(item.ID_COMPANY COLLATE Latin1_General_BIN2) AS company_shown,
        MIN(item.VOUCHER_CODE COLLATE Latin1_General_BIN2) AS code_shown,
        MIN(item.VOUCHER_TYPE COLLATE Latin1_General_BIN2) AS voucher_type,
        YEAR(item.PACKAGE_DELIVERY_DATE) * 100 + MONTH(item.PACKAGE_DELIVERY_DATE) AS delivery_mth,
        SUM(CAST(item.MTR_SHIPPING_VOUCHER_DISCOUNT AS DECIMAL(38, 4))) AS shipping_storecredit,
        SUM(
            CAST(
                CASE WHEN item.IS_MARKETPLACE = 1 THEN item.MTR_COUPON_MONEY_VALUE END
                AS DECIMAL(38, 4)
            )
        ) AS mpl_storecredit,
        SUM(
            CAST(
                CASE WHEN item.IS_MARKETPLACE = 1 THEN NULL ELSE item.MTR_COUPON_MONEY_VALUE END
                AS DECIMAL(38, 4)
            )
        ) AS rtl_storecredit
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
    WHERE
        item.ID_COMPANY IN (@companies)
        AND item.VOUCHER_TYPE = 'reusablecredit'
        AND item.VOUCHER_CODE <> ''
        AND item.PACKAGE_DELIVERY_DATE < @next_period_start
    GROUP BY
        item.ID_COMPANY,
        item.VOUCHER_CODE,
        YEAR(item.PACKAGE_DELIVERY_DATE) * 100 + MONTH(item.PACKAGE_DELIVERY_DATE)
),

report AS (
    SELECT
        used.company_shown AS id_company,
        voucher.id,
        used.code_shown AS code,
        used.voucher_type,
        voucher.business_use,
        CAST(YEAR(voucher.created_at) AS SMALLINT) AS creation_year,
        CAST(used.delivery_mth AS INT) AS delivery_mth,
        CAST(COALESCE(used.shipping_storecredit, 0) AS DECIMAL(38, 4)) AS shipping_storecredit,
        CAST(COALESCE(used.mpl_storecredit, 0) AS DECIMAL(38, 4)) AS mpl_storecredit,
        CAST(COALESCE(used.rtl_storecredit, 0) AS DECIMAL(38, 4)) AS rtl_storecredit,
        CAST(
            COALESCE(used.shipping_storecredit, 0)
            + COALESCE(used.mpl_storecredit, 0)
            + COALESCE(used.rtl_storecredit, 0)
            AS DECIMAL(38, 4)
        ) AS totalamountused
    FROM used
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
        ON voucher.ID_COMPANY = used.company
        AND voucher.code = used.code
)

SELECT
    COUNT_BIG(*) AS row_count,
    COALESCE(SUM(totalamountused), CAST(0 AS DECIMAL(38, 4))) AS sum_totalamountused,
    COALESCE(SUM(shipping_storecredit), CAST(0 AS DECIMAL(38, 4))) AS sum_shipping_storecredit,
    COALESCE(SUM(mpl_storecredit), CAST(0 AS DECIMAL(38, 4))) AS sum_mpl_storecredit,
    COALESCE(SUM(rtl_storecredit), CAST(0 AS DECIMAL(38, 4))) AS sum_rtl_storecredit
FROM report

-- name: without_joins
-- kind: totals
-- title: Count and total of codes and months alone, with no voucher joined
WITH used AS (
    SELECT
        SUM(
            CAST(
                COALESCE(item.MTR_SHIPPING_VOUCHER_DISCOUNT, 0)
                + COALESCE(item.MTR_COUPON_MONEY_VALUE, 0)
                AS DECIMAL(38, 4)
            )
        ) AS totalamountused
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
    WHERE
        -- The filters are the query's own; only the join is gone.
        item.ID_COMPANY IN (@companies)
        AND item.VOUCHER_TYPE = 'reusablecredit'
        AND item.VOUCHER_CODE <> ''
        AND item.PACKAGE_DELIVERY_DATE < @next_period_start
    GROUP BY
        item.ID_COMPANY,
        item.VOUCHER_CODE,
        YEAR(item.PACKAGE_DELIVERY_DATE) * 100 + MONTH(item.PACKAGE_DELIVERY_DATE)
)

SELECT
    COUNT_BIG(*) AS row_count,
    COALESCE(SUM(totalamountused), CAST(0 AS DECIMAL(38, 4))) AS sum_totalamountused
FROM used

-- name: driving_table
-- kind: totals
-- title: Totals of the items themselves, not grouped, by predicates of their own
WITH items AS (
    SELECT
        item.ID_COMPANY AS id_company,
        item.VOUCHER_CODE AS code,
        YEAR(item.PACKAGE_DELIVERY_DATE) AS delivery_year,
        MONTH(item.PACKAGE_DELIVERY_DATE) AS delivery_month,
        item.IS_MARKETPLACE AS is_marketplace,
        CAST(item.MTR_SHIPPING_VOUCHER_DISCOUNT AS DECIMAL(38, 4)) AS shipping_storecredit,
        CAST(item.MTR_COUPON_MONEY_VALUE AS DECIMAL(38, 4)) AS coupon_storecredit
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
    -- The scope from the roster's table instead of its list of codes.
    INNER JOIN (VALUES @roster) AS roster (company, country, currency)
        ON roster.company = item.ID_COMPANY
    WHERE
        -- The bound by whole days instead of moments.
        CAST(item.PACKAGE_DELIVERY_DATE AS DATE) <= @cutoff_date
        AND LOWER(item.VOUCHER_TYPE) = 'reusablecredit'
        -- A code has at least one character that is no blank.
        AND LEN(item.VOUCHER_CODE) > 0
),

distinct_keys AS (
    SELECT DISTINCT id_company, code, delivery_year, delivery_month
    FROM items
),

keys AS (
    SELECT COUNT_BIG(*) AS row_count
    FROM distinct_keys
),

totals AS (
    SELECT
        COALESCE(SUM(shipping_storecredit), CAST(0 AS DECIMAL(38, 4))) AS shipping_storecredit,
        COALESCE(
            SUM(CASE WHEN is_marketplace = 1 THEN coupon_storecredit END),
            CAST(0 AS DECIMAL(38, 4))
        ) AS mpl_storecredit,
        COALESCE(SUM(coupon_storecredit), CAST(0 AS DECIMAL(38, 4))) AS coupon_storecredit
    FROM items
)

SELECT
    keys.row_count,
    CAST(totals.shipping_storecredit + totals.coupon_storecredit AS DECIMAL(38, 4))
        AS sum_totalamountused,
    totals.shipping_storecredit AS sum_shipping_storecredit,
    totals.mpl_storecredit AS sum_mpl_storecredit,
    CAST(totals.coupon_storecredit - totals.mpl_storecredit AS DECIMAL(38, 4))
        AS sum_rtl_storecredit
FROM keys
CROSS JOIN totals

-- name: witness_inside
-- kind: witness_inside
-- title: The code and month of the last item delivered before the month's end must be there
SELECT TOP (1)
    MIN(item.ID_COMPANY COLLATE Latin1_General_BIN2) AS id_company,
    MIN(item.VOUCHER_CODE COLLATE Latin1_General_BIN2) AS code,
    CAST(YEAR(item.PACKAGE_DELIVERY_DATE) * 100 + MONTH(item.PACKAGE_DELIVERY_DATE) AS INT)
        AS delivery_mth
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
WHERE
    -- Every filter of the query holds for the witness, so that it has to be there.
    item.ID_COMPANY IN (@companies)
    AND item.VOUCHER_TYPE = 'reusablecredit'
    AND item.VOUCHER_CODE <> ''
    AND item.PACKAGE_DELIVERY_DATE < @next_period_start
GROUP BY
    item.ID_COMPANY,
    item.VOUCHER_CODE,
    YEAR(item.PACKAGE_DELIVERY_DATE) * 100 + MONTH(item.PACKAGE_DELIVERY_DATE)
ORDER BY MAX(item.PACKAGE_DELIVERY_DATE) DESC, item.ID_COMPANY DESC, item.VOUCHER_CODE DESC

-- name: witness_after
-- kind: witness_after
-- title: The code and month of the first item delivered after the month's end must not be there
SELECT TOP (1)
    MIN(item.ID_COMPANY COLLATE Latin1_General_BIN2) AS id_company,
    MIN(item.VOUCHER_CODE COLLATE Latin1_General_BIN2) AS code,
    CAST(YEAR(item.PACKAGE_DELIVERY_DATE) * 100 + MONTH(item.PACKAGE_DELIVERY_DATE) AS INT)
        AS delivery_mth
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
WHERE
    -- Only the time filter is turned round.
    item.ID_COMPANY IN (@companies)
    AND item.VOUCHER_TYPE = 'reusablecredit'
    AND item.VOUCHER_CODE <> ''
    AND item.PACKAGE_DELIVERY_DATE >= @next_period_start
GROUP BY
    item.ID_COMPANY,
    item.VOUCHER_CODE,
    YEAR(item.PACKAGE_DELIVERY_DATE) * 100 + MONTH(item.PACKAGE_DELIVERY_DATE)
ORDER BY MIN(item.PACKAGE_DELIVERY_DATE), item.ID_COMPANY, item.VOUCHER_CODE

-- name: roster
-- kind: must_be_empty
-- title: Consolidated companies with voucher use and the roster agree (D3)
SELECT
    company.Company_Code AS company,
    'consolidated, has rows for this report, and is not on the roster' AS problem
FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
WHERE
    company.Flg_In_Conso_Scope = 1
    AND company.Company_Code NOT IN (@companies)
    -- Every filter of the query but the roster: such a company matters only with use.
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
        WHERE
            item.ID_COMPANY = company.Company_Code
            AND item.VOUCHER_TYPE = 'reusablecredit'
            AND item.VOUCHER_CODE <> ''
            AND item.PACKAGE_DELIVERY_DATE < @next_period_start
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

-- name: duplicate_dimensions
-- kind: must_be_empty
-- title: No code belongs to two vouchers of a company, or its use would stand twice (D29)
SELECT
    'V_STORECREDITVOUCHER_CLOSING' AS dimension,
    voucher.ID_COMPANY AS company,
    MIN(voucher.code COLLATE Latin1_General_BIN2) AS code,
    COUNT_BIG(*) AS copies
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
WHERE
    voucher.ID_COMPANY IN (@companies)
    -- A voucher without code is joined to nothing.
    AND voucher.code <> ''
GROUP BY voucher.ID_COMPANY, voucher.code
HAVING COUNT_BIG(*) > 1

-- name: left_out_without_code
-- kind: noted
-- title: Delivered items with store credit but without a code, left out of the report (D11)
SELECT
    item.ID_COMPANY AS company,
    COUNT_BIG(*) AS items,
    COALESCE(
        SUM(CAST(item.MTR_SHIPPING_VOUCHER_DISCOUNT AS DECIMAL(38, 4))), CAST(0 AS DECIMAL(38, 4))
    ) AS shipping_storecredit,
    COALESCE(
        SUM(CAST(item.MTR_COUPON_MONEY_VALUE AS DECIMAL(38, 4))), CAST(0 AS DECIMAL(38, 4))
    ) AS coupon_storecredit
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
WHERE
    -- Every filter of the query but the code.
    item.ID_COMPANY IN (@companies)
    AND item.VOUCHER_TYPE = 'reusablecredit'
    AND (item.VOUCHER_CODE IS NULL OR item.VOUCHER_CODE = '')
    AND item.PACKAGE_DELIVERY_DATE < @next_period_start
GROUP BY item.ID_COMPANY
ORDER BY company
