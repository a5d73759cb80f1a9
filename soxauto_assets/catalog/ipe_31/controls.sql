-- name: transfer
-- kind: totals
-- title: Count and totals of the very rows that the query selects
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
    COUNT_BIG(*) AS row_count,
    ISNULL(SUM(CAST(r.amount AS DECIMAL(38, 4))), 0) AS sum_amount,
    MIN(r.event_date) AS first_event,
    MAX(r.event_date) AS last_event
FROM report AS r

-- name: without_joins
-- kind: totals
-- title: The same lines without hub, partner, bank and company: no look-up may multiply them
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

deposit_dates AS (
    SELECT
        d.ID_Company AS company,
        d.OMS_Payment_No AS payment_no,
        d.OMS_Type AS kind,
        MAX(d.OMS_Payment_Date) AS paid_at,
        MAX(d.payment_reversal_date) AS reversed_at
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
    -- Other companies never reach this report.
    WHERE d.ID_Company IN (@companies)
    GROUP BY d.ID_Company, d.OMS_Payment_No, d.OMS_Type
),

open_transactions AS (
    SELECT
        CONCAT('1|', RTRIM(t.ID_Company), '|', RTRIM(t.ID_Transaction)) AS line_id,
        1 AS source_block,
        t.ID_Company AS id_company,
        -- What moves money is dated by the deposit that it belongs to, where there is one.
        CASE
            WHEN t.Transaction_Type IN ('Transfer to', 'Third Party Collection')
                THEN COALESCE(d.paid_at, t.Created_Date)
            WHEN t.Transaction_Type = 'Payment - Rev'
                THEN COALESCE(d.reversed_at, t.Created_Date)
            ELSE t.Created_Date
        END AS event_date,
        t.Collection_Partner AS cp,
        t.Transaction_Type AS transaction_type,
        t.Related_Entity AS related_entity,
        CAST(t.Amount AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHREC_TRANSACTION] AS t
    -- The deposit, at most one row a number and kind.
    LEFT JOIN deposit_dates AS d
        ON d.company = t.ID_Company
        AND d.payment_no = t.Related_Entity
        AND d.kind = CASE
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
)

SELECT
    COUNT_BIG(*) AS row_count,
    ISNULL(SUM(CAST(l.amount AS DECIMAL(38, 4))), 0) AS sum_amount,
    MIN(l.event_date) AS first_event,
    MAX(l.event_date) AS last_event
FROM collection_lines AS l
-- The item arose before the period's end.
WHERE l.event_date < @next_period_start

-- name: driving_table
-- kind: totals
-- title: The four source tables on their own, each with its rules written another way
WITH lists_waited_for AS (
    SELECT
        p.ID_Company AS company,
        p.OMS_Packlist_No AS packlist_no,
        MAX(CASE WHEN p.OMS_Packlist_status = 'waitingApproval' THEN 1 ELSE 0 END) AS to_approve,
        MAX(CASE WHEN p.OMS_Packlist_status = 'waitingConfirmation' THEN 1 ELSE 0 END) AS to_confirm
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PACKAGES] AS p
    GROUP BY p.ID_Company, p.OMS_Packlist_No
),

lists_paid AS (
    SELECT
        pp.ID_Company AS company,
        pp.OMS_Packlist_No AS packlist_no,
        COUNT_BIG(pp.OMS_Payment_Reconciled_Amount) AS reconciled_payments
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
    GROUP BY pp.ID_Company, pp.OMS_Packlist_No
),

lines_of_transactions AS (
    SELECT
        CONCAT('1|', RTRIM(t.ID_Company), '|', RTRIM(t.ID_Transaction)) AS line_id,
        t.ID_Company AS company,
        COALESCE(
            CASE
                WHEN t.Transaction_Type = 'Payment - Rev' THEN (
                    SELECT MAX(d.payment_reversal_date)
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
                    WHERE d.ID_Company = t.ID_Company
                        AND d.OMS_Payment_No = t.Related_Entity
                        AND d.OMS_Type = 'Payment'
                )
                WHEN t.Transaction_Type = 'Third Party Collection' THEN (
                    SELECT MAX(d.OMS_Payment_Date)
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
                    WHERE d.ID_Company = t.ID_Company
                        AND d.OMS_Payment_No = t.Related_Entity
                        AND d.OMS_Type = 'Payment'
                )
                WHEN t.Transaction_Type = 'Transfer to' THEN (
                    SELECT MAX(d.OMS_Payment_Date)
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
                    WHERE d.ID_Company = t.ID_Company
                        AND d.OMS_Payment_No = t.Related_Entity
                        AND d.OMS_Type = 'Transfer'
                )
            END,
            t.Created_Date
        ) AS event_date,
        CAST(t.Amount AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHREC_TRANSACTION] AS t
    LEFT JOIN lists_waited_for AS w
        ON w.company = t.ID_Company
        AND w.packlist_no = t.Transaction_List_Nr
    LEFT JOIN lists_paid AS q
        ON q.company = t.ID_Company
        AND q.packlist_no = t.Transaction_List_Nr
    WHERE
        -- The roster as a table here, as a list in the query.
        t.ID_Company IN (
            SELECT k.company FROM (VALUES @roster) AS k (company, country, currency)
        )
        -- Nothing is due where the amount is zero.
        AND CASE WHEN t.Amount = 0 THEN 0 ELSE 1 END = 1
        -- Settlements and the other side of lines shown anyhow.
        AND CASE
            WHEN t.Transaction_Type IN ('Payment', 'Payment Charges', 'Payment Charges Rev') THEN 0
            WHEN t.Transaction_Type IN ('Transfer From', 'Reallocation From') THEN 0
            WHEN t.Transaction_Type = 'Collection Adjustment (over)' THEN 0
            WHEN t.Transaction_Type = 'Collection Adjustment (under)' THEN 0
            ELSE 1
        END = 1
        -- Handed in on a list dated in time, and nobody waits for that list any more.
        AND CASE
            WHEN w.to_approve = 1 THEN 1
            WHEN w.to_confirm = 1 AND ISNULL(q.reconciled_payments, 0) = 0 THEN 1
            WHEN t.Transaction_List_Nr IS NOT NULL
                AND t.Transaction_List_Date < @next_period_start THEN 0
            ELSE 1
        END = 1
),

