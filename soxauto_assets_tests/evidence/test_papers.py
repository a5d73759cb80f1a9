"""The papers of a package: every figure is one of its files', and other programs open them."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soxauto_assets.evidence.contents import PackageContents
from soxauto_assets.evidence.papers import making
from soxauto_assets.evidence.papers.cells import exact_number
from soxauto_assets.evidence.papers.charts import bar_chart, short
from soxauto_assets.evidence.papers.cited import Cited
from soxauto_assets.evidence.papers.history import MonthFigures, periods_shown, recent_months
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress, current_key
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import StoreUnavailableError
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets_tests.support import parts
from soxauto_assets_tests.support.packages import (
    ADDRESS,
    ENTRY,
    ROWS,
    SECRET_NAME,
    failed,
    interrupted,
    published,
    sample,
    unreached,
)

HISTORY = (
    MonthFigures(Period(2024, 7), "20240801_080000Z-0123abcd", "a" * 64, 2, {"amount_lcy": "-7.5"}),
    MonthFigures(
        Period(2024, 8), "20240901_080000Z-0123abcd", "b" * 64, 5, {"amount_lcy": "1.00000000001"}
    ),
)
FORMULA = '=HYPERLINK("http://evil.example","x")'
MARKUP = "<script>alert(1)</script>"


def of_shape(shape: str, folder: Path) -> PackageContents:
    contents = replace(sample(folder), history=HISTORY)
    match shape:
        case "passed":
            return contents
        case "failed":
            return failed(contents, "contract", failing_rows=1, sample=({"entry_no": "1"},))
        case "unreached":
            return unreached(contents)
        case "interrupted":
            return interrupted(contents)
    return replace(interrupted(contents), entry=None, checks=())


@pytest.fixture
def papers_made_once() -> None:
    """Here each paper is made anew."""


SHAPES = ("passed", "failed", "unreached", "interrupted", "broken folder")


@pytest.fixture(scope="module", params=SHAPES)
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("papers")
    return published(of_shape(request.param, root), root / "store")


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("passed")
    return published(of_shape("passed", root), root / "store")


def value_at(folder: Path, origin: str) -> Any:
    """The value that a citation leads to, found without the product's own code."""
    file, _, path = origin.partition(" ")
    if not path:
        return (folder / file).exists()
    value = json.loads((folder / file).read_bytes())
    for name, quoted, index in re.findall(r"\.(\w+)|\['((?:[^'\\]|\\.)*)'\]|\[(\d+)\]", path):
        value = value[int(index)] if index else value[name or quoted.replace("\\'", "'")]
    return value


def as_shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(as_shown(item) for item in value)
        case dict():
            return ", ".join(f"{name} = {as_shown(value[name])}" for name in sorted(value))
    return str(value)


