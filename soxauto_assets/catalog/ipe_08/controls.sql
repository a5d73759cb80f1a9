-- Controls of IPE_08. Each block is one statement, run in the same snapshot as the query.

-- name: transfer
-- kind: totals
-- title: Count and totals of the very rows that the query selects
-- The query's own text up to its final SELECT, which says why each filter is there.
WITH usage_by_type AS (
    SELECT
        item.ID_COMPANY AS id_company,
        item.VOUCHER_CODE AS code,
        MIN(RTRIM(item.VOUCHER_TYPE) COLLATE Latin1_General_BIN2) AS voucher_type,
        SUM(CAST(item.MTR_SHIPPING_DISCOUNT_AMOUNT AS DECIMAL(38, 4))) AS shipping_discount,
        SUM(CAST(item.MTR_SHIPPING_VOUCHER_DISCOUNT AS DECIMAL(38, 4))) AS shipping_storecredit,
        SUM(
            CAST(
                CASE WHEN item.IS_MARKETPLACE = 1 THEN item.MTR_COUPON_MONEY_VALUE END
                AS DECIMAL(38, 4)
            )
        ) AS mpl_storecredit,
        SUM(
            CAST(
                CASE WHEN item.IS_MARKETPLACE = 1 THEN NULL ELSE item.MTR_COUPON_MONEY_VALUE END
                AS DECIMAL(38, 4)
            )
        ) AS rtl_storecredit
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
    WHERE
        item.ID_COMPANY IN (@companies)
        AND item.VOUCHER_CODE <> ''
        AND item.PACKAGE_DELIVERY_DATE < @next_period_start
    GROUP BY item.ID_COMPANY, item.VOUCHER_CODE, item.VOUCHER_TYPE
),

