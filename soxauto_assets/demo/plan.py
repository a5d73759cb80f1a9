"""The plan of an embedded warehouse: seed, first month, sizes; and the random numbers of a month.

Here: what a build depends on. Not here: the rows (a module a subject) and the building
(``build.py``).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np

from soxauto_assets.errors import PermanentError
from soxauto_assets.period import Period

FIRST_MONTH = Period(2023, 12)
"""The month of the opening balances, one before the first partition."""
ITEMS = 8_500
"""Drawn order items a month at size 1; the items of vouchers and edges bring it to about 10,000."""
VOUCHERS = 1_200
SELLER_TRANSACTIONS = 1_500
CUSTOMER_ENTRIES = 1_200
CASH_TRANSACTIONS = 600
PACKLISTS = 200
RECLASSIFICATIONS = 1_000
"""Pairs of ledger entries that move an amount inside one group account, at size 1."""
CHUNK = 100_000
"""Rows drawn at a time; the memory of a build does not grow with a month's size."""


class InvalidPlanError(PermanentError):
    """A plan asks for a size that cannot be built."""


@dataclass(frozen=True)
class DemoPlan:
    """What the rows of the embedded warehouse depend on.

    ``first`` is the month of the opening balances. ``size`` scales every month, ``sizes`` names
    another factor for single months, ``ledger_sizes`` another one for the general ledger's own
    entries of single months (the rows of CR_03). The rows of a month depend on the seed, the
    month and the month's own factors alone.
    """

    seed: int = 20231231
    first: Period = FIRST_MONTH
    size: Decimal | float = 1.0
    sizes: Mapping[Period, Decimal | float] = field(default_factory=lambda: MappingProxyType({}))
    ledger_sizes: Mapping[Period, Decimal | float] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def __post_init__(self) -> None:
        for factor in (self.size, *self.sizes.values(), *self.ledger_sizes.values()):
            if not 0 < factor <= 5_000:  # numbers of a month's rows have eight digits
                raise InvalidPlanError(
                    f"{factor} is not a size of the embedded warehouse.",
                    remedy="Give a factor over 0 and up to 5000; 1 is ten thousand items a month.",
                )

    def as_json(self) -> Mapping[str, object]:
        """The plan as JSON values; ``from_json`` is its inverse."""
        return {
            "seed": self.seed,
            "first": str(self.first),
            "size": str(float(self.size)),
            "sizes": _factors(self.sizes),
            "ledger_sizes": _factors(self.ledger_sizes),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DemoPlan:
        """The plan that ``as_json`` has written."""
        return cls(
            seed=values["seed"],
            first=Period.parse(values["first"]),
            size=float(values["size"]),
            sizes=_periods(values["sizes"]),
            ledger_sizes=_periods(values["ledger_sizes"]),
        )

    def digest(self) -> str:
        """Sixteen hex digits that change with anything that changes a row.

        The generator's own source belongs to it, so that a build of an older generator is never
        taken for one of this.
        """
        content = json.dumps({**self.as_json(), "generator": _generator()}, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


DEFAULT_PLAN = DemoPlan()


def _factors(sizes: Mapping[Period, Decimal | float]) -> dict[str, str]:
    return {str(period): str(float(factor)) for period, factor in sizes.items()}


def _periods(factors: Mapping[str, str]) -> Mapping[Period, float]:
    return MappingProxyType({Period.parse(p): float(factor) for p, factor in factors.items()})


@cache
def _generator() -> str:
    hasher = hashlib.sha256(f"{version('numpy')} {version('duckdb')}".encode())
    for package in ("soxauto_assets.demo", "soxauto_assets.catalog"):
        for source in sorted(files(package).iterdir(), key=lambda entry: entry.name):
            if source.name.endswith(".py") and (
                package.endswith("demo") or source.name.startswith(("source", "scope"))
            ):
                hasher.update(source.name.encode() + source.read_bytes())
    return hasher.hexdigest()


@dataclass(frozen=True)
class Cohort:
    """The rows that begin their life in one month, wherever their later dates lie."""

    plan: DemoPlan
    period: Period

    @property
    def number(self) -> int:
        """Months since 1999-12; the leading digits of every number that the month gives."""
        return (self.period.year - 2000) * 12 + self.period.month

    @property
    def first_number(self) -> int:
        """The number before the month's first row; a month has room for 100 million."""
        return self.number * 100_000_000

    @property
    def start(self) -> int:
        """First millisecond of the month, since 1970."""
        return _milliseconds(self.period)

    @property
    def next_start(self) -> int:
        """First millisecond of the next month, since 1970."""
        return _milliseconds(self.period.next)

    @property
    def last_moment(self) -> int:
        """The last moment of the month that SQL Server's DATETIME can hold: 23:59:59.997."""
        return self.next_start - 3

    def count(self, rows: int) -> int:
        """``rows`` at the month's size, at least one."""
        return max(1, round(rows * float(self.plan.sizes.get(self.period, self.plan.size))))

    def ledger_count(self, rows: int) -> int:
        """``rows`` at the size of the month's own ledger entries, at least one."""
        factor = self.plan.ledger_sizes.get(
            self.period, self.plan.sizes.get(self.period, self.plan.size)
        )
        return max(1, round(rows * float(factor)))

    def random(self, subject: str, chunk: int = 0) -> np.random.Generator:
        """The random numbers of one subject and chunk of this month, and of nothing else."""
        return np.random.default_rng(
            [
                self.plan.seed,
                self.period.year,
                self.period.month,
                zlib.crc32(subject.encode()),
                chunk,
            ]
        )


def chunks(rows: int) -> list[tuple[int, int, int]]:
    """``(chunk, first row, rows)`` of every chunk of ``rows`` rows."""
    return [
        (chunk, first, min(CHUNK, rows - first))
        for chunk, first in enumerate(range(0, rows, CHUNK))
    ]


def _milliseconds(period: Period) -> int:
    return int(np.datetime64(f"{period}-01", "ms").astype(np.int64))
