-- name: transfer
-- kind: totals
-- title: Count and totals of the very rows that the query selects
WITH refund_types AS (
    -- The list of refunds without return may name an item several times, and one type in several
    -- spellings: each type of an item once, in the spelling that is smallest in binary order.
    SELECT
        r.ID_Company AS company,
        r.OMS_ID_Sales_Order_Item AS item,
        r.OMS_Type AS refund_type,
        ROW_NUMBER() OVER (
            PARTITION BY r.ID_Company, r.OMS_ID_Sales_Order_Item, r.OMS_Type
            ORDER BY r.OMS_Type COLLATE Latin1_General_100_BIN2
        ) AS spelling
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_REFUND_NO_RETURN] AS r
    WHERE
        -- Other companies never reach this report.
        r.ID_Company IN (@companies)
        -- An entry without type says nothing about the item.
        AND r.OMS_Type IS NOT NULL
),

refund_list AS (
    -- One row an item, so that the join below cannot multiply (D17).
    SELECT
        t.company,
        t.item,
        STRING_AGG(t.refund_type, ',')
            WITHIN GROUP (ORDER BY t.refund_type COLLATE Latin1_General_100_BIN2) AS oms_type
    FROM refund_types AS t
    -- One spelling a type.
    WHERE t.spelling = 1
    GROUP BY t.company, t.item
),

refund_cases AS (
    SELECT
        s.ID_COMPANY,
        s.COD_OMS_SALES_ORDER_ITEM,
        'Refunded not yet returned' AS case_type,
        1 AS orientation,
        s.REFUND_DATE AS event_date,
        s.CURRENT_STATUS,
        s.IS_MARKETPLACE,
        s.ORDER_NR,
        s.BOB_ID_CUSTOMER,
        s.BOB_CUSTOMER_TYPE,
        s.RETURN_DATE,
        s.IS_GLOBAL,
        s.FINANCE_VERIFIED_DATE,
        s.REFUND_DATE,
        s.VOUCHER_TYPE,
        s.MTR_PRICE_AFTER_DISCOUNT,
        s.MTR_BASE_SHIPPING_AMOUNT,
        s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT,
        s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT,
        s.MTR_SHIPPING_CART_RULE_DISCOUNT,
        s.MTR_SHIPPING_VOUCHER_DISCOUNT
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        s.ID_COMPANY IN (@companies)
        -- Only what the customer had received by the period's end can come back.
        AND s.DELIVERED_DATE < @next_period_start
        -- A fixed start of the population, the same for every period (D17).
        AND s.REFUND_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
        -- The money went back before the period's end ...
        AND s.REFUND_DATE < @next_period_start
        -- ... and the goods had not come back by then.
        AND (s.RETURN_DATE IS NULL OR s.RETURN_DATE >= @next_period_start)
    UNION ALL
    SELECT
        s.ID_COMPANY,
        s.COD_OMS_SALES_ORDER_ITEM,
        'Returned not yet refunded' AS case_type,
        -1 AS orientation,
        s.RETURN_DATE AS event_date,
        s.CURRENT_STATUS,
        s.IS_MARKETPLACE,
        s.ORDER_NR,
        s.BOB_ID_CUSTOMER,
        s.BOB_CUSTOMER_TYPE,
        s.RETURN_DATE,
        s.IS_GLOBAL,
        s.FINANCE_VERIFIED_DATE,
        s.REFUND_DATE,
        s.VOUCHER_TYPE,
        s.MTR_PRICE_AFTER_DISCOUNT,
        s.MTR_BASE_SHIPPING_AMOUNT,
        s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT,
        s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT,
        s.MTR_SHIPPING_CART_RULE_DISCOUNT,
        s.MTR_SHIPPING_VOUCHER_DISCOUNT
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        s.ID_COMPANY IN (@companies)
        -- A fixed start of the population, the same for every period (D17).
        AND s.RETURN_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
        -- The goods came back before the period's end ...
        AND s.RETURN_DATE < @next_period_start
        -- ... and the money had not gone back by then.
        AND (s.REFUND_DATE IS NULL OR s.REFUND_DATE >= @next_period_start)
),

