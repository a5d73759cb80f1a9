"""A process is called dead only where that is certain."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from soxauto_assets.evidence.canonical import canonical_json, parse_canonical
from soxauto_assets.evidence.holder import Holder

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="only with /proc can a death be proved"
)


@pytest.fixture
def child() -> Iterator[Holder]:
    """A living child that waits for its end."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        os.write(write, canonical_json(Holder.this_process("ada@host").to_document()))
        os.close(write)
        signal.pause()
    os.close(write)
    with os.fdopen(read, "rb") as told:
        holder = Holder.from_document(parse_canonical(told.read()))
    assert holder.pid == pid
    yield holder
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_a_living_process_is_not_dead(child: Holder) -> None:
    assert not child.is_provably_dead()
    assert not Holder.this_process().is_provably_dead()


def test_a_process_of_another_user_is_not_dead() -> None:
    assert not replace(Holder.this_process(), pid=1, process_start=None).is_provably_dead()


def test_a_killed_process_is_dead_even_before_its_parent_noticed(child: Holder) -> None:
    os.kill(child.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert child.is_provably_dead()


def test_a_pid_that_another_process_got_since_is_dead(child: Holder) -> None:
    assert replace(child, process_start="1").is_provably_dead()


def test_a_pid_that_is_gone_is_dead() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    gone = replace(Holder.this_process(), pid=pid, process_start="1")
    assert gone.is_provably_dead()
    for elsewhere in (
        replace(gone, host="another"),
        replace(gone, boot_id="another"),
        replace(gone, boot_id=None),
        replace(gone, pid_namespace="another container"),
    ):
        assert not elsewhere.is_provably_dead()


@pytest.fixture
def user_without_a_name(monkeypatch: pytest.MonkeyPatch) -> str:
    """As in a container that runs as a number which no user database knows."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    return f"uid 4000000@{socket.gethostname()}"


def test_a_user_without_a_name_is_named_by_number(user_without_a_name: str) -> None:
    assert Holder.this_process().who == user_without_a_name


def test_a_user_without_a_name_can_make_attempts(user_without_a_name: str) -> None:
    from soxauto_assets.assets.factory import who

    assert who() == user_without_a_name
