"""The checks of every control by name, with what each asks; no data library is imported here."""

from __future__ import annotations

CONSERVATION: dict[str, str] = {
    "one_class": "Every entry on the voucher account is in exactly one class",
    "roll_forward": "Opening plus movement is the closing balance, company by account",
    "buckets": "Opening plus the voucher buckets is the closing balance of the voucher account",
    "bridges": "Bridges plus unexplained is the variance, line by line",
    "one_bridge": "Each voucher, entry and record is in one bridge only",
    "open_items": "Items open before, less those cleared, plus new ones, are those open now",
    "movements": "Every company and family has a verdict against both earlier months",
    "late_postings": "What closed months' packages had, plus what came late, is the ledger",
}
"""That nothing was lost or counted twice on the way; see ``conservation.py``."""
JUDGING: dict[str, str] = {
    "complete": "No line lacks a report, a balance, a rate or an input file",
    "explained": "No line has an unexplained amount at or over its threshold",
    "group_threshold": "All unexplained amounts together are under the group threshold",
}
"""The control's own question (D8, D22)."""
EXPLAINABLE = ("explained", "group_threshold")
"""Those whose failure people can explain in a review; every other one has to be mended."""
