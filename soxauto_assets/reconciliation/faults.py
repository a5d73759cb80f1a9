"""What is wrong with a table of rules; raised when the rules are loaded, before any figure."""

from __future__ import annotations

from soxauto_assets.errors import PermanentError

_REMEDY = "Correct the table named here; the control starts with no rule that is in doubt."


class RuleError(PermanentError):
    """A table of rules cannot be used. ``table`` is the module that holds it."""

    def __init__(self, table: str, problem: str) -> None:
        super().__init__(f"Rules of {table}: {problem}", remedy=_REMEDY)
        self.table = table


class OverlapError(RuleError):
    """Two rules claim the same case, so that their order would decide by accident."""


class GapError(RuleError):
    """A case is claimed by no rule."""


class UnknownAccountError(RuleError):
    """An account is not a group account of the control."""


class UnreachableRuleError(RuleError):
    """A rule can never fire, for earlier ones take every case of it."""


class MissingCurrencyError(RuleError):
    """An amount is given without its currency, or in one that cannot be compared."""


class MalformedRuleError(RuleError):
    """A rule lacks its reason, its id, or says something that has no meaning."""
