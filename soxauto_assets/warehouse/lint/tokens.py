"""Rules that the tokens of a statement decide: words and strings that must not be there.

Here: one function a rule. Not here: rules that need the syntax tree (``trees.py``), the declared
report (``shapes.py``) or the comments (``reasons.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sqlglot.tokenizer_core import TokenType

from soxauto_assets.warehouse.lint.subject import Issue, Subject

_BANNED: dict[str, tuple[str, str]] = {
    word: (rule, message)
    for rule, message, words in (
        (
            "clock",
            "reads the clock, so a closed month would change; use a parameter",
            "GETDATE GETUTCDATE SYSDATETIME SYSUTCDATETIME SYSDATETIMEOFFSET CURRENT_TIMESTAMP "
            "CURRENT_DATE CURRENT_TIME CURRENT_TIMEZONE NEWID NEWSEQUENTIALID RAND",
        ),
        (
            "convert",
            "turns a bad value into null, or means another thing on DuckDB; use CAST",
            "CONVERT TRY_CONVERT TRY_CAST PARSE TRY_PARSE",
        ),
        (
            "apply",
            "exists on one engine only; use a join or a scalar sub-query",
            "APPLY PIVOT UNPIVOT",
        ),
        ("average", "is floating point on DuckDB; sum, count, and divide CAST by CAST", "AVG"),
        (
            "table-function",
            "exists on one engine only; bind the list as a parameter",
            "STRING_SPLIT OPENJSON OPENXML OPENROWSET OPENQUERY OPENDATASOURCE",
        ),
        (
            "hint",
            "changes which rows are read, or how; a snapshot needs no hint",
            "NOLOCK READUNCOMMITTED READPAST HOLDLOCK UPDLOCK TABLOCK OPTION",
        ),
        (
            "inexact-type",
            "is no exact type that both engines have; use DECIMAL(p, s)",
            "MONEY SMALLMONEY FLOAT REAL SQL_VARIANT",
        ),
        (
            "bit",
            "is a bit string on DuckDB; output computed flags as CAST(CASE ... END AS SMALLINT)",
            "BIT",
        ),
        (
            "text-type",
            "loses what is not in the server's code page; use NVARCHAR(n)",
            "VARCHAR CHAR TEXT NTEXT",
        ),
    )
    for word in words.split()
}
_DATE_PARTS = frozenset({"WEEK", "WK", "WW", "ISO_WEEK", "ISOWK", "ISOWW", "WEEKDAY", "DW", "W"})
_DATE_FUNCTIONS = frozenset({"DATEDIFF", "DATEDIFF_BIG", "DATEPART", "DATENAME", "DATEADD"})
_DATE = re.compile(r"\d{8}|\d{4}-\d{1,2}-\d{1,2}.*|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}.*", re.DOTALL)
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?")


def banned_words(subject: Subject) -> Iterator[Issue]:
    """Functions, types and clauses that have no place in the catalogue."""
    for position, token, word in subject.words():
        if word not in _BANNED:
            continue
        if subject.word(position - 1) == ".":  # a column of that name
            continue
        rule, message = _BANNED[word]
        if rule in ("inexact-type", "bit", "text-type") and subject.word(position - 1) != "AS":
            continue
        yield Issue(token.line, rule, f"{word} {message}.")


def between(subject: Subject) -> Iterator[Issue]:
    """BETWEEN, but in a window frame: bounds of a period are half-open (decision D1)."""
    for position, token, word in subject.words():
        if word == "BETWEEN" and subject.word(position - 1) not in ("ROWS", "RANGE"):
            yield Issue(
                token.line, "between", "BETWEEN is closed at both ends; write >= and < (D1)."
            )


def table_hints(subject: Subject) -> Iterator[Issue]:
    """``WITH (...)`` after a table."""
    for position, token, word in subject.words():
        if word == "WITH" and subject.word(position + 1) == "(":
            yield Issue(token.line, "hint", "A table hint; a snapshot needs none.")


def temporary_tables(subject: Subject) -> Iterator[Issue]:
    """``#name`` and ``##name``: two runs would collide, and a batch is no single result."""
    for _, token, word in subject.words():
        if word.startswith("#"):
            yield Issue(token.line, "temp-table", "A temporary table; use a CTE.")


