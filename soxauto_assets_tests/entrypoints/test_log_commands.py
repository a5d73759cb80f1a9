"""``soxauto log``: keep a checkpoint, list the entries, verify a copy of the log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from soxauto_assets.entrypoints.cli import app
from soxauto_assets.evidence.journal import RecordKind
from soxauto_assets.evidence.log_keeping import record_in_log
from soxauto_assets.evidence.signing import LocalSigner
from soxauto_assets.store.local import LocalStore
from soxauto_assets_tests.support.logs import story, written


def test_a_checkpoint_is_kept_and_a_later_log_extends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOXAUTO_HOME", str(tmp_path))
    state, evidence = (LocalStore(tmp_path / name, name=name) for name in ("state", "evidence"))
    signer, kept = LocalSigner(tmp_path / "keys"), tmp_path / "kept.txt"
    run = CliRunner().invoke
    assert run(app, ["log", "checkpoint"]).exit_code == 1
    record_in_log(state, evidence, signer, RecordKind.HOLD, {"reason": "litigation"})

    assert run(app, ["log", "checkpoint", str(kept)]).exit_code == 0
    assert kept.read_bytes() == (tmp_path / "evidence/log/checkpoint").read_bytes()
    assert run(app, ["log", "checkpoint", str(kept)]).exit_code == 2  # never over a file
    record_in_log(state, evidence, signer, RecordKind.HOLD, {"reason": "audit"})
    listed = run(app, ["log", "show", "--json"]).stdout.splitlines()
    assert [json.loads(line)["fields"]["reason"] for line in listed] == ["litigation", "audit"]
    assert run(app, ["log", "verify", "--checkpoint", str(kept)]).exit_code == 0
    folder = str(tmp_path / "evidence")
    assert run(app, ["log", "verify", folder, "--checkpoint", str(kept)]).exit_code == 0


def test_a_copy_of_the_log_is_verified_as_json_and_exit_code_1_tells_what_differs(
    tmp_path: Path,
) -> None:
    log = written(tmp_path / "store", story())
    answer = CliRunner().invoke(app, ["log", "verify", str(log), "--json"])
    told = json.loads(answer.stdout)
    assert (answer.exit_code, told["verdict"], told["log"]["size"]) == (0, "VERIFIED", 21)
    assert len(told["log"]["current"]) == 4

    arguments = ["log", "verify", str(log), "--last", "2024-10"]
    assert CliRunner().invoke(app, arguments).exit_code == 1
    assert CliRunner().invoke(app, ["log", "verify", str(tmp_path / "nowhere")]).exit_code == 2
