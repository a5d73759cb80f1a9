"""A report as small as the catalogue takes one: two columns, two controls, one source table.

Here: its folder, approved by the test key. Not here: its rows (``small_source``).
"""

from __future__ import annotations

from pathlib import Path

from soxauto_assets_tests.support.baselines import approve_folder

_FROM = """FROM [AIG_Nav_Jumia_Reconciliation].[dbo].[RPT_FX_RATES] AS rate
WHERE rate.[year] = @year AND rate.cod_month = @month"""

_FILES = {
    "query.sql": f"""WITH report AS (
SELECT rate.country_code, CAST(rate.rate AS DECIMAL(18, 8)) AS fx_rate
{_FROM}
)
SELECT country_code, fx_rate FROM report ORDER BY country_code
""",
    "controls.sql": f"""-- name: transfer
-- kind: totals
-- title: The very rows
SELECT COUNT_BIG(*) AS row_count, SUM(CAST(rate.rate AS DECIMAL(38, 8))) AS sum_fx_rate
{_FROM}
""",
    "schema.py": """from soxauto_assets.catalog.model import Column, Numeric, Text

COLUMNS = (
    Column("country_code", Text(), "Country.", "RPT_FX_RATES.country_code"),
    Column("fx_rate", Numeric(18, 8), "Rate.", "RPT_FX_RATES.rate", minimum="0"),
)
""",
    "report.py": """from soxauto_assets.catalog.model import CheckKind, Parameter, Report

REPORT = Report(
    id="fx_rates",
    title="Rates of the month",
    control="C-PG-1",
    purpose="Is simulated.",
    family="fx_rates",
    group_accounts=(),
    sources=("AIG_Nav_Jumia_Reconciliation.dbo.RPT_FX_RATES",),
    parameters=(Parameter.YEAR, Parameter.MONTH),
    primary_key=("country_code",),
    amounts=("fx_rate",),
    owner="team:tests",
    not_applicable={
        kind: "The simulation is not about it."
        for kind in (
            CheckKind.CUT_OFF,
            CheckKind.WITNESSES,
            CheckKind.WITHOUT_JOINS,
            CheckKind.DRIVING_TABLE,
            CheckKind.ROSTER,
        )
    },
)
""",
}


def small_catalog(folder: Path) -> Path:
    """A catalogue with this report alone, approved."""
    report = folder / "fx_rates"
    report.mkdir(parents=True)
    for name, text in _FILES.items():
        (report / name).write_text(text, "utf-8")
    approve_folder(report)
    return folder
