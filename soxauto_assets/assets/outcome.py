"""What an attempt came to: the one value that Dagster, the table and the alert are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from soxauto_assets.validation.results import CheckResult, Verdict

if TYPE_CHECKING:
    from soxauto_assets.catalog.model import CatalogEntry
    from soxauto_assets.evidence.package import PublishedPackage
    from soxauto_assets.store.layout import AttemptAddress
    from soxauto_assets.store.protocol import Receipt
    from soxauto_assets.store.spool import Spooled


@dataclass(frozen=True)
class Outcome:
    """One attempt that has ended with a package.

    ``entry`` is None where the report's folder is broken. ``rows`` is the count reached, None
    where no row was asked for. ``totals`` are exact sums of the controlled amounts over the
    whole extract. ``preview`` shows its first rows without personal data. ``spooled``,
    ``extract`` and ``validated`` are None where the attempt did not come so far. ``cause`` says
    why it failed, None where it passed. ``page_url`` is the address of its page.
    """

    address: AttemptAddress
    entry: CatalogEntry | None
    passed: bool
    cause: str | None
    checks: tuple[CheckResult, ...]
    rows: int | None
    totals: Mapping[str, Decimal]
    spooled: Spooled | None
    preview: tuple[Mapping[str, str], ...]
    extract: Receipt | None
    validated: Receipt | None
    package: PublishedPackage
    became_current: bool
    started: datetime
    ended: datetime
    page_url: str | None = None

    @property
    def applicable(self) -> tuple[CheckResult, ...]:
        """The checks that could pass or fail; the declared not applicable ones are left out."""
        return tuple(c for c in self.checks if c.verdict is not Verdict.NOT_APPLICABLE)

    @property
    def passed_checks(self) -> int:
        """How many checks were tested and passed."""
        return sum(check.verdict is Verdict.PASS for check in self.checks)

    @property
    def failed_checks(self) -> tuple[CheckResult, ...]:
        """The checks that failed or could not run."""
        return tuple(check for check in self.checks if check.verdict is Verdict.FAIL)

    @property
    def summary(self) -> str:
        """One line for a log."""
        verdict = "PASS" if self.passed else "FAIL"
        rows = "no rows" if self.rows is None else f"{self.rows:,} rows"
        line = (
            f"{verdict}: {rows}, {self.passed_checks} of {len(self.applicable)} checks passed, "
            f"package {self.package.url}"
        )
        return line if self.cause is None else f"{line}; {self.cause}"
