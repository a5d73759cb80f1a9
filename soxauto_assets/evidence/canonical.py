"""Canonical JSON: one text for one value, so that a digest of the text stands for the value.

Here: the form that every record and manifest of the product is written in, and the stamps in
them. Not here: what is written. ``verify`` must not trust this module and has its own reader.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from soxauto_assets.errors import PermanentError

LARGEST_INTEGER = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact (RFC 8785, section 3.2.2.3)."""


_Where = tuple["_Where", str] | None
"""Where in a value something stands: what it is part of, and the step from there."""


class NotCanonicalError(PermanentError):
    """A value has no canonical form, or a text is not the canonical form of its value."""


def canonical_json(value: object) -> bytes:
    """``value`` as canonical JSON: UTF-8, keys sorted, no white space, the same bytes each time.

    Takes None, bool, int, str, Decimal (an amount; written as plain text), lists, tuples and
    mappings with text keys. Keys are in the order of RFC 8785, section 3.2.3. Raises
    NotCanonicalError for a float, a whole number beyond 2^53 - 1, a NaN and any other type,
    naming where in the value it stands.
    """
    try:
        return json.dumps(
            _plain(value, None), ensure_ascii=False, separators=(",", ":"), allow_nan=False
        ).encode()
    except UnicodeEncodeError as error:
        raise NotCanonicalError(
            "A text holds half of a surrogate pair, which UTF-8 cannot write.",
            remedy="Give whole Unicode characters.",
        ) from error


def parse_canonical(content: bytes) -> Any:
    """The value of canonical JSON; raises NotCanonicalError for any other bytes.

    Strict, so that two texts that differ never mean the same: spaces, another order of keys, a
    key given twice and floats are refused.
    """
    try:
        value = json.loads(content, parse_float=_refuse_number, parse_constant=_refuse_number)
    except (ValueError, RecursionError) as error:
        raise NotCanonicalError(
            "The bytes are not JSON.", remedy="Restore the file as it was stored."
        ) from error
    if canonical_json(value) != content:
        raise NotCanonicalError(
            "The JSON is not in its canonical form.", remedy="Restore the file as it was stored."
        )
    return value


def utc_text(moment: datetime) -> str:
    """``2024-10-01T06:00:00.000000Z`` for an aware datetime, always with microseconds.

    Raises ValueError for a naive one: stamps of the product are aware (design, rule 6).
    """
    if moment.tzinfo is None:
        raise ValueError("a stamp of the product must be aware")
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def parse_utc(text: str) -> datetime:
    """The aware moment that ``utc_text`` wrote; raises ValueError for any other text."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _plain(value: object, where: _Where) -> object:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(value[key], (where, f".{key}")) for key in _ordered(value, where)}
    if isinstance(value, list | tuple):
        return [_plain(item, (where, f"[{index}]")) for index, item in enumerate(value)]
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise _refused(where, "a whole number beyond 2^53 - 1", "Write it as text.")
        return int(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise _refused(where, "an amount that is no number", "Give a finite amount.")
        return format(value, "f")
    raise _refused(where, f"a {type(value).__name__}", "Write amounts as Decimal, stamps as text.")


def _ordered(value: Mapping[Any, object], where: _Where) -> list[str]:
    """The keys in the order of RFC 8785: by UTF-16 code units, not by code points."""
    for key in value:
        if not isinstance(key, str):
            raise _refused(where, f"a key of type {type(key).__name__}", "Use text keys.")
    if all(map(str.isascii, value)):  # there the two orders are one
        return sorted(value)
    return sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))


def _refused(where: _Where, what: str, remedy: str) -> NotCanonicalError:
    steps = []
    while where is not None:
        where, step = where
        steps.append(step)
    return NotCanonicalError(
        f"${''.join(reversed(steps))} is {what}, which canonical JSON does not hold.", remedy=remedy
    )


def _refuse_number(text: str) -> object:
    raise ValueError(f"{text} is not a number that canonical JSON holds")
