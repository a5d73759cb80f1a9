"""The page of a month's control: one file, no script, no other host, opened by a double click.

Here: what stands on it. It shares the style of the packages' pages. Not here: the drawings
(``drawings.py``), the months before (``trend.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl

from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.evidence.papers.page import style, templates
from soxauto_assets.reconciliation.amounts import shown
from soxauto_assets.reconciliation.control import Control, Status
from soxauto_assets.reconciliation.mapping import FAMILIES
from soxauto_assets.reconciliation.movements import MovementVerdict
from soxauto_assets.reconciliation.review.drawings import money, short, trend, waterfall
from soxauto_assets.reconciliation.review.reviewed import Row
from soxauto_assets.reconciliation.review.trend import MonthLines

if TYPE_CHECKING:
    from jinja2 import Environment

    from soxauto_assets.store.layout import AttemptAddress

PAGE = "pg01.html"
_ROOM = "soxauto_assets.reconciliation.review"
_SHORT = {
    "timing": "delivered after\nthe cut-off",
    "vtc": "pay-out\nnot booked",
    "integration_errors": "refused\nby NAV",
}
_ORDER = (Status.TO_INVESTIGATE, Status.INCOMPLETE, Status.EXPLAINED, Status.RECONCILED)


@dataclass(frozen=True)
class Cell:
    """A company and pool on the heat map."""

    line: Row
    text: str
    tip: str


def page(
    control: Control,
    lines: Sequence[Row],
    address: AttemptAddress,
    before: Sequence[MonthLines],
) -> bytes:
    """The page, in UTF-8; ``lines`` are the rows of the summary, ``before`` the earlier months.

    The same control and months give the same bytes.
    """
    from markupsafe import Markup

    months = [*before, MonthLines(address.period, tuple(lines), address.attempt)]
    pools = [pool.id for pool in control.book.mapping]
    by_place = {(line["company"], line["pool"]): line for line in lines}
    companies = [company for company in ROSTER if (company.code, pools[0]) in by_place]
    attention = sorted(
        (line for line in lines if line["variance"] or line["status"] != Status.RECONCILED.value),
        key=lambda line: (
            _ORDER.index(Status(line["status"])),
            -abs(line["unexplained_usd"] or 0),
            -abs(line["variance_usd"] or 0),
            line["company"],
        ),
    )
    book = control.book
    text = (
        _environment()
        .get_template("page.html")
        .render(
            style=Markup(style() + _own_style()),  # files of the product
            control=control,
            address=address,
            status=control.status.value,
            counts=[(s.value, sum(ln["status"] == s.value for ln in lines)) for s in _ORDER],
            lines=lines,
            pools=[(pool, book.pool(pool)) for pool in pools],
            companies=companies,
            cells={
                (company.code, pool): _cell(by_place[company.code, pool])
                for company in companies
                for pool in pools
            },
            attention=[(line, waterfall(line, _SHORT)) for line in attention],
            trend=trend(months, control.group_threshold.amount),
            months=months,
            families=FAMILIES,
            country={company.code: company.country_name for company in ROSTER},
            movements=_movements(control),
            late=_late(control),
            open_items=_open_items(control),
            variance_usd=shown(control.variance_usd),
            unexplained_usd=shown(control.unexplained_usd),
            rules=(book.version, book.digest()),
        )
    )
    return text.encode("utf-8", "xmlcharrefreplace")


def _cell(line: Row) -> Cell:
    status = line["status"]
    if status == Status.INCOMPLETE.value:
        return Cell(line, "missing", str(line["missing"]))
    left, variance = line["unexplained_usd"], line["variance_usd"]
    tip = f"variance {money(variance)} USD, unexplained {money(left)} USD"
    if status == Status.EXPLAINED.value:
        return Cell(line, f"{short(variance)} explained", tip)
    return Cell(line, short(left) if left else "0", tip)


def _movements(control: Control) -> Mapping[str, Any]:
    table = control.movements
    verdicts = dict(table["verdict"].value_counts().iter_rows())
    rows = table.filter(verdict=MovementVerdict.TO_EXPLAIN.value).to_dicts()
    reasons = table.filter(verdict=MovementVerdict.NOT_COMPARABLE.value)["why"].drop_nulls()
    return {
        "asked": sorted(rows, key=lambda row: -abs(row["moved_usd"])),
        "within": verdicts.get(MovementVerdict.WITHIN.value, 0),
        "not_comparable": verdicts.get(MovementVerdict.NOT_COMPARABLE.value, 0),
        "reasons": sorted(reasons.unique()),
    }


def _late(control: Control) -> Sequence[Row]:
    """By closed month: how many entries came late, and what they add up to in USD."""
    rows: dict[str, dict[str, Any]] = {}
    for row in control.late.months.to_dicts():
        one = rows.setdefault(
            row["into_period"], {"found": 0, "usd": None, "why": None, "companies": 0}
        )
        one["why"] = one["why"] or row["why"]
        one["found"] += row["found"] or 0
        one["companies"] += bool(row["found"])
        if row["effect_usd"] is not None:
            one["usd"] = (one["usd"] or 0) + row["effect_usd"]
    return [{"into_period": into} | one for into, one in rows.items()]


def _open_items(control: Control) -> Sequence[Row]:
    """By report: how many items are in each state, and the age of the oldest."""
    counted = (
        control.open_items_summary.with_columns(pl.col("report", "state").cast(pl.String))
        .group_by("report", "state")
        .agg(pl.col("items").sum(), pl.col("oldest_days").max())
        .sort("report", "state")
    )
    rows: dict[str, dict[str, Any]] = {}
    for report, state, count, oldest in counted.iter_rows():
        row = rows.setdefault(report, {"report": report, "oldest": None})
        row[state] = count
        row["oldest"] = max(
            (age for age in (row["oldest"], oldest) if age is not None), default=None
        )
    return list(rows.values())


@cache
def _environment() -> Environment:
    made = templates(_ROOM)
    made.filters |= {"money": money, "short": short}
    return made


@cache
def _own_style() -> str:
    return files(_ROOM).joinpath("control.css").read_text("utf-8")
