-- IPE_31: collection items still open at the cut-off, by collection partner. Four blocks of one
-- shape: transactions, reallocations, packlists in progress, payments in progress.
WITH waiting_lists AS (
    -- Lists that the source still waits for, as extracted: handed in but not approved, or to be
    -- confirmed and without any reconciled payment.
    SELECT DISTINCT
        p.ID_Company AS company,
        p.OMS_Packlist_No AS packlist_no
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PACKAGES] AS p
    WHERE
        -- Other companies never reach this report.
        p.ID_Company IN (@companies)
        AND (
            p.OMS_Packlist_status = 'waitingApproval'
            OR (
                p.OMS_Packlist_status = 'waitingConfirmation'
                -- A reconciled payment means that the list is on its way to be settled.
                AND NOT EXISTS (
                    SELECT 1
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
                    WHERE pp.ID_Company = p.ID_Company
                        AND pp.OMS_Packlist_No = p.OMS_Packlist_No
                        AND pp.OMS_Payment_Reconciled_Amount IS NOT NULL
                )
            )
        )
),

open_transactions AS (
    SELECT
        CONCAT('1|', RTRIM(t.ID_Company), '|', RTRIM(t.ID_Transaction)) AS line_id,
        1 AS source_block,
        t.ID_Company AS id_company,
        -- What moves money is dated by the deposit that it belongs to, where there is one.
        CASE
            WHEN t.Transaction_Type IN ('Transfer to', 'Third Party Collection')
                THEN COALESCE(d.OMS_Payment_Date, t.Created_Date)
            WHEN t.Transaction_Type = 'Payment - Rev'
                THEN COALESCE(d.payment_reversal_date, t.Created_Date)
            ELSE t.Created_Date
        END AS event_date,
        t.Collection_Partner AS cp,
        t.Transaction_Type AS transaction_type,
        t.Related_Entity AS related_entity,
        CAST(t.Amount AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHREC_TRANSACTION] AS t
    -- The deposit of the same number and of the kind that the transaction speaks of.
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
        ON d.ID_Company = t.ID_Company
        AND d.OMS_Payment_No = t.Related_Entity
        AND d.OMS_Type = CASE
            WHEN t.Transaction_Type = 'Transfer to' THEN 'Transfer'
            WHEN t.Transaction_Type IN ('Third Party Collection', 'Payment - Rev') THEN 'Payment'
        END
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        t.ID_Company IN (@companies)
        -- Settlements, and the other side of lines that are shown anyhow, are no open items. A
        -- transaction without a type stays in and fails the contract: nobody can say what it is.
        AND (
            t.Transaction_Type IS NULL
            OR t.Transaction_Type NOT IN (
                'Payment',
                'Collection Adjustment (over)',
                'Collection Adjustment (under)',
                'Payment Charges',
                'Reallocation From',
                'Transfer From',
                'Payment Charges Rev'
            )
        )
        -- Not handed in by the period's end: on no list, on one that is dated later or not at
        -- all, or on one that the source still waits for.
        AND (
            t.Transaction_List_Nr IS NULL
            OR t.Transaction_List_Date IS NULL
            OR t.Transaction_List_Date >= @next_period_start
            OR EXISTS (
                SELECT 1
                FROM waiting_lists AS w
                WHERE w.company = t.ID_Company
                    AND w.packlist_no = t.Transaction_List_Nr
            )
        )
        -- Nothing is open where nothing is due. An unknown amount stays in and fails the contract.
        AND (t.Amount IS NULL OR t.Amount <> 0)
),

reallocations AS (
    SELECT
        CONCAT('2|', RTRIM(r.ID_Company), '|', RTRIM(r.ID_Reallocation)) AS line_id,
        2 AS source_block,
        r.ID_Company AS id_company,
        r.Original_Transaction_date AS event_date,
        r.Collection_Partner_From AS cp,
        r.Transaction_type AS transaction_type,
        r.Related_Entity AS related_entity,
        CAST(r.Amount AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHREC_REALLOCATIONS] AS r
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        r.ID_Company IN (@companies)
        -- Moved to another partner after the period's end, or not yet: at the cut-off it was
        -- still with the first partner.
        AND (
            r.Reallocated_Transaction_Date IS NULL
            OR r.Reallocated_Transaction_Date >= @next_period_start
        )
),

