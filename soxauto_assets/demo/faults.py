"""The faults of May 2024, so that anyone can see a failed month, and what each must make fail.

Every fault lies where the reports of May alone see it: a balance dated in May, an item whose
life begins in May and ends in June, a rate of May, a stream of May.

Here: the faults and their expected verdicts. Not here: what is odd but sound (``order_edges.py``
and the like), differences between ledger and operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from soxauto_assets.catalog.model import CheckKind, Column
from soxauto_assets.demo.companies import CODES, OFF_ROSTER
from soxauto_assets.demo.drawing import DAY, MISSING
from soxauto_assets.demo.items import (
    CARD,
    DOOR,
    RETURNED,
    SHIPPED,
    book_items,
    scalar_items,
    write_items,
)
from soxauto_assets.demo.ledger import Ledger, Postings
from soxauto_assets.demo.plan import Cohort
from soxauto_assets.demo.rows import Sink
from soxauto_assets.period import Period
from soxauto_assets.warehouse.protocol import (
    ExecutedStatement,
    Purpose,
    Session,
    SourceFacts,
    Statement,
    Warehouse,
)

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@dataclass(frozen=True)
class PlantedFault:
    """What is wrong, and the names of exactly those checks that must FAIL because of it."""

    checks: frozenset[str]
    description: str


PLANTED_PERIOD = Period(2024, 5)
COUNTRY_WITHOUT_RATE = "UG"
REPORT_WITH_LOST_ROW = "ipe_08"
PLANTED: Mapping[str, PlantedFault] = MappingProxyType(
    {
        "cr_04": PlantedFault(
            frozenset({CheckKind.PRIMARY_KEY.value}),
            "One balance of EC_KE on 13003 stands in two rows of the same key; their sum is right.",
        ),
        "ipe_10": PlantedFault(
            frozenset({CheckKind.CONTRACT.value}),
            "One prepaid item of EC_KE has no order number.",
        ),
        "cr_05": PlantedFault(
            frozenset({"exactly_one_rate"}),
            "Uganda has no closing rate, so JD_UG has none.",
        ),
        "ipe_34": PlantedFault(
            frozenset({CheckKind.ROSTER.value}),
            "EC_TZ is consolidated, has a refunded item, and is not on the roster.",
        ),
        REPORT_WITH_LOST_ROW: PlantedFault(
            frozenset(
                {
                    CheckKind.TRANSFER.value,
                    CheckKind.WITHOUT_JOINS.value,
                    CheckKind.DRIVING_TABLE.value,
                }
            ),
            "One row is lost between source and extract.",
        ),
    }
)
_FIRST_ITEM = 99_000_000
_VIEW = "AIG_Nav_Jumia_Reconciliation.dbo.V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT"


def plant(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Write the planted items of the failing month; nothing in any other month."""
    if cohort.period != PLANTED_PERIOD:
        return
    start, after = cohort.start, cohort.next_start
    number = np.array([cohort.first_number + _FIRST_ITEM], dtype=np.int64)
    usual = {
        "customer": 79,
        "customer_type": 0,
        "prepayment": 1,
        "payment": CARD,
        "delivery_type": DOOR,
        "unit_price": 3_210_000,
        "verified": start + 2 * DAY,
        "created": start + DAY,
    }
    without_order = scalar_items(
        1,
        **usual,
        company=CODES.index("EC_KE"),
        item=number,
        order=MISSING,
        marketplace=0,
        status=SHIPPED,
        package_delivered=after + 3 * DAY,
    )
    off_roster = scalar_items(
        1,
        **usual,
        company=OFF_ROSTER,
        item=number + 1,
        order=number + 1,
        marketplace=1,
        status=RETURNED,
        delivered=start + 9 * DAY,
        package_delivered=start + 9 * DAY,
        refunded=start + 19 * DAY,
        returned=after + 2 * DAY,
    )
    write_items(without_order, sink)
    write_items(off_roster, sink)
    # The ledger knows the prepayment; Tanzania's books are not in it at all.
    postings = Postings()
    book_items(without_order, postings)
    ledger.write(postings.entries("Operations of"))


