"""The contract: what ``schema.py`` declares of each column, as a Pandera schema over polars.

Here: the schema made from declared columns, and running it over one block of rows after the
other. Not here: what needs more than one row at a time (``keys.py``, ``stream.py``).

Pandera evaluates each rule by itself, which costs a multiple of the work when nothing is wrong.
So each block goes through a *gate* first, a Pandera schema with all rules in one expression; only
a block that does not pass is examined rule by rule, for counts and samples. Both are made from
the same declarations, and that they agree is tested.
"""

from __future__ import annotations

import functools
import importlib.metadata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaErrors

from soxauto_assets.catalog.model import CatalogEntry, Column, Integer, Numeric, Text
from soxauto_assets.errors import PermanentError
from soxauto_assets.validation.frames import polars_type
from soxauto_assets.validation.samples import SAMPLE_ROWS, shown

PANDERA = f"Pandera {importlib.metadata.version('pandera')}"


class ContractDisagreesError(PermanentError):
    """Gate and full contract differ on the same rows; a fault of the product."""


@dataclass(frozen=True)
class ContractFindings:
    """What broke the contract: values by column and rule, rows with any such value, a sample.

    ``switches`` are Pandera's environment variables as they stood.
    """

    failing_rows: int
    failing_values: Mapping[tuple[str, str], int]
    sample: tuple[Mapping[str, str | None], ...]
    switches: Mapping[str, str] = field(default_factory=dict)


class Contract:
    """The contract of one report, run over its rows block by block."""

    def __init__(self, entry: CatalogEntry) -> None:
        self._entry = entry
        self._gate = gate_schema(entry.columns)
        self._failing_rows = 0
        self._failing_values: Counter[tuple[str, str]] = Counter()
        self._sample: list[Mapping[str, str | None]] = []

    def observe(self, frame: pl.DataFrame) -> None:
        """Validate the next rows, and take note of what is wrong with them."""
        with config_context(
            validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA
        ):
            try:
                self._gate.validate(frame, lazy=True)
            except SchemaErrors:
                self._examine(frame)

    def findings(self, switches: Mapping[str, str]) -> ContractFindings:
        """What was wrong with all rows so far."""
        return ContractFindings(
            self._failing_rows, dict(self._failing_values), tuple(self._sample), switches
        )

    def _examine(self, frame: pl.DataFrame) -> None:
        try:
            full_schema(self._entry.columns).validate(frame, lazy=True)
        except SchemaErrors as errors:
            cases: pl.DataFrame = errors.failure_cases
        else:
            raise ContractDisagreesError(
                f"The contract of {self._entry.report.id} fails as a whole and passes in parts.",
                remedy="This is a fault of the product; report it with this message.",
            )
        # A rule that could not be evaluated has a case without a row; so has a missing column.
        self._failing_rows += max(cases["index"].drop_nulls().n_unique(), 1)
        for column, rule, count in cases.group_by("column", "check").len().iter_rows():
            self._failing_values[str(column), _rule_text(rule)] += count
        for column, rule, row in (
            cases.sort("index", "column", nulls_last=True)
            .head(SAMPLE_ROWS - len(self._sample))
            .select("column", "check", "index")
            .iter_rows()
        ):
            self._sample.append(self._case(frame, column, _rule_text(rule), row))

    def _case(
        self, frame: pl.DataFrame, column: str, rule: str, row: int | None
    ) -> Mapping[str, str | None]:
        """One failing value with the key of its row; personal columns masked."""
        if row is None:
            return {"column": column, "rule": rule, "value": None}
        names = self._entry.report.primary_key
        return {
            **{name: shown(self._entry.column(name), frame[name][row]) for name in names},
            "column": column,
            "rule": rule,
            "value": shown(self._entry.column(column), frame[column][row]),
        }


def full_schema(columns: tuple[Column, ...]) -> pa.DataFrameSchema:
    """Types, nulls and every rule by itself: the contract as one would write it by hand."""
    return pa.DataFrameSchema(
        {
            column.name: pa.Column(
                polars_type(column.type),
                nullable=column.nullable,
                checks=[
                    pa.Check(_one_rule(rule), name=name, ignore_na=True)
                    for name, rule in rules(column).items()
                ],
            )
            for column in columns
        },
        strict=True,
        ordered=True,
    )


@functools.lru_cache(maxsize=32)
def gate_schema(columns: tuple[Column, ...]) -> pa.DataFrameSchema:
    """The same contract with nulls and rules in one check, which says yes or no."""
    holds = [pl.col(column.name).null_count() == 0 for column in columns if not column.nullable]
    for column in columns:
        # ignore_nulls is the default of all(): a null is for the rule above to judge.
        holds += [rule.all() for rule in rules(column).values()]

    def all_hold(data: PolarsData) -> bool:
        return not holds or bool(data.lazyframe.select(pl.all_horizontal(holds)).collect().item())

    return pa.DataFrameSchema(
        {column.name: pa.Column(polars_type(column.type), nullable=True) for column in columns},
        checks=[pa.Check(all_hold, name="every rule holds")],
        strict=True,
        ordered=True,
    )


def rules(column: Column) -> dict[str, pl.Expr]:
    """The declared rules on the values of a column, by name; a null obeys all of them."""
    value, found = pl.col(column.name), dict[str, pl.Expr]()
    if isinstance(column.type, Text) and column.type.length is not None:
        found[f"length <= {column.type.length}"] = value.str.len_chars() <= column.type.length
    if column.allowed:
        allowed = [_typed(column, text) for text in column.allowed]
        found[f"one of {', '.join(column.allowed)}"] = value.is_in(
            pl.lit(pl.Series(allowed, dtype=polars_type(column.type)).implode())
        )
    if column.minimum is not None:
        least = pl.lit(_typed(column, column.minimum), dtype=polars_type(column.type))
        found[f">= {column.minimum}"] = value >= least
    if column.pattern is not None:
        found[f"matches {column.pattern}"] = value.str.contains(rf"\A(?:{column.pattern})\z")
    return found


def _one_rule(rule: pl.Expr) -> Callable[[PolarsData], pl.LazyFrame]:
    def holds(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(rule)

    return holds


def _typed(column: Column, text: str) -> str | int | Decimal:
    match column.type:
        case Text():
            return text
        case Integer():
            return int(text)
        case Numeric():
            return Decimal(text)
    raise TypeError(f"column {column.name}: a value of {column.type!r} cannot be declared as text")


def _rule_text(rule: str) -> str:
    return "not null" if rule == "not_nullable" else rule
