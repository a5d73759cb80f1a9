-- CR_03: general ledger entries of the year up to the cut-off, on the accounts of the control
-- (decision D18). One row is one entry, open or not: the rows of a company and account add up to
-- the movement between the opening and the closing balance of CR_04.

WITH remaining AS (
    -- What was left of each entry: the sum of its detailed entries up to the month's end.
    SELECT
        detail.id_company,
        detail.[Gen_ Ledger Entry No_] AS entry_no,
        SUM(CAST(detail.[Amount] AS DECIMAL(38, 20))) AS remaining_amount
    FROM [AIG_Nav_DW].[dbo].[Detailed G_L Entry] AS detail
    WHERE
        -- In scope is who stands on the roster (D3), never a text pattern.
        detail.id_company IN (@companies)
        -- What happened to the entry after the month's end is not of this month (D1).
        AND detail.[Posting Date] < @next_period_start
    GROUP BY detail.id_company, detail.[Gen_ Ledger Entry No_]
),

report AS (
    SELECT
        entry.id_company,
        company.Company_Country AS company_country,
        company.Flg_In_Conso_Scope AS flg_in_conso_scope,
        company.[Opco/Central_?] AS opco_central,
        entry.[Entry No_] AS entry_no,
        entry.[Document No_] AS document_no,
        entry.[External Document No_] AS external_document_no,
        entry.[Voucher No_] AS voucher_no,
        CAST(entry.[Posting Date] AS DATE) AS posting_date,
        -- The month of the posting as YYYY-MM: the first seven characters of the date.
        LEFT(CAST(CAST(entry.[Posting Date] AS DATE) AS NVARCHAR(10)), 7) AS posting_period,
        CAST(entry.[Document Date] AS DATE) AS document_date,
        entry.[Document Type] AS document_type,
        entry.[Chart of Accounts No_] AS chart_of_accounts_no,
        entry.[Account Name] AS account_name,
        chart.Group_COA_Account_no AS group_coa_account_no,
        chart.Group_COA_Account_Name AS group_coa_account_name,
        entry.[Document Description] AS document_description,
        CAST(entry.[Amount] AS DECIMAL(38, 20)) AS amount,
        -- An entry without detailed entries has nothing left to settle.
        CAST(COALESCE(remaining.remaining_amount, 0) AS DECIMAL(38, 20)) AS remaining_amount,
        entry.[Busline Code] AS busline_code,
        entry.[Department Code] AS department_code,
        entry.[Bal_ Account Type] AS bal_account_type,
        entry.[Bal_ Account No_] AS bal_account_no,
        entry.[Bal_ Account Name] AS bal_account_name,
        entry.[Reason Code] AS reason_code,
        entry.[Source Code] AS source_code,
        entry.[Reversed] AS reversed,
        entry.[Reversed by Entry No_] AS reversed_by_entry_no,
        entry.[Reversed Entry No_] AS reversed_entry_no,
        entry.[User ID] AS user_id,
        entry.[G_L Creation Date] AS g_l_creation_date,
        entry.[Destination Code] AS destination_code,
        entry.[Partner Code] AS partner_code,
        entry.[System-Created Entry] AS system_created_entry,
        entry.[Source Type] AS source_type,
        entry.[Source No] AS source_no,
        entry.[IC Partner Code] AS ic_partner_code,
        entry.[VendorTag Code] AS vendortag_code,
        entry.[CustomerTag Code] AS customertag_code,
        entry.[Service_Period] AS service_period,
        mapping.Level_1_Name AS level_1_name,
        mapping.Level_2_Name AS level_2_name,
        mapping.Level_3_Name AS level_3_name,
        CASE
            WHEN UPPER(entry.[Document Description]) LIKE '%BM%' THEN 'BackMargin'
            WHEN UPPER(entry.[Document Description]) LIKE '%BACKMARGIN%' THEN 'BackMargin'
            ELSE 'Other'
        END AS entrytype
    FROM [AIG_Nav_DW].[dbo].[G_L Entries] AS entry
    -- The accounts of the control are group accounts; the ledger books to local ones. An entry
    -- whose local account is not on the chart is listed by the control "unmapped", which fails
    -- the report.
    INNER JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_ChartOfAccounts] AS chart
        ON chart.Company_Code = entry.id_company
        AND chart.[G/L_Account_No] = entry.[Chart of Accounts No_]
    -- The joins below only describe. Left joins, so that a missing name cannot take an entry out;
    -- "duplicate_dimensions" proves that they add no row.
    LEFT JOIN remaining
        ON remaining.id_company = entry.id_company
        AND remaining.entry_no = entry.[Entry No_]
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS company
        ON company.Company_Code = entry.id_company
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[GDOC_IFRS_Tabular_Mapping] AS mapping
        ON mapping.Level_4_Code = chart.Group_COA_Account_no
    WHERE
        -- In scope is who stands on the roster (D3), never a text pattern.
        entry.id_company IN (@companies)
        -- The year's movement: what came before is in the opening balance of CR_04 ...
        AND entry.[Posting Date] >= @year_start
        -- ... and what comes after the month's end in a later closing balance (D1).
        AND entry.[Posting Date] < @next_period_start
        -- The accounts of the control (D4), by group account as CR_04 has them.
        AND chart.Group_COA_Account_no IN (@accounts)
)

SELECT
    id_company,
    company_country,
    flg_in_conso_scope,
    opco_central,
    entry_no,
    document_no,
    external_document_no,
    voucher_no,
    posting_date,
    posting_period,
    document_date,
    document_type,
    chart_of_accounts_no,
    account_name,
    group_coa_account_no,
    group_coa_account_name,
    document_description,
    amount,
    remaining_amount,
    busline_code,
    department_code,
    bal_account_type,
    bal_account_no,
    bal_account_name,
    reason_code,
    source_code,
    reversed,
    reversed_by_entry_no,
    reversed_entry_no,
    user_id,
    g_l_creation_date,
    destination_code,
    partner_code,
    system_created_entry,
    source_type,
    source_no,
    ic_partner_code,
    vendortag_code,
    customertag_code,
    service_period,
    level_1_name,
    level_2_name,
    level_3_name,
    entrytype
FROM report
ORDER BY id_company, entry_no
