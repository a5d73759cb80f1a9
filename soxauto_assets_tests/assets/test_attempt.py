"""One attempt: what it leaves in every store, whatever happens on its way."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from soxauto_assets.assets.causes import calls, describe
from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.model import CatalogEntry
from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.demo.plan import DemoPlan
from soxauto_assets.demo.warehouse import demo_warehouse
from soxauto_assets.evidence import journal
from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.lifecycle import AttemptVerdict, open_attempts
from soxauto_assets.evidence.outbox import AlertKind
from soxauto_assets.period import Period
from soxauto_assets.store.protocol import StoreError
from soxauto_assets.validation.results import Verdict
from soxauto_assets.verify.package import verify_package
from soxauto_assets.warehouse.protocol import Purpose, Session, SourceUnavailableError, Warehouse
from soxauto_assets_tests.support.baselines import shipped
from soxauto_assets_tests.support.command import failed_checks, predicate
from soxauto_assets_tests.support.demo import SMALL
from soxauto_assets_tests.support.folders import quick_folder
from soxauto_assets_tests.support.os_faults import fault_at
from soxauto_assets_tests.support.small_warehouse import COMPANIES, SmallWarehouse
from soxauto_assets_tests.support.workshop import (
    MAY,
    RATES,
    REPORT,
    Workshop,
    catalog_with,
    small_source,
)

NOBODY = 65534
SECRET = "Amina Diallo, +254 700 000000"


@pytest.fixture(scope="module")
def source(new_folder: Callable[[], Path]) -> SmallWarehouse:
    """Sound rates; read and never changed."""
    return small_source(new_folder() / "source")


@pytest.fixture
def folder(new_folder: Callable[[], Path]) -> Path:
    return new_folder()


@pytest.fixture
def workshop(folder: Path, source: SmallWarehouse) -> Workshop:
    return Workshop(folder, source.warehouse)


# -- the way it goes


def test_an_attempt_that_passes_stores_packs_publishes_and_closes(workshop: Workshop) -> None:
    outcome = workshop.attempt()
    assert (outcome.passed, outcome.cause, outcome.became_current) == (True, None, True)
    assert outcome.rows == len(ROSTER)
    assert workshop.require_closed_once() is AttemptVerdict.PASS
    assert workshop.keys(workshop.results) == ["extract.parquet", "validated.parquet"]
    assert outcome.extract is not None
    assert outcome.validated is not None
    assert outcome.extract.sha256 == outcome.validated.sha256
    published = current(workshop.results, REPORT, MAY)
    assert published is not None
    assert (published.attempt, published.sha256, published.manifest_sha256) == (
        outcome.address.attempt,
        outcome.validated.sha256,
        outcome.package.manifest.sha256,
    )
    assert [record.kind for record in journal.read(workshop.state)] == [
        journal.RecordKind.OPENED,
        journal.RecordKind.CATALOGUE,
        journal.RecordKind.CURRENT,
        journal.RecordKind.CLOSED,
    ]
    assert (workshop.alerts(), workshop.scratch()) == ([], [])


def test_an_attempt_tells_what_it_does_in_order(workshop: Workshop) -> None:
    outcome = workshop.attempt()
    entry = load_entry(REPORT)
    controls = [f"control {control.name}" for control in entry.controls]
    assert workshop.told.stages == [
        "opened",
        "attempt opened",
        "opening the source",
        *controls,
        "extract",
        "checks",
        f"baseline: {shipped(entry).found}",
        "storing",
        "packing the evidence",
    ]
    assert workshop.told.outcomes == [outcome]


def test_every_attempt_is_its_own(workshop: Workshop) -> None:
    first, second = workshop.attempt(), workshop.attempt()
    assert first.address != second.address
    assert first.spooled is not None
    assert second.spooled is not None
    assert first.spooled.content_digest == second.spooled.content_digest
    published = current(workshop.results, REPORT, MAY)
    assert published is not None
    assert published.attempt == max(first.address.attempt, second.address.attempt)
    for outcome in (first, second):
        assert verify_package(workshop.package(outcome)).first_difference is None


# -- what fails with a package


def test_a_failed_check_keeps_the_extract_and_publishes_nothing(
    folder: Path,
) -> None:
    workshop = Workshop(folder, small_source(folder / "source", without="NG").warehouse)
    outcome = workshop.attempt()
    assert not outcome.passed
    assert outcome.cause == "1 of the checks failed: exactly_one_rate."
    assert workshop.require_closed_once() is AttemptVerdict.FAIL
    assert workshop.keys(workshop.results) == ["extract.parquet"]
    assert (workshop.package(outcome) / "data" / "extract.parquet").is_file()
    assert (outcome.validated, current(workshop.results, REPORT, MAY)) == (None, None)
    (alert,) = workshop.alerts()
    assert (alert.kind, alert.report, alert.period, alert.attempt, alert.check, alert.run_url) == (
        AlertKind.REPORT_FAILED,
        REPORT,
        str(MAY),
        outcome.address.attempt,
        "exactly_one_rate",
        "http://127.0.0.1:3000/runs/run-1",
    )
    assert alert.package == outcome.package.url


def fails(workshop: Workshop, error: str, *says: str, report: str = REPORT) -> None:
    """An attempt that breaks before its checks: each of them FAIL, with the cause."""
    outcome = workshop.attempt(report)
    assert outcome.cause is not None
    assert outcome.cause.startswith(f"{error}: ")
    for words in says:
        assert words in outcome.cause
    if report == REPORT:
        assert workshop.require_closed_once() is AttemptVerdict.FAIL
    entry = outcome.entry
    package = workshop.package(outcome)
    assert verify_package(package).first_difference is None
    assert predicate(package)["cause"] == outcome.cause
    if entry is not None:
        assert failed_checks(package) == applicable(entry)
        assert {c.cause for c in outcome.failed_checks} == {outcome.cause}
    (alert,) = workshop.alerts()
    assert (alert.kind, alert.report) == (AlertKind.REPORT_FAILED, report)
    assert f"Cause: {outcome.cause}" in alert.body
    assert current(workshop.results, report, MAY) is None
    assert workshop.scratch() == []


def applicable(entry: CatalogEntry) -> set[str]:
    from soxauto_assets.validation.plan import check_names

    return {name for name, _ in check_names(entry)}


def test_a_query_that_names_a_missing_column_fails_with_its_name(
    folder: Path, source: SmallWarehouse
) -> None:
    catalog = catalog_with(
        folder / "catalog", lambda query: query.replace("rate.rate_type =", "rate.rate_sort =")
    )
    fails(Workshop(folder, source.warehouse, catalog=catalog), "SourceError", "rate_sort")


def test_a_query_that_names_a_missing_table_fails_with_its_name(
    folder: Path, source: SmallWarehouse
) -> None:
    catalog = catalog_with(
        folder / "catalog", lambda query: query.replace("[RPT_FX_RATES]", "[RPT_FX_COURSES]")
    )
    fails(
        Workshop(folder, source.warehouse, catalog=catalog),
        "UnknownSourceTableError",
        "RPT_FX_COURSES",
    )


@pytest.mark.parametrize(
    ("alteration", "error", "says"),
    [
        ("DROP COLUMN rate_type", "SourceError", f"column {RATES}.rate_type"),
        ("RENAME TO RPT_FX_OLD", "SourceError", f"table {RATES}"),
        ("ALTER rate TYPE VARCHAR", "SourceTypeError", f"{RATES}.rate is VARCHAR, declared Num"),
        ("ALTER rate TYPE DOUBLE", "SourceTypeError", f"{RATES}.rate is DOUBLE, declared Num"),
        ("ALTER rate TYPE DECIMAL(28, 10)", "SourceTypeError", "DECIMAL(28,10), declared Num"),
    ],
)
def test_a_source_that_changed_fails_with_what_changed(
    folder: Path, alteration: str, error: str, says: str
) -> None:
    source = small_source(folder / "source")
    source.change(RATES, alteration)
    fails(Workshop(folder, source.warehouse), error, says)


def test_a_report_without_a_row_fails_its_contract(folder: Path, source: SmallWarehouse) -> None:
    """An empty source is no month without business: nobody would notice a missing load."""
    workshop = Workshop(folder, source.warehouse)
    outcome = workshop.attempt("ipe_10")
    assert (outcome.passed, outcome.rows) == (False, 0)
    assert "contract" in failed_checks(workshop.package(outcome))
    (contract,) = (check for check in outcome.checks if check.name == "contract")
    assert contract.cause is not None
    assert "no row" in contract.cause.lower()
    assert verify_package(workshop.package(outcome)).first_difference is None


def test_a_value_that_does_not_fit_its_declared_type_fails_and_is_not_told(
    folder: Path,
) -> None:
    source = small_source(folder / "source")
    source.change(COMPANIES, f"ALTER Company_Name TYPE VARCHAR USING '{SECRET}'")
    catalog = catalog_with(
        folder / "catalog",
        lambda query: query.replace("CAST(good_rates.fx_rate AS", "CAST(company.Company_Name AS"),
    )
    workshop = Workshop(folder, source.warehouse, catalog=catalog)
    fails(workshop, "SourceTypeError", "does not fit")
    assert SECRET.encode() not in everything_told(workshop)


def everything_told(workshop: Workshop) -> bytes:
    """All that the attempt wrote but its data and the SQL as it was sent."""
    texts = [
        path.read_bytes()
        for name in ("state", "evidence")
        for path in (workshop.folder / name).rglob("*")
        if path.is_file() and path.suffix not in (".parquet", ".sql")
    ]
    return b"\n".join(texts)


def test_pandera_switched_off_fails_the_attempt(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANDERA_VALIDATION_ENABLED", "False")
    fails(workshop, "ValidationSwitchedOffError", "PANDERA_VALIDATION_ENABLED")


@pytest.mark.parametrize("broken", ["", "-- only a comment\n", "\ufeff  ;\n"])
def test_an_empty_query_file_fails_its_report_with_a_package(
    folder: Path, source: SmallWarehouse, broken: str
) -> None:
    catalog = catalog_with(folder / "catalog", lambda query: broken)
    workshop = Workshop(folder, source.warehouse, catalog=catalog)
    fails(workshop, "BrokenReportError", "cr_05/query.sql: It holds no SQL statement")


class _Flawed:
    """A warehouse that raises at its first ``times`` openings."""

    def __init__(self, sound: Warehouse, error: BaseException, times: int = 99) -> None:
        self._sound = sound
        self._error = error
        self._times = times

    @property
    def name(self) -> str:
        return self._sound.name

    @property
    def is_demonstration(self) -> bool:
        return self._sound.is_demonstration

    @contextmanager
    def open(self, purpose: Purpose) -> Iterator[Session]:
        self._times -= 1
        if self._times >= 0:
            raise self._error
        with self._sound.open(purpose) as session:
            yield session


AWAY = SourceUnavailableError("The source is away.", remedy="Wait.")


def test_a_source_that_comes_back_is_read_again_and_the_package_says_so(
    folder: Path, source: SmallWarehouse
) -> None:
    flawed = _Flawed(source.warehouse(), AWAY, times=1)
    workshop = Workshop(folder, lambda: flawed, tries=2)
    outcome = workshop.attempt()
    assert workshop.require_closed_once() is AttemptVerdict.PASS
    assert predicate(workshop.package(outcome))["attempt"]["retries"] == [
        "reading 1: The source is away. Wait."
    ]


def test_a_source_that_stays_away_fails_the_attempt(folder: Path, source: SmallWarehouse) -> None:
    workshop = Workshop(folder, lambda: _Flawed(source.warehouse(), AWAY))
    fails(workshop, "SourceUnavailableError", "The source is away.")


def test_an_unexpected_error_is_told_by_its_kind_and_place_and_never_by_its_text(
    folder: Path, source: SmallWarehouse
) -> None:
    flawed = _Flawed(source.warehouse(), ValueError(SECRET))
    workshop = Workshop(folder, lambda: flawed)
    outcome = workshop.attempt()
    assert workshop.require_closed_once() is AttemptVerdict.FAIL
    assert outcome.cause is not None
    assert outcome.cause.startswith("Unexpected ValueError, a fault of the product;")
    log = (workshop.package(outcome) / "log.jsonl").read_text()
    assert "calls that led to the error: work.py:" in log
    assert "test_attempt.py:" in log
    assert SECRET.encode() not in everything_told(workshop)


def test_a_cause_never_holds_the_text_of_an_unexpected_error() -> None:
    with pytest.raises(KeyError) as raised:
        raise KeyError(SECRET)
    assert SECRET not in describe(raised.value) + calls(raised.value)
    assert calls(raised.value).startswith("test_attempt.py:")


# -- what is stopped


def test_an_interruption_is_packed_closed_told_and_goes_on_its_way(
    folder: Path, source: SmallWarehouse
) -> None:
    workshop = Workshop(folder, lambda: _Flawed(source.warehouse(), KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        workshop.attempt()
    assert workshop.require_closed_once() is AttemptVerdict.INTERRUPTED
    (alert,) = workshop.alerts()
    assert (alert.kind, alert.subject) == (
        AlertKind.INTERRUPTED,
        "SOX PG-01: CR_05 2024-05 was interrupted",
    )


def test_an_interruption_goes_on_its_way_also_where_no_package_can_be_written(
    folder: Path, source: SmallWarehouse
) -> None:
    workshop = Workshop(folder, lambda: _Flawed(source.warehouse(), KeyboardInterrupt()))
    (folder / "evidence").write_bytes(b"no folder")
    with pytest.raises(KeyboardInterrupt):
        workshop.attempt()
    (alert,) = workshop.alerts()
    assert alert.kind is AlertKind.OPERATION


# -- stores that fail


def test_an_evidence_store_that_fails_is_told_and_the_next_start_closes_the_attempt(
    workshop: Workshop,
) -> None:
    (workshop.folder / "evidence").write_bytes(b"no folder")
    with pytest.raises(StoreError, match="evidence store"):
        workshop.attempt()
    (alert,) = workshop.alerts()
    assert (alert.kind, alert.subject) == (
        AlertKind.OPERATION,
        "SOX PG-01: CR_05 2024-05 could not be finished",
    )
    assert any("evidence store" in line for line in alert.body)
    assert current(workshop.results, REPORT, MAY) is None
    still = workshop.next_start()  # the store is as it was
    assert (still.closed, len(still.failed)) == ((), 1)
    (workshop.folder / "evidence").unlink()
    (closed,) = workshop.next_start().closed
    assert closed.verdict is AttemptVerdict.INTERRUPTED
    assert workshop.require_closed_once() is AttemptVerdict.INTERRUPTED


def test_a_results_store_that_fails_at_the_last_move_is_told_and_the_package_stands(
    workshop: Workshop,
) -> None:
    workshop.results.create("current", b"a file where the folder must be")
    with pytest.raises(StoreError, match=r"current/cr_05/.* cannot stand in the results store"):
        workshop.attempt()
    (alert,) = workshop.alerts()
    assert alert.kind is AlertKind.OPERATION
    assert (workshop.folder / "results" / "current").is_file()
    (workshop.folder / "results" / "current").unlink()
    (closed,) = workshop.next_start().closed
    assert closed.verdict is AttemptVerdict.PASS
    assert workshop.require_closed_once() is AttemptVerdict.PASS
    published = current(workshop.results, REPORT, MAY)
    assert published is not None
    assert published.attempt == closed.address.attempt


def test_a_state_store_that_fails_lets_no_attempt_begin(workshop: Workshop) -> None:
    (workshop.folder / "state").write_bytes(b"no folder")
    with pytest.raises(StoreError, match="state store"):
        workshop.attempt()
    assert workshop.keys(workshop.results) == workshop.keys(workshop.evidence) == []


@pytest.mark.parametrize("name", ["results", "scratch"])
def test_a_folder_that_fails_before_the_package_is_a_cause(workshop: Workshop, name: str) -> None:
    (workshop.folder / name).write_bytes(b"no folder")
    outcome = workshop.attempt()
    assert outcome.cause is not None
    assert outcome.cause.startswith(
        "StoreError: " if name == "results" else "ScratchFolderError: The scratch folder "
    )
    assert workshop.require_closed_once() is AttemptVerdict.FAIL


def test_a_disk_that_takes_no_large_file_fails_the_attempt_with_a_package(
    folder: Path, demo_folder: Path
) -> None:
    """The kernel's own limit, met in the middle of a file: RLIMIT_FSIZE."""
    warehouse = demo_warehouse(demo_folder, through=Period(2024, 6), plan=DemoPlan(size=SMALL.size))
    workshop = Workshop(folder, lambda: warehouse)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        outcome = workshop.attempt("cr_03", Period(2024, 6))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert outcome.cause is not None
    assert outcome.cause.startswith("StoreFullError: There is no room to spool extract.parquet")
    assert verify_package(workshop.package(outcome)).first_difference is None
    assert failed_checks(workshop.package(outcome)) == applicable(load_entry("cr_03"))
    assert predicate(workshop.package(outcome))["data"] is None
    assert outcome.rows is not None
    assert len(workshop.alerts()) == 1
    assert workshop.scratch() == []


