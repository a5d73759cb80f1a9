"""The text for SSMS runs as it stands: no marker is left without a value."""

from datetime import date, datetime

from soxauto_assets.warehouse.protocol import Statement
from soxauto_assets.warehouse.ssms import ssms_text


def test_scalars_are_declared_and_lists_are_written_out():
    statement = Statement(
        "ipe_99/query",
        "-- @companies stays in comments\n"
        "SELECT [a_?] FROM t, (VALUES @roster) AS r (c, d)\n"
        "WHERE c IN (@companies) AND s < @next_period_start AND e <= @cutoff_date AND y = @year\n",
        {
            "companies": ("EC_NG", "O'X"),
            "roster": (("EC_NG", "Côte d'Ivoire"),),
            "next_period_start": datetime(2024, 10, 1),
            "cutoff_date": date(2024, 9, 30),
            "year": 2024,
        },
    )
    assert ssms_text(statement) == (
        "-- ipe_99/query, for SQL Server Management Studio\n"
        "DECLARE @next_period_start DATETIME2(7) = '2024-10-01T00:00:00';\n"
        "DECLARE @cutoff_date DATE = '2024-09-30';\n"
        "DECLARE @year INT = 2024;\n"
        "\n"
        "-- @companies stays in comments\n"
        "SELECT [a_?] FROM t, (VALUES (N'EC_NG', N'Côte d''Ivoire')) AS r (c, d)\n"
        "WHERE c IN (N'EC_NG', N'O''X') AND s < @next_period_start AND e <= @cutoff_date"
        " AND y = @year\n"
    )


def test_a_text_scalar_is_declared_as_national_text_of_its_length():
    text = ssms_text(Statement("n", "SELECT @who", {"who": "O'X"}))
    assert "DECLARE @who NVARCHAR(3) = N'O''X';" in text
