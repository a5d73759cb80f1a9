-- Controls of IPE_08_TIMING. Each block is one statement, run in the same snapshot as the query.
-- The voucher's amount stands on each of its items, so no control adds it up over the rows (D29).

-- name: transfer
-- kind: totals
-- title: Count and dates of the very rows that the query selects
-- The query's own text up to its final SELECT, which says why each filter is there.
WITH report AS (
    SELECT
        voucher.ID_COMPANY AS id_company,
        voucher.id AS voucher_id,
        voucher.code,
        CAST(voucher.discount_amount AS DECIMAL(18, 4)) AS amount,
        voucher.business_use,
        voucher.[type] AS origin,
        'inactive' AS [status],
        voucher.created_at AS creation_date,
        voucher.from_date AS start_date,
        voucher.to_date AS end_date,
        COALESCE(item.COD_OMS_SALES_ORDER_ITEM, '') AS fk_sales_order_item,
        item.ID_SALES_ORDER_ITEM AS id_sales_order_item,
        item.ORDER_NR AS order_nr,
        item.ORDER_CREATION_DATE AS order_creation_date,
        item.DELIVERED_DATE AS order_delivery_date,
        item.CANCELLATION_DATE AS order_cancellation_date,
        item.CURRENT_STATUS AS order_item_status,
        item.PAYMENT_METHOD AS payment_method,
        voucher.fk_customer,
        item.COD_OMS_SALES_ORDER AS fk_sales_order,
        voucher.description AS comment
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
        ON item.ID_COMPANY = voucher.ID_COMPANY
        AND item.VOUCHER_CODE = voucher.code
        AND voucher.code <> ''
    WHERE
        voucher.ID_COMPANY IN (@companies)
        AND voucher.created_at < @next_period_start
        AND (voucher.is_active = 0 OR voucher.is_active IS NULL)
        AND voucher.to_date >= @next_period_start
        AND (
            item.ID_COMPANY IS NULL
            OR (
                item.ORDER_CREATION_DATE < @next_period_start
                AND (item.DELIVERED_DATE IS NULL OR item.DELIVERED_DATE >= @next_period_start)
                AND (item.CANCELLATION_DATE IS NULL OR item.CANCELLATION_DATE >= @next_period_start)
            )
        )
)

SELECT
    COUNT_BIG(*) AS row_count,
    MIN(creation_date) AS first_event,
    MAX(creation_date) AS last_event
FROM report

-- name: without_joins
-- kind: totals
-- title: Open items of such vouchers, plus such vouchers without items, with nothing joined
WITH vouchers AS (
    SELECT
        voucher.ID_COMPANY AS id_company,
        voucher.code
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
    WHERE
        -- The filters are the query's own; items are asked for, not joined, so that an item whose
        -- code belongs to two vouchers counts once here and twice in the extract.
        voucher.ID_COMPANY IN (@companies)
        AND voucher.created_at < @next_period_start
        AND (voucher.is_active = 0 OR voucher.is_active IS NULL)
        AND voucher.to_date >= @next_period_start
),

open_items AS (
    SELECT COUNT_BIG(*) AS row_count
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
    WHERE
        item.VOUCHER_CODE <> ''
        AND item.ORDER_CREATION_DATE < @next_period_start
        AND (item.DELIVERED_DATE IS NULL OR item.DELIVERED_DATE >= @next_period_start)
        AND (item.CANCELLATION_DATE IS NULL OR item.CANCELLATION_DATE >= @next_period_start)
        AND EXISTS (
            SELECT 1
            FROM vouchers
            WHERE vouchers.id_company = item.ID_COMPANY AND vouchers.code = item.VOUCHER_CODE
        )
),

without_items AS (
    SELECT COUNT_BIG(*) AS row_count
    FROM vouchers
    WHERE
        NOT EXISTS (
            SELECT 1
            FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
            WHERE
                item.ID_COMPANY = vouchers.id_company
                AND item.VOUCHER_CODE = vouchers.code
                AND item.VOUCHER_CODE <> ''
        )
)

