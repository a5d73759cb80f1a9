"""Small embedded warehouses, made by hand, for the tests of this room."""

import duckdb
import pytest

from soxauto_assets.warehouse.embedded import EmbeddedWarehouse
from soxauto_assets.warehouse.protocol import Purpose

PURPOSE = Purpose("ipe_99", "2024-09", "20241001_080000Z-0123abcd")


@pytest.fixture
def database(tmp_path):
    """A function that writes a DuckDB file from SQL and returns its path."""

    def write(name, *statements):
        path = tmp_path / f"{name}.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS dbo")
            for statement in statements:
                connection.execute(statement)
        return path

    return write


@pytest.fixture
def warehouse(database, tmp_path):
    """A warehouse of one database ``AIG_Nav_DW`` with the table ``dbo.[Entries]``."""
    path = database(
        "nav",
        """CREATE TABLE dbo."Entries" (id_company VARCHAR COLLATE NOCASE, "Entry No_" BIGINT,
           "Is_Active?" TINYINT, amount DECIMAL(38, 20), stamp TIMESTAMP, text VARCHAR)""",
        """INSERT INTO dbo."Entries" VALUES
           ('EC_NG', 1, 1, 1.00000000000000000001, '2024-09-30 23:59:59.997', '12'),
           ('ec_ng', 2, 0, -2.5, '2024-10-01', 'secret'),
           ('JM_EG', 3, NULL, NULL, NULL, 'a,"b"'),
           ('AT_TN', 4, 1, 4, '2024-09-01', 'x')""",
    )
    return EmbeddedWarehouse({"AIG_Nav_DW": path}, name="embedded", spill_folder=tmp_path / "spill")


@pytest.fixture
def session(warehouse):
    with warehouse.open(PURPOSE) as opened:
        yield opened
