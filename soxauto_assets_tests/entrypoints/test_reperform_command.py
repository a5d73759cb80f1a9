"""`soxauto reperform`: what is typed, printed and refused, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from soxauto_assets.assets.resources import WarehouseResource
from soxauto_assets.entrypoints import reperforming
from soxauto_assets.entrypoints.cli import app
from soxauto_assets.errors import SoxautoError
from soxauto_assets.warehouse.protocol import Warehouse
from soxauto_assets_tests.support.workshop import MAY, REPORT, Workshop, small_source


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A SOXAUTO_HOME in which May's exchange rates are closed, and their source is reached."""
    source = small_source(tmp_path / "source")
    assert Workshop(tmp_path / "home", source.warehouse).attempt(REPORT, MAY).cause is None

    class Small(WarehouseResource):
        def warehouse(self) -> Warehouse:
            return source.warehouse()

    monkeypatch.setenv("SOXAUTO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(reperforming, "warehouse_resource", lambda settings: Small())
    return tmp_path


def test_the_exit_code_tells_whether_anything_differs_and_the_answer_verifies(home: Path) -> None:
    same = CliRunner().invoke(app, ["reperform", REPORT, str(MAY)])

    assert same.exit_code == 0, same.output
    assert ": SAME" in same.stdout
    small_source(home / "source", without="NG")  # Nigeria's rate is gone
    differs = CliRunner().invoke(app, ["reperform", REPORT.upper(), str(MAY)])
    assert differs.exit_code == reperforming.DIFFERENCES_FOUND == 5
    rows = {words[0]: words[1] for words in map(str.split, differs.stdout.splitlines()) if words}
    assert (rows["added"], rows["removed"], rows["changed"]) == ("0", "0", "1")  # to no rate
    folder = next(line for line in differs.stdout.splitlines() if line.startswith("Signed: "))
    verified = CliRunner().invoke(app, ["verify", folder.removeprefix("Signed: ")])
    assert (verified.exit_code, verified.stdout[:8]) == (0, "VERIFIED")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pg01", str(MAY)], "There is no report 'pg01'"),
        ([REPORT, "2024-04"], "no current package"),
    ],
)
def test_what_cannot_be_run_again_is_refused(home: Path, words: list[str], said: str) -> None:
    refused = CliRunner().invoke(app, ["reperform", *words])

    assert isinstance(refused.exception, SoxautoError)  # main() makes exit code 2 of it
    assert said in str(refused.exception)
