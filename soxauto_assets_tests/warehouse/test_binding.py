"""Binding changes markers and nothing else, and refuses every value that does not fit."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlglot
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlglot.tokenizer_core import TokenType

from soxauto_assets.warehouse.binding import (
    BindingError,
    EmptyListError,
    MissingValueError,
    NamedSql,
    PositionalSql,
    UnsuitableValueError,
    UnusedValueError,
    bind_named,
    bind_positional,
    markers,
)
from soxauto_assets.warehouse.protocol import Statement
from soxauto_assets.warehouse.scanner import Kind, UnterminatedError, scan

N = datetime(2024, 10, 1)


def statement(text, **values):
    return Statement("ipe_99/query", text, values)


def test_scalars_lists_and_tables_become_question_marks_in_their_order():
    bound = bind_positional(
        statement(
            "SELECT [Opco/Central_?], [Is_Active?] -- @not this\n"
            "FROM (VALUES @roster) AS r (c, k)\n"
            "WHERE c IN (@companies) AND s < @n AND t >= @n AND e <> 'a@b' /* @nor /* @this */ */",
            roster=(("EC_NG", "NG"), ("JM_EG", "EG")),
            companies=("EC_NG", "JM_EG"),
            n=N,
        )
    )
    assert bound == PositionalSql(
        "SELECT [Opco/Central_?], [Is_Active?] -- @not this\n"
        "FROM (VALUES (?, ?), (?, ?)) AS r (c, k)\n"
        "WHERE c IN (?, ?) AND s < ? AND t >= ? AND e <> 'a@b' /* @nor /* @this */ */",
        ("EC_NG", "NG", "JM_EG", "EG", "EC_NG", "JM_EG", N, N),
    )


def test_named_binding_gives_every_element_a_name_of_its_own():
    bound = bind_named(
        statement("@a @l (@t) @a", a=date(2024, 9, 30), l=(1, 2), t=(("x", "y"), ("z", "w")))
    )
    assert bound == NamedSql(
        "@a @l__1, @l__2 ((@t__1_1, @t__1_2), (@t__2_1, @t__2_2)) @a",
        {
            "a": date(2024, 9, 30),
            "l__1": 1,
            "l__2": 2,
            "t__1_1": "x",
            "t__1_2": "y",
            "t__2_1": "z",
            "t__2_2": "w",
        },
    )


@pytest.mark.parametrize(
    ("text", "values", "error", "message"),
    [
        ("@a", {"a": ()}, EmptyListError, "an empty list for @a"),
        ("@a", {}, MissingValueError, "names @a, which has no value"),
        ("@A", {"a": 1}, MissingValueError, "names @A"),
        ("@a", {"a": 1, "b": 2}, UnusedValueError, "a value for @b, which it does not name"),
        ("'@a' [@a] --@a", {"a": 1}, UnusedValueError, "a value for @a"),
        ("@a", {"a": None}, UnsuitableValueError, "a NoneType for @a"),
        ("@a", {"a": True}, UnsuitableValueError, "a bool for @a"),
        ("@a", {"a": 1.5}, UnsuitableValueError, "a float for @a"),
        ("@a", {"a": Decimal(1)}, UnsuitableValueError, "a Decimal for @a"),
        ("@a", {"a": ["x"]}, UnsuitableValueError, "a list for @a"),
        ("@a", {"a": ("x", None)}, UnsuitableValueError, "a NoneType for @a"),
        ("@a", {"a": datetime(2024, 1, 1, tzinfo=UTC)}, UnsuitableValueError, "with a zone"),
        ("@a", {"a": (("x", "y"), ("z",))}, UnsuitableValueError, "rows of different lengths"),
        ("@a", {"a": (("x",), "z")}, UnsuitableValueError, "rows of different lengths"),
        ("@a", {"a": ((),)}, UnsuitableValueError, "rows of different lengths"),
        ("@@ROWCOUNT", {}, BindingError, "@@ROWCOUNT is a system function"),
    ],
)
@pytest.mark.parametrize("bind", [bind_positional, bind_named])
def test_doubtful_values_are_refused(bind, text, values, error, message):
    with pytest.raises(error, match=message):
        bind(statement(text, **values))


@pytest.mark.parametrize("text", ["SELECT 'a", "SELECT [a", 'SELECT "a', "SELECT 1 /* /* */"])
def test_a_stretch_without_end_is_refused_with_its_line(text):
    with pytest.raises(UnterminatedError, match=r"line 2 of the SQL has no end"):
        list(scan("\n" + text))


def test_a_value_is_never_part_of_an_error():
    with pytest.raises(UnsuitableValueError) as caught:
        bind_positional(statement("@a", a=(("secret",), ("x", "y"))))
    assert "secret" not in str(caught.value)


# Pieces that do not run into each other when joined by spaces or line ends.
_INERT = st.sampled_from(
    [
        "'@a'", "N'it''s @b'", "''", "[x@y]", "[a]]@b]", "[Is_Active?]", '"@q""@r"', "a@b",
        "-- @c '[\n", "/* @d /* @e ' */ [ */", "= ? ", "#tmp", "x$y@z", "1.5", "(", ")",
    ]
)  # fmt: skip
_MARKER = st.sampled_from(["@companies", "@next_period_start", "@roster", "@næme"])


@given(st.lists(st.tuples(st.booleans(), _INERT, _MARKER), max_size=12), st.sampled_from(" \n"))
def test_only_markers_change_and_everything_else_survives(parts, joint):
    pieces = [marker if is_marker else inert for is_marker, inert, marker in parts]
    text = joint.join(pieces)
    used = [marker[1:] for is_marker, _, marker in parts if is_marker]
    values = {"companies": ("A", "B"), "next_period_start": N, "roster": (("x", 1),), "næme": 7}
    marks = {"companies": "?, ?", "next_period_start": "?", "roster": "(?, ?)", "næme": "?"}
    flat = {"companies": ["A", "B"], "next_period_start": [N], "roster": ["x", 1], "næme": [7]}

    bound = bind_positional(statement(text, **{name: values[name] for name in used}))

    assert bound.text == joint.join(
        marks[marker[1:]] if is_marker else inert for is_marker, inert, marker in parts
    )
    assert list(bound.parameters) == [value for name in used for value in flat[name]]
    assert markers(text) == tuple(dict.fromkeys(used))


@given(st.text(alphabet="@ab1_'\"[]-/* \n?N.$#(", max_size=40))
def test_a_scan_never_loses_or_changes_a_character(text):
    try:
        stretches = list(scan(text))
    except UnterminatedError:
        return
    assert "".join(stretch.text for stretch in stretches) == text
    assert [s.start for s in stretches] == [0, *(s.end for s in stretches)][: len(stretches)]


@given(st.text(alphabet="@ab_'[] \n?N,-", max_size=40))
def test_markers_are_those_that_a_parser_of_the_dialect_sees(text):
    assume("@N'" not in text)  # this parser takes N' for the begin of a string even there
    try:
        found = [s.text for s in scan(text) if s.kind is Kind.PARAMETER]
        tokens = sqlglot.tokenize(text, read="tsql")
    except (UnterminatedError, sqlglot.errors.SqlglotError):
        return
    seen = [
        f"@{after.text}"
        for before, mark, after in zip([None, *tokens], tokens, tokens[1:], strict=False)
        if mark.token_type is TokenType.PARAMETER
        and after.token_type is TokenType.VAR
        and after.start == mark.end + 1
        # Two marks in a row begin the name of a system function.
        and not (
            before and before.token_type is TokenType.PARAMETER and before.end + 1 == mark.start
        )
        # T-SQL allows @ inside a name; this parser splits the name there.
        and not (mark.start and (text[mark.start - 1].isalnum() or text[mark.start - 1] in "@_"))
    ]
    assert found == seen
