"""What the rules look at, and what they say: a statement taken apart, and a finding.

Here: the words that the rules share. Not here: the rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from soxauto_assets.catalog.model import CatalogEntry, Control
from soxauto_assets.warehouse.rendering import parse
from soxauto_assets.warehouse.scanner import Kind, Stretch, scan

RULE_NAMES = frozenset(
    {
        # tokens.py
        *("apply", "average", "between", "bit", "clock", "collation", "convert", "date-text"),
        *("hint", "inexact-type", "isnull", "like-class", "national-string", "size"),
        *("system-function", "table-function", "temp-table", "text-type", "week"),
        # trees.py
        *("division", "nested-order", "nested-with", "plus-on-text", "star", "text-list"),
        *("three-part-name", "top", "untyped-null"),
        # shapes.py
        *("amount-cast", "control-columns", "final-order", "final-select", "one-row"),
        *("parameter", "sum-cast"),
        # sources.py, reasons.py, and what does not parse
        *("missing-column", "missing-table", "sources", "reason", "one-select"),
    }
)
"""Every name that an Issue can carry; each has a fixture that breaks it."""


@dataclass(frozen=True)
class Issue:
    """What a rule says about a statement; ``line`` counts from 1 within the statement."""

    line: int
    rule: str
    message: str

    def __post_init__(self) -> None:
        if self.rule not in RULE_NAMES:
            raise ValueError(f"{self.rule} is not among RULE_NAMES")


@dataclass(frozen=True)
class Finding:
    """A broken rule in a file of the catalogue."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Subject:
    """A query or control, parsed. ``control`` is None for the query of ``entry``."""

    name: str
    text: str
    entry: CatalogEntry
    control: Control | None
    tree: exp.Query
    tokens: tuple[Token, ...]
    comments: tuple[Stretch, ...]

    @classmethod
    def of(cls, name: str, text: str, entry: CatalogEntry, control: Control | None) -> Subject:
        """The statement taken apart; raises RenderingError where it is no single SELECT."""
        return cls(
            name=name,
            text=text,
            entry=entry,
            control=control,
            tree=parse(name, text),
            tokens=tuple(sqlglot.tokenize(text, read="tsql")),
            comments=tuple(s for s in scan(text) if s.kind is Kind.COMMENT),
        )

    def words(self) -> Iterator[tuple[int, Token, str]]:
        """Position, token and upper-case text of every token that is neither name nor string."""
        for position, token in enumerate(self.tokens):
            if token.token_type not in _LITERAL:
                yield position, token, token.text.upper()

    def word(self, position: int) -> str:
        """The upper-case text of a token; empty beyond the end and for names and strings."""
        if not 0 <= position < len(self.tokens):
            return ""
        token = self.tokens[position]
        return "" if token.token_type in _LITERAL else token.text.upper()

    def is_string(self, position: int) -> bool:
        """Whether a token is a string."""
        return (
            0 <= position < len(self.tokens) and self.tokens[position].token_type in STRING_TOKENS
        )

    def closing(self, position: int) -> int:
        """The position of the parenthesis that closes the one at ``position``."""
        depth = 0
        for place in range(position, len(self.tokens)):
            depth += {"(": 1, ")": -1}.get(self.word(place), 0)
            if depth == 0:
                return place
        return len(self.tokens)


STRING_TOKENS = frozenset({TokenType.STRING, TokenType.NATIONAL_STRING})
_LITERAL = STRING_TOKENS | {TokenType.IDENTIFIER}


def line_of_node(node: exp.Expr) -> int:
    """The line of the first thing in a node whose place the parser kept; 1 where there is none."""
    lines = [int(part.meta["line"]) for part in node.walk() if "line" in part.meta]
    if not lines and node.parent is not None:
        return line_of_node(node.parent)
    return min(lines, default=1)
