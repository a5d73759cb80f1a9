-- IPE_34: refunds without return and returns without refund at the cut-off. One row an order
-- item and case. In ledger orientation: a refund still owed is negative (D5).
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
    id_company,
    cod_oms_sales_order_item,
    current_status,
    case_type,
    event_date,
    is_marketplace,
    order_nr,
    bob_id_customer,
    return_date,
    is_global,
    finance_verified_date,
    refund_date,
    oms_type,
    customer_type_l1,
    amounttorefund
FROM report
ORDER BY id_company, cod_oms_sales_order_item, case_type
