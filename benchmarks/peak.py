"""The highest resident memory of this process, as the kernel kept it."""

from __future__ import annotations

from pathlib import Path


def peak_mib() -> float:
    """VmHWM in MiB: every page that was ever resident at once, of libraries and engine too."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell a process's peak memory")
