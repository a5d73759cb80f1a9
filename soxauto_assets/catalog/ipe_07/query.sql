-- IPE_07: customer balances at the cut-off, entry by entry, with their age (decision D9).
-- One row is one customer ledger entry of which something was still open at the month's end.

WITH open_amounts AS (
    -- What was left of each entry: the sum of its movements up to the month's end. The ledger's
    -- own "remaining" and "open" fields show today and would change when a month is run again.
    SELECT
        movement.id_company,
        movement.[Cust_ Ledger Entry No_] AS entry_no,
        SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) AS rem_amt_lcy
    FROM [AIG_Nav_DW].[dbo].[Detailed Customer Ledg_ Entry] AS movement
    WHERE
        -- In scope is who stands on the roster (D3). A list and no text pattern, so that books in
        -- USD, central, inactive and foreign companies stay out whatever their codes look like.
        movement.id_company IN (@companies)
        -- A payment of next month must not close an entry that was open at this month's end.
        -- The bound is exclusive (D1): the last millisecond of the month is inside.
        AND movement.[Posting Date] < @next_period_start
    GROUP BY movement.id_company, movement.[Cust_ Ledger Entry No_]
    -- An entry settled in full by then carries no balance. This looks at the entry, never at the
    -- customer: a customer whose open entries net to zero stays in.
    HAVING SUM(CAST(movement.[Amount (LCY)] AS DECIMAL(38, 20))) <> 0
),

open_entries AS (
    SELECT
        entry.id_company,
        entry.[Entry No_] AS entry_no,
        entry.[GL Entry No_] AS gl_entry_no,
        entry.[Document No_] AS document_no,
        entry.[Document Type] AS document_type,
        entry.[External Document No_] AS external_document_no,
        CAST(entry.[Posting Date] AS DATE) AS posting_date,
        entry.[Customer No_] AS customer_no,
        entry.[Customer Posting Group] AS customer_posting_group,
        posting_group.[Receivables Account] AS receivables_account,
        chart.Group_COA_Account_no AS group_account,
        entry.[Description] AS [description],
        entry.[Source Code] AS source_code,
        entry.[Reason Code] AS reason_code,
        entry.[Busline Code] AS busline_code,
        entry.[Department Code] AS department_code,
        entry.[Original Amount] AS original_amount,
        entry.[Currency] AS currency,
        entry.[Original Amount (LCY)] AS original_amount_lcy,
        open_amounts.rem_amt_lcy,
        -- The customer's balance over the entries of this report, and no others (D29).
        SUM(open_amounts.rem_amt_lcy) OVER (
            PARTITION BY entry.id_company, entry.[Customer No_]
        ) AS customer_balance_lcy,
        entry.[Open] AS [open],
        CAST(entry.[Due Date] AS DATE) AS due_date,
        -- Age at the cut-off, not today: the same month gives the same buckets for ever.
        DATEDIFF(DAY, CAST(entry.[Due Date] AS DATE), @cutoff_date) AS days_overdue,
        entry.[Posted by] AS posted_by,
        entry.[Destination Code] AS destination_code,
        entry.[Partner Code] AS partner_code,
        entry.[IC Partner Code] AS ic_partner_code
    FROM [AIG_Nav_DW].[dbo].[Customer Ledger Entries] AS entry
    INNER JOIN open_amounts
        ON open_amounts.id_company = entry.id_company
        AND open_amounts.entry_no = entry.[Entry No_]
    -- The account is derived as the ledger derives it: the posting group stamped on the entry
    -- names the local receivables account, the chart of accounts names its group account. No list
    -- of posting groups, for a new group would drop out of such a list unseen. Entries that find
    -- no group account here are listed by the control "unmapped", which fails the report.
    INNER JOIN [AIG_Nav_DW].[dbo].[Customer Posting Group] AS posting_group
        ON posting_group.id_company = entry.id_company
        AND posting_group.[Code] = entry.[Customer Posting Group]
    INNER JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
        ON chart.Company_Code = entry.id_company
        AND chart.[G/L_Account_No] = posting_group.[Receivables Account]
    WHERE
        -- Entries booked after the month's end belong to a later balance (D1).
        entry.[Posting Date] < @next_period_start
        -- The accounts that this report explains: trade, other, and the allowance (D4).
        AND chart.Group_COA_Account_no IN (@accounts)
),

