"""`soxauto serve`: one of the long-lived processes of a deployment, on PostgreSQL.

Here: preparing the instance's folder and becoming Dagster's own process, which ends in order on
SIGTERM; and whether such a process is well. Not here: the instance of a laptop (``instance.py``,
``ui.py``) and what starts months (SOXAUTO_TRIGGER).
"""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Literal

from soxauto_assets.entrypoints.instance import InstanceError
from soxauto_assets.settings import PROJECT_FOLDER, Settings

Role = Literal["web", "daemon"]
PORT = 3000
CLOUD_CONFIGURATION = PROJECT_FOLDER / "deploy" / "dagster.cloud.yaml"
NEEDED = tuple(f"DAGSTER_PG_{name}" for name in ("HOST", "PORT", "DB", "USERNAME", "PASSWORD"))
HEALTH_SECONDS = 15
_ROLE = "role"


def serve(role: Role, settings: Settings, *, read_only: bool = False) -> None:
    """Become the web server (``read_only`` for auditors) or the daemon; does not return.

    Raises InstanceError where a variable of the database is missing, or the folder cannot be
    written.
    """
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise InstanceError(
            f"The instance of the cloud needs {', '.join(missing)}.",
            remedy="Set them to where PostgreSQL is; the task definition injects the password.",
        )
    home = cloud_home(settings)
    (home / _ROLE).write_text(role)
    os.environ["DAGSTER_HOME"] = str(home)
    os.chdir(home)
    os.execv(sys.executable, command(role, read_only=read_only))


def cloud_home(settings: Settings) -> Path:
    """The folder of the instance, DAGSTER_HOME or inside SOXAUTO_HOME, with its configuration."""
    home = Path(os.environ.get("DAGSTER_HOME") or settings.home / "dagster")
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "dagster.yaml").write_bytes(CLOUD_CONFIGURATION.read_bytes())
    except OSError as error:
        raise InstanceError(
            f"The Dagster instance at {home} cannot be prepared: {error.strerror}.",
            remedy="Mount a folder that can be written at /tmp, or set DAGSTER_HOME.",
        ) from error
    return home


def command(role: Role, *, read_only: bool = False) -> list[str]:
    """The command of Dagster's own process."""
    workspace = ["-w", str(PROJECT_FOLDER / "workspace.yaml")]
    if role == "daemon":
        return [sys.executable, "-m", "dagster._daemon", "run", *workspace]
    # All addresses: the container's own network; its security group lets the balancer in alone.
    address = ["-h", "0.0.0.0", "-p", str(PORT)]
    shown = ["--read-only"] if read_only else []
    return [sys.executable, "-m", "dagster_webserver", *address, *workspace, *shown]


def is_well(settings: Settings) -> bool:
    """Whether the process of this container does its work: answers, or shows its heartbeats.

    Where nothing is served (a one-shot task, Lambda) the settings that were read are enough.
    """
    home = Path(os.environ.get("DAGSTER_HOME") or settings.home / "dagster")
    role = (home / _ROLE).read_text() if (home / _ROLE).exists() else None
    if role == "web":
        try:
            url = f"http://127.0.0.1:{PORT}/server_info"
            with urllib.request.urlopen(url, timeout=HEALTH_SECONDS) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
    if role == "daemon":
        asked = [sys.executable, "-m", "dagster._daemon", "liveness-check"]
        environment = os.environ | {"DAGSTER_HOME": str(home)}
        try:
            done = subprocess.run(
                asked, env=environment, timeout=HEALTH_SECONDS, capture_output=True, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0
    return True