lines_of_reallocations AS (
    SELECT
        CONCAT('2|', RTRIM(r.ID_Company), '|', RTRIM(r.ID_Reallocation)) AS line_id,
        r.ID_Company AS company,
        r.Original_Transaction_date AS event_date,
        CAST(r.Amount AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHREC_REALLOCATIONS] AS r
    WHERE
        -- The roster as a table here, as a list in the query.
        r.ID_Company IN (
            SELECT k.company FROM (VALUES @roster) AS k (company, country, currency)
        )
        -- Moved after the period's end or not yet.
        AND COALESCE(r.Reallocated_Transaction_Date, @next_period_start) >= @next_period_start
),

settling_payments AS (
    SELECT
        pp.ID_Company AS company,
        pp.OMS_Packlist_No AS packlist_no,
        pp.ID_Packlist_Payment AS payment_id,
        pp.OMS_Packlist_Created_Date AS created_at,
        pp.OMS_Amount_Received AS amount_received,
        CASE WHEN pp.OMS_Payment_Date < @next_period_start THEN 1 ELSE 0 END AS in_time,
        CAST(pp.OMS_Payment_Reconciled_Amount AS DECIMAL(38, 4)) AS reconciled,
        CAST(pp.OMS_Payment_Charges_Reconciled_Amount AS DECIMAL(38, 4)) AS charges
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
    WHERE
        -- The roster as a table here, as a list in the query.
        pp.ID_Company IN (
            SELECT k.company FROM (VALUES @roster) AS k (company, country, currency)
        )
        -- The list existed at the cut-off.
        AND pp.OMS_Packlist_Created_Date < @next_period_start
        -- A list that is being settled: its status says so and a payment is reconciled.
        AND pp.OMS_Packlist_Status IN ('waitingConfirmation', 'inProgress', 'closed')
        AND NOT (pp.OMS_Payment_Reconciled_Amount IS NULL)
        -- A payment that names no list is no list in progress.
        AND NOT (pp.OMS_Packlist_No IS NULL)
),

lists_settled AS (
    SELECT
        p.company,
        p.packlist_no,
        ISNULL(SUM(CASE WHEN p.in_time = 1 THEN p.reconciled END), 0) AS reconciled,
        ISNULL(SUM(CASE WHEN p.in_time = 1 THEN p.charges END), 0) AS charges
    FROM settling_payments AS p
    GROUP BY p.company, p.packlist_no
),

forced_lists AS (
    SELECT DISTINCT
        x.ID_Company AS company,
        x.OMS_Entity_No AS packlist_no
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_COLLECTIONADJ] AS x
    WHERE
        -- Lists closed by force in time, or at an unknown time.
        x.OMS_Entity_Type = 'packlist'
        AND x.OMS_Force_Closed = 1
        AND NOT (x.OMS_Close_Date IS NOT NULL AND x.OMS_Close_Date >= @next_period_start)
),

closed_payments AS (
    SELECT DISTINCT
        x.ID_Company AS company,
        x.OMS_Entity_No AS payment_no
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_COLLECTIONADJ] AS x
    WHERE
        -- Something else than a list, closed in time, or by force at an unknown time.
        NOT (x.OMS_Entity_Type = 'packlist')
        AND (
            x.OMS_Close_Date < @next_period_start
            OR (x.OMS_Close_Date IS NULL AND x.OMS_Force_Closed = 1)
        )
),

lines_of_lists AS (
    SELECT
        CONCAT('3|', RTRIM(p.company), '|', RTRIM(p.packlist_no)) AS line_id,
        p.company,
        p.created_at AS event_date,
        CAST(p.amount_received - u.reconciled - u.charges AS DECIMAL(38, 4)) AS amount
    FROM settling_payments AS p
    INNER JOIN lists_settled AS u
        ON u.company = p.company
        AND u.packlist_no = p.packlist_no
    LEFT JOIN forced_lists AS x
        ON x.company = p.company
        AND x.packlist_no = p.packlist_no
    WHERE
        -- Not closed by force in time.
        x.packlist_no IS NULL
        -- No payment of the list has a smaller key: this one speaks for the list.
        AND NOT EXISTS (
            SELECT 1
            FROM settling_payments AS e
            WHERE e.company = p.company
                AND e.packlist_no = p.packlist_no
                AND e.payment_id COLLATE Latin1_General_100_BIN2
                < p.payment_id COLLATE Latin1_General_100_BIN2
        )
),

lines_of_payments AS (
    SELECT
        CONCAT(
            '4|', RTRIM(d.ID_Company), '|', RTRIM(d.OMS_Payment_No), '|', RTRIM(d.OMS_Type)
        ) AS line_id,
        d.ID_Company AS company,
        d.OMS_Payment_Date AS event_date,
        CAST(
            ISNULL(
                (
                    SELECT
                        SUM(
                            CAST(
                                pp.OMS_Payment_Reconciled_Amount
                                + ISNULL(pp.OMS_Payment_Charges_Reconciled_Amount, 0)
                                AS DECIMAL(38, 4)
                            )
                        )
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
                    WHERE pp.ID_Company = d.ID_Company
                        AND pp.OMS_Payment_No = d.OMS_Payment_No
                        AND pp.OMS_Payment_Status IN ('waitingConfirmation', 'inProgress', 'closed')
                        AND pp.OMS_Packlist_Created_Date < @next_period_start
                        AND pp.OMS_Payment_Date < @next_period_start
                ),
                0
            )
            - d.OMS_Payment_Amount
            - ISNULL(d.OMS_Charges_Amount, 0)
            AS DECIMAL(38, 4)
        ) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
    LEFT JOIN closed_payments AS x
        ON x.company = d.ID_Company
        AND x.payment_no = d.OMS_Payment_No
    WHERE
        -- The roster as a table here, as a list in the query.
        d.ID_Company IN (
            SELECT k.company FROM (VALUES @roster) AS k (company, country, currency)
        )
        -- Paid in, by the status as extracted.
        AND d.OMS_Payment_Status IN ('waitingConfirmation', 'inProgress', 'closed')
        -- Not closed in time.
        AND x.payment_no IS NULL
),

