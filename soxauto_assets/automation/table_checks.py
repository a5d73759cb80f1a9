"""After publishing: are the tables there, and do they count what the manifests say?

A check of its own. It alerts where a table differs or could not be asked, and never touches a
package: the evidence is the package, the tables are a convenience that must not mislead. What
agreed is recorded (``tables/<place>/<report>/<month>/<attempt>.json`` in the state store) and not
asked again until another attempt is current; what did not is asked again by every later run and
by the daemon, and told once an attempt.

Here: which months are asked, the judgement, records and alerts. Not here: the places (``tables``).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.assets.alerts import AlertSink, tell
from soxauto_assets.assets.causes import describe
from soxauto_assets.catalog.loader import BrokenReportError, load_entry
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.alert_texts import table_differs, tables_not_checked
from soxauto_assets.evidence.canonical import canonical_json, utc_text
from soxauto_assets.store.protocol import ObjectExistsError
from soxauto_assets.tables.published import Published, published, unchecked

if TYPE_CHECKING:
    from soxauto_assets.period import Period
    from soxauto_assets.store.protocol import ObjectStore
    from soxauto_assets.tables.places import TablePlace


@dataclass(frozen=True)
class TableCheck:
    """What came of one month in one place. ``problem`` is None where all of it agreed."""

    place: str
    period: Period
    reports: tuple[str, ...]
    problem: str | None


def check_tables(
    place: TablePlace,
    results: ObjectStore,
    evidence: ObjectStore,
    state: ObjectStore,
    sink: AlertSink,
    reports: Sequence[str],
    *,
    most_months: int | None = None,
    catalog: Path | None = None,
) -> tuple[TableCheck, ...]:
    """Check every current object that was not checked yet, a month at a time, the newest first.

    ``most_months`` bounds how many are asked now. Raises where the state or results store fails;
    anything that the place raises becomes an alert and a TableCheck with its problem.
    """
    waiting = unchecked(results, state, _prefix(place), reports)
    done = []
    for period in sorted(waiting, reverse=True)[:most_months]:
        try:
            problem = _checked(
                place, results, evidence, state, sink, waiting[period], period, catalog
            )
        except SoxautoError as error:
            problem = describe(error)
            alert = tables_not_checked(place.name, period, problem, at=datetime.now(UTC))
            tell(state, sink, alert)
        done.append(TableCheck(place.name, period, waiting[period], problem))
    return tuple(done)


def _checked(
    place: TablePlace,
    results: ObjectStore,
    evidence: ObjectStore,
    state: ObjectStore,
    sink: AlertSink,
    reports: Sequence[str],
    period: Period,
    catalog: Path | None,
) -> str | None:
    entries = {}
    for report in reports:
        with suppress(BrokenReportError):  # its schema cannot be read now; its failure is told
            entries[report] = load_entry(report, catalog)
    before = [p for r in entries if (p := published(results, evidence, r, period)) is not None]
    if not before:
        return None
    counted = place.count(before, entries)
    problems = []
    for one in before:
        found = counted.get(one.address.report)
        if found == one.rows:
            _record(state, place, one)
            continue
        # Another attempt may have become current between the manifest and the count.
        if published(results, evidence, one.address.report, period) != one:
            continue
        said = "no count" if found is None else f"{found:,} rows"
        problems.append(f"{one.address.report}: {said}, its manifest {one.rows:,}")
        tell(
            state,
            sink,
            table_differs(place.name, one.address, one.rows, found, at=datetime.now(UTC)),
        )
    return f"{place.name} counts {'; '.join(problems)}" if problems else None


def _record(state: ObjectStore, place: TablePlace, one: Published) -> None:
    document = {
        "at": utc_text(datetime.now(UTC)),
        "attempt": one.address.attempt,
        "place": place.name,
        "rows": one.rows,
    }
    address = one.address
    key = f"{_prefix(place)}{address.report}/{address.period}/{address.attempt}.json"
    with suppress(ObjectExistsError):
        state.create(key, canonical_json(document))


def _prefix(place: TablePlace) -> str:
    return f"tables/{place.name}/"
