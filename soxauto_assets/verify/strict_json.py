"""Strict reading of the JSON in packages: one text for one value, and nothing unexpected in it.

Here: canonical JSON (keys in the order of RFC 8785, no white space, no float) and the reading of
objects with exactly the keys expected. Own code on purpose: the verifier shares nothing with
what wrote the package. Not here: what the fields mean (``manifest.py``).
"""

from __future__ import annotations

import json
import re
from typing import Any

LARGEST_INTEGER = 2**53 - 1
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


class UnreadableError(ValueError):
    """A document is not what it must be: ``where`` in it, what was ``expected`` and ``found``."""

    def __init__(self, where: str, expected: str, found: str) -> None:
        super().__init__(f"{where} is {found}, not {expected}")
        self.where = where
        self.expected = expected
        self.found = found


def read_canonical(content: bytes) -> Any:
    """The value of canonical JSON; raises UnreadableError for any other bytes."""
    try:
        value = json.loads(
            content.decode("utf-8"), parse_float=_no_number, parse_constant=_no_number
        )
        again = canonical(value)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("the text", "canonical JSON", f"something else ({error})") from error
    if again != content:
        at = next(
            (i for i, (a, b) in enumerate(zip(again, content, strict=False)) if a != b),
            min(len(again), len(content)),
        )
        raise UnreadableError(
            "the text", "canonical JSON", f"JSON written otherwise, from byte {at} on"
        )
    return value


def canonical(value: Any) -> bytes:
    """The canonical text of a value that was read from JSON; ValueError where it has none."""
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _ordered(value[key])
            for key in sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        }
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise ValueError(f"{value} is beyond 2^53 - 1")
    return value


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a whole number")


def members(value: Any, where: str, *names: str) -> list[Any]:
    """The values of an object that has exactly the keys ``names``, in that order."""
    if not isinstance(value, dict):
        raise UnreadableError(where, "an object", _kind(value))
    missing = [name for name in names if name not in value]
    strange = [name for name in value if name not in names]
    if missing or strange:
        found = f"without {missing[0]}" if missing else f"with {strange[0]!r} as well"
        raise UnreadableError(where, f"an object of {', '.join(names)}", found)
    return [value[name] for name in names]


def items(value: Any, where: str) -> list[Any]:
    """The items of a list."""
    if not isinstance(value, list):
        raise UnreadableError(where, "a list", _kind(value))
    return value


def text(value: Any, where: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise UnreadableError(where, "a text", _kind(value))
    return value


def optional_text(value: Any, where: str) -> str | None:
    """A text or null."""
    return None if value is None else text(value, where)


def texts(value: Any, where: str) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(text(item, f"{where}[{i}]") for i, item in enumerate(items(value, where)))


def one_of(value: Any, where: str, *allowed: str) -> str:
    """One of the texts ``allowed``."""
    if value not in allowed:
        raise UnreadableError(where, f"one of {', '.join(allowed)}", repr(value))
    return str(value)


def count(value: Any, where: str) -> int:
    """A whole number from zero on."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnreadableError(where, "a whole number from zero on", repr(value))
    return value


def flag(value: Any, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise UnreadableError(where, "true or false", _kind(value))
    return value


def digest(value: Any, where: str) -> str:
    """A SHA-256 as 64 lower-case hexadecimal digits."""
    return _matching(value, where, _DIGEST, "a SHA-256 of 64 hexadecimal digits")


def decimal_text(value: Any, where: str) -> str:
    """An exact decimal number, written as plain text."""
    return _matching(value, where, _DECIMAL, "a decimal number as text")


def utc_text(value: Any, where: str) -> str:
    """A moment in UTC to the microsecond, with a Z."""
    return _matching(value, where, _UTC, "a moment like 2024-10-01T06:00:00.000000Z")


def _matching(value: Any, where: str, pattern: re.Pattern[str], expected: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise UnreadableError(where, expected, repr(value))
    return value


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "a text", bool: "true or false"}.get(
        type(value), "null" if value is None else "a number"
    )
