"""The words in which the source schema is declared: tables and columns of the warehouse."""

from __future__ import annotations

from dataclasses import dataclass

from soxauto_assets.catalog.model import ColumnType


@dataclass(frozen=True)
class SourceColumn:
    """A column of a source table under its exact name, with its type at the source."""

    name: str
    type: ColumnType
    nullable: bool = True


@dataclass(frozen=True)
class SourceTable:
    """A table or view of the warehouse. ``key`` is the unique key the product relies on."""

    database: str
    schema: str
    name: str
    columns: tuple[SourceColumn, ...]
    key: tuple[str, ...] = ()
    description: str = ""
    is_view: bool = False

    @property
    def full_name(self) -> str:
        """``database.schema.name``, unquoted."""
        return f"{self.database}.{self.schema}.{self.name}"
