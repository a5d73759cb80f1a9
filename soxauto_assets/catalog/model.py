"""The words in which a report is declared: columns, parameters, checks, reports.

Here: plain frozen dataclasses that import no data library, so that loading the definitions
stays light. Not here: what is made of them (the Arrow schema and the Pandera contract in
``validation``, Dagster's metadata in ``assets``, the pages of the docs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True)
class Text:
    """Unicode text; ``length`` is the most characters allowed, None for no bound."""

    length: int | None = None


@dataclass(frozen=True)
class Integer:
    """A signed whole number of 16, 32 or 64 bits."""

    bits: int = 64


@dataclass(frozen=True)
class Numeric:
    """An exact decimal number, DECIMAL(precision, scale); every amount is one of these."""

    precision: int
    scale: int


@dataclass(frozen=True)
class Date:
    """A calendar day."""


@dataclass(frozen=True)
class Timestamp:
    """A stamp of the source to the microsecond: its wall clock, without zone (design, rule 6)."""

    clock: str = "source wall clock, no zone"


@dataclass(frozen=True)
class Boolean:
    """A flag. Sources give BIT, or 0 and 1; any other number fails the attempt."""


ColumnType = Text | Integer | Numeric | Date | Timestamp | Boolean


class AsOf(Enum):
    """The moment whose state a column shows (decision D20)."""

    CUTOFF = "cut-off"
    EXTRACTION = "extraction"


@dataclass(frozen=True)
class Column:
    """One output column of a report, declared once for contract, storage, docs and lineage.

    ``source`` names the source column or rule as an auditor would look it up. ``allowed`` is the
    complete list of values (empty: any). ``minimum`` is the least allowed number, as text.
    ``pattern`` is a regular expression that the whole text must match. ``empty_means`` says what
    ``''`` stands for in a key part that is null at the source (decision D26).
    """

    name: str
    type: ColumnType
    description: str
    source: str
    nullable: bool = False
    as_of: AsOf = AsOf.CUTOFF
    personal: bool = False
    allowed: tuple[str, ...] = ()
    minimum: str | None = None
    pattern: str | None = None
    empty_means: str | None = None


class Parameter(Enum):
    """The parameters that queries and controls may name, as ``@name`` (decisions D1, D3, D4).

    Their values for a period are bound by ``catalog.parameters.values_for``.
    """

    PERIOD_START = "period_start"
    CUTOFF_DATE = "cutoff_date"
    NEXT_PERIOD_START = "next_period_start"
    YEAR_START = "year_start"
    OPENING_DATE = "opening_date"
    YEAR = "year"
    MONTH = "month"
    COMPANIES = "companies"
    COUNTRIES = "countries"
    CURRENCIES = "currencies"
    ROSTER = "roster"
    ACCOUNTS = "accounts"


class CheckKind(Enum):
    """The checks that every report answers for: each applies, or is declared not applicable.

    TRANSFER, WITHOUT_JOINS and DRIVING_TABLE compare control totals of the source with the
    extract; WITNESSES looks for a known row inside and a known row after the period; ROSTER
    is decision D3; PRIMARY_KEY, CONTRACT and CUT_OFF look at the rows of the extract; BASELINE
    compares the report with what was tested and approved.
    """

    TRANSFER = "transfer"
    WITHOUT_JOINS = "without_joins"
    DRIVING_TABLE = "driving_table"
    PRIMARY_KEY = "primary_key"
    CONTRACT = "contract"
    CUT_OFF = "cut_off"
    WITNESSES = "witnesses"
    ROSTER = "roster"
    BASELINE = "baseline"


class ControlKind(Enum):
    """What a named SELECT of ``controls.sql`` proves, and so what its result must look like.

    TOTALS: one row, ``row_count`` and one ``sum_<amount>`` a declared amount (those it can
    prove), optionally ``first_event`` and ``last_event``; each column must equal the extract's.
    WITNESS_INSIDE, WITNESS_AFTER: the primary key columns of rows that must, or must not, be in
    the extract. MUST_BE_EMPTY: every row it returns is a finding. NOTED: figures that are
    recorded in the evidence and judged by nobody (what a filter left out, and its amount).
    """

    TOTALS = "totals"
    WITNESS_INSIDE = "witness_inside"
    WITNESS_AFTER = "witness_after"
    MUST_BE_EMPTY = "must_be_empty"
    NOTED = "noted"


@dataclass(frozen=True)
class Control:
    """One named SELECT of ``controls.sql``.

    Written there as a block that starts with ``-- name:``, ``-- kind:`` and ``-- title:`` lines.
    """

    name: str
    kind: ControlKind
    title: str
    sql: str


@dataclass(frozen=True)
class Report:
    """What an auditor asks first about a report.

    ``id`` is the folder's name (``ipe_07``). ``sources`` are the three-part names of the tables
    that the query reads. ``event_date`` is the column whose values must lie before the period's
    end (None where the report has none, with CUT_OFF declared not applicable). ``amounts`` are
    the columns whose totals are controlled. ``balance`` is the amount that D4 reconciles, where
    there is one. ``accounts_parameter`` are the accounts bound to ``@accounts``.
    ``not_applicable`` maps each check kind that does not apply to the reason.
    """

    id: str
    title: str
    control: str
    purpose: str
    family: str
    group_accounts: tuple[str, ...]
    sources: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    primary_key: tuple[str, ...]
    amounts: tuple[str, ...]
    owner: str
    event_date: str | None = None
    balance: str | None = None
    accounts_parameter: tuple[str, ...] = ()
    not_applicable: Mapping[CheckKind, str] = field(default_factory=dict)
    allow_empty: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CatalogEntry:
    """A report with everything its folder declares, as loaded by ``catalog.loader``."""

    report: Report
    columns: tuple[Column, ...]
    query: str
    controls: tuple[Control, ...]

    def column(self, name: str) -> Column:
        """The declared column ``name``; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
