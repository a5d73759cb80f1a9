-- name: transfer
-- kind: totals
-- title: Count and totals of the very rows that the query selects
WITH open_items AS (
    SELECT
        s.ID_COMPANY AS id_company,
        s.COD_OMS_SALES_ORDER_ITEM AS cod_oms_sales_order_item,
        s.COD_OMS_ID_PACKAGE AS cod_oms_id_package,
        s.PAYMENT_METHOD AS payment_method,
        s.IS_MARKETPLACE AS is_marketplace,
        s.ORDER_NR AS order_nr,
        s.PACKAGE_NUMBER AS package_number,
        s.VOUCHER_TYPE AS voucher_type,
        s.BOB_ID_CUSTOMER AS bob_id_customer,
        s.ORDER_CREATION_DATE AS order_creation_date,
        s.SHIPPED_DATE AS shipped_date,
        s.DELIVERED_DATE AS delivered_date,
        s.PACKAGE_DELIVERY_DATE AS package_delivery_date,
        s.IS_PREPAYMENT AS is_prepayment,
        CAST(s.MTR_SHIPPING_FEE_MODIFICATION AS DECIMAL(18, 4)) AS mtr_shipping_fee_modification,
        s.TRACKING_NUMBER AS tracking_number,
        s.OMS_PACKAGE_STATUS AS oms_package_status,
        ct.Customer_Type_L1 AS customer_type,
        CAST(p.amount_expected AS DECIMAL(18, 4)) AS package_expected,
        CAST(p.amount_received AS DECIMAL(18, 4)) AS package_received,
        p.fk_package_status,
        p.delivered_update_date,
        p.delivery_date,
        p.fk_collection_partner,
        p.last_mile,
        p.package_status AS package_status_cashrec,
        p.payment_method_confirmed,
        p.troubleshoot_resolution_date,
        -- An amount that OMS leaves empty is an amount that was not charged: zero.
        CAST(ISNULL(s.MTR_AMOUNT_PAID, 0) AS DECIMAL(18, 4)) AS amount_paid,
        CAST(ISNULL(s.MTR_PAID_PRICE, 0) AS DECIMAL(18, 4)) AS paid_price,
        CAST(
            ISNULL(s.MTR_BASE_SHIPPING_AMOUNT, 0)
            - ISNULL(s.MTR_SHIPPING_CART_RULE_DISCOUNT, 0)
            - ISNULL(s.MTR_SHIPPING_VOUCHER_DISCOUNT, 0)
            + ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT, 0)
            - ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT, 0)
            + ISNULL(s.MTR_INTERNATIONAL_FREIGHT_FEE, 0)
            - ISNULL(s.MTR_INTERNATIONAL_DELIVERY_FEE_CART_RULE, 0)
            AS DECIMAL(18, 4)
        ) AS paid_shipping,
        -- The place of the item in its package, among the rows selected, by the code as text.
        ROW_NUMBER() OVER (
            PARTITION BY s.ID_COMPANY, s.PACKAGE_NUMBER
            ORDER BY s.COD_OMS_SALES_ORDER_ITEM COLLATE Latin1_General_100_BIN2
        ) AS place_in_package
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    -- What was to be collected and what came in; an item may have no package yet, so LEFT.
    LEFT JOIN [STG_AIG_NAV_JUMIA_REC].[OMS].[PACKAGE_CASHREC] AS p
        ON p.ID_COMPANY = s.ID_COMPANY
        AND p.package_nr = s.PACKAGE_NUMBER
    -- Information only: the kind of customer.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_DIM_BOB_CUSTOMER_TYPE] AS ct
        ON ct.Bob_Customer_Type = s.BOB_CUSTOMER_TYPE
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        s.ID_COMPANY IN (@companies)
        -- What was paid in advance is not collected at the door: it is in IPE_10.
        AND s.IS_PREPAYMENT = 0
        -- Without a payment method, or with none to make, there is nothing to collect (D15).
        AND s.PAYMENT_METHOD IS NOT NULL
        AND s.PAYMENT_METHOD <> 'NoPayment'
        -- A fixed start of the population, the same for every period (D15).
        AND s.DELIVERED_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
        -- The claim arises with the delivery, which must be before the period's end.
        AND s.DELIVERED_DATE < @next_period_start
        -- A missing collection that was settled before the period's end is open no more.
        AND (
            p.troubleshoot_resolution_date IS NULL
            OR p.troubleshoot_resolution_date >= @next_period_start
        )
        -- A package collected in full is out. The source keeps no date of collection, so this is
        -- the state at extraction; the control "collected_packages" counts what it leaves out.
        AND (
            p.amount_received IS NULL
            OR p.amount_expected IS NULL
            OR p.amount_received < p.amount_expected
        )
),

