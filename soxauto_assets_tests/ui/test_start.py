"""How the UI is started: by `soxauto ui`, and by Dagster's own `dg`."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from soxauto_assets.entrypoints.ui import PortInUseError, require_free, ui_command
from soxauto_assets.settings import PROJECT_FOLDER, Settings
from soxauto_assets_tests.support.ui import small_environment


def test_a_port_that_something_listens_on_is_refused_by_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"Port {port} ") as refused:
            require_free(port)
        assert f"http://127.0.0.1:{port}" in refused.value.remedy
    require_free(port)


def test_runs_started_in_the_ui_link_to_its_own_address(tmp_path: Path) -> None:
    settings = Settings.load({"SOXAUTO_HOME": str(tmp_path)})
    _, environment = ui_command(settings, 3100, {})
    assert environment == {
        "SOXAUTO_HOME": str(tmp_path),
        "SOXAUTO_UI_URL": "http://127.0.0.1:3100",
    }
    _, environment = ui_command(settings, 3100, {"SOXAUTO_UI_URL": "https://dagster.example"})
    assert environment["SOXAUTO_UI_URL"] == "https://dagster.example"


def test_a_home_named_from_the_current_folder_stays_the_same_in_the_ui(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, environment = ui_command(Settings.load({"SOXAUTO_HOME": "here"}), 3100, {})
    assert environment["SOXAUTO_HOME"] == str(tmp_path / "here")


@pytest.mark.parametrize(
    ("log_level", "services"),
    [("DEBUG", "info"), ("INFO", "warning"), ("WARNING", "warning"), ("ERROR", "error")],
)
def test_the_services_of_the_ui_are_as_loud_as_the_log_level_asks(
    log_level: str, services: str
) -> None:
    command, _ = ui_command(Settings.load({"LOG_LEVEL": log_level}), 3100, {})
    assert f"--log-level {services} " in " ".join(command)


def test_dg_finds_and_accepts_the_definitions(tmp_path: Path) -> None:
    ended = subprocess.run(
        [Path(sys.executable).with_name("dg"), "check", "defs"],
        cwd=PROJECT_FOLDER,
        # Its own first-run message goes to a home folder, which is not the tester's.
        env=small_environment(tmp_path) | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search("definitions loaded successfully", ended.stdout + ended.stderr)