SELECT open_items.row_count + without_items.row_count AS row_count
FROM open_items
CROSS JOIN without_items

-- name: driving_table
-- kind: totals
-- title: Vouchers with their items counted before they meet, by predicates of their own
WITH items AS (
    SELECT
        item.ID_COMPANY AS id_company,
        item.VOUCHER_CODE AS code,
        COUNT_BIG(*) AS every_item,
        -- Closed or not yet begun at the cut-off, by whole days: what remains is open.
        SUM(
            CASE
                WHEN CAST(item.DELIVERED_DATE AS DATE) <= @cutoff_date THEN 1
                WHEN CAST(item.CANCELLATION_DATE AS DATE) <= @cutoff_date THEN 1
                WHEN CAST(item.ORDER_CREATION_DATE AS DATE) <= @cutoff_date THEN 0
                ELSE 1
            END
        ) AS not_open
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
    -- A code has at least one character that is no blank.
    WHERE LEN(item.VOUCHER_CODE) > 0
    GROUP BY item.ID_COMPANY, item.VOUCHER_CODE
),

vouchers AS (
    SELECT
        voucher.created_at,
        CASE WHEN items.code IS NULL THEN 1 ELSE items.every_item - items.not_open END AS row_count
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
    -- The scope from the roster's table instead of its list of codes.
    INNER JOIN (VALUES @roster) AS roster (company, country, currency)
        ON roster.company = voucher.ID_COMPANY
    LEFT JOIN items
        ON items.id_company = voucher.ID_COMPANY
        AND items.code = voucher.code
    WHERE
        -- The bounds by whole days instead of moments, and "not on" instead of "off".
        CAST(voucher.created_at AS DATE) <= @cutoff_date
        AND CAST(voucher.to_date AS DATE) > @cutoff_date
        AND COALESCE(CAST(voucher.is_active AS SMALLINT), 0) <> 1
)

SELECT
    COALESCE(SUM(CAST(row_count AS BIGINT)), 0) AS row_count,
    MIN(created_at) AS first_event,
    MAX(created_at) AS last_event
FROM vouchers
WHERE row_count > 0

-- name: witness_inside
-- kind: witness_inside
-- title: The last such voucher created before the month's end must be in the extract
SELECT TOP (1)
    voucher.ID_COMPANY AS id_company,
    voucher.id AS voucher_id,
    COALESCE(item.COD_OMS_SALES_ORDER_ITEM, '') AS fk_sales_order_item
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
    ON item.ID_COMPANY = voucher.ID_COMPANY
    AND item.VOUCHER_CODE = voucher.code
    AND voucher.code <> ''
WHERE
    -- Every filter of the query holds for the witness, so that it has to be there.
    voucher.ID_COMPANY IN (@companies)
    AND voucher.created_at < @next_period_start
    AND (voucher.is_active = 0 OR voucher.is_active IS NULL)
    AND voucher.to_date >= @next_period_start
    AND (
        item.ID_COMPANY IS NULL
        OR (
            item.ORDER_CREATION_DATE < @next_period_start
            AND (item.DELIVERED_DATE IS NULL OR item.DELIVERED_DATE >= @next_period_start)
            AND (item.CANCELLATION_DATE IS NULL OR item.CANCELLATION_DATE >= @next_period_start)
        )
    )
ORDER BY
    voucher.created_at DESC,
    voucher.ID_COMPANY DESC,
    voucher.id DESC,
    COALESCE(item.COD_OMS_SALES_ORDER_ITEM, '') DESC

-- name: witness_after
-- kind: witness_after
-- title: The first such voucher created after the month's end must not be in the extract
SELECT TOP (1)
    voucher.ID_COMPANY AS id_company,
    voucher.id AS voucher_id,
    COALESCE(item.COD_OMS_SALES_ORDER_ITEM, '') AS fk_sales_order_item
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
    ON item.ID_COMPANY = voucher.ID_COMPANY
    AND item.VOUCHER_CODE = voucher.code
    AND voucher.code <> ''
