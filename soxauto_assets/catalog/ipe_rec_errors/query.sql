-- IPE_REC_ERRORS: records that an operational system sent and NAV refused, as of the extraction.
-- One row a refused record. The views hold open errors alone and no date: nothing here can be
-- dated back to a cut-off (D19).
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
    source_system,
    id_company,
    transaction_id,
    occurrence,
    amount,
    integration_status
FROM report
ORDER BY source_system, id_company, transaction_id, occurrence
