"""Rows shown beside a failed check: a few, as text, with personal data masked.

Here: how a value is shown. Not here: which rows are shown.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from soxauto_assets.catalog.model import Column

SAMPLE_ROWS = 20
"""Rows of a sample; all findings are counted, the first few shown."""

MASK = "***"
_LONGEST = 200


def plain(value: object) -> str | None:
    """A value as exact text: amounts without exponent, stamps in ISO 8601, flags as 0 and 1."""
    match value:
        case None:
            return None
        case bool():
            return str(int(value))
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def shown(column: Column, value: object) -> str | None:
    """The value as text; masked where the column holds personal data."""
    return MASK if column.personal and value is not None else plain(value)
