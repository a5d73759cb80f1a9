-- name: transfer
-- kind: totals
-- title: Count and totals of the very rows that the query selects
WITH held_items AS (
    SELECT
        s.ID_COMPANY AS id_company,
        s.IS_PREPAYMENT AS is_prepayment,
        s.COD_OMS_SALES_ORDER_ITEM AS cod_oms_sales_order_item,
        s.ORDER_NR AS order_nr,
        s.BOB_ID_CUSTOMER AS bob_id_customer,
        s.CURRENT_STATUS AS current_status,
        CAST(CASE WHEN s.CURRENT_STATUS = 'closed' THEN 1 ELSE 0 END AS SMALLINT) AS is_closed,
        -- An item that nobody marked as marketplace is sold by the group itself: retail.
        CAST(CASE WHEN s.IS_MARKETPLACE = 1 THEN 1 ELSE 0 END AS SMALLINT) AS is_marketplace,
        s.PAYMENT_METHOD AS payment_method,
        s.DELIVERY_TYPE AS delivery_type,
        s.ORDER_CREATION_DATE AS order_creation_date,
        s.FINANCE_VERIFIED_DATE AS finance_verified_date,
        s.DELIVERED_DATE AS delivered_date,
        s.PACKAGE_DELIVERY_DATE AS package_delivery_date,
        s.REFUND_COMPLETED AS refund_completed,
        s.REFUND_DATE AS refund_date,
        s.FAIL_DATE AS fail_date,
        -- An amount that OMS leaves empty is an amount that was not charged: zero.
        CAST(
            ISNULL(s.MTR_UNIT_PRICE, 0)
            - ISNULL(s.MTR_COUPON_MONEY_VALUE, 0)
            - ISNULL(s.MTR_CART_RULE_DISCOUNT, 0)
            AS DECIMAL(18, 4)
        ) AS paid_for_items,
        CAST(ISNULL(s.MTR_PAID_PRICE, 0) AS DECIMAL(18, 4)) AS paid_price,
        CAST(
            ISNULL(s.MTR_BASE_SHIPPING_AMOUNT, 0)
            - ISNULL(s.MTR_SHIPPING_CART_RULE_DISCOUNT, 0)
            - ISNULL(s.MTR_SHIPPING_VOUCHER_DISCOUNT, 0)
            + ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT, 0)
            - ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT, 0)
            + ISNULL(s.MTR_INTERNATIONAL_FREIGHT_FEE, 0)
            AS DECIMAL(18, 4)
        ) AS paid_for_shipping,
        -- Every row here is unrefunded, so a cancelled or failed item means money to give back.
        CAST(
            CASE
                WHEN s.CANCELLATION_DATE < @next_period_start THEN 1
                WHEN s.FAIL_DATE < @next_period_start THEN 1
                ELSE 0
            END AS SMALLINT
        ) AS cancelled_or_failed_before_cutoff
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        s.ID_COMPANY IN (@companies)
        -- A fixed start of the population, the same for every period (D13).
        AND s.ORDER_CREATION_DATE >= CAST('2018-01-01T00:00:00' AS DATETIME)
        -- Only an order paid before delivery leaves the group holding a customer's money.
        AND s.IS_PREPAYMENT = 1
        -- Finance confirmed that the money came in, and did so before the period ended.
        AND s.FINANCE_VERIFIED_DATE >= CAST('2018-01-01T00:00:00' AS DATETIME)
        AND s.FINANCE_VERIFIED_DATE < @next_period_start
        -- Delivery ends the liability. A marketplace item and a digital one are delivered as
        -- items; anything else, an unknown delivery type too, is delivered with its package.
        -- No date yet counts as later than the period.
        AND COALESCE(
            CASE
                WHEN s.IS_MARKETPLACE = 1 THEN s.DELIVERED_DATE
                WHEN s.DELIVERY_TYPE IN ('Digital Content', 'Gift Card') THEN s.DELIVERED_DATE
                ELSE s.PACKAGE_DELIVERY_DATE
            END,
            @next_period_start
        ) >= @next_period_start
        -- A refund before the period's end gave the money back. Cancellation or failure alone
        -- does not: the item stays in, flagged.
        AND (s.REFUND_DATE IS NULL OR s.REFUND_DATE >= @next_period_start)
),