report AS (
    SELECT
        i.id_company,
        i.cod_oms_sales_order_item,
        i.cod_oms_id_package,
        i.payment_method,
        i.is_marketplace,
        i.order_nr,
        i.package_number,
        i.voucher_type,
        i.bob_id_customer,
        i.order_creation_date,
        i.shipped_date,
        i.delivered_date,
        i.package_delivery_date,
        i.is_prepayment,
        i.mtr_shipping_fee_modification,
        i.tracking_number,
        i.oms_package_status,
        i.customer_type,
        CAST(
            CASE WHEN i.place_in_package = 1 THEN i.package_expected END AS DECIMAL(18, 4)
        ) AS amount_expected,
        CAST(
            CASE WHEN i.place_in_package = 1 THEN i.package_received END AS DECIMAL(18, 4)
        ) AS amount_received,
        i.fk_package_status,
        i.delivered_update_date,
        i.delivery_date,
        i.fk_collection_partner,
        i.last_mile,
        i.package_status_cashrec,
        i.payment_method_confirmed,
        i.troubleshoot_resolution_date,
        i.amount_paid,
        i.paid_price,
        i.paid_shipping,
        -- What the customer owes at the door for this item: the balance that D4 reconciles.
        CAST(i.paid_price + i.paid_shipping AS DECIMAL(18, 4)) AS balance_lcy
    FROM open_items AS i
)

SELECT
    COUNT_BIG(*) AS row_count,
    ISNULL(SUM(CAST(r.mtr_shipping_fee_modification AS DECIMAL(38, 4))), 0)
        AS sum_mtr_shipping_fee_modification,
    ISNULL(SUM(CAST(r.amount_expected AS DECIMAL(38, 4))), 0) AS sum_amount_expected,
    ISNULL(SUM(CAST(r.amount_received AS DECIMAL(38, 4))), 0) AS sum_amount_received,
    ISNULL(SUM(CAST(r.amount_paid AS DECIMAL(38, 4))), 0) AS sum_amount_paid,
    ISNULL(SUM(CAST(r.paid_price AS DECIMAL(38, 4))), 0) AS sum_paid_price,
    ISNULL(SUM(CAST(r.paid_shipping AS DECIMAL(38, 4))), 0) AS sum_paid_shipping,
    ISNULL(SUM(CAST(r.balance_lcy AS DECIMAL(38, 4))), 0) AS sum_balance_lcy,
    MIN(r.delivered_date) AS first_event,
    MAX(r.delivered_date) AS last_event
FROM report AS r