report AS (
    SELECT
        open_entries.id_company,
        company.Company_Country AS company_country,
        company.[Opco/Central_?] AS opco_central,
        open_entries.entry_no,
        open_entries.gl_entry_no,
        open_entries.document_no,
        open_entries.document_type,
        open_entries.external_document_no,
        open_entries.posting_date,
        open_entries.customer_no,
        customer.[Name] AS customer_name,
        customer.[Busline Code] AS customer_busline,
        customer.[Automatically integrated] AS automatically_integrated,
        customer.[Customer Posting Group] AS currentpostinggroup,
        customer.[Stream] AS stream,
        open_entries.customer_posting_group,
        open_entries.receivables_account,
        open_entries.group_account,
        open_entries.[description],
        open_entries.source_code,
        open_entries.reason_code,
        open_entries.busline_code,
        busline.Busline_Vertical_Name_1 AS busline_vertical_name_1,
        busline.Busline_Vertical_Name_2 AS busline_vertical_name_2,
        busline.Busline_Vertical_Name_3 AS busline_vertical_name_3,
        open_entries.department_code,
        CAST(open_entries.original_amount AS DECIMAL(38, 20)) AS original_amount,
        open_entries.currency,
        CAST(open_entries.original_amount_lcy AS DECIMAL(38, 20)) AS original_amount_lcy,
        CAST(open_entries.rem_amt_lcy AS DECIMAL(38, 20)) AS rem_amt_lcy,
        CAST(open_entries.customer_balance_lcy AS DECIMAL(38, 20)) AS customer_balance_lcy,
        open_entries.[open],
        open_entries.due_date,
        CASE
            WHEN open_entries.days_overdue IS NULL THEN 'no due date'
            WHEN open_entries.days_overdue <= 0 THEN 'not due'
            WHEN open_entries.days_overdue <= 30 THEN '1-30'
            WHEN open_entries.days_overdue <= 60 THEN '31-60'
            WHEN open_entries.days_overdue <= 90 THEN '61-90'
            WHEN open_entries.days_overdue <= 180 THEN '91-180'
            WHEN open_entries.days_overdue <= 365 THEN '181-365'
            ELSE 'over 365'
        END AS ageing_bucket,
        open_entries.posted_by,
        open_entries.destination_code,
        open_entries.partner_code,
        open_entries.ic_partner_code
    FROM open_entries
    -- The joins below only describe. Left joins, so that a name missing from a master cannot take
    -- an amount out of the balance; "duplicate_dimensions" proves that they add no row.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
        ON company.Company_Code = open_entries.id_company
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Busline] AS busline
        ON busline.Company_Code = open_entries.id_company
        AND busline.Busline_Code = open_entries.busline_code
    LEFT JOIN [AIG_Nav_DW].[dbo].[Customers] AS customer
        ON customer.id_company = open_entries.id_company
        AND customer.[No_] = open_entries.customer_no
)

SELECT
    id_company,
    company_country,
    opco_central,
    entry_no,
    gl_entry_no,
    document_no,
    document_type,
    external_document_no,
    posting_date,
    customer_no,
    customer_name,
    customer_busline,
    automatically_integrated,
    currentpostinggroup,
    stream,
    customer_posting_group,
    receivables_account,
    group_account,
    [description],
    source_code,
    reason_code,
    busline_code,
    busline_vertical_name_1,
    busline_vertical_name_2,
    busline_vertical_name_3,
    department_code,
    original_amount,
    currency,
    original_amount_lcy,
    rem_amt_lcy,
    customer_balance_lcy,
    [open],
    due_date,
    ageing_bucket,
    posted_by,
    destination_code,
    partner_code,
    ic_partner_code
FROM report
ORDER BY id_company, entry_no
