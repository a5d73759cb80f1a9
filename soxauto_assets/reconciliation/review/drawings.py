"""The drawings of the control's page: a waterfall a line, and twelve months side by side.

Here: where each bar stands, in the drawing's own units. Not here: their look (``page.html``,
``control.css``) and the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from soxauto_assets.reconciliation.amounts import added, difference, in_usd
from soxauto_assets.reconciliation.review.reviewed import Row
from soxauto_assets.reconciliation.review.trend import MonthLines

_UNITS = ((Decimal(10**9), "bn"), (Decimal(10**6), "m"), (Decimal(10**3), "k"))
_STEP, _BAR, _TOP, _HEIGHT = 104, 64, 26, 130
_TREND_STEP, _TREND_BAR, _TREND_HEIGHT, _LEFT = 80, 40, 150, 64


def short(amount: Decimal) -> str:
    """An amount in few characters: ``3.88m``, ``-120k``, ``75.40``."""
    for unit, name in _UNITS:
        if abs(amount) >= unit:
            return f"{amount / unit:.3g}{name}" if abs(amount / unit) < 1000 else f"{amount:,.0f}"
    return f"{amount:.2f}"


def money(amount: Decimal) -> str:
    """An amount to the cent, with separators."""
    return f"{amount:,.2f}"


@dataclass(frozen=True)
class Bar:
    """A bar: ``kind`` gives its colour, ``text`` stands above it, ``label`` below, in lines."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    text: str
    label: tuple[str, ...]
    exact: str
    from_y: float = 0
    """Where the bar before ended: a thin way leads from there."""


@dataclass(frozen=True)
class Waterfall:
    """From the ledger's balance to the target. ``cut``: its axis does not begin at zero."""

    width: float
    height: float
    base: float
    cut: bool
    bars: tuple[Bar, ...]


def waterfall(line: Row, titles: Mapping[str, str]) -> Waterfall | None:
    """The way from ledger to target through each bridge that explains something; None: no way.

    ``titles`` are short names of the bridges, by id. Nothing is left out: the steps add up.
    """
    if line["variance"] is None:
        return None
    steps = [
        (titles.get(name.removeprefix("bridge_"), name), "bridge", -amount)
        for name, amount in line.items()
        if name.startswith("bridge_") and amount
    ]
    if line["unexplained"]:
        steps.append(("not explained", "unexplained", -line["unexplained"]))
    start, end = line["balance"], line["expected"]
    levels = [start]
    for _, _, amount in steps:
        levels.append(added((levels[-1], amount)))
    low, high = min(*levels, end), max(*levels, end)
    span = difference(high, low)
    if span == 0:
        return None
    # Zero is the base where that leaves the steps big enough to be seen.
    cut = not (low - 2 * span <= 0 <= high + 2 * span)
    bottom = low - span / 2 if cut else min(low, Decimal(0))
    top = high if cut else max(high, Decimal(0))

    def y(amount: Decimal) -> float:
        return round(_TOP + _HEIGHT * float((top - amount) / (top - bottom)), 1)

    base = y(bottom) if cut else y(Decimal(0))
    bars = [_whole(0, "Ledger", start, y(start), base)]
    for number, (name, kind, amount) in enumerate(steps, 1):
        before, after = y(levels[number - 1]), y(levels[number])
        bars.append(
            Bar(
                number * _STEP + 20,
                min(before, after),
                _BAR,
                max(abs(after - before), 1.5),
                kind,
                ("+" if amount > 0 else "") + short(amount),
                tuple(name.split("\n")),
                money(amount),
                before,
            )
        )
    bars.append(_whole(len(bars), "Target", end, y(end), base, y(levels[-1])))
    return Waterfall(len(bars) * _STEP, _TOP + _HEIGHT + 44, base, cut, tuple(bars))


def _whole(
    number: int, label: str, amount: Decimal, level: float, base: float, before: float = 0
) -> Bar:
    return Bar(
        number * _STEP + 20,
        min(level, base),
        _BAR,
        max(abs(base - level), 1.5),
        "whole",
        short(amount),
        (label,),
        money(amount),
        before,
    )


@dataclass(frozen=True)
class TrendMonth:
    """A month of the trend: two bars on each other, None where it has no figures."""

    x: float
    label: str
    status: str | None
    why: str | None
    explained: Bar | None
    unexplained: Bar | None


@dataclass(frozen=True)
class Trend:
    """Twelve months; ``marks`` are the lines of the axis, ``threshold`` where the group's is."""

    width: float
    height: float
    base: float
    months: tuple[TrendMonth, ...]
    marks: tuple[tuple[float, str], ...]
    threshold: float
    threshold_text: str


def trend(months: Sequence[MonthLines], threshold: Decimal) -> Trend:
    """What bridges explain and what is left, absolute, in USD, month by month."""
    sums = [(_absolute(month, "explained"), _absolute(month, "unexplained")) for month in months]
    highest = max([threshold, *(one + two for one, two in sums)]) * Decimal("1.08")
    step = _round_step(highest)

    def height(amount: Decimal) -> float:
        return round(_TREND_HEIGHT * float(amount / highest), 1)

    base = _TOP + _TREND_HEIGHT
    shown = []
    for number, (month, (explained, left)) in enumerate(zip(months, sums, strict=True)):
        x = _LEFT + number * _TREND_STEP + (_TREND_STEP - _TREND_BAR) / 2
        status = month.status()
        low, high = height(left), height(explained)
        known = bool(month.lines)
        shown.append(
            TrendMonth(
                x,
                str(month.period),
                None if status is None else status.value,
                month.absent,
                Bar(x, base - low - high, _TREND_BAR, high, "bridge", "", (), money(explained))
                if known
                else None,
                Bar(x, base - low, _TREND_BAR, low, "unexplained", short(left), (), money(left))
                if known
                else None,
            )
        )
    marks = tuple(
        (base - height(step * number), short(step * number) if number else "0")
        for number in range(int(highest / step) + 1)
    )
    return Trend(
        _LEFT + len(months) * _TREND_STEP,
        base + 44,
        base,
        tuple(shown),
        marks,
        base - height(threshold),
        f"group threshold {money(threshold)} USD",
    )


def _round_step(highest: Decimal) -> Decimal:
    """The way between two marks of an axis: a round number, so that there are three to seven."""
    power = Decimal(10) ** (highest.adjusted())
    return next(
        part * power
        for part in (Decimal("0.2"), Decimal("0.5"), Decimal(1), Decimal(2))
        if highest / (part * power) <= 6
    )


def _absolute(month: MonthLines, name: str) -> Decimal:
    return added(
        abs(in_usd(line[name], line["rate"]))
        for line in month.lines
        if line[name] is not None and line["rate"] is not None
    )
