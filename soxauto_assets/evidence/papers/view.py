"""What the papers of a package show, taken out of its documents once for both of them.

Here: which values, in which order, under which words. Not here: how they look
(``workpaper.py``, ``page.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation, localcontext

from soxauto_assets.evidence.documents import HISTORY
from soxauto_assets.evidence.papers.cited import Cited, Documents

DATA = "data/extract.parquet"
QUERY = "sql/query.sql"
_TOTAL = "sum_"
_DIGITS = 120
"""More than any two amounts of 38 digits need for an exact difference."""
_UNTESTED = "NOT_APPLICABLE"
_CHECK_OF = {"witness_inside": "witnesses", "witness_after": "witnesses"}


@dataclass(frozen=True)
class Fact:
    """One line of a section: what it is, and the value with its origin."""

    label: str
    value: Cited


@dataclass(frozen=True)
class Section:
    """Facts under one heading, which belong to one question of an auditor."""

    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class TieOut:
    """One figure of one control: what the source says, what the extract holds.

    ``difference`` is exact, None where the two cannot be subtracted; ``equal`` None where nothing
    was compared (the control is only noted, or was not reached).
    """

    control: str
    kind: str
    title: str
    figure: str
    expected: Cited
    found: Cited
    difference: Decimal | None
    equal: bool | None

    @property
    def difference_text(self) -> str:
        """The difference, exact; nothing where there is none to take."""
        if self.difference is None:
            return ""
        return "0" if self.difference == 0 else format(self.difference, "f")


@dataclass(frozen=True)
class Month:
    """A month of the history: the figures of its current package, None where there is none."""

    period: str
    rows: Cited | None
    totals: Mapping[str, Cited]
    is_this: bool
    verdict: str | None = None


@dataclass(frozen=True)
class View:
    """Everything that the papers show. ``sample`` are rows of the extract as masked text."""

    documents: Documents
    report: str
    title: str
    period: str
    attempt: str
    verdict: Cited
    sections: tuple[Section, ...]
    parameters: tuple[Fact, ...]
    tie_out: tuple[TieOut, ...]
    checks: tuple[Cited, ...]
    columns: tuple[Cited, ...]
    sources: tuple[str, ...]
    lineage: tuple[Fact, ...]
    months: tuple[Month, ...]
    failing: tuple[Cited, ...]
    sample: tuple[Mapping[str, str], ...]
    masked: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the package says PASS."""
        return bool(self.verdict.value == "PASS")

    @property
    def checks_passed(self) -> tuple[int, int]:
        """How many checks passed, of how many that apply."""
        verdicts = [check.at("verdict").value for check in self.checks]
        return verdicts.count("PASS"), sum(verdict != _UNTESTED for verdict in verdicts)


def view_of(
    documents: Documents, periods: Sequence[str], sample: Sequence[Mapping[str, str]]
) -> View:
    """What the papers of this package show.

    ``periods`` are the months of its charts, the oldest first, this one last; ``sample`` the
    first rows of the extract with personal data masked.
    """
    schema = documents.at("schema.json")
    columns = tuple(schema.at("columns").items())
    return View(
        documents=documents,
        report=documents.manifest("report", "id").text,
        title=documents.manifest("report", "title").text or "its declaration could not be read",
        period=documents.manifest("period", "name").text,
        attempt=documents.manifest("attempt", "id").text,
        verdict=documents.at("checks.json", "verdict"),
        sections=tuple(_sections(documents)),
        parameters=tuple(_parameters(documents)),
        tie_out=tuple(_tie_out(documents)),
        checks=tuple(documents.at("checks.json", "checks").items()),
        columns=columns,
        sources=_sources(documents),
        lineage=_lineage(documents),
        months=tuple(_months(documents, periods)),
        failing=tuple(documents.at("failing_rows.json", "checks").items()),
        sample=tuple(sample),
        masked=tuple(
            column.at("name").text for column in columns if column.at("personal").value is True
        ),
    )


