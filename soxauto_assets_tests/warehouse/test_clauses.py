"""What changes a text's meaning, what does not, and how a change is told."""

from __future__ import annotations

import pytest

from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.warehouse.clauses import changes, meaning

QUERY = """-- why
WITH report AS (
    SELECT a.id AS id, CAST(SUM(a.amount) AS DECIMAL(38, 20)) AS amount
    FROM [db].[dbo].[t] AS a
    LEFT JOIN [db].[dbo].[u] AS b ON b.id = a.id AND b.kind = 'x'
    WHERE a.day < @next_period_start AND a.company IN (@companies)
    GROUP BY a.id
)
SELECT id, amount FROM report ORDER BY id
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("-- why\n", "-- why, in other words\n/* and more */\n"),
        ("    SELECT a.id", "  SELECT\n\n\ta.id"),
        ("GROUP BY", "group by"),
        ("a.amount", "A.[Amount]"),
        ("@companies", "@Companies"),
        ("[u] AS b", "[u] b"),
        ("ORDER BY id\n", "ORDER BY id;\n"),
    ],
)
def test_what_changes_the_writing_alone_is_no_change(old: str, new: str) -> None:
    changed = QUERY.replace(old, new)
    assert changed != QUERY
    assert meaning("q", changed) == meaning("q", QUERY)
    assert changes("q", QUERY, changed) == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("a.day <", "a.day <=", [
            "CTE report, WHERE: removed `[a].[day] < @next_period_start`",
            "CTE report, WHERE: added `[a].[day] <= @next_period_start`",
        ]),
        (" AND a.company IN (@companies)", "", [
            "CTE report, WHERE: removed `[a].[company] IN (@companies)`",
        ]),
        ("LEFT JOIN", "INNER JOIN", [
            "CTE report, JOIN b: changed from `LEFT JOIN [db].[dbo].[u] AS [b]` to "
            "`INNER JOIN [db].[dbo].[u] AS [b]`",
        ]),
        ("b.kind = 'x'", "b.kind = 'X'", [
            "CTE report, JOIN b ON: removed `[b].[kind] = 'x'`",
            "CTE report, JOIN b ON: added `[b].[kind] = 'X'`",
        ]),
        ("SUM(a.amount)", "SUM(-a.amount)", [
            "CTE report, SELECT amount: changed from `CAST(SUM([a].[amount]) AS NUMERIC(38, 20))` "
            "to `CAST(SUM(-[a].[amount]) AS NUMERIC(38, 20))`",
        ]),
        ("DECIMAL(38, 20)", "DECIMAL(38, 2)", [
            "CTE report, SELECT amount: changed from `CAST(SUM([a].[amount]) AS NUMERIC(38, 20))` "
            "to `CAST(SUM([a].[amount]) AS NUMERIC(38, 2))`",
        ]),
        ("SELECT id, amount", "SELECT id, amount, 1 AS one", [
            "order of the SELECT list: changed from `id, amount` to `id, amount, one`",
            "SELECT one: added `1`",
        ]),
        ("SELECT id, amount", "SELECT amount, id", [
            "order of the SELECT list: changed from `id, amount` to `amount, id`",
        ]),
        ("[dbo].[t]", "[dbo].[t2]", [
            "CTE report, FROM: changed from `[db].[dbo].[t] AS [a]` to `[db].[dbo].[t2] AS [a]`",
        ]),
        ("@companies", "@countries", [
            "CTE report, WHERE: removed `[a].[company] IN (@companies)`",
            "CTE report, WHERE: added `[a].[company] IN (@countries)`",
        ]),
        ("ORDER BY id", "ORDER BY amount", [
            "ORDER BY: changed from `ORDER BY [id]` to `ORDER BY [amount]`",
        ]),
        ("SELECT a.id", "SELECT DISTINCT a.id", ["CTE report, DISTINCT: added `DISTINCT`"]),
    ],
)  # fmt: skip
def test_what_changes_the_meaning_is_told_clause_by_clause(
    old: str, new: str, words: list[str]
) -> None:
    found = changes("q", QUERY, QUERY.replace(old, new))
    assert sorted(change.words for change in found) == sorted(words)


def test_a_change_that_no_clause_shows_is_still_a_change() -> None:
    """Predicates in another order: the same in logic, but nobody here proves it."""
    turned = QUERY.replace(
        "a.day < @next_period_start AND a.company IN (@companies)",
        "a.company IN (@companies) AND a.day < @next_period_start",
    )
    (change,) = changes("q", QUERY, turned)
    assert change.place == "the statement"


def test_every_report_is_read_and_a_change_of_its_last_clause_found() -> None:
    for report in report_ids():
        query = load_entry(report).query
        assert "\nFROM report\n" in query
        assert changes(report, query, query + "-- more\n") == ()
        (change,) = changes(report, query, query.replace("\nFROM report\n", "\nFROM reports\n"))
        assert change.words == "FROM: changed from `[report]` to `[reports]`"
