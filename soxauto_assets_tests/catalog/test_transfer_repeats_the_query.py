"""The control "transfer" speaks of the very rows that the query selects, not of similar ones."""

from __future__ import annotations

import pytest

from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.warehouse.scanner import Kind, scan


def _tables_in_sentence(sql: str) -> list[str]:
    """The words of a statement's CTEs: all before its final SELECT, comments left out."""
    words = "".join(s.text for s in scan(sql) if s.kind is not Kind.COMMENT).split()
    final = max(
        place for place, word in enumerate(words) if word == "SELECT" and words[place - 1] == ")"
    )
    return words[:final]


@pytest.mark.parametrize("report_id", report_ids())
def test_transfer_starts_with_the_query_s_own_words(report_id: str) -> None:
    entry = load_entry(report_id)
    (transfer,) = (control for control in entry.controls if control.name == "transfer")

    assert _tables_in_sentence(transfer.sql) == _tables_in_sentence(entry.query)
