-- name: transfer
-- kind: totals
-- title: Count and totals of the very rows that the query selects
WITH refused_records AS (
    SELECT
        '3PL Manual Transactions' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[LPMT_Code], '') AS transaction_id,
        CAST(v.[lPmT_Amount] AS DECIMAL(18, 4)) AS amount,
        v.[Nav_Error_Message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_3PL_MANUAL_TRANSACTIONS_ERRORS] AS v
    UNION ALL
    SELECT
        'Cash Deposits' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[Oms_Payment_No], '') AS transaction_id,
        CAST(v.[OMS Payment Amount] AS DECIMAL(18, 4)) AS amount,
        v.[Nav_Error_Message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_CASHDEPOSIT_ERRORS] AS v
    UNION ALL
    SELECT
        'Collection Adjustments' AS source_system,
        v.[Id_Company] AS id_company,
        COALESCE(v.[NUMBER], '') AS transaction_id,
        CAST(v.[AMOUNT] AS DECIMAL(18, 4)) AS amount,
        v.[ERROR MESSAGE] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_COLLECTIONADJ_ERRORS] AS v
    UNION ALL
    SELECT
        'Delivery Fees' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[Transaction_No], '') AS transaction_id,
        CAST(v.[OMS_Amount] AS DECIMAL(18, 4)) AS amount,
        v.[Nav_Error_Message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_INTERNATIONAL_DELIVERY_FEES_ERRORS] AS v
    UNION ALL
    SELECT
        'Exception Account Statements' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[RING_Transaction_Statement_No], '') AS transaction_id,
        CAST(v.[RING_Closing_Balance] AS DECIMAL(18, 4)) AS amount,
        v.[Nav_Error_Message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_EXC_ACCOUNT_STATEMENTS_ERRORS] AS v
    UNION ALL
    SELECT
        'JForce Payouts' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[Payout_Number], '') AS transaction_id,
        CAST(v.[Payout_Amount] AS DECIMAL(18, 4)) AS amount,
        v.[Nav_Error_Message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_JFORCE_PAYOUTS_ERRORS] AS v
    UNION ALL
    SELECT
        'JPay App Transactions' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[ring_Transaction_Number], '') AS transaction_id,
        CAST(v.[Ring_Amount] AS DECIMAL(18, 4)) AS amount,
        v.[Nav_Error_Message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_JPAYAPP_TRANSACTIONS_ERRORS] AS v
    UNION ALL
    SELECT
        'Marketplace Shipping Fees' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[transaction_number], '') AS transaction_id,
        CAST(v.[Amount After Discount] AS DECIMAL(18, 4)) AS amount,
        v.[nav_error_message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_SC_TRANSACTIONS_CUSTOMER_ERRORS] AS v
    UNION ALL
    SELECT
        'Packlist Payments' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[OMS Pay. Rec N°], '') AS transaction_id,
        CAST(v.[OMS reconciled amount] AS DECIMAL(18, 4)) AS amount,
        v.[Nav Error Message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_PAYMENT_RECONCILES_ERRORS] AS v
    UNION ALL
    SELECT
        'Prepaid Deliveries' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[OMS Package N°], '') AS transaction_id,
        CAST(v.[AR] AS DECIMAL(18, 4)) AS amount,
        v.[Nav Error Message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_PREPAID_DELIVERIES_ERRORS] AS v
    UNION ALL
    SELECT
        'SOI Prepayments' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[OMS_Order_No], '') AS transaction_id,
        CAST(v.[OMS_Pre_payment_Amount] AS DECIMAL(18, 4)) AS amount,
        v.[Nav_Error_Message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_CUSTOMER_PRE_PAYMENTS_ERRORS] AS v
    UNION ALL
    SELECT
        'Refunds' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[OMS_refund_no], '') AS transaction_id,
        CAST(v.[OMS_Refund_Amount] AS DECIMAL(18, 4)) AS amount,
        v.[Nav_Error_Message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_CUSTOMER_REFUNDS_ERRORS] AS v
    UNION ALL
    SELECT
        'Seller Transactions' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[transaction_number], '') AS transaction_id,
        CAST(v.[Amount After Discount] AS DECIMAL(18, 4)) AS amount,
        v.[nav_error_message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_SC_TRANSACTIONS_ERRORS] AS v
    UNION ALL
    SELECT
        'Ring Account Statements' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[statement_number], '') AS transaction_id,
        CAST(v.[Total Amount] AS DECIMAL(18, 4)) AS amount,
        v.[nav_error_message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_SC_ACCOUNTSTATEMENTS_ERRORS] AS v
    UNION ALL
    SELECT
        'Vendor Payments' AS source_system,
        v.[country] AS id_company,
        COALESCE(v.[Payout_Number], '') AS transaction_id,
        CAST(v.[Payout_Amount] AS DECIMAL(18, 4)) AS amount,
        v.[Nav_Error_Message] AS integration_status
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_VENDOR_PAYMENTS_ERRORS] AS v
),