@contextmanager
def without_rights() -> Iterator[None]:
    """Be a user without rights for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("name", ["results", "evidence", "state"])
def test_a_store_without_write_permission_ends_in_a_package_or_a_clear_error(
    folder: Path, name: str
) -> None:
    workshop = Workshop(folder, small_source(folder / "source").warehouse)
    workshop.attempt()  # all that the attempt below imports is imported as the owner
    for path in (workshop.folder, *workshop.folder.rglob("*")):
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        if path.is_dir() and name in path.relative_to(workshop.folder).parts:
            path.chmod(0o555)
    with without_rights():
        workshop.open_again()
        if name == "results":
            outcome = workshop.attempt()
            assert outcome.cause is not None
            assert outcome.cause.startswith("StoreError: ")
            assert "does not let user" in outcome.cause
        else:
            with pytest.raises(StoreError, match=rf"{name} store .* does not let user"):
                workshop.attempt()
    workshop.open_again()
    opened = [one.address.attempt for one in open_attempts(workshop.state)]
    alerts = [(alert.kind, alert.attempt) for alert in workshop.alerts()]
    match name:
        case "results":
            assert (opened, [kind for kind, _ in alerts]) == ([], [AlertKind.REPORT_FAILED])
        case "evidence":
            assert alerts == [(AlertKind.OPERATION, attempt) for attempt in opened]
            assert len(opened) == 1
        case "state":
            assert (opened, alerts) == ([], [])
    assert len(list((workshop.folder / "evidence").rglob("manifest.json"))) == 1 + (
        name == "results"
    )


# -- the disk refuses any call


def disk_full(call: str) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def refuse(number: int, source: SmallWarehouse) -> tuple[bool, str]:
    """An attempt whose ``number``-th changing call of the disk finds it full.

    Whether that call was reached, and how it ended.
    """
    with quick_folder() as folder:
        return _refuse(number, folder, source)


def _refuse(number: int, folder: Path, source: SmallWarehouse) -> tuple[bool, str]:
    workshop = Workshop(folder, source.warehouse, lease_seconds=1)
    with fault_at(number, disk_full) as made:
        try:
            ended = "closed" if workshop.attempt().passed else "closed as FAIL"
        except StoreError as error:
            ended, told = "left open", str(error)
    if ended == "left open":
        assert "room" in told or "space" in told
        (alert,) = workshop.alerts()
        assert alert.kind is AlertKind.OPERATION
    while workshop.next_start().failed or open_attempts(workshop.state):
        # Its process lives, so a lease that could not be given up must run out.
        Event().wait(0.1)
    verdict = workshop.require_closed_once()
    if verdict is not None and ended != "left open":
        assert (verdict is AttemptVerdict.PASS) == (ended == "closed")
    return len(made) >= number, ended


def calls_of_an_attempt(folder: Path, source: SmallWarehouse) -> int:
    with fault_at(0, disk_full) as made:
        assert Workshop(folder, source.warehouse).attempt().passed
    return len(made)


def test_a_disk_that_is_full_at_some_calls_leaves_one_package_and_an_alert(
    new_folder: Callable[[], Path], source: SmallWarehouse
) -> None:
    total = calls_of_an_attempt(new_folder(), source)
    ends = {refuse(number, source)[1] for number in range(7, total, total // 12)}
    assert "closed as FAIL" in ends


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_a_disk_that_is_full_at_any_call_leaves_one_package_and_an_alert(
    source: SmallWarehouse,
) -> None:
    number, ends = 1, dict[str, int]()
    while True:
        reached, ended = refuse(number, source)
        if not reached:
            break
        ends[ended] = ends.get(ended, 0) + 1
        number += 1
    print(f"\ndisk full at each of {number - 1} calls of an attempt: {ends}; one package each")
    assert set(ends) == {"closed", "closed as FAIL", "left open"}


def test_verdicts_of_a_broken_attempt_are_never_passes(folder: Path) -> None:
    source = small_source(folder / "source")
    source.change(RATES, "DROP COLUMN rate_type")
    outcome = Workshop(folder, source.warehouse).attempt()
    verdicts = {check.verdict for check in outcome.checks}
    assert verdicts == {Verdict.FAIL, Verdict.NOT_APPLICABLE}
