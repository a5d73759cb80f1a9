"""Strict reading of DER (X.690), as far as a time stamp needs it: one spelling for one value.

Here: tags, lengths and the few simple types. Not here: what the values mean (``timestamp.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from soxauto_assets.verify.strict_json import UnreadableError

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
GENERALIZED_TIME, SEQUENCE, SET = 0x18, 0x30, 0x31
_TIME = re.compile(rb"([0-9]{14})(?:\.([0-9]{0,5}[1-9]))?Z")


@dataclass(frozen=True)
class Element:
    """One element: its tag byte, its content, and all of its bytes."""

    tag: int
    content: bytes
    encoded: bytes


def context(number: int) -> int:
    """The tag byte of ``[number]``, constructed."""
    return 0xA0 | number


def single(data: bytes, tag: int, where: str) -> Element:
    """The one element that ``data`` is, with nothing after it."""
    parts = Parts(data, where)
    element = parts.take(tag)
    parts.end()
    return element


class Parts:
    """The elements that follow each other in ``data``, taken one by one."""

    def __init__(self, data: bytes, where: str) -> None:
        self._data, self._where, self._at = data, where, 0

    def take(self, tag: int) -> Element:
        """The next element, which must have this tag."""
        element = self.take_if(tag)
        if element is None:
            found = f"{self._data[self._at]:#04x}" if self._at < len(self._data) else "its end"
            raise self._refused(f"the tag {tag:#04x}", found)
        return element

    def take_if(self, tag: int) -> Element | None:
        """The next element where it has this tag, else None."""
        if self._at >= len(self._data) or self._data[self._at] != tag:
            return None
        start = self._at
        length, begin = self._length(start + 1)
        end = begin + length
        if end > len(self._data):
            raise self._refused("a whole element", "one cut short")
        self._at = end
        return Element(tag, self._data[begin:end], self._data[start:end])

    def all(self, tag: int) -> Iterator[Element]:
        """All that is left, each with this tag."""
        while self._at < len(self._data):
            yield self.take(tag)

    def end(self) -> None:
        """Raise UnreadableError where anything is left."""
        if self._at != len(self._data):
            raise self._refused("nothing more", f"{len(self._data) - self._at} bytes")

    def _length(self, at: int) -> tuple[int, int]:
        if at >= len(self._data):
            raise self._refused("a length", "its end")
        first = self._data[at]
        if first < 0x80:
            return first, at + 1
        count = first & 0x7F
        digits = self._data[at + 1 : at + 1 + count]
        length = int.from_bytes(digits, "big")
        if not 1 <= count <= 4 or len(digits) != count or digits[0] == 0 or length < 0x80:
            raise self._refused("a length in its one DER form", "another form")
        return length, at + 1 + count

    def _refused(self, expected: str, found: str) -> UnreadableError:
        return UnreadableError(f"{self._where}, byte {self._at}", expected, found)


def integer(element: Element, where: str) -> int:
    """The whole number of an INTEGER, in its shortest form."""
    content = element.content
    shortest = len(content) == 1 or (
        len(content) > 1
        and not (content[0] == 0 and content[1] < 0x80)
        and not (content[0] == 0xFF and content[1] >= 0x80)
    )
    if not shortest:
        raise UnreadableError(where, "a whole number in its shortest form", content.hex())
    return int.from_bytes(content, "big", signed=True)


def object_identifier(element: Element, where: str) -> str:
    """``1.2.840…`` of an OBJECT IDENTIFIER."""
    numbers, value, started = [], 0, False
    for byte in element.content:
        if not started and byte == 0x80:
            raise UnreadableError(where, "an object identifier", element.content.hex())
        value, started = value << 7 | byte & 0x7F, True
        if byte < 0x80:
            numbers.append(value)
            value, started = 0, False
    if not numbers or started:
        raise UnreadableError(where, "an object identifier", element.content.hex())
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def generalized_time(element: Element, where: str) -> datetime:
    """The aware moment of a GeneralizedTime as RFC 3161 writes it; at most microseconds."""
    match = _TIME.fullmatch(element.content)
    try:
        if match is None:
            raise ValueError
        whole = datetime.strptime(match[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise UnreadableError(where, "a moment in UTC", repr(element.content)) from error
    return whole.replace(microsecond=int((match[2] or b"0").ljust(6, b"0")))