lines_found AS (
    SELECT line_id, company, event_date, amount FROM lines_of_transactions
    UNION ALL
    SELECT line_id, company, event_date, amount FROM lines_of_reallocations
    UNION ALL
    SELECT line_id, company, event_date, amount FROM lines_of_lists
    -- Nothing left is no line.
    WHERE CASE WHEN amount = 0 THEN 0 ELSE 1 END = 1
    UNION ALL
    SELECT line_id, company, event_date, amount FROM lines_of_payments
    -- Nothing left is no line.
    WHERE CASE WHEN amount = 0 THEN 0 ELSE 1 END = 1
)

SELECT
    COUNT_BIG(*) AS row_count,
    ISNULL(SUM(CAST(l.amount AS DECIMAL(38, 4))), 0) AS sum_amount,
    MIN(l.event_date) AS first_event,
    MAX(l.event_date) AS last_event
FROM lines_found AS l
-- The item arose before the period's end; without a date it cannot be said to have.
WHERE l.event_date < @next_period_start

-- name: witness_inside
-- kind: witness_inside
-- title: The open item that arose last before the period's end must be in the extract
WITH lists_waited_for AS (
    SELECT
        p.ID_Company AS company,
        p.OMS_Packlist_No AS packlist_no,
        MAX(CASE WHEN p.OMS_Packlist_status = 'waitingApproval' THEN 1 ELSE 0 END) AS to_approve,
        MAX(CASE WHEN p.OMS_Packlist_status = 'waitingConfirmation' THEN 1 ELSE 0 END) AS to_confirm
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PACKAGES] AS p
    GROUP BY p.ID_Company, p.OMS_Packlist_No
),

lists_paid AS (
    SELECT
        pp.ID_Company AS company,
        pp.OMS_Packlist_No AS packlist_no,
        COUNT_BIG(pp.OMS_Payment_Reconciled_Amount) AS reconciled_payments
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
    GROUP BY pp.ID_Company, pp.OMS_Packlist_No
),

lines_of_transactions AS (
    SELECT
        CONCAT('1|', RTRIM(t.ID_Company), '|', RTRIM(t.ID_Transaction)) AS line_id,
        t.ID_Company AS company,
        COALESCE(
            CASE
                WHEN t.Transaction_Type = 'Payment - Rev' THEN (
                    SELECT MAX(d.payment_reversal_date)
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
                    WHERE d.ID_Company = t.ID_Company
                        AND d.OMS_Payment_No = t.Related_Entity
                        AND d.OMS_Type = 'Payment'
                )
                WHEN t.Transaction_Type = 'Third Party Collection' THEN (
                    SELECT MAX(d.OMS_Payment_Date)
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
                    WHERE d.ID_Company = t.ID_Company
                        AND d.OMS_Payment_No = t.Related_Entity
                        AND d.OMS_Type = 'Payment'
                )
                WHEN t.Transaction_Type = 'Transfer to' THEN (
                    SELECT MAX(d.OMS_Payment_Date)
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
                    WHERE d.ID_Company = t.ID_Company
                        AND d.OMS_Payment_No = t.Related_Entity
                        AND d.OMS_Type = 'Transfer'
                )
            END,
            t.Created_Date
        ) AS event_date,
        CAST(t.Amount AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHREC_TRANSACTION] AS t
    LEFT JOIN lists_waited_for AS w
        ON w.company = t.ID_Company
        AND w.packlist_no = t.Transaction_List_Nr
    LEFT JOIN lists_paid AS q
        ON q.company = t.ID_Company
        AND q.packlist_no = t.Transaction_List_Nr
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        t.ID_Company IN (@companies)
        -- Nothing is due where the amount is zero.
        AND CASE WHEN t.Amount = 0 THEN 0 ELSE 1 END = 1
        -- Settlements and the other side of lines shown anyhow.
        AND CASE
            WHEN t.Transaction_Type IN ('Payment', 'Payment Charges', 'Payment Charges Rev') THEN 0
            WHEN t.Transaction_Type IN ('Transfer From', 'Reallocation From') THEN 0
            WHEN t.Transaction_Type = 'Collection Adjustment (over)' THEN 0
            WHEN t.Transaction_Type = 'Collection Adjustment (under)' THEN 0
            ELSE 1
        END = 1
        -- Handed in on a list dated in time, and nobody waits for that list any more.
        AND CASE
            WHEN w.to_approve = 1 THEN 1
            WHEN w.to_confirm = 1 AND ISNULL(q.reconciled_payments, 0) = 0 THEN 1
            WHEN t.Transaction_List_Nr IS NOT NULL
                AND t.Transaction_List_Date < @next_period_start THEN 0
            ELSE 1
        END = 1
),

lines_of_reallocations AS (
    SELECT
        CONCAT('2|', RTRIM(r.ID_Company), '|', RTRIM(r.ID_Reallocation)) AS line_id,
        r.ID_Company AS company,
        r.Original_Transaction_date AS event_date,
        CAST(r.Amount AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHREC_REALLOCATIONS] AS r
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        r.ID_Company IN (@companies)
        -- Moved after the period's end or not yet.
        AND COALESCE(r.Reallocated_Transaction_Date, @next_period_start) >= @next_period_start
),

