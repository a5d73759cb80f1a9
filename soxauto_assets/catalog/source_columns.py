"""The types that columns of the source have, and the short forms that declare them.

Here: how a source column is written down. Not here: the tables (``sources_nav``,
``sources_dimensions``, ``sources_operations``, ``sources_errors``).
"""

from __future__ import annotations

from soxauto_assets.catalog.model import Boolean, ColumnType, Integer, Numeric, Text, Timestamp
from soxauto_assets.catalog.source_model import SourceColumn

NAV_DW = "AIG_Nav_DW"
FINREC = "AIG_Nav_Jumia_Reconciliation"
STAGING = "STG_AIG_NAV_JUMIA_REC"
BUSINESS_CENTRAL = "D365BC14_DZ"

TEXT = Text()
COUNTRY_CODE = Text(2)
CURRENCY_CODE = Text(3)
WHOLE = Integer(64)
SMALL_WHOLE = Integer(32)
NAV_AMOUNT = Numeric(38, 20)
"""NAV keeps every amount as DECIMAL(38, 20)."""
AMOUNT = Numeric(18, 4)
"""FinRec, OMS and Seller Center amounts."""
RATE = Numeric(18, 8)
STAMP = Timestamp()
"""DATETIME. NAV's dates are DATETIME columns too, at midnight."""
FLAG = Boolean()


def required(column_type: ColumnType, *names: str) -> tuple[SourceColumn, ...]:
    """Columns of one type that are never null at the source."""
    return tuple(SourceColumn(name, column_type, nullable=False) for name in names)


def optional(column_type: ColumnType, *names: str) -> tuple[SourceColumn, ...]:
    """Columns of one type that may be null at the source."""
    return tuple(SourceColumn(name, column_type) for name in names)