list_payments AS (
    SELECT
        pp.ID_Company AS company,
        pp.OMS_Packlist_No AS packlist_no,
        pp.OMS_Collection_Partner_Name AS cp,
        pp.OMS_Packlist_Created_Date AS created_at,
        pp.OMS_Amount_Received AS amount_received,
        -- What was applied to the list by the period's end; charges left empty are zero.
        CASE
            WHEN pp.OMS_Payment_Date < @next_period_start
                THEN pp.OMS_Payment_Reconciled_Amount
                + ISNULL(pp.OMS_Payment_Charges_Reconciled_Amount, 0)
        END AS applied,
        ROW_NUMBER() OVER (
            PARTITION BY pp.ID_Company, pp.OMS_Packlist_No
            ORDER BY pp.ID_Packlist_Payment COLLATE Latin1_General_100_BIN2
        ) AS place_in_list
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        pp.ID_Company IN (@companies)
        -- A payment that names no list is no list in progress.
        AND pp.OMS_Packlist_No IS NOT NULL
        -- The list existed at the cut-off.
        AND pp.OMS_Packlist_Created_Date < @next_period_start
        -- The statuses, as extracted, of a list whose cash was handed in and is being settled.
        AND pp.OMS_Packlist_Status IN ('inProgress', 'closed', 'waitingConfirmation')
        -- Without a reconciled amount the list is not yet being settled.
        AND pp.OMS_Payment_Reconciled_Amount IS NOT NULL
),

list_totals AS (
    SELECT
        p.company,
        p.packlist_no,
        CAST(SUM(CAST(ISNULL(p.applied, 0) AS DECIMAL(38, 4))) AS DECIMAL(38, 4)) AS applied
    FROM list_payments AS p
    GROUP BY p.company, p.packlist_no
),

lists_in_progress AS (
    -- One line a list: its texts from its first payment, what was applied from all of them.
    SELECT
        CONCAT('3|', RTRIM(p.company), '|', RTRIM(p.packlist_no)) AS line_id,
        3 AS source_block,
        p.company AS id_company,
        p.created_at AS event_date,
        p.cp,
        'Translist in progress' AS transaction_type,
        p.packlist_no AS related_entity,
        CAST(CAST(p.amount_received AS DECIMAL(38, 4)) - t.applied AS DECIMAL(38, 4)) AS amount
    FROM list_payments AS p
    -- What was applied to the whole list.
    INNER JOIN list_totals AS t
        ON t.company = p.company
        AND t.packlist_no = p.packlist_no
    WHERE
        -- The payment with the smallest key speaks for the list (D29).
        p.place_in_list = 1
        -- A list closed by force before the period's end, or at an unknown time, is settled.
        AND NOT EXISTS (
            SELECT 1
            FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_COLLECTIONADJ] AS x
            WHERE x.ID_Company = p.company
                AND x.OMS_Entity_No = p.packlist_no
                AND x.OMS_Entity_Type = 'packlist'
                AND x.OMS_Force_Closed = 1
                AND (x.OMS_Close_Date IS NULL OR x.OMS_Close_Date < @next_period_start)
        )
),

deposit_uses AS (
    -- What each deposit had settled by the period's end.
    SELECT
        pp.ID_Company AS company,
        pp.OMS_Payment_No AS payment_no,
        CAST(
            SUM(
                CAST(
                    pp.OMS_Payment_Reconciled_Amount
                    + ISNULL(pp.OMS_Payment_Charges_Reconciled_Amount, 0)
                    AS DECIMAL(38, 4)
                )
            ) AS DECIMAL(38, 4)
        ) AS applied
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
    WHERE
        -- Other companies never reach this report.
        pp.ID_Company IN (@companies)
        -- List and payment both lie before the period's end: later uses are not yet made.
        AND pp.OMS_Packlist_Created_Date < @next_period_start
        AND pp.OMS_Payment_Date < @next_period_start
        -- The same statuses as for the deposit itself.
        AND pp.OMS_Payment_Status IN ('inProgress', 'closed', 'waitingConfirmation')
        -- Without a reconciled amount nothing was used.
        AND pp.OMS_Payment_Reconciled_Amount IS NOT NULL
    GROUP BY pp.ID_Company, pp.OMS_Payment_No
),