WHERE
    -- Only the time filter is widened: the voucher is of a later month, and so are its orders.
    voucher.ID_COMPANY IN (@companies)
    AND voucher.created_at >= @next_period_start
    AND (voucher.is_active = 0 OR voucher.is_active IS NULL)
    AND voucher.to_date >= @next_period_start
    AND (
        item.ID_COMPANY IS NULL
        OR (
            item.ORDER_CREATION_DATE IS NOT NULL
            AND (item.DELIVERED_DATE IS NULL OR item.DELIVERED_DATE >= @next_period_start)
            AND (item.CANCELLATION_DATE IS NULL OR item.CANCELLATION_DATE >= @next_period_start)
        )
    )
ORDER BY
    voucher.created_at,
    voucher.ID_COMPANY,
    voucher.id,
    COALESCE(item.COD_OMS_SALES_ORDER_ITEM, '')

-- name: roster
-- kind: must_be_empty
-- title: Consolidated companies with such vouchers and the roster agree (D3)
SELECT
    company.Company_Code AS company,
    'consolidated, has rows for this report, and is not on the roster' AS problem
FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
WHERE
    company.Flg_In_Conso_Scope = 1
    AND company.Company_Code NOT IN (@companies)
    -- Every filter of the query but the roster: such a company matters only with rows.
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
        LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
            ON item.ID_COMPANY = voucher.ID_COMPANY
            AND item.VOUCHER_CODE = voucher.code
            AND voucher.code <> ''
        WHERE
            voucher.ID_COMPANY = company.Company_Code
            AND voucher.created_at < @next_period_start
            AND (voucher.is_active = 0 OR voucher.is_active IS NULL)
            AND voucher.to_date >= @next_period_start
            AND (
                item.ID_COMPANY IS NULL
                OR (
                    item.ORDER_CREATION_DATE < @next_period_start
                    AND (item.DELIVERED_DATE IS NULL OR item.DELIVERED_DATE >= @next_period_start)
                    AND (
                        item.CANCELLATION_DATE IS NULL
                        OR item.CANCELLATION_DATE >= @next_period_start
                    )
                )
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

-- name: vouchers_counted_once
-- kind: noted
-- title: Vouchers of the report and their face value, each voucher once
SELECT
    voucher.ID_COMPANY AS company,
    COUNT_BIG(*) AS vouchers,
    COALESCE(
        SUM(CAST(voucher.discount_amount AS DECIMAL(38, 4))), CAST(0 AS DECIMAL(38, 4))
    ) AS amount
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
WHERE
    -- The filters are the query's own; a voucher counts once, however many items it has.
    voucher.ID_COMPANY IN (@companies)
    AND voucher.created_at < @next_period_start
    AND (voucher.is_active = 0 OR voucher.is_active IS NULL)
    AND voucher.to_date >= @next_period_start
    AND (
        EXISTS (
            SELECT 1
            FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
            WHERE
                item.ID_COMPANY = voucher.ID_COMPANY
                AND item.VOUCHER_CODE = voucher.code
                AND item.VOUCHER_CODE <> ''
                AND item.ORDER_CREATION_DATE < @next_period_start
                AND (item.DELIVERED_DATE IS NULL OR item.DELIVERED_DATE >= @next_period_start)
                AND (item.CANCELLATION_DATE IS NULL OR item.CANCELLATION_DATE >= @next_period_start)
        )
        OR NOT EXISTS (
            SELECT 1
            FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
            WHERE
                item.ID_COMPANY = voucher.ID_COMPANY
                AND item.VOUCHER_CODE = voucher.code
                AND item.VOUCHER_CODE <> ''
        )
    )
GROUP BY voucher.ID_COMPANY
ORDER BY company
