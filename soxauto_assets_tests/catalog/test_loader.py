"""A folder of the catalogue loads whole, or fails alone with a text that names file and remedy."""

from pathlib import Path

import pytest

from soxauto_assets.catalog import loader
from soxauto_assets.catalog.loader import BrokenReportError, load_entry, parse_controls, report_ids
from soxauto_assets.catalog.model import Control, ControlKind

QUERY = """WITH report AS (
    SELECT id_company, entry_no, amount FROM [DB].[dbo].[T] WHERE id_company IN (@companies)
)
SELECT id_company, entry_no, amount FROM report ORDER BY id_company, entry_no
"""
CONTROLS = """-- Comments above the first block are allowed.

-- name: transfer
-- kind: totals
-- title: Count and totals of the very rows
SELECT COUNT_BIG(*) AS row_count FROM report

-- name: roster
-- kind: must_be_empty
-- title: Companies off the roster
SELECT 1 AS company, 2 AS problem -- a comment inside
"""
SCHEMA = """from soxauto_assets.catalog.model import Column, Integer, Numeric, Text

COLUMNS = (
    Column("id_company", Text(), "company", "T.id_company"),
    Column("entry_no", Integer(), "entry", "T.entry_no"),
    Column("amount", Numeric(18, 4), "amount", "T.amount", nullable=True),
)
"""
REPORT = """from soxauto_assets.catalog.model import CheckKind, Parameter, Report

REPORT = Report(
    id="ipe_99", title="t", control="C-PG-1", purpose="p", family="f",
    group_accounts=("1",), sources=("DB.dbo.T",), parameters=(Parameter.COMPANIES,),
    primary_key=("id_company", "entry_no"), amounts=("amount",), owner="o",
    not_applicable={
        CheckKind.WITHOUT_JOINS: "No joins.",
        CheckKind.DRIVING_TABLE: "One table.",
        CheckKind.WITNESSES: "No dates.",
        CheckKind.CUT_OFF: "No dates.",
    },
)
"""


@pytest.fixture
def catalogue(tmp_path):
    def write(name="ipe_99", **files):
        folder = tmp_path / name
        folder.mkdir()
        texts = {"query": QUERY, "controls": CONTROLS, "schema": SCHEMA, "report": REPORT} | files
        for stem, suffix in (("query", "sql"), ("controls", "sql"), ("schema", "py")):
            if texts[stem] is not None:
                (folder / f"{stem}.{suffix}").write_text(texts[stem], encoding="utf-8")
        if texts["report"] is not None:
            (folder / "report.py").write_text(texts["report"].replace("ipe_99", name))
        return tmp_path

    return write


def test_a_sound_folder_loads_with_its_own_text(catalogue):
    entry = load_entry("ipe_99", catalogue())
    assert entry.report.id == "ipe_99"
    assert [column.name for column in entry.columns] == ["id_company", "entry_no", "amount"]
    assert entry.query == QUERY
    assert entry.controls == (
        Control(
            "transfer",
            ControlKind.TOTALS,
            "Count and totals of the very rows",
            "SELECT COUNT_BIG(*) AS row_count FROM report",
        ),
        Control(
            "roster",
            ControlKind.MUST_BE_EMPTY,
            "Companies off the roster",
            "SELECT 1 AS company, 2 AS problem -- a comment inside",
        ),
    )


def test_every_report_of_the_product_loads():
    ids = report_ids()
    assert len(ids) == 14
    assert [load_entry(report_id).report.id for report_id in ids] == list(ids)


def test_the_text_keeps_the_line_ends_of_the_file(catalogue):
    folder = catalogue()
    (folder / "ipe_99" / "query.sql").write_bytes(QUERY.replace("\n", "\r\n").encode())
    assert load_entry("ipe_99", folder).query == QUERY.replace("\n", "\r\n")


def test_a_broken_folder_leaves_the_others_alone(catalogue):
    catalogue("ipe_98", schema="raise RuntimeError('boom')")
    folder = catalogue("ipe_99")
    assert report_ids(folder) == ("ipe_98", "ipe_99")
    assert load_entry("ipe_99", folder).report.id == "ipe_99"
    with pytest.raises(BrokenReportError, match=r"ipe_98/schema\.py: .*RuntimeError: boom"):
        load_entry("ipe_98", folder)


def test_a_folder_without_query_is_listed_and_fails(catalogue):
    folder = catalogue(query=None)
    assert report_ids(folder) == ("ipe_99",)
    with pytest.raises(BrokenReportError, match=r"ipe_99/query\.sql: The file is missing"):
        load_entry("ipe_99", folder)


def test_a_folder_that_is_no_report_is_not_listed(catalogue):
    folder = catalogue()
    (folder / "__pycache__").mkdir()
    (folder / "notes").mkdir()
    assert report_ids(folder) == ("ipe_99",)


def test_an_unknown_report_is_refused_with_the_known_ones(catalogue):
    with pytest.raises(BrokenReportError, match=r"no report 'ipe_77'.*ipe_99"):
        load_entry("ipe_77", catalogue())


def test_a_name_cannot_leave_the_folder(catalogue):
    with pytest.raises(BrokenReportError, match="no report"):
        load_entry("../ipe_99/../ipe_99", catalogue())