payments_in_progress AS (
    SELECT
        CONCAT(
            '4|', RTRIM(d.ID_Company), '|', RTRIM(d.OMS_Payment_No), '|', RTRIM(d.OMS_Type)
        ) AS line_id,
        4 AS source_block,
        d.ID_Company AS id_company,
        d.OMS_Payment_Date AS event_date,
        d.OMS_Collection_Partner AS cp,
        d.OMS_Type AS transaction_type,
        d.OMS_Payment_No AS related_entity,
        -- Money received and not yet applied lowers what the partner owes, so it is negative.
        CAST(
            ISNULL(u.applied, 0)
            - CAST(d.OMS_Payment_Amount AS DECIMAL(38, 4))
            - CAST(ISNULL(d.OMS_Charges_Amount, 0) AS DECIMAL(38, 4))
            AS DECIMAL(38, 4)
        ) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
    -- What was applied of it; a deposit of which nothing was applied stays, so LEFT.
    LEFT JOIN deposit_uses AS u
        ON u.company = d.ID_Company
        AND u.payment_no = d.OMS_Payment_No
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        d.ID_Company IN (@companies)
        -- The statuses, as extracted, of a deposit that counts as paid in.
        AND d.OMS_Payment_Status IN ('inProgress', 'closed', 'waitingConfirmation')
        -- A deposit closed before the period's end, or by force at an unknown time, is settled. An
        -- entry that does not say whether it was by force counts by its date; one that does not
        -- say what it closes, closes nothing.
        AND NOT EXISTS (
            SELECT 1
            FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_COLLECTIONADJ] AS x
            WHERE x.ID_Company = d.ID_Company
                AND x.OMS_Entity_No = d.OMS_Payment_No
                AND x.OMS_Entity_Type <> 'packlist'
                AND (
                    x.OMS_Close_Date < @next_period_start
                    OR (x.OMS_Force_Closed = 1 AND x.OMS_Close_Date IS NULL)
                )
        )
),

collection_lines AS (
    SELECT line_id, source_block, id_company, event_date, cp, transaction_type, related_entity, amount
    FROM open_transactions
    UNION ALL
    SELECT line_id, source_block, id_company, event_date, cp, transaction_type, related_entity, amount
    FROM reallocations
    UNION ALL
    SELECT line_id, source_block, id_company, event_date, cp, transaction_type, related_entity, amount
    FROM lists_in_progress
    -- A list of which nothing is left is no line; one that is over-applied stays (D16, D29).
    WHERE amount IS NULL OR amount <> 0
    UNION ALL
    SELECT line_id, source_block, id_company, event_date, cp, transaction_type, related_entity, amount
    FROM payments_in_progress
    -- A deposit of which nothing is left is no line; one that is over-applied stays (D16, D29).
    WHERE amount IS NULL OR amount <> 0
),

hub_providers AS (
    -- Each provider of a hub once, in its smallest spelling; a provider left empty is none.
    SELECT
        h.ID_COMPANY AS company,
        h.NODE AS node,
        h.SERVICE_PROVIDER AS service_provider,
        ROW_NUMBER() OVER (
            PARTITION BY h.ID_COMPANY, h.NODE, h.SERVICE_PROVIDER
            ORDER BY h.SERVICE_PROVIDER COLLATE Latin1_General_100_BIN2
        ) AS spelling
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_HUBS_3PL_MAPPING] AS h
    WHERE
        -- Other companies never reach this report.
        h.ID_COMPANY IN (@companies)
        AND h.SERVICE_PROVIDER IS NOT NULL
),

ranked_hubs AS (
    SELECT
        h.company,
        h.node,
        h.service_provider,
        -- The first by name speaks for the hub (D16).
        ROW_NUMBER() OVER (
            PARTITION BY h.company, h.node
            ORDER BY h.service_provider COLLATE Latin1_General_100_BIN2
        ) AS place
    FROM hub_providers AS h
    -- One spelling a provider.
    WHERE h.spelling = 1
),

