"""The declared source schema: every table and column that the product relies on.

The contract check compares queries with it, ``soxauto doctor`` compares a server with it, and
the embedded warehouse is built from it. Names are those of section 3 of the domain reference.

Here: the complete list and its look-up. Not here: the tables themselves (``sources_*.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

from soxauto_assets.catalog.source_model import SourceTable
from soxauto_assets.catalog.sources_dimensions import DIMENSION_TABLES
from soxauto_assets.catalog.sources_errors import ERROR_VIEWS
from soxauto_assets.catalog.sources_nav import NAV_TABLES
from soxauto_assets.catalog.sources_operations import OPERATION_TABLES
from soxauto_assets.errors import PermanentError

TABLES: tuple[SourceTable, ...] = (
    *NAV_TABLES,
    *DIMENSION_TABLES,
    *OPERATION_TABLES,
    *ERROR_VIEWS,
)


class UnknownSourceTableError(PermanentError):
    """A name is not that of a declared table or view."""


_BY_NAME: Mapping[str, SourceTable] = {declared.full_name.lower(): declared for declared in TABLES}


def table(full_name: str) -> SourceTable:
    """The declared table of an unquoted three-part name, without regard to case.

    Raises UnknownSourceTableError where none is declared.
    """
    declared = _BY_NAME.get(full_name.lower())
    if declared is None:
        raise UnknownSourceTableError(
            f"{full_name} is not a declared source table.",
            remedy="Correct the name, or declare the table in soxauto_assets/catalog/sources_*.py.",
        )
    return declared
