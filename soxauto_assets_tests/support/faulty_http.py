"""An HTTP proxy on loopback that does to chosen requests what a network and S3 do on a bad day.

It forwards every request to one server and gives its answer back, but for the faults that a test
has planned. Here: the faults, at the level of the protocol. Not here: what they should lead to.
"""

from __future__ import annotations

import http.client
import json
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Deed = Literal[
    "answer",  # an error of the given status and code, without asking the server
    "reset in request",  # the connection breaks after half of the request's body
    "reset in answer",  # the connection breaks after half of the answer's body
    "lose answer",  # the server does it, and the connection breaks before its answer
    "stay silent",  # the server is not asked, and there is no answer
]


@dataclass
class Fault:
    """What befalls ``times`` requests of ``method`` whose path and query hold ``part``.

    Without a ``method`` it is any. The first ``after`` of them pass.
    """

    deed: Deed
    method: str = "PUT"
    part: str = ""
    times: int = 1
    status: int = 500
    code: str = "InternalError"
    after: int = 0
    hits: int = 0


@dataclass
class FaultyProxy:
    """A running proxy. ``faults`` may be changed at any time; ``requests`` are those that came."""

    endpoint: str
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, deed: Deed, **fault: object) -> Fault:
        """Add a fault."""
        planned = Fault(deed, **fault)  # type: ignore[arg-type]
        self.faults.append(planned)
        return planned

    def next_fault(self, method: str, path: str) -> Fault | None:
        """The fault for a request that came now; it is used up by asking."""
        with self.guard:
            self.requests.append(f"{method} {path}")
            for fault in self.faults:
                if fault.method not in ("", method) or fault.part not in path:
                    continue
                if fault.after > 0:
                    fault.after -= 1
                elif fault.hits < fault.times:
                    fault.hits += 1
                    return fault
        return None


@contextmanager
def faulty_proxy(port: int) -> Iterator[FaultyProxy]:
    """A proxy before the server on ``port`` of loopback."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):
                while _serve(self, proxy, port):
                    pass

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        proxy = FaultyProxy(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


def _serve(handler: socketserver.StreamRequestHandler, proxy: FaultyProxy, port: int) -> bool:
    """One request; whether the connection lives on."""
    line = handler.rfile.readline()
    if not line.strip():
        return False
    method, path, _ = line.decode("latin-1").split(" ", 2)
    headers = http.client.parse_headers(handler.rfile)
    length = int(headers.get("Content-Length") or 0)
    fault = proxy.next_fault(method, path)
    deed = None if fault is None else fault.deed
    if headers.get("Expect", "").lower() == "100-continue":
        del headers["Expect"]
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if deed == "reset in request":
        handler.rfile.read(length // 2)
        return _reset(handler.connection)
    body = handler.rfile.read(length)
    if deed == "stay silent":
        handler.connection.recv(1)  # until the client gives up
        return False
    if fault is not None and deed == "answer":
        _write(handler, fault.status, {}, _error_body(fault.code, headers), method)
        return True
    upstream = http.client.HTTPConnection("127.0.0.1", port)
    try:
        upstream.request(method, path, body=body, headers=dict(headers.items()))
        answer = upstream.getresponse()
        content = answer.read()
    finally:
        upstream.close()
    if deed == "lose answer":
        return _reset(handler.connection)
    # The answer to a HEAD tells the length of a body that it does not have.
    if deed == "reset in answer":
        _write(handler, answer.status, dict(answer.getheaders()), content, method, half=True)
        return _reset(handler.connection)
    _write(handler, answer.status, dict(answer.getheaders()), content, method)
    return True


def _write(
    handler: socketserver.StreamRequestHandler,
    status: int,
    headers: dict[str, str],
    content: bytes,
    method: str,
    *,
    half: bool = False,
) -> None:
    dropped = {"connection", "transfer-encoding", "date", "server"}
    if method != "HEAD":
        dropped.add("content-length")
    kept = {name: value for name, value in headers.items() if name.lower() not in dropped}
    if method != "HEAD" and status != 204:
        kept["Content-Length"] = str(len(content))
    head = f"HTTP/1.1 {status} {http.client.responses.get(status, 'Error')}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in kept.items()) + "\r\n"
    sent = b"" if method == "HEAD" else content[: len(content) // 2] if half else content
    handler.wfile.write(head.encode("latin-1") + sent)
    handler.wfile.flush()


def _error_body(code: str, headers: http.client.HTTPMessage) -> bytes:
    """The error in the words of the service that was asked: Secrets Manager, SNS or S3."""
    if "X-Amz-Target" in headers:
        return json.dumps({"__type": code, "message": "no"}).encode()
    error = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
    if "form-urlencoded" in headers.get("Content-Type", ""):
        error = f"<ErrorResponse>{error}</ErrorResponse>"
    return f"<?xml version='1.0'?>{error}".encode()


def _reset(connection: socket.socket) -> bool:
    """Close so that the other side sees a reset, not an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    return False
