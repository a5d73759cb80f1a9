"""`soxauto baseline`: in a checkout made for the test, with git as it is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from soxauto_assets.catalog.loader import CATALOG_FOLDER, clear_cache
from soxauto_assets.entrypoints.baselines import (
    ApprovalRefusedError,
    Request,
    approve_reports,
    authors_of,
    standings,
)
from soxauto_assets.entrypoints.cli import app
from soxauto_assets.evidence.demonstration_key import DemonstrationSigner
from soxauto_assets.evidence.signing import Signer
from soxauto_assets_tests.support.packages import APPROVER

ADA, ZOLA = "Ada Obi <ada@example.com>", "Zola Mbeki <zola@example.com>"
TODAY = date(2026, 11, 28)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Path]:
    """A checkout of one report, committed by Ada."""
    folder = tmp_path / "catalog"
    shutil.copytree(CATALOG_FOLDER / "cr_05", folder / "cr_05")
    for name in ("baseline.json", "baseline.dsse.json"):
        (folder / "cr_05" / name).unlink()
    shutil.copy(CATALOG_FOLDER / "scope.py", folder)
    git(folder, "init", "--quiet")
    commit(folder, ADA)
    yield folder
    clear_cache()


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def commit(folder: Path, author: str) -> None:
    git(folder, "add", "--all")
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    git(folder, *who, "commit", "--quiet", "--message=x", f"--author={author}")
    clear_cache()


def approve(
    catalog: Path, approver: str = ZOLA, signer: Signer = APPROVER, *, renew: bool = False
) -> tuple[str, ...]:
    request = Request(approver, "Kofi <kofi@example.com>", "Traced 25 rows.", 3, renew)
    return approve_reports(["cr_05"], request, signer, today=TODAY, catalog=catalog)


def state(catalog: Path, *, demonstration: bool = False) -> str:
    clear_cache()
    found = standings(["cr_05"], demonstration=demonstration, today=TODAY, catalog=catalog)
    return next(iter(found)).state


def change(catalog: Path, text: str = "-- more\n") -> None:
    query = catalog / "cr_05" / "query.sql"
    query.write_text(text + query.read_text("utf-8"), "utf-8")
    clear_cache()


def test_another_person_than_the_author_approves_for_three_years(catalog: Path) -> None:
    assert state(catalog) == "outdated"
    assert approve(catalog) == ("cr_05",)
    found = next(iter(standings(["cr_05"], demonstration=False, today=TODAY, catalog=catalog)))
    assert (found.state, found.judgement.differences) == ("approved", ())
    assert found.judgement.baseline is not None
    assert dict(found.judgement.baseline.approval) | {"public_key": "", "key_id": ""} == {
        "approver": ZOLA,
        "tester": "Kofi <kofi@example.com>",
        "authors": [ADA],
        "note": "Traced 25 rows.",
        "approved_on": "2026-11-28",
        "expires_on": "2029-11-28",
        "key_id": "",
        "public_key": "",
    }
    assert approve(catalog) == ()
    commit(catalog, ZOLA)
    assert approve(catalog, renew=True) == ("cr_05",)


@pytest.mark.parametrize("approver", [ADA, "A. Obi <ADA@example.com>", "ada obi <x@example.com>"])
def test_the_author_of_a_change_cannot_approve_it(catalog: Path, approver: str) -> None:
    with pytest.raises(
        ApprovalRefusedError, match=r"is an author of the change .*Ada Obi"
    ) as error:
        approve(catalog, approver)
    assert "Have somebody else test it" in error.value.remedy
    assert not (catalog / "cr_05" / "baseline.json").exists()


def test_every_author_since_the_last_baseline_counts_the_roster_s_too(catalog: Path) -> None:
    approve(catalog)
    commit(catalog, ZOLA)
    change(catalog)
    commit(catalog, "Bea <bea@example.com>")
    with (catalog / "scope.py").open("a", encoding="utf-8") as scope:
        scope.write("# more\n")
    commit(catalog, ZOLA)
    assert authors_of(catalog, "cr_05") == ("Bea <bea@example.com>", ZOLA)
    assert state(catalog) == "reworded"
    with pytest.raises(ApprovalRefusedError, match="Zola Mbeki"):
        approve(catalog)


def test_what_is_not_committed_has_no_author_and_is_not_approved(catalog: Path) -> None:
    change(catalog)
    with pytest.raises(ApprovalRefusedError, match=r"M cr_05/query\.sql: not committed"):
        approve(catalog)


def test_nobody_approves_outside_a_checkout_or_without_a_name(
    catalog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ApprovalRefusedError, match="names no person"):
        approve(catalog, "Zola")
    shutil.rmtree(catalog / ".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(catalog.parent))
    with pytest.raises(ApprovalRefusedError, match="git cannot tell"):
        approve(catalog)


def test_the_public_key_approves_for_the_demonstration_alone(catalog: Path) -> None:
    change(catalog)
    assert approve(catalog, "demonstration", DemonstrationSigner()) == ("cr_05",)
    assert (state(catalog, demonstration=True), state(catalog)) == ("approved", "outdated")


def test_what_ships_is_shown_as_approved_and_refused_for_sql_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["baseline", "show", "cr_05"]).exit_code == 0
    assert runner.invoke(app, ["baseline", "diff", "cr_05"]).exit_code == 0
    monkeypatch.setenv("SOXAUTO_WAREHOUSE", "sqlserver")
    refused = runner.invoke(app, ["baseline", "show", "cr_05"])
    assert refused.exit_code == 1


@pytest.mark.parametrize(
    "typed", [[], ["--demonstration", "--approver", ZOLA], ["--approver", ZOLA, "--key", "x"]]
)
def test_2_an_approval_that_says_too_little_writes_nothing(typed: list[str]) -> None:
    assert CliRunner().invoke(app, ["baseline", "approve", "cr_05", *typed]).exit_code == 2