settling_payments AS (
    SELECT
        pp.ID_Company AS company,
        pp.OMS_Packlist_No AS packlist_no,
        pp.ID_Packlist_Payment AS payment_id,
        pp.OMS_Packlist_Created_Date AS created_at,
        pp.OMS_Amount_Received AS amount_received,
        CASE WHEN pp.OMS_Payment_Date < @next_period_start THEN 1 ELSE 0 END AS in_time,
        CAST(pp.OMS_Payment_Reconciled_Amount AS DECIMAL(38, 4)) AS reconciled,
        CAST(pp.OMS_Payment_Charges_Reconciled_Amount AS DECIMAL(38, 4)) AS charges
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        pp.ID_Company IN (@companies)
        -- The list existed at the cut-off.
        AND pp.OMS_Packlist_Created_Date < @next_period_start
        -- A list that is being settled: its status says so and a payment is reconciled.
        AND pp.OMS_Packlist_Status IN ('waitingConfirmation', 'inProgress', 'closed')
        AND NOT (pp.OMS_Payment_Reconciled_Amount IS NULL)
        -- A payment that names no list is no list in progress.
        AND NOT (pp.OMS_Packlist_No IS NULL)
),

lists_settled AS (
    SELECT
        p.company,
        p.packlist_no,
        ISNULL(SUM(CASE WHEN p.in_time = 1 THEN p.reconciled END), 0) AS reconciled,
        ISNULL(SUM(CASE WHEN p.in_time = 1 THEN p.charges END), 0) AS charges
    FROM settling_payments AS p
    GROUP BY p.company, p.packlist_no
),

forced_lists AS (
    SELECT DISTINCT
        x.ID_Company AS company,
        x.OMS_Entity_No AS packlist_no
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_COLLECTIONADJ] AS x
    WHERE
        -- Lists closed by force in time, or at an unknown time.
        x.OMS_Entity_Type = 'packlist'
        AND x.OMS_Force_Closed = 1
        AND NOT (x.OMS_Close_Date IS NOT NULL AND x.OMS_Close_Date >= @next_period_start)
),

closed_payments AS (
    SELECT DISTINCT
        x.ID_Company AS company,
        x.OMS_Entity_No AS payment_no
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_COLLECTIONADJ] AS x
    WHERE
        -- Something else than a list, closed in time, or by force at an unknown time.
        NOT (x.OMS_Entity_Type = 'packlist')
        AND (
            x.OMS_Close_Date < @next_period_start
            OR (x.OMS_Close_Date IS NULL AND x.OMS_Force_Closed = 1)
        )
),

lines_of_lists AS (
    SELECT
        CONCAT('3|', RTRIM(p.company), '|', RTRIM(p.packlist_no)) AS line_id,
        p.company,
        p.created_at AS event_date,
        CAST(p.amount_received - u.reconciled - u.charges AS DECIMAL(38, 4)) AS amount
    FROM settling_payments AS p
    INNER JOIN lists_settled AS u
        ON u.company = p.company
        AND u.packlist_no = p.packlist_no
    LEFT JOIN forced_lists AS x
        ON x.company = p.company
        AND x.packlist_no = p.packlist_no
    WHERE
        -- Not closed by force in time.
        x.packlist_no IS NULL
        -- No payment of the list has a smaller key: this one speaks for the list.
        AND NOT EXISTS (
            SELECT 1
            FROM settling_payments AS e
            WHERE e.company = p.company
                AND e.packlist_no = p.packlist_no
                AND e.payment_id COLLATE Latin1_General_100_BIN2
                < p.payment_id COLLATE Latin1_General_100_BIN2
        )
),

lines_of_payments AS (
    SELECT
        CONCAT(
            '4|', RTRIM(d.ID_Company), '|', RTRIM(d.OMS_Payment_No), '|', RTRIM(d.OMS_Type)
        ) AS line_id,
        d.ID_Company AS company,
        d.OMS_Payment_Date AS event_date,
        CAST(
            ISNULL(
                (
                    SELECT
                        SUM(
                            CAST(
                                pp.OMS_Payment_Reconciled_Amount
                                + ISNULL(pp.OMS_Payment_Charges_Reconciled_Amount, 0)
                                AS DECIMAL(38, 4)
                            )
                        )
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
                    WHERE pp.ID_Company = d.ID_Company
                        AND pp.OMS_Payment_No = d.OMS_Payment_No
                        AND pp.OMS_Payment_Status IN ('waitingConfirmation', 'inProgress', 'closed')
                        AND pp.OMS_Packlist_Created_Date < @next_period_start
                        AND pp.OMS_Payment_Date < @next_period_start
                ),
                0
            )
            - d.OMS_Payment_Amount
            - ISNULL(d.OMS_Charges_Amount, 0)
            AS DECIMAL(38, 4)
        ) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
    LEFT JOIN closed_payments AS x
        ON x.company = d.ID_Company
        AND x.payment_no = d.OMS_Payment_No
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        d.ID_Company IN (@companies)
        -- Paid in, by the status as extracted.
        AND d.OMS_Payment_Status IN ('waitingConfirmation', 'inProgress', 'closed')
        -- Not closed in time.
        AND x.payment_no IS NULL
),

lines_found AS (
    SELECT line_id, company, event_date, amount FROM lines_of_transactions
    UNION ALL
    SELECT line_id, company, event_date, amount FROM lines_of_reallocations
    UNION ALL
    SELECT line_id, company, event_date, amount FROM lines_of_lists
    -- Nothing left is no line.
    WHERE CASE WHEN amount = 0 THEN 0 ELSE 1 END = 1
    UNION ALL
    SELECT line_id, company, event_date, amount FROM lines_of_payments
    -- Nothing left is no line.
    WHERE CASE WHEN amount = 0 THEN 0 ELSE 1 END = 1
)

SELECT TOP 1
    l.line_id
FROM lines_found AS l
-- The last one in time.
WHERE l.event_date < @next_period_start
ORDER BY l.event_date DESC, l.line_id