report AS (
    SELECT
        c.ID_COMPANY AS id_company,
        c.COD_OMS_SALES_ORDER_ITEM AS cod_oms_sales_order_item,
        c.CURRENT_STATUS AS current_status,
        c.case_type,
        c.event_date,
        c.IS_MARKETPLACE AS is_marketplace,
        c.ORDER_NR AS order_nr,
        c.BOB_ID_CUSTOMER AS bob_id_customer,
        c.RETURN_DATE AS return_date,
        c.IS_GLOBAL AS is_global,
        c.FINANCE_VERIFIED_DATE AS finance_verified_date,
        c.REFUND_DATE AS refund_date,
        l.oms_type,
        ct.Customer_Type_L1 AS customer_type_l1,
        -- Price, shipping and customs less discounts; a shipping voucher lowers the amount only
        -- where it was a coupon. An amount that OMS leaves empty is zero.
        CAST(
            c.orientation * (
                ISNULL(c.MTR_PRICE_AFTER_DISCOUNT, 0)
                + ISNULL(c.MTR_BASE_SHIPPING_AMOUNT, 0)
                + ISNULL(c.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT, 0)
                - ISNULL(c.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT, 0)
                - ISNULL(c.MTR_SHIPPING_CART_RULE_DISCOUNT, 0)
                - CASE
                    WHEN c.VOUCHER_TYPE = 'coupon' THEN ISNULL(c.MTR_SHIPPING_VOUCHER_DISCOUNT, 0)
                    ELSE CAST(0 AS DECIMAL(18, 4))
                END
            )
            AS DECIMAL(18, 4)
        ) AS amounttorefund
    FROM refund_cases AS c
    -- Information only: the types under which the list of refunds without return names the item.
    LEFT JOIN refund_list AS l
        ON l.company = c.ID_COMPANY
        AND l.item = c.COD_OMS_SALES_ORDER_ITEM
    -- Information only: the kind of customer.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_DIM_BOB_CUSTOMER_TYPE] AS ct
        ON ct.Bob_Customer_Type = c.BOB_CUSTOMER_TYPE
)

SELECT
    COUNT_BIG(*) AS row_count,
    ISNULL(SUM(CAST(r.amounttorefund AS DECIMAL(38, 4))), 0) AS sum_amounttorefund,
    MIN(r.event_date) AS first_event,
    MAX(r.event_date) AS last_event
FROM report AS r

-- name: without_joins
-- kind: totals
-- title: The same cases found without joining: neither list nor customer type may multiply them
WITH cases AS (
    SELECT
        s.REFUND_DATE AS event_date,
        CAST(
            ISNULL(s.MTR_PRICE_AFTER_DISCOUNT, 0)
            + ISNULL(s.MTR_BASE_SHIPPING_AMOUNT, 0)
            + ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT, 0)
            - ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT, 0)
            - ISNULL(s.MTR_SHIPPING_CART_RULE_DISCOUNT, 0)
            - CASE
                WHEN s.VOUCHER_TYPE = 'coupon' THEN ISNULL(s.MTR_SHIPPING_VOUCHER_DISCOUNT, 0)
                ELSE CAST(0 AS DECIMAL(18, 4))
            END
            AS DECIMAL(38, 4)
        ) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- The filters of the report: delivered and refunded in time, not returned in time.
        s.ID_COMPANY IN (@companies)
        AND s.DELIVERED_DATE < @next_period_start
        AND s.REFUND_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
        AND s.REFUND_DATE < @next_period_start
        AND (s.RETURN_DATE IS NULL OR s.RETURN_DATE >= @next_period_start)
    UNION ALL
    SELECT
        s.RETURN_DATE AS event_date,
        CAST(
            CASE
                WHEN s.VOUCHER_TYPE = 'coupon' THEN ISNULL(s.MTR_SHIPPING_VOUCHER_DISCOUNT, 0)
                ELSE CAST(0 AS DECIMAL(18, 4))
            END
            + ISNULL(s.MTR_SHIPPING_CART_RULE_DISCOUNT, 0)
            + ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT, 0)
            - ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT, 0)
            - ISNULL(s.MTR_BASE_SHIPPING_AMOUNT, 0)
            - ISNULL(s.MTR_PRICE_AFTER_DISCOUNT, 0)
            AS DECIMAL(38, 4)
        ) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- The filters of the report: returned in time, not refunded in time.
        s.ID_COMPANY IN (@companies)
        AND s.RETURN_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
        AND s.RETURN_DATE < @next_period_start
        AND (s.REFUND_DATE IS NULL OR s.REFUND_DATE >= @next_period_start)
)

