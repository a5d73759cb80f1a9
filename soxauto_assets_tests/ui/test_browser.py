"""A person walks through the UI: lineage, a month made by clicking, a failed month.

The tests share one UI and one browser and may be run one by one; only the last one, which ends
the UI, comes last.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.demo.faults import PLANTED, PLANTED_PERIOD
from soxauto_assets.settings import PROJECT_FOLDER
from soxauto_assets.validation.plan import check_names
from soxauto_assets.verify.findings import Verification
from soxauto_assets.verify.package import verify_package
from soxauto_assets_tests.support import parts
from soxauto_assets_tests.support.ui import (
    SOXAUTO,
    VIEW,
    RunningUi,
    opened_browser,
    small_environment,
)

REPORT = "cr_05"
MONTH = "2024-09"
FAILED_MONTH = str(PLANTED_PERIOD)
SOURCES = ("RPT_FX_RATES", "Dim_Company", "Dim_Country")
RUN_MILLISECONDS = 180_000

Picture = Callable[..., None]


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    # Not pytest's own folder: its long name would stand in the pictures.
    with tempfile.TemporaryDirectory(prefix="soxauto-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def ui(home: Path) -> Iterator[RunningUi]:
    parts.need("browser")
    running = RunningUi(small_environment(home), home / "ui.log")
    try:
        running.wait_until_it_answers()
        yield running
    finally:
        running.kill()


@pytest.fixture(scope="module")
def page(ui: RunningUi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with opened_browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def picture(page: Page, request: pytest.FixtureRequest) -> Picture:
    """Keep what is seen now as a picture of the docs, where --screenshots asks for it."""
    folder = PROJECT_FOLDER / "docs" / "images"

    def take(name: str, height: int = VIEW["height"]) -> None:
        if not request.config.getoption("--screenshots"):
            return
        folder.mkdir(exist_ok=True)
        page.mouse.move(0, 0)
        clip = {"x": 0, "y": 0, "width": VIEW["width"], "height": height}
        page.screenshot(path=folder / f"{name}.png", clip=clip, animations="disabled")

    return take


@pytest.fixture(scope="module")
def graph(ui: RunningUi, page: Page) -> str:
    """The address of the lineage page of one report, by what an auditor types into its search."""
    page.goto(ui.address)
    page.get_by_role("link", name="Lineage").click()
    expect(page.get_by_text("fx_rates").first).to_be_visible()
    page.get_by_text("Hide navigation").click()
    page.locator(".CodeMirror").click()
    page.keyboard.type(f'+key:"{REPORT}/evidence"')
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Materialize all (3)")).to_be_visible()
    return page.url


@pytest.fixture(scope="module")
def passed_month(graph: str, page: Page) -> None:
    """The report of one month, made by clicking, from the button in its graph."""
    page.get_by_role("button", name="Materialize all (3)").click()
    months = page.get_by_placeholder("ex: 2024-01")
    months.fill(MONTH)
    months.press("Enter")
    page.get_by_role("button", name="Launch 1 run").click()
    page.get_by_text("Launched run").wait_for()
    page.get_by_role("link", name="View", exact=True).click()
    ended = page.get_by_text(re.compile("^RUN_(SUCCESS|FAILURE)$"))
    expect(ended).to_have_text("RUN_SUCCESS", timeout=RUN_MILLISECONDS)


@pytest.fixture(scope="module")
def failed_month(passed_month: None, ui: RunningUi, home: Path) -> None:
    """The planted month, closed from the command line while the UI is open."""
    command = [*SOXAUTO, "run", "--period", FAILED_MONTH, "--report", REPORT]
    ended = subprocess.run(
        command, env=small_environment(home), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, "FAIL" in ended.stdout) == (1, True), ended.stdout + ended.stderr


def _open(page: Page, ui: RunningUi, stage: str, tab: str) -> None:
    page.goto(f"{ui.address}/assets/{REPORT}/{stage}")
    page.get_by_role("tab", name=tab).click()


def _metadata(page: Page, name: str) -> Locator:
    """The value beside a name, in any of the UI's tables of metadata."""
    names = page.get_by_role("row").filter(has=page.get_by_text(name, exact=True))
    return names.first.get_by_role("cell").nth(1)


def _package(page: Page) -> Path:
    package = Path(_metadata(page, "package").inner_text().strip())
    assert (package / "manifest.json").is_file()
    return package


def _checks(package: Path) -> dict[str, dict[str, str]]:
    checks = json.loads((package / "checks.json").read_text())["checks"]
    return {check["name"]: check for check in checks}


def _dot(page: Page, month: str) -> Locator:
    """The coloured dot beside a month in the list of partitions."""
    return page.locator(f"[data-tooltip='{month}'] + [style*='background']")


def _state(page: Page, check: str) -> Locator:
    """The entry of a check in the list beside its details: its name and state."""
    return page.get_by_title(check, exact=True).locator("..")