-- name: witness_after
-- kind: witness_after
-- title: The open item that arose first after the period's end must not be in the extract
WITH lists_waited_for AS (
    SELECT
        p.ID_Company AS company,
        p.OMS_Packlist_No AS packlist_no,
        MAX(CASE WHEN p.OMS_Packlist_status = 'waitingApproval' THEN 1 ELSE 0 END) AS to_approve,
        MAX(CASE WHEN p.OMS_Packlist_status = 'waitingConfirmation' THEN 1 ELSE 0 END) AS to_confirm
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PACKAGES] AS p
    GROUP BY p.ID_Company, p.OMS_Packlist_No
),

lists_paid AS (
    SELECT
        pp.ID_Company AS company,
        pp.OMS_Packlist_No AS packlist_no,
        COUNT_BIG(pp.OMS_Payment_Reconciled_Amount) AS reconciled_payments
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
    GROUP BY pp.ID_Company, pp.OMS_Packlist_No
),

lines_of_transactions AS (
    SELECT
        CONCAT('1|', RTRIM(t.ID_Company), '|', RTRIM(t.ID_Transaction)) AS line_id,
        t.ID_Company AS company,
        COALESCE(
            CASE
                WHEN t.Transaction_Type = 'Payment - Rev' THEN (
                    SELECT MAX(d.payment_reversal_date)
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
                    WHERE d.ID_Company = t.ID_Company
                        AND d.OMS_Payment_No = t.Related_Entity
                        AND d.OMS_Type = 'Payment'
                )
                WHEN t.Transaction_Type = 'Third Party Collection' THEN (
                    SELECT MAX(d.OMS_Payment_Date)
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
                    WHERE d.ID_Company = t.ID_Company
                        AND d.OMS_Payment_No = t.Related_Entity
                        AND d.OMS_Type = 'Payment'
                )
                WHEN t.Transaction_Type = 'Transfer to' THEN (
                    SELECT MAX(d.OMS_Payment_Date)
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
                    WHERE d.ID_Company = t.ID_Company
                        AND d.OMS_Payment_No = t.Related_Entity
                        AND d.OMS_Type = 'Transfer'
                )
            END,
            t.Created_Date
        ) AS event_date,
        CAST(t.Amount AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHREC_TRANSACTION] AS t
    LEFT JOIN lists_waited_for AS w
        ON w.company = t.ID_Company
        AND w.packlist_no = t.Transaction_List_Nr
    LEFT JOIN lists_paid AS q
        ON q.company = t.ID_Company
        AND q.packlist_no = t.Transaction_List_Nr
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        t.ID_Company IN (@companies)
        -- Nothing is due where the amount is zero.
        AND CASE WHEN t.Amount = 0 THEN 0 ELSE 1 END = 1
        -- Settlements and the other side of lines shown anyhow.
        AND CASE
            WHEN t.Transaction_Type IN ('Payment', 'Payment Charges', 'Payment Charges Rev') THEN 0
            WHEN t.Transaction_Type IN ('Transfer From', 'Reallocation From') THEN 0
            WHEN t.Transaction_Type = 'Collection Adjustment (over)' THEN 0
            WHEN t.Transaction_Type = 'Collection Adjustment (under)' THEN 0
            ELSE 1
        END = 1
        -- Handed in on a list dated in time, and nobody waits for that list any more.
        AND CASE
            WHEN w.to_approve = 1 THEN 1
            WHEN w.to_confirm = 1 AND ISNULL(q.reconciled_payments, 0) = 0 THEN 1
            WHEN t.Transaction_List_Nr IS NOT NULL
                AND t.Transaction_List_Date < @next_period_start THEN 0
            ELSE 1
        END = 1
),

lines_of_reallocations AS (
    SELECT
        CONCAT('2|', RTRIM(r.ID_Company), '|', RTRIM(r.ID_Reallocation)) AS line_id,
        r.ID_Company AS company,
        r.Original_Transaction_date AS event_date,
        CAST(r.Amount AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHREC_REALLOCATIONS] AS r
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        r.ID_Company IN (@companies)
        -- Moved after the period's end or not yet.
        AND COALESCE(r.Reallocated_Transaction_Date, @next_period_start) >= @next_period_start
),

settling_payments AS (
    SELECT
        pp.ID_Company AS company,
        pp.OMS_Packlist_No AS packlist_no,
        pp.ID_Packlist_Payment AS payment_id,
        pp.OMS_Packlist_Created_Date AS created_at,
        pp.OMS_Amount_Received AS amount_received,
        CASE WHEN pp.OMS_Payment_Date < @next_period_start THEN 1 ELSE 0 END AS in_time,
        CAST(pp.OMS_Payment_Reconciled_Amount AS DECIMAL(38, 4)) AS reconciled,
        CAST(pp.OMS_Payment_Charges_Reconciled_Amount AS DECIMAL(38, 4)) AS charges
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        pp.ID_Company IN (@companies)
        -- The list's time is tested below, with that of every line.
        AND pp.OMS_Packlist_Created_Date IS NOT NULL
        -- A list that is being settled: its status says so and a payment is reconciled.
        AND pp.OMS_Packlist_Status IN ('waitingConfirmation', 'inProgress', 'closed')
        AND NOT (pp.OMS_Payment_Reconciled_Amount IS NULL)
        -- A payment that names no list is no list in progress.
        AND NOT (pp.OMS_Packlist_No IS NULL)
),

lists_settled AS (
    SELECT
        p.company,
        p.packlist_no,
        ISNULL(SUM(CASE WHEN p.in_time = 1 THEN p.reconciled END), 0) AS reconciled,
        ISNULL(SUM(CASE WHEN p.in_time = 1 THEN p.charges END), 0) AS charges
    FROM settling_payments AS p
    GROUP BY p.company, p.packlist_no
),

