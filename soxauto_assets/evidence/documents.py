"""The documents of a package: what an auditor opens, each written from the attempt's contents.

Here: the payload besides the data, as bytes under its name in the package. Not here: the
manifest, which lists them (``manifest.py``), and storing them (``package.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from soxauto_assets.catalog.model import CatalogEntry, ControlKind
from soxauto_assets.catalog.parameters import values_for
from soxauto_assets.evidence.canonical import canonical_json, utc_text
from soxauto_assets.evidence.contents import PackageContents
from soxauto_assets.evidence.declaration import declaration
from soxauto_assets.evidence.personal_data import PERSONAL_DATA
from soxauto_assets.evidence.readme import readme
from soxauto_assets.evidence.values import plain, typed
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.validation.results import CheckResult
from soxauto_assets.validation.samples import MASK
from soxauto_assets.warehouse.protocol import ExecutedStatement, SourceFacts

CONTENT_STATEMENT = "data/content-digest.txt"
"""The statement of the content digest: a digest a column, so that a difference can be placed."""

HISTORY = "attachments/history.json"
"""What the current packages of the months before said; the charts of the papers show it."""

CATALOGUE = "sql/catalogue/"

_UNSAFE = re.compile(r"[^a-z0-9_]+")


def documents(contents: PackageContents, address: AttemptAddress) -> dict[str, bytes]:
    """Every payload file but the data, by its name, in the order in which they are written."""
    statements = _named_statements(contents.statements)
    texts = {name: statement.sql for name, statement in statements.items()}
    texts |= _catalogue(contents)
    files = {name: _bytes(text) for name, text in texts.items()}
    files |= {
        "parameters.json": _json(_parameters(contents, address.period, statements)),
        "source.json": _json(_source(contents)),
        "controls.json": _json(_controls(contents)),
        "checks.json": _json(_checks(contents)),
        "failing_rows.json": _json(_failing_rows(contents)),
        "schema.json": _json(declaration(contents.entry)),
        "lineage.json": _json(contents.lineage),
        "environment.json": _json(contents.environment),
        "log.jsonl": b"".join(_log(contents)),
        "README.txt": _bytes(readme(contents, address)),
    }
    if contents.baseline is not None:
        files["baseline.json"] = _json(contents.baseline)
    if contents.personal is not None and contents.data is not None:
        files[PERSONAL_DATA] = _json(contents.personal)
    if contents.data is not None:
        files[CONTENT_STATEMENT] = contents.data.content_statement.encode()
    if contents.history:
        months = [month.to_document() for month in contents.history]
        files[HISTORY] = _json({"report": address.report, "months": months})
    return files


def period_bounds(period: Period) -> dict[str, object]:
    """The period and the bounds that follow from it (decision D1)."""
    return {
        "name": str(period),
        "start": plain(period.start),
        "cutoff_date": plain(period.cutoff_date),
        "next_start": plain(period.next_start),
    }


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _json(value: object) -> bytes:
    return canonical_json(plain(value))


def _named_statements(
    statements: tuple[ExecutedStatement, ...],
) -> dict[str, ExecutedStatement]:
    """Each statement under a file name of its own; what was sent twice alike, once."""
    named: dict[str, ExecutedStatement] = {}
    for statement in statements:
        _, _, rest = statement.name.partition("/")
        kind, _, name = rest.partition("/")
        if rest == "query":
            stem = "sql/query"
        elif kind == "controls" and name:
            stem = f"sql/controls/{_UNSAFE.sub('_', name.lower())}"
        else:
            stem = f"sql/other/{_UNSAFE.sub('_', statement.name.lower())}"
        number, file = 1, f"{stem}.sql"
        while file in named and named[file] != statement:
            number += 1
            file = f"{stem}-{number}.sql"
        named[file] = statement
    return named


def _catalogue(contents: PackageContents) -> dict[str, str]:
    """The SQL as the catalogue holds it and people review it, where any of it was sent.

    An engine may get it with other markers, or rendered; an attempt that sent nothing may have
    been closed by another version of the product, whose catalogue says nothing of it.
    """
    entry = contents.entry
    if entry is None or not contents.statements:
        return {}
    return {f"{CATALOGUE}query.sql": entry.query} | {
        f"{CATALOGUE}controls/{_UNSAFE.sub('_', control.name.lower())}.sql": control.sql
        for control in entry.controls
    }


def _parameters(
    contents: PackageContents, period: Period, statements: Mapping[str, ExecutedStatement]
) -> dict[str, object]:
    """The values by name, as the catalogue gives them, and in the order each statement got them."""
    entry = contents.entry
    return {
        "period": period_bounds(period),
        "values": {} if entry is None else typed(values_for(entry.report, period)),
        "statements": [
            {"file": file, "name": statement.name, "bound": typed(statement.parameters)}
            for file, statement in statements.items()
        ],
    }


def _source(contents: PackageContents) -> dict[str, object]:
    return {"warehouse": contents.warehouse, "facts": source_facts(contents.source)}


def source_facts(facts: SourceFacts | None) -> dict[str, object] | None:
    """What a session noted of its source, as the documents hold it; None where none was opened."""
    if facts is None:
        return None
    return {
        "engine": facts.engine,
        "server": facts.server,
        "databases": list(facts.databases),
        "login": facts.login,
        "isolation": facts.isolation,
        "source_clock": facts.source_clock,
        "product_clock": utc_text(facts.product_clock),
        "details": facts.details,
    }


def _controls(contents: PackageContents) -> dict[str, object]:
    """Each control of the catalogue with the rows that the source returned; null: it did not run.

    Key columns stay readable in the witnesses, which nobody could look for otherwise; personal
    data in any other control is masked.
    """
    entry = contents.entry
    personal = _personal_columns(entry)
    controls = []
    for control in () if entry is None else entry.controls:
        rows = contents.controls.get(control.name)
        witness = control.kind in (ControlKind.WITNESS_INSIDE, ControlKind.WITNESS_AFTER)
        hidden = frozenset[str]() if witness else personal
        controls.append(
            {
                "name": control.name,
                "kind": control.kind.value,
                "title": control.title,
                "rows": None if rows is None else [_masked(row, hidden) for row in rows],
            }
        )
    return {"controls": controls}


def _checks(contents: PackageContents) -> dict[str, object]:
    return {
        "verdict": contents.verdict.value,
        "cause": contents.cause,
        "checks": [
            {
                "name": check.name,
                "title": check.title,
                "verdict": check.verdict.value,
                "expected": check.expected,
                "found": check.found,
                "cause": check.cause,
                "failing_rows": check.failing_rows,
            }
            for check in contents.checks
        ],
    }


def _failing_rows(contents: PackageContents) -> dict[str, object]:
    personal = _personal_columns(contents.entry)

    def sample(check: CheckResult) -> list[object]:
        return [_masked(row, personal) for row in check.sample]

    return {
        "masked_columns": sorted(personal),
        "checks": [
            {"name": check.name, "failing_rows": check.failing_rows, "sample": sample(check)}
            for check in contents.checks
            if check.sample or check.failing_rows
        ],
    }


def _masked(row: Mapping[str, object], personal: frozenset[str]) -> dict[str, object]:
    """The row, with ``***`` where it shows personal data (masked before or not)."""
    return {
        name: MASK if name in personal and value is not None else value
        for name, value in row.items()
    }


def _personal_columns(entry: CatalogEntry | None) -> frozenset[str]:
    return frozenset(c.name for c in entry.columns if c.personal) if entry else frozenset()


def _log(contents: PackageContents) -> Iterator[bytes]:
    for line in contents.log:
        record = {"at": utc_text(line.at), "level": line.level, "message": line.message}
        yield _json(record) + b"\n"