report AS (
    SELECT
        i.id_company,
        i.is_prepayment,
        i.cod_oms_sales_order_item,
        i.order_nr,
        i.bob_id_customer,
        i.current_status,
        i.is_closed,
        i.is_marketplace,
        i.payment_method,
        i.delivery_type,
        i.order_creation_date,
        i.finance_verified_date,
        i.delivered_date,
        i.package_delivery_date,
        i.refund_completed,
        i.refund_date,
        i.fail_date,
        i.paid_for_items,
        i.paid_price,
        i.paid_for_shipping,
        -- What the customer handed over for this item: the balance that D4 reconciles.
        CAST(i.paid_for_items + i.paid_for_shipping AS DECIMAL(18, 4)) AS balance_lcy,
        i.cancelled_or_failed_before_cutoff
    FROM held_items AS i
)

SELECT
    COUNT_BIG(*) AS row_count,
    ISNULL(SUM(CAST(r.paid_for_items AS DECIMAL(38, 4))), 0) AS sum_paid_for_items,
    ISNULL(SUM(CAST(r.paid_price AS DECIMAL(38, 4))), 0) AS sum_paid_price,
    ISNULL(SUM(CAST(r.paid_for_shipping AS DECIMAL(38, 4))), 0) AS sum_paid_for_shipping,
    ISNULL(SUM(CAST(r.balance_lcy AS DECIMAL(38, 4))), 0) AS sum_balance_lcy,
    MIN(r.finance_verified_date) AS first_event,
    MAX(r.finance_verified_date) AS last_event
FROM report AS r

-- name: driving_table
-- kind: totals
-- title: The order items themselves: all verified prepayments less those settled in time
WITH verified AS (
    SELECT
        s.FINANCE_VERIFIED_DATE AS verified_at,
        -- 1 where the money had left the balance before the period ended, whichever way.
        CASE
            WHEN s.REFUND_DATE < @next_period_start THEN 1
            WHEN s.IS_MARKETPLACE = 1 AND s.DELIVERED_DATE < @next_period_start THEN 1
            WHEN (s.IS_MARKETPLACE IS NULL OR s.IS_MARKETPLACE <> 1)
                AND s.DELIVERY_TYPE IN ('Gift Card', 'Digital Content')
                AND s.DELIVERED_DATE < @next_period_start THEN 1
            WHEN (s.IS_MARKETPLACE IS NULL OR s.IS_MARKETPLACE <> 1)
                AND (s.DELIVERY_TYPE IS NULL OR s.DELIVERY_TYPE NOT IN ('Gift Card', 'Digital Content'))
                AND s.PACKAGE_DELIVERY_DATE < @next_period_start THEN 1
            ELSE 0
        END AS settled,
        ISNULL(s.MTR_UNIT_PRICE, 0) AS unit_price,
        ISNULL(s.MTR_COUPON_MONEY_VALUE, 0) + ISNULL(s.MTR_CART_RULE_DISCOUNT, 0) AS item_discounts,
        ISNULL(s.MTR_PAID_PRICE, 0) AS paid_price,
        ISNULL(s.MTR_BASE_SHIPPING_AMOUNT, 0)
        + ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT, 0)
        + ISNULL(s.MTR_INTERNATIONAL_FREIGHT_FEE, 0) AS shipping_charges,
        ISNULL(s.MTR_SHIPPING_CART_RULE_DISCOUNT, 0)
        + ISNULL(s.MTR_SHIPPING_VOUCHER_DISCOUNT, 0)
        + ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT, 0) AS shipping_discounts
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- The roster as a table here, as a list in the query: two ways to the same scope.
        s.ID_COMPANY IN (SELECT r.company FROM (VALUES @roster) AS r (company, country, currency))
        -- Paid before delivery; the flag is 0 or 1, so this is the same as not cash on delivery.
        AND s.IS_PREPAYMENT <> 0
        -- Created and verified since 2018, verified before the period ended.
        AND NOT (s.ORDER_CREATION_DATE < CAST('2018-01-01T00:00:00' AS DATETIME))
        AND NOT (s.FINANCE_VERIFIED_DATE < CAST('2018-01-01T00:00:00' AS DATETIME))
        AND NOT (s.FINANCE_VERIFIED_DATE >= @next_period_start)
),

