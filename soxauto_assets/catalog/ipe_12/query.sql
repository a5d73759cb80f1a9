-- IPE_12: items delivered against cash whose collection was not settled by the cut-off. One row
-- an order item; the amounts of a package stand on its first item alone, so that they add up.
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
    id_company,
    cod_oms_sales_order_item,
    cod_oms_id_package,
    payment_method,
    is_marketplace,
    order_nr,
    package_number,
    voucher_type,
    bob_id_customer,
    order_creation_date,
    shipped_date,
    delivered_date,
    package_delivery_date,
    is_prepayment,
    mtr_shipping_fee_modification,
    tracking_number,
    oms_package_status,
    customer_type,
    amount_expected,
    amount_received,
    fk_package_status,
    delivered_update_date,
    delivery_date,
    fk_collection_partner,
    last_mile,
    package_status_cashrec,
    payment_method_confirmed,
    troubleshoot_resolution_date,
    amount_paid,
    paid_price,
    paid_shipping,
    balance_lcy
FROM report
ORDER BY id_company, cod_oms_sales_order_item
