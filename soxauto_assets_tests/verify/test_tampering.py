"""Whatever is changed in a package is found, and named."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from soxauto_assets.evidence.package import publish
from soxauto_assets.period import Period
from soxauto_assets.store.local import LocalStore
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets_tests.support.packages import (
    ADDRESS,
    SEALING,
    copied,
    edit,
    interrupted,
    published,
    reseal,
    sample,
)

FILES = [
    "README.txt",
    "checks.json",
    "controls.json",
    "data/content-digest.txt",
    "data/extract.parquet",
    "environment.json",
    "failing_rows.json",
    "lineage.json",
    "log.jsonl",
    "manifest.dsse.json",
    "manifest.json",
    "package.html",
    "parameters.json",
    "schema.json",
    "source.json",
    "sql/catalogue/controls/roster.sql",
    "sql/catalogue/query.sql",
    "sql/controls/transfer.sql",
    "sql/query.sql",
    "verify.pyz",
    "workpaper.xlsx",
]


def difference(folder: Path) -> str:
    """The first difference, in words, of a package that must not verify."""
    report = verify_package(folder)
    assert report.verdict is Verification.DIFFERS
    assert report.first_difference is not None
    return report.first_difference


# -- bytes, files, names: each file here, anything at random in test_mutations.py


def replaced(path: Path, content: bytes | None) -> None:
    path.unlink()
    if content is not None:
        path.write_bytes(content)


def test_a_change_of_any_one_file_is_found_and_the_file_named(folder: Path) -> None:
    for name in FILES:
        path = folder / name
        content = path.read_bytes()
        half = len(content) // 2
        flipped = content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]
        for changed in (flipped, content + b"\n", content[:-1], b"", None):
            replaced(path, changed)

            assert name in difference(folder)

            path.write_bytes(content)
    assert verify_package(folder).verdict is Verification.VERIFIED


@pytest.mark.parametrize("name", [".hidden", "data/second.parquet", "a/b/c/d"])
def test_an_added_file_is_found(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("x")

    assert difference(folder) == (
        f"files that the manifest does not list: expected none; found {name}."
    )


def test_two_files_that_took_each_others_name_are_found(folder: Path) -> None:
    (folder / "lineage.json").rename(folder / "x")
    (folder / "environment.json").rename(folder / "lineage.json")
    (folder / "x").rename(folder / "environment.json")

    assert "environment.json" in difference(folder)


@pytest.mark.parametrize("name", ["data/extract.parquet", "checks.json"])
def test_a_link_in_place_of_a_file_is_found_even_to_the_same_bytes(
    folder: Path, tmp_path: Path, name: str
) -> None:
    shutil.move(folder / name, tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")

    assert difference(folder).endswith("found something that is no plain file.")


def test_another_months_data_is_found(folder: Path, tmp_path: Path) -> None:
    other = sample(tmp_path / "other", ())
    assert other.data is not None
    shutil.copy(other.data.path, folder / "data/extract.parquet")

    assert "data/extract.parquet" in difference(folder)


@pytest.mark.parametrize(
    "change",
    [{"period": Period(2024, 8)}, {"report": "ipe_98"}, {"attempt": "20241001_080000Z-ffffffff"}],
    ids=["period", "report", "attempt"],
)
def test_another_package_under_this_name_is_found(
    folder: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    address = replace(ADDRESS, **change)
    store = LocalStore(tmp_path / "other", name="evidence", reserve_bytes=0)
    publish(interrupted(sample(tmp_path)), address, store, SEALING)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "other" / address.prefix, folder)

    assert difference(folder).startswith("folder of the package: expected ")


# -- the manifest


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b",", b", "),
        lambda content: content + b"\n",
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b'"cause":null', b'"cause":null,"cause":null'),
        lambda content: content.replace(b'"rows_reached":3', b'"rows_reached":3.0'),
        lambda content: content.replace(b"C-PG-1", b"\\u0043-PG-1"),
        lambda content: content.decode().encode("utf-16"),
        lambda content: b"[" * 100_000,
        lambda content: b"null",
        lambda content: b"",
    ],
)
def test_a_manifest_written_otherwise_is_found(
    folder: Path, change: Callable[[bytes], bytes]
) -> None:
    content = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(change(content))

    assert difference(folder).startswith("manifest.json, ")


def _set(*path: str | int, to: object) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for part in path[:-1]:
            value = value[part]
        value[path[-1]] = to

    return change


def _drop(*path: str | int) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for part in path[:-1]:
            value = value[part]
        del value[path[-1]]

    return change


MANIFEST_EDITS = {
    "a total": _set("predicate", "data", "totals", "amount_lcy", to="6.49"),
    "the verdict": _set("predicate", "verdict", to="FAIL"),
    "a check": _set("predicate", "checks", 0, "verdict", to="FAIL"),
    "who": _set("predicate", "attempt", "who", to="somebody@else"),
    "a row count": _set("predicate", "data", "rows", to=4),
    "a digest": _set("subject", 0, "digest", "sha256", to="0" * 64),
    "a size": _set("subject", 0, "annotations", "size", to=1),
}


@pytest.mark.parametrize("what", MANIFEST_EDITS)
def test_an_edited_manifest_is_found_by_its_own_digest(folder: Path, what: str) -> None:
    edit(folder, "manifest.json", MANIFEST_EDITS[what])

    assert difference(folder).startswith(
        "manifest.json, the digest of the manifest itself: expected "
    )


RESEALED_MANIFEST_EDITS = {
    "a total": (
        MANIFEST_EDITS["a total"],
        "total of amount_lcy: expected 6.49; found 6.50000000000000000001.",
    ),
    "a total as a float": (
        _set("predicate", "data", "totals", "amount_lcy", to="6.5e0"),
        "manifest.json, data.totals.amount_lcy: ",
    ),
    "a missing total": (
        _set("predicate", "data", "totals", to={}),
        "columns with a total: expected amount_lcy; found .",
    ),
    "a row count": (MANIFEST_EDITS["a row count"], "row count: expected 4; found 3."),
    "the rows reached": (
        _set("predicate", "rows_reached", to=4),
        "rows reached: expected 3; found 4.",
    ),
    "the verdict": (
        MANIFEST_EDITS["the verdict"],
        "verdict in checks.json: expected FAIL; found PASS.",
    ),
    "the cause": (
        _set("predicate", "cause", to="Because."),
        "cause in checks.json: expected Because.; found none.",
    ),
    "a check": (MANIFEST_EDITS["a check"], "checks in checks.json: expected transfer FAIL, "),
    "a missing check": (
        _drop("predicate", "checks", 0),
        "checks in checks.json: expected without_joins PASS, ",
    ),
    "the content digest": (
        _set("predicate", "data", "content_digest", to="0" * 64),
        "content digest: expected 0000",
    ),
    "the period": (
        _set("predicate", "period", "name", to="2024-10"),
        "manifest.json, period.start: ",
    ),
    "a bound of the period": (
        _set("predicate", "period", "next_start", to="2024-11-01T00:00:00.000000"),
        "manifest.json, period.next_start: expected one of 2024-10-01T00:00:00.000000; ",
    ),
    "the key": (
        _set("predicate", "report", "primary_key", to=["entry_no"]),
        "report in schema.json: ",
    ),
    "an unknown field": (_set("predicate", "more", to=1), "manifest.json, predicate: "),
    "a missing field": (_drop("predicate", "stored"), "manifest.json, predicate: "),
    "another format": (
        _set("predicateType", to="urn:soxauto:evidence-package:4"),
        "manifest.json, predicateType: ",
    ),
    "a file that is left out of the list": (
        _drop("subject", 0),
        "documents that are missing from the list: expected none; found README.txt.",
    ),
    "a query that is left out of the list": (
        lambda statement: statement["subject"].pop(-3),
        "files that the manifest does not list: expected none; found sql/query.sql.",
    ),
    "a file of an interrupted attempt in a PASS": (
        _set("subject", -3, "annotations", "note", to="left by the interrupted attempt"),
        "statements in parameters.json: ",
    ),
    "an extract of another attempt in the results store": (
        _set("predicate", "stored", 0, "key", to="attempts/ipe_99/2024-08/x/extract.parquet"),
        "objects in the results store: ",
    ),
    "another extract in the results store": (
        _set("predicate", "stored", 0, "sha256", to="0" * 64),
        "extract in the results store: ",
    ),
    "data that the manifest does not speak of": (
        _set("predicate", "data", to=None),
        "files that no package has: ",
    ),
    "no data, which a PASS must have": (
        lambda statement: (
            statement["predicate"].update(data=None),
            statement.update(
                subject=[s for s in statement["subject"] if not s["name"].startswith("data/")]
            ),
        ),
        "files that the manifest does not list: ",
    ),
}


@pytest.mark.parametrize("what", RESEALED_MANIFEST_EDITS)
def test_an_edit_is_found_even_where_the_digests_were_made_to_fit(folder: Path, what: str) -> None:
    change, expected = RESEALED_MANIFEST_EDITS[what]
    edit(folder, "manifest.json", change)
    reseal(folder)

    assert difference(folder).startswith(expected)


@pytest.mark.parametrize(
    "name",
    [
        "../manifest.json",
        "/etc/passwd",
        "a//b",
        "a\\b",
        "c:x",
        ".x",
        "a/.b",
        "a\nb",
        "manifest.json",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_before_anything_is_opened(
    folder: Path, name: str
) -> None:
    def change(statement: Any) -> None:
        statement["subject"][0]["name"] = name
        statement["predicate"]["self_digest"] = ""

    edit(folder, "manifest.json", change)

    assert difference(folder).startswith("manifest.json, subject: expected safe names below")


# -- documents and data, with every digest made to fit


def _to_pass(name: str) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for check in document["checks"]:
            if check["name"] == name:
                check["verdict"] = "PASS"

    return change


DOCUMENT_EDITS = {
    "a control total of the source": (
        "controls.json",
        _set("controls", 0, "rows", 0, "sum_amount_lcy", to="6.51"),
        "check transfer, sum_amount_lcy: expected 6.51; found 6.50000000000000000001.",
    ),
    "a row count of the source": (
        "controls.json",
        _set("controls", 2, "rows", 0, "row_count", to=4),
        "check driving_table, row_count: expected 4; found 3.",
    ),
    "the last event of the source": (
        "controls.json",
        _set("controls", 0, "rows", 0, "last_event", to="2024-09-29"),
        "check transfer, last_event: expected 2024-09-29; found 2024-09-30T00:00:00.000000.",
    ),
    "a control that did not run": (
        "controls.json",
        _set("controls", 1, "rows", to=None),
        "check without_joins, rows of its control: expected one row of totals; found none, it did",
    ),
    "a control without its count": (
        "controls.json",
        _drop("controls", 2, "rows", 0, "row_count"),
        "check driving_table, figures of the source: expected figures of the data; found none.",
    ),
    "a control without the sum that it proves": (
        "controls.json",
        _drop("controls", 0, "rows", 0, "sum_amount_lcy"),
        "check transfer, figures of the source: expected first_event, last_event, row_count, "
        "sum_amount_lcy; found first_event, last_event, row_count.",
    ),
    "witnesses that the source did not name": (
        "controls.json",
        _set("controls", 3, "rows", to=[]),
        "check witnesses, rows inside the period: expected one at least; found 0.",
    ),
    "witnesses that nobody looked for": (
        "controls.json",
        _set("controls", 4, "rows", to=None),
        "check witnesses, controls witness_after: expected some that ran; found 1 that did not",
    ),
    "a control that is gone": (
        "controls.json",
        _drop("controls", 0),
        "check transfer: expected a control or rule that proves it; found none.",
    ),
    "a finding of the roster": (
        "controls.json",
        _set("controls", 5, "rows", to=[{"company": "EC_XX"}]),
        "check roster, rows of its control: expected 0 rows; found 1 rows.",
    ),
    "a witness inside": (
        "controls.json",
        _set("controls", 3, "rows", 0, "entry_no", to=7),
        "check witnesses, witness_inside ec_ng, 7: expected in the extract; ",
    ),
    "a witness after": (
        "controls.json",
        _set("controls", 4, "rows", 0, "entry_no", to=2),
        "check witnesses, witness_after EC_NG, 2: expected not in the extract; ",
    ),
    "a witness by other columns": (
        "controls.json",
        _set("controls", 4, "rows", to=[{"other": 1}]),
        "check witnesses, witness_after: expected id_company, entry_no; found other.",
    ),
    "a witness that is no number": (
        "controls.json",
        _set("controls", 4, "rows", 0, "entry_no", to="x"),
        "data: expected a Parquet file that can be read; found ConversionException",
    ),
    "a verdict of a check": (
        "checks.json",
        _set("checks", 0, "verdict", to="FAIL"),
        "checks in checks.json: ",
    ),
    "a check that no longer applies": (
        "schema.json",
        _set("report", "not_applicable", to={"roster": "So be it."}),
        "checks that are declared not applicable: expected roster; found none.",
    ),
    "the statement of a check that was never declared": (
        "schema.json",
        _set("report", "amounts", to=[]),
        "report in schema.json: ",
    ),
    "the type of a column": (
        "schema.json",
        _set("columns", 4, "type", to="decimal(18,4)"),
        "columns of the data: ",
    ),
    "the order of columns": (
        "schema.json",
        lambda schema: schema["columns"].reverse(),
        "columns of the data: ",
    ),
    "a column that must have values": (
        "schema.json",
        _set("columns", 5, "nullable", to=False),
        "check contract, broken rules: expected none; found changed_at not null: 2 rows.",
    ),
    "the length of a text": (
        "schema.json",
        _set("columns", 0, "type", to="text(4)"),
        "check contract, broken rules: expected none; found id_company length <= 4: 3 rows.",
    ),
    "the values allowed": (
        "schema.json",
        _set("columns", 0, "allowed", to=["EC_NG", "it's"]),
        "check contract, broken rules: expected none; found id_company one of the values allowed: "
        "1 rows.",
    ),
    "the least amount": (
        "schema.json",
        _set("columns", 4, "minimum", to="0.00"),
        "check contract, broken rules: expected none; found amount_lcy >= 0.00: 1 rows.",
    ),
    "a pattern": (
        "schema.json",
        _set("columns", 0, "pattern", to="EC_K."),
        "check contract, broken rules: expected none; found id_company matches its pattern: 2",
    ),
    "the bounds of the period": (
        "parameters.json",
        _set("period", "name", to="2024-10"),
        "period in parameters.json: ",
    ),
    "a statement that was not sent": (
        "parameters.json",
        _drop("statements", 0),
        "statements in parameters.json: ",
    ),
    "an unknown field": ("checks.json", _set("more", to=1), "checks.json: "),
    "a missing document field": ("failing_rows.json", _drop("checks"), "failing_rows.json: "),
}


@pytest.mark.parametrize("what", DOCUMENT_EDITS)
def test_documents_that_disagree_are_found_even_where_the_digests_fit(
    folder: Path, what: str
) -> None:
    name, change, expected = DOCUMENT_EDITS[what]
    edit(folder, name, change)
    reseal(folder)

    assert difference(folder).startswith(expected)


def _data_claims(folder: Path, **claims: object) -> None:
    edit(folder, "manifest.json", lambda statement: statement["predicate"]["data"].update(claims))


def test_changed_data_is_found_by_the_column_even_where_the_digests_fit(folder: Path) -> None:
    path = folder / "data/extract.parquet"
    table = pq.read_table(path)
    names = table.column("customer_name").to_pylist()
    changed = table.set_column(3, table.field(3), [["Somebody", *names[1:]]])
    pq.write_table(changed, path)
    edit(
        folder,
        "manifest.json",
        lambda s: s["predicate"].update(stored=[]),
    )
    reseal(folder)

    found = difference(folder)

    assert found.startswith("content of the data: expected column text ")
    assert found.endswith(" customer_name.")


def test_the_same_rows_in_another_order_are_other_data(folder: Path) -> None:
    path = folder / "data/extract.parquet"
    pq.write_table(pq.read_table(path).take([2, 1, 0]), path)
    edit(folder, "manifest.json", lambda s: s["predicate"].update(stored=[]))
    reseal(folder)

    assert difference(folder).startswith("content of the data: ")


def test_data_that_is_no_parquet_is_found_and_not_trusted(folder: Path) -> None:
    (folder / "data/extract.parquet").write_bytes(b"PAR1 no more PAR1")
    edit(folder, "manifest.json", lambda s: s["predicate"].update(stored=[]))
    reseal(folder)

    assert difference(folder).startswith("data: expected a Parquet file that can be read; found ")


@pytest.mark.parametrize(
    ("rows", "check", "expected"),
    [
        ("twice", "primary_key", "check primary_key, keys used twice: expected 0; found 1."),
        ("late", "cut_off", "check cut_off, rows after the period: expected 0; found 1."),
    ],
)
def test_a_check_that_was_turned_to_pass_is_found_from_the_data(
    tmp_path: Path, rows: str, check: str, expected: str
) -> None:
    from soxauto_assets_tests.verify.test_intact_packages import SHAPES

    shape = {"twice": "FAIL for a duplicate key", "late": "FAIL for late rows"}[rows]
    contents = SHAPES[shape](tmp_path)
    folder = copied(published(contents, tmp_path / "store"), tmp_path / "copy")
    edit(folder, "checks.json", _to_pass(check))
    edit(folder, "manifest.json", lambda s: _to_pass(check)(s["predicate"]))
    reseal(folder)

    assert difference(folder).startswith(expected)


def test_a_fail_that_was_turned_to_pass_everywhere_is_found_from_the_data(tmp_path: Path) -> None:
    from soxauto_assets_tests.verify.test_intact_packages import SHAPES

    contents = SHAPES["FAIL for a lost row"](tmp_path)
    folder = copied(published(contents, tmp_path / "store"), tmp_path / "copy")

    def lie(document: Any) -> None:
        document.update(verdict="PASS", cause=None)
        for check in document["checks"]:
            check["verdict"] = "PASS"

    edit(folder, "checks.json", lie)
    edit(folder, "manifest.json", lambda statement: lie(statement["predicate"]))
    reseal(folder)

    report = verify_package(folder)
    assert [finding.words for finding in report.checks if not finding.ok] == [
        "check driving_table, row_count: expected 3; found 2.",
        "check transfer, last_event: expected 2024-09-30; found 2024-09-01T00:00:00.000000.",
        "check transfer, row_count: expected 3; found 2.",
        "check without_joins, row_count: expected 3; found 2.",
        "check witnesses, witness_inside ec_ng, 2: expected in the extract; "
        "found not in the extract.",
    ]


def test_the_digest_that_a_forger_must_fit_is_the_one_the_docs_describe(folder: Path) -> None:
    before = (folder / "manifest.json").read_bytes()
    reseal(folder)

    assert (folder / "manifest.json").read_bytes() == before
    assert hashlib.sha256(before).hexdigest() in verify_package(folder).checks[0].found