report AS (
    SELECT
        r.source_system,
        r.id_company,
        r.transaction_id,
        -- A view may show one number several times; nothing is merged, the rows are numbered (D29).
        ROW_NUMBER() OVER (
            PARTITION BY r.source_system, r.id_company, r.transaction_id
            ORDER BY
                r.amount,
                r.integration_status COLLATE Latin1_General_100_BIN2,
                -- Equal in both: the spelling decides, so that the numbering is repeatable.
                r.transaction_id COLLATE Latin1_General_100_BIN2,
                r.id_company COLLATE Latin1_General_100_BIN2
        ) AS occurrence,
        r.amount,
        r.integration_status
    FROM refused_records AS r
    WHERE
        -- Scope of the control: the companies of the roster (D3). What the views show for others is
        -- counted by the control "off_roster".
        r.id_company IN (@companies)
)

SELECT
    COUNT_BIG(*) AS row_count,
    ISNULL(SUM(CAST(r.amount AS DECIMAL(38, 4))), 0) AS sum_amount
FROM report AS r

-- name: driving_table
-- kind: totals
-- title: Each error view counted on its own, without the union and without the numbering
WITH roster_companies AS (
    -- The roster as a table here, as a list in the query.
    SELECT k.company
    FROM (VALUES @roster) AS k (company, country, currency)
),

view_totals AS (
    -- The company column of a view holds the code of the company, whatever its name says (D19).
    SELECT
        '3PL Manual Transactions' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[lPmT_Amount] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_3PL_MANUAL_TRANSACTIONS_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'Cash Deposits' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[OMS Payment Amount] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_CASHDEPOSIT_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'Collection Adjustments' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[AMOUNT] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_COLLECTIONADJ_ERRORS] AS v
    WHERE v.[Id_Company] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'Delivery Fees' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[OMS_Amount] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_INTERNATIONAL_DELIVERY_FEES_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'Exception Account Statements' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[RING_Closing_Balance] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_EXC_ACCOUNT_STATEMENTS_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'JForce Payouts' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[Payout_Amount] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_JFORCE_PAYOUTS_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'JPay App Transactions' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[Ring_Amount] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_JPAYAPP_TRANSACTIONS_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'Marketplace Shipping Fees' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[Amount After Discount] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_SC_TRANSACTIONS_CUSTOMER_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'Packlist Payments' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[OMS reconciled amount] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_PAYMENT_RECONCILES_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'Prepaid Deliveries' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[AR] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_PREPAID_DELIVERIES_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'SOI Prepayments' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[OMS_Pre_payment_Amount] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_CUSTOMER_PRE_PAYMENTS_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'Refunds' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[OMS_Refund_Amount] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_CUSTOMER_REFUNDS_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'Seller Transactions' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[Amount After Discount] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_SC_TRANSACTIONS_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'Ring Account Statements' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[Total Amount] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_SC_ACCOUNTSTATEMENTS_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
    UNION ALL
    SELECT
        'Vendor Payments' AS source_system,
        COUNT_BIG(*) AS records,
        ISNULL(SUM(CAST(v.[Payout_Amount] AS DECIMAL(38, 4))), 0) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_VENDOR_PAYMENTS_ERRORS] AS v
    WHERE v.[country] IN (SELECT k.company FROM roster_companies AS k)
)

SELECT
    CAST(SUM(t.records) AS BIGINT) AS row_count,
    CAST(SUM(CAST(t.amount AS DECIMAL(38, 4))) AS DECIMAL(38, 4)) AS sum_amount
FROM view_totals AS t

-- name: roster
-- kind: must_be_empty
-- title: No consolidated company off the roster has refused records; no roster company lacks the flag
WITH companies_of_views AS (
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_3PL_MANUAL_TRANSACTIONS_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_CASHDEPOSIT_ERRORS] AS v
    UNION ALL
    SELECT v.[Id_Company] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_COLLECTIONADJ_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_INTERNATIONAL_DELIVERY_FEES_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_EXC_ACCOUNT_STATEMENTS_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_JFORCE_PAYOUTS_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_JPAYAPP_TRANSACTIONS_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_SC_TRANSACTIONS_CUSTOMER_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_PAYMENT_RECONCILES_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_PREPAID_DELIVERIES_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_CUSTOMER_PRE_PAYMENTS_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_CUSTOMER_REFUNDS_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_SC_TRANSACTIONS_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_SC_ACCOUNTSTATEMENTS_ERRORS] AS v
    UNION ALL
    SELECT v.[country] AS company
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_VENDOR_PAYMENTS_ERRORS] AS v
),

