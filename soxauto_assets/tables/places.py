"""A place where results are tables, as the check after publishing sees it.

Here: the protocol, and Athena as such a place. Not here: Redshift (``redshift.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.tables.athena import Athena, QueryFailedError
from soxauto_assets.tables.glue import GlueTables
from soxauto_assets.tables.published import Published
from soxauto_assets.tables.shape import partition_column


class TablePlace(Protocol):
    """Tables of the results somewhere."""

    @property
    def name(self) -> str:
        """``athena`` or ``redshift``, in records and alerts."""

    def count(
        self, months: Sequence[Published], entries: Mapping[str, CatalogEntry]
    ) -> Mapping[str, int]:
        """Bring the tables up to date for these reports of one month; rows that each counts.

        Raises a SoxautoError where a table cannot be made or asked.
        """

    def within(self, seconds: float) -> TablePlace:
        """The same place with a shorter time-out."""


@dataclass(frozen=True)
class AthenaTables:
    """Tables in Glue, counted by Athena: one question for all reports of a month."""

    glue: GlueTables
    athena: Athena

    @property
    def name(self) -> str:
        """``athena``."""
        return "athena"

    def count(
        self, months: Sequence[Published], entries: Mapping[str, CatalogEntry]
    ) -> Mapping[str, int]:
        """The tables made or renewed, then counted. Raises what Glue and Athena raise."""
        self.glue.ensure([entries[one.address.report] for one in months])
        try:
            answer = self.athena.ask(count_question(months, entries))
        except QueryFailedError as error:
            # A count touches no value of the data, so Athena's reason may be told here.
            raise QueryFailedError(
                f"{error.problem} Its reason: {error.reason}",
                remedy=error.remedy,
                reason=error.reason,
            ) from error
        return {str(report): int(rows or 0) for report, rows in answer.rows}

    def within(self, seconds: float) -> AthenaTables:
        """The same with a shorter time-out of its question."""
        athena = replace(self.athena, seconds=min(seconds, self.athena.seconds))
        return replace(self, athena=athena)


def count_question(months: Sequence[Published], entries: Mapping[str, CatalogEntry]) -> str:
    """One SELECT with a row a report: its id, and how many rows of the month its table has."""
    return "\nUNION ALL\n".join(
        f"SELECT '{one.address.report}' AS report, count(*) AS row_count "
        f'FROM "{one.address.report}" '
        f"WHERE \"{partition_column(entries[one.address.report])}\" = '{one.address.period}'"
        for one in months
    )
