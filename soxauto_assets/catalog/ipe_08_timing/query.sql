-- IPE_08_TIMING: vouchers switched off but not expired, with the orders that were open at the
-- cut-off (decision D12). One row is one voucher and one order item, or a voucher without items.

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
        -- Part of the key, so never null: '' says that the voucher has no order item at all.
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
    -- All items of the voucher, whatever their dates: a voucher that has items must not look like
    -- one without, only because none of them qualifies below.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
        ON item.ID_COMPANY = voucher.ID_COMPANY
        AND item.VOUCHER_CODE = voucher.code
        -- A blank code names no voucher.
        AND voucher.code <> ''
    WHERE
        -- In scope is who stands on the roster (D3), never a text pattern.
        voucher.ID_COMPANY IN (@companies)
        -- A voucher issued after the month's end makes no difference in this month (D1).
        AND voucher.created_at < @next_period_start
        -- Switched off: used or cancelled in the voucher system. This is the state at extraction,
        -- the only one the source keeps, and the schema says so (D20). Unknown counts as off.
        AND (voucher.is_active = 0 OR voucher.is_active IS NULL)
        -- Not yet expired at the cut-off, or the ledger would have released it by expiry already.
        -- A voucher without an end date cannot be judged and is out (D29).
        AND voucher.to_date >= @next_period_start
        AND (
            -- The voucher has no order item at all ...
            item.ID_COMPANY IS NULL
            -- ... or this item was ordered by the cut-off and neither delivered nor cancelled by
            -- then. Dates only: today's status says "delivered" of an item that was still on its
            -- way at the cut-off, which is the very timing difference looked for.
            OR (
                item.ORDER_CREATION_DATE < @next_period_start
                AND (item.DELIVERED_DATE IS NULL OR item.DELIVERED_DATE >= @next_period_start)
                AND (item.CANCELLATION_DATE IS NULL OR item.CANCELLATION_DATE >= @next_period_start)
            )
        )
)

SELECT
    id_company,
    voucher_id,
    code,
    amount,
    business_use,
    origin,
    [status],
    creation_date,
    start_date,
    end_date,
    fk_sales_order_item,
    id_sales_order_item,
    order_nr,
    order_creation_date,
    order_delivery_date,
    order_cancellation_date,
    order_item_status,
    payment_method,
    fk_customer,
    fk_sales_order,
    comment
FROM report
ORDER BY id_company, voucher_id, fk_sales_order_item
