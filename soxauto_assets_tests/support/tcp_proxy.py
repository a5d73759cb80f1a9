"""A TCP proxy on loopback that breaks connections at a chosen byte of the answer.

Here: the fault, below any protocol. Not here: what it should lead to.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class TcpProxy:
    """Forwards each connection to one port; ``break_after`` sets the fault, None lifts it."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._guard = threading.Lock()
        self._left: int | None = None
        self._open: list[socket.socket] = []
        self.answered = 0
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def break_after(self, size: int | None) -> None:
        """Let ``size`` more bytes of answers through, then break every connection, also new ones.

        None lets everything through again. ``answered`` counts from this call on.
        """
        with self._guard:
            self._left, self.answered = size, 0

    def close(self) -> None:
        """Break everything and listen no more."""
        self._listener.close()
        self._break_all()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            with self._guard:
                self.connections += 1
                self._open += [client, server]
            for source, sink, answer in ((client, server, False), (server, client, True)):
                threading.Thread(
                    target=self._forward, args=(source, sink, answer), daemon=True
                ).start()

    def _forward(self, source: socket.socket, sink: socket.socket, answer: bool) -> None:
        with suppress(OSError):
            while data := source.recv(16_384):
                passed, broken = self._passed(data) if answer else (data, False)
                sink.sendall(passed)
                if broken:
                    self._break_all()
                    return
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _passed(self, data: bytes) -> tuple[bytes, bool]:
        with self._guard:
            if self._left is None:
                self.answered += len(data)
                return data, False
            passed = data[: self._left]
            self._left -= len(passed)
            self.answered += len(passed)
            return passed, len(passed) < len(data)

    def _break_all(self) -> None:
        with self._guard:
            sockets, self._open = self._open, []
        for each in sockets:
            with suppress(OSError):
                # Not a reset, which would also discard what was let through and not yet read.
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def tcp_proxy(port: int) -> Iterator[TcpProxy]:
    """A proxy before the server on ``port`` of the loopback, until the block ends."""
    proxy = TcpProxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