-- name: without_joins
-- kind: totals
-- title: The same items found without joining: neither package nor customer type may multiply them
SELECT
    COUNT_BIG(*) AS row_count,
    ISNULL(SUM(CAST(s.MTR_AMOUNT_PAID AS DECIMAL(38, 4))), 0) AS sum_amount_paid,
    ISNULL(SUM(CAST(s.MTR_PAID_PRICE AS DECIMAL(38, 4))), 0) AS sum_paid_price,
    CAST(
        ISNULL(SUM(CAST(s.MTR_BASE_SHIPPING_AMOUNT AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(s.MTR_SHIPPING_CART_RULE_DISCOUNT AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(s.MTR_SHIPPING_VOUCHER_DISCOUNT AS DECIMAL(38, 4))), 0)
        + ISNULL(SUM(CAST(s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT AS DECIMAL(38, 4))), 0)
        + ISNULL(SUM(CAST(s.MTR_INTERNATIONAL_FREIGHT_FEE AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(s.MTR_INTERNATIONAL_DELIVERY_FEE_CART_RULE AS DECIMAL(38, 4))), 0)
        AS DECIMAL(38, 4)
    ) AS sum_paid_shipping,
    CAST(
        ISNULL(SUM(CAST(s.MTR_PAID_PRICE AS DECIMAL(38, 4))), 0)
        + ISNULL(SUM(CAST(s.MTR_BASE_SHIPPING_AMOUNT AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(s.MTR_SHIPPING_CART_RULE_DISCOUNT AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(s.MTR_SHIPPING_VOUCHER_DISCOUNT AS DECIMAL(38, 4))), 0)
        + ISNULL(SUM(CAST(s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT AS DECIMAL(38, 4))), 0)
        + ISNULL(SUM(CAST(s.MTR_INTERNATIONAL_FREIGHT_FEE AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(s.MTR_INTERNATIONAL_DELIVERY_FEE_CART_RULE AS DECIMAL(38, 4))), 0)
        AS DECIMAL(38, 4)
    ) AS sum_balance_lcy,
    ISNULL(SUM(CAST(s.MTR_SHIPPING_FEE_MODIFICATION AS DECIMAL(38, 4))), 0)
        AS sum_mtr_shipping_fee_modification,
    MIN(s.DELIVERED_DATE) AS first_event,
    MAX(s.DELIVERED_DATE) AS last_event
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
WHERE
    -- The filters of the report on the item.
    s.ID_COMPANY IN (@companies)
    AND s.IS_PREPAYMENT = 0
    AND s.PAYMENT_METHOD IS NOT NULL
    AND s.PAYMENT_METHOD <> 'NoPayment'
    AND s.DELIVERED_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
    AND s.DELIVERED_DATE < @next_period_start
    -- The filters on its package, by EXISTS: an item counts once, however often the package
    -- stands in its table.
    AND NOT EXISTS (
        SELECT 1
        FROM [STG_AIG_NAV_JUMIA_REC].[OMS].[PACKAGE_CASHREC] AS p
        WHERE p.ID_COMPANY = s.ID_COMPANY
            AND p.package_nr = s.PACKAGE_NUMBER
            AND (
                p.troubleshoot_resolution_date < @next_period_start
                OR p.amount_received >= p.amount_expected
            )
    )

-- name: driving_table
-- kind: totals
-- title: The order items and the packages, each on their own: all delivered less all settled
WITH settled_packages AS (
    SELECT DISTINCT
        p.ID_COMPANY AS company,
        p.package_nr
    FROM [STG_AIG_NAV_JUMIA_REC].[OMS].[PACKAGE_CASHREC] AS p
    WHERE
        -- Settled by hand in time, or collected in full.
        p.troubleshoot_resolution_date < @next_period_start
        OR p.amount_expected <= p.amount_received
),

delivered AS (
    SELECT
        s.ID_COMPANY AS company,
        s.PACKAGE_NUMBER AS package_nr,
        s.DELIVERED_DATE AS delivered_at,
        CASE WHEN c.package_nr IS NULL THEN 0 ELSE 1 END AS settled,
        ISNULL(s.MTR_AMOUNT_PAID, 0) AS amount_paid,
        ISNULL(s.MTR_PAID_PRICE, 0) AS price,
        ISNULL(s.MTR_BASE_SHIPPING_AMOUNT, 0)
        + ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT, 0)
        + ISNULL(s.MTR_INTERNATIONAL_FREIGHT_FEE, 0) AS charges,
        ISNULL(s.MTR_SHIPPING_CART_RULE_DISCOUNT, 0)
        + ISNULL(s.MTR_SHIPPING_VOUCHER_DISCOUNT, 0)
        + ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT, 0)
        + ISNULL(s.MTR_INTERNATIONAL_DELIVERY_FEE_CART_RULE, 0) AS discounts,
        ISNULL(s.MTR_SHIPPING_FEE_MODIFICATION, 0) AS fee_change
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    LEFT JOIN settled_packages AS c
        ON c.company = s.ID_COMPANY
        AND c.package_nr = s.PACKAGE_NUMBER
    WHERE
        -- The roster as a table here, as a list in the query.
        s.ID_COMPANY IN (SELECT r.company FROM (VALUES @roster) AS r (company, country, currency))
        -- Cash at the door: not paid before, and something to pay; null is neither.
        AND s.IS_PREPAYMENT <> 1
        AND NOT (s.PAYMENT_METHOD = 'NoPayment')
        -- Since 2019, before the period's end.
        AND NOT (s.DELIVERED_DATE < CAST('2019-01-01T00:00:00' AS DATETIME))
        AND NOT (s.DELIVERED_DATE >= @next_period_start)
),

item_totals AS (
    SELECT
        COUNT_BIG(*) - ISNULL(SUM(d.settled), 0) AS row_count,
        ISNULL(SUM(CAST(CASE WHEN d.settled = 0 THEN d.amount_paid END AS DECIMAL(38, 4))), 0) AS paid,
        ISNULL(SUM(CAST(d.price AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(CASE WHEN d.settled = 1 THEN d.price END AS DECIMAL(38, 4))), 0) AS price,
        ISNULL(SUM(CAST(CASE WHEN d.settled = 0 THEN d.charges END AS DECIMAL(38, 4))), 0)
        - ISNULL(SUM(CAST(CASE WHEN d.settled = 0 THEN d.discounts END AS DECIMAL(38, 4))), 0)
            AS shipping,
        ISNULL(SUM(CAST(CASE WHEN d.settled = 0 THEN d.fee_change END AS DECIMAL(38, 4))), 0)
            AS fee_change,
        MIN(CASE WHEN d.settled = 0 THEN d.delivered_at END) AS first_event,
        MAX(CASE WHEN d.settled = 0 THEN d.delivered_at END) AS last_event
    FROM delivered AS d
),

package_totals AS (
    SELECT
        ISNULL(SUM(CAST(p.amount_expected AS DECIMAL(38, 4))), 0) AS expected,
        ISNULL(SUM(CAST(p.amount_received AS DECIMAL(38, 4))), 0) AS received
    FROM [STG_AIG_NAV_JUMIA_REC].[OMS].[PACKAGE_CASHREC] AS p
    -- A package counts once, whenever an item of it is in the report.
    WHERE EXISTS (
        SELECT 1
        FROM delivered AS d
        WHERE d.company = p.ID_COMPANY
            AND d.package_nr = p.package_nr
            AND d.settled = 0
    )
)

SELECT
    i.row_count,
    CAST(i.fee_change AS DECIMAL(38, 4)) AS sum_mtr_shipping_fee_modification,
    CAST(k.expected AS DECIMAL(38, 4)) AS sum_amount_expected,
    CAST(k.received AS DECIMAL(38, 4)) AS sum_amount_received,
    CAST(i.paid AS DECIMAL(38, 4)) AS sum_amount_paid,
    CAST(i.price AS DECIMAL(38, 4)) AS sum_paid_price,
    CAST(i.shipping AS DECIMAL(38, 4)) AS sum_paid_shipping,
    CAST(i.price + i.shipping AS DECIMAL(38, 4)) AS sum_balance_lcy,
    i.first_event,
    i.last_event
FROM item_totals AS i
CROSS JOIN package_totals AS k

-- name: witness_inside
-- kind: witness_inside
-- title: The open item delivered last before the period's end must be in the extract
SELECT TOP 1
    s.ID_COMPANY AS id_company,
    s.COD_OMS_SALES_ORDER_ITEM AS cod_oms_sales_order_item
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
WHERE
    -- Every filter of the report: the witness must be a row that belongs in.
    s.ID_COMPANY IN (@companies)
    AND s.IS_PREPAYMENT = 0
    AND s.PAYMENT_METHOD <> 'NoPayment'
    -- An item whose package is settled or collected is no witness.
    AND NOT EXISTS (
        SELECT 1
        FROM [STG_AIG_NAV_JUMIA_REC].[OMS].[PACKAGE_CASHREC] AS p
        WHERE p.ID_COMPANY = s.ID_COMPANY
            AND p.package_nr = s.PACKAGE_NUMBER
            AND (
                p.troubleshoot_resolution_date < @next_period_start
                OR p.amount_received >= p.amount_expected
            )
    )
    -- The last one in time.
    AND s.DELIVERED_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
    AND s.DELIVERED_DATE < @next_period_start
ORDER BY s.DELIVERED_DATE DESC, s.ID_COMPANY, s.COD_OMS_SALES_ORDER_ITEM

-- name: witness_after
-- kind: witness_after
-- title: The open item delivered first after the period's end must not be in the extract
SELECT TOP 1
    s.ID_COMPANY AS id_company,
    s.COD_OMS_SALES_ORDER_ITEM AS cod_oms_sales_order_item
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
WHERE
    -- Every filter of the report but the one on time: only the cut-off keeps this row out.
    s.ID_COMPANY IN (@companies)
    AND s.IS_PREPAYMENT = 0
    AND s.PAYMENT_METHOD <> 'NoPayment'
    -- A settled or collected package would keep it out for another reason.
    AND NOT EXISTS (
        SELECT 1
        FROM [STG_AIG_NAV_JUMIA_REC].[OMS].[PACKAGE_CASHREC] AS p
        WHERE p.ID_COMPANY = s.ID_COMPANY
            AND p.package_nr = s.PACKAGE_NUMBER
            AND (
                p.troubleshoot_resolution_date < @next_period_start
                OR p.amount_received >= p.amount_expected
            )
    )
    -- The filter on time, turned round.
    AND s.DELIVERED_DATE >= @next_period_start
ORDER BY s.DELIVERED_DATE, s.ID_COMPANY, s.COD_OMS_SALES_ORDER_ITEM

-- name: roster
-- kind: must_be_empty
-- title: No consolidated company off the roster has open deliveries; no roster company lacks the flag
WITH delivering_companies AS (
    SELECT DISTINCT s.ID_COMPANY AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- Every filter of the report but the one on companies (D3, D29).
        s.IS_PREPAYMENT = 0
        AND s.PAYMENT_METHOD <> 'NoPayment'
        AND s.DELIVERED_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
        AND s.DELIVERED_DATE < @next_period_start
        -- Not settled by hand in time, not collected in full.
        AND NOT EXISTS (
            SELECT 1
            FROM [STG_AIG_NAV_JUMIA_REC].[OMS].[PACKAGE_CASHREC] AS p
            WHERE p.ID_COMPANY = s.ID_COMPANY
                AND p.package_nr = s.PACKAGE_NUMBER
                AND (
                    p.troubleshoot_resolution_date < @next_period_start
                    OR p.amount_received >= p.amount_expected
                )
        )
)

SELECT
    c.company,
    'consolidated, with rows in this report, and not on the roster' AS problem
FROM delivering_companies AS c
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
-- title: Every package and every customer type that the report can meet stands once
WITH packages_met AS (
    SELECT DISTINCT
        s.ID_COMPANY AS company,
        s.PACKAGE_NUMBER AS package_nr
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- The items whose package the query looks up.
        s.ID_COMPANY IN (@companies)
        AND s.IS_PREPAYMENT = 0
        AND s.PAYMENT_METHOD <> 'NoPayment'
        AND s.DELIVERED_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
        AND s.DELIVERED_DATE < @next_period_start
        -- An item without package looks none up.
        AND s.PACKAGE_NUMBER IS NOT NULL
)

SELECT
    'PACKAGE_CASHREC' AS table_name,
    p.ID_COMPANY AS company,
    p.package_nr AS duplicated_key,
    COUNT_BIG(*) AS row_count
FROM [STG_AIG_NAV_JUMIA_REC].[OMS].[PACKAGE_CASHREC] AS p
INNER JOIN packages_met AS m
    ON m.company = p.ID_COMPANY
    AND m.package_nr = p.package_nr
GROUP BY p.ID_COMPANY, p.package_nr
HAVING COUNT_BIG(*) > 1
UNION ALL
SELECT
    'RPT_DIM_BOB_CUSTOMER_TYPE' AS table_name,
    'every company' AS company,
    ct.Bob_Customer_Type AS duplicated_key,
    COUNT_BIG(*) AS row_count
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_DIM_BOB_CUSTOMER_TYPE] AS ct
GROUP BY ct.Bob_Customer_Type
HAVING COUNT_BIG(*) > 1
ORDER BY table_name, company, duplicated_key

-- name: collected_packages
-- kind: noted
-- title: Packages left out because, as extracted, all that was expected had been received (D15)
WITH collected_items AS (
    SELECT
        s.ID_COMPANY AS company,
        s.PACKAGE_NUMBER AS package_nr,
        COUNT_BIG(*) AS items,
        SUM(
            CAST(
                ISNULL(s.MTR_PAID_PRICE, 0)
                + ISNULL(s.MTR_BASE_SHIPPING_AMOUNT, 0)
                - ISNULL(s.MTR_SHIPPING_CART_RULE_DISCOUNT, 0)
                - ISNULL(s.MTR_SHIPPING_VOUCHER_DISCOUNT, 0)
                + ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT, 0)
                - ISNULL(s.MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT, 0)
                + ISNULL(s.MTR_INTERNATIONAL_FREIGHT_FEE, 0)
                - ISNULL(s.MTR_INTERNATIONAL_DELIVERY_FEE_CART_RULE, 0)
                AS DECIMAL(38, 4)
            )
        ) AS balance_lcy
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS s
    WHERE
        -- The filters of the report on the item.
        s.ID_COMPANY IN (@companies)
        AND s.IS_PREPAYMENT = 0
        AND s.PAYMENT_METHOD <> 'NoPayment'
        AND s.DELIVERED_DATE >= CAST('2019-01-01T00:00:00' AS DATETIME)
        AND s.DELIVERED_DATE < @next_period_start
    GROUP BY s.ID_COMPANY, s.PACKAGE_NUMBER
)

SELECT
    i.company,
    COUNT_BIG(*) AS packages,
    SUM(i.items) AS items,
    SUM(CAST(p.amount_expected AS DECIMAL(38, 4))) AS amount_expected,
    SUM(CAST(p.amount_received AS DECIMAL(38, 4))) AS amount_received,
    SUM(CAST(i.balance_lcy AS DECIMAL(38, 4))) AS balance_lcy
FROM collected_items AS i
INNER JOIN [STG_AIG_NAV_JUMIA_REC].[OMS].[PACKAGE_CASHREC] AS p
    ON p.ID_COMPANY = i.company
    AND p.package_nr = i.package_nr
WHERE
    -- What the report leaves out for being collected, and for no other reason.
    p.amount_received >= p.amount_expected
    -- Settled by hand in time would leave it out anyhow.
    AND (
        p.troubleshoot_resolution_date IS NULL
        OR p.troubleshoot_resolution_date >= @next_period_start
    )
GROUP BY i.company
ORDER BY i.company
