"""What may be asked of the tables: one SELECT.

Here: the judgement, and which tables a question names. Not here: the engines that answer.
"""

from __future__ import annotations

from soxauto_assets.errors import PermanentError


class NotAQuestionError(PermanentError):
    """A text is not one SELECT; the results are read, never written, by a question."""


def looks_like_a_question(text: str) -> bool:
    """Whether a text is meant as SQL and not as the id of a report."""
    words = text.split(None, 1)
    return len(words) == 2 or text.lstrip().startswith("(")


def tables_named(text: str, dialect: str) -> tuple[str, ...]:
    """The tables that a question names, in lower case, without CTEs.

    ``dialect`` is sqlglot's name of the engine's (``trino`` for Athena, ``duckdb``). Raises
    NotAQuestionError where the text is not one SELECT (a WITH before it counts as part of it).
    """
    import sqlglot
    from sqlglot import exp

    remedy = "Ask one SELECT, for example \"select count(*) from ipe_07 where month = '2024-09'\"."
    try:
        parsed = [one for one in sqlglot.parse(text, read=dialect) if one is not None]
    except sqlglot.errors.SqlglotError as error:
        raise NotAQuestionError("The text is no SQL that can be read.", remedy=remedy) from error
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Query):
        raise NotAQuestionError(
            "Only a single SELECT is asked; results are never changed by a question.",
            remedy=remedy,
        )
    writes = (exp.Insert, exp.Update, exp.Delete, exp.Create, exp.Drop, exp.Into, exp.Command)
    if parsed[0].find(*writes) is not None:
        raise NotAQuestionError(
            "The SELECT writes; results are never changed by a question.", remedy=remedy
        )
    ctes = {cte.alias_or_name.lower() for cte in parsed[0].find_all(exp.CTE)}
    names = (table.name.lower() for table in parsed[0].find_all(exp.Table))
    return tuple(dict.fromkeys(name for name in names if name and name not in ctes))