forced_lists AS (
    SELECT DISTINCT
        x.ID_Company AS company,
        x.OMS_Entity_No AS packlist_no
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_COLLECTIONADJ] AS x
    WHERE
        -- Lists closed by force in time, or at an unknown time.
        x.OMS_Entity_Type = 'packlist'
        AND x.OMS_Force_Closed = 1
        AND NOT (x.OMS_Close_Date IS NOT NULL AND x.OMS_Close_Date >= @next_period_start)
),

closed_payments AS (
    SELECT DISTINCT
        x.ID_Company AS company,
        x.OMS_Entity_No AS payment_no
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_COLLECTIONADJ] AS x
    WHERE
        -- Something else than a list, closed in time, or by force at an unknown time.
        NOT (x.OMS_Entity_Type = 'packlist')
        AND (
            x.OMS_Close_Date < @next_period_start
            OR (x.OMS_Close_Date IS NULL AND x.OMS_Force_Closed = 1)
        )
),

lines_of_lists AS (
    SELECT
        CONCAT('3|', RTRIM(p.company), '|', RTRIM(p.packlist_no)) AS line_id,
        p.company,
        p.created_at AS event_date,
        CAST(p.amount_received - u.reconciled - u.charges AS DECIMAL(38, 4)) AS amount
    FROM settling_payments AS p
    INNER JOIN lists_settled AS u
        ON u.company = p.company
        AND u.packlist_no = p.packlist_no
    LEFT JOIN forced_lists AS x
        ON x.company = p.company
        AND x.packlist_no = p.packlist_no
    WHERE
        -- Not closed by force in time.
        x.packlist_no IS NULL
        -- No payment of the list has a smaller key: this one speaks for the list.
        AND NOT EXISTS (
            SELECT 1
            FROM settling_payments AS e
            WHERE e.company = p.company
                AND e.packlist_no = p.packlist_no
                AND e.payment_id COLLATE Latin1_General_100_BIN2
                < p.payment_id COLLATE Latin1_General_100_BIN2
        )
),

lines_of_payments AS (
    SELECT
        CONCAT(
            '4|', RTRIM(d.ID_Company), '|', RTRIM(d.OMS_Payment_No), '|', RTRIM(d.OMS_Type)
        ) AS line_id,
        d.ID_Company AS company,
        d.OMS_Payment_Date AS event_date,
        CAST(
            ISNULL(
                (
                    SELECT
                        SUM(
                            CAST(
                                pp.OMS_Payment_Reconciled_Amount
                                + ISNULL(pp.OMS_Payment_Charges_Reconciled_Amount, 0)
                                AS DECIMAL(38, 4)
                            )
                        )
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
                    WHERE pp.ID_Company = d.ID_Company
                        AND pp.OMS_Payment_No = d.OMS_Payment_No
                        AND pp.OMS_Payment_Status IN ('waitingConfirmation', 'inProgress', 'closed')
                        AND pp.OMS_Packlist_Created_Date < @next_period_start
                        AND pp.OMS_Payment_Date < @next_period_start
                ),
                0
            )
            - d.OMS_Payment_Amount
            - ISNULL(d.OMS_Charges_Amount, 0)
            AS DECIMAL(38, 4)
        ) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
    LEFT JOIN closed_payments AS x
        ON x.company = d.ID_Company
        AND x.payment_no = d.OMS_Payment_No
    WHERE
        -- Scope of the control: the companies of the roster (D3).
        d.ID_Company IN (@companies)
        -- Paid in, by the status as extracted.
        AND d.OMS_Payment_Status IN ('waitingConfirmation', 'inProgress', 'closed')
        -- Not closed in time.
        AND x.payment_no IS NULL
),

lines_found AS (
    SELECT line_id, company, event_date, amount FROM lines_of_transactions
    UNION ALL
    SELECT line_id, company, event_date, amount FROM lines_of_reallocations
    UNION ALL
    SELECT line_id, company, event_date, amount FROM lines_of_lists
    -- Nothing left is no line.
    WHERE CASE WHEN amount = 0 THEN 0 ELSE 1 END = 1
    UNION ALL
    SELECT line_id, company, event_date, amount FROM lines_of_payments
    -- Nothing left is no line.
    WHERE CASE WHEN amount = 0 THEN 0 ELSE 1 END = 1
)

SELECT TOP 1
    l.line_id
FROM lines_found AS l
-- The filter on time, turned round.
WHERE l.event_date >= @next_period_start
ORDER BY l.event_date, l.line_id

-- name: roster
-- kind: must_be_empty
-- title: No consolidated company off the roster has open items; no roster company lacks the flag
WITH lists_waited_for AS (
    SELECT
        p.ID_Company AS company,
        p.OMS_Packlist_No AS packlist_no,
        MAX(CASE WHEN p.OMS_Packlist_status = 'waitingApproval' THEN 1 ELSE 0 END) AS to_approve,
        MAX(CASE WHEN p.OMS_Packlist_status = 'waitingConfirmation' THEN 1 ELSE 0 END) AS to_confirm
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PACKAGES] AS p
    GROUP BY p.ID_Company, p.OMS_Packlist_No
),

lists_paid AS (
    SELECT
        pp.ID_Company AS company,
        pp.OMS_Packlist_No AS packlist_no,
        COUNT_BIG(pp.OMS_Payment_Reconciled_Amount) AS reconciled_payments
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
    GROUP BY pp.ID_Company, pp.OMS_Packlist_No
),

