"""The HTML page of a package: one file, no script, no other host, opened by a double click.

Here: laying out the view with Jinja2, which escapes every value. Not here: what is shown
(``view.py``) and the charts (``charts.py``).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from soxauto_assets.evidence.papers.charts import bar_chart
from soxauto_assets.evidence.papers.drawing import drawing
from soxauto_assets.evidence.papers.view import QUERY, View

if TYPE_CHECKING:
    from jinja2 import Environment

    from soxauto_assets.evidence.papers.cited import Cited

PAGE = "package.html"
WORKPAPER = "workpaper.xlsx"
_PAPERS = "soxauto_assets.evidence.papers"
_CHARTS = 6
"""More amounts than these stand in the table of figures alone."""


def page(view: View) -> bytes:
    """The page of the package, UTF-8; the same view gives the same bytes."""
    from markupsafe import Markup

    documents = view.documents
    data, period = documents.manifest("data"), documents.at("parameters.json", "period")
    amounts = documents.manifest("report", "amounts").value or []
    return (
        environment()
        .get_template("package.html")
        .render(
            view=view,
            style=Markup(style()),  # a file of the product
            link=documents.link,
            parts=_parts,
            control=documents.manifest("report", "control").text or "no control",
            cause=documents.at("checks.json", "cause"),
            cutoff=period.at("cutoff_date"),
            bound=period.at("next_start"),
            rows=data.at("rows"),
            totals=[(name, data.at("totals", name)) for name in amounts if data.value is not None],
            who=documents.manifest("attempt", "who"),
            ended=documents.manifest("attempt", "ended"),
            charts=_charts(view, amounts),
            amounts=amounts,
            tie_out=[
                (control, list(lines))
                for control, lines in groupby(view.tie_out, key=lambda line: line.control)
            ],
            lineage=drawing(view),
            query="\n".join(documents.lines(QUERY)),
            files=(*documents.names(), WORKPAPER),
        )
        .encode("utf-8", "xmlcharrefreplace")
    )


def templates(package: str) -> Environment:
    """The templates in a package, which extend ``base.html`` of this one.

    Every value is escaped, and an unknown one is an error.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader(_PAPERS, ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def environment() -> Environment:
    """The templates of the papers."""
    made = templates(_PAPERS)
    made.globals |= {"thousands": thousands, "rounded": rounded}
    return made


@cache
def style() -> str:
    """The style that all pages share."""
    from importlib.resources import files

    return files(_PAPERS).joinpath("page.css").read_text("utf-8")


def thousands(cited: Cited) -> str:
    """A whole number with separators, for reading."""
    return f"{cited.value:,}" if isinstance(cited.value, int) else cited.text


def rounded(cited: Cited) -> str:
    """An amount to the cent with separators, for reading; the exact one stands beside it."""
    number = _number(cited)
    if number is None:
        return cited.text
    with localcontext(prec=120):
        return f"{number.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,}"


def _parts(cited: Cited) -> list[Cited]:
    """The members of a list, each for a line of its own; anything else as it is."""
    return list(cited.items()) if isinstance(cited.value, list) and cited.value else [cited]


def _number(cited: Cited | None) -> Decimal | None:
    if cited is None or cited.value is None:
        return None
    try:
        return Decimal(str(cited.value))
    except InvalidOperation:
        return None


def _charts(view: View, amounts: list[str]) -> list[dict[str, Any]]:
    """Rows, then each amount; the drawings are SVG of ours and not escaped again."""
    from markupsafe import Markup

    months = view.months
    names = [month.period for month in months]
    this = len(months) - 1
    rows = months[this].rows
    charts = [
        {
            "name": "rows",
            "this": "none" if rows is None else thousands(rows),
            "drawing": Markup(bar_chart("rows", names, [_number(m.rows) for m in months], this)),
        }
    ]
    for name in amounts[: _CHARTS - 1]:
        figures = [month.totals.get(name) for month in months]
        shown = figures[this]
        charts.append(
            {
                "name": name,
                "this": "none" if shown is None else rounded(shown),
                "drawing": Markup(bar_chart(name, names, [_number(f) for f in figures], this)),
            }
        )
    return charts
