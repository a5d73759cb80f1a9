"""The rule that every filter says why it is there.

A filter decides which rows an auditor never sees. A comment covers the group of lines that
follows it: one above the keyword, in the line of the keyword, or before the first predicate.
A control may repeat filters of the query, which are explained there.

Here: where comments stand. Not here: whether what they say is true; people judge that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from soxauto_assets.warehouse.lint.subject import Issue, Subject
from soxauto_assets.warehouse.scanner import Kind, scan

_ENDS = frozenset({"GROUP", "HAVING", "ORDER", "UNION", "EXCEPT", "INTERSECT", "WHERE"})
_JOIN_STARTS = frozenset({"INNER", "LEFT", "RIGHT", "FULL", "CROSS"})


def filters_have_reasons(subject: Subject) -> Iterator[Issue]:
    """Every filter of a query has a comment; a control with filters of its own has one at least.

    Filters are WHERE, HAVING, and joins. What stands inside the parentheses of a covered clause
    is covered with it.
    """
    if subject.control is None:
        yield from _joins_without_reason(subject)
        yield from _clauses_without_reason(subject)
    elif not subject.comments:
        explained = _normal(subject.entry.query)
        for line, clause in _clauses(subject):
            if _normal(subject.text[clause.start : clause.stop]) not in explained:
                yield Issue(line, "reason", "A control with filters that no comment explains.")
                return


def _clauses(subject: Subject) -> Iterator[tuple[int, range]]:
    """Line and extent of each WHERE and HAVING, in order."""
    for position, token, word in subject.words():
        if word in ("WHERE", "HAVING"):
            yield token.line, range(token.start, _clause_end(subject, position))


def _clauses_without_reason(subject: Subject) -> Iterator[Issue]:
    covered: list[range] = []
    for line, clause in _clauses(subject):
        if _covered(subject, clause.start, clause.stop):
            covered.append(clause)
        elif not any(clause.start in outer for outer in covered):
            yield Issue(line, "reason", "WHERE or HAVING without a comment that says why.")


def _joins_without_reason(subject: Subject) -> Iterator[Issue]:
    """A join needs a comment, of its own or above the joins of the same FROM before it."""
    for position, token, word in subject.words():
        if word != "FROM":
            continue
        depth, place, covered = 0, position + 1, False
        previous = token.start
        while place < len(subject.tokens):
            current = subject.word(place)
            depth += {"(": 1, ")": -1}.get(current, 0)
            if depth < 0 or (depth == 0 and current in _ENDS):
                break
            if depth == 0 and current == "JOIN":
                join = subject.tokens[place]
                covered = covered or _comment_between(subject, previous, join.end)
                covered = covered or _covered(subject, join.start, _on_end(subject, place))
                if not covered:
                    yield Issue(join.line, "reason", "A join without a comment that says why.")
                    return
            place += 1


def _covered(subject: Subject, start: int, end: int) -> bool:
    """Whether a comment stands in the clause, or in the lines directly above its keyword."""
    if _comment_between(subject, start, end):
        return True
    line_start = subject.text.rfind("\n", 0, start) + 1
    above = subject.text[:line_start].rstrip().rfind("\n") + 1
    return _comment_between(subject, above, start)


def _comment_between(subject: Subject, start: int, end: int) -> bool:
    return any(start <= comment.start < end for comment in subject.comments)


def _clause_end(subject: Subject, position: int) -> int:
    """The end of the clause: of the first line break after its last token, for trailing words."""
    depth = 0
    for place in range(position + 1, len(subject.tokens)):
        word = subject.word(place)
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth < 0 or (depth == 0 and word in _ENDS):
            return int(subject.tokens[place].start)
    return len(subject.text)


def _on_end(subject: Subject, position: int) -> int:
    depth = 0
    for place in range(position + 1, len(subject.tokens)):
        word = subject.word(place)
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth < 0 or (depth == 0 and word in _ENDS | _JOIN_STARTS | {"JOIN"}):
            return int(subject.tokens[place].start)
    return len(subject.text)


def _normal(text: str) -> str:
    """The text without comments, white space and case."""
    kept = "".join(s.text for s in scan(text) if s.kind is not Kind.COMMENT)
    return re.sub(r"\s+", "", kept).lower()


RULES: tuple[Callable[[Subject], Iterator[Issue]], ...] = (filters_have_reasons,)