hub_alternatives AS (
    SELECT
        h.company,
        h.node,
        STRING_AGG(h.service_provider, ', ')
            WITHIN GROUP (ORDER BY h.service_provider COLLATE Latin1_General_100_BIN2) AS all_names
    FROM ranked_hubs AS h
    GROUP BY h.company, h.node
    -- One provider leaves no choice.
    HAVING COUNT_BIG(*) > 1
),

partner_rows AS (
    -- Each pair of kind and number of a partner once, in its smallest spelling.
    SELECT
        c.ID_Company AS company,
        c.Name AS partner,
        c.Type AS type,
        c.ERP_Name AS erp_name,
        -- How the pair is listed among alternatives: of all its spellings the smallest (D29).
        FIRST_VALUE(
            CONCAT(COALESCE(c.ERP_Name, 'no number'), ' (', COALESCE(c.Type, 'no type'), ')')
        ) OVER (
            PARTITION BY c.ID_Company, c.Name, c.Type, c.ERP_Name
            ORDER BY
                c.ERP_Name COLLATE Latin1_General_100_BIN2,
                c.Type COLLATE Latin1_General_100_BIN2
        ) AS described,
        ROW_NUMBER() OVER (
            PARTITION BY c.ID_Company, c.Name, c.Type, c.ERP_Name
            ORDER BY
                c.Name COLLATE Latin1_General_100_BIN2,
                c.ERP_Name COLLATE Latin1_General_100_BIN2,
                c.Type COLLATE Latin1_General_100_BIN2
        ) AS spelling
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_COLLECTIONPARTNERS] AS c
    -- Other companies never reach this report.
    WHERE c.ID_Company IN (@companies)
),

ranked_partners AS (
    SELECT
        c.company,
        c.partner,
        c.type,
        c.erp_name,
        c.described,
        -- The first by name speaks for the partner, then the first by number and kind, those left
        -- empty last (D16).
        ROW_NUMBER() OVER (
            PARTITION BY c.company, c.partner
            ORDER BY
                c.partner COLLATE Latin1_General_100_BIN2,
                CASE WHEN c.erp_name IS NULL THEN 1 ELSE 0 END,
                c.erp_name COLLATE Latin1_General_100_BIN2,
                CASE WHEN c.type IS NULL THEN 1 ELSE 0 END,
                c.type COLLATE Latin1_General_100_BIN2
        ) AS place
    FROM partner_rows AS c
    -- One spelling a pair.
    WHERE c.spelling = 1
),

partner_alternatives AS (
    SELECT
        c.company,
        c.partner,
        STRING_AGG(c.described, ', ')
            WITHIN GROUP (ORDER BY c.described COLLATE Latin1_General_100_BIN2) AS all_names
    FROM ranked_partners AS c
    GROUP BY c.company, c.partner
    -- One row leaves no choice.
    HAVING COUNT_BIG(*) > 1
),

provider_accounts AS (
    -- The ledger accounts behind a provider's bank accounts: each account once, under the name
    -- of the bank account that comes first.
    SELECT
        b.ID_Company AS company,
        b.[Service Provider No_] AS provider_no,
        b.Name AS bank_name,
        b.No_ AS bank_no,
        g.[G_L Bank Account No_] AS account_no,
        ROW_NUMBER() OVER (
            PARTITION BY b.ID_Company, b.[Service Provider No_], g.[G_L Bank Account No_]
            ORDER BY
                CASE WHEN b.Name IS NULL THEN 1 ELSE 0 END,
                b.Name COLLATE Latin1_General_100_BIN2,
                b.No_ COLLATE Latin1_General_100_BIN2,
                g.[G_L Bank Account No_] COLLATE Latin1_General_100_BIN2
        ) AS place_in_account
    FROM [AIG_Nav_DW].[dbo].[Bank Accounts] AS b
    -- The posting group names the ledger account; without one there is no account to show.
    INNER JOIN [AIG_Nav_DW].[dbo].[Bank Account Posting Group] AS g
        ON g.ID_Company = b.ID_Company
        AND g.Code = b.[Bank Account Posting Group]
    WHERE
        -- Other companies never reach this report.
        b.ID_Company IN (@companies)
        -- A bank account of no provider is not a partner's.
        AND b.[Service Provider No_] <> ''
        -- Account 10058 and unknown accounts are left out (D16).
        AND g.[G_L Bank Account No_] <> '10058'
),

