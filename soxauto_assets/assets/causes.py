"""An error as the cause of a failed attempt: what evidence, alerts and tables may say of it.

Here: the wording. Not here: what an error leads to (``attempt.py``).
"""

from __future__ import annotations

import traceback
from pathlib import Path

from soxauto_assets.errors import SoxautoError


def describe(error: Exception) -> str:
    """An error as the cause of a failed attempt: no secret and no row of data.

    Errors of the product are made for this. Of any other only the kind is told, for its text may
    hold anything; the execution log has the calls that led to it.
    """
    if isinstance(error, SoxautoError):
        return f"{type(error).__name__}: {error}"
    return (
        f"Unexpected {type(error).__name__}, a fault of the product; the execution log has the "
        "calls that led to it."
    )


def calls(error: BaseException) -> str:
    """File, line and function of each call on the way to the error; no value of any of them."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames)