lines_of_transactions AS (
    SELECT
        CONCAT('1|', RTRIM(t.ID_Company), '|', RTRIM(t.ID_Transaction)) AS line_id,
        t.ID_Company AS company,
        COALESCE(
            CASE
                WHEN t.Transaction_Type = 'Payment - Rev' THEN (
                    SELECT MAX(d.payment_reversal_date)
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
                    WHERE d.ID_Company = t.ID_Company
                        AND d.OMS_Payment_No = t.Related_Entity
                        AND d.OMS_Type = 'Payment'
                )
                WHEN t.Transaction_Type = 'Third Party Collection' THEN (
                    SELECT MAX(d.OMS_Payment_Date)
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
                    WHERE d.ID_Company = t.ID_Company
                        AND d.OMS_Payment_No = t.Related_Entity
                        AND d.OMS_Type = 'Payment'
                )
                WHEN t.Transaction_Type = 'Transfer to' THEN (
                    SELECT MAX(d.OMS_Payment_Date)
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
                    WHERE d.ID_Company = t.ID_Company
                        AND d.OMS_Payment_No = t.Related_Entity
                        AND d.OMS_Type = 'Transfer'
                )
            END,
            t.Created_Date
        ) AS event_date,
        CAST(t.Amount AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHREC_TRANSACTION] AS t
    LEFT JOIN lists_waited_for AS w
        ON w.company = t.ID_Company
        AND w.packlist_no = t.Transaction_List_Nr
    LEFT JOIN lists_paid AS q
        ON q.company = t.ID_Company
        AND q.packlist_no = t.Transaction_List_Nr
    WHERE
        -- Any company: the roster is what this control tests.
        t.ID_Company IS NOT NULL
        -- Nothing is due where the amount is zero.
        AND CASE WHEN t.Amount = 0 THEN 0 ELSE 1 END = 1
        -- Settlements and the other side of lines shown anyhow.
        AND CASE
            WHEN t.Transaction_Type IN ('Payment', 'Payment Charges', 'Payment Charges Rev') THEN 0
            WHEN t.Transaction_Type IN ('Transfer From', 'Reallocation From') THEN 0
            WHEN t.Transaction_Type = 'Collection Adjustment (over)' THEN 0
            WHEN t.Transaction_Type = 'Collection Adjustment (under)' THEN 0
            ELSE 1
        END = 1
        -- Handed in on a list dated in time, and nobody waits for that list any more.
        AND CASE
            WHEN w.to_approve = 1 THEN 1
            WHEN w.to_confirm = 1 AND ISNULL(q.reconciled_payments, 0) = 0 THEN 1
            WHEN t.Transaction_List_Nr IS NOT NULL
                AND t.Transaction_List_Date < @next_period_start THEN 0
            ELSE 1
        END = 1
),

lines_of_reallocations AS (
    SELECT
        CONCAT('2|', RTRIM(r.ID_Company), '|', RTRIM(r.ID_Reallocation)) AS line_id,
        r.ID_Company AS company,
        r.Original_Transaction_date AS event_date,
        CAST(r.Amount AS DECIMAL(38, 4)) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHREC_REALLOCATIONS] AS r
    WHERE
        -- Any company: the roster is what this control tests.
        r.ID_Company IS NOT NULL
        -- Moved after the period's end or not yet.
        AND COALESCE(r.Reallocated_Transaction_Date, @next_period_start) >= @next_period_start
),

settling_payments AS (
    SELECT
        pp.ID_Company AS company,
        pp.OMS_Packlist_No AS packlist_no,
        pp.ID_Packlist_Payment AS payment_id,
        pp.OMS_Packlist_Created_Date AS created_at,
        pp.OMS_Amount_Received AS amount_received,
        CASE WHEN pp.OMS_Payment_Date < @next_period_start THEN 1 ELSE 0 END AS in_time,
        CAST(pp.OMS_Payment_Reconciled_Amount AS DECIMAL(38, 4)) AS reconciled,
        CAST(pp.OMS_Payment_Charges_Reconciled_Amount AS DECIMAL(38, 4)) AS charges
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
    WHERE
        -- Any company: the roster is what this control tests.
        pp.ID_Company IS NOT NULL
        -- The list existed at the cut-off.
        AND pp.OMS_Packlist_Created_Date < @next_period_start
        -- A list that is being settled: its status says so and a payment is reconciled.
        AND pp.OMS_Packlist_Status IN ('waitingConfirmation', 'inProgress', 'closed')
        AND NOT (pp.OMS_Payment_Reconciled_Amount IS NULL)
        -- A payment that names no list is no list in progress.
        AND NOT (pp.OMS_Packlist_No IS NULL)
),

lists_settled AS (
    SELECT
        p.company,
        p.packlist_no,
        ISNULL(SUM(CASE WHEN p.in_time = 1 THEN p.reconciled END), 0) AS reconciled,
        ISNULL(SUM(CASE WHEN p.in_time = 1 THEN p.charges END), 0) AS charges
    FROM settling_payments AS p
    GROUP BY p.company, p.packlist_no
),

forced_lists AS (
    SELECT DISTINCT
        x.ID_Company AS company,
        x.OMS_Entity_No AS packlist_no
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_COLLECTIONADJ] AS x
    WHERE
        -- Lists closed by force in time, or at an unknown time.
        x.OMS_Entity_Type = 'packlist'
        AND x.OMS_Force_Closed = 1
        AND NOT (x.OMS_Close_Date IS NOT NULL AND x.OMS_Close_Date >= @next_period_start)
),

closed_payments AS (
    SELECT DISTINCT
        x.ID_Company AS company,
        x.OMS_Entity_No AS payment_no
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_COLLECTIONADJ] AS x
    WHERE
        -- Something else than a list, closed in time, or by force at an unknown time.
        NOT (x.OMS_Entity_Type = 'packlist')
        AND (
            x.OMS_Close_Date < @next_period_start
            OR (x.OMS_Close_Date IS NULL AND x.OMS_Force_Closed = 1)
        )
),

lines_of_lists AS (
    SELECT
        CONCAT('3|', RTRIM(p.company), '|', RTRIM(p.packlist_no)) AS line_id,
        p.company,
        p.created_at AS event_date,
        CAST(p.amount_received - u.reconciled - u.charges AS DECIMAL(38, 4)) AS amount
    FROM settling_payments AS p
    INNER JOIN lists_settled AS u
        ON u.company = p.company
        AND u.packlist_no = p.packlist_no
    LEFT JOIN forced_lists AS x
        ON x.company = p.company
        AND x.packlist_no = p.packlist_no
    WHERE
        -- Not closed by force in time.
        x.packlist_no IS NULL
        -- No payment of the list has a smaller key: this one speaks for the list.
        AND NOT EXISTS (
            SELECT 1
            FROM settling_payments AS e
            WHERE e.company = p.company
                AND e.packlist_no = p.packlist_no
                AND e.payment_id COLLATE Latin1_General_100_BIN2
                < p.payment_id COLLATE Latin1_General_100_BIN2
        )
),

