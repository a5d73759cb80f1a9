"""Building the embedded warehouse: once, whole or not at all, the same rows every time."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from soxauto_assets.catalog.model import Timestamp
from soxauto_assets.catalog.source_model import SourceTable
from soxauto_assets.catalog.sources import TABLES
from soxauto_assets.demo.build import DATABASES, DemoBuildError, ensure_demo
from soxauto_assets.demo.load import full_identifier, type_name
from soxauto_assets.demo.plan import DemoPlan, InvalidPlanError
from soxauto_assets.period import Period
from soxauto_assets_tests.support.demo import attached
from soxauto_assets_tests.support.processes import WRITERS, at_once, in_child

TINY = DemoPlan(size=0.005)
FIRST, LATER = Period(2024, 1), Period(2024, 3)
# Rows of these tables carry the number of the month they were made in; the month's number is
# months since 1999-12 (2024-01: 289).
NUMBERED = {
    "AIG_Nav_DW.dbo.G_L Entries": '"Entry No_"',
    "AIG_Nav_DW.dbo.Detailed G_L Entry": '"Entry No_"',
    "AIG_Nav_DW.dbo.Customer Ledger Entries": '"Entry No_"',
    "AIG_Nav_DW.dbo.Detailed Customer Ledg_ Entry": '"Entry No_"',
    "AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI": "COD_OMS_SALES_ORDER_ITEM::BIGINT",
    "AIG_Nav_Jumia_Reconciliation.dbo.V_STORECREDITVOUCHER_CLOSING": "id::BIGINT",
    "AIG_Nav_Jumia_Reconciliation.dbo.RPT_TRANSACTIONS_SELLER": "ID_Transaction::BIGINT",
    "AIG_Nav_Jumia_Reconciliation.dbo.RPT_CASHREC_TRANSACTION": "ID_Transaction::BIGINT",
    "AIG_Nav_Jumia_Reconciliation.dbo.RPT_CASHREC_REALLOCATIONS": "ID_Reallocation::BIGINT",
    "AIG_Nav_Jumia_Reconciliation.dbo.RPT_CASHDEPOSIT": "substr(OMS_Payment_No, 5)::BIGINT",
    "AIG_Nav_Jumia_Reconciliation.dbo.RPT_PACKLIST_PAYMENTS": "substr(OMS_Packlist_No, 4)::BIGINT",
}


def contents(databases: Mapping[str, Path], declared: SourceTable, where: str = "true") -> object:
    with attached(databases) as connection:
        return connection.execute(
            f"SELECT * FROM {full_identifier(declared)} WHERE {where} ORDER BY ALL"
        ).fetchall()


def older_rows(through: Period) -> dict[str, str]:
    """For each table, what tells the rows of the months up to ``through`` from later ones."""
    number = ((through.year - 2000) * 12 + through.month + 1) * 100_000_000
    filters = {name: f"{column} < {number}" for name, column in NUMBERED.items()}
    filters["AIG_Nav_Jumia_Reconciliation.dbo.RPT_FX_RATES"] = (
        f"year * 100 + cod_month <= {through.year * 100 + through.month}"
    )
    filters["AIG_Nav_Jumia_Reconciliation.dbo.V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT"] = (
        f"CLOSING_DATE <= DATE '{through.cutoff_date}'"
    )
    return filters


def table_named(full_name: str) -> SourceTable:
    return next(declared for declared in TABLES if declared.full_name == full_name)


def test_the_same_plan_builds_the_same_rows_in_every_table(tmp_path: Path) -> None:
    one = ensure_demo(tmp_path / "one", through=FIRST, plan=TINY)
    other = ensure_demo(tmp_path / "other", through=FIRST, plan=TINY)
    for declared in TABLES:
        assert contents(one, declared) == contents(other, declared), declared.full_name


def test_another_seed_builds_other_rows(tmp_path: Path) -> None:
    items = table_named("AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI")
    one = ensure_demo(tmp_path, through=FIRST, plan=TINY)
    other = ensure_demo(tmp_path, through=FIRST, plan=DemoPlan(seed=2, size=0.005))
    assert contents(one, items) != contents(other, items)


def test_rows_of_older_months_stay_when_later_months_are_added(tmp_path: Path) -> None:
    before = ensure_demo(tmp_path, through=FIRST, plan=TINY)
    after = ensure_demo(tmp_path, through=LATER, plan=TINY)
    for name, older in older_rows(FIRST).items():
        declared = table_named(name)
        rows = contents(before, declared, older)
        assert rows, name
        assert rows == contents(after, declared, older), name


def test_one_large_month_leaves_the_rows_of_the_others_as_they_are(tmp_path: Path) -> None:
    plain = ensure_demo(tmp_path, through=LATER, plan=TINY)
    large = ensure_demo(tmp_path, through=LATER, plan=DemoPlan(size=0.005, sizes={LATER: 0.2}))
    before = LATER.previous
    for name, older in older_rows(before).items():
        declared = table_named(name)
        assert contents(plain, declared, older) == contents(large, declared, older), name
    items = table_named("AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI")
    assert len(contents(large, items)) > len(contents(plain, items)) + 1_000  # type: ignore[arg-type]


def test_no_row_of_a_month_carries_an_event_of_an_older_month(
    source: duckdb.DuckDBPyConnection,
) -> None:
    # An event in an older month would change that month's reports when this one is added.
    for declared in TABLES:
        number = NUMBERED.get(declared.full_name)
        if number is None:
            continue
        for column in declared.columns:
            if not isinstance(column.type, Timestamp):
                continue
            made = f"make_date(2000 + (({number} // 100000000) - 1) // 12, "
            made += f"(({number} // 100000000) - 1) % 12 + 1, 1)"
            early = source.execute(
                f"""
                SELECT count(*) FROM {full_identifier(declared)}
                WHERE "{column.name}" < {made} AND {number} >= 28900000000
                """
            ).fetchall()
            assert early == [(0,)] or column.name == "Due Date", (declared.name, column.name)


def test_the_ledger_alone_can_be_made_large(tmp_path: Path) -> None:
    plain = ensure_demo(tmp_path, through=FIRST, plan=TINY)
    large = ensure_demo(tmp_path, through=FIRST, plan=DemoPlan(size=0.005, ledger_sizes={FIRST: 3}))
    entries = table_named("AIG_Nav_DW.dbo.G_L Entries")
    items = table_named("AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI")
    assert len(contents(large, entries)) == len(contents(plain, entries)) + 2 * (3_000 - 5)  # type: ignore[arg-type]
    assert contents(large, items) == contents(plain, items)


def test_processes_that_ask_at_once_get_one_build_and_all_read_it(tmp_path: Path) -> None:
    def build_and_read(_: int) -> None:
        databases = ensure_demo(tmp_path, through=FIRST, plan=TINY)
        assert contents(databases, table_named("AIG_Nav_DW.dbo.G_L Entries"))

    at_once(build_and_read)
    assert WRITERS > 1
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted(
        [f"{TINY.digest()}-{FIRST}", "lock"]
    )


def test_a_reader_does_not_hinder_another_one(tmp_path: Path) -> None:
    databases = ensure_demo(tmp_path, through=FIRST, plan=TINY)
    with attached(databases) as one, attached(databases) as other:
        query = 'SELECT count(*) FROM AIG_Nav_DW.dbo."G_L Entries"'
        assert one.execute(query).fetchall() == other.execute(query).fetchall()


def test_a_killed_build_leaves_nothing_that_is_used_and_the_next_one_clears_it(
    tmp_path: Path,
) -> None:
    def killed(stage: str) -> None:
        def die(text: str) -> None:
            if stage in text:
                os.kill(os.getpid(), signal.SIGKILL)

        ensure_demo(tmp_path, through=FIRST, plan=TINY, progress=die)

    for stage in ("2023-12", "2024-01", "balances"):
        assert in_child(lambda stage=stage: killed(stage)) == signal.SIGKILL  # type: ignore[misc]
        assert not (tmp_path / f"{TINY.digest()}-{FIRST}").exists()
        assert list(tmp_path.glob("building-*")), "the killed build left its unfinished folder"
    ensure_demo(tmp_path, through=FIRST, plan=TINY)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted(
        [f"{TINY.digest()}-{FIRST}", "lock"]
    )


def test_a_build_that_reaches_further_serves_an_earlier_month(tmp_path: Path) -> None:
    further = ensure_demo(tmp_path, through=LATER, plan=TINY)
    assert ensure_demo(tmp_path, through=FIRST, plan=TINY) == further


def test_a_folder_of_any_name_can_be_built_in(tmp_path: Path) -> None:
    folder = tmp_path / "it's a [folder] of 100 %"
    built = ensure_demo(folder, through=FIRST, plan=TINY)
    assert all(path.is_file() and path.is_relative_to(folder) for path in built.values())


def test_a_month_before_the_first_one_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DemoBuildError, match="2023-11 lies before 2023-12"):
        ensure_demo(tmp_path, through=Period(2023, 11), plan=TINY)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file, no folder")
    with pytest.raises(DemoBuildError, match="occupied"):
        ensure_demo(occupied, through=FIRST, plan=TINY)


@pytest.mark.parametrize("size", [0, -1, 5_001])
def test_a_size_that_cannot_be_built_is_refused(size: float) -> None:
    with pytest.raises(InvalidPlanError, match=str(size)):
        DemoPlan(size=size)


def test_the_built_tables_have_the_declared_names_columns_types_and_nullability(
    source: duckdb.DuckDBPyConnection,
) -> None:
    found = source.execute(
        """
        SELECT database_name, schema_name, table_name, column_name, data_type, is_nullable
        FROM duckdb_columns() WHERE database_name IN (SELECT unnest(?))
        ORDER BY database_name, schema_name, table_name, column_index
        """,
        [list(DATABASES)],
    ).fetchall()
    declared = [
        (
            table.database,
            table.schema,
            table.name,
            column.name,
            type_name(column).replace(" COLLATE NOCASE", "").replace(", ", ","),
            column.nullable,
        )
        for table in sorted(TABLES, key=lambda table: (table.database, table.schema, table.name))
        for column in table.columns
    ]
    assert found == declared


def test_every_declared_table_has_rows_and_every_declared_key_is_unique(
    source: duckdb.DuckDBPyConnection,
) -> None:
    duplicates = {}
    for declared in TABLES:
        identifier = full_identifier(declared)
        (rows,) = source.execute(f"SELECT count(*) FROM {identifier}").fetchall()
        assert rows[0] > 0, declared.full_name
        if declared.key:
            key = ", ".join(f'"{column}"' for column in declared.key)
            found = source.execute(
                f"SELECT {key} FROM {identifier} GROUP BY {key} HAVING count(*) > 1"
            ).fetchall()
            if found:
                duplicates[declared.name] = found
    # The one that is planted (faults.py).
    assert {name: len(found) for name, found in duplicates.items()} == {
        "V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT": 1
    }
