"""Who holds something: the process, told apart from every other, and whether it is dead.

Here: the identity of a process. Not here: what it holds (``lease.py``).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from soxauto_assets.evidence.environment import user_name

_PROC = Path("/proc")


@dataclass(frozen=True)
class Holder:
    """One process on one boot of one host. None where the system does not tell.

    ``process_start`` (clock ticks since the boot) tells a process from a later one with the same
    pid; ``pid_namespace`` tells the same pid in two containers apart.
    """

    who: str
    host: str
    pid: int
    boot_id: str | None = None
    pid_namespace: str | None = None
    process_start: str | None = None

    @classmethod
    def this_process(cls, who: str | None = None) -> Holder:
        """The process that asks; ``who`` is ``user@host`` unless given."""
        host, pid = socket.gethostname(), os.getpid()
        _, started = _state_and_start(pid)
        return cls(who or f"{user_name()}@{host}", host, pid, _boot_id(), _pid_namespace(), started)

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Holder:
        """The holder that ``to_document`` wrote; raises KeyError, TypeError or ValueError."""

        def text(name: str) -> str | None:
            value = document[name]
            return None if value is None else str(value)

        return cls(
            str(document["who"]),
            str(document["host"]),
            int(str(document["pid"])),
            text("boot_id"),
            text("pid_namespace"),
            text("process_start"),
        )

    def to_document(self) -> dict[str, object]:
        """The holder as canonical JSON values."""
        return asdict(self)

    def is_provably_dead(self) -> bool:
        """Whether this process certainly no longer runs.

        True only on the same host, boot and pid namespace, where the pid is gone, is a zombie,
        or belongs to a process that started at another time. Where that cannot be known (another
        host, a system without /proc), False: then only time tells.
        """
        here = Holder.this_process(self.who)
        place = (self.host, self.boot_id, self.pid_namespace)
        if self.boot_id is None or place != (here.host, here.boot_id, here.pid_namespace):
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # it runs, as another user
        state, started = _state_and_start(self.pid)
        if started is None or self.process_start is None:
            return False
        return started != self.process_start or state in ("Z", "X")


def _boot_id() -> str | None:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


def _pid_namespace() -> str | None:
    try:
        return os.readlink(_PROC / "self/ns/pid")
    except OSError:
        return None


def _state_and_start(pid: int) -> tuple[str | None, str | None]:
    """Fields 3 and 22 of ``/proc/<pid>/stat``, proc(5): state, and start in ticks since boot."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None, None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    return fields[0], fields[19]
