-- CR_04: general ledger balances of the controlled accounts, at the cut-off and at the opening of
-- the year (decision D18). One row is one balance with all its dimensions.

WITH report AS (
    SELECT
        balance.ID_COMPANY AS id_company,
        balance.COMPANY_NAME AS company_name,
        balance.COUNTRY_CODE AS country_code,
        balance.COUNTRY_NAME AS country_name,
        CAST(balance.CLOSING_DATE AS DATE) AS closing_date,
        CASE WHEN balance.CLOSING_DATE < @year_start THEN 'opening' ELSE 'closing' END
            AS balance_role,
        balance.GROUP_COA_ACCOUNT_NO AS group_coa_account_no,
        balance.GROUP_COA_ACCOUNT_NAME AS group_coa_account_name,
        -- Parts of the key, so never null: '' says that the balance has none.
        COALESCE(balance.REAL_COA, '') AS real_coa,
        COALESCE(balance.CURRENCY, '') AS currency,
        CAST(balance.FX_RATE AS DECIMAL(18, 8)) AS fx_rate,
        CAST(balance.BALANCE_AT_DATE AS DECIMAL(38, 20)) AS balance_at_date,
        COALESCE(balance.BUSLINE_CODE, '') AS busline_code,
        balance.REPORTING_COUNTRY_CODE AS reporting_country_code,
        balance.REPORTING_COUNTRY_NAME AS reporting_country_name,
        COALESCE(balance.PARTNER_CODE, '') AS partner_code,
        COALESCE(balance.IC_PARTNER_CODE, '') AS ic_partner_code,
        balance.IS_RECHARGE AS is_recharge,
        balance.IS_RETAINED_EARNINGS AS is_retained_earnings,
        balance.CONSO_ACCOUNT_NO AS conso_account_no,
        balance.CONSO_ACCOUNT_NAME AS conso_account_name,
        balance.IFRS_LEVEL_1_NAME AS ifrs_level_1_name,
        balance.IFRS_LEVEL_2_NAME AS ifrs_level_2_name,
        balance.IFRS_LEVEL_3_NAME AS ifrs_level_3_name,
        balance.IS_INTERCO AS is_interco
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT]
        AS balance
    WHERE
        -- In scope is who stands on the roster (D3), never a text pattern.
        balance.ID_COMPANY IN (@companies)
        -- The accounts of the control (D4), all of them: an account that only one of the reports
        -- explains still needs its balance here.
        AND balance.GROUP_COA_ACCOUNT_NO IN (@accounts)
        AND (
            -- The balance that is reconciled: the month's last day, whatever time of day the view
            -- stores with it.
            (balance.CLOSING_DATE >= @cutoff_date AND balance.CLOSING_DATE < @next_period_start)
            -- The balance that the year began with, the last day before it: with it, opening
            -- plus movement (CR_03) must give closing.
            OR (balance.CLOSING_DATE >= @opening_date AND balance.CLOSING_DATE < @year_start)
        )
)

SELECT
    id_company,
    company_name,
    country_code,
    country_name,
    closing_date,
    balance_role,
    group_coa_account_no,
    group_coa_account_name,
    real_coa,
    currency,
    fx_rate,
    balance_at_date,
    busline_code,
    reporting_country_code,
    reporting_country_name,
    partner_code,
    ic_partner_code,
    is_recharge,
    is_retained_earnings,
    conso_account_no,
    conso_account_name,
    ifrs_level_1_name,
    ifrs_level_2_name,
    ifrs_level_3_name,
    is_interco
FROM report
ORDER BY
    id_company,
    closing_date,
    group_coa_account_no,
    real_coa,
    currency,
    busline_code,
    partner_code,
    ic_partner_code