def _sections(documents: Documents) -> Iterator[Section]:
    def section(title: str, *facts: tuple[str, Cited]) -> Section:
        kept = [Fact(label, value) for label, value in facts if value.text]
        return Section(title, tuple(kept))

    report, attempt = documents.at("schema.json", "report"), documents.manifest("attempt")
    source, environment = documents.at("source.json"), documents.at("environment.json")
    data = documents.manifest("data")
    yield section(
        "Result",
        ("Verdict", documents.at("checks.json", "verdict")),
        ("Cause", documents.at("checks.json", "cause")),
        ("Rows of the extract", data.at("rows")),
        ("Rows reached before it ended", documents.manifest("rows_reached"))
        if data.value is None
        else ("", Cited(None, "", "")),
        *((f"Total of {name}", data.at("totals", name)) for name in data.at("totals").names()),
        ("Content digest of the data", data.at("content_digest")),
    )
    yield section(
        "Purpose",
        ("Report", report.at("id")),
        ("Title", report.at("title")),
        ("Control", report.at("control")),
        ("Purpose", report.at("purpose")),
        ("Group accounts", report.at("group_accounts")),
        ("Owner", report.at("owner")),
        ("Primary key", report.at("primary_key")),
        ("Controlled amounts", report.at("amounts")),
        *((f"Note {number}", note) for number, note in enumerate(report.at("notes").items(), 1)),
    )
    yield section(
        "Period",
        ("Period", documents.at("parameters.json", "period", "name")),
        ("Cut-off date", documents.at("parameters.json", "period", "cutoff_date")),
        ("Rows count before", documents.at("parameters.json", "period", "next_start")),
    )
    facts = source.at("facts")
    yield section(
        "Source",
        ("Warehouse", source.at("warehouse")),
        ("Engine", facts.at("engine")),
        ("Server", facts.at("server")),
        ("Databases", facts.at("databases")),
        ("Login", facts.at("login")),
        ("Isolation", facts.at("isolation")),
        ("Clock of the source", facts.at("source_clock")),
        ("Clock of the product (UTC)", facts.at("product_clock")),
        ("Source tables", report.at("sources")),
    )
    yield section(
        "Attempt",
        ("Attempt", attempt.at("id")),
        ("Started by", attempt.at("who")),
        ("Closed in its place by", attempt.at("closed_by")),
        ("Started (UTC)", attempt.at("started")),
        ("Ended (UTC)", attempt.at("ended")),
        ("Run", attempt.at("run")),
        *((f"Retry {n}", retry) for n, retry in enumerate(attempt.at("retries").items(), 1)),
        ("Product version", environment.at("product", "version")),
        ("Commit", environment.at("product", "commit", "id")),
        ("SHA-256 of the code", environment.at("product", "code_sha256")),
        ("Image digest", environment.at("image_digest")),
        ("Release", environment.at("release_tag")),
    )
    baseline = documents.at("baseline.json")
    if baseline.found:
        yield section("Baseline", *((name, baseline.at(name)) for name in baseline.names()))


def _parameters(documents: Documents) -> Iterator[Fact]:
    """The values by name, each with its type beside it, then those each statement got."""
    values = documents.at("parameters.json", "values")
    for name in values.names():
        yield Fact(f"@{name}", _bound(values.at(name)))
    for statement in documents.at("parameters.json", "statements").items():
        bound = statement.at("bound")
        yield Fact(f"bound in {statement.at('file').text}", _bound(bound))


def _bound(value: Cited) -> Cited:
    """The same place, its value without the types around every part."""

    def bare(item: object) -> object:
        if isinstance(item, Mapping):
            if set(item) == {"type", "value"}:
                return item["value"]
            return {name: bare(part) for name, part in item.items()}
        return [bare(part) for part in item] if isinstance(item, list) else item

    return Cited(bare(value.value), value.file, value.path, value.found)


