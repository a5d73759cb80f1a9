"""Values of a source as exact text, for records and packages.

Here: how a parameter, a result of a control and a declared type are written down. Not here: the
form of the records themselves (``canonical.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from soxauto_assets.catalog.model import (
    Boolean,
    ColumnType,
    Date,
    Integer,
    Numeric,
    Text,
    Timestamp,
)
from soxauto_assets.evidence.canonical import LARGEST_INTEGER, utc_text


def plain(value: object) -> object:
    """A value as canonical JSON holds it: amounts, days and stamps as text, nothing rounded.

    Amounts are plain decimals; days ``2024-09-30``; naive stamps (a source's wall clock)
    ``2024-09-30T23:59:59.997000``, aware ones the same in UTC with a ``Z``. What evidence has no
    form for is shown with its type (``float 0.1``): a package must come about whatever a source
    returned, and no check takes such a text for an amount. Half a surrogate pair, which UTF-8
    cannot write, is shown by its number.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_INTEGER else str(value)
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds") if value.tzinfo is None else utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(plain(str(key))): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return plain(f"{type(value).__name__} {value}")


def typed(value: object) -> object:
    """A bound parameter with its type, so that ``'2024'`` and ``2024`` are told apart."""
    if isinstance(value, Mapping):
        return {str(key): typed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [typed(item) for item in value]
    return {"type": _KINDS.get(type(value), type(value).__name__), "value": plain(value)}


def type_text(declared: ColumnType) -> str:
    """The declared type in words: ``text(20)``, ``integer(64)``, ``decimal(38,20)``, ``date``."""
    match declared:
        case Text(length):
            return "text" if length is None else f"text({length})"
        case Integer(bits):
            return f"integer({bits})"
        case Numeric(precision, scale):
            return f"decimal({precision},{scale})"
        case Date():
            return "date"
        case Timestamp():
            return "timestamp"
        case Boolean():
            return "boolean"


_KINDS: dict[type, str] = {
    str: "text",
    bool: "boolean",
    int: "integer",
    Decimal: "decimal",
    datetime: "timestamp",
    date: "date",
    type(None): "null",
}
