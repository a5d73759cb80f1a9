"""What DuckDB is given means what the T-SQL says; what has no equivalent is refused."""

from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest

from soxauto_assets.warehouse.rendering import RenderingError, render

ROWS = """(VALUES
    ('ab', 'AB  ', 1, CAST('2024-09-30T23:59:59.997' AS DATETIME)),
    ('B', NULL, 0, CAST('2024-10-01T00:00:00' AS DATETIME)),
    ('a_', 'ab', 1, NULL)
) AS t (k, other, flag, stamp)"""


def answer(text, **parameters):
    sql = render("t/query", text, parameters)
    with duckdb.connect(config={"default_collation": "NOCASE"}) as connection:
        return connection.execute(sql, parameters or None).fetchall()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("CAST(CASE WHEN k = 'AB' THEN 1 ELSE 0 END AS SMALLINT)", [1, 0, 0]),
        ("CAST(flag AS BIT)", [1, 0, 1]),
        ("CAST(stamp AS DATE)", [date(2024, 9, 30), date(2024, 10, 1), None]),
        ("CAST(k AS NVARCHAR(MAX))", ["ab", "B", "a_"]),
        (
            "CAST('1.23456789012345678901' AS DECIMAL(38, 20))",
            [Decimal("1.23456789012345678901")] * 3,
        ),
        ("ISNULL(CAST(NULL AS DECIMAL(18, 4)), 0)", [Decimal("0.0000")] * 3),
        ("CONCAT(k, '|', other)", ["ab|AB  ", "B|", "a_|ab"]),
        ("LEFT(other, 1)", ["A", None, "a"]),
        ("DATEDIFF(DAY, stamp, CAST('2024-10-02' AS DATE))", [2, 1, None]),
        ("YEAR(stamp) * 100 + MONTH(stamp)", [202409, 202410, None]),
        ("N'Côte d''Ivoire'", ["Côte d'Ivoire"] * 3),
        ("COUNT_BIG(*) OVER (PARTITION BY flag)", [2, 1, 2]),
    ],
)
def test_an_expression_gives_what_sql_server_gives(expression, expected):
    found = answer(f"SELECT {expression} AS x, k FROM {ROWS}")
    assert sorted((k, str(x)) for x, k in found) == sorted(
        (k, str(x)) for x, k in zip(expected, ["ab", "B", "a_"], strict=True)
    )


def test_text_is_compared_without_case_and_ordered_binary_where_it_says_so():
    assert answer(f"SELECT k FROM {ROWS} ORDER BY k COLLATE Latin1_General_BIN2") == [
        ("B",),
        ("a_",),
        ("ab",),
    ]
    assert answer(f"SELECT MIN(k COLLATE Latin1_General_100_BIN2) AS k FROM {ROWS}") == [("B",)]
    assert answer(f"SELECT k FROM {ROWS} WHERE k IN (@l__1)", l__1="AB") == [("ab",)]


def test_nulls_come_first_as_on_sql_server():
    assert answer(f"SELECT other FROM {ROWS} ORDER BY other COLLATE Latin1_General_BIN2")[0] == (
        None,
    )


def test_a_list_of_texts_is_in_the_order_asked_for():
    listed = (
        "SELECT STRING_AGG(CAST(k AS NVARCHAR(MAX)), ',')"
        f" WITHIN GROUP (ORDER BY k COLLATE Latin1_General_BIN2) AS l FROM {ROWS}"
    )
    assert answer(listed) == [("B,a_,ab",)]


def test_top_takes_the_first_of_the_order():
    assert answer(f"SELECT TOP (1) k FROM {ROWS} ORDER BY stamp DESC") == [("B",)]


def test_markers_become_typed_parameters():
    sql = render(
        "t/query",
        "SELECT @n AS n, @d AS d, @c AS c, @i AS i, @big AS big, [Is_Active?] FROM x.dbo.[t t]",
        {"n": datetime(2024, 10, 1), "d": date(2024, 9, 30), "c": "x", "i": 1, "big": 2**40},
    )
    assert " ".join(sql.split()) == (
        "SELECT CAST($n AS TIMESTAMP) AS n, CAST($d AS DATE) AS d, CAST($c AS TEXT) AS c,"
        ' CAST($i AS INT) AS i, CAST($big AS BIGINT) AS big, "Is_Active?" FROM x.dbo."t t"'
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT CONVERT(DATE, 'x') AS x", "uses CONVERT or TRY_CAST"),
        ("SELECT TRY_CAST('x' AS DATE) AS x", "uses CONVERT or TRY_CAST"),
        ("SELECT a FROM t WITH (NOLOCK)", "uses a table hint"),
        ("SELECT a FROM t ORDER BY a COLLATE Latin1_General_CI_AS", "names the collation"),
        ("SELECT @unbound AS x", "names @unbound, which is not bound"),
        ("SELECT 1; SELECT 2", "holds 2 statements"),
        ("-- nothing", "holds 0 statements"),
        ("SELECT FROM WHERE", "is no T-SQL that can be parsed"),
        ("DELETE FROM t", "is no SELECT"),
        ("SELECT a INTO t2 FROM t", "is no SELECT"),
    ],
)
def test_what_has_no_equivalent_is_refused(text, message):
    with pytest.raises(RenderingError, match=message):
        render("t/query", text, {})


def test_a_value_that_does_not_cast_fails_instead_of_becoming_null():
    with pytest.raises(duckdb.ConversionException):
        answer("SELECT CAST('x' AS DATE) AS x")
