"""The lineage of a package as boxes and ways: sources, extract, validated data, package.

Here: where each box stands. Not here: its look (``package.html``, ``page.css``).
"""

from __future__ import annotations

from dataclasses import dataclass

from soxauto_assets.evidence.papers.view import View

WIDTH = 1060
_SOURCE_WIDTH, _BOX_WIDTH, _GAP = 330, 170, 60
_SOURCE_HEIGHT, _SOURCE_STEP, _BOX_HEIGHT = 34, 42, 66
_TOP = 8
_LONGEST = 46


@dataclass(frozen=True)
class Line:
    """A line of text in a box, cut where it would not fit; ``full`` is shown on pointing at it."""

    text: str
    y: float
    kind: str
    full: str


@dataclass(frozen=True)
class Box:
    """One station. ``kind`` is ``source``, ``good``, ``bad`` or ``absent``."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Way:
    """One way between two boxes; ``absent`` where nothing went along it."""

    path: str
    kind: str


@dataclass(frozen=True)
class Drawing:
    """The whole drawing, in its own units. ``tables``: the sources are tables of a warehouse."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    ways: tuple[Way, ...]
    tables: bool


def drawing(view: View) -> Drawing:
    """Where everything stands."""
    sources = view.sources or ("no source is declared",)
    height = max(len(sources) * _SOURCE_STEP, _BOX_HEIGHT) + 2 * _TOP
    middle = height / 2
    first = middle - (len(sources) * _SOURCE_STEP - (_SOURCE_STEP - _SOURCE_HEIGHT)) / 2
    boxes = [
        _box(0, first + number * _SOURCE_STEP, _SOURCE_WIDTH, _SOURCE_HEIGHT, "source", (name,))
        for number, name in enumerate(sources)
    ]
    rows = view.documents.manifest("data", "rows").value
    reached = view.documents.manifest("rows_reached").value
    has_extract = rows is not None
    extract = f"{rows:,} rows" if has_extract else f"not complete ({reached or 0:,} rows)"
    passed, applicable = view.checks_passed
    stations = (
        ("extract", extract, "good" if has_extract else "absent"),
        (
            "validated",
            f"{passed} of {applicable} checks passed",
            "good" if view.passed else "absent",
        ),
        ("package", f"{view.verdict.text}, signed", "good" if view.passed else "bad"),
    )
    ways = []
    for number, (name, words, kind) in enumerate(stations):
        x = _SOURCE_WIDTH + _GAP + number * (_BOX_WIDTH + _GAP)
        boxes.append(
            _box(x, middle - _BOX_HEIGHT / 2, _BOX_WIDTH, _BOX_HEIGHT, kind, (name, words))
        )
        if number:
            ways.append(Way(f"M{x - _GAP} {middle:g}H{x - 2}", kind if kind == "absent" else ""))
    end = _SOURCE_WIDTH + _GAP - 2
    for box in boxes[: len(sources)]:
        y = box.y + box.height / 2
        path = f"M{_SOURCE_WIDTH} {y:g}C{_SOURCE_WIDTH + _GAP / 2:g} {y:g} "
        path += f"{_SOURCE_WIDTH + _GAP / 2:g} {middle:g} {end} {middle:g}"
        ways.append(Way(path, "" if has_extract else "absent"))
    declared = view.documents.at("schema.json", "report", "sources").value
    return Drawing(WIDTH, height, tuple(boxes), tuple(ways), bool(declared))


def _box(x: float, y: float, width: float, height: float, kind: str, texts: tuple[str, ...]) -> Box:
    start = y + height / 2 + 4.5 - (len(texts) - 1) * 10
    kinds = ("strong", "small") if len(texts) == 2 else ("",)
    lines = tuple(
        Line(_cut(text), start + number * 20, kinds[number], text)
        for number, text in enumerate(texts)
    )
    return Box(x, y, width, height, kind, lines)


def _cut(text: str) -> str:
    """The end of a long name: two tables of one database differ there."""
    return text if len(text) <= _LONGEST else f"…{text[-_LONGEST:]}"
