"""What a statement names is looked up in the declared schema, and in the source of the run."""

from dataclasses import replace

import pytest

from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.catalog.model import Boolean, Date, Integer, Numeric, Text, Timestamp
from soxauto_assets.warehouse.columns import SourceRef
from soxauto_assets.warehouse.contract import (
    _fits,
    check_contract,
    check_source_types,
    columns_read,
)
from soxauto_assets.warehouse.embedded import EmbeddedWarehouse
from soxauto_assets.warehouse.protocol import SourceError, SourceTypeError
from soxauto_assets_tests.warehouse.conftest import PURPOSE

QUERY = """WITH report AS (
    SELECT c.Company_Code AS id_company, MAX(c.[Opco/Central_?]) AS kind
    FROM AIG_Nav_Jumia_Reconciliation.fdw.Dim_Company AS c
    -- Why.
    WHERE c.Flg_In_Conso_Scope = 1
    GROUP BY c.Company_Code
)
SELECT id_company, kind FROM report ORDER BY id_company
"""


@pytest.fixture
def entry():
    loaded = load_entry("cr_05")
    sources = ("AIG_Nav_Jumia_Reconciliation.fdw.Dim_Company",)
    return replace(loaded, report=replace(loaded.report, sources=sources), query=QUERY, controls=())


def test_every_report_keeps_the_contract_with_the_declared_source():
    assert {
        report_id: check_contract(load_entry(report_id)) for report_id in report_ids()
    } == dict.fromkeys(report_ids(), ())


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("c.Company_Code AS", "c.Company_Kode AS", "Dim_Company has no column Company_Kode."),
        ("= 1", "= c.nope", "Dim_Company has no column nope."),
        ("c.Flg_In_Conso_Scope", "nope", "No table that is read here has a column nope."),
        ("fdw.Dim_Company", "fdw.Dim_Firm", "Dim_Firm is no declared source table."),
        ("SELECT id_company, kind", "SELECT id_company, sort", "has a column sort."),
        ("WHERE c.Flg", "WHERE x.Flg", "x has no column Flg_In_Conso_Scope."),
    ],
)
def test_a_missing_table_or_column_is_named(entry, old, new, finding):
    findings = check_contract(replace(entry, query=QUERY.replace(old, new, 1)))
    assert any(text.startswith("query, line ") and text.endswith(finding) for text in findings)


def test_a_missing_column_of_a_control_is_named(entry):
    control = load_entry("cr_05").controls[0]
    control = replace(control, sql=QUERY.replace("Company_Code AS", "Company_Kode AS"))
    (finding,) = check_contract(replace(entry, controls=(control,)))
    assert finding == (
        f"control {control.name}, line 2: "
        "AIG_Nav_Jumia_Reconciliation.fdw.Dim_Company has no column Company_Kode."
    )


def test_names_are_compared_without_case(entry):
    shouted = QUERY.replace("Company_Code", "COMPANY_CODE").replace("fdw.Dim_C", "FDW.DIM_C")
    assert check_contract(replace(entry, query=shouted)) == ()


def test_the_sources_of_the_report_are_the_tables_of_the_query(entry):
    wrong = replace(entry.report, sources=("AIG_Nav_DW.dbo.Customers",))
    assert check_contract(replace(entry, report=wrong)) == (
        "query, line 1: report.py does not name aig_nav_jumia_reconciliation.fdw.dim_company, "
        "which the query reads.",
        "query, line 1: report.py names aig_nav_dw.dbo.customers, which the query does not read.",
    )


TABLE = "AIG_Nav_Jumia_Reconciliation.fdw.Dim_Company"


def test_the_columns_read_are_those_that_the_statements_name(entry):
    assert columns_read(entry) == (
        SourceRef(TABLE, "Company_Code"),
        SourceRef(TABLE, "Flg_In_Conso_Scope"),
        SourceRef(TABLE, "Opco/Central_?"),
    )


@pytest.fixture
def check(database, tmp_path, entry):
    def against(create):
        path = database("finrec", "CREATE SCHEMA fdw", create)
        opened = EmbeddedWarehouse(
            {"AIG_Nav_Jumia_Reconciliation": path}, name="n", spill_folder=tmp_path / "spill"
        )
        with opened.open(PURPOSE) as session:
            check_source_types(session, entry)

    return against


def test_a_source_of_the_declared_types_passes(check):
    check(
        'CREATE TABLE fdw.Dim_Company (company_code VARCHAR, "Opco/Central_?" VARCHAR,'
        " Flg_In_Conso_Scope TINYINT, another_column DOUBLE)"
    )


def test_a_column_of_another_type_is_noticed_although_its_values_would_cast(check):
    with pytest.raises(SourceTypeError) as caught:
        check(
            'CREATE TABLE fdw.Dim_Company (Company_Code INTEGER, "Opco/Central_?" VARCHAR,'
            " Flg_In_Conso_Scope VARCHAR)"
        )
    assert caught.value.problem == (
        f"cr_05: source columns are of another type: {TABLE}.Company_Code is INTEGER, declared "
        f"Text(length=None); {TABLE}.Flg_In_Conso_Scope is VARCHAR, declared Boolean()."
    )


def test_a_missing_column_or_table_of_the_source_is_named(check):
    with pytest.raises(
        SourceError, match=rf"lacks column {TABLE}.Flg_In_Conso_Scope\.".replace("?", r"\?")
    ):
        check('CREATE TABLE fdw.Dim_Company (Company_Code VARCHAR, "Opco/Central_?" VARCHAR)')


def test_a_missing_table_of_the_source_is_named(check):
    with pytest.raises(SourceError, match=f"cr_05: the source lacks table {TABLE}"):
        check("CREATE TABLE fdw.Other (x INTEGER)")


@pytest.mark.parametrize(
    ("actual", "declared", "fits"),
    [
        ("nvarchar(50)", Text(), True),
        ("int", Text(), False),
        ("int", Integer(64), True),
        ("bigint", Integer(32), False),
        ("HUGEINT", Integer(64), False),
        ("DECIMAL(18,4)", Numeric(18, 4), True),
        ("numeric(16, 2)", Numeric(18, 4), True),
        ("decimal(38,20)", Numeric(18, 4), False),
        ("decimal(19,4)", Numeric(18, 4), False),
        ("float", Numeric(18, 4), False),
        ("money", Numeric(38, 4), False),
        ("datetime2(7)", Timestamp(), True),
        ("TIMESTAMP WITH TIME ZONE", Timestamp(), False),
        ("date", Timestamp(), False),
        ("date", Date(), True),
        ("datetime", Date(), False),
        ("bit", Boolean(), True),
        ("varchar(1)", Boolean(), False),
        ("STRUCT(a INTEGER)", Text(), False),
    ],
)
def test_a_type_fits_where_every_value_of_it_can_be_read(actual, declared, fits):
    assert _fits(actual, declared) is fits