totals AS (
    SELECT
        COUNT_BIG(*) - ISNULL(SUM(v.settled), 0) AS row_count,
        ISNULL(SUM(CAST(CASE WHEN v.settled = 0 THEN v.unit_price END AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(CASE WHEN v.settled = 0 THEN v.item_discounts END AS DECIMAL(38, 4))), 0)
            AS items,
        ISNULL(SUM(CAST(v.paid_price AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(CASE WHEN v.settled = 1 THEN v.paid_price END AS DECIMAL(38, 4))), 0)
            AS price,
        ISNULL(SUM(CAST(CASE WHEN v.settled = 0 THEN v.shipping_charges END AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(CASE WHEN v.settled = 0 THEN v.shipping_discounts END AS DECIMAL(38, 4))), 0)
            AS shipping,
        MIN(CASE WHEN v.settled = 0 THEN v.verified_at END) AS first_event,
        MAX(CASE WHEN v.settled = 0 THEN v.verified_at END) AS last_event
    FROM verified AS v
)

SELECT
    t.row_count,
    CAST(t.items AS DECIMAL(38, 4)) AS sum_paid_for_items,
    CAST(t.price AS DECIMAL(38, 4)) AS sum_paid_price,
    CAST(t.shipping AS DECIMAL(38, 4)) AS sum_paid_for_shipping,
    CAST(t.items + t.shipping AS DECIMAL(38, 4)) AS sum_balance_lcy,
    t.first_event,
    t.last_event
FROM totals AS t

-- name: witness_inside
-- kind: witness_inside
-- title: The prepayment verified last before the period's end must be in the extract
SELECT TOP 1
    s.ID_COMPANY AS id_company,
    s.COD_OMS_SALES_ORDER_ITEM AS cod_oms_sales_order_item
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
WHERE
    -- Every filter of the report: the witness must be a row that belongs in.
    s.ID_COMPANY IN (@companies)
    AND s.IS_PREPAYMENT = 1
    AND s.ORDER_CREATION_DATE >= CAST('2018-01-01T00:00:00' AS DATETIME)
    -- Refunded or delivered before the period's end is settled, so no witness.
    AND (s.REFUND_DATE IS NULL OR s.REFUND_DATE >= @next_period_start)
    AND (
        (s.IS_MARKETPLACE = 1 AND (s.DELIVERED_DATE IS NULL OR s.DELIVERED_DATE >= @next_period_start))
        OR (
            (s.IS_MARKETPLACE IS NULL OR s.IS_MARKETPLACE = 0)
            AND s.DELIVERY_TYPE IN ('Digital Content', 'Gift Card')
            AND (s.DELIVERED_DATE IS NULL OR s.DELIVERED_DATE >= @next_period_start)
        )
        OR (
            (s.IS_MARKETPLACE IS NULL OR s.IS_MARKETPLACE = 0)
            AND (s.DELIVERY_TYPE IS NULL OR s.DELIVERY_TYPE NOT IN ('Digital Content', 'Gift Card'))
            AND (s.PACKAGE_DELIVERY_DATE IS NULL OR s.PACKAGE_DELIVERY_DATE >= @next_period_start)
        )
    )
    -- The last one in time: it shows that the month's last moments were extracted.
    AND s.FINANCE_VERIFIED_DATE >= CAST('2018-01-01T00:00:00' AS DATETIME)
    AND s.FINANCE_VERIFIED_DATE < @next_period_start
ORDER BY s.FINANCE_VERIFIED_DATE DESC, s.ID_COMPANY, s.COD_OMS_SALES_ORDER_ITEM

-- name: witness_after
-- kind: witness_after
-- title: The prepayment verified first after the period's end must not be in the extract
SELECT TOP 1
    s.ID_COMPANY AS id_company,
    s.COD_OMS_SALES_ORDER_ITEM AS cod_oms_sales_order_item
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
WHERE
    -- Every filter of the report but the one on time: only the cut-off keeps this row out.
    s.ID_COMPANY IN (@companies)
    AND s.IS_PREPAYMENT = 1
    AND s.ORDER_CREATION_DATE >= CAST('2018-01-01T00:00:00' AS DATETIME)
    -- Refunded or delivered before the period's end would be out for another reason.
    AND (s.REFUND_DATE IS NULL OR s.REFUND_DATE >= @next_period_start)
    AND (
        (s.IS_MARKETPLACE = 1 AND (s.DELIVERED_DATE IS NULL OR s.DELIVERED_DATE >= @next_period_start))
        OR (
            (s.IS_MARKETPLACE IS NULL OR s.IS_MARKETPLACE = 0)
            AND s.DELIVERY_TYPE IN ('Digital Content', 'Gift Card')
            AND (s.DELIVERED_DATE IS NULL OR s.DELIVERED_DATE >= @next_period_start)
        )
        OR (
            (s.IS_MARKETPLACE IS NULL OR s.IS_MARKETPLACE = 0)
            AND (s.DELIVERY_TYPE IS NULL OR s.DELIVERY_TYPE NOT IN ('Digital Content', 'Gift Card'))
            AND (s.PACKAGE_DELIVERY_DATE IS NULL OR s.PACKAGE_DELIVERY_DATE >= @next_period_start)
        )
    )
    -- The filter on time, turned round.
    AND s.FINANCE_VERIFIED_DATE >= @next_period_start
ORDER BY s.FINANCE_VERIFIED_DATE, s.ID_COMPANY, s.COD_OMS_SALES_ORDER_ITEM

-- name: roster
-- kind: must_be_empty
-- title: No consolidated company off the roster holds prepayments; no roster company lacks the flag
WITH holding_companies AS (
    SELECT DISTINCT s.ID_COMPANY AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- Every filter of the report but the one on companies (D3, D29).
        s.IS_PREPAYMENT = 1
        AND s.ORDER_CREATION_DATE >= CAST('2018-01-01T00:00:00' AS DATETIME)
        AND s.FINANCE_VERIFIED_DATE >= CAST('2018-01-01T00:00:00' AS DATETIME)
        AND s.FINANCE_VERIFIED_DATE < @next_period_start
        -- Refunded or delivered in time means that nothing is held.
        AND (s.REFUND_DATE IS NULL OR s.REFUND_DATE >= @next_period_start)
        AND COALESCE(
            CASE
                WHEN s.IS_MARKETPLACE = 1 THEN s.DELIVERED_DATE
                WHEN s.DELIVERY_TYPE IN ('Digital Content', 'Gift Card') THEN s.DELIVERED_DATE
                ELSE s.PACKAGE_DELIVERY_DATE
            END,
            @next_period_start
        ) >= @next_period_start
)

SELECT
    c.company,
    'consolidated, with rows in this report, and not on the roster' AS problem
FROM holding_companies AS c
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

-- name: cancelled_or_failed_kept
-- kind: noted
-- title: Items cancelled or failed in time but not refunded: kept, for the money is still held
SELECT
    s.ID_COMPANY AS company,
    COUNT_BIG(*) AS row_count,
    SUM(
        CAST(
            ISNULL(s.MTR_UNIT_PRICE, 0)
            - ISNULL(s.MTR_COUPON_MONEY_VALUE, 0)
            - ISNULL(s.MTR_CART_RULE_DISCOUNT, 0)
            + ISNULL(s.MTR_BASE_SHIPPING_AMOUNT, 0)
            - ISNULL(s.MTR_SHIPPING_CART_RULE_DISCOUNT, 0)
            - ISNULL(s.MTR_SHIPPING_VOUCHER_DISCOUNT, 0)
            + ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT, 0)
            - ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT, 0)
            + ISNULL(s.MTR_INTERNATIONAL_FREIGHT_FEE, 0)
            AS DECIMAL(38, 4)
        )
    ) AS balance_lcy
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
WHERE
    -- The filters of the report.
    s.ID_COMPANY IN (@companies)
    AND s.IS_PREPAYMENT = 1
    AND s.ORDER_CREATION_DATE >= CAST('2018-01-01T00:00:00' AS DATETIME)
    AND s.FINANCE_VERIFIED_DATE >= CAST('2018-01-01T00:00:00' AS DATETIME)
    AND s.FINANCE_VERIFIED_DATE < @next_period_start
    AND (s.REFUND_DATE IS NULL OR s.REFUND_DATE >= @next_period_start)
    AND COALESCE(
        CASE
            WHEN s.IS_MARKETPLACE = 1 THEN s.DELIVERED_DATE
            WHEN s.DELIVERY_TYPE IN ('Digital Content', 'Gift Card') THEN s.DELIVERED_DATE
            ELSE s.PACKAGE_DELIVERY_DATE
        END,
        @next_period_start
    ) >= @next_period_start
    -- What D13 asks to keep and to show.
    AND (s.CANCELLATION_DATE < @next_period_start OR s.FAIL_DATE < @next_period_start)
GROUP BY s.ID_COMPANY
ORDER BY s.ID_COMPANY