class Page(HTMLParser):
    """The links of a page, and the tags and addresses in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cited: list[tuple[str, str]] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self._open: tuple[str, list[str]] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = {name: value or "" for name, value in attrs}
        self.addresses += [given[name] for name in ("src", "href", "xlink:href") if name in given]
        if tag == "a" and "cite" in given.get("class", ""):
            self._open = (given.get("title", given["href"]), [])
        if tag == "a":
            self.links.append(given["href"])

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open:
            self.cited.append((self._open[0], "".join(self._open[1])))
            self._open = None


def test_every_line_of_the_workpaper_is_the_value_that_it_names(package: Path) -> None:
    book = openpyxl.load_workbook(package / "workpaper.xlsx")

    cited = 0
    for sheet, shown, origin in (
        ("Workpaper", 2, 4),
        ("Controls", 5, 9),
        ("Controls", 6, 10),
        ("Twelve months", 2, None),
    ):
        for row in book[sheet].iter_rows(min_row=2):
            place = row[origin - 1] if origin else row[-1]
            if place.hyperlink is None or " $" not in str(place.value):
                continue
            found = value_at(package, place.value)
            if sheet == "Controls" and not isinstance(found, str | int):
                continue  # rows that are counted
            text = "" if row[shown - 1].value is None else str(row[shown - 1].value)
            if sheet == "Controls" and place.value.startswith("checks.json"):
                assert text in found
            else:
                assert text == as_shown(found), place.value
            assert place.hyperlink.target == place.value.partition(" ")[0]
            cited += 1
    assert cited > 12


def test_the_workpaper_has_its_sheets_and_a_block_to_sign(package: Path) -> None:
    book = openpyxl.load_workbook(package / "workpaper.xlsx")

    assert book.sheetnames == [
        "Workpaper",
        "Parameters",
        "Controls",
        "Checks",
        "Data dictionary",
        "Sample",
        "Twelve months",
        "Lineage",
        "Query",
    ]
    column = [cell.value for cell in book["Workpaper"]["A"]]
    first = column.index("Sign-off")
    assert column[first : first + 4] == ["Sign-off", "role", "Prepared by", "Reviewed by"]


def test_amounts_are_exact_text_and_numbers_only_where_excel_keeps_them(passed: Path) -> None:
    sheet = openpyxl.load_workbook(passed / "workpaper.xlsx")["Workpaper"]
    lines = {row[0].value: (row[1].value, row[2].value) for row in sheet.iter_rows(min_row=4)}

    assert lines["Total of amount_lcy"] == ("6.50000000000000000001", None)
    assert lines["Rows of the extract"] == ("3", 3)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6) | st.integers())
def test_a_number_of_excel_is_the_amount_or_is_not_there(value: Decimal | int) -> None:
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    number = exact_number(text)

    assert number is None or Decimal(repr(float(number))) == Decimal(text)
    if len(text.replace("-", "").replace(".", "").strip("0")) <= 15:
        assert number == Decimal(text)


def test_no_text_of_a_source_becomes_a_formula_a_link_or_markup(tmp_path: Path) -> None:
    contents = sample(tmp_path, rows=((FORMULA, 1, ROWS[0][2], MARKUP, Decimal(1), None, None),))
    contents = failed(contents, "contract", failing_rows=1, sample=({MARKUP: FORMULA},))
    contents = replace(contents, who=MARKUP, cause=FORMULA)

    folder = published(contents, tmp_path / "store")

    book = openpyxl.load_workbook(folder / "workpaper.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert FORMULA in {cell.value for cell in cells}
    addresses = {cell.hyperlink.target for cell in cells if cell.hyperlink}
    assert not {address for address in addresses if address and "evil" in address}
    page = Page((folder / "package.html").read_text())
    assert "script" not in page.tags
    assert not [address for address in page.addresses if "evil" in address]
    assert verify_package(folder).verdict is Verification.VERIFIED


def test_personal_data_stands_in_no_paper(passed: Path) -> None:
    with zipfile.ZipFile(passed / "workpaper.xlsx") as file:
        parts_of_it = [file.read(name) for name in file.namelist()]
    texts = [*parts_of_it, (passed / "package.html").read_bytes()]

    assert not [text for text in texts if SECRET_NAME.encode() in text]
    assert any(b"***" in text for text in parts_of_it)


def test_every_figure_of_the_page_is_the_value_that_it_names(package: Path) -> None:
    page = Page((package / "package.html").read_text())

    cited = 0
    for origin, text in page.cited:
        value = value_at(package, origin)
        if isinstance(value, str) and text:
            plain = value.replace(",", "")
            is_part = text in value or text == "as expected"
            is_rounded = re.fullmatch(r"-?[\d,]+\.\d\d", text)
            assert is_part or (is_rounded and plain[:4] == text.replace(",", "")[:4]), origin
            cited += 1
        elif isinstance(value, int) and not isinstance(value, bool):
            assert text == f"{value:,}" or text == str(value), origin
            cited += 1
    assert cited > 8


def test_the_page_asks_for_nothing_and_links_to_the_files_beside_it(package: Path) -> None:
    text = (package / "package.html").read_text()
    page = Page(text)

    assert not page.tags & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert "url(" not in text.replace("url(#tip)", "")
    for address in page.links:
        assert (package / address).exists(), address


def test_the_same_contents_give_the_same_bytes(passed: Path, tmp_path: Path) -> None:
    again = published(of_shape("passed", tmp_path), tmp_path / "store")

    for name in ("workpaper.xlsx", "package.html", "attachments/history.json"):
        assert (again / name).read_bytes() == (passed / name).read_bytes()


def test_the_charts_show_twelve_months_and_mark_this_one(passed: Path) -> None:
    text = (passed / "package.html").read_text()

    assert text.count('class="bar this"') == 2  # rows and the one amount
    assert len(re.findall(r'<rect class="bar"', text)) == 4  # two months before, twice
    assert [str(p) for p in periods_shown(Period(2024, 9))][::11] == ["2023-10", "2024-09"]
    history = json.loads((passed / "attachments/history.json").read_bytes())
    assert history == {"report": "ipe_99", "months": [m.to_document() for m in HISTORY]}


def test_a_chart_is_the_same_each_time_and_bears_any_values() -> None:
    months = [str(period) for period in periods_shown(Period(2024, 9))]
    for values in ([None] * 12, [None] * 11 + [Decimal(0)], [Decimal(-3)] * 12):
        assert bar_chart("rows", months, values, 11) == bar_chart("rows", months, values, 11)
    assert [short(v) for v in (0, 950, 2745017.04, -1.2e9)] == ["0", "950", "2.745m", "-1.2bn"]


def test_a_citation_of_what_is_not_there_shows_nothing() -> None:
    cited = Cited({"a": [1]}, "x.json", "$").at("a", 3, "it's")

    assert (cited.found, cited.text, cited.origin) == (False, "", "x.json $.a[3]['it\\'s']")


def test_a_paper_that_breaks_is_left_out_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> bytes:
        raise RuntimeError("no rows of data in here")

    monkeypatch.setattr("soxauto_assets.evidence.papers.workpaper.workpaper", broken)
    folder = published(sample(tmp_path), tmp_path / "store")

    assert not (folder / "workpaper.xlsx").exists()
    assert (folder / "package.html").exists()
    last = json.loads((folder / "log.jsonl").read_text().splitlines()[-1])
    assert last["message"] == "workpaper.xlsx could not be made (RuntimeError)"
    assert verify_package(folder).verdict is Verification.VERIFIED


def test_the_months_before_come_from_the_packages_that_are_current(tmp_path: Path) -> None:
    results = LocalStore(tmp_path / "results", name="results", reserve_bytes=0)
    evidence = LocalStore(tmp_path / "evidence", name="evidence", reserve_bytes=0)
    manifest = b'{"predicate":{"data":{"rows":7,"totals":{"amount_lcy":"1.50"}}}}'
    sha256 = "cc6a46ce46bb0ce0a54ab94c4c0f8ae2b4e2ed0b9ad8ee1cba81a4ea2bcb7d21"
    for month, digest in ((Period(2024, 8), None), (Period(2024, 7), "0" * 64)):
        address = AttemptAddress("ipe_99", month, "20240901_080000Z-0123abcd")
        receipt = evidence.create(address.key("manifest.json"), manifest)
        sha256 = receipt.sha256
        results.create(
            current_key("ipe_99", month),
            b"data",
            metadata={"attempt": address.attempt, "manifest-sha256": digest or sha256},
        )

    assert recent_months(results, evidence, "ipe_99", Period(2024, 9)) == (
        MonthFigures(
            Period(2024, 8), "20240901_080000Z-0123abcd", sha256, 7, {"amount_lcy": "1.50"}
        ),
    )


def test_a_store_that_does_not_answer_costs_the_history_and_not_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path, name="results", reserve_bytes=0)

    def lost(key: str) -> None:
        raise StoreUnavailableError("It is gone.", remedy="Try again.")

    monkeypatch.setattr(store, "info", lost)
    assert recent_months(store, store, "ipe_99", Period(2024, 9)) == ()


@pytest.mark.parametrize(
    "shapes", [("passed", "interrupted"), pytest.param(SHAPES, marks=pytest.mark.prove)], ids=len
)
def test_libreoffice_opens_every_workpaper_without_a_repair(
    tmp_path_factory: pytest.TempPathFactory, shapes: tuple[str, ...]
) -> None:
    office = parts.need("libreoffice")
    root = tmp_path_factory.mktemp("office")
    for number, shape in enumerate(shapes):
        folder = published(of_shape(shape, root / str(number)), root / str(number) / "store")
        (root / f"{number}.xlsx").write_bytes((folder / "workpaper.xlsx").read_bytes())
    ended = subprocess.run(
        [
            office,
            f"-env:UserInstallation={(root / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            "ods",
            "--outdir",
            root / "out",
            *sorted(root.glob("*.xlsx")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ended.returncode == 0, ended.stderr
    assert "repair" not in (ended.stdout + ended.stderr).lower()
    for number, shape in enumerate(shapes):
        with zipfile.ZipFile(root / "out" / f"{number}.ods") as opened:
            content = opened.read("content.xml").decode()
        assert content.count("<table:table ") == 9
        verdict = of_shape(shape, root / f"again {number}").verdict.value
        assert f">{verdict}<" in content


def test_the_sample_has_no_rows_where_there_is_no_extract(tmp_path: Path) -> None:
    contents = sample(tmp_path)

    assert making.first_rows(unreached(contents)) == ()
    assert [row["customer_name"] for row in making.first_rows(contents)] == ["***", "", "***"]
    assert list(making.first_rows(contents)[0]) == [column.name for column in ENTRY.columns]
    assert ADDRESS.period == Period(2024, 9)
    assert contents.ended == datetime(2024, 10, 1, 8, 0, 42, 123456, tzinfo=UTC)