def _tie_out(documents: Documents) -> Iterator[TieOut]:
    checks = {check.at("name").value: check for check in _checks(documents)}
    for control in documents.at("controls.json", "controls").items():
        name, kind = control.at("name").text, control.at("kind").text
        rows = control.at("rows")
        check = checks.get(_CHECK_OF.get(kind, name))
        if kind == "totals" and rows.value:
            for figure in sorted(rows.at(0).names(), key=_place):
                yield _figure(documents, control, figure, rows.at(0, figure), check)
            continue
        absent = Cited(None, rows.file, rows.path, found=False)
        expected = absent if check is None else check.at("expected")
        found = rows if check is None else check.at("found")
        equal = None if check is None else check.at("verdict").value == "PASS"
        yield TieOut(name, kind, control.at("title").text, "", expected, found, None, equal)


def _place(figure: str) -> int:
    """Rows first, then amounts, then dates."""
    return 0 if figure == "row_count" else 1 if figure.startswith(_TOTAL) else 2


def _checks(documents: Documents) -> Iterator[Cited]:
    return documents.at("checks.json", "checks").items()


def _figure(
    documents: Documents, control: Cited, figure: str, expected: Cited, check: Cited | None
) -> TieOut:
    """One figure of a control total beside the same one of the extract."""
    data = documents.manifest("data")
    if figure == "row_count":
        found = data.at("rows")
    elif figure.startswith(_TOTAL):
        found = data.at("totals", figure.removeprefix(_TOTAL))
    elif check is not None:
        # First and last date of the extract stand in the check's words alone.
        said = dict(part.partition(" = ")[::2] for part in check.at("found").text.split("; "))
        place = check.at("found")
        found = Cited(said.get(figure), place.file, place.path, figure in said)
    else:
        found = Cited(None, expected.file, expected.path, found=False)
    tested = check is not None and check.at("verdict").value != _UNTESTED
    comparable = tested and found.found and found.value is not None
    return TieOut(
        control.at("name").text,
        control.at("kind").text,
        control.at("title").text,
        figure.removeprefix(_TOTAL),
        expected,
        found,
        _difference(expected.value, found.value) if comparable else None,
        _equal(expected.value, found.value) if comparable else None,
    )


def _number(value: object) -> Decimal | None:
    """The value as a number; a sum over no rows is null, and counts as zero."""
    try:
        return Decimal(0) if value is None else Decimal(str(value))
    except InvalidOperation:
        return None


def _difference(expected: object, found: object) -> Decimal | None:
    one, other = _number(expected), _number(found)
    if one is None or other is None:
        return None
    with localcontext(prec=_DIGITS):  # the default would round to 28 digits
        return other - one


def _equal(expected: object, found: object) -> bool:
    difference = _difference(expected, found)
    if difference is not None:
        return difference == 0
    try:  # a stamp is written with a T in one document, with a blank in the other
        return datetime.fromisoformat(str(expected)) == datetime.fromisoformat(str(found))
    except ValueError:
        return expected == found


def _sources(documents: Documents) -> tuple[str, ...]:
    """The tables that the query reads; of a control, the reports and files that it read."""
    declared = documents.at("schema.json", "report", "sources").value or ()
    return tuple(declared) or documents.at("lineage.json", "sources").names()


def _lineage(documents: Documents) -> tuple[Fact, ...]:
    columns = documents.at("lineage.json", "columns")
    return tuple(Fact(name, columns.at(name)) for name in columns.names())


def _months(documents: Documents, periods: Sequence[str]) -> Iterator[Month]:
    past = {month.at("period").value: month for month in documents.at(HISTORY, "months").items()}
    *before, this = periods
    for period in before:
        month = past.get(period)
        totals = {} if month is None else _totals(month.at("totals"))
        yield Month(period, None if month is None else month.at("rows"), totals, is_this=False)
    data = documents.manifest("data")
    rows = data.at("rows") if data.value is not None else None
    verdict = documents.at("checks.json", "verdict").text
    yield Month(this, rows, _totals(data.at("totals")), is_this=True, verdict=verdict)


def _totals(totals: Cited) -> dict[str, Cited]:
    return {name: totals.at(name) for name in totals.names()}