lines_of_payments AS (
    SELECT
        CONCAT(
            '4|', RTRIM(d.ID_Company), '|', RTRIM(d.OMS_Payment_No), '|', RTRIM(d.OMS_Type)
        ) AS line_id,
        d.ID_Company AS company,
        d.OMS_Payment_Date AS event_date,
        CAST(
            ISNULL(
                (
                    SELECT
                        SUM(
                            CAST(
                                pp.OMS_Payment_Reconciled_Amount
                                + ISNULL(pp.OMS_Payment_Charges_Reconciled_Amount, 0)
                                AS DECIMAL(38, 4)
                            )
                        )
                    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_PACKLIST_PAYMENTS] AS pp
                    WHERE pp.ID_Company = d.ID_Company
                        AND pp.OMS_Payment_No = d.OMS_Payment_No
                        AND pp.OMS_Payment_Status IN ('waitingConfirmation', 'inProgress', 'closed')
                        AND pp.OMS_Packlist_Created_Date < @next_period_start
                        AND pp.OMS_Payment_Date < @next_period_start
                ),
                0
            )
            - d.OMS_Payment_Amount
            - ISNULL(d.OMS_Charges_Amount, 0)
            AS DECIMAL(38, 4)
        ) AS amount
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_CASHDEPOSIT] AS d
    LEFT JOIN closed_payments AS x
        ON x.company = d.ID_Company
        AND x.payment_no = d.OMS_Payment_No
    WHERE
        -- Any company: the roster is what this control tests.
        d.ID_Company IS NOT NULL
        -- Paid in, by the status as extracted.
        AND d.OMS_Payment_Status IN ('waitingConfirmation', 'inProgress', 'closed')
        -- Not closed in time.
        AND x.payment_no IS NULL
),

lines_found AS (
    SELECT line_id, company, event_date, amount FROM lines_of_transactions
    UNION ALL
    SELECT line_id, company, event_date, amount FROM lines_of_reallocations
    UNION ALL
    SELECT line_id, company, event_date, amount FROM lines_of_lists
    -- Nothing left is no line.
    WHERE CASE WHEN amount = 0 THEN 0 ELSE 1 END = 1
    UNION ALL
    SELECT line_id, company, event_date, amount FROM lines_of_payments
    -- Nothing left is no line.
    WHERE CASE WHEN amount = 0 THEN 0 ELSE 1 END = 1
),

companies_with_lines AS (
    SELECT DISTINCT l.company
    FROM lines_found AS l
    -- The item arose before the period's end.
    WHERE l.event_date < @next_period_start
)

SELECT
    c.company,
    'consolidated, with rows in this report, and not on the roster' AS problem
FROM companies_with_lines AS c
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

-- name: duplicate_dimensions
-- kind: must_be_empty
-- title: Every company of the roster stands once in the list of companies
SELECT
    'Dim_Company' AS table_name,
    k.Company_Code AS company,
    COUNT_BIG(*) AS row_count
FROM [AIG_Nav_Jumia_Reconciliation].[fdw].[Dim_Company] AS k
-- Other companies never reach this report.
WHERE k.Company_Code IN (@companies)
GROUP BY k.Company_Code
HAVING COUNT_BIG(*) > 1
ORDER BY company

-- name: alternatives
-- kind: noted
-- title: Names that map to more than one provider, partner row or bank account (D16)
WITH providers AS (
    SELECT DISTINCT
        h.ID_COMPANY AS company,
        h.NODE AS name,
        h.SERVICE_PROVIDER AS choice
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_HUBS_3PL_MAPPING] AS h
    WHERE
        -- The roster; a provider left empty is no choice.
        h.ID_COMPANY IN (@companies)
        AND h.SERVICE_PROVIDER IS NOT NULL
),

partners AS (
    SELECT DISTINCT
        c.ID_Company AS company,
        c.Name AS name,
        c.Type AS type,
        c.ERP_Name AS erp_name
    FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_COLLECTIONPARTNERS] AS c
    -- The roster.
    WHERE c.ID_Company IN (@companies)
),

accounts AS (
    SELECT DISTINCT
        b.ID_Company AS company,
        b.[Service Provider No_] AS name,
        g.[G_L Bank Account No_] AS choice
    FROM [AIG_Nav_DW].[dbo].[Bank Accounts] AS b
    INNER JOIN [AIG_Nav_DW].[dbo].[Bank Account Posting Group] AS g
        ON g.ID_Company = b.ID_Company
        AND g.Code = b.[Bank Account Posting Group]
    WHERE
        -- The roster; bank accounts of a provider; account 10058 and unknown ones left out (D16).
        b.ID_Company IN (@companies)
        AND b.[Service Provider No_] <> ''
        AND g.[G_L Bank Account No_] <> '10058'
)

SELECT
    'hub' AS kind,
    p.company,
    p.name,
    COUNT_BIG(*) AS choices
FROM providers AS p
GROUP BY p.company, p.name
HAVING COUNT_BIG(*) > 1
UNION ALL
SELECT
    'partner' AS kind,
    p.company,
    p.name,
    COUNT_BIG(*) AS choices
FROM partners AS p
GROUP BY p.company, p.name
HAVING COUNT_BIG(*) > 1
UNION ALL
SELECT
    'bank' AS kind,
    a.company,
    a.name,
    COUNT_BIG(*) AS choices
FROM accounts AS a
GROUP BY a.company, a.name
HAVING COUNT_BIG(*) > 1
ORDER BY kind, company, name
