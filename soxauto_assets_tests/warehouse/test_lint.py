"""Each rule of the lint catches its own fixture, no rule catches another's, and lines are right."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from soxauto_assets.catalog.loader import parse_controls
from soxauto_assets.catalog.model import (
    CatalogEntry,
    Column,
    Integer,
    Numeric,
    Parameter,
    Report,
    Text,
)
from soxauto_assets.warehouse.lint import lint_catalog, lint_entry, lint_statement
from soxauto_assets.warehouse.lint.subject import RULE_NAMES

FIXTURES = Path(__file__).parent.parent / "fixtures" / "sql"
RULES = sorted(path.stem for path in FIXTURES.glob("*.sql") if not path.stem.startswith("sound"))

ENTRY = CatalogEntry(
    report=Report(
        id="ipe_99",
        title="t",
        control="C-PG-1",
        purpose="p",
        family="f",
        group_accounts=("13003",),
        sources=("AIG_Nav_DW.dbo.Customer Ledger Entries",),
        parameters=(Parameter.COMPANIES, Parameter.PERIOD_START, Parameter.NEXT_PERIOD_START),
        primary_key=("id_company", "entry_no"),
        amounts=("amount",),
        owner="o",
    ),
    columns=(
        Column("id_company", Text(), "company", "s.id_company"),
        Column("entry_no", Integer(), "entry", "s.[Entry No_]"),
        Column("amount", Numeric(38, 20), "amount", "s.[Original Amount]"),
        Column("note", Text(), "note", "s.[Description]", nullable=True),
    ),
    query=(FIXTURES / "sound.sql").read_text(encoding="utf-8"),
    controls=(),
)


def issues_of(name):
    text = (FIXTURES / f"{name}.sql").read_text(encoding="utf-8")
    if text.startswith("-- name:"):
        (control,) = parse_controls(text, "ipe_99")
        return lint_statement(ENTRY, control)
    return lint_statement(replace(ENTRY, query=text), None)


@pytest.mark.parametrize("name", ["sound", "sound-control"])
def test_sound_sql_has_no_finding(name):
    assert issues_of(name) == ()


# A table that nobody may read is not declared among the report's sources either, and so on: a
# fixture that cannot break one rule alone names the others that it must break.
ALSO = {
    "missing-table": {"sources"},
    "three-part-name": {"missing-table", "sources"},
    "apply": {"reason", "sources"},
    "star": {"final-select"},
    "temp-table": {"three-part-name"},
}


@pytest.mark.parametrize("fixture", RULES)
def test_a_broken_rule_is_found_and_nothing_else(fixture):
    rule = re.sub(r"-of-.*", "", fixture)
    found = {issue.rule for issue in issues_of(fixture)}
    assert rule in found
    assert found - {rule} <= ALSO.get(rule, set())


def test_every_rule_has_a_fixture():
    assert {re.sub(r"-of-.*", "", fixture) for fixture in RULES} == RULE_NAMES


@pytest.mark.parametrize(
    ("fixture", "line"),
    [("clock", 11), ("untyped-null", 6), ("hint", 7), ("final-order", 15), ("missing-column", 6)],
)
def test_a_finding_names_the_line(fixture, line):
    assert {issue.line for issue in issues_of(fixture) if issue.rule == fixture} == {line}


ACCEPTED = [
    "CAST('2018-01-01' AS DATE) > s.[Posting Date]",
    "s.[Posting Date] >= CAST('2018-01-01T00:00:00' AS DATETIME)",
    "ISNULL(s.[Original Amount], 0) > 0",
    "CAST(CAST(s.[Original Amount] AS DECIMAL(38, 20)) / CAST(2 AS DECIMAL(38, 20))"
    " AS DECIMAL(38, 20)) > 1",
    "s.[Original Amount] + 1 > 0",
    "s.[Description] <> 'GETDATE() BETWEEN NOLOCK'",
    "1 = 1 /* SELECT * INTO #t WITH (NOLOCK) */",
    "s.[Entry No_] IN (SELECT TOP (1) r.[Entry No_] FROM [AIG_Nav_DW].[dbo]."
    "[Customer Ledger Entries] AS r ORDER BY r.[Entry No_])",
    "s.[DESCRIPTION] <> N'Côte' COLLATE Latin1_General_BIN2",
    "DATEDIFF(DAY, s.[Posting Date], @next_period_start) > 1",
]


@pytest.mark.parametrize("predicate", ACCEPTED)
def test_what_means_the_same_on_both_engines_is_accepted(predicate):
    query = ENTRY.query.replace("(@companies)", f"(@companies)\n        AND {predicate}")
    assert lint_statement(replace(ENTRY, query=query), None) == ()


REFUSED = {
    "s.[Posting Date] < '2024-12-31'": "date-text",
    "s.[Posting Date] < CAST('2024-12-31' AS DATETIME)": "date-text",
    "s.[Posting Date] < CAST('31/12/2024' AS DATE)": "date-text",
    "s.[Posting Date] < CURRENT_TIMESTAMP": "clock",
    "s.[Posting Date] < DATEADD(day, 1, SYSDATETIME())": "clock",
    "ISNULL(s.[Original Amount], 0.0) > 0": "isnull",
    "TRY_CAST(s.[Description] AS INT) > 0": "convert",
    "CAST(s.[Original Amount] AS DECIMAL) > 0": "size",
    "CAST(s.[Original Amount] AS FLOAT) > 0": "inexact-type",
    "N'a' + s.[Description] = 'ab'": "plus-on-text",
    "1 / 3 > 0": "division",
    "CAST(1 AS DECIMAL(9, 2)) / CAST(3 AS DECIMAL(9, 2)) > 0": "division",
    "DATEPART(dw, s.[Posting Date]) = 1": "week",
    "s.[Original Amount (LCY)] > s.nope": "missing-column",
    "nope > 0": "missing-column",
    "other.[Entry No_] > 0": "missing-column",
}


@pytest.mark.parametrize("predicate", REFUSED)
def test_what_may_mean_another_thing_is_refused(predicate):
    query = ENTRY.query.replace("(@companies)", f"(@companies)\n        AND {predicate}")
    found = [issue.rule for issue in lint_statement(replace(ENTRY, query=query), None)]
    assert found == [REFUSED[predicate]]


def test_an_amount_cast_in_an_earlier_cte_counts():
    query = ENTRY.query.replace("WITH report AS", "WITH entries AS").replace(
        ")\n\nSELECT",
        "),\n\nreport AS (SELECT e.id_company, e.entry_no, e.amount, e.note FROM entries AS e)"
        "\n\nSELECT",
    )
    assert lint_statement(replace(ENTRY, query=query), None) == ()
    uncast = query.replace("CAST(s.[Original Amount] AS DECIMAL(38, 20))", "s.[Original Amount]")
    assert [i.rule for i in lint_statement(replace(ENTRY, query=uncast), None)] == ["amount-cast"]


def test_a_control_may_repeat_the_filters_that_the_query_explains():
    (control,) = parse_controls(
        "-- name: unmapped\n-- kind: must_be_empty\n-- title: t\n"
        "SELECT s.id_company FROM [AIG_Nav_DW].[dbo].[Customer Ledger Entries] AS s\n"
        "WHERE s.id_company  IN (@companies)\n",
        "ipe_99",
    )
    assert lint_statement(ENTRY, control) == ()


def test_findings_of_controls_name_the_line_of_the_file(tmp_path):
    text = (FIXTURES / "sound-control.sql").read_text(encoding="utf-8")
    broken = text.replace("transfer", "driving_table").replace("COUNT_BIG(*)", "COUNT_BIG(*) + 1/2")
    (tmp_path / "controls.sql").write_text("-- Comment.\n\n" + text + "\n" + broken)
    entry = replace(ENTRY, controls=parse_controls(text + "\n" + broken, "ipe_99"))
    findings = [f for f in lint_entry(entry, tmp_path) if f.path.endswith("controls.sql")]
    line = (tmp_path / "controls.sql").read_text().split("COUNT_BIG(*) + 1/2")[0].count("\n") + 1
    assert [(f.line, f.rule) for f in findings] == [(line, "division")]
    assert str(findings[0]).startswith(f"{tmp_path}/controls.sql:{line}: division: driving_table: ")


def test_a_declared_parameter_that_nothing_uses_is_found(tmp_path):
    (tmp_path / "controls.sql").write_text("")
    messages = [f.message for f in lint_entry(ENTRY, tmp_path) if f.rule == "parameter"]
    assert messages == [
        "@period_start is declared, but never used.",
        "@next_period_start is declared, but never used.",
    ]


def test_a_broken_folder_is_a_finding_and_the_others_are_linted(tmp_path):
    (tmp_path / "ipe_98").mkdir()
    (tmp_path / "ipe_98" / "query.sql").write_text("")
    (finding,) = lint_catalog(tmp_path)
    assert (finding.path, finding.rule) == ("ipe_98/", "broken")
    assert "It holds no SQL statement" in finding.message


def test_the_catalogue_of_the_product_breaks_no_rule():
    assert [str(finding) for finding in lint_catalog()] == []


def test_the_command_succeeds_on_a_clean_catalogue():
    ran = subprocess.run(
        [sys.executable, "-m", "soxauto_assets.warehouse.lint"], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (0, "")
