"""Small bar charts of the months as inline SVG: no script, no font and no address in them.

Here: pygal's drawing with everything taken out that a page of evidence may not hold (its script,
its style, the day of its making), so that the same figures give the same bytes. The page's own
style gives the colours. Not here: the figures (``history.py``, ``view.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

WIDTH, HEIGHT = 430, 170
_LEFT_OUT = ("script", "style", "desc", "title")
_UNITS = ((10**9, "bn"), (10**6, "m"), (10**3, "k"))


def bar_chart(name: str, months: Sequence[str], values: Sequence[Decimal | None], this: int) -> str:
    """A bar a month, None for a gap; the bar with the number ``this`` has the class ``this``.

    ``name`` tells the charts of a page apart (its letters become an id).
    """
    import pygal

    chart = pygal.Bar(
        width=WIDTH,
        height=HEIGHT,
        show_legend=False,
        js=[],
        css=[],
        margin=2,
        margin_left=12,
        spacing=4,
        x_labels=[month[2:].replace("-", "/") for month in months],
        truncate_label=-1,
        y_labels_major_count=3,
        show_minor_y_labels=False,
        value_formatter=short,
        include_x_axis=True,
    )
    chart.uuid = "".join(letter if letter.isalnum() else "-" for letter in name)
    chart.add("", [None if value is None else float(value) for value in values])
    drawing = _bare(chart.render_tree())
    _mark(drawing, [number for number, value in enumerate(values) if value is not None], this)
    drawing.attrib |= {"role": "img", "aria-label": f"{name} by month", "class": "chart"}
    return ElementTree.tostring(drawing, encoding="unicode")


def short(value: float) -> str:
    """``2.7m`` for 2,745,017: a label of an axis, where no exact figure would fit."""
    for unit, letter in _UNITS:
        if abs(value) >= unit:
            return f"{value / unit:.4g}{letter}"
    return f"{value:.4g}"


def _bare(node: Any) -> ElementTree.Element:
    """The drawing alone; pygal draws with lxml where it is installed, so it is copied."""
    copy = ElementTree.Element(node.tag.rpartition("}")[2], dict(sorted(node.attrib.items())))
    copy.text = node.text
    for child in node:
        if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] in _LEFT_OUT:
            continue
        if {"tooltip", "text-overlay"} & set(child.get("class", "").split()):
            continue
        copy.append(_bare(child))
    return copy


def _mark(drawing: ElementTree.Element, drawn: Sequence[int], this: int) -> None:
    bars = [node for node in drawing.iter("rect") if "reactive" in node.get("class", "")]
    for number, bar in zip(drawn, bars, strict=False):
        bar.set("class", "bar this" if number == this else "bar")