def plant_in_balances(connection: duckdb.DuckDBPyConnection, through: Period) -> None:
    """Split one balance of the failing month's end into two rows of one key."""
    if through < PLANTED_PERIOD:
        return
    connection.execute(
        f"""
        CREATE TEMP TABLE split AS
        SELECT * FROM {_VIEW}
        WHERE ID_COMPANY = 'EC_KE' AND GROUP_COA_ACCOUNT_NO = '13003' AND CLOSING_DATE = $closing
        ORDER BY REAL_COA, BUSLINE_CODE, PARTNER_CODE, IC_PARTNER_CODE
        LIMIT 1
        """,
        {"closing": PLANTED_PERIOD.cutoff_date},
    )
    connection.execute(
        f"""
        UPDATE {_VIEW} AS whole SET BALANCE_AT_DATE = whole.BALANCE_AT_DATE - 1000
        FROM split
        WHERE whole.ID_COMPANY = split.ID_COMPANY AND whole.CLOSING_DATE = split.CLOSING_DATE
            AND whole.REAL_COA = split.REAL_COA
            AND whole.BUSLINE_CODE IS NOT DISTINCT FROM split.BUSLINE_CODE
            AND whole.PARTNER_CODE IS NOT DISTINCT FROM split.PARTNER_CODE
            AND whole.IC_PARTNER_CODE IS NOT DISTINCT FROM split.IC_PARTNER_CODE
        """
    )
    connection.execute(f"INSERT INTO {_VIEW} SELECT * REPLACE (1000 AS BALANCE_AT_DATE) FROM split")
    connection.execute("DROP TABLE split")


class FaultyWarehouse:
    """A warehouse that loses one row of one report in the failing month, and else nothing."""

    def __init__(self, sound: Warehouse) -> None:
        self._sound = sound

    @property
    def name(self) -> str:
        """The name of the warehouse behind it."""
        return self._sound.name

    @property
    def is_demonstration(self) -> bool:
        """As the warehouse behind it."""
        return self._sound.is_demonstration

    @contextmanager
    def open(self, purpose: Purpose) -> Iterator[Session]:
        """A session of the warehouse behind it."""
        with self._sound.open(purpose) as session:
            if (purpose.report, purpose.period) == (REPORT_WITH_LOST_ROW, str(PLANTED_PERIOD)):
                yield _LosingSession(session)
            else:
                yield session


class _LosingSession:
    """A session whose stream loses the middle row of its first batch."""

    def __init__(self, sound: Session) -> None:
        self._sound = sound

    def facts(self) -> SourceFacts:
        """What the source says of itself."""
        return self._sound.facts()

    def fetch(self, statement: Statement) -> tuple[Mapping[str, object], ...]:
        """All rows of a small result: controls see every row."""
        return self._sound.fetch(statement)

    def stream(
        self, statement: Statement, columns: tuple[Column, ...], *, batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows of the result but one."""
        batches = self._sound.stream(statement, columns, batch_rows=batch_rows)
        for position, batch in enumerate(batches):
            if position == 0 and batch.num_rows > 0:
                middle = batch.num_rows // 2
                yield batch.slice(0, middle)
                yield batch.slice(middle + 1)
            else:
                yield batch

    def describe(self, full_name: str) -> tuple[tuple[str, str], ...]:
        """The columns of a table."""
        return self._sound.describe(full_name)

    def compile(self, statement: Statement) -> tuple[tuple[str, str], ...]:
        """The columns of a result."""
        return self._sound.compile(statement)

    def executed(self) -> tuple[ExecutedStatement, ...]:
        """Every statement that the session has sent."""
        return self._sound.executed()