ranked_accounts AS (
    SELECT
        a.company,
        a.provider_no,
        a.account_no,
        -- The first bank account by name speaks for the provider (D16).
        ROW_NUMBER() OVER (
            PARTITION BY a.company, a.provider_no
            ORDER BY
                CASE WHEN a.bank_name IS NULL THEN 1 ELSE 0 END,
                a.bank_name COLLATE Latin1_General_100_BIN2,
                a.bank_no COLLATE Latin1_General_100_BIN2
        ) AS place
    FROM provider_accounts AS a
    -- Each ledger account once.
    WHERE a.place_in_account = 1
),

account_alternatives AS (
    SELECT
        a.company,
        a.provider_no,
        STRING_AGG(a.account_no, ', ')
            WITHIN GROUP (ORDER BY a.account_no COLLATE Latin1_General_100_BIN2) AS all_names
    FROM ranked_accounts AS a
    GROUP BY a.company, a.provider_no
    -- One account leaves no choice.
    HAVING COUNT_BIG(*) > 1
),

report AS (
    SELECT
        l.line_id,
        CAST(l.source_block AS SMALLINT) AS source_block,
        l.id_company,
        l.event_date,
        l.cp,
        l.transaction_type,
        l.related_entity,
        l.amount,
        -- More was applied than the list or the deposit holds: the rest has the wrong sign.
        CAST(
            CASE
                WHEN l.source_block = 3 AND l.amount < 0 THEN 1
                WHEN l.source_block = 4 AND l.amount > 0 THEN 1
                ELSE 0
            END AS SMALLINT
        ) AS over_applied,
        h.service_provider,
        c.type,
        c.erp_name,
        k.Company_Country AS company_country,
        CAST(@cutoff_date AS DATE) AS closing_date,
        a.account_no AS g_l_bank_account_no,
        CASE
            WHEN ha.all_names IS NOT NULL OR ca.all_names IS NOT NULL OR aa.all_names IS NOT NULL
                THEN RTRIM(
                    CONCAT(
                        CASE WHEN ha.all_names IS NOT NULL THEN CONCAT('hub [', ha.all_names, '] ') END,
                        CASE WHEN ca.all_names IS NOT NULL THEN CONCAT('partner [', ca.all_names, '] ') END,
                        CASE WHEN aa.all_names IS NOT NULL THEN CONCAT('bank [', aa.all_names, ']') END
                    )
                )
        END AS alternatives
    FROM collection_lines AS l
    -- All that follows is information about the partner and multiplies nothing: one row each.
    LEFT JOIN ranked_hubs AS h
        ON h.company = l.id_company
        AND h.node = l.cp
        AND h.place = 1
    LEFT JOIN hub_alternatives AS ha
        ON ha.company = l.id_company
        AND ha.node = l.cp
    LEFT JOIN ranked_partners AS c
        ON c.company = l.id_company
        AND c.partner = l.cp
        AND c.place = 1
    LEFT JOIN partner_alternatives AS ca
        ON ca.company = l.id_company
        AND ca.partner = l.cp
    LEFT JOIN ranked_accounts AS a
        ON a.company = l.id_company
        AND a.provider_no = c.erp_name
        AND a.place = 1
    LEFT JOIN account_alternatives AS aa
        ON aa.company = l.id_company
        AND aa.provider_no = c.erp_name
    LEFT JOIN [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS k
        ON k.Company_Code = l.id_company
    WHERE
        -- The item arose before the period's end.
        l.event_date < @next_period_start
)

SELECT
    line_id,
    source_block,
    id_company,
    event_date,
    cp,
    transaction_type,
    related_entity,
    amount,
    over_applied,
    service_provider,
    type,
    erp_name,
    company_country,
    closing_date,
    g_l_bank_account_no,
    alternatives
FROM report
ORDER BY line_id
