"""The page of the control: what it says is the control, and it needs nothing but itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from soxauto_assets.reconciliation.control import Control
from soxauto_assets.reconciliation.review.drawings import trend, waterfall
from soxauto_assets.reconciliation.review.page import page
from soxauto_assets.reconciliation.review.reviewed import Row
from soxauto_assets.reconciliation.review.trend import MonthLines, months_before
from soxauto_assets.reconciliation.summary import summary
from soxauto_assets.store.local import LocalStore
from soxauto_assets_tests.reconciliation.months import PERIOD
from soxauto_assets_tests.reconciliation.review.controls import ADDRESS, colourful_control
from soxauto_assets_tests.support.ui import opened_browser


@pytest.fixture(scope="module")
def control() -> Control:
    return colourful_control()


@pytest.fixture(scope="module")
def lines(control: Control) -> list[Row]:
    return list(summary(control).to_pylist())


@pytest.fixture(scope="module")
def content(control: Control, lines: list[Row]) -> bytes:
    return page(control, lines, ADDRESS, [MonthLines(PERIOD.previous, (), absent="no control")])


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with opened_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_the_browser_shows_the_control_and_asks_no_other_host(
    content: bytes, tmp_path: Path, browser: Page
) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    browser.on("request", lambda request: asked.append(request.url))
    browser.on("console", lambda message: complaints.append(message.text))
    file = tmp_path / "pg01.html"
    file.write_bytes(content)
    browser.goto(file.as_uri())
    assert (asked, complaints) == ([file.as_uri()], [])
    expect(browser.locator(".hero .stamp")).to_have_text("INCOMPLETE")
    cells = browser.locator("#map tbody td")
    expect(cells).to_have_count(81)
    expect(browser.locator("#map tbody td.s-RECONCILED")).to_have_count(78)
    cell = browser.locator("#map td.s-TO-INVESTIGATE")
    expect(cell).to_have_text("-10.0k")
    cell.locator("a").click()
    card = browser.locator(".line:target")
    expect(card).to_contain_text("Kenya, Customer prepayments")
    expect(card.locator("rect")).to_have_count(3)
    assert browser.evaluate("document.documentElement.scrollWidth") <= 1600


def test_the_page_holds_no_script_and_no_address(content: bytes) -> None:
    text = content.decode()
    assert not re.search(r"<script|javascript:|\son\w+=|https?://|url\(|@import", text)
    assert "default-src 'none'" in text


def test_every_line_that_differs_is_drawn_and_what_is_missing_is_said(
    content: bytes, lines: list[Row]
) -> None:
    text = content.decode()
    drawn = set(re.findall(r'<article class="line [\w-]+" id="([^"]+)"', text))
    assert drawn == {
        f"{line['company']}-{line['pool']}"
        for line in lines
        if line["variance"] or line["status"] != "RECONCILED"
    }
    assert "Missing: no Jdash file of EC_NG" in text


def test_a_text_of_a_source_is_escaped(control: Control, lines: list[Row]) -> None:
    bad = [{**lines[0], "status": "INCOMPLETE", "missing": "<script>alert(1)</script>"}, *lines[1:]]
    text = page(control, bad, ADDRESS, []).decode()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text


AMOUNTS = st.decimals(-(10**9), 10**9, places=2)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_the_steps_of_a_waterfall_lead_from_the_ledger_to_the_target(
    balance: Decimal, timing: Decimal, vtc: Decimal, left: Decimal
) -> None:
    expected = balance - timing - vtc - left
    line = {
        "balance": balance,
        "expected": expected,
        "variance": balance - expected,
        "bridge_timing": timing,
        "bridge_vtc": vtc,
        "unexplained": left,
    }
    way = waterfall(line, {})
    if not (timing or vtc or left):
        assert way is None
        return
    assert way is not None
    first, *steps, last = [Decimal(bar.exact.replace(",", "")) for bar in way.bars]
    assert (first, last) == (balance, expected)
    assert first + sum(steps) == last
    assert all(bar.y >= -1 and bar.y + bar.height <= way.height for bar in way.bars)


def test_a_month_that_is_not_there_is_no_zero_in_the_trend(lines: list[Row]) -> None:
    absent = MonthLines(PERIOD.previous, (), absent="no control was made")
    drawn = trend([absent, MonthLines(PERIOD, tuple(lines))], Decimal(10_000))
    first, second = drawn.months
    assert (first.status, first.why, first.unexplained) == (None, "no control was made", None)
    assert (second.status, second.why) == ("INCOMPLETE", None)
    assert second.unexplained is not None
    assert second.unexplained.exact == "10,500.00"


def test_the_months_before_are_said_to_be_absent_where_no_control_was_made(tmp_path: Path) -> None:
    months = months_before(LocalStore(tmp_path, name="evidence"), PERIOD)
    assert [str(month.period) for month in months] == [
        "2023-10", "2023-11", "2023-12", *(f"2024-{number:02}" for number in range(1, 9)),
    ]  # fmt: skip
    assert {month.absent for month in months} == {"no control was made"}


def test_the_same_control_gives_the_same_page(
    control: Control, lines: list[Row], content: bytes
) -> None:
    absent = MonthLines(PERIOD.previous, (), absent="no control")
    assert page(replace(control), lines, ADDRESS, [absent]) == content
