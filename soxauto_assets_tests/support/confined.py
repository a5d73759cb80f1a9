"""Processes as Lambda and a hardened container run them: nothing can be written but /tmp.

In a mount namespace of its own every file system that held files is read-only, /tmp apart, and
/dev has no shared memory. Needs Linux and root; root too is refused what is mounted read-only.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

_CONFINE = """
set -e
mount --make-rprivate /
mount --bind /tmp /tmp
mount -o remount,bind,ro /
awk '$3 !~ /^(proc|sysfs|cgroup2?|devtmpfs|devpts)$/ && $2 != "/" && $2 != "/tmp" \
  && $2 !~ /^\\/(proc|sys|dev)(\\/|$)/ {print $2}' /proc/self/mounts \
  | while read -r place; do mount -o remount,bind,ro "$place" 2>/dev/null || true; done
mount -t tmpfs -o mode=755 tmpfs /dev
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/zero c 1 5
mknod -m 444 /dev/random c 1 8
mknod -m 444 /dev/urandom c 1 9
mount -o remount,ro /dev
exec "$@"
"""


def confined(command: Sequence[str]) -> list[str]:
    """The command, so that it can write below /tmp alone, and finds no /dev/shm."""
    return ["unshare", "--mount", "sh", "-c", _CONFINE, "sh", *command]


def unshare() -> Path | None:
    """The program that makes the namespace, where it may."""
    found = shutil.which("unshare")
    if found is None:
        return None
    tried = subprocess.run(
        confined(["sh", "-c", "! touch /confined 2>/dev/null && test ! -e /dev/shm"]),
        capture_output=True,
        check=False,
    )
    return Path(found) if tried.returncode == 0 else None
