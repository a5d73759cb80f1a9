"""`soxauto period`, `signoff` and `package zip`: what is typed, printed, written and refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from soxauto_assets.entrypoints.cli import app
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets_tests.support.home import REPORT, Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = Home(tmp_path / "home")
    monkeypatch.setenv("SOXAUTO_HOME", str(home.folder))
    return home


def typed(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def sign(home: Home, role: str, who: str) -> Result:
    return typed("signoff", REPORT, "2024-09", "--role", role, "--key", home.key(who))


def test_two_persons_sign_and_a_newer_attempt_suspends_both(home: Home) -> None:
    home.attempt("20241001_080000Z-00000001", AttemptVerdict.PASS)

    first, second = sign(home, "preparer", "amina"), sign(home, "reviewer", "kofi")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "preparer by Amina, " in first.stdout
    assert "reviewer by Kofi, " in second.stdout
    shown = typed("status", "--period", "2024-09").stdout
    assert shown.count(": stands") == 2

    home.attempt("20241002_080000Z-00000002", AttemptVerdict.FAIL)
    shown = typed("status", "--period", "2024-09").stdout
    assert shown.count("SUSPENDED, a newer attempt exists (20241002_080000Z-00000002)") == 2
    refused = sign(home, "preparer", "amina")
    assert isinstance(refused.exception, SoxautoError)
    assert "Its newest attempt says FAIL." in str(refused.exception)


def test_the_page_of_a_month_is_written_with_every_report_and_who_signed(
    home: Home, tmp_path: Path
) -> None:
    home.attempt("20241001_080000Z-00000001", AttemptVerdict.PASS)
    sign(home, "preparer", "amina")

    shown = typed("period", "2024-09")

    assert shown.exit_code == 1  # fourteen are missing, and nobody has reviewed
    page = home.folder / "pages" / "2024-09.html"
    assert f"Page: {page}" in shown.stdout
    text = page.read_text()
    assert text.count("<tr>") == 16  # fourteen reports, the control, the head
    assert '<span class="tag good">Amina</span>' in text
    assert (home.folder / "pages" / "index.html").exists()
    typed("period", "2024-09", "--html", tmp_path / "page.html")
    assert "<h1>Month 2024-09</h1>" in (tmp_path / "page.html").read_text()


def test_a_zip_is_made_once_and_verified_with_its_sign_offs(home: Home, tmp_path: Path) -> None:
    folder = home.attempt("20241001_080000Z-00000001", AttemptVerdict.PASS)
    sign(home, "preparer", "amina")
    signed = home.folder / "evidence/signoffs" / REPORT / "2024-09" / folder.name
    target = tmp_path / "package.zip"

    assert typed("package", "zip", folder, "-o", target).exit_code == 0
    assert typed("package", "zip", folder, "-o", target).exit_code == 2
    verified = typed("verify", target, "--sign-off", signed / "preparer.dsse.json")
    assert "sign-off preparer.dsse.json: preparer Amina at " in verified.stdout
    # The package is of a report ipe_99 under another one's address, which is found in the ZIP too.
    assert verified.exit_code == 1


def test_without_a_trust_file_nobody_signs(home: Home) -> None:
    (home.folder / "trust.toml").unlink()
    home.attempt("20241001_080000Z-00000001", AttemptVerdict.PASS)

    assert "There is no trust file" in str(sign(home, "preparer", "amina").exception)


def test_a_role_or_report_that_there_is_not_is_refused(home: Home) -> None:
    assert sign(home, "auditor", "amina").exit_code == 2
    unknown = typed(
        "signoff", "ipe_99", "2024-09", "--role", "preparer", "--key", home.key("amina")
    )
    assert "There is no report 'ipe_99'." in str(unknown.exception)


def test_a_key_that_others_may_read_signs_nothing(home: Home) -> None:
    home.attempt("20241001_080000Z-00000001", AttemptVerdict.PASS)
    home.key("amina").chmod(0o644)

    assert "is open to others" in str(sign(home, "preparer", "amina").exception)
