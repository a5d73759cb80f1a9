-- IPE_10: customer prepayments still held at the cut-off. One row an order item.
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
    id_company,
    is_prepayment,
    cod_oms_sales_order_item,
    order_nr,
    bob_id_customer,
    current_status,
    is_closed,
    is_marketplace,
    payment_method,
    delivery_type,
    order_creation_date,
    finance_verified_date,
    delivered_date,
    package_delivery_date,
    refund_completed,
    refund_date,
    fail_date,
    paid_for_items,
    paid_price,
    paid_for_shipping,
    balance_lcy,
    cancelled_or_failed_before_cutoff
FROM report
ORDER BY id_company, cod_oms_sales_order_item
