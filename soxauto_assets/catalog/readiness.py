"""What shows that the source is ready for a month: controls of the catalogue itself.

Each stands in its report's ``controls.sql`` and must return no row. The readiness probe asks them
before a month's reports; the reports' own checks ask them again, so that a month that is begun all
the same is judged by nothing less.
"""

from __future__ import annotations

READINESS: tuple[tuple[str, str], ...] = (
    ("cr_04", "refreshed_after_cutoff"),
    ("cr_05", "exactly_one_rate"),
)
"""Report and control: the ledger's balances of the cut-off, and the rates of the month."""