companies_with_errors AS (
    SELECT DISTINCT v.company
    FROM companies_of_views AS v
    -- A record without company belongs to none; the control "off_roster" counts it.
    WHERE v.company IS NOT NULL
)

SELECT
    c.company,
    'consolidated, with rows in this report, and not on the roster' AS problem
FROM companies_with_errors AS c
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

-- name: off_roster
-- kind: noted
-- title: Records left out because their company value is not on the roster (D19)
WITH refused_records AS (
    SELECT
        '3PL Manual Transactions' AS source_system,
        v.[country] AS company,
        CAST(v.[lPmT_Amount] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_3PL_MANUAL_TRANSACTIONS_ERRORS] AS v
    UNION ALL
    SELECT
        'Cash Deposits' AS source_system,
        v.[country] AS company,
        CAST(v.[OMS Payment Amount] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_CASHDEPOSIT_ERRORS] AS v
    UNION ALL
    SELECT
        'Collection Adjustments' AS source_system,
        v.[Id_Company] AS company,
        CAST(v.[AMOUNT] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_COLLECTIONADJ_ERRORS] AS v
    UNION ALL
    SELECT
        'Delivery Fees' AS source_system,
        v.[country] AS company,
        CAST(v.[OMS_Amount] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_INTERNATIONAL_DELIVERY_FEES_ERRORS] AS v
    UNION ALL
    SELECT
        'Exception Account Statements' AS source_system,
        v.[country] AS company,
        CAST(v.[RING_Closing_Balance] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_EXC_ACCOUNT_STATEMENTS_ERRORS] AS v
    UNION ALL
    SELECT
        'JForce Payouts' AS source_system,
        v.[country] AS company,
        CAST(v.[Payout_Amount] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_JFORCE_PAYOUTS_ERRORS] AS v
    UNION ALL
    SELECT
        'JPay App Transactions' AS source_system,
        v.[country] AS company,
        CAST(v.[Ring_Amount] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_JPAYAPP_TRANSACTIONS_ERRORS] AS v
    UNION ALL
    SELECT
        'Marketplace Shipping Fees' AS source_system,
        v.[country] AS company,
        CAST(v.[Amount After Discount] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_SC_TRANSACTIONS_CUSTOMER_ERRORS] AS v
    UNION ALL
    SELECT
        'Packlist Payments' AS source_system,
        v.[country] AS company,
        CAST(v.[OMS reconciled amount] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_PAYMENT_RECONCILES_ERRORS] AS v
    UNION ALL
    SELECT
        'Prepaid Deliveries' AS source_system,
        v.[country] AS company,
        CAST(v.[AR] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_PREPAID_DELIVERIES_ERRORS] AS v
    UNION ALL
    SELECT
        'SOI Prepayments' AS source_system,
        v.[country] AS company,
        CAST(v.[OMS_Pre_payment_Amount] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_CUSTOMER_PRE_PAYMENTS_ERRORS] AS v
    UNION ALL
    SELECT
        'Refunds' AS source_system,
        v.[country] AS company,
        CAST(v.[OMS_Refund_Amount] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_CUSTOMER_REFUNDS_ERRORS] AS v
    UNION ALL
    SELECT
        'Seller Transactions' AS source_system,
        v.[country] AS company,
        CAST(v.[Amount After Discount] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_SC_TRANSACTIONS_ERRORS] AS v
    UNION ALL
    SELECT
        'Ring Account Statements' AS source_system,
        v.[country] AS company,
        CAST(v.[Total Amount] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_SC_ACCOUNTSTATEMENTS_ERRORS] AS v
    UNION ALL
    SELECT
        'Vendor Payments' AS source_system,
        v.[country] AS company,
        CAST(v.[Payout_Amount] AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[V_REC_VENDOR_PAYMENTS_ERRORS] AS v
)

SELECT
    r.source_system,
    COALESCE(r.company, '') AS company,
    COUNT_BIG(*) AS row_count,
    SUM(CAST(r.amount AS DECIMAL(38, 4))) AS amount
FROM refused_records AS r
WHERE
    -- Exactly what the query leaves out: another value, or none.
    r.company IS NULL
    OR r.company NOT IN (@companies)
GROUP BY r.source_system, COALESCE(r.company, '')
ORDER BY r.source_system, COALESCE(r.company, '')
