"""Which stretches of a T-SQL text are code, strings, comments, quoted names or parameters.

Here: a scanner that never changes the text, so that SQL Server gets the catalogue's own
characters and the lint can name lines. Not here: what the parameters become (``binding.py``) and
anything that needs a syntax tree (``rendering.py``, ``lint.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from soxauto_assets.errors import PermanentError


class UnterminatedError(PermanentError):
    """A string, comment or quoted name of a SQL text has no end."""


class Kind(Enum):
    """What a stretch of SQL text is."""

    CODE = "code"
    STRING = "string"
    COMMENT = "comment"
    QUOTED_NAME = "quoted name"
    PARAMETER = "parameter"
    SYSTEM = "system function"


@dataclass(frozen=True)
class Stretch:
    """The characters ``start`` up to, but without, ``end`` of the text scanned."""

    kind: Kind
    start: int
    end: int
    text: str


# T-SQL doubles the closing character to write it inside strings and quoted names. A name may
# hold @, # and $ after its first character, so `a@b` is one name and `@a@b` one parameter.
_TOKEN = re.compile(
    r"""
      (?P<string>  '(?:[^']|'')*' )
    | (?P<quoted>  \[(?:[^\]]|\]\])*\] | "(?:[^"]|"")*" )
    | (?P<line>    --[^\r\n]* )
    | (?P<block>   /\* )
    | (?P<open>    ['"\[] )
    | (?P<word>    [^\W\d][\w@$\#]* )
    | (?P<system>  @@[\w@$\#]+ )
    | (?P<param>   @[^\W\d][\w@$\#]* )
    """,
    re.VERBOSE,
)
_KINDS = {
    "string": Kind.STRING,
    "quoted": Kind.QUOTED_NAME,
    "line": Kind.COMMENT,
    "word": Kind.CODE,
    "system": Kind.SYSTEM,
    "param": Kind.PARAMETER,
}
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def scan(text: str) -> Iterator[Stretch]:
    """All stretches of ``text`` in order, without gaps: joined, they are ``text`` again.

    Block comments nest, as on SQL Server. Raises UnterminatedError for a string, comment or
    quoted name without end.
    """
    position = code_start = 0
    while (match := _TOKEN.search(text, position)) is not None:
        group = match.lastgroup or ""
        if group == "open":
            raise _unterminated(text, match.start())
        end = _block_end(text, match.start()) if group == "block" else match.end()
        kind = Kind.COMMENT if group == "block" else _KINDS[group]
        if kind is not Kind.CODE:
            if code_start < match.start():
                yield Stretch(
                    Kind.CODE, code_start, match.start(), text[code_start : match.start()]
                )
            yield Stretch(kind, match.start(), end, text[match.start() : end])
            code_start = end
        position = end
    if code_start < len(text):
        yield Stretch(Kind.CODE, code_start, len(text), text[code_start:])


def line_of(text: str, position: int) -> int:
    """The line, from 1, that the character at ``position`` stands on."""
    return text.count("\n", 0, position) + 1


def _block_end(text: str, start: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise _unterminated(text, start)


def _unterminated(text: str, start: int) -> UnterminatedError:
    return UnterminatedError(
        f"What starts with {text[start]} in line {line_of(text, start)} of the SQL has no end.",
        remedy="Close the string, the comment or the quoted name.",
    )
