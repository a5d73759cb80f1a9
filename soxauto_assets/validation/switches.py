"""Pandera's switches: two environment variables could turn the contract off without a word.

Here: the refusal to run then. It is asked before Pandera is imported, which reads them once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from soxauto_assets.errors import PermanentError

ENABLED = "PANDERA_VALIDATION_ENABLED"
DEPTH = "PANDERA_VALIDATION_DEPTH"
FULL_DEPTH = "SCHEMA_AND_DATA"


class ValidationSwitchedOffError(PermanentError):
    """An environment variable of Pandera turns the contract off, or a part of it."""


def require_switched_on(environment: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Both switches as they stand, for the evidence; raises ValidationSwitchedOffError.

    ``environment`` replaces the environment of the process, which is read at each call.
    """
    variables = os.environ if environment is None else environment
    enabled, depth = variables.get(ENABLED, "True"), variables.get(DEPTH, FULL_DEPTH)
    # Pandera takes exactly these three for on, and anything else, "yes" too, for off.
    if enabled not in {"True", "true", "1"}:
        raise _off(ENABLED, enabled)
    if depth != FULL_DEPTH:
        raise _off(DEPTH, depth)
    _require_configured()
    return {ENABLED: enabled, DEPTH: depth}


def _require_configured() -> None:
    """Pandera may have been imported under other variables, or been told by code."""
    from pandera.config import get_config_context

    config = get_config_context()
    if not config.validation_enabled:
        raise _off(ENABLED, "False")
    if config.validation_depth is not None and config.validation_depth.value != FULL_DEPTH:
        raise _off(DEPTH, config.validation_depth.value)


def _off(variable: str, value: str) -> ValidationSwitchedOffError:
    return ValidationSwitchedOffError(
        f"{variable}={value!r} turns the contract check off, and no switch may skip a check.",
        remedy=f"Unset {variable} and run again.",
    )
