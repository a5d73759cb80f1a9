"""What a baseline records of a report: everything that a figure of it depends on, as plain values.

Query and controls (text, bytes, meaning), the declared report and its columns, the parameters that
are no bounds of a period, and the declared source tables and columns that the SQL reads.

Here: the description, and the differences of two, in words. Not here: approval (``approval.py``)
and what a difference leads to (``baseline.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from soxauto_assets.catalog.model import CatalogEntry, Parameter
from soxauto_assets.catalog.parameters import values_for
from soxauto_assets.evidence.declaration import declaration
from soxauto_assets.evidence.values import plain, type_text
from soxauto_assets.period import Period

Description = Mapping[str, Any]

FIXED = frozenset(
    {
        Parameter.COMPANIES,
        Parameter.COUNTRIES,
        Parameter.CURRENCIES,
        Parameter.ROSTER,
        Parameter.ACCOUNTS,
    }
)
"""The parameters whose values are decided by people; all others follow from the period."""
WORDING = frozenset(
    {"title", "purpose", "owner", "notes", "family", "description", "source", "empty_means"}
)
"""Fields of a declaration that no figure depends on; the verifier has a list of its own."""


@dataclass(frozen=True)
class Difference:
    """One difference in words; ``of_meaning`` False: of the wording alone."""

    words: str
    of_meaning: bool


def described(entry: CatalogEntry, known: Description | None = None) -> Description:
    """The description of a report as its folder and the declared source stand now.

    ``known`` is a description of before: what its texts give is taken from there where the text
    is the same, so that an unchanged report costs no parsing.
    """
    query = _text_of(f"{entry.report.id}/query", entry.query, _get(known, "query"))
    before = {one["name"]: one for one in _get(known, "controls") or ()}
    controls = [
        {"name": control.name, "kind": control.kind.value, "title": control.title}
        | _text_of(f"{entry.report.id}/{control.name}", control.sql, before.get(control.name))
        for control in entry.controls
    ]
    report = declaration(entry)
    values = plain(values_for(entry.report, Period(2024, 1)))  # the fixed ones are of any period
    assert isinstance(values, dict)
    described: dict[str, Any] = {
        "query": query,
        "controls": controls,
        "report": report["report"],
        "columns": report["columns"],
        "parameters": {p.value: values[p.value] for p in entry.report.parameters if p in FIXED},
    }
    described["sources"] = _sources(entry, described, known)
    return described


def differences(name: str, before: Description, now: Description) -> tuple[Difference, ...]:
    """What differs between two descriptions of the report ``name``, clause by clause, in words."""
    found = [*_of_text(f"{name}/query", "query", before["query"], now["query"])]
    old, new = ({one["name"]: one for one in d["controls"]} for d in (before, now))
    for control in dict.fromkeys((*old, *new)):
        where = f"control {control}"
        if control not in new or control not in old:
            word = "removed" if control in old else "added"
            found.append(Difference(f"{where}: {word}", True))
            continue
        if old[control]["kind"] != new[control]["kind"]:
            found.append(Difference(f"{where}: its kind changed", True))
        if old[control]["title"] != new[control]["title"]:
            found.append(Difference(f"{where}: its title was reworded", False))
        found += _of_text(f"{name}/{control}", where, old[control], new[control])
    found += _of_fields("report", before["report"], now["report"])
    found += _of_columns(before["columns"], now["columns"])
    found += _of_fields("parameter", before["parameters"], now["parameters"])
    found += _of_sources(before["sources"], now["sources"])
    return tuple(found)


def text_of(lines: list[str]) -> str:
    """The text that was recorded as lines."""
    return "\n".join(lines)


def _get(known: Description | None, key: str) -> Any:
    return None if known is None else known.get(key)


def _text_of(name: str, text: str, known: Mapping[str, Any] | None) -> dict[str, Any]:
    from soxauto_assets.errors import SoxautoError

    digest = hashlib.sha256(text.encode()).hexdigest()
    if known is not None and known["sha256"] == digest:
        return {key: known[key] for key in ("sha256", "meaning", "parser", "lines")}
    from soxauto_assets.warehouse.clauses import PARSER, meaning

    try:
        meant: str | None = meaning(name, text)
    except SoxautoError:  # no SQL that can be understood; approving it is refused
        meant = None
    return {"sha256": digest, "meaning": meant, "parser": PARSER, "lines": text.split("\n")}


def _sources(entry: CatalogEntry, now: Description, known: Description | None) -> dict[str, Any]:
    from soxauto_assets.catalog.sources import UnknownSourceTableError, table

    used: dict[str, list[str]] = {}
    if known is not None and _texts(known) == _texts(now):
        used = {name: list(source["columns"]) for name, source in known["sources"].items()}
    else:
        from soxauto_assets.errors import SoxautoError
        from soxauto_assets.warehouse.contract import columns_read

        try:
            for ref in columns_read(entry):
                used.setdefault(ref.table, []).append(ref.column)
        except SoxautoError:
            return {}
    sources: dict[str, Any] = {}
    for name, columns in sorted(used.items()):
        try:
            declared = table(name)
        except UnknownSourceTableError:
            sources[name] = {"kind": "not declared", "key": [], "columns": {}}
            continue
        types = {column.name: column for column in declared.columns}
        sources[name] = {
            "kind": "view" if declared.is_view else "table",
            "key": list(declared.key),
            "columns": {
                column: f"{type_text(types[column].type)}"
                f"{'' if types[column].nullable else ' not null'}"
                for column in sorted(columns)
                if column in types
            },
        }
    return sources


def _texts(description: Description) -> tuple[str, ...]:
    return (description["query"]["sha256"], *(c["sha256"] for c in description["controls"]))


def _of_text(
    name: str, where: str, before: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[Difference]:
    from soxauto_assets.errors import SoxautoError

    if before["sha256"] == now["sha256"]:
        return
    from soxauto_assets.warehouse.clauses import changes

    try:
        # Both texts are read by the parser at hand: another version of it changes no meaning.
        found = changes(name, text_of(before["lines"]), text_of(now["lines"]))
    except SoxautoError:
        yield Difference(f"{where}: it is no SQL that can be understood", True)
        return
    if not found:
        yield Difference(f"{where}: comments, layout or case changed, and no meaning", False)
    for change in found:
        yield Difference(f"{where}, {change.words}", True)


def _of_fields(
    where: str, before: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[Difference]:
    for name in dict.fromkeys((*before, *now)):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if name in WORDING:
            yield Difference(f"{where} {name}: reworded", False)
        elif isinstance(old, list) and isinstance(new, list):
            yield from _of_lists(f"{where} {name}", old, new)
        else:
            yield Difference(f"{where} {name}: changed from {_told(old)} to {_told(new)}", True)


def _of_lists(where: str, before: list[Any], now: list[Any]) -> Iterator[Difference]:
    removed = [_told(item) for item in before if item not in now]
    added = [_told(item) for item in now if item not in before]
    if removed:
        yield Difference(f"{where}: removed {', '.join(removed)}", True)
    if added:
        yield Difference(f"{where}: added {', '.join(added)}", True)
    if not removed and not added:
        yield Difference(f"{where}: another order, or one of them twice", True)


def _of_columns(before: list[Any], now: list[Any]) -> Iterator[Difference]:
    old, new = ({column["name"]: column for column in columns} for columns in (before, now))
    for name in dict.fromkeys((*old, *new)):
        if name not in new or name not in old:
            yield Difference(f"column {name}: {'removed' if name in old else 'added'}", True)
        else:
            yield from _of_fields(f"column {name},", old[name], new[name])
    if set(old) == set(new) and list(old) != list(new):
        yield Difference("columns: another order", True)


def _of_sources(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys((*before, *now)):
        if name not in now or name not in before:
            word = "no longer read" if name in before else "read now"
            yield Difference(f"source {name}: {word}", True)
            continue
        yield from _of_fields(
            f"source {name}, column", before[name]["columns"], now[name]["columns"]
        )
        for part in ("kind", "key"):
            if before[name][part] != now[name][part]:
                told = f"{_told(before[name][part])} to {_told(now[name][part])}"
                yield Difference(f"source {name}: its {part} changed from {told}", True)


def _told(value: object) -> str:
    if isinstance(value, list):
        return f"({', '.join(_told(item) for item in value)})"
    return "nothing" if value is None else str(value)