def isnull_with_other_than_zero(subject: Subject) -> Iterator[Issue]:
    """``ISNULL(a, b)`` loses the type of a on DuckDB; with 0 it does no harm."""
    for position, token, word in subject.words():
        if word != "ISNULL" or subject.word(position + 1) != "(":
            continue
        end = subject.closing(position + 1)
        if (subject.word(end - 2), subject.word(end - 1)) != (",", "0"):
            yield Issue(
                token.line, "isnull", "ISNULL only as ISNULL(amount, 0); use COALESCE with a CAST."
            )


def like_classes(subject: Subject) -> Iterator[Issue]:
    """``LIKE '[A-N]%'``: character classes exist on SQL Server only."""
    for position, token, word in subject.words():
        if word != "LIKE" or not subject.is_string(position + 1):
            continue
        if "[" in subject.tokens[position + 1].text:
            yield Issue(token.line, "like-class", "A character class in LIKE; write it out.")


def calendar_weeks(subject: Subject) -> Iterator[Issue]:
    """Weeks and weekdays are counted differently by the two engines."""
    for position, token, word in subject.words():
        if word in _DATE_FUNCTIONS and subject.word(position + 2) in _DATE_PARTS:
            yield Issue(token.line, "week", f"{word} by week or weekday depends on settings.")


def dates_in_strings(subject: Subject) -> Iterator[Issue]:
    """A date as text is read by the server's language; only two forms are unambiguous.

    ``CAST('2018-01-01' AS DATE)`` or ``DATETIME2``, and ``CAST('2018-01-01T00:00:00' AS
    DATETIME)``.
    """
    for position, token in enumerate(subject.tokens):
        if not subject.is_string(position) or not _DATE.fullmatch(token.text):
            continue
        around = (
            subject.word(position - 2),
            subject.word(position - 1),
            subject.word(position + 1),
        )
        target = subject.word(position + 2)
        sound = around == ("CAST", "(", "AS") and (
            (_ISO_DAY.fullmatch(token.text) and target in ("DATE", "DATETIME2"))
            or (_ISO_STAMP.fullmatch(token.text) and target in ("DATETIME", "DATETIME2"))
        )
        if not sound:
            yield Issue(
                token.line,
                "date-text",
                f"'{token.text}' is read by the server's language; write CAST('2018-01-01' AS "
                "DATE) or CAST('2018-01-01T00:00:00' AS DATETIME).",
            )


def collations(subject: Subject) -> Iterator[Issue]:
    """Only a binary collation exists on both engines."""
    for position, token, word in subject.words():
        if word == "COLLATE" and not subject.word(position + 1).endswith(("_BIN", "_BIN2")):
            yield Issue(
                token.line, "collation", "Only a binary collation, Latin1_General_BIN2, is known."
            )


def national_strings(subject: Subject) -> Iterator[Issue]:
    """A string with other than ASCII characters loses them without N before it."""
    for token in subject.tokens:
        if token.token_type is TokenType.STRING and not token.text.isascii():
            yield Issue(token.line, "national-string", "Write N'...' around such characters.")


def system_functions(subject: Subject) -> Iterator[Issue]:
    """``@@ROWCOUNT`` and its like depend on the session."""
    for position, token, word in subject.words():
        if word == "@" and subject.word(position + 1) == "@":
            yield Issue(token.line, "system-function", "A system function; use a parameter.")


def sizes(subject: Subject) -> Iterator[Issue]:
    """DECIMAL alone is (18, 0) on SQL Server, (18, 3) on DuckDB; NVARCHAR alone cuts at 30."""
    for position, token, word in subject.words():
        if subject.word(position - 1) != "AS" or word not in _SIZED:
            continue
        opening = position + 1
        size = 0
        if subject.word(opening) == "(":
            size = subject.closing(opening) - opening - 1
        if size != _SIZED[word]:
            yield Issue(token.line, "size", f"{word} without its size: NVARCHAR(n), DECIMAL(p, s).")


_SIZED = {"NVARCHAR": 1, "NCHAR": 1, "DECIMAL": 3, "NUMERIC": 3}
"""Types that need a size, and the tokens that it is made of."""


RULES: tuple[Callable[[Subject], Iterator[Issue]], ...] = (
    banned_words,
    between,
    table_hints,
    temporary_tables,
    isnull_with_other_than_zero,
    like_classes,
    calendar_weeks,
    dates_in_strings,
    collations,
    national_strings,
    system_functions,
    sizes,
)
