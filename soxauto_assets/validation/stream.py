"""The checks over a stream: everything that is asked of the rows while they pass, once.

Here: what is measured on the rows. Not here: what it is compared with and what it means
(``judge.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from soxauto_assets.catalog.model import CatalogEntry, ControlKind, Date, Numeric
from soxauto_assets.period import Period
from soxauto_assets.validation.frames import normal_keys
from soxauto_assets.validation.keys import KeyCheck, KeyFindings
from soxauto_assets.validation.plan import company_column
from soxauto_assets.validation.samples import SAMPLE_ROWS, shown
from soxauto_assets.validation.switches import require_switched_on
from soxauto_assets.validation.witnesses import WitnessSearch

if TYPE_CHECKING:
    from soxauto_assets.validation.contract import ContractFindings

_WITNESSES = (ControlKind.WITNESS_INSIDE, ControlKind.WITNESS_AFTER)
_EXACT_DIGITS = 100


@dataclass(frozen=True)
class CutOffFindings:
    """The event dates: first and last (the source's clock), and the rows dated too late or not.

    ``late_rows`` counts those dated in the next period or after it.
    """

    first: date | datetime | None
    last: date | datetime | None
    late_rows: int
    undated_rows: int
    sample: tuple[Mapping[str, str | None], ...]


@dataclass(frozen=True)
class Findings:
    """What a whole extract holds.

    ``sums`` has the exact total of each declared amount, nulls left out. ``cut_off`` is None
    where the report has no event date, ``companies`` (rows by company) where its rows have no
    company. ``witnesses`` says for each row of each witness control whether it was found, or why
    it could not be looked for.
    """

    rows: int
    sums: Mapping[str, Decimal]
    cut_off: CutOffFindings | None
    keys: KeyFindings
    companies: Mapping[str | None, int] | None
    witnesses: Mapping[str, tuple[bool | str, ...]]
    contract: ContractFindings


class StreamChecks:
    """Observes the rows of one report and period; an observer of ``store.spool``.

    ``controls`` are the rows of each control by its name; of these, the witnesses are looked
    for. Raises ValidationSwitchedOffError where Pandera is switched off.
    """

    def __init__(
        self,
        entry: CatalogEntry,
        period: Period,
        controls: Mapping[str, Sequence[Mapping[str, object]]],
    ) -> None:
        self._switches = require_switched_on()
        # Only now: Pandera reads its switches when it is imported, and raises at a malformed one.
        from soxauto_assets.validation.contract import Contract

        self._entry = entry
        self._rows = 0
        self._contract = Contract(entry)
        self._keys = KeyCheck(entry)
        self._witnesses = {
            control.name: WitnessSearch(entry, controls.get(control.name, ()))
            for control in entry.controls
            if control.kind in _WITNESSES
        }
        self._sums = {name: ExactSum(entry.column(name).type) for name in entry.report.amounts}
        self._cut_off = None if entry.report.event_date is None else _CutOff(entry, period)
        self._company = company_column(entry)
        self._companies: Counter[str | None] = Counter()

    def observe(self, block: pa.RecordBatch) -> None:
        """Take note of the next rows."""
        frame = pl.DataFrame(pa.Table.from_batches([block]))
        self._rows += block.num_rows
        self._contract.observe(frame)
        keys = normal_keys(self._entry, frame)
        self._keys.observe(frame, keys)
        for search in self._witnesses.values():
            search.observe(keys)
        for name, total in self._sums.items():
            total.add(block.column(name))
        if self._cut_off is not None:
            self._cut_off.observe(block, frame)
        if self._company is not None:
            for pair in pc.value_counts(block.column(self._company)).to_pylist():
                self._companies[pair["values"]] += pair["counts"]

    def finish(self, spooled: Path) -> Findings:
        """All findings; ``spooled`` is the file with the very rows that were observed."""
        return Findings(
            rows=self._rows,
            sums={name: total.total for name, total in self._sums.items()},
            cut_off=None if self._cut_off is None else self._cut_off.findings(),
            keys=self._keys.finish(spooled),
            companies=None if self._company is None else dict(self._companies),
            witnesses={name: search.findings() for name, search in self._witnesses.items()},
            contract=self._contract.findings(self._switches),
        )


class ExactSum:
    """The exact total of a column of decimals; no sum of 38-digit numbers overflows it."""

    def __init__(self, declared: object) -> None:
        assert isinstance(declared, Numeric)  # the loader refuses any other amount
        # Arrow adds decimal128 in 128 bits, round the clock if need be; 256 bits hold the sum of
        # more rows than a batch can have.
        self._wide = pa.decimal256(76, declared.scale)
        self._zero = Decimal(0).scaleb(-declared.scale)
        self.total = self._zero

    def add(self, values: pa.Array) -> None:
        """Add the non-null values."""
        part = pc.sum(values.cast(self._wide)).as_py()
        with localcontext(prec=_EXACT_DIGITS):  # the default would round to 28 digits
            self.total += self._zero if part is None else part


class _CutOff:
    """The event dates of the rows against the period (decision D1)."""

    def __init__(self, entry: CatalogEntry, period: Period) -> None:
        assert entry.report.event_date is not None
        self._name = entry.report.event_date
        self._shown = [
            entry.column(name) for name in dict.fromkeys((*entry.report.primary_key, self._name))
        ]
        is_date = isinstance(entry.column(self._name).type, Date)
        bound = period.next_start
        self._bound = bound.date() if is_date else bound
        self._first: date | datetime | None = None
        self._last: date | datetime | None = None
        self._late_rows = 0
        self._undated_rows = 0
        self._sample: list[Mapping[str, str | None]] = []

    def observe(self, block: pa.RecordBatch, frame: pl.DataFrame) -> None:
        events = block.column(self._name)
        extremes = pc.min_max(events).as_py()
        if extremes["max"] is not None:
            first, last = extremes["min"], extremes["max"]
            self._first = first if self._first is None else min(self._first, first)
            self._last = last if self._last is None else max(self._last, last)
        if events.null_count == 0 and (extremes["max"] is None or extremes["max"] < self._bound):
            return
        event = pl.col(self._name)
        wrong = frame.filter(event.is_null() | (event >= self._bound))
        self._undated_rows += events.null_count
        self._late_rows += len(wrong) - events.null_count
        for row in wrong.head(SAMPLE_ROWS - len(self._sample)).iter_rows(named=True):
            self._sample.append({c.name: shown(c, row[c.name]) for c in self._shown})

    def findings(self) -> CutOffFindings:
        return CutOffFindings(
            self._first, self._last, self._late_rows, self._undated_rows, tuple(self._sample)
        )
