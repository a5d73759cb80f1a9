"""Lineage reaches the source columns through CTEs, unions and sub-queries, and can be stored."""

import json
from dataclasses import replace

import pytest
from sqlglot import exp
from sqlglot.lineage import lineage

from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.warehouse.lineage import Lineage, lineage_of

NAV = "AIG_Nav_DW.dbo."
QUERY = """WITH open_amounts AS (
    SELECT m.id_company, m.[Cust_ Ledger Entry No_] AS entry_no,
        SUM(CAST(m.[Amount (LCY)] AS DECIMAL(38, 20))) AS amount
    FROM [AIG_Nav_DW].[dbo].[Detailed Customer Ledg_ Entry] AS m
    WHERE m.[Posting Date] < @next_period_start
    GROUP BY m.id_company, m.[Cust_ Ledger Entry No_]
    HAVING SUM(m.[Amount]) <> 0
),
both_kinds AS (
    SELECT e.id_company, e.[Entry No_] AS entry_no, e.[Document No_] AS note, o.amount,
        CASE WHEN e.[Open] = 1 THEN 'open' ELSE 'closed' END AS state
    FROM [AIG_Nav_DW].[dbo].[Customer Ledger Entries] AS e
    INNER JOIN open_amounts AS o ON o.id_company = e.id_company AND o.entry_no = e.[Entry No_]
    UNION ALL
    SELECT c.id_company, 0, c.[Name], CAST(0 AS DECIMAL(38, 20)), 'none'
    FROM [AIG_Nav_DW].[dbo].[Customers] AS c
    WHERE EXISTS (
        SELECT 1 FROM (VALUES @roster) AS r (company, country) WHERE r.company = c.ID_COMPANY
    )
),
report AS (
    SELECT b.id_company, b.entry_no, b.note, b.amount, b.state, 'x' AS fixed,
        (SELECT MAX(k.[Stream]) FROM [AIG_Nav_DW].[dbo].[Customers] AS k
         WHERE k.id_company = b.id_company) AS stream
    FROM both_kinds AS b
)
SELECT id_company, entry_no, note, amount, state, fixed, stream FROM report
ORDER BY id_company, entry_no
"""


def test_columns_filters_and_tables_are_traced_to_the_source():
    entry = replace(load_entry("ipe_07"), query=QUERY)
    ledger, movement, customers = (
        NAV + "Customer Ledger Entries",
        NAV + "Detailed Customer Ledg_ Entry",
        NAV + "Customers",
    )
    assert lineage_of(entry) == Lineage(
        columns={
            "id_company": ((ledger, "id_company"), (customers, "id_company")),
            "entry_no": ((ledger, "Entry No_"),),
            "note": ((ledger, "Document No_"), (customers, "Name")),
            "amount": ((movement, "Amount (LCY)"),),
            "state": ((ledger, "Open"),),
            "fixed": (),
            "stream": ((customers, "Stream"),),
        },
        filters=(
            (ledger, "Entry No_"),
            (ledger, "id_company"),
            (customers, "id_company"),
            (movement, "Amount"),
            (movement, "Cust_ Ledger Entry No_"),
            (movement, "Posting Date"),
            (movement, "id_company"),
        ),
        tables=(ledger, customers, movement),
    )


def test_the_document_is_json_with_full_names():
    document = lineage_of(load_entry("cr_05")).to_document()
    assert json.loads(json.dumps(document)) == document
    assert set(document) == {"columns", "filters", "tables"}
    assert list(document["columns"]) == [column.name for column in load_entry("cr_05").columns]


@pytest.mark.parametrize("report_id", ["cr_04", "ipe_08_usage"])
def test_it_agrees_with_the_parser_librarys_own_lineage(report_id):
    entry = load_entry(report_id)
    mine = lineage_of(entry).columns
    for name in mine:
        leaves = {
            (".".join(part.name for part in node.source.parts).lower(), node.name.lower())
            for node in lineage(name, entry.query, {}, dialect="tsql").walk()
            if isinstance(node.source, exp.Table) and not node.downstream
        }
        theirs = {(table, column.partition(".")[2].strip('"')) for table, column in leaves}
        assert {(table.lower(), column.lower()) for table, column in mine[name]} == theirs


def test_every_report_has_lineage_for_every_declared_column():
    for report_id in report_ids():
        entry = load_entry(report_id)
        found = lineage_of(entry)
        assert list(found.columns) == [column.name for column in entry.columns]
        assert {table.lower() for table in found.tables} == {
            source.lower() for source in entry.report.sources
        }