def test_a_report_leads_from_its_source_tables_to_its_package(
    graph: str, passed_month: None, page: Page, picture: Picture
) -> None:
    page.goto(graph)
    page.get_by_label("panel_show_right").last.click()
    page.get_by_label("settings").last.click()
    page.get_by_role("menuitem", name="Expand all groups").click()
    page.keyboard.press("Escape")
    nodes = page.locator("svg foreignObject")
    for name in (*SOURCES, "extract", "validated", "evidence"):
        expect(nodes.get_by_text(name, exact=True).first).to_be_visible()
    expect(nodes.get_by_text(REPORT, exact=True)).to_have_count(3)
    expect(nodes.get_by_text("9 / 9 Passed")).to_be_visible()
    picture("lineage")


def test_every_check_of_a_month_is_seen_with_what_was_expected_and_found(
    passed_month: None, ui: RunningUi, page: Page, picture: Picture
) -> None:
    _open(page, ui, "evidence", "Events")
    packed = _checks(_package(page))
    _open(page, ui, "validated", "Checks")
    for name, title in check_names(load_entry(REPORT)):
        expect(_state(page, name)).to_contain_text("Succeeded")
        page.get_by_title(name, exact=True).first.click()
        expect(page.get_by_text(title).first).to_be_visible()
        expect(_metadata(page, "period")).to_have_text(MONTH)
        expect(_metadata(page, "expected")).to_have_text(packed[name]["expected"])
        expect(_metadata(page, "found")).to_have_text(packed[name]["found"])
    page.get_by_title("transfer", exact=True).first.click()
    picture("month-checks", height=640)


def test_the_evidence_of_a_month_names_a_package_that_verifies(
    passed_month: None, ui: RunningUi, page: Page
) -> None:
    _open(page, ui, "evidence", "Partitions")
    page.get_by_title(MONTH, exact=True).click()
    expect(page.get_by_text("Materialized", exact=True)).to_be_visible()
    expect(_dot(page, MONTH)).to_have_attribute("style", re.compile("green"))
    expect(_metadata(page, "verdict")).to_have_text("PASS")
    assert verify_package(_package(page)).verdict is Verification.VERIFIED


def test_a_failed_month_is_red_with_its_failed_check_and_its_package(
    failed_month: None, ui: RunningUi, page: Page, picture: Picture
) -> None:
    [broken] = PLANTED[REPORT].checks
    _open(page, ui, "evidence", "Partitions")
    page.get_by_title(FAILED_MONTH, exact=True).click()
    expect(page.get_by_text("failed, and did not materialize this asset")).to_be_visible()
    expect(page.get_by_text("Materialized", exact=True)).to_have_count(0)
    expect(_dot(page, FAILED_MONTH)).to_have_attribute("style", re.compile("red"))
    picture("failed-month")

    page.get_by_role("tab", name="Events").click()
    expect(page.get_by_text(f"Partition {FAILED_MONTH} observed")).to_be_visible()
    expect(_metadata(page, "verdict")).to_have_text("FAIL")
    expect(_metadata(page, "cause")).to_contain_text(broken)
    package = _package(page)
    assert verify_package(package).verdict is Verification.VERIFIED
    picture("failed-package")

    _open(page, ui, "validated", "Checks")
    for name, _ in check_names(load_entry(REPORT)):
        state = "Failed" if name == broken else "Succeeded"
        expect(_state(page, name)).to_contain_text(state)
    page.get_by_title(broken, exact=True).first.click()
    expect(_metadata(page, "period")).to_have_text(FAILED_MONTH)
    expect(_metadata(page, "expected")).to_have_text(_checks(package)[broken]["expected"])
    expect(_metadata(page, "found")).to_have_text(_checks(package)[broken]["found"])
    picture("failed-check", height=710)


def test_the_page_of_a_package_opens_from_the_ui(
    passed_month: None, ui: RunningUi, page: Page
) -> None:
    _open(page, ui, "evidence", "Partitions")
    page.get_by_title(MONTH, exact=True).click()
    expect(page.get_by_text("Materialized", exact=True)).to_be_visible()
    package = _package(page)
    address = _metadata(page, "page").get_by_role("link").first.get_attribute("href")
    below = f"evidence/attempts/{REPORT}/{MONTH}/{package.name}/package.html"
    assert address == f"{ui.pages}/{below}"

    page.goto(address)
    expect(page.locator(".stamp")).to_have_text("PASS")


def test_the_terminal_of_the_ui_tells_its_address_the_steps_of_runs_and_nothing_else(
    passed_month: None, ui: RunningUi
) -> None:
    address, *log = ui.output.splitlines()
    assert address.startswith(f"Dagster UI: {ui.address}")
    step = re.compile(rf" - INFO - .* {REPORT} {MONTH}: ")
    assert "\n".join(line for line in log if not step.search(line)) == ""


def test_ctrl_c_ends_every_process_of_the_ui(ui: RunningUi) -> None:
    assert ui.press_ctrl_c() == 0
    assert ui.living_processes() == []
