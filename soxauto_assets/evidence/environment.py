"""The environment of an attempt: which software, on which machine, as which user.

Here: what can be read from the running process and its installation, without git and without a
network. Not here: what the source says of itself (``warehouse.protocol.SourceFacts``).
"""

from __future__ import annotations

import functools
import getpass
import hashlib
import json
import os
import platform
import re
import socket
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "soxauto-pg01"
LOCK_FILE = "requirements.lock"
LIBRARIES = (
    "arrow-odbc", "cryptography", "dagster", "duckdb", "mssql-python-odbc", "pandas", "pandera",
    "polars", "pyarrow", "pyodbc", "sqlglot",
)  # fmt: skip
"""What reads, checks, stores and signs; arrow-odbc and the wheel of Microsoft's driver speak to
SQL Server."""
MASK = "***"

_PACKAGE = Path(__file__).resolve().parent.parent
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SECRET_NAME = re.compile(r"SECRET|PASSWORD|PASSWD|PWD|TOKEN|CREDENTIAL|KEY", re.I)
_SECRET_VALUE = re.compile(r"(?i)\b(pwd|password|secret|token)\s*=\s*[^;]*")


def describe_environment(
    settings: Mapping[str, str],
    *,
    engine: str | None = None,
    drivers: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """Everything that a package says of the software, machine and user that made it.

    ``settings`` are the product's, by variable; those that look like secrets are masked once
    more. ``engine`` is the source's product and version, ``drivers`` the client's, by name.
    ``environment`` are the variables of the process, by default its own; of them only
    ``PANDERA_*`` are kept, because they can switch checks off.
    """
    variables = os.environ if environment is None else environment
    return {
        "product": {
            "name": DISTRIBUTION,
            "version": _version(DISTRIBUTION),
            "code_sha256": code_digest(),
            "commit": commit(_PACKAGE.parent),
            "lock_sha256": lock_digest(_PACKAGE.parent),
        },
        # Where it runs from an image; the release is the image's own, the digest its registry's.
        "image_digest": settings.get("SOXAUTO_IMAGE_DIGEST") or None,
        "release_tag": settings.get("SOXAUTO_RELEASE") or None,
        "python": {"version": platform.python_version(), "build": sys.version},
        "libraries": {name: _version(name) for name in LIBRARIES},
        "source": {"engine": engine, "drivers": dict(drivers or {})},
        "machine": {
            "host": socket.gethostname(),
            "system": platform.platform(),
            "architecture": platform.machine(),
        },
        "user": user_name(),
        "pandera": {
            name: value for name, value in sorted(variables.items()) if name.startswith("PANDERA_")
        },
        "settings": {name: _shown(name, value) for name, value in sorted(settings.items())},
    }


@functools.cache
def code_digest(package: Path = _PACKAGE) -> str:
    """One SHA-256 (hex) over all installed files of the product, whatever order they come in.

    Each file below the package's folder gives a line ``<SHA-256>  <path with />`` and LF, as
    ``sha256sum`` prints it; the lines sorted by path (bytes of UTF-8), joined, hashed. Left out
    are what Python makes by itself (``__pycache__``) and hidden files. Taken once a process.
    """
    lines = []
    for path in package.rglob("*"):
        parts = path.relative_to(package).parts
        if "__pycache__" in parts or any(part.startswith(".") for part in parts):
            continue
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            lines.append(("/".join(parts).encode(), digest))
    text = b"".join(digest.encode() + b"  " + path + b"\n" for path, digest in sorted(lines))
    return hashlib.sha256(text).hexdigest()


def commit(folder: Path) -> dict[str, str] | None:
    """The commit of the checkout in ``folder``, or of the installation, and where it was read.

    Read from git's files, as git itself need not be installed; None where neither is known. A
    checkout may hold changes that are not committed: ``code_sha256`` tells those.
    """
    found = _checked_out(folder)
    if found is not None:
        return {"id": found, "from": "checkout"}
    try:
        installed_from = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
        found = json.loads(installed_from or "{}").get("vcs_info", {}).get("commit_id")
    except (metadata.PackageNotFoundError, ValueError, AttributeError):
        found = None
    return {"id": str(found), "from": "installation"} if found else None


def lock_digest(folder: Path) -> str | None:
    """The SHA-256 (hex) of the lock file in ``folder``; None where the product is an own wheel."""
    try:
        return hashlib.sha256((folder / LOCK_FILE).read_bytes()).hexdigest()
    except OSError:
        return None


def user_name() -> str:
    """The login name of this process's user, or its number where it has none (in a container)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _checked_out(folder: Path) -> str | None:
    """What HEAD of the repository in ``folder`` names: directly, by a loose or a packed ref."""
    try:
        git = folder / ".git"
        if git.is_file():  # a linked working tree
            git = folder / git.read_text().removeprefix("gitdir:").strip()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref:"):
            return head if _COMMIT.fullmatch(head) else None
        name = head.removeprefix("ref:").strip()
        shared = git / "commondir"
        roots = [git, git / shared.read_text().strip()] if shared.exists() else [git]
        for root in roots:
            if (root / name).is_file():
                return _as_commit((root / name).read_text())
        for root in roots:
            if (root / "packed-refs").is_file():
                for line in (root / "packed-refs").read_text().splitlines():
                    if line.endswith(f" {name}"):
                        return _as_commit(line.split(" ")[0])
    except (OSError, UnicodeDecodeError):
        return None
    return None


def _as_commit(text: str) -> str | None:
    return text.strip() if _COMMIT.fullmatch(text.strip()) else None


@functools.cache
def _version(distribution: str) -> str | None:
    """What is installed under the name; a process keeps what it has loaded."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _shown(name: str, value: str) -> str:
    """The value of a setting, masked where its name or its own text tells of a secret."""
    if _SECRET_NAME.search(name):
        return MASK if value else ""
    return _SECRET_VALUE.sub(lambda match: f"{match[1]}={MASK}", value)
