-- IPE_08: every voucher created up to the cut-off, with what was used of it (decision D10).
-- One row is one voucher. All vouchers are here; which of them are a liability is decided by the
-- row filter of the account mapping (D6), from the columns of this report.

WITH usage_by_type AS (
    -- What delivered order items used of each voucher code.
    SELECT
        item.ID_COMPANY AS id_company,
        item.VOUCHER_CODE AS code,
        -- Of several spellings of one type, the smallest in binary order (D29).
        MIN(RTRIM(item.VOUCHER_TYPE) COLLATE Latin1_General_BIN2) AS voucher_type,
        SUM(CAST(item.MTR_SHIPPING_DISCOUNT_AMOUNT AS DECIMAL(38, 4))) AS shipping_discount,
        SUM(CAST(item.MTR_SHIPPING_VOUCHER_DISCOUNT AS DECIMAL(38, 4))) AS shipping_storecredit,
        SUM(
            CAST(
                CASE WHEN item.IS_MARKETPLACE = 1 THEN item.MTR_COUPON_MONEY_VALUE END
                AS DECIMAL(38, 4)
            )
        ) AS mpl_storecredit,
        -- An item that does not say whether it is marketplace counts as retail (D10).
        SUM(
            CAST(
                CASE WHEN item.IS_MARKETPLACE = 1 THEN NULL ELSE item.MTR_COUPON_MONEY_VALUE END
                AS DECIMAL(38, 4)
            )
        ) AS rtl_storecredit
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
    WHERE
        -- In scope is who stands on the roster (D3), never a text pattern.
        item.ID_COMPANY IN (@companies)
        -- An item without code used no voucher. This also leaves out null codes.
        AND item.VOUCHER_CODE <> ''
        -- A voucher counts as used when the package arrived; delivery is the only date that
        -- decides (D29), and what arrives after the month's end is use of a later month (D1).
        AND item.PACKAGE_DELIVERY_DATE < @next_period_start
    GROUP BY item.ID_COMPANY, item.VOUCHER_CODE, item.VOUCHER_TYPE
),

usage_by_code AS (
    -- One row a code, whatever types it was used under: joining by code and type would show such
    -- a voucher twice and count its face value twice.
    SELECT
        usage_by_type.id_company,
        usage_by_type.code,
        STRING_AGG(NULLIF(usage_by_type.voucher_type, ''), ',')
            WITHIN GROUP (ORDER BY usage_by_type.voucher_type COLLATE Latin1_General_BIN2)
            AS voucher_types,
        SUM(CAST(usage_by_type.shipping_discount AS DECIMAL(38, 4))) AS shipping_discount,
        SUM(CAST(usage_by_type.shipping_storecredit AS DECIMAL(38, 4))) AS shipping_storecredit,
        SUM(CAST(usage_by_type.mpl_storecredit AS DECIMAL(38, 4))) AS mpl_storecredit,
        SUM(CAST(usage_by_type.rtl_storecredit AS DECIMAL(38, 4))) AS rtl_storecredit
    FROM usage_by_type
    GROUP BY usage_by_type.id_company, usage_by_type.code
),

vouchers AS (
    SELECT
        voucher.ID_COMPANY AS id_company,
        voucher.id,
        voucher.code,
        voucher.business_use,
        CASE
            WHEN voucher.business_use = 'jpay_store_credit' AND UPPER(LEFT(voucher.code, 2)) = 'GC'
                THEN 'jpay_store_credit_gift'
            WHEN voucher.business_use = 'jpay_store_credit' AND UPPER(LEFT(voucher.code, 2)) = 'JP'
                THEN 'jpay_store_credit_DS'
            WHEN voucher.business_use = 'jpay_store_credit' THEN 'jpay_store_credit_other'
            ELSE voucher.business_use
        END AS business_use_formatted,
        template.template_id,
        template.template_name,
        voucher.description,
        voucher.is_active,
        voucher.[type],
        voucher.Template_status AS template_status,
        voucher.discount_amount,
        voucher.from_date,
        voucher.to_date,
        CASE WHEN voucher.to_date < @next_period_start THEN 'expired' ELSE 'valid' END AS is_valid,
        voucher.created_at,
        voucher.last_time_used,
        voucher.voucher_inactive_date,
        voucher.template_inactive_date,
        voucher.reason,
        voucher.updated_at,
        voucher.fk_customer,
        voucher.used_discount_amount,
        voucher.times_used,
        voucher.remaining_amount,
        usage_by_code.voucher_types,
        -- A voucher that nothing was bought with has used zero.
        COALESCE(usage_by_code.shipping_discount, CAST(0 AS DECIMAL(38, 4))) AS shipping_discount,
        COALESCE(usage_by_code.shipping_storecredit, CAST(0 AS DECIMAL(38, 4)))
            AS shipping_storecredit,
        COALESCE(usage_by_code.mpl_storecredit, CAST(0 AS DECIMAL(38, 4))) AS mpl_storecredit,
        COALESCE(usage_by_code.rtl_storecredit, CAST(0 AS DECIMAL(38, 4))) AS rtl_storecredit
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
    -- Left joins: a voucher without template or without use is still a voucher.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[StoreCreditVoucher] AS template
        ON template.ID_COMPANY = voucher.ID_COMPANY
        AND template.id = voucher.id
    LEFT JOIN usage_by_code
        ON usage_by_code.id_company = voucher.ID_COMPANY
        AND usage_by_code.code = voucher.code
    WHERE
        -- In scope is who stands on the roster (D3), never a text pattern.
        voucher.ID_COMPANY IN (@companies)
        -- Vouchers of 2016 and before were settled before this account existed (D10).
        AND voucher.created_at >= CAST('2017-01-01' AS DATE)
        -- A voucher issued after the month's end is no liability of this month (D1).
        AND voucher.created_at < @next_period_start
),