@pytest.mark.parametrize("text", ["", "  \n\n", "-- only a comment\n", "/* SELECT 1 */;", "\ufeff"])
def test_an_empty_query_file_is_a_configuration_error(catalogue, text):
    with pytest.raises(BrokenReportError, match=r"ipe_99/query\.sql: It holds no SQL statement"):
        load_entry("ipe_99", catalogue(query=text))


BROKEN = {
    "no COLUMNS": ({"schema": "X = 1"}, r"schema\.py: It defines no COLUMNS"),
    "no REPORT": ({"report": "X = 1"}, r"report\.py: It defines no REPORT"),
    "not a report": ({"report": "REPORT = 1"}, r"report\.py: REPORT is no Report"),
    "columns list": ({"schema": "COLUMNS = [1]"}, r"schema\.py: COLUMNS is no tuple"),
    "syntax error": ({"schema": "COLUMNS = ("}, r"schema\.py: It cannot be imported: SyntaxError"),
    "exits": ({"schema": "raise SystemExit(3)"}, r"cannot be imported: SystemExit"),
    "other id": ({"report": REPORT.replace('id="ipe_99"', 'id="ipe_9"')}, "not the folder's name"),
    "unknown key": (
        {"report": REPORT.replace('("id_company", "entry_no")', '("nope",)')},
        r"primary_key names nope",
    ),
    "no key": (
        {"report": REPORT.replace('("id_company", "entry_no")', "()")},
        r"primary_key is empty",
    ),
    "unknown amount": (
        {"report": REPORT.replace('amounts=("amount",)', 'amounts=("amnt",)')},
        r"amounts names amnt",
    ),
    "amount that is text": (
        {"report": REPORT.replace('amounts=("amount",)', 'amounts=("id_company",)')},
        r"id_company is no Numeric",
    ),
    "unknown balance": (
        {"report": REPORT.replace('owner="o",', 'owner="o", balance="b",')},
        r"balance names b",
    ),
    "unknown event date": (
        {"report": REPORT.replace('owner="o",', 'owner="o", event_date="d",')},
        r"event_date names d",
    ),
    "event date and excuse": (
        {"report": REPORT.replace('owner="o",', 'owner="o", event_date="entry_no",')},
        r"disagree about the cut-off",
    ),
    "nullable key": (
        {"report": REPORT.replace('("id_company", "entry_no")', '("amount",)')},
        r"Key column amount is nullable",
    ),
    "column twice": (
        {"schema": SCHEMA.replace('"entry_no"', '"id_company"')},
        r"declared twice: id_company",
    ),
    "no sources": (
        {"report": REPORT.replace('("DB.dbo.T",)', "()")},
        r"sources is empty",
    ),
    "two-part source": (
        {"report": REPORT.replace('"DB.dbo.T"', '"dbo.T"')},
        r"'dbo.T' is no three-part name",
    ),
    "control missing": (
        {"report": REPORT.replace('CheckKind.WITHOUT_JOINS: "No joins.",', "")},
        r"controls\.sql: Control without_joins, which check without_joins needs, is missing",
    ),
    "control and excuse": (
        {"report": REPORT.replace("CheckKind.WITHOUT_JOINS", "CheckKind.TRANSFER")},
        r"transfer is declared not applicable, but control transfer exists",
    ),
    "excuse without reason": (
        {"report": REPORT.replace('"No joins."', '" "')},
        r"no reason for without_joins",
    ),
    "contract excused": (
        {
            "report": REPORT.replace(
                'CheckKind.WITHOUT_JOINS: "No joins.",',
                'CheckKind.WITHOUT_JOINS: "No joins.", CheckKind.CONTRACT: "no",',
            )
        },
        r"contract cannot be declared not applicable",
    ),
    "control of another kind": (
        {"controls": CONTROLS.replace("kind: totals", "kind: noted")},
        r"Control transfer is of kind noted",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_folder_says_which_file_and_what_to_do(catalogue, case):
    files, message = BROKEN[case]
    with pytest.raises(BrokenReportError, match=message) as caught:
        load_entry("ipe_99", catalogue(**files))
    assert caught.value.problem.startswith("ipe_99/")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- a comment\n", "holds no control"),
        ("SELECT 1\n-- name: a\n-- kind: totals\n-- title: t\nSELECT 1", "above the first"),
        ("-- name: a\n-- title: t\n-- kind: totals\nSELECT 1", "no proper header"),
        ("-- name: A B\n-- kind: totals\n-- title: t\nSELECT 1", "no proper header"),
        ("-- name: a\n-- kind: totals\n-- title:\nSELECT 1", "no proper header"),
        ("-- name: a\n-- kind: sums\n-- title: t\nSELECT 1", "unknown kind 'sums'"),
        ("-- name: a\n-- kind: totals\n-- title: t\n-- nothing", "Control a has no SQL"),
        (
            "-- name: a\n-- kind: totals\n-- title: t\nSELECT 1\n"
            "-- name: a\n-- kind: totals\n-- title: t\nSELECT 2",
            "Two controls are named a",
        ),
    ],
)
def test_a_malformed_controls_file_is_refused(text, message):
    with pytest.raises(BrokenReportError, match=message):
        parse_controls(text, "ipe_99")


def test_an_entry_is_read_once_and_forgotten_on_request(catalogue):
    folder = catalogue()
    first = load_entry("ipe_99", folder)
    Path(folder / "ipe_99" / "query.sql").write_text(QUERY + "-- more")
    assert load_entry("ipe_99", folder) is first
    loader.clear_cache()
    assert load_entry("ipe_99", folder).query == QUERY + "-- more"