SELECT
    COUNT_BIG(*) AS row_count,
    ISNULL(SUM(CAST(c.amount AS DECIMAL(38, 4))), 0) AS sum_amounttorefund,
    MIN(c.event_date) AS first_event,
    MAX(c.event_date) AS last_event
FROM cases AS c

-- name: driving_table
-- kind: totals
-- title: The order items themselves, each seen once: refunded so far against returned so far
WITH moves AS (
    SELECT
        s.REFUND_DATE AS refunded_at,
        s.RETURN_DATE AS returned_at,
        CASE WHEN s.DELIVERED_DATE < @next_period_start THEN 1 ELSE 0 END AS delivered,
        CASE WHEN s.REFUND_DATE < @next_period_start THEN 1 ELSE 0 END AS refunded,
        CASE WHEN s.RETURN_DATE < @next_period_start THEN 1 ELSE 0 END AS returned,
        ISNULL(s.MTR_PRICE_AFTER_DISCOUNT, 0)
        + ISNULL(s.MTR_BASE_SHIPPING_AMOUNT, 0)
        + ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT, 0) AS charges,
        ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT, 0)
        + ISNULL(s.MTR_SHIPPING_CART_RULE_DISCOUNT, 0) AS discounts,
        CASE WHEN s.VOUCHER_TYPE = 'coupon' THEN s.MTR_SHIPPING_VOUCHER_DISCOUNT END AS coupon
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    -- The roster as a table here, as a list in the query.
    WHERE s.ID_COMPANY IN (
        SELECT r.company FROM (VALUES @roster) AS r (company, country, currency)
    )
),

cases AS (
    -- One of the two happened in time and the other did not: the sign is the difference.
    SELECT
        m.refunded - m.returned AS orientation,
        m.charges,
        m.discounts,
        m.coupon,
        CASE WHEN m.refunded = 1 THEN m.refunded_at ELSE m.returned_at END AS event_date
    FROM moves AS m
    WHERE
        -- What happened in time on both sides, or on neither, owes nothing.
        m.refunded <> m.returned
        -- A refund of something never delivered waits for no return.
        AND (m.returned = 1 OR m.delivered = 1)
)

