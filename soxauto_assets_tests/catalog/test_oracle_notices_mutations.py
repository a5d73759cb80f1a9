"""The hostile sources tell a query from nearly every small change of it.

A comparison proves only what its data can tell apart. So each query is changed in one place at
a time (a bound moved by an instant, a join made inner, a null test turned round, a literal
altered), and the changed query must no longer equal the oracle. What survives is printed; a few
changes mean the same (a MIN over one row), so a share is asked for, not all.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.errors import SoxautoError
from soxauto_assets.period import Period
from soxauto_assets.warehouse.embedded import EmbeddedWarehouse
from soxauto_assets.warehouse.scanner import Kind, scan
from soxauto_assets_tests.support.oracle import REPORTS, EmbeddedSource, Month, expected_rows
from soxauto_assets_tests.support.oracle.comparison import Row, differences, entry_of, extract
from soxauto_assets_tests.support.oracle.hostile import hostile_tables, write

_TRIED = 60
"""Changes tried a report, drawn from all that the rules give."""
_NOTICED = 0.9
_SOURCES = ((1, Period(2024, 12)), (2, Period(2025, 1)), (3, Period(2024, 12)))
_RULES = (
    (r"<=", "<"),
    (r">=", ">"),
    (r"(?<![<>=])<(?![=>])", "<="),
    (r"(?<![<>=])>(?!=)", ">="),
    (r"<>", "="),
    (r"(?<![<>!])=(?!=)", "<>"),
    (r"\bAND\b", "OR"),
    (r"\bOR\b", "AND"),
    (r"\bLEFT JOIN\b", "INNER JOIN"),
    (r"\bIS NULL\b", "IS NOT NULL"),
    (r"\bIS NOT NULL\b", "IS NULL"),
    (r"\bMIN\b", "MAX"),
    (r"\bMAX\b", "MIN"),
    (r"\bSUM\b", "MAX"),
    (r" \+ ", " - "),
    (r" - ", " + "),
    (r"\bDISTINCT\b", ""),
    (r"\b0\b", "1"),
    (r"\b1\b", "0"),
    (r"'(\w[^']*)'", r"'x\1'"),
    (r"(20\d\d)-01-01", r"\1-01-02"),
)


class HostileSource:
    """One hostile source with what each report must hold of it."""

    def __init__(self, seed: int, period: Period, folder: Path) -> None:
        self.period = period
        self.month = Month(period.year, period.month)
        databases = write(hostile_tables(seed, self.month), folder)
        self.warehouse = EmbeddedWarehouse(databases, name="test", spill_folder=folder)
        self.source = EmbeddedSource(databases)

    def expected(self, report_id: str) -> list[Row]:
        return expected_rows(report_id, self.source, self.month)

    def tells(self, entry: CatalogEntry, expected: list[Row]) -> bool:
        """Whether the entry's query gives another extract than expected, or none."""
        try:
            return bool(differences(entry, expected, extract(entry, self.warehouse, self.period)))
        except SoxautoError:
            return True


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[HostileSource]]:
    sources = [
        HostileSource(seed, period, tmp_path_factory.mktemp("mutations"))
        for seed, period in _SOURCES
    ]
    yield sources
    for made in sources:
        made.source.close()


def mutations(query: str) -> list[tuple[str, str]]:
    """Every change of the query by one rule in one place: what was changed, and the text."""
    text = "".join(
        " " * len(part.text) if part.kind is Kind.COMMENT else part.text for part in scan(query)
    )
    changed = []
    for pattern, replacement in _RULES:
        for match in re.finditer(pattern, text):
            new = match.expand(replacement)
            line = text.count("\n", 0, match.start()) + 1
            mutant = text[: match.start()] + new + text[match.end() :]
            changed.append((f"{match[0]!r} -> {new!r} ({line})", mutant))
    return changed


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("report_id", REPORTS)
def test_a_small_change_of_a_query_is_noticed(hostile: list[HostileSource], report_id: str) -> None:
    entry = entry_of(report_id)
    sources = [(source, source.expected(report_id)) for source in hostile]
    assert not any(source.tells(entry, rows) for source, rows in sources), "not equal unchanged"
    tried = mutations(entry.query)
    random.Random(report_id).shuffle(tried)
    tried = tried[:_TRIED]
    alive = [
        what
        for what, query in tried
        if not any(source.tells(replace(entry, query=query), rows) for source, rows in sources)
    ]
    print(
        f"{report_id}: {len(tried) - len(alive)} of {len(tried)} changes noticed",
        *alive,
        sep="\n  ",
    )
    assert len(alive) <= (1 - _NOTICED) * len(tried), alive
