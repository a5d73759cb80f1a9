"""What the control of a month works with: current reports, input files, and what is missing.

Here: the value handed over. Not here: reading it from stores (``assets``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from soxauto_assets.period import Period


@dataclass(frozen=True)
class Month:
    """The inputs of one month.

    ``reports`` are the current data by report id, whole or absent. ``jdash`` are the rows of
    use by company: ``voucher_id``, ``amount_used``, ``usage_date``. ``absent`` says why a report
    or file is absent, for those where more is known than that it is. ``errors_state`` is the
    month that was the last closed one when IPE_REC_ERRORS was extracted (D19).
    """

    period: Period
    reports: Mapping[str, pl.LazyFrame]
    jdash: Mapping[str, pl.LazyFrame] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    errors_state: Period | None = None

    def why_absent(self, name: str) -> str | None:
        """Why the report ``name`` is absent; None where it is there."""
        if name in self.reports:
            return None
        return self.absent.get(name, f"{name} has no current data")

    def why_no_jdash(self, company: str) -> str | None:
        """Why the Jdash file of the company is absent; None where it is there."""
        if company in self.jdash:
            return None
        return self.absent.get(f"jdash/{company}", f"no Jdash file of {company}")
