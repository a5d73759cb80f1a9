"""Serving the pages of packages and months on this machine: what the Dagster UI links to.

Browsers follow no link from a page of the web server to a file, so packages are shown over HTTP,
out of whatever evidence store the settings name. It listens on loopback alone, answers only GET
for names that it knows, and serves no rows: Parquet files hold personal data and are fetched from
the store by whoever has the right to.

Here: the server. Not here: the pages (``month_page.py``, ``evidence/papers``).
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from soxauto_assets.entrypoints.bindings import store_url
from soxauto_assets.entrypoints.month_page import INDEX, month_page, months_page
from soxauto_assets.errors import SoxautoError
from soxauto_assets.period import Period
from soxauto_assets.store.opening import open_store
from soxauto_assets.store.protocol import ObjectMissingError

if TYPE_CHECKING:
    from soxauto_assets.settings import Settings

HOST = "127.0.0.1"
_MONTH = re.compile(r"/pages/(?P<period>[0-9]{4}-[0-9]{2})\.html")
_EVIDENCE = re.compile(r"/evidence/(?P<key>(attempts|signoffs)/[A-Za-z0-9_./-]+)")
_TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "sql": "text/plain; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "jsonl": "text/plain; charset=utf-8",
}
"""What is served, by the end of its name; rows (parquet) are not."""
_PARENT_SECONDS = 0.5


def listening(port: int) -> socket.socket:
    """A socket that listens on loopback; raises OSError where the port is taken (0: any free)."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, port))
        made.listen(16)
    except OSError:
        made.close()
        raise
    return made


def serve(listener: socket.socket, settings: Settings, *, parent: int | None = None) -> None:
    """Answer until the process is ended, or until ``parent`` is no longer its parent."""
    server = PagesServer(listener, settings)
    if parent is not None:
        threading.Thread(target=_follow, args=(parent, server), daemon=True).start()
    with server:
        server.serve_forever(poll_interval=0.2)


class PagesServer(ThreadingHTTPServer):
    """Serves the pages of these settings on a socket that listens already."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, settings: Settings) -> None:
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.settings = settings
        self.evidence = open_store(store_url(settings, "evidence"), name="evidence")

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.socket.getsockname()[1])


class _Handler(BaseHTTPRequestHandler):
    """One request; everything but what is listed in this module is not found."""

    server: PagesServer
    server_version = "soxauto"
    sys_version = ""

    def do_GET(self) -> None:
        # A page of another origin must not read packages by a name that it points at loopback.
        port = self.server.port
        if self.headers.get("Host") not in (f"{HOST}:{port}", f"localhost:{port}"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return
        path = unquote(urlsplit(self.path).path)
        try:
            self._answer(path)
        except (BrokenPipeError, ConnectionResetError):
            return  # the browser has gone
        except SoxautoError as error:
            self._send("text/plain; charset=utf-8", str(error).encode(), HTTPStatus.BAD_GATEWAY)

    def _answer(self, path: str) -> None:
        if path in ("/", "/pages", "/pages/"):
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", f"/pages/{INDEX}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path == f"/pages/{INDEX}":
            self._send(_TYPES["html"], months_page(self.server.settings).encode())
        elif month := _MONTH.fullmatch(path):
            period = Period.parse(month["period"])
            self._send(_TYPES["html"], month_page(period, self.server.settings).encode())
        elif (found := _EVIDENCE.fullmatch(path)) and (kind := _TYPES.get(_end(path))):
            self._send_object(found["key"], kind)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send_object(self, key: str, kind: str) -> None:
        if ".." in key.split("/"):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        info = self.server.evidence.info(key)
        if info is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        try:
            with self.server.evidence.open(key) as file:
                self._head(kind, info.size)
                shutil.copyfileobj(file, self.wfile)
        except ObjectMissingError:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send(self, kind: str, content: bytes, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._head(kind, len(content), status)
        self.wfile.write(content)

    def _head(self, kind: str, size: int, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
        )
        self.end_headers()

    def log_message(self, *given: object) -> None:
        """Nothing: the terminal of the UI tells of runs."""


def _end(path: str) -> str:
    return path.rpartition(".")[2]


def _follow(parent: int, server: PagesServer) -> None:
    """End with the process that started this one, however that ended."""
    stopped = threading.Event()
    while os.getppid() == parent:
        stopped.wait(_PARENT_SECONDS)
    server.shutdown()