report AS (
    SELECT
        vouchers.id_company,
        vouchers.id,
        vouchers.code,
        vouchers.business_use,
        vouchers.business_use_formatted,
        vouchers.template_id,
        vouchers.template_name,
        vouchers.description,
        vouchers.is_active,
        vouchers.[type],
        vouchers.template_status,
        CAST(vouchers.discount_amount AS DECIMAL(18, 4)) AS discount_amount,
        vouchers.from_date,
        vouchers.to_date,
        -- Months as YYYY-MM: the first seven characters of the date; null stays null.
        LEFT(CAST(CAST(vouchers.to_date AS DATE) AS NVARCHAR(10)), 7) AS expiration_ym,
        vouchers.is_valid,
        vouchers.created_at,
        LEFT(CAST(CAST(vouchers.created_at AS DATE) AS NVARCHAR(10)), 7) AS creation_ym,
        LEFT(CAST(CAST(vouchers.updated_at AS DATE) AS NVARCHAR(10)), 7) AS last_update_ym,
        vouchers.last_time_used,
        vouchers.voucher_inactive_date,
        vouchers.template_inactive_date,
        LEFT(CAST(CAST(vouchers.voucher_inactive_date AS DATE) AS NVARCHAR(10)), 7)
            AS codeinactive_ym,
        LEFT(CAST(CAST(vouchers.template_inactive_date AS DATE) AS NVARCHAR(10)), 7)
            AS templateinactive_ym,
        vouchers.reason,
        vouchers.updated_at,
        vouchers.fk_customer,
        CAST(vouchers.used_discount_amount AS DECIMAL(18, 4)) AS used_discount_amount,
        vouchers.times_used,
        CAST(vouchers.remaining_amount AS DECIMAL(18, 4)) AS remaining_amount,
        vouchers.voucher_types,
        CAST(vouchers.shipping_discount AS DECIMAL(38, 4)) AS shipping_discount,
        CAST(vouchers.shipping_storecredit AS DECIMAL(38, 4)) AS shipping_storecredit,
        CAST(vouchers.mpl_storecredit AS DECIMAL(38, 4)) AS mpl_storecredit,
        CAST(vouchers.rtl_storecredit AS DECIMAL(38, 4)) AS rtl_storecredit,
        -- Store credit on shipping and on goods. The shipping discount is a gift, not store credit.
        CAST(
            vouchers.shipping_storecredit + vouchers.mpl_storecredit + vouchers.rtl_storecredit
            AS DECIMAL(38, 4)
        ) AS totalamountused,
        -- What the company still owes at the cut-off. The snapshot's own remaining amount moves
        -- with every later use and says nothing about a closed month (D6).
        CAST(
            COALESCE(CAST(vouchers.discount_amount AS DECIMAL(38, 4)), CAST(0 AS DECIMAL(38, 4)))
            - vouchers.shipping_storecredit - vouchers.mpl_storecredit - vouchers.rtl_storecredit
            AS DECIMAL(38, 4)
        ) AS totalremainingamount,
        -- The first of the three ends of a voucher's life; an end that never came is no date.
        CASE
            WHEN vouchers.voucher_inactive_date
                    <= COALESCE(vouchers.template_inactive_date, vouchers.voucher_inactive_date)
                AND vouchers.voucher_inactive_date
                    <= COALESCE(vouchers.to_date, vouchers.voucher_inactive_date)
                THEN vouchers.voucher_inactive_date
            WHEN vouchers.template_inactive_date
                    <= COALESCE(vouchers.to_date, vouchers.template_inactive_date)
                THEN vouchers.template_inactive_date
            ELSE vouchers.to_date
        END AS min_inactive_date
    FROM vouchers
)

SELECT
    id_company,
    id,
    code,
    business_use,
    business_use_formatted,
    template_id,
    template_name,
    description,
    is_active,
    [type],
    template_status,
    discount_amount,
    from_date,
    to_date,
    expiration_ym,
    is_valid,
    created_at,
    creation_ym,
    last_update_ym,
    last_time_used,
    voucher_inactive_date,
    template_inactive_date,
    codeinactive_ym,
    templateinactive_ym,
    reason,
    updated_at,
    fk_customer,
    used_discount_amount,
    times_used,
    remaining_amount,
    voucher_types,
    shipping_discount,
    shipping_storecredit,
    mpl_storecredit,
    rtl_storecredit,
    totalamountused,
    totalremainingamount,
    min_inactive_date
FROM report
ORDER BY id_company, id
