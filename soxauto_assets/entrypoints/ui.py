"""`soxauto ui`: the Dagster web server and its daemon, as one command of one environment.

Here: what that command is and what it needs to know. Not here: the instance that it opens
(``instance.py``) and the workspace it loads (``workspace.yaml``).
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from soxauto_assets.entrypoints.instance import dagster_home, opened_instance
from soxauto_assets.errors import PermanentError
from soxauto_assets.settings import PROJECT_FOLDER, Settings

HOST = "127.0.0.1"
"""The open-source web server has no login, so nothing but this machine may reach it."""
_SERVICE_LOG_LEVEL = {"DEBUG": "info", "ERROR": "error"}
"""LOG_LEVEL as the services take it. At `info` every sensor tells every few seconds that it found
nothing, so that level is for those who look for a fault."""
_SUPERSEDED = "ignore:Function `dev_command` is superseded"
"""`dg dev` takes no workspace.yaml and looks for the definitions by the current folder."""


class PortInUseError(PermanentError):
    """Something on this machine already listens on the port."""


def require_free(port: int) -> None:
    """Raise PortInUseError where something on this machine listens on ``port``."""
    with socket.socket() as probe:
        # As the web server does: a port that was closed a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortInUseError(
                f"Port {port} cannot be opened: {error.strerror}.",
                remedy=f"If it is this UI, open http://{HOST}:{port}; else give another --port.",
            ) from error


def listen_for_pages(port: int) -> socket.socket:
    """The socket of the pages' server; raises PortInUseError where the port is taken."""
    from soxauto_assets.entrypoints.pages_server import listening

    try:
        return listening(port)
    except OSError as error:
        raise PortInUseError(
            f"Port {port} cannot be opened for the pages: {error.strerror}.",
            remedy="Give another one with --pages-port.",
        ) from error


def open_ui(settings: Settings, port: int, pages: socket.socket) -> None:
    """Become the UI's process; its Ctrl-C (and SIGTERM) ends web server, daemon and runs.

    ``pages`` is where the pages of packages and months are served, by a process that ends with
    this one. Raises InstanceError; does not return otherwise.
    """
    home = dagster_home(settings).resolve()
    variables = os.environ | {"DAGSTER_HOME": str(home)}
    variables.setdefault("SOXAUTO_PAGES_URL", f"http://{HOST}:{pages.getsockname()[1]}")
    command, environment = ui_command(settings, port, variables)
    os.environ["DAGSTER_HOME"] = str(home)
    with opened_instance():
        pass  # its tables are made here, not by several services at once
    _serve_pages(pages, environment)
    # From its own folder: Dagster warns of a second dagster.yaml in the current one.
    os.chdir(home)
    os.execve(command[0], command, environment)


def _serve_pages(pages: socket.socket, environment: Mapping[str, str]) -> None:
    """Start the pages' server; it sees that its parent is gone, however that ended."""
    number = pages.fileno()
    command = [sys.executable, "-m", "soxauto_assets.entrypoints.cli", "pages"]
    subprocess.Popen([*command, "--listener", str(number)], env=environment, pass_fds=[number])
    pages.close()


def ui_command(
    settings: Settings, port: int, variables: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """The command and its environment; paths absolute, for it runs in another folder."""
    environment = dict(variables)
    environment["SOXAUTO_HOME"] = str(settings.home.resolve())
    # The alerts and packages of runs started there link to this address.
    environment.setdefault("SOXAUTO_UI_URL", f"http://{HOST}:{port}")
    level = _SERVICE_LOG_LEVEL.get(settings.log_level, "warning")
    command = [sys.executable, "-W", _SUPERSEDED, "-m", "dagster", "dev"]
    command += ["--host", HOST, "--port", str(port), "--log-level", level]
    command += ["--workspace", str(Path(PROJECT_FOLDER, "workspace.yaml"))]
    return command, environment
