"""``verify.pyz``: the verifier in one file, which every package carries.

A Python zip application of the room ``verify`` and nothing else. Order and dates are fixed, so
that one image of the product makes one file: an auditor compares its SHA-256 with that of another
copy (another zlib may compress otherwise). Not here: what it does (``verify/__main__.py``).
"""

from __future__ import annotations

import io
import zipfile
from functools import cache
from importlib.resources import files

VERIFIER = "verify.pyz"
_FIRST_LINE = b"#!/usr/bin/env python3\n"
_MAIN = b"""import sys

from soxauto_assets.verify.__main__ import main

sys.exit(main())
"""
_PACKAGE = b'"""Of SOXauto PG-01, the verifier alone."""\n'
_DATE = (1980, 1, 1, 0, 0, 0)


@cache
def verifier_file() -> bytes:
    """The bytes of the file; the same ones as long as the verifier's source is the same."""
    members = {"__main__.py": _MAIN, "soxauto_assets/__init__.py": _PACKAGE}
    for module in files("soxauto_assets.verify").iterdir():
        if module.name.endswith(".py"):
            members[f"soxauto_assets/verify/{module.name}"] = module.read_bytes()
    content = io.BytesIO(_FIRST_LINE)
    content.seek(0, io.SEEK_END)
    with zipfile.ZipFile(content, "a", compresslevel=9) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system = 3  # Unix, on whatever system it is made
            info.external_attr = 0o100644 << 16
            archive.writestr(info, members[name], zipfile.ZIP_DEFLATED)
    return content.getvalue()