usage_by_code AS (
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
        COALESCE(usage_by_code.shipping_discount, CAST(0 AS DECIMAL(38, 4))) AS shipping_discount,
        COALESCE(usage_by_code.shipping_storecredit, CAST(0 AS DECIMAL(38, 4)))
            AS shipping_storecredit,
        COALESCE(usage_by_code.mpl_storecredit, CAST(0 AS DECIMAL(38, 4))) AS mpl_storecredit,
        COALESCE(usage_by_code.rtl_storecredit, CAST(0 AS DECIMAL(38, 4))) AS rtl_storecredit
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[StoreCreditVoucher] AS template
        ON template.ID_COMPANY = voucher.ID_COMPANY
        AND template.id = voucher.id
    LEFT JOIN usage_by_code
        ON usage_by_code.id_company = voucher.ID_COMPANY
        AND usage_by_code.code = voucher.code
    WHERE
        voucher.ID_COMPANY IN (@companies)
        AND voucher.created_at >= CAST('2017-01-01' AS DATE)
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
        CAST(
            vouchers.shipping_storecredit + vouchers.mpl_storecredit + vouchers.rtl_storecredit
            AS DECIMAL(38, 4)
        ) AS totalamountused,
        CAST(
            COALESCE(CAST(vouchers.discount_amount AS DECIMAL(38, 4)), CAST(0 AS DECIMAL(38, 4)))
            - vouchers.shipping_storecredit - vouchers.mpl_storecredit - vouchers.rtl_storecredit
            AS DECIMAL(38, 4)
        ) AS totalremainingamount,
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
    COUNT_BIG(*) AS row_count,
    COALESCE(SUM(totalremainingamount), CAST(0 AS DECIMAL(38, 4))) AS sum_totalremainingamount,
    COALESCE(SUM(totalamountused), CAST(0 AS DECIMAL(38, 4))) AS sum_totalamountused,
    COALESCE(SUM(CAST(discount_amount AS DECIMAL(38, 4))), CAST(0 AS DECIMAL(38, 4)))
        AS sum_discount_amount,
    COALESCE(SUM(shipping_discount), CAST(0 AS DECIMAL(38, 4))) AS sum_shipping_discount,
    COALESCE(SUM(shipping_storecredit), CAST(0 AS DECIMAL(38, 4))) AS sum_shipping_storecredit,
    COALESCE(SUM(mpl_storecredit), CAST(0 AS DECIMAL(38, 4))) AS sum_mpl_storecredit,
    COALESCE(SUM(rtl_storecredit), CAST(0 AS DECIMAL(38, 4))) AS sum_rtl_storecredit,
    MIN(created_at) AS first_event,
    MAX(created_at) AS last_event
FROM report

-- name: without_joins
-- kind: totals
-- title: Count and face value of the vouchers alone, with neither template nor use joined
SELECT
    COUNT_BIG(*) AS row_count,
    COALESCE(
        SUM(CAST(voucher.discount_amount AS DECIMAL(38, 4))), CAST(0 AS DECIMAL(38, 4))
    ) AS sum_discount_amount,
    MIN(voucher.created_at) AS first_event,
    MAX(voucher.created_at) AS last_event
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
WHERE
    -- The filters are the query's own; only the joins are gone.
    voucher.ID_COMPANY IN (@companies)
    AND voucher.created_at >= CAST('2017-01-01' AS DATE)
    AND voucher.created_at < @next_period_start

-- name: driving_table
-- kind: totals
-- title: Vouchers, and apart from them the items that used one, by predicates of their own
WITH vouchers AS (
    SELECT
        voucher.ID_COMPANY AS id_company,
        voucher.code,
        CAST(voucher.discount_amount AS DECIMAL(38, 4)) AS discount_amount,
        voucher.created_at
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
    -- The scope from the roster's table instead of its list of codes.
    INNER JOIN (VALUES @roster) AS roster (company, country, currency)
        ON roster.company = voucher.ID_COMPANY
    WHERE
        -- The bounds by years and whole days instead of moments.
        YEAR(voucher.created_at) >= 2017
        AND CAST(voucher.created_at AS DATE) <= @cutoff_date
),

issued AS (
    SELECT
        COUNT_BIG(*) AS row_count,
        COALESCE(SUM(discount_amount), CAST(0 AS DECIMAL(38, 4))) AS discount_amount,
        MIN(created_at) AS first_event,
        MAX(created_at) AS last_event
    FROM vouchers
),

used AS (
    -- Item by item, never grouped by code: an item belongs to the total when its code is that of
    -- a voucher of the report. Were its amount joined to two vouchers, this total would differ.
    SELECT
        COALESCE(
            SUM(CAST(item.MTR_SHIPPING_VOUCHER_DISCOUNT AS DECIMAL(38, 4))),
            CAST(0 AS DECIMAL(38, 4))
        ) AS shipping_storecredit,
        COALESCE(
            SUM(CAST(item.MTR_COUPON_MONEY_VALUE AS DECIMAL(38, 4))), CAST(0 AS DECIMAL(38, 4))
        ) AS coupon_storecredit
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
    WHERE
        -- Delivered on a day of the month or before; a null code finds no voucher below.
        CAST(item.PACKAGE_DELIVERY_DATE AS DATE) <= @cutoff_date
        AND item.VOUCHER_CODE <> ''
        AND EXISTS (
            SELECT 1
            FROM vouchers
            WHERE vouchers.id_company = item.ID_COMPANY AND vouchers.code = item.VOUCHER_CODE
        )
)

SELECT
    issued.row_count,
    CAST(
        issued.discount_amount - used.shipping_storecredit - used.coupon_storecredit
        AS DECIMAL(38, 4)
    ) AS sum_totalremainingamount,
    CAST(used.shipping_storecredit + used.coupon_storecredit AS DECIMAL(38, 4))
        AS sum_totalamountused,
    issued.discount_amount AS sum_discount_amount,
    used.shipping_storecredit AS sum_shipping_storecredit,
    issued.first_event,
    issued.last_event
FROM issued
CROSS JOIN used

-- name: witness_inside
-- kind: witness_inside
-- title: The last voucher created before the month's end must be in the extract
SELECT TOP (1)
    voucher.ID_COMPANY AS id_company,
    voucher.id
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
WHERE
    -- Every filter of the query holds for the witness, so that it has to be there.
    voucher.ID_COMPANY IN (@companies)
    AND voucher.created_at >= CAST('2017-01-01' AS DATE)
    AND voucher.created_at < @next_period_start
ORDER BY voucher.created_at DESC, voucher.ID_COMPANY DESC, voucher.id DESC

-- name: witness_after
-- kind: witness_after
-- title: The first voucher created after the month's end must not be in the extract
SELECT TOP (1)
    voucher.ID_COMPANY AS id_company,
    voucher.id
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
WHERE
    -- Only the time filter is turned round; the roster still holds.
    voucher.ID_COMPANY IN (@companies)
    AND voucher.created_at >= @next_period_start
ORDER BY voucher.created_at, voucher.ID_COMPANY, voucher.id

-- name: roster
-- kind: must_be_empty
-- title: Consolidated companies with vouchers and the roster agree (D3)
SELECT
    company.Company_Code AS company,
    'consolidated, has rows for this report, and is not on the roster' AS problem
FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
WHERE
    company.Flg_In_Conso_Scope = 1
    AND company.Company_Code NOT IN (@companies)
    -- Every filter of the query but the roster: such a company matters only with vouchers.
    AND EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
        WHERE
            voucher.ID_COMPANY = company.Company_Code
            AND voucher.created_at >= CAST('2017-01-01' AS DATE)
            AND voucher.created_at < @next_period_start
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

-- name: duplicate_dimensions
-- kind: must_be_empty
-- title: No voucher has two templates (D29)
SELECT
    'StoreCreditVoucher' AS dimension,
    template.ID_COMPANY AS company,
    template.id AS code,
    COUNT_BIG(*) AS copies
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[StoreCreditVoucher] AS template
-- Only rows of the roster are joined, so only those can multiply.
WHERE template.ID_COMPANY IN (@companies)
GROUP BY template.ID_COMPANY, template.id
HAVING COUNT_BIG(*) > 1

-- name: shared_codes
-- kind: must_be_empty
-- title: No two vouchers of a company share a code, or one use would be counted for both
SELECT
    voucher.ID_COMPANY AS company,
    MIN(voucher.code COLLATE Latin1_General_BIN2) AS code,
    COUNT_BIG(*) AS vouchers
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
WHERE
    -- Items name the code, not the voucher's id: the amounts rest on the code being unique
    -- among the vouchers of this report.
    voucher.ID_COMPANY IN (@companies)
    AND voucher.created_at >= CAST('2017-01-01' AS DATE)
    AND voucher.created_at < @next_period_start
    AND voucher.code <> ''
GROUP BY voucher.ID_COMPANY, voucher.code
HAVING COUNT_BIG(*) > 1

-- name: left_out_use_without_voucher
-- kind: noted
-- title: Delivered items with a code that belongs to no voucher of the report
SELECT
    item.ID_COMPANY AS company,
    COUNT_BIG(*) AS items,
    COALESCE(
        SUM(CAST(item.MTR_SHIPPING_VOUCHER_DISCOUNT AS DECIMAL(38, 4))), CAST(0 AS DECIMAL(38, 4))
    ) AS shipping_storecredit,
    COALESCE(
        SUM(CAST(item.MTR_COUPON_MONEY_VALUE AS DECIMAL(38, 4))), CAST(0 AS DECIMAL(38, 4))
    ) AS coupon_storecredit
FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_SOI] AS item
WHERE
    -- Coupons that are no store credit use codes of their own; how much that is, is noted here.
    item.ID_COMPANY IN (@companies)
    AND item.VOUCHER_CODE <> ''
    AND item.PACKAGE_DELIVERY_DATE < @next_period_start
    AND NOT EXISTS (
        SELECT 1
        FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_STORECREDITVOUCHER_CLOSING] AS voucher
        WHERE
            voucher.ID_COMPANY = item.ID_COMPANY
            AND voucher.code = item.VOUCHER_CODE
            AND voucher.created_at >= CAST('2017-01-01' AS DATE)
            AND voucher.created_at < @next_period_start
    )
GROUP BY item.ID_COMPANY
ORDER BY company
