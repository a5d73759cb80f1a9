"""The highest resident memory of a process, as the kernel kept it."""

from __future__ import annotations

from pathlib import Path


def peak_mib(process: int | str = "self") -> float:
    """VmHWM in MiB: every page that was ever resident at once, of libraries and engine too.

    Of this process, or of a living one by its pid. Not ``ru_maxrss``, which begins with what the
    process had before it became another program.
    """
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell a process's peak memory")
