-- IPE_11: seller fees and commissions earned by the cut-off and not yet on a statement that was
-- closed by then. One row a seller transaction; cumulative, not the month alone (D14).
WITH report AS (
    SELECT
        t.ID_Company AS id_company,
        t.Created_Date AS sc_created_date,
        t.ID_Transaction AS sc_id_transaction,
        t.Transaction_No AS sc_transaction_no,
        rt.Transaction_Type_Name AS sc_transaction_type,
        t.Transaction_Type AS sc_asg_name,
        t.Nav_Type AS sc_nav_type,
        t.ERP_Name AS sc_nav_message,
        CAST(t.Transaction_Amount AS DECIMAL(18, 4)) AS sc_transaction_amount,
        t.Created_Manually AS sc_created_manually,
        t.Vendor_Short_Code AS sc_vendor_no,
        t.BOB_ID_Vendor AS bob_id_vendor,
        t.Vendor_Name AS sc_vendor_name,
        vn.Is_Global AS is_global,
        t.SC_ID_Sales_Order_Item AS sc_id_sales_order_item,
        t.OMS_ID_Sales_Order_Item AS oms_id_sales_order_item,
        t.BOB_ID_Sales_Order_Item AS bob_id_sales_order_item,
        t.Order_Number AS order_nr,
        t.ID_Account_Statement AS sc_id_account_statement,
        st.RING_Transaction_Statement_No AS sc_transaction_statement_no,
        st.RING_Start_Date AS sc_start_date,
        st.RING_End_Date AS sc_end_date,
        st.RING_Paid AS sc_paid,
        st.RING_Paid_Date AS sc_paid_date,
        a.ASG_Level_1 AS asg_level_1,
        a.ASG_Level_2 AS asg_level_2,
        a.ASG_Level_3 AS asg_level_3,
        a.ASG_Level_4 AS asg_level_4,
        CAST(
            CASE
                WHEN t.ID_Account_Statement IS NOT NULL
                    AND st.RING_ID_Transaction_Statement IS NULL THEN 1
                ELSE 0
            END AS SMALLINT
        ) AS statement_missing
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_TRANSACTIONS_SELLER] AS t
    -- The account grouping says what a transaction type is; a type without one cannot be judged
    -- and fails the report through the control "unmapped".
    INNER JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_DIM_ASG_V2] AS a
        ON a.ID_Company = t.ID_Company
        AND a.SC_ASG_Name = t.Transaction_Type
    -- The statement decides whether the amount was closed; its row may be missing, so LEFT.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_ACCOUNTSTATEMENTS] AS st
        ON st.id_company = t.ID_Company
        AND st.RING_ID_Transaction_Statement = t.ID_Account_Statement
    -- Information only: whether the vendor sells across borders.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_VENDORS] AS vn
        ON vn.ID_company = t.ID_Company
        AND vn.BOB_ID_Vendor = t.BOB_ID_Vendor
    -- Information only: the name of the transaction's type.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[RING].[RPT_TRANSACTIONS] AS rt
        ON rt.ID_Company = t.ID_Company
        AND rt.ID_Transaction = t.ID_Transaction
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        t.ID_Company IN (@companies)
        -- A fixed start, the same for every period: from there on everything still open counts,
        -- not only what arose this month (D14).
        AND t.Created_Date >= CAST('2020-01-01T00:00:00' AS DATETIME)
        -- Earned by the end of the period.
        AND t.Created_Date < @next_period_start
        -- Revenue of the group; sales proceeds, refunds and payouts belong to the seller.
        AND a.ASG_Level_1 = 'Revenues'
        -- Not closed by the period's end: on no statement, on one that ends later or has no end,
        -- or on one whose row is missing (its end is null too; the flag above tells them apart).
        AND (
            t.ID_Account_Statement IS NULL
            OR st.RING_End_Date IS NULL
            OR st.RING_End_Date >= @next_period_start
        )
)

SELECT
    id_company,
    sc_created_date,
    sc_id_transaction,
    sc_transaction_no,
    sc_transaction_type,
    sc_asg_name,
    sc_nav_type,
    sc_nav_message,
    sc_transaction_amount,
    sc_created_manually,
    sc_vendor_no,
    bob_id_vendor,
    sc_vendor_name,
    is_global,
    sc_id_sales_order_item,
    oms_id_sales_order_item,
    bob_id_sales_order_item,
    order_nr,
    sc_id_account_statement,
    sc_transaction_statement_no,
    sc_start_date,
    sc_end_date,
    sc_paid,
    sc_paid_date,
    asg_level_1,
    asg_level_2,
    asg_level_3,
    asg_level_4,
    statement_missing
FROM report
ORDER BY id_company, sc_id_transaction
