"""The pages of packages and months in a real browser: what is seen, and that nobody is asked.

With --screenshots months of the demonstration are closed first, for pictures with a history.
"""

from __future__ import annotations

import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from soxauto_assets.entrypoints.pages_server import PagesServer, listening
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.settings import PROJECT_FOLDER, Settings
from soxauto_assets_tests.support.home import REPORT, Home
from soxauto_assets_tests.support.ui import SOXAUTO, opened_browser, small_environment

MONTH = "2024-09"
PICTURED = ("ipe_07",)
SIZE = {"width": 1200, "height": 900}

Picture = Callable[[str, int], None]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Home:
    home = Home(tmp_path_factory.mktemp("pages") / "home")
    if request.config.getoption("--screenshots"):
        command = [*SOXAUTO, "run", "--from", "2024-04", "--to", MONTH]
        for report in PICTURED:
            command += ["--report", report]
        environment = small_environment(home.folder) | {"SOXAUTO_DEMO_SIZE": "0.05"}
        subprocess.run(command, env=environment, capture_output=True, check=False)
        for role, who in (("preparer", "amina"), ("reviewer", "kofi")):
            subprocess.run(
                [*SOXAUTO, "signoff", REPORT, MONTH, "--role", role, "--key", home.key(who)],
                env=environment,
                check=True,
                capture_output=True,
            )
    else:
        home.attempt("20241001_080000Z-00000001", AttemptVerdict.PASS)
    return home


@pytest.fixture(scope="module")
def package(home: Home) -> Path:
    [folder] = (home.folder / "evidence" / "attempts" / REPORT / MONTH).iterdir()
    return folder


@pytest.fixture(scope="module")
def address(home: Home) -> Iterator[str]:
    """Where the pages of the home are served."""
    server = PagesServer(listening(0), Settings.load({"SOXAUTO_HOME": str(home.folder)}))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with opened_browser(tmp_path_factory.mktemp("profile")) as page:
        page.set_viewport_size(SIZE)
        yield page


@pytest.fixture
def picture(page: Page, request: pytest.FixtureRequest) -> Picture:
    def take(name: str, height: int) -> None:
        if request.config.getoption("--screenshots"):
            page.screenshot(
                path=PROJECT_FOLDER / "docs" / "images" / f"{name}.png",
                clip={"x": 0, "y": 0, "width": SIZE["width"], "height": height},
                full_page=True,
            )

    return take


def opened(page: Page, address: str) -> list[str]:
    """What the browser asks for when a page is opened, the page among it."""
    asked: list[str] = []

    def note(given: Request) -> None:
        asked.append(given.url)

    page.on("request", note)
    page.goto(address, wait_until="networkidle")
    page.remove_listener("request", note)
    return asked


def test_the_page_of_a_package_opens_by_a_double_click_and_asks_for_nothing(
    package: Path, page: Page, picture: Picture
) -> None:
    address = (package / "package.html").as_uri()

    assert opened(page, address) == [address]
    expect(page.locator(".stamp")).to_have_text("PASS")
    expect(page.locator("table.tie .tag.good").first).to_be_visible()
    expect(page.locator(".chart .bar.this").first).to_be_visible()
    expect(page.locator(".drawing")).to_contain_text("validated")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.scripts.length") == 0
    picture("package-page", 1780)


def test_the_page_leads_to_the_files_it_names(page: Page, address: str, package: Path) -> None:
    below = f"{address}/evidence/attempts/{REPORT}/{MONTH}/{package.name}"
    asked = opened(page, f"{below}/package.html")
    assert {urlsplit(one).hostname for one in asked} == {"127.0.0.1"}

    page.get_by_role("link", name="manifest.json", exact=True).first.click()
    expect(page.locator("body")).to_contain_text("urn:soxauto:evidence-package:3")


def test_the_page_of_a_month_shows_every_report_and_leads_to_its_package(
    page: Page, address: str, picture: Picture
) -> None:
    asked = opened(page, f"{address}/")
    assert {urlsplit(one).hostname for one in asked} == {"127.0.0.1"}
    page.get_by_role("link", name=MONTH).click()

    line = page.get_by_role("row").filter(has=page.get_by_text(REPORT, exact=True))
    expect(page.get_by_role("row")).to_have_count(16)
    expect(line.locator("td").nth(1)).to_contain_text("PASS")
    picture("month-page", 1240)
    line.get_by_role("link", name=REPORT).click()
    expect(page.locator(".stamp")).to_have_text("PASS")


def test_no_rows_are_served_and_nothing_by_another_name(address: str, package: Path) -> None:
    def status(path: str, **headers: str) -> int:
        asked = urllib.request.Request(f"{address}{path}", headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    below = f"/evidence/attempts/{REPORT}/{MONTH}/{package.name}"
    assert status(f"{below}/workpaper.xlsx") == 200
    assert status(f"{below}/data/extract.parquet") == 404
    assert status(f"{below}/nothing.json") == 404
    assert status("/evidence/attempts/../../amina.pem") == 404
    assert status("/evidence/attempts/%2e%2e/%2e%2e/trust.txt") == 404
    assert status("/state/journal.json") == 404
    assert status("/pages/", Host="evil.example") == 421
