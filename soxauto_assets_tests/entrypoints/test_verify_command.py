"""`soxauto verify`: what its exit code and its first line say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from soxauto_assets.entrypoints.cli import app
from soxauto_assets_tests.support.keys import KeySigner, trusted_key
from soxauto_assets_tests.support.packages import APPROVER, SIGNER, copied, published, sample
from soxauto_assets_tests.verify.test_golden_packages import GOLDEN

PENDING = GOLDEN / "2/pending/ipe_99/2024-09/20241001_080000Z-0123abcd"


def verify(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["verify", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return published(sample(tmp_path), tmp_path / "store")


def first_line(result: Result) -> str:
    return result.stdout.splitlines()[0]


def test_0_everything_holds(folder: Path) -> None:
    result = verify(folder)

    assert result.exit_code == 0
    assert first_line(result).startswith("VERIFIED all ")
    assert "self-asserted: the key vouches for itself" in result.stdout


def test_1_something_differs(folder: Path, tmp_path: Path) -> None:
    folder = copied(folder, tmp_path / "copy")
    (folder / "log.jsonl").unlink()
    result = verify(folder)

    assert result.exit_code == 1
    assert first_line(result).startswith("DIFFERS ")


def test_0_also_by_the_address_that_an_alert_gives(folder: Path, tmp_path: Path) -> None:
    folder = copied(folder, tmp_path / "a copy of 100 %")
    assert verify(f"{folder.as_uri()}/").exit_code == 0


@pytest.mark.parametrize("folder", ["/no/such/folder", "s3://bucket/attempts/ipe_07"])
def test_2_a_folder_that_is_not_there_is_no_package_that_differs(folder: str) -> None:
    result = verify(folder)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "There is no folder" in result.stderr


def test_3_integrity_holds_but_nothing_was_recomputed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    result = verify(folder)

    assert result.exit_code == 3
    assert first_line(result).startswith("NOT RECOMPUTED: ")


def test_4_the_time_stamp_is_pending(monkeypatch: pytest.MonkeyPatch) -> None:
    result = verify(PENDING)

    assert result.exit_code == 4
    assert first_line(result).startswith("TIME PENDING: ")

    monkeypatch.setitem(sys.modules, "duckdb", None)
    result = verify(PENDING)
    assert result.exit_code == 4
    assert "TIME PENDING" in first_line(result)
    assert "NOT RECOMPUTED" in first_line(result)


def test_a_trust_file_decides_whose_signature_counts(folder: Path, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.toml", tmp_path / "other.toml"
    approver = trusted_key(APPROVER, holder='person = "Zola"', roles='["approver"]')
    mine.write_text(trusted_key(SIGNER) + approver)
    other.write_text(trusted_key(KeySigner(2)))

    assert verify(folder, "--trust", mine).exit_code == 0
    assert verify(folder, "--trust", other).exit_code == 1
    assert "self-asserted" not in verify(folder, "--trust", mine).stdout


def test_2_a_trust_file_that_cannot_be_used_verifies_nothing(folder: Path, tmp_path: Path) -> None:
    result = verify(folder, "--trust", tmp_path / "missing.toml")

    assert result.exit_code == 2
    assert result.stdout == ""
