"""An AWS service of JSON requests on loopback that gives the answers a test has written down.

For what no emulator has: an operation that it lacks, a state of a query, a refusal. It records
every request as it arrived, so that a test can hold it to what AWS documents. botocore checks both
directions against its own model of the service; nothing else vouches for the answers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Refused:
    """An error of the service."""

    code: str
    status: int = 400


@dataclass
class ScriptedAws:
    """``answers`` by operation; the last of a list is given for ever. ``requests`` came in order.

    An operation without answers is refused as unknown.
    """

    endpoint: str
    answers: dict[str, list[Mapping[str, Any] | Refused]] = field(default_factory=dict)
    requests: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def will(self, operation: str, *answers: Mapping[str, Any] | Refused) -> None:
        """Answer ``operation`` so, one after the other."""
        self.answers[operation] = list(answers)

    def asked(self, operation: str) -> list[Mapping[str, Any]]:
        """What the requests of ``operation`` held."""
        return [body for name, body in self.requests if name == operation]

    def take(self, operation: str, body: Mapping[str, Any]) -> Mapping[str, Any] | Refused:
        """Record a request; its answer."""
        with self.guard:
            self.requests.append((operation, body))
            left = self.answers.get(operation, [])
            if not left:
                return Refused("UnknownOperationException")
            return left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def scripted_aws() -> Iterator[ScriptedAws]:
    """A service on a free port; the caller's environment holds credentials."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            answer = service.take(operation, body)
            status, document = 200, answer
            if isinstance(answer, Refused):
                status, document = answer.status, {"__type": answer.code, "message": "canary-4711"}
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the test looks at ``requests``."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = ScriptedAws(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield service
        finally:
            server.shutdown()
