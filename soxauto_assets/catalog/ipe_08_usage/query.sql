-- IPE_08_USAGE: store credit used by delivered items, by code and month (decision D11).
-- One row is one company, voucher code and month of delivery.

WITH used AS (
    SELECT
        -- Company and code as their own table compares them, for the join below.
        item.ID_COMPANY AS company,
        item.VOUCHER_CODE AS code,
        -- What is shown: of several spellings in one group, the smallest in binary order (D29).
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
        -- Store credit only. Coupons are discounts that nobody owes.
        AND item.VOUCHER_TYPE = 'reusablecredit'
        -- Use that names no code cannot be traced to a voucher; it is left out, and counted by
        -- the control "left_out_without_code". This also leaves out null codes.
        AND item.VOUCHER_CODE <> ''
        -- Store credit is used when the package arrives; what arrives after the month's end is
        -- use of a later month (D1).
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
    -- Only describes: a code that no voucher is known for stays, with its amounts.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
        ON voucher.ID_COMPANY = used.company
        AND voucher.code = used.code
)

SELECT
    id_company,
    id,
    code,
    voucher_type,
    business_use,
    creation_year,
    delivery_mth,
    shipping_storecredit,
    mpl_storecredit,
    rtl_storecredit,
    totalamountused
FROM report
ORDER BY id_company, code, delivery_mth