SELECT
    COUNT_BIG(*) AS row_count,
    CAST(
        ISNULL(SUM(CAST(c.orientation * c.charges AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(c.orientation * c.discounts AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(c.orientation * c.coupon AS DECIMAL(38, 4))), 0)
        AS DECIMAL(38, 4)
    ) AS sum_amounttorefund,
    MIN(c.event_date) AS first_event,
    MAX(c.event_date) AS last_event
FROM cases AS c
-- The fixed start of the population.
WHERE NOT (c.event_date < CAST('2019-01-01T00:00:00' AS DATETIME))

-- name: witness_inside
-- kind: witness_inside
-- title: The case that arose last before the period's end must be in the extract
WITH cases AS (
    SELECT
        s.ID_COMPANY AS id_company,
        s.COD_OMS_SALES_ORDER_ITEM AS cod_oms_sales_order_item,
        'Refunded not yet returned' AS case_type,
        s.REFUND_DATE AS event_date
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- Every filter of the report: the witness must be a row that belongs in.
        s.ID_COMPANY IN (@companies)
        AND s.DELIVERED_DATE < @next_period_start
        AND s.REFUND_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
        AND s.REFUND_DATE < @next_period_start
        AND (s.RETURN_DATE IS NULL OR s.RETURN_DATE >= @next_period_start)
    UNION ALL
    SELECT
        s.ID_COMPANY AS id_company,
        s.COD_OMS_SALES_ORDER_ITEM AS cod_oms_sales_order_item,
        'Returned not yet refunded' AS case_type,
        s.RETURN_DATE AS event_date
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- Every filter of the report's second case.
        s.ID_COMPANY IN (@companies)
        AND s.RETURN_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
        AND s.RETURN_DATE < @next_period_start
        AND (s.REFUND_DATE IS NULL OR s.REFUND_DATE >= @next_period_start)
)

SELECT TOP 1
    c.id_company,
    c.cod_oms_sales_order_item,
    c.case_type
FROM cases AS c
ORDER BY c.event_date DESC, c.id_company, c.cod_oms_sales_order_item, c.case_type

-- name: witness_after
-- kind: witness_after
-- title: The case that arose first after the period's end must not be in the extract
WITH cases AS (
    SELECT
        s.ID_COMPANY AS id_company,
        s.COD_OMS_SALES_ORDER_ITEM AS cod_oms_sales_order_item,
        'Refunded not yet returned' AS case_type,
        s.REFUND_DATE AS event_date
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- Every filter of the report but the one on the refund's time, which is turned round.
        s.ID_COMPANY IN (@companies)
        AND s.DELIVERED_DATE < @next_period_start
        AND s.REFUND_DATE >= @next_period_start
        AND (s.RETURN_DATE IS NULL OR s.RETURN_DATE >= @next_period_start)
    UNION ALL
    SELECT
        s.ID_COMPANY AS id_company,
        s.COD_OMS_SALES_ORDER_ITEM AS cod_oms_sales_order_item,
        'Returned not yet refunded' AS case_type,
        s.RETURN_DATE AS event_date
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- Every filter of the report's second case but the one on the return's time.
        s.ID_COMPANY IN (@companies)
        AND s.RETURN_DATE >= @next_period_start
        AND (s.REFUND_DATE IS NULL OR s.REFUND_DATE >= @next_period_start)
)

SELECT TOP 1
    c.id_company,
    c.cod_oms_sales_order_item,
    c.case_type
FROM cases AS c
ORDER BY c.event_date, c.id_company, c.cod_oms_sales_order_item, c.case_type

-- name: roster
-- kind: must_be_empty
-- title: No consolidated company off the roster has open cases; no roster company lacks the flag
WITH companies_with_cases AS (
    SELECT DISTINCT s.ID_COMPANY AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- Every filter of the report but the one on companies (D3, D29); either of the two cases.
        (
            s.DELIVERED_DATE < @next_period_start
            AND s.REFUND_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
            AND s.REFUND_DATE < @next_period_start
            AND (s.RETURN_DATE IS NULL OR s.RETURN_DATE >= @next_period_start)
        )
        OR (
            s.RETURN_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
            AND s.RETURN_DATE < @next_period_start
            AND (s.REFUND_DATE IS NULL OR s.REFUND_DATE >= @next_period_start)
        )
)

SELECT
    c.company,
    'consolidated, with rows in this report, and not on the roster' AS problem
FROM companies_with_cases AS c
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

-- name: duplicate_dimensions
-- kind: must_be_empty
-- title: Every customer type stands once
SELECT
    'RPT_DIM_BOB_CUSTOMER_TYPE' AS table_name,
    ct.Bob_Customer_Type AS duplicated_key,
    COUNT_BIG(*) AS row_count
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_DIM_BOB_CUSTOMER_TYPE] AS ct
GROUP BY ct.Bob_Customer_Type
-- More than one row would multiply the items of that type.
HAVING COUNT_BIG(*) > 1
ORDER BY duplicated_key

-- name: by_marketplace
-- kind: noted
-- title: Cases by marketplace flag: only flag 1 is reconciled to the refund liability (D4)
WITH cases AS (
    SELECT
        s.IS_MARKETPLACE AS is_marketplace,
        CASE WHEN s.REFUND_DATE < @next_period_start THEN 1 ELSE -1 END AS orientation,
        ISNULL(s.MTR_PRICE_AFTER_DISCOUNT, 0)
        + ISNULL(s.MTR_BASE_SHIPPING_AMOUNT, 0)
        + ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT, 0)
        - ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT, 0)
        - ISNULL(s.MTR_SHIPPING_CART_RULE_DISCOUNT, 0)
        - CASE
            WHEN s.VOUCHER_TYPE = 'coupon' THEN ISNULL(s.MTR_SHIPPING_VOUCHER_DISCOUNT, 0)
            ELSE CAST(0 AS DECIMAL(18, 4))
        END AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- The filters of the report; either of the two cases.
        s.ID_COMPANY IN (@companies)
        AND (
            (
                s.DELIVERED_DATE < @next_period_start
                AND s.REFUND_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
                AND s.REFUND_DATE < @next_period_start
                AND (s.RETURN_DATE IS NULL OR s.RETURN_DATE >= @next_period_start)
            )
            OR (
                s.RETURN_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
                AND s.RETURN_DATE < @next_period_start
                AND (s.REFUND_DATE IS NULL OR s.REFUND_DATE >= @next_period_start)
            )
        )
)

SELECT
    c.is_marketplace,
    COUNT_BIG(*) AS row_count,
    SUM(CAST(c.orientation * c.amount AS DECIMAL(38, 4))) AS amounttorefund
FROM cases AS c
GROUP BY c.is_marketplace
ORDER BY c.is_marketplace
