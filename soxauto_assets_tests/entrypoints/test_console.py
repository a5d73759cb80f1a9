"""The table at the end of a run, and what one copies from below it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from soxauto_assets.assets.outcome import Outcome
from soxauto_assets.entrypoints.console import outcome_tables, to_verify
from soxauto_assets.evidence.package import PublishedPackage
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.protocol import Receipt

ATTEMPT = "20241001_080000Z-0123abcd"
TOTALS = {"totalremainingamount": Decimal("1882779.084"), "rtl_storecredit": Decimal("-0.5")}


def _outcome(url: str = "file:///home/evidence") -> Outcome:
    receipt = Receipt("manifest.json", "1", "0" * 64, 1)
    return Outcome(
        address=AttemptAddress("ipe_08_timing", Period(2024, 9), ATTEMPT),
        entry=None,
        passed=True,
        cause=None,
        checks=(),
        rows=12_345_678,
        totals=TOTALS,
        spooled=None,
        preview=(),
        extract=None,
        validated=None,
        package=PublishedPackage(receipt, receipt, (), url),
        became_current=True,
        started=datetime(2024, 10, 1, tzinfo=UTC),
        ended=datetime(2024, 10, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(("width", "tables"), [(80, 2), (100, 2), (160, 1)])
def test_the_table_loses_nothing_on_a_narrow_terminal(width: int, tables: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    made = outcome_tables([_outcome()], console)
    assert len(made) == tables
    for table in made:
        console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for shown in ("12,345,678", "PASS", "totalremainingamount 1,882,779.08", "-0.50"):
        assert shown in text


def test_a_package_is_named_as_one_types_it(tmp_path: Path) -> None:
    plain, odd = tmp_path / "evidence", tmp_path / "my 100% evidence"
    assert to_verify(_outcome(f"{plain.as_uri()}/")) == str(plain)
    assert to_verify(_outcome(f"{odd.as_uri()}/")) == f"'{odd}'"
    assert to_verify(_outcome("s3://evidence/a/b/")) == "s3://evidence/a/b/"
