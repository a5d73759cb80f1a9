"""A review workbook that could not be made is told, and does not undo the control."""

from __future__ import annotations

from pathlib import Path

from soxauto_assets.assets.control_review import make_review, tell_of_faults
from soxauto_assets.evidence.outbox import unsent
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.local import LocalStore

ADDRESS = AttemptAddress("pg01", Period(2024, 9), "20241001_080000Z-0f3a91c2")


def test_a_workbook_that_could_not_be_made_is_a_fault_and_one_alert(tmp_path: Path) -> None:
    results, evidence, inputs, state = (
        LocalStore(tmp_path / name, name=name)
        for name in ("results", "evidence", "inputs", "state")
    )
    review = make_review(ADDRESS, results, evidence, inputs)
    assert review.receipt is None
    assert "has no package" in review.faults[0]
    for _ in range(2):
        tell_of_faults(review, ADDRESS, state, None, "http://127.0.0.1:3000/runs/1")
    (alert,) = unsent(state)
    assert alert.subject == "SOX PG-01: the review workbook of 2024-09 could not be made"
    assert alert.period == "2024-09"
    assert any("has no package" in line for line in alert.body)
